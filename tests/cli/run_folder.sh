#!/bin/sh
# A run's folder: what --force replaces, links and pipes in it, and a folder that is removed and
# made again while a run goes on.
# shellcheck source=expect.sh
. "$(dirname "$0")/expect.sh"
INFOPLANE_SHARE=$PWD/scripts
export INFOPLANE_SHARE
cd "$folder" || exit 1

# tiny STATUS FOLDER OPTION...
tiny() {
    want=$1
    out_folder=$2
    shift 2
    run "$want" train --data szt --net 12-4-2 --epochs 1 --train-samples 64 --test-samples 32 \
        --threads 1 --out "$out_folder" -q "$@"
}

# ---- --force ----

mkdir -p thesis/.git
echo chapter >thesis/chapter.tex
printf '[data]\ndata = szt\n[net]\nnet = 12-4-2\n[training]\nepochs = 1\n' >thesis/experiment.ini
cp thesis/experiment.ini thesis/mine.ini
check "a folder that holds more than a run is not replaced" tiny 73 thesis --force
check "what is foreign is named" says "$err" "thesis/"
whole() {
    [ -f thesis/chapter.tex ] && [ -d thesis/.git ] && cmp -s thesis/mine.ini thesis/experiment.ini
}
check "nothing of it is gone" whole
mkdir alone
cp thesis/mine.ini alone/experiment.ini
check "nor is the folder of the experiment file" run 73 train alone/experiment.ini --out alone --force -q
check "which is named" says "$err" "alone/experiment.ini lies there"
in_it() {
    (cd alone && run 73 train experiment.ini --out . --force -q)
}
check "nor the current folder" in_it
check "the file is as it was" cmp thesis/mine.ini alone/experiment.ini
tiny 0 clean
check "a run by itself is replaced" tiny 0 clean --force
"$program" analyze clean >/dev/null 2>&1
"$program" report clean >/dev/null 2>&1
check "with what analyze and report left" tiny 0 clean --force
check "of which nothing stays" no ls -d clean/analysis-1 2>/dev/null

# ---- links and pipes ----

echo precious >precious
tiny 0 run
cp -R run linked
rm -rf linked/checkpoint linked/run.json linked/*.csv
ln -s ../precious linked/training.csv
tiny 73 linked --resume=auto
check "a table that is a link is not written" says precious precious
cp -R run locked
rm -f locked/.lock
ln -s "$folder/outside" locked/.lock
run 73 train --resume locked -q
check "no file is made behind a link" no ls outside 2>/dev/null
cp -R run read
rm read/summary.txt
ln -s ../precious read/summary.txt
run 65 report read -o r.html
check "a report does not hold what a link leads to" no grep -qs precious r.html
check "the link is named" says "$err" "read/summary.txt: a symbolic link"
if command -v mkfifo >/dev/null && command -v timeout >/dev/null; then
    cp -R run pipe
    rm pipe/information.csv
    mkfifo pipe/information.csv
    for command in report collect info plot; do
        # A limit only: a command that waits would wait for ever.
        check "$command does not wait for a pipe" eval \
            "timeout 300 '$program' $command pipe >'$out' 2>'$err' </dev/null; [ \$? -ne 124 ]"
    done
else
    echo "SKIPPED: no mkfifo or timeout"
fi

# ---- what is written outside of a run ----

mkfifo page
check "a page is not put in the place of a pipe" run 73 report clean -o page
check "which stays" [ -p page ]
study() {
    run "$1" sweep --data szt --net 12-4-2 --epochs 1 --train-samples 64 --test-samples 32 \
        --grid lr=0.1 --jobs 1 --threads 1 --out "$2" -q
}
for table in jobs.csv logs/optimiser.lr=0.1.log; do
    for link in "ln -s $folder/precious" "ln precious" "ln -s $folder/outside"; do
        rm -rf study
        mkdir -p study/logs
        $link "study/$table"
        check "a study does not write through $link study/$table" study 73 study
        check "what is behind it is as it was" says precious precious
    done
done
check "and none was made" no ls outside 2>/dev/null
if command -v gnuplot >/dev/null; then
    for link in "ln -s $folder/precious" "ln precious" "ln -s $folder/outside"; do
        rm -rf drawn
        mkdir drawn
        $link drawn/plane.png
        check "a figure is drawn in the place of $link" run 0 plot clean --kind plane --out drawn
        check "of which nothing changes" [ "$(cat precious)" = precious ]
        check "the figure is a file of its own" [ -f drawn/plane.png -a ! -L drawn/plane.png ]
    done
    rm drawn/plane.png
    mkfifo drawn/plane.png
    check "no figure waits for a pipe" run 73 plot clean --kind plane --out drawn
    check "none was made behind a link" no ls outside 2>/dev/null
else
    echo "SKIPPED: no gnuplot here, no figure drawn over a link"
fi

# ---- a folder that is removed and made again ----

# start SEED: a run that goes on until it is told to stop.
start() {
    "$program" train --data szt --net 12-4-2 --epochs 1000000 --train-samples 64 --test-samples 32 \
        --measure none --threads 1 --seed "$1" --out again -q 2>"err$1" &
    until_true 300 grep -qs "\"seed\": $1" again/run.json
}
start 1
first=$!
rm -rf again
start 2
second=$!
kill -TERM $first
wait $first 2>/dev/null
check "a run whose folder was replaced ends with an input/output error" [ $? -eq 74 ]
check "in one line" says err1 "again: rows could not be written"
check "it leaves the record of the other run alone" grep -q '"seed": 2' again/run.json
check "and its lock" tiny 75 again --force
kill -TERM $second
wait $second 2>/dev/null
check "which goes on until it is stopped" grep -q '"state": "stopped"' again/run.json
finish
