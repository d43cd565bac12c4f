#!/bin/sh
# Studies run by GNU parallel and by a Slurm of one node, where these are installed.
# shellcheck source=expect.sh
. "$(dirname "$0")/expect.sh"
INFOPLANE_SHARE=$PWD/scripts
slurm=$PWD/tests/slurm.sh
export INFOPLANE_SHARE
cd "$folder" || exit 1

small="--data szt --net 12-10-7-5-4-3-2 --batch 256 --optimiser adam --probe pooled --epochs 2"
# shellcheck disable=SC2086 # words
sweep() {
    run "$1" sweep $small --grid lr=0.01,0.001 --seeds 1-2 --out "$2" --engine "$3" "$4"
}

# ---- what is written for a person to read and submit ----
check "scripts are written" sweep 0 dry slurm --dry-run
check "and nothing is run" [ ! -e dry/optimiser.lr=0.01 ]
for script in job parallel slurm; do
    check "$script.sh is a script" sh -n dry/$script.sh
done
check "an array of four" says dry/slurm.sh "#SBATCH --array=1-4"
check "that is warned before its end" says dry/slurm.sh "#SBATCH --signal=B:USR1@90"
check "a job by hand" sh dry/job.sh 3 --quiet
check "makes its run" says dry/optimiser.lr=0.001/seed1/run.json '"state": "done"'
check "again, it does nothing" sh dry/job.sh 3 --no-such-option
check "a line that is not there" [ "$(sh dry/job.sh 9 2>"$err"; echo $?)" -eq 66 ]
check "the rest" sweep 0 dry slurm --dry-run
check "is what is left" says dry/slurm.sh "#SBATCH --array=1-2,4"

check "a folder with quotes" sweep 0 'a "b\c" 5%d' slurm --dry-run
check "is escaped for sbatch" says 'a "b\c" 5%d/slurm.sh' \
    '--output="a \"b\\c\" 5%%d/logs/slurm-%a.log"'
check "and its name" says 'a "b\c" 5%d/slurm.sh' '--job-name="a \"b\\c\" 5%d"'
for script in job parallel slurm; do
    check "$script.sh is a script" sh -n "a \"b\\c\" 5%d/$script.sh"
done

# ---- GNU parallel ----
if command -v parallel >/dev/null && parallel --version 2>/dev/null | grep -q '^GNU parallel'; then
    check "GNU parallel runs a sweep" sweep 0 par parallel --engine-options='--sshlogin 2/:'
    check "to its end" [ "$(grep -c ,done, par/sweep.csv)" -eq 4 ]
    check "with a job log" [ "$(wc -l <par/parallel.log)" -eq 5 ]
    check "the local engine" sweep 0 loc local --quiet
    check "gives the same" cmp par/optimiser.lr=0.01/seed2/information.csv \
        loc/optimiser.lr=0.01/seed2/information.csv
    # shellcheck disable=SC2086 # words
    check "a job that fails" run 3 sweep $small --grid activation=relu --grid lr=0.01,1e30 \
        --out bad --engine parallel
    check "is told" says "$err" "1 run failed, see bad/parallel.log"
    mkdir "it's here"
    check "a folder with blanks and quotes" sweep 0 "it's here/par" parallel --quiet
    check "has its runs" [ "$(grep -c ,done, "it's here/par/sweep.csv")" -eq 4 ]
    check "without a word" silent "$out"
    long=$(echo "$small" | sed 's/--epochs 2/--epochs 100000 --measure log:5/')
    for signal in TERM HUP; do
        # shellcheck disable=SC2086 # words
        "$program" sweep $long --grid lr=0.01,0.001 --out stopped-$signal --engine parallel \
            >"$out" 2>"$err" &
        pid=$!
        run=stopped-$signal/optimiser.lr=0.01
        until_true 120 grown $run/training.csv 3
        kill -$signal $pid
        wait $pid
        check "$signal ends it" [ $? -gt 128 ]
        check "with its runs" says $run/run.json '"state": "stopped"'
    done
else
    echo "SKIPPED: no GNU parallel here, that engine was not run"
fi

# ---- Slurm ----
cat >session.sh <<'END'
# Within a Slurm of one node: a sweep, then a long run that gets the warning signal.
. "$tests/expect.sh"
empty() { [ -z "$(squeue -h)" ]; }
is() { scontrol show job "$id" | grep -q "$1"; }
"$program" sweep $small --grid lr=0.01,0.001 --seeds 1-2 --out slu --threads 2 --engine slurm \
    --engine-options='--time=5 --mem=100M' || exit 1
until_true 60 empty
long=$(echo "$small" | sed 's/--epochs 2/--epochs 4000 --measure log:5/; s/256/64/; s/--optimiser adam//')
long="$long --name x"
"$program" sweep $long --optimiser adam --grid lr=0.01 --out warned --engine slurm || exit 1
run=warned/optimiser.lr=0.01
until_true 60 grown $run/training.csv 10
id=$(squeue -h -o %A)
scancel --batch --signal=USR1 "$id"
until_true 60 is Restarts=1
until_true 60 grep -q '"state": "stopped"' $run/run.json
sleep 3 # until Slurm is done with the first turn of the job
cp $run/run.json run-when-requeued.json
for _ in $(seq 300); do # a job that is requeued waits for two minutes, unless it is told
    is JobState=COMPLETED && break
    scontrol update jobid="$id" StartTime=now 2>/dev/null
    sleep 0.5
done
scontrol show job "$id" >job-at-the-end
"$program" train $long --optimiser adam:lr=0.01 --out whole --quiet
END
export program small tests
if timeout 400 "$slurm" sh session.sh >"$out" 2>"$err"; then
    check "Slurm runs a sweep" run 0 collect slu
    check "to its end" [ "$(grep -c ,done, slu/sweep.csv)" -eq 4 ]
    check "with the processors it was given" says slu/optimiser.lr=0.01/seed1/run.json '"threads": 2'
    check "the warning signal stops a run" says run-when-requeued.json '"state": "stopped"'
    check "which goes back into the queue" says job-at-the-end "Restarts=1"
    check "and is done" says job-at-the-end "JobState=COMPLETED"
    check "in the end" says warned/optimiser.lr=0.01/run.json '"state": "done"'
    check "in two turns" [ "$(grep -c '"start"' warned/optimiser.lr=0.01/run.json)" -eq 2 ]
    for file in information.csv parameters/0.weight.npy; do
        check "with the $file of one" cmp whole/$file warned/optimiser.lr=0.01/$file
    done
elif grep -q '^slurm.sh:' "$err"; then
    echo "SKIPPED: no Slurm here, that engine was not run ($(grep '^slurm.sh:' "$err" | head -n 1))"
else
    check "a Slurm of one node" false
fi
finish
