#!/bin/sh
# Arrays that another program writes to while they are measured: exit status 74 and one line
# that names the file, never a signal and never a number of a mixture.
# shellcheck source=expect.sh
. "$(dirname "$0")/expect.sh"
cd "$folder" || exit 1
: >"$out"
: >"$err"
if [ ! -r /proc/self/maps ]; then
    echo "SKIPPED: no /proc here, no array cut short while it is mapped"
    exit 0
fi
trap '[ -z "${pid:-}" ] || kill -9 "$pid" 2>/dev/null; rm -rf "$folder"' EXIT

check "a run with activations" run 0 train --data szt --net 12-512-2 --epochs 1 --threads 1 \
    --train-samples 1024 --record activations --out r --quiet
acts=r/activations

# state LETTERS: the program is in one of these states; a zombie is Z.
state() {
    sed -n 's/.*) \([A-Za-z]\) .*/\1/p' "/proc/$pid/stat" 2>/dev/null | grep -q "[$1]"
}

# stopped FILE: true when the program was stopped while it had mapped the file; false when it
# was done before.
stopped() {
    until grep -qs "$1" "/proc/$pid/maps"; do
        ! state Z || return 1
    done
    kill -STOP "$pid" 2>/dev/null
    until_true 60 state TZ
    state T
}

# interrupted FILE ARGUMENT...: start the program, stop it as soon as it has mapped the file,
# run `change`, let it go on; its exit status is in $status. One that was done before it could
# be stopped is started again.
interrupted() {
    file=$1
    shift
    tries=50
    status=none
    while [ $tries -gt 0 ]; do
        tries=$((tries - 1))
        "$program" "$@" >"$out" 2>"$err" </dev/null &
        pid=$!
        if stopped "$file"; then
            change "$file"
            kill -CONT "$pid"
            wait "$pid"
            status=$?
            break
        fi
        wait "$pid"
    done
    pid=
}

told() {
    [ "$status" -eq 74 ] && [ "$(wc -l <"$err")" -eq 1 ] && says "$err" "$1" &&
        says "$err" "let its writer rename a finished file" && [ "$(rows "$out")" -le 1 ]
}

long="--estimator kde --null 2 --threads 1"
change() {
    : >"$1"
}
for name in t x; do
    cp $acts/epoch-1/train-fc1.npy t.npy
    cp $acts/epoch-0/train-fc1.npy x.npy
    # shellcheck disable=SC2086
    interrupted $name.npy estimate --x x.npy --t t.npy --y $acts/train-y.npy $long
    check "$name cut to nothing" told "$name.npy"
done
mkdir -p many/epoch0 many/epoch1
cp $acts/epoch-0/train-fc1.npy many/epoch0/fc1.npy
cp $acts/epoch-1/train-fc1.npy many/epoch1/fc1.npy
# shellcheck disable=SC2086
interrupted many/epoch0/fc1.npy estimate --x $acts/train-x.npy --run many --out table $long
check "a layer of a folder" told "epoch0/fc1.npy"
check "no table of it is left" [ ! -e table/information.csv ]
cp $acts/epoch-1/train-fc1.npy many/epoch0/fc1.npy

# Written again in place, of the same size: the pages are there, but they are not what was
# opened. The time is set so that no clock has to move on.
change() {
    cp $acts/epoch-0/train-fc1.npy "$1" && touch -d 2001-01-01 "$1"
}
cp $acts/epoch-1/train-fc1.npy t.npy
# shellcheck disable=SC2086
interrupted t.npy estimate --x $acts/train-x.npy --t t.npy --y $acts/train-y.npy \
    $long
check "written again" told "t.npy: was written to"

# Replaced by a finished file: what was opened is measured.
change() {
    cp $acts/epoch-0/train-fc1.npy new.npy && mv new.npy "$1"
}
cp $acts/epoch-1/train-fc1.npy t.npy
# shellcheck disable=SC2086
run 0 estimate --x $acts/train-x.npy --t t.npy $long
cp "$out" want
# shellcheck disable=SC2086
interrupted t.npy estimate --x $acts/train-x.npy --t t.npy $long
check "replaced by another" [ "$status" -eq 0 ]
check "the file that was opened is measured" cmp want "$out"
finish
