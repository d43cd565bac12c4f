#!/bin/sh
# Studies run by GNU parallel and by a Slurm of one node, where these are installed.
# shellcheck source=expect.sh
. "$(dirname "$0")/expect.sh"
INFOPLANE_SHARE=$PWD/scripts
slurm=$PWD/tests/slurm.sh
export INFOPLANE_SHARE
cd "$folder" || exit 1

small="--data szt --net 12-10-7-5-4-3-2 --batch 256 --optimiser adam --probe pooled --epochs 2"
# sweep STATUS FOLDER ENGINE WORD...: four runs.
sweep() {
    want=$1
    to=$2
    engine=$3
    shift 3
    # shellcheck disable=SC2086 # words
    run "$want" sweep $small --grid lr=0.01,0.001 --seeds 1-2 "--out=$to" --engine "$engine" "$@"
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

mkdir '9%j'
ln -s '9%j' link
cd link || exit 1 # the user's name for this folder is kept
check "a folder with quotes" sweep 0 'a "b" 5%d' slurm --dry-run
check "is escaped for sbatch" says 'a "b" 5%d/slurm.sh' \
    "--output=\"$folder/link/a \\\"b\\\" 5%%d/logs/slurm-%a.log\""
check "and its name" says 'a "b" 5%d/slurm.sh' '--job-name="a \"b\" 5%d"'
check "where it starts is as the user wrote it" says 'a "b" 5%d/slurm.sh' \
    "--chdir=\"$folder/link\""
for script in job parallel slurm; do
    check "$script.sh is a script" sh -n "a \"b\" 5%d/$script.sh"
done
cd -P . || exit 1
check "a pattern above it" sweep 0 s slurm --dry-run
check "is escaped, too" says s/slurm.sh "--output=\"$folder/9%%j/s/logs/slurm-%a.log\""
check "with a backslash sbatch looks for no pattern" sweep 0 'b\c' slurm --dry-run
check "so it writes nothing" says 'b\c/slurm.sh' "#SBATCH --output=/dev/null"
# shellcheck disable=SC2016 # variables of the script
check "and the script does" says 'b\c/slurm.sh' 'exec >>"$folder/logs/slurm-1-$SLURM_ARRAY_TASK_ID.log"'
check "a path with a line break is refused" no sweep 0 'a
b' slurm --dry-run
cd "$folder" || exit 1

# ---- options of the engines ----
words='--comment="two  words" --mail-user '"'it\"s'"' --time 10 \#x'
check "words are those of a shell" sweep 0 opt slurm --dry-run --engine-options="$words"
check "a word with blanks" says opt/slurm.sh '#SBATCH "--comment=two  words"'
check "an option with its value" says opt/slurm.sh '#SBATCH --time 10 "#x"'
check "a quote in quotes" says opt/slurm.sh '#SBATCH --mail-user "it\"s"'
check "are not for parallel" no says opt/parallel.sh comment
check "words for parallel" sweep 0 opt parallel --dry-run --engine-options="--tag --colsep 'a b'"
check "as a shell reads them" says opt/parallel.sh "--tag --colsep 'a b' \"\$@\""
check "are not for sbatch" no says opt/slurm.sh tag
# shellcheck disable=SC1003 # half a word
for text in '--a="b' "--a='b" '--a\' '--a
b'; do
    check "half a word is refused" sweep 2 never slurm --engine-options="$text"
    check "with the option" says "$err" "engine-options: "
done
check "nothing is made of it" [ ! -e never ]
check "no engine, no options" sweep 2 never local --dry-run --engine-options=--tag

# ---- arrays as Slurm takes them ----
mkdir bin
cat >bin/scontrol <<'END'
#!/bin/sh
echo "MaxArraySize            = $ARRAY_END"
END
cat >bin/sbatch <<'END'
#!/bin/sh
sed -n 's/^#SBATCH --array=//p' "$1" >>arrays
[ "$(wc -l <arrays)" -lt "${REFUSED:-9}" ]
END
chmod +x bin/scontrol bin/sbatch
# submit STATUS FOLDER WORD...: six jobs, arrays with indices below $ARRAY_END.
submit() {
    : >arrays
    want=$1
    to=$2
    shift 2
    # shellcheck disable=SC2086 # words
    PATH=$folder/bin:$PATH run "$want" sweep $small --grid lr=0.01,0.001 --seeds 1-3 --out "$to" \
        --engine slurm "$@"
}
arrays() { [ "$(paste -sd ' ' arrays)" = "$1" ]; }
export ARRAY_END REFUSED
ARRAY_END=1001
check "one array" submit 0 arr
check "for all" arrays 1-6
ARRAY_END=3
check "small arrays" submit 0 arr
check "are several" arrays "1-2 1-2 1-2"
# shellcheck disable=SC2016 # a variable of the script
check "that number their jobs on" says arr/slurm-3.sh '$((4 + SLURM_ARRAY_TASK_ID))'
check "and have logs of their own" says arr/slurm-3.sh "/arr/logs/slurm-3-%a.log"
check "jobs at a time" submit 0 arr --jobs 4
check "are those of all together" arrays "1-2%1 1-2%1 1-2%1"
check "what is done" sh arr/job.sh 3 --quiet
ARRAY_END=4
check "leaves fewer" submit 0 arr
check "arrays" arrays "1-2 1-3"
check "the others are gone" [ ! -e arr/slurm-3.sh ]
REFUSED=2
check "a second one that Slurm refuses" submit 74 arr
check "is told" says "$err" "arr/slurm-2.sh: exit status 1; 1 of 2 arrays are submitted"
unset REFUSED
ARRAY_END=0
check "no arrays at all" submit 2 arr
check "are told, too" says "$err" "MaxArraySize is 0"

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
    here="it's {} {#} {.} \"here\""
    mkdir "$here"
    check "a folder with blanks, quotes and braces" sweep 0 "$here/par" parallel --quiet
    check "has its runs" [ "$(grep -c ,done, "$here/par/sweep.csv")" -eq 4 ]
    check "without a word" silent "$out"
    check "a folder like an option" sweep 0 -par parallel --quiet
    check "has its runs" [ "$(grep -c ,done, ./-par/sweep.csv)" -eq 4 ]
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
