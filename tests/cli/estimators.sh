#!/bin/sh
# All estimators and the null baseline from the command line.
# shellcheck source=expect.sh
. "$(dirname "$0")/expect.sh"

arrays=$PWD/tests/golden/measures/14_mnist7x7

estimate() {
    status=$1
    shift
    run "$status" estimate --x "$arrays/X.npy" --t "$arrays/T.npy" --y "$arrays/y.npy" "$@"
}

# refuses TEXT ESTIMATOR: exit status 65, one line that says the text.
refuses() {
    refused() {
        estimate 65 --estimator "$2" && silent "$out" && says "$err" "$1" &&
            [ "$(wc -l <"$err")" -eq 1 ]
    }
    check "$2 is refused" refused "$1" "$2"
}

check "list explains the estimators" run 0 list estimators
names=$(sed -n 's/^  \([a-z][a-z]*\)  .*/\1/p' "$out")
check "with unit, ceiling and cost" [ "$(grep -c '^      unit .*ceiling: .*cost: ' "$out")" = \
    "$(echo "$names" | wc -l)" ]
set --
for name in $names; do
    set -- "$@" --estimator "$name"
done
check "all of them measure together" estimate 0 "$@"
for name in $names; do
    check "$name has I_TY" grep -qE "^\"?${name}[:\",].*,I_TY,(-?[0-9]|NaN)" "$out"
done
check "renyi is in bits" grep -qE '^"renyi:.*,I_XT,[0-9.e-]*,bits$' "$out"
check "there is no baseline unless asked for" [ "$(grep -c _null "$out")" = 0 ]
check "a baseline" estimate 0 --estimator logdet --estimator ksg --null 3
check "has the same name with _null" [ "$(grep -cE ',I_(XT|TY|TY_cond)_null,' "$out")" = 6 ]
cp "$out" "$folder/first"
check "is the same again" estimate 0 --estimator logdet --estimator ksg --null 3 --threads 1
check "to the last digit" cmp -s "$out" "$folder/first"
check "another seed" estimate 0 --estimator logdet --estimator ksg --null 3 --seed 2
check "gives another one" [ "$(cmp -s "$out" "$folder/first" && echo same)" != same ]

check "a measure that cannot be had" estimate 0 --estimator kl:k=60
check "is NaN" grep -q ',I_TY,NaN,' "$out"
check "with the reason" says "$err" "a class has"

refuses "k=120 neighbours want more than 120 samples" kl:k=120
refuses "k=500 neighbours" ksg:k=500
refuses "there are 3" kl:k=3,n=3
refuses "variance above 0" kde:var=0
refuses "var: -1" kde:var=-1
refuses "alpha" renyi:alpha=0
refuses "width: 'wide'" renyi:width=wide
refuses "bins" binning:bins=1
refuses "shrink" gauss:shrink=2
refuses "choose from logdet" kgs
refuses "'variant'" ksg:varaint=1
finish
