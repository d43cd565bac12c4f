#!/bin/sh
# The demonstrations, short ones: what they print, what they leave, with and without gnuplot.
# shellcheck source=expect.sh
. "$(dirname "$0")/expect.sh"
# shellcheck source=terminal.sh
. "$tests/terminal.sh"
INFOPLANE_SHARE=${INFOPLANE_SHARE:-$PWD/scripts}
export INFOPLANE_SHARE
unset DISPLAY WAYLAND_DISPLAY
cd "$folder" || exit 1
mkdir empty # a PATH without gnuplot

without_gnuplot() {
    PATH=$folder/empty "$program" "$@" >"$out" 2>"$err" </dev/null
}

short() {
    run 0 demo "$@" --epochs 30 --measure log:8
}

check "a demonstration runs without gnuplot" without_gnuplot demo --epochs 30 --measure log:8
check "says what is missing, once" [ "$(grep -c 'no gnuplot here' "$err")" -eq 1 ]
check "prints the two commands" [ "$(grep -c '^  infoplane train --preset szt-' "$out")" -eq 2 ]
check "in few lines" [ "$(wc -l <"$out")" -le 30 ]
check "without an escape" sh -c "! grep -q '$(printf '\033')' '$out' '$err'"
check "says how far it is" says "$out" "tanh  epoch 30/30"
check "and where the report is" says "$out" "results/demo-plane/report.html"
check "which is there" [ -s results/demo-plane/report.html ]
for net in tanh relu; do
    check "the $net net was trained" [ -s "results/demo-plane/$net/summary.csv" ]
    check "and kept its log" says "results/demo-plane/$net.log" "epoch 30/30"
done
check "data and scripts of the figures are there" [ -s results/demo-plane/figures/plane-points.csv ]
check "and how to draw them" [ -s results/demo-plane/figures/plot.sh ]
check "the nets differ by their activation" sh -c \
    "! cmp -s results/demo-plane/tanh/information.csv results/demo-plane/relu/information.csv"
cp results/demo-plane/tanh/information.csv before.csv
cp -r results/demo-plane/tanh kept
check "a second one takes the place of the first" without_gnuplot demo --epochs 30 \
    --measure log:8
check "with the same numbers" cmp before.csv results/demo-plane/tanh/information.csv
check "which the printed command gives too" run 0 train --preset szt-tanh --epochs=30 \
    --measure=log:8 --threads 1 --out by-hand
check "bit for bit" cmp before.csv by-hand/information.csv

if command -v gnuplot >/dev/null; then
    check "with gnuplot there are figures" short
    for figure in plane curves dashboard; do
        check "its $figure is named" says "$out" "  results/demo-plane/figures/$figure.png"
        check "and is there" [ -s "results/demo-plane/figures/$figure.png" ]
    done
    check "compression is seen by nine estimators" short compression --out nine
    check "in one figure" [ -s nine/figures/estimators.png ]
    check "the same activations for all of them" \
        [ "$(cut -d'"' -f2 nine/relu/information.csv | grep -c '^logdet:scale=cov,beta=100$')" \
        -eq "$(cut -d'"' -f2 nine/relu/information.csv | grep -c '^kde:var=1,')" ]
    check "and a table" [ "$(grep -c ' %  .* %$' "$out")" -eq 9 ]
else
    echo "SKIPPED: no gnuplot here, figures of the demonstrations not drawn"
fi

misuse "an unknown demonstration" "did you mean 'compression'?" demo compresion
misuse "an option that experiments lack" "epochs" demo --epoks 3
misuse "an option of an optimiser" "--optimiser=NAME:lr=VALUE" train --lr 0.1 --data szt
misuse "a key of a grid is no option" "unknown option '--data.x=1'" train --data.x=1
misuse "of an estimator" "--estimator=NAME:beta=VALUE" demo --beta=2
misuse "a value out of range" "batch" demo --batch 0

# A folder that holds something else is left alone.
check "another demonstration does not go there" run 73 demo images --out results/demo-plane
check "the fault names the folder" says "$err" "results/demo-plane: holds other files"
check "what was there stays" cmp before.csv results/demo-plane/tanh/information.csv
mkdir own
echo mine | tee own/demo.txt >own/tanh.log
check "nor where the user has such files" run 73 demo --epochs 1 --out own
check "which stay" [ "$(cat own/demo.txt own/tanh.log)" = "$(printf 'mine\nmine')" ]

mkdir taken taken/tanh
touch taken/tanh/mine
check "what is no run is not replaced" run 73 demo --epochs 1 --out taken
check "the fault is that of the training" says "$err" "taken/tanh: exists and is no run"
check "and stays" [ -e taken/tanh/mine ]

if command -v tmux >/dev/null; then
    open_terminal 80 30
    on_screen "'$program' demo --out shown --epochs 400"
    check "on a terminal both planes are drawn" until_true 120 shows "tanh  epoch .*relu  epoch"
    check "and the demonstration ends" until_true 120 shows "infoplane demo compression"
    on_screen "'$program' demo --out shown --epochs 200000"
    check "a long one is drawn" until_true 120 shows "tanh  epoch .*relu  epoch"
    tm send-keys C-c
    check "and stopped by Ctrl-C" until_true 120 shows "demo stopped"
    check "its nets too" [ ! -e shown/tanh/.lock -a ! -e shown/relu/.lock ]
else
    echo "SKIPPED: no tmux here, no demonstration shown on a terminal"
fi
finish
