#!/bin/sh
# A study in a real Slurm of one node, in a folder whose name has patterns of Slurm: it is
# submitted in two arrays, its runs are preempted, requeued, told of the end of their time and
# cancelled, and what was cancelled is submitted again. No batch is lost or trained twice, and
# every run ends with the bytes of one that was left alone.
# shellcheck source=../cli/expect.sh
. "$(dirname "$0")/../cli/expect.sh"
INFOPLANE_SHARE=$PWD/scripts
SOURCE_DATE_EPOCH=0 # no durations in the tables: whole files are compared
export INFOPLANE_SHARE SOURCE_DATE_EPOCH
slurm=$PWD/tests/slurm.sh
work="$folder/50%j \"a\""
mkdir "$work"
cd "$work" || exit 1

# Of ten seconds or more, to be met while they run; with checkpoints at signals alone.
experiment="--data szt --net 12-10-7-5-4-3-2 --batch 64 --optimiser sgd --epochs ${EPOCHS:-16000}
    --measure log:5 --checkpoint every:10h --grid lr=0.1,0.01 --seeds 1-3 --threads 1"

cat >session.sh <<'END'
. "$expect"
submit() {
    # shellcheck disable=SC2086 # words
    "$program" sweep $experiment --out study --engine slurm \
        --engine-options='--partition=low --comment="two words"'
}
runs="study/optimiser.lr=0.1/seed1 study/optimiser.lr=0.1/seed2 study/optimiser.lr=0.1/seed3
    study/optimiser.lr=0.01/seed1 study/optimiser.lr=0.01/seed2 study/optimiser.lr=0.01/seed3"
state_is() { grep -q "\"state\": \"$2\"" "$1/run.json" 2>/dev/null; }
# The run that is trained now and has trained for a while, in $run; no other one of $told.
one_runs() {
    for run in $runs; do
        case " $told " in *" $run "*) continue ;; esac
        state_is "$run" running && grown "$run/training.csv" 20 && return
    done
    return 1
}
# What waits until Slurm's two minutes after a requeue are over does not wait.
hurry() {
    squeue -h -r -t PD -o %i 2>/dev/null | while read -r waiting; do
        scontrol update jobid="$waiting" StartTime=now 2>/dev/null
    done
}
# Slurm's number of the job that trains $run: the line of jobs.txt, in the first or second array.
number_of() {
    line=$(grep -nx "${run#study/}" study/jobs.txt | cut -d : -f 1)
    index=$(((line - 1) % 4 + 1))
    squeue -h -r -t R -n study -o '%i %o' | grep "_$index " |
        grep "$([ "$line" -gt 4 ] && echo slurm-2.sh || echo slurm.sh)" | cut -d ' ' -f 1
}
# one_that_runs TEXT: waits for a run, and notes it as the one that TEXT happened to.
one_that_runs() {
    hurry
    until_true 120 one_runs || { echo "not ok no run for: $1"; exit 1; }
    told="$told $run"
    echo "$1 $run" >>events
}
told=
submit || exit 1
squeue -h -r -o %i | sed 's/_.*//' | sort -u >arrays

one_that_runs preempted
sbatch --partition=high --exclusive --output=/dev/null --wrap 'sleep 1' || exit 1
until_true 120 state_is "$run" stopped && echo stopped >>events

one_that_runs requeued
scontrol requeue "$(number_of)" || exit 1
until_true 120 state_is "$run" stopped && echo stopped >>events

one_that_runs warned
scancel --batch --signal=USR1 "$(number_of)" || exit 1
until_true 120 state_is "$run" stopped && echo stopped >>events

one_that_runs cancelled
scancel "$(number_of)" || exit 1
until_true 120 state_is "$run" stopped && echo stopped >>events
cancelled=$run
over() {
    hurry
    [ -z "$(squeue -h)" ]
}
until_true 600 over || exit 1
state_is "$cancelled" stopped && echo "stays so" >>events
submit || exit 1
until_true 300 over
cp study/slurm.sh last.sh
END
expect=$tests/../cli/expect.sh
SLURM_MORE="MaxArraySize=5
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
PartitionName=low Nodes=ALL MaxTime=INFINITE PriorityTier=1 State=UP
PartitionName=high Nodes=ALL MaxTime=INFINITE PriorityTier=10 State=UP"
INFOPLANE=$program
export program INFOPLANE experiment expect SLURM_MORE
if ! timeout 1500 "$slurm" sh session.sh >"$out" 2>"$err"; then
    if grep -q '^slurm.sh:' "$err"; then
        echo "SKIPPED: no Slurm here, no study was run in it ($(grep '^slurm.sh:' "$err" | head -n 1))"
    else
        cat "$out" "$err"
        check "a session in Slurm" false
    fi
    finish
fi

# shellcheck disable=SC2086 # words
check "the same study here" run 0 sweep $experiment --out whole --quiet
check "two arrays were submitted" [ "$(wc -l <arrays)" -eq 2 ]
for event in preempted requeued warned cancelled; do
    check "a run was $event" grep -q "^$event " events
done
check "each left a checkpoint and said that it stopped" [ "$(grep -cx stopped events)" -eq 4 ]
check "who is cancelled does not come back by itself" grep -qx "stays so" events
check "it alone was submitted again" [ "$(grep -c '^#SBATCH --array=[1-4]$' last.sh)" -eq 1 ]
check "with words that hold blanks" grep -qx '#SBATCH "--comment=two words"' last.sh
check "logs are where they belong" [ "$(find study/logs -name 'slurm*.log' | wc -l)" -eq 6 ]

# steps RUN: of all its segments; segments RUN: how many.
steps() {
    grep -o '"steps": [0-9]*' "$1/run.json" | awk '{n += $2} END {print n}'
}
segments() {
    grep -c '"first_step"' "$1/run.json"
}
while read -r event run; do
    case $event in
    preempted | requeued | warned | cancelled)
        check "what was $event went on" [ "$(segments "$run")" -ge 2 ]
        ;;
    esac
done <events
while read -r run; do
    check "$run is done" grep -q '"state": "done"' "study/$run/run.json"
    check "$run: no step is lost or done twice" [ "$(steps "study/$run")" -eq "$(steps "whole/$run")" ]
    for file in information.csv training.csv layers.csv summary.csv parameters/0.weight.npy \
        parameters/10.bias.npy checkpoint/best; do
        check "$run: the same $file" cmp "whole/$run/$file" "study/$run/$file"
    done
done <study/jobs.txt
finish
