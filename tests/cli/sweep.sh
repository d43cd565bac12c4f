#!/bin/sh
# Studies: replicates, grids, what fails, what is stopped and goes on, and gathering.
# shellcheck source=expect.sh
. "$(dirname "$0")/expect.sh"
INFOPLANE_SHARE=$PWD/scripts
export INFOPLANE_SHARE
cd "$folder" || exit 1

small="--data szt --net 12-10-7-5-4-3-2 --batch 256 --optimiser adam:lr=0.01 --probe pooled --epochs 2"
# shellcheck disable=SC2086 # words
study() {
    want=$1
    verb=$2
    shift 2
    run "$want" "$verb" $small "$@"
}
# Number of lines of $out that match.
lines() {
    grep -c -- "$1" "$out"
}

# ---- replicates ----
check "replicates are trained" study 0 train --seeds 1-2,5
check "a line for each" [ "$(lines '^\[[123]/3\] seed[125]: done')" -eq 3 ]
check "in the folder of the experiment" [ -s results/szt-tanh/seed5/summary.txt ]
check "with means" says results/szt-tanh/mean.csv "szt-tanh,2,all,6,logits,"
check "of three" says results/szt-tanh/training-mean.csv "szt-tanh,2,test_accuracy,3,"
check "and a row for each" [ "$(grep -c ,done, results/szt-tanh/sweep.csv)" -eq 3 ]
check "one of them alone" study 0 train --seed 5 --out alone
check "gives the same table" cmp alone/information.csv results/szt-tanh/seed5/information.csv
cp results/szt-tanh/seed1/run.json before
check "the same command again" study 0 train --seeds 1-3
check "adds what is missing" [ "$(lines '^\[1/1\] seed3: done')" -eq 1 ]
check "and leaves what is done" cmp before results/szt-tanh/seed1/run.json
check "a study is no run" run 66 info results/szt-tanh
check "and says where its runs are" says "$err" "a study, no run; name a run below it"
check "other settings are refused" run 73 train --data szt --net 12-10-7-5-4-3-2 --seeds 1-3
check "naming the difference" says "$err" "it has 'optimiser = adam:lr=0.01', not"
check "a single run is in the way" run 73 train --data szt --seeds 1-2 --out alone
if command -v gnuplot >/dev/null; then
    check "plot takes the folder" run 0 plot results/szt-tanh --kind plane
    check "as replicates" says results/szt-tanh/figures/plane-settings.gp "szt-tanh (4 runs)"
    check "and draws scores" run 0 plot results/szt-tanh --kind scores
    check "as a picture" [ -s results/szt-tanh/figures/scores.png ]
else
    echo "SKIPPED: no gnuplot here, no figure drawn"
fi

# ---- grids; a point that fails does not stop the others ----
check "a grid with a point that diverges" study 3 sweep --grid activation=relu --grid lr=0.01,1e30 \
    --seeds 1-2 --out grid
check "all points are run" [ "$(lines '^\[[1234]/4\]')" -eq 4 ]
check "failures are told at the end" says "$err" "2 of 4 runs failed:"
check "with their exit status" says "$err" "lr=1e30/seed2: exit status 3: "
check "the others are done" [ "$(grep -c ,done, grid/sweep.csv)" -eq 2 ]
check "what diverged is there" [ "$(grep -c ,diverged, grid/sweep.csv)" -eq 2 ]
check "with the key that differs" says grid/sweep.csv "seed,optimiser.lr,epoch"
check "and a text for people" says grid/sweep.txt "4 runs of 2 points: 2 done, 2 diverged"
check "again: nothing to do, and it says why" study 3 sweep --grid activation=relu \
    --grid lr=0.01,1e30 --seeds 1-2 --out grid
check "nothing was run" [ "$(lines '^\[')" -eq 0 ]
mkdir -p occupied/activation=relu
: >occupied/activation=relu/mine
check "a run that cannot begin" study 73 sweep --grid activation=tanh,relu --out occupied
check "fails alone" says "$err" "1 of 2 runs failed"
check "and is gathered as such" [ "$(grep -c ,failed, occupied/sweep.csv)" -eq 1 ]

# ---- gathering ----
cp -r grid/activation=relu_optimiser.lr=0.01 elsewhere
check "folders are gathered" run 0 collect elsewhere results/szt-tanh --out all
check "into one table" [ "$(wc -l <all/sweep.csv)" -eq 7 ]
check "by what differs" says all/sweep.csv "seed,activation,epoch"
mkdir -p begun/experiments
cp -r results/szt-tanh/seed1 begun/one
cp -r results/szt-tanh/seed2 begun/two
for table in training information layers; do
    printf 'epoch,st' >begun/two/$table.csv
done
check "a run that has just begun" run 0 collect begun
check "does not hide the others" [ "$(wc -l <begun/sweep.csv)" -eq 3 ]
check "a folder without runs" run 66 collect all
check "no folder at all" run 66 collect nowhere

# ---- stopped and continued ----
long="--data szt --net 12-10-7-5-4-3-2 --batch 64 --optimiser adam:lr=0.01 --probe pooled --epochs 400 --measure log:5"
# shellcheck disable=SC2086 # words
interrupt() {
    enough=$(($(rows stopped/seed2/training.csv) + 5)) # this time it really runs
    "$program" train $long --seeds 1-4 --jobs 2 --out stopped >"$out" 2>"$err" &
    pid=$!
    check "it trains" until_true 120 grown stopped/seed2/training.csv "$enough"
    kill "-$1" $pid
    wait $pid
    status=$?
}
interrupt TERM
check "TERM ends it by that signal" [ $status -eq 143 ]
check "it says how to go on" says "$out" "the same command goes on"
check "its runs have stopped" [ "$(grep -l '"state": "stopped"' stopped/seed?/run.json | wc -l)" -ge 1 ]
check "no process is left" [ ! -e stopped/seed1/.lock ]
interrupt KILL
check "a study that was killed leaves no run behind" until_true 120 [ ! -e stopped/seed2/.lock ]
check "none at all" until_true 120 [ ! -e stopped/seed1/.lock ]
# shellcheck disable=SC2086 # words
check "the same command goes on" run 0 train $long --seeds 1-4 --jobs 2 --out stopped
check "from where they were" [ "$(grep -c '"start"' stopped/seed2/run.json)" -ge 2 ]
check "to the end" [ "$(grep -l '"state": "done"' stopped/seed?/run.json | wc -l)" -eq 4 ]
# shellcheck disable=SC2086 # words
check "a run of its own" run 0 train $long --seed 2 --out whole
for file in information.csv layers.csv parameters/0.weight.npy; do
    check "gives the same $file" cmp whole/$file stopped/seed2/$file
done

# ---- a run that is killed, by the system that has no memory left for instance ----
if command -v ps >/dev/null; then
    # shellcheck disable=SC2086 # words
    "$program" train ${long%epochs*}epochs 100000 --seeds 1 --out killed >"$out" 2>"$err" &
    pid=$!
    check "a run starts" until_true 120 grown killed/seed1/training.csv 3
    # shellcheck disable=SC2046 # one number, without the blanks before it
    kill -9 $(ps -o pid= --ppid $pid)
    wait $pid
    check "has failed when it is killed" [ $? -eq 74 ]
    check "and what killed it is told" says "$err" "  seed1: killed by signal 9"
    check "as it is when it happens" says "$out" "seed1: interrupted after"
else
    echo "SKIPPED: no ps here, no run was killed"
fi

# ---- misuse: one line ----
misuse "an empty grid is refused" "nothing to vary" sweep --data szt
misuse "so is an empty text" "nothing to vary" sweep --data szt --grid ''
misuse "a seed beside seeds" "give no --seed" train --data szt --seed 3 --seeds 1-2
misuse "an unknown key" "did you mean 'activation'?" sweep --data szt --grid activaton=tanh
misuse "an unknown option of a text" "did you mean 'lr'?" sweep --data szt --grid optimiser.lrr=1
misuse "a key twice" "optimiser.lr is given twice" sweep --data szt --grid lr=1 --grid optimiser.lr=2
misuse "a bad value" "'x' is not a number" sweep --data szt --grid batch=8,x
misuse "an activation that is none" "tanhh" sweep --data szt --grid activation=tanhh
misuse "seeds that go back" "want 1-5" train --data szt --seeds 5-1
misuse "a thousand million points" "more than" sweep --data szt --grid seed=1-1000000000
misuse "options for no engine" "--engine parallel or slurm" sweep --data szt --grid lr=1 \
    --engine-options=x
misuse "jobs without replicates" "give --seeds" train --data szt --jobs 2
misuse "several folders and nowhere to put it" "give --out" collect grid elsewhere
check "nothing was written" [ ! -e results/szt-sweep ]
finish
