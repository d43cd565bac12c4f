#!/bin/sh
# Runs shown while they are trained: the same bytes with and without a view, a plane in a
# terminal (tmux), a window that is closed (Xvfb), pipes that nobody reads.
# shellcheck source=expect.sh
. "$(dirname "$0")/expect.sh"
# shellcheck source=terminal.sh
. "$tests/terminal.sh"
INFOPLANE_SHARE=${INFOPLANE_SHARE:-$PWD/scripts}
export INFOPLANE_SHARE
unset DISPLAY WAYLAND_DISPLAY NO_COLOR
cd "$folder" || exit 1
TMPDIR=$folder/temporary # of the files of a window
export TMPDIR
mkdir "$TMPDIR"

small() {
    run 0 train --data szt --net 12-8-4-2 --optimiser adam:lr=0.01 --train-samples 512 \
        --test-samples 256 --probe-train 256 --probe-test 256 --epochs 30 --seed 5 "$@"
}

# same A B: the same numbers were computed.
same() {
    cmp -s "$1/information.csv" "$2/information.csv" &&
        cmp -s "$1/layers.csv" "$2/layers.csv" &&
        cut -d, -f1-7 "$1/training.csv" >one && cut -d, -f1-7 "$2/training.csv" | cmp -s one &&
        for file in "$1"/parameters/*.npy; do
            cmp -s "$file" "$2/parameters/$(basename "$file")" || return 1
        done
}

check "a run without a view" small --out plain
check "a run with one" small --out live --live=text
check "prints its epochs where there is no terminal" says "$out" "epoch 30/30"
check "and the last plane" says "$out" "I(X;T) to the right"
check "computes the same" same plain live
check "--live alone is auto" small --out auto --live
check "which computes the same" same plain auto
check "with --json stdout is JSON alone" small --out json --live --json
check "as before" sh -c "! grep -v '^{' '$out'"

check "plot --live shows a finished run" run 0 plot --live=text plain
check "with its epoch" says "$out" "epoch 30/30"
check "and its layers" says "$out" "3 logits"
check "in ASCII where the locale is not UTF-8" sh -c "! grep -q '[^ -~]' '$out'"
check "and writes nothing" [ ! -e plain/figures ]
check "a twin with another activation" small --out twin --activation relu
check "two runs stand side by side" run 0 plot --live=text plain twin
check "with their names" sh -c "grep -q 'plain .*twin ' '$out'"
check "replicates are one" run 0 plot --live=text plain live
check "and counted" says "$out" "plain (2 runs)"
COLUMNS=60 LINES=15
export COLUMNS LINES
check "COLUMNS and LINES are obeyed" run 0 plot --live=text plain
check "line by line" [ "$(wc -l <"$out")" -le 15 ]
unset COLUMNS LINES
check "what is no run is refused" run 66 plot --live=text nowhere
check "with its name" says "$err" "nowhere: no such run folder"
misuse "a word that is no way to show" "auto" train --live=cinema --data szt
misuse "a figure that is not shown" "give no --kind" plot --live=text --kind curves plain
misuse "nor written" "give no --kind" plot --live=text --out elsewhere plain
misuse "a window without a display" "DISPLAY is not set" plot --live=window plain
misuse "a sixel picture without a terminal" "no terminal" plot --live=sixel plain

# Nobody reads what the view writes.
head_closes() {
    "$program" train plain/experiment.ini --out piped --live=text 2>"$err" | head -n 1 >"$out"
    [ -s piped/summary.csv ]
}
check "a pipe that is closed does not end training" head_closes
check "nor change it" same plain piped

if command -v tmux >/dev/null; then
    open_terminal 80 24
    on_screen "'$program' train plain/experiment.ini --epochs 3000 --measure every:5 --out shown --live"
    check "a terminal shows the plane" until_true 120 shows "I(X;T) to the right"
    check "with dots of braille" until_true 20 shows '[⠀-⣿]'
    check "without epoch lines between" no shows '^epoch'
    tm resize-window -x 60 -y 20
    check "goes on when the terminal is resized" until_true 120 shows "done: shown"
    check "in colour" coloured
    on_screen "NO_COLOR=1 '$program' plot --live=text plain; echo ended"
    check "NO_COLOR shows the plane" until_true 120 shows "ended"
    check "with its layers" shows "3 logits"
    check "without a colour" no coloured
    on_screen "TERM=dumb '$program' plot --live=text plain; echo ended"
    check "TERM=dumb shows the plane" until_true 120 shows "ended"
    check "with its layers, too" shows "3 logits"
    check "without a colour, too" no coloured
    on_screen "'$program' train plain/experiment.ini --epochs 100000 --out stopped --live"
    check "a long run is shown" until_true 120 shows "I(X;T) to the right"
    tm send-keys C-c
    check "and stopped by Ctrl-C" until_true 120 shows "stopped after"
    on_screen "'$program' train plain/experiment.ini --out both --live=text --json"
    check "one terminal is not enough for JSON and a view" until_true 60 shows "same terminal"
else
    echo "SKIPPED: no tmux here, nothing shown on a terminal"
fi

window_test() {
    Xvfb -displayfd 3 -screen 0 1280x800x24 3>display >/dev/null 2>&1 &
    server=$!
    trap 'kill $server 2>/dev/null; rm -rf "$folder"' EXIT
    until_true 60 [ -s display ] || return 1
    DISPLAY=:$(cat display)
    export DISPLAY
}

# The processes of gnuplot that belong to a run shown from here: children of its view.
gnuplots() {
    for view in $(ps -o pid= --ppid "$1"); do
        # shellcheck disable=SC2009 # pgrep is in no base system
        ps -o pid=,comm= --ppid "$view" | grep gnuplot | awk '{print $1}'
    done
}
if command -v Xvfb >/dev/null && command -v gnuplot >/dev/null && command -v ps >/dev/null &&
    gnuplot -d -c "$INFOPLANE_SHARE/terminals.gp" 2>/dev/null | grep -Eq ' (qt|wxt|x11) '; then
    check "a display is there" window_test
    # It would run for long: it is stopped when the window was seen, however late that is.
    "$program" train plain/experiment.ini --epochs 1000000 --measure every:5 --out window \
        --live=window >"$out" 2>"$err" &
    training=$!
    has_gnuplot() { [ -n "$(gnuplots "$training")" ]; }
    check "a window is opened" until_true 120 has_gnuplot
    # shellcheck disable=SC2046 # several numbers
    kill -9 $(gnuplots $training)
    more=$(($(rows window/information.csv) + 100))
    check "training survives its end" until_true 120 grown window/information.csv $more
    kill -INT "$training"
    wait "$training"
    check "until it is stopped" [ $? -eq 130 ]
    last=$(tail -n 1 window/training.csv | cut -d, -f1)
    check "the numbers are those" run 0 train plain/experiment.ini --epochs "$last" \
        --measure every:5 --out closed
    # begins TABLE COLUMNS: these columns are the first lines of the other run's.
    begins() {
        cut -d, -f"$2" "window/$1" >lines
        cut -d, -f"$2" "closed/$1" | head -n "$(wc -l <lines)" | cmp -s - lines
    }
    check "of a run without" begins information.csv 1-
    check "in training, too" begins training.csv 1-7
    check "files of the window are gone" [ -z "$(ls "$TMPDIR")" ]
    DISPLAY=:99999
    check "a display that is not there gives way to text" run 0 plot --live=window plain
    check "and says so" says "$err" "cannot open its window"
    check "with the plane" says "$out" "I(X;T) to the right"
    kill "$server"
else
    echo "SKIPPED: no Xvfb, ps or gnuplot with a window here, no window opened and closed"
fi
finish
