#!/bin/sh
# A whole run by the commands a user types: train, info, plot, export, and start again from
# the exported parameters.
# shellcheck source=expect.sh
. "$(dirname "$0")/expect.sh"
INFOPLANE_SHARE=$PWD/scripts
export INFOPLANE_SHARE
cd "$folder" || exit 1

small() {
    run 0 train --data szt --net 12-10-7-5-4-3-2 --batch 256 --optimiser adam:lr=0.01 "$@"
}

check "a run is made" small --epochs 3
check "it prints a line per epoch" [ "$(grep -c '^epoch ' "$out")" -eq 4 ]
check "with the information" says "$out" "I(X;T)"
check "latest points to it" [ "$(readlink results/latest)" = szt-tanh-seed1 ]
for file in experiment.ini run.json training.csv information.csv layers.csv summary.csv \
    summary.txt parameters/0.weight.npy; do
    check "it has $file" [ -s "results/latest/$file" ]
done
check "and no lock" [ ! -e results/latest/.lock ]
check "info describes it" run 0 info results/latest
check "with its tables" says "$out" "information.csv"
if command -v gnuplot >/dev/null; then
    check "plot draws it" run 0 plot results/latest --kind plane
    check "into its figures" [ -s results/latest/figures/plane.png ]
else
    echo "SKIPPED: no gnuplot here, no figure drawn"
fi
check "pictures draws its confusion" run 0 pictures results/latest
check "named by the last epoch" [ -s results/latest/figures/confusion-3.png ]
check "and says what it cannot draw" says "$out" "no filters"
check "or elsewhere" run 0 pictures results/latest --out pictures
check "the same" cmp pictures/confusion-3.png results/latest/figures/confusion-3.png

# drawn NAME: the epochs of a picture in drawn/figures, in order.
drawn() {
    for picture in drawn/figures/"$1"-*.png; do
        name=${picture##*-}
        echo "${name%.png}"
    done | sort -n | tr '\n' ' '
}

check "a run draws while it trains" small --epochs 5 --pictures every:2 --out drawn
check "at the epochs asked for, and the last" [ "$(drawn confusion)" = "0 2 4 5 " ]
cp -r drawn/parameters with
check "and trains the same without" small --epochs 5 --out drawn --force
check "to the bit" diff -r with drawn/parameters
check "pictures of no epoch" run 65 train --data szt --net 12-2 --pictures often
check "are refused by name" says "$err" "pictures: 'often' is not every"
check "nor beyond the last" run 65 train --data szt --net 12-2 --epochs 2 --pictures 3

check "the recorded experiment runs" run 0 train results/latest/experiment.ini --out again --json
check "with an object per epoch" [ "$(grep -c '^{"epoch": ' "$out")" -eq 4 ]
for file in information.csv layers.csv parameters/0.weight.npy parameters/10.bias.npy; do
    check "and gives the same $file" cmp results/latest/$file again/$file
done

check "parameters are exported" run 0 export results/latest weights
check "a net starts from them" small --init npy:weights --epochs 0 --out more
tail -n 1 results/latest/training.csv | cut -d, -f5,6 >end
tail -n 1 more/training.csv | cut -d, -f5,6 >begin
check "where the run ended" cmp end begin
check "list names the estimators" run 0 list estimators
check "LogDet among them" says "$out" "logdet"
check "list names the presets" run 0 list presets
check "szt-tanh among them" says "$out" "szt-tanh"
finish
