#!/bin/sh
# Draw what `make bench` measured:  tests/bench/figure.sh build/bench.csv
# Writes bench.png (what was achieved against the ceilings) and bench-scale.png (cost over one
# size at a time) beside the CSV; without gnuplot says so and leaves.
set -eu
csv=$1
if ! command -v gnuplot >/dev/null; then
    echo "SKIPPED: gnuplot is not installed, no figure"
    exit
fi
rows=${csv%.csv}.rows

# draw SCRIPT OUT.png: the rows that come on stdin.
draw() {
    cat >"$rows"
    LC_ALL=C.UTF-8 env -u GNUTERM -u GNUPLOT_LIB -u GDFONTPATH gnuplot -d -c "$1" "$rows" "$2"
    rm -f "$rows"
    echo "$2"
}

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
    }' "$csv" | draw tests/bench/figure.gp "${csv%.csv}.png"

# what is varied, size, value on 1 and 2 threads
awk -F, '
    $1 !~ /^scale-/ || ($3 != "images_per_second" && $3 != "seconds") { next }
    $4 == 1 { one = $5 }
    $4 == 2 { print $1 "," $2 "," one "," $5 }' "$csv" | draw tests/bench/scale.gp "${csv%.csv}-scale.png"
