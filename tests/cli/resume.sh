#!/bin/sh
# Interrupting a run and going on with it by the commands a user types; two writers.
# shellcheck source=expect.sh
. "$(dirname "$0")/expect.sh"
INFOPLANE_SHARE=$PWD/scripts
SOURCE_DATE_EPOCH=0
export INFOPLANE_SHARE SOURCE_DATE_EPOCH
if [ -w /dev/shm ]; then # checkpoints wait for the disk; memory is faster
    rm -rf "$folder"
    folder=$(mktemp -d /dev/shm/ipl_resume_XXXXXX)
    out=$folder/stdout
    err=$folder/stderr
fi
cd "$folder" || exit 1

# A run of a few seconds at most, which makes a step in much less than a millisecond.
experiment="--data szt --net 12-10-7-2 --batch 32 --optimiser adam:lr=0.01 --threads 1"

# shellcheck disable=SC2086 # words on purpose
train() {
    "$program" train $experiment "$@"
}

# The same in place of this process, for a subshell.
# shellcheck disable=SC2086
become() {
    exec "$program" train $experiment "$@"
}

# interrupted SIGNAL: a run that this signal ended before it had come to its end; $status.
interrupted() {
    for _ in 1 2 3 4 5; do # a slow machine may see it start when it is done
        rm -rf run
        (become --epochs 200 --measure every:50 --checkpoint every:1 --out run \
            >"$out" 2>"$err") &
        pid=$!
        until_true 120 [ -s run/checkpoint/previous ] || return 1
        kill -s "$1" "$pid"
        wait "$pid"
        status=$?
        [ "$status" -ne 0 ] && return 0
    done
    return 1
}

train --epochs 200 --measure every:50 --out whole --quiet >"$out" 2>"$err"
for signal in INT TERM HUP USR1 USR2 XCPU; do
    check "a run starts and is told to stop" interrupted $signal
    check "SIG$signal ends it by that signal" [ "$(kill -l "$status")" = $signal ]
    check "it says how far it came" says "$out" "stopped after epoch"
    check "the record says so" grep -q '"state": "stopped"' run/run.json
    check "and how to go on" says "$out" "infoplane train --resume run --threads 1"
    check "no lock is left" [ ! -e run/.lock ]
    check "that command goes on" run 0 train --resume run --threads 1
    check "from where it was" says "$out" "resumed    after epoch"
    check "to the end" says "$out" "done: run"
    for file in training.csv information.csv layers.csv summary.csv summary.txt \
        parameters/0.weight.npy parameters/4.bias.npy checkpoint/best; do
        check "with the same $file" cmp whole/$file run/$file
    done
    check "two segments are recorded" [ "$(grep -c '"first_step"' run/run.json)" -eq 2 ]
done
rm -rf run

# nohup: who does not want to hear of the terminal's end is not told.
(trap '' HUP && become --epochs 200 --measure every:50 --checkpoint every:1 --out run \
    >"$out" 2>"$err") &
pid=$!
until_true 120 [ -s run/checkpoint/previous ]
kill -s HUP $pid
wait $pid
check "an ignored SIGHUP does not end a run" [ $? -eq 0 ]
check "which has all its rows" cmp whole/information.csv run/information.csv

# Measuring takes a minute here: the first signal waits for it, as does one that comes with
# it; a later one does not.
(become --epochs 1 --null 20000 --out slow >"$out" 2>"$err") &
pid=$!
until_true 120 [ -s slow/run.json ]
kill -s TERM $pid
kill -s USR2 $pid
sleep 1.5
check "the first signal waits for what is being done" kill -s 0 $pid
kill -s TERM $pid
from=$(date +%s)
wait $pid
status=$?
check "a later one gives it up" [ $status -gt 128 -a $(($(date +%s) - from)) -lt 30 ]
check "and leaves a checkpoint" [ -s slow/checkpoint/last ]
check "of a run that stopped" says slow/run.json '"state": "stopped"'
check "and what it left starts again" run 0 train --data szt --net 12-2 --measure none \
    --epochs 0 --out slow --force

# ---- the command line ----

check "a run that is done says so" run 0 train --resume whole
check "in words" says "$out" "done already"
misuse "--resume RUN has its own experiment" "--preset" train --resume whole --preset demo
misuse "--resume and --force are two things" "--force" train --resume whole --force
check "there must be a run" run 66 train --resume nothing
check "another experiment is refused" run 65 train --resume whole --batch 64
check "with the key" says "$err" "batch = 32"
check "checkpoints have a form" run 65 train --data szt --net 12-2 --checkpoint often \
    --out never
check "which is told" says "$err" "every:5 (epochs)"
check "nothing was made of it" [ ! -e never ]

# ---- two writers ----

(become --epochs 100000 --measure none --out busy --quiet \
    >/dev/null 2>&1) &
pid=$!
check "a run is being written" until_true 120 [ -s busy/checkpoint/last ]
for how in "" --force "--resume auto"; do
    # shellcheck disable=SC2086 # words on purpose
    second() {
        train --epochs 100000 --measure none --out busy $how >"$out" 2>"$err"
        [ $? -eq 75 ]
    }
    check "a second writer is refused ($how)" second
    check "and told why" says "$err" "another process is writing"
done
check "one that goes on, too" run 75 train --resume busy
kill -9 $pid
wait $pid 2>/dev/null
(exec "$program" train --resume busy --quiet >"$out" 2>"$err") &
pid=$!
goes_on() { [ "$(grep -c '"first_step"' busy/run.json)" -eq 2 ]; }
check "a killed run is gone on with" until_true 120 goes_on
kill -s TERM $pid
wait $pid
check "the lock of a killed run does not hold" [ $? -eq 143 ]

# ---- what checkpoints are good for ----

train --epochs 6 --measure every:2 --checkpoint every:1min,keep=2 --out kept --quiet \
    >"$out" 2>"$err"
rm kept/checkpoint/best
check "a run without activations is measured again" run 0 analyze kept --out again
check "at its kept epochs" says "$out" "4 epochs"
check "to the same rows" cmp again/information.csv kept/information.csv
check "with another estimator, too" run 0 analyze kept --estimator kde --layers fc1 --out kde
check "pictures of a kept epoch are drawn" run 0 pictures kept --epoch 2
check "under its number" [ -s kept/figures/confusion-2.png ]
check "of another one they are not" run 66 pictures kept --epoch 3
check "and it says which there are" says "$err" "0, 2, 4, 6"
finish
