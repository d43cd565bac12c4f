#!/bin/sh
# The verification experiments and the self test, as a user runs them.
# shellcheck source=expect.sh
. "$(dirname "$0")/expect.sh"
INFOPLANE_SHARE=$PWD/scripts
export INFOPLANE_SHARE
cd "$folder" || exit 1

check "the quick verification passes" run 0 verify --quick --out quick
check "no check has failed" [ "$(grep -c '^  FAIL' "$out")" -eq 0 ]
check "it closes with a count" grep -qE '^[0-9]+ checks passed, 0 failed, [01] skipped$' "$out"
grep 'SKIPPED ' "$out"
run 0 list experiments
nets=$(sed -n '/with nets/,$ s/^  \([a-z-]*\)  .*/\1/p' "$out")
check "there are six experiments with nets" [ "$(echo "$nets" | wc -l)" -eq 6 ]
experiments=$(sed -n '/with nets/q; s/^  \([a-z-]*\)  .*/\1/p' "$out")
check "there are seven experiments without" [ "$(echo "$experiments" | wc -l)" -eq 7 ]
for net in $nets; do
    check "$net is run by name only" [ ! -e "quick/$net.csv" ]
done
for experiment in $experiments; do
    if [ "$experiment" = degenerate ] && [ ! -e quick/degenerate.csv ]; then
        continue # no images here, which the table says
    fi
    check "$experiment has its data" [ -s "quick/$experiment.csv" ]
    if command -v gnuplot >/dev/null; then
        check "$experiment has its figure" [ -s "quick/$experiment.png" ]
    fi
done
check "all checks are in a table" grep -q '^mi-dimension,.*,PASS$' quick/verdicts.csv
check "one experiment is run alone" run 0 verify --quick entropy-correlation --out alone
check "and no other" [ "$(cut -d, -f1 alone/verdicts.csv | sort -u | wc -l)" -eq 2 ]
check "its data are those of the whole" cmp quick/entropy-correlation.csv alone/entropy-correlation.csv
if command -v gnuplot >/dev/null; then
    rm alone/entropy-correlation.png
    redraw() {
        sh alone/plot.sh svg >"$out" 2>"$err" && [ -s alone/entropy-correlation.svg ]
    }
    check "its figure is drawn again by plot.sh" redraw
else
    echo "SKIPPED: no gnuplot here, no figure drawn"
fi
misuse "an unknown experiment is named" "no experiment 'entropy-corelation'; did you mean" \
    verify --quick entropy-corelation --out never
misuse "options of nets without a net" "train nets" verify --quick entropy-correlation --nets 2 \
    --out never
check "and nothing is written" [ ! -e never ]
check "a folder that cannot be made" run 73 verify --quick --out /proc/verify

# Expected values of nets are data beside the presets: a fault in them is one line, before
# anything is trained.
cp -R "$INFOPLANE_SHARE" share
net() {
    INFOPLANE_SHARE=$PWD/share run "$1" verify szt-tanh --quick --nets 1 --epochs 1 --out net
}
sed -i '3s/I_XT/I_XY/' share/presets/expected/szt-tanh.csv
check "a malformed file of expected values" net 65
check "is named with its line" grep -q "expected/szt-tanh.csv:3: quantity: 'I_XY'" "$err"
check "in one line" [ "$(wc -l <"$err")" -eq 1 ]
check "and nothing was trained" [ ! -e net/szt-tanh-seed1 ]

check "the self test passes" run 0 selftest
check "it counts its rows" [ "$(grep -c ' PASS$' "$out")" -eq "$(sed -n 's/ passed, 0 failed//p' "$out")" ]
cp "$out" rows
run 0 list estimators
estimators=$(sed -n 's/^  \([a-z]*\)  .*\[.*\]$/\1/p' "$out")
check "there are estimators" [ -n "$estimators" ]
for estimator in $estimators; do
    has_row() {
        grep -qE "^$estimator(:| ).*PASS\$" rows
    }
    check "$estimator is in it" has_row
done
finish
