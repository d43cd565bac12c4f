#!/bin/sh
# Recorded activations: measured again, swept, refused where there are none; and arrays that
# another program wrote.
# shellcheck source=expect.sh
. "$(dirname "$0")/expect.sh"
INFOPLANE_SHARE=$PWD/scripts
export INFOPLANE_SHARE
arrays=$PWD/tests/golden/errors
cd "$folder" || exit 1

small() {
    run 0 train --data szt --net 12-6-4-2 --batch 256 --epochs 2 --early-steps 5 \
        --probe-train 300 --probe-test 200 "$@"
}

# refuses STATUS TEXT ARGUMENT...: this exit status, and one line on stderr with the text.
refuses() {
    status=$1
    text=$2
    shift 2
    refused() {
        run "$status" "$@" && says "$err" "$text" && [ "$(grep -vc "^try '" "$err")" -eq 1 ]
    }
    check "$text" refused "$@"
}

check "a run records its activations" small --record activations --out run
check "the plan tells their size" says "$out" "(activations 0."
check "and the free space" says "$out" " free)"
check "samples are kept" [ -s run/activations/train-x.npy ]
check "and every layer" [ -s run/activations/epoch-2/test-logits.npy ]

# The same estimator gives the same bytes.
for threads in 1 2 3; do
    check "analyze with $threads threads" run 0 analyze run --threads $threads --out again$threads
    check "gives the same bytes" cmp run/information.csv again$threads/information.csv
done
check "and no progress bar where there is no terminal" silent "$err"
check "the folder describes itself" run 0 info again1
check "a second name is not needed" run 0 analyze run
check "the first is analysis-1" [ -s run/analysis-1/information.csv ]
check "then there is another" run 0 analyze run -q
check "analysis-2" [ -s run/analysis-2/run.json ]
check "nothing is printed when quiet" silent "$out"

# Sweeps.
check "braces are a sweep" run 0 analyze run --estimator 'logdet:beta={1,10,100,1000}' \
    --estimator 'logdet:scale={cov,corr},beta=own' --out sweep
rows=$(($(wc -l <run/information.csv) - 1))
check "one table has all texts" [ "$(wc -l <sweep/information.csv)" -eq $((6 * rows + 1)) ]
check "one figure has a panel for each" says sweep/figures/sweep-settings.gp "PANELS = 6"
if command -v gnuplot >/dev/null; then
    check "it is drawn" [ -s sweep/figures/sweep.png ]
    check "plot takes the folder" run 0 plot sweep --kind plane --estimator logdet:beta=10
else
    echo "SKIPPED: no gnuplot here, no figure drawn"
fi
check "layers, rows and one probe" run 0 analyze run --layers fc2,logits --rows 50 \
    --split test --unit bits --out part
check "give a smaller table" [ "$(wc -l <part/information.csv)" -eq $((rows / 3 + 1)) ]
check "in their unit" says part/information.csv ",bits,"
check "the experiment says so" says part/experiment.ini "measure-layers = fc2,logits"

# float16 takes half the room and moves the numbers little.
check "float16 is recorded" small --record activations=float16,layers=fc1 --out half
check "for the layers asked for" [ ! -e half/activations/epoch-2/train-fc2.npy ]
check "and measured" run 0 analyze half --out half16
cut -d, -f1,5,12 half16/information.csv | grep ",fc1," | cut -d, -f3 >a
check "with its values" [ -s a ]

# What cannot be done.
check "a run with neither activations nor checkpoints" small --checkpoint none --out plain
refuses 66 "no activations were recorded; train with --record activations" analyze plain
refuses 66 "no such run folder" analyze nosuch
refuses 73 "part: exists; name another --out" analyze run --out part
refuses 65 "no layer 'fc9'" analyze run --layers fc9
refuses 65 "9999 asked for" analyze run --rows 9999
refuses 65 "a brace is not closed" analyze run --estimator 'logdet:beta={1,2'
refuses 2 "given twice" analyze run --estimator 'logdet:beta={1,1.0}'
refuses 2 "split: 'valid' is not" analyze run --split valid
refuses 66 "no all probe was recorded" analyze run --split all
refuses 65 "did you mean 'logdet'?" analyze run --estimator logdte
printf x >run/activations/epoch-1/train-fc1.npy
refuses 65 "epoch-1/train-fc1.npy: not a .npy file" analyze run
refuses 65 "record: '=int8'" train --data szt --net 12-2 --record activations=int8
refuses 73 "GB free" train --data szt --net 12-2 --epochs 50000000 --record activations \
    --out huge
check "nothing of a refused analysis is left" [ ! -e run/analysis-3 ]

# Arrays of another program.
x=run/activations/train-x.npy
y=run/activations/train-y.npy
mkdir -p net/epoch0 net/epoch2 net/epoch10
for e in 0 2; do
    cp run/activations/epoch-$e/train-fc2.npy net/epoch$e/layer2.npy
    cp run/activations/epoch-$e/train-logits.npy net/epoch$e/layer10.npy
done
cp net/epoch2/* net/epoch10
check "a folder is measured" run 0 estimate --x $x --y $y --run net
check "with the columns of a run" [ "$(head -n 1 run/information.csv)" = "$(head -n 1 "$out")" ]
check "a row for each epoch and layer" [ "$(wc -l <"$out")" -eq 7 ]
cut -d, -f1,3-6 "$out" | sed 1d | tr '\n' ' ' >order
check "in order" says order "2,train,1,layer2,4 2,train,2,layer10,2 10,train,1,layer2,4"
cp "$out" table
check "files are, too" run 0 estimate --x $x --y $y --t net/epoch*/layer2.npy net/epoch*/layer10.npy
check "with the same result" cmp "$out" table
check "as is --t for each" run 0 estimate --x $x --y $y --t net/epoch0/layer2.npy \
    --t net/epoch2/layer2.npy
check "the folder becomes a run" run 0 estimate --x $x --y $y --run net --out plane
check "with its table" cmp table plane/information.csv
if command -v gnuplot >/dev/null; then
    check "that plot draws" run 0 plot plane
    check "as a plane" [ -s plane/figures/plane.png ]
fi
check "one file gives what it always gave" run 0 estimate --x $x --y $y --t net/epoch2/layer2.npy
check "measures one a line" says "$out" "estimator,measure,value,unit"
refuses 65 "no epoch in its name" estimate --x $x --t net/epoch0/layer2.npy $y
refuses 65 "short_T.npy: no epoch" estimate --x $x --t "$arrays/short_T.npy" $y
refuses 65 "no file of layer 'fc1'" estimate --x $x --run net --layers fc1
refuses 2 "not both" estimate --x $x --run net --t net/epoch0/layer2.npy
refuses 2 "unexpected argument" estimate --x $x net/epoch0/layer2.npy
refuses 2 "--layers goes with" estimate --x $x --t net/epoch0/layer2.npy --layers layer2
refuses 2 "option --t is missing" estimate --x $x
refuses 73 "plane: exists" estimate --x $x --run net --out plane
refuses 65 "ok_y.npy has" estimate --x $x --y "$arrays/ok_y.npy" --run net
cp "$arrays/truncated_X.npy" net/epoch10/layer10.npy
check "an epoch that is being written is left out" run 0 estimate --x $x --run net
check "and named" says "$err" "epoch 10 is left out: net/epoch10/layer10.npy: truncated"
check "the others are measured" [ "$(wc -l <"$out")" -eq 5 ]
refuses 65 "layer10.npy: truncated" estimate --x $x --t net/epoch*/layer*.npy
rm net/epoch10/layer10.npy net/epoch2/layer10.npy
refuses 66 "epoch 2: layer 'layer10' is missing" estimate --x $x --run net
rm -r net/epoch*
refuses 66 "no epoch<e>/<layer>.npy" estimate --x $x --run net
refuses 66 "nosuch" estimate --x $x --run nosuch
finish
