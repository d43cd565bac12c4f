#!/bin/sh
# results/latest is the run that ended last, whatever started last and however a run ends; a
# command that is given a link says which folder that is, and keeps to it.
# shellcheck source=expect.sh
. "$(dirname "$0")/expect.sh"
INFOPLANE_SHARE=${INFOPLANE_SHARE:-$PWD/scripts}
export INFOPLANE_SHARE
cd "$folder" || exit 1
pids=
# shellcheck disable=SC2086 # several
trap '[ -z "$pids" ] || kill -9 $pids 2>/dev/null; rm -rf "$folder"' EXIT

net="--data szt --net 12-4-2 --train-samples 256 --test-samples 64 --threads 1 --quiet"

latest_is() {
    [ "$(readlink results/latest)" = "$1" ]
}

is_running() {
    grep -qs '"state": "running"' "results/$1/run.json"
}

# begin NAME ARGUMENT...: a run that would not end for hours, in the background; $begun.
begin() {
    name=$1
    shift
    # shellcheck disable=SC2086
    "$program" train $net --epochs 100000000 --measure none --name "$name" "$@" \
        >"$name.out" 2>&1 </dev/null &
    begun=$!
    pids="$pids $begun"
    until_true 60 is_running "$name-seed1"
}

# shellcheck disable=SC2086
check "a run" run 0 train $net --epochs 2 --name one
check "is the latest when it has ended" latest_is one-seed1
begin long
check "one that trains is not" latest_is one-seed1
# shellcheck disable=SC2086
check "the next run" run 0 train $net --epochs 2 --name two
check "is the latest, while another trains" latest_is two-seed1
check "a command that is given the link" run 0 info results/latest
check "says which folder that is" says "$err" "infoplane: results/latest is results/two-seed1"
check "with a slash too" run 0 plot results/latest/ --kind plane
check "and writes there" says "$out" "results/two-seed1/figures/plane.png"
check "not a word about a plain folder" run 0 info results/one-seed1
check "on stderr" silent "$err"
kill -TERM "$begun"
wait "$begun"
check "a run that was stopped has ended last" latest_is long-seed1
# shellcheck disable=SC2086
run 3 train $net --epochs 9 --optimiser sgd:lr=1e30 --name diverging
check "one that diverged too" latest_is diverging-seed1
check "going on with a run by its folder" run 0 train --resume results/two-seed1
check "makes it the latest, done as it is" latest_is two-seed1
check "going on by the link" run 0 train --resume results/latest
check "says which that is" says "$err" "results/latest is results/two-seed1"
check "elsewhere there is no link" sh -c "'$program' train $net --epochs 2 --out apart/x &&
    [ ! -e apart/latest ] && [ ! -L apart/latest ]"
check "and the latest stays" latest_is two-seed1

# Runs that end together: the link is one of them, and whole at every moment.
: >stop
(while [ -e stop ]; do [ -e results/latest/run.json ] || echo gone; done) >watched &
watcher=$!
pids="$pids $watcher"
for i in 1 2 3 4 5 6; do
    # shellcheck disable=SC2086
    "$program" train $net --epochs 1 --name many --seed $i &
    pids="$pids $!"
    runs="${runs:-} $!"
done
# shellcheck disable=SC2086
wait $runs
rm stop
wait "$watcher"
one_of_many() {
    readlink results/latest | grep -q '^many-seed[1-6]$'
}
check "runs that end at the same time leave a link to one of them" one_of_many
check "that never led nowhere" silent watched
check "and nothing beside it" [ ! -e results/.latest.tmp ]

# What is no link is left alone.
rm results/latest
mkdir results/latest
# shellcheck disable=SC2086
check "a folder of that name" run 0 train $net --epochs 1 --name three
check "stays a folder" [ ! -L results/latest ]
finish
