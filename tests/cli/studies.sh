#!/bin/sh
# Several runs: each counts once by whatever paths it is named, and a report takes them all.
# shellcheck source=expect.sh
. "$(dirname "$0")/expect.sh"
INFOPLANE_SHARE=$PWD/scripts
export INFOPLANE_SHARE
cd "$folder" || exit 1
small() {
    run 0 train --data szt --net 12-4-2 --epochs 2 --train-samples 256 --test-samples 64 "$@"
}

# rows of the runs in sweep.csv
rows() {
    [ "$(sed 1d "$1/sweep.csv" | wc -l)" -eq "$2" ]
}

check "two runs" small --seed 1 --out results/one -q
check "and another" small --seed 2 -q
check "train made the link latest" [ -L results/latest ]
check "collect takes everything" run 0 collect results/* --out all
check "each run once" rows all 2
check "also by three paths" run 0 collect results/one results/one/ ./results/one --out three
check "it is one run" rows three 1
check "also beside the folder that holds it" run 0 collect results results/one --out both
check "it counts once there" rows both 2
mkdir -p elsewhere
ln -s ../results/one elsewhere/link
check "also behind a link" run 0 collect results elsewhere/link --out linked
check "which is no other run" rows linked 2
check "a figure of one run by three paths" \
    run 0 plot results/one ./results/one results/one/ --kind plane --format svg
check "stands beside the run, not in a comparison" [ -s results/one/figures/plane-points.csv ]
check "nor are they replicates" no grep -q "runs)" results/one/figures/plane-settings.gp
check "a report of one run by two paths" run 0 report results/one results/one/
check "stands in the run" [ -s results/one/report.html ]

check "a study of twenty" small --seeds 1-20 --out study -q
check "its report" run 0 report study -o study.html
names=$(grep -o '"name":"study/seed[0-9]*"' study.html | sort -u | wc -l)
check "has all of them" [ "$names" -eq 20 ]
check "the file stays small" [ "$(wc -c <study.html)" -lt 400000 ]

check "a line of --json" small --out json --json
check "names its layers" says "$out" '"layers": ["fc1", "logits"]'
check "its estimator" says "$out" '"estimator": "logdet:'
check "its unit and probe" says "$out" '"probe": "train"'
finish
