#!/bin/sh
# Draw what was achieved against the ceilings:  tests/bench/figure.sh build/bench.csv
# Writes bench.png beside the CSV; without gnuplot says so and leaves.
set -eu
csv=$1
if ! command -v gnuplot >/dev/null; then
    echo "SKIPPED: gnuplot is not installed, no figure"
    exit
fi
rows=${csv%.csv}.rows
# workload, GFLOP/s on 1 and 2 threads, ceilings on 1 and 2 threads
awk -F, '
    $1 != "train" && $1 != "measure" { next }
    $3 == "gflops" || $3 == "ceiling_gflops" {
        key = $1 "," $2
        if (!(key in seen)) { seen[key] = 1; order[++n] = key }
        value[key, $3, $4] = $5
    }
    function of(key, what, t) { return (key, what, t) in value ? value[key, what, t] : "NaN" }
    END {
        for (i = 1; i <= n; i++)
            if ((order[i], "gflops", 1) in value)
                print order[i] "," of(order[i], "gflops", 1) "," of(order[i], "gflops", 2) "," \
                    of(order[i], "ceiling_gflops", 1) "," of(order[i], "ceiling_gflops", 2)
    }' "$csv" >"$rows"
gnuplot -d -c tests/bench/figure.gp "$rows" "${csv%.csv}.png"
rm -f "$rows"
echo "${csv%.csv}.png"
