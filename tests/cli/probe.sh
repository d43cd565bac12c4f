#!/bin/sh
# Which rows are measured: probes and estimators' samples of data that is sorted by class.
# shellcheck source=expect.sh
. "$(dirname "$0")/expect.sh"

# npy FILE DTYPE SHAPE: an array of the bytes on stdin.
npy() {
    { # 10 bytes, 117 of text padded with blanks, and the end of the line
        printf '\223NUMPY\001\000\166\000'
        printf '%-117s\n' "{'descr': '$2', 'fortran_order': False, 'shape': $3, }"
        cat
    } >"$1"
}

# labels N0 N1: so many bytes 0, then 1.
labels() {
    head -c "$1" /dev/zero
    head -c "$2" /dev/zero | tr '\0' '\1'
}

# column SPLIT ESTIMATOR NAME FILE: different values of a column of information.csv.
column() {
    sed -e ':again' -e 's/\("[^",]*\),\([^"]*"\)/\1;\2/' -e 't again' "$4" |
        awk -F, -v split_name="$1" -v estimator="$2" -v name="$3" '
            NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) at = i; next }
            $3 == split_name && index($0, estimator) { print $at }' | sort -u
}

is_near() {
    [ -n "$1" ] && [ "$(echo "$1" | wc -l)" = 1 ] &&
        awk -v a="$1" -v b="$2" 'BEGIN { exit !(a - b < 0.001 && b - a < 0.001) }'
}

LC_ALL=C awk 'BEGIN { for (i = 0; i < 4000; i++)
    printf "%c%c", 33 + i % 94, 33 + int(i / 94) * 7 % 94 }' | npy "$folder/x.npy" '|u1' '(4000, 2)'
labels 2000 2000 | npy "$folder/y.npy" '|u1' '(4000,)'
labels 1000 3000 | npy "$folder/rare.npy" '|u1' '(4000,)'
data=npy:x=$folder/x.npy,y=$folder/y.npy,xtest=$folder/x.npy,ytest=$folder/y.npy

# train STATUS OUT OPTIONS...
train() {
    status=$1
    name=$2
    shift 2
    run "$status" train --data "$data" --net 2-3-2 --epochs 0 --out "$folder/$name" "$@"
}

check "sorted data is measured" train 0 sorted --estimator logdet --estimator kde \
    --estimator ksg:n=1500 --estimator kl --estimator renyi --record activations \
    --checkpoint every:1,keep=measured
check "without a word about shares" no says "$err" "shares of classes"
for part in train test; do
    for estimator in kde ksg kl; do
        check "$estimator: H(Y) of the $part probe is ln 2" is_near \
            "$(column $part $estimator H_Y "$folder/sorted/information.csv")" 0.693147
    done
    check "renyi: it is 1 bit" is_near \
        "$(column $part renyi H_Y "$folder/sorted/information.csv")" 1
done
n="$(for e in logdet kde ksg; do column train $e n "$folder/sorted/information.csv"; done)"
check "n is that of each estimator" [ "$(echo "$n" | tr '\n' ' ')" = "3000 2000 1500 " ]
check "experiment.ini says how rows were chosen" grep -qx 'probe = class' "$folder/sorted/experiment.ini"

check "recorded activations of fewer rows" run 0 analyze "$folder/sorted" --rows 300 \
    --out "$folder/recorded" -q
check "have both classes" is_near "$(column test kde H_Y "$folder/recorded/information.csv")" 0.693147
mv "$folder/sorted/activations" "$folder/away"
check "a checkpoint of fewer rows" run 0 analyze "$folder/sorted" --rows 300 \
    --out "$folder/replayed" -q
check "measures the same ones" cmp -s "$folder/recorded/information.csv" \
    "$folder/replayed/information.csv"

check "the first rows are measured" train 0 first --probe first --probe-train 1500
check "with one line about their classes" says "$err" \
    "train probe: shares of classes differ from the data's: 0 100 % (data 50 %), 1 0 % (data 50 %)"
check "for each probe" [ "$(grep -c 'shares of classes' "$err")" = 2 ]
check "random rows are measured" train 0 random --probe random
check "without such a line" no says "$err" "shares of classes"

check "a pooled probe has the size that was asked for" train 0 pooled --probe pooled \
    --probe-train 200 --probe-test 100
check "of both parts" [ "$(column all logdet n "$folder/pooled/information.csv")" = 300 ]

check "estimate draws by class" run 0 estimate --x "$folder/x.npy" --t "$folder/x.npy" \
    --y "$folder/rare.npy" --estimator kde
check "in the shares of the data" grep -q ',H_Y,0.5623351446188' "$out"
check "an equal X is no matter for an equal T" no says "$err" "no function of X"
head -c 8000 /dev/zero | npy "$folder/zero.npy" '|u1' '(4000, 2)'
for estimator in kde binning; do
    check "$estimator of a T that is no function of X" run 0 estimate --x "$folder/zero.npy" \
        --t "$folder/x.npy" --estimator $estimator
    check "is doubted" says "$err" "no function of X: I(X;T) of $estimator"
done
check "renyi of one" run 0 estimate --x "$folder/zero.npy" --t "$folder/x.npy" \
    --estimator renyi:n=100
check "is not" no says "$err" "no function of X"

finish
