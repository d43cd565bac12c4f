#!/bin/sh
# The information bottleneck curve, alone and on an information plane.
# shellcheck source=expect.sh
. "$(dirname "$0")/expect.sh"
INFOPLANE_SHARE=$PWD/scripts
export INFOPLANE_SHARE
cd "$folder" || exit 1

# last_row TEXT: the last row of the table has the text.
last_row() {
    tail -n 1 ib/ib_curve.csv | grep -qF -- "$1"
}

check "the curve of the 12-bit task is computed" run 0 ib --unit bits --out ib
check "with its entropies" says "$out" "H(X) = 12, H(Y) = 0.999157, I(X;Y) = 0.999157 bits"
check "and said to be two straight pieces" says "$out" "min(I(X;T), H(Y))"
check "which is three vertices" [ "$(wc -l <ib/ib_curve.csv)" -eq 4 ]
check "the last one is T = X" last_row "input,NaN,"
if command -v gnuplot >/dev/null; then
    check "a figure is drawn" [ -s ib/ib.png ]
else
    echo "SKIPPED: no gnuplot here, no figure drawn"
fi

printf 'rain,sun\n45,5\n5,45\n' >joint.csv
check "a joint of counts is read" run 0 ib --joint joint.csv --out channel
check "it converges at every beta" says "$out" "of 200 values of beta 0 did not converge"
printf 'rain,sun\n45,many\n' >joint.csv
check "what is no number is refused" run 65 ib --joint joint.csv --out never
check "with its line" says "$err" "joint.csv:2: 'many' is no number"
check "a joint that is not there" run 66 ib --joint nothing.csv --out never
check "and nothing is written" [ ! -e never ]
misuse "a data set and a joint" "give one" ib --joint joint.csv --data mnist --out never
misuse "beta must be above 1" "beta" ib --beta 0.5 --out never

check "a run to draw it on" run 0 train --data szt --net 12-4-2 --epochs 1 --quiet --out run \
    --estimator binning --estimator logdet
check "it is drawn on a plane of binning" run 0 plot run --kind plane --estimator binning \
    --ib ib/ib_curve.csv
check "in its unit, nats" grep -q '^1,.*,0.6925629' run/figures/plane-ib.csv
check "on every plane of Shannon information of a sweep" run 0 plot run --kind sweep \
    --ib ib/ib_curve.csv
planes=$(cut -d, -f1 run/figures/sweep-ib.csv | sort -u | grep -c '[0-9]')
check "and on no other" [ "$planes" -eq 1 ]
rm -r run/figures
check "a plane of LogDet does without" run 0 plot run --kind plane --estimator logdet \
    --ib ib/ib_curve.csv
check "and says why" says "$err" "bounds Shannon information"
check "no curve is there" [ ! -e run/figures/plane-ib.csv ]
check "another table is no curve" run 65 plot run --kind plane --ib run/training.csv
finish
