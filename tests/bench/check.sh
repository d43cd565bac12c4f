#!/bin/sh
# Compare shares of the machine's ceilings with the committed baseline, on one thread by its
# processor time:  tests/bench/check.sh FOLDER [--write]
# FOLDER has the bench programs. A share that is a fifth below the baseline in each of three
# tries fails. --write makes a new baseline of the medians of three tries. A share depends on
# the processor's instructions: the baseline says for which it holds.
set -eu
folder=$1
baseline=tests/bench/baseline.csv
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

kernels=$("$folder/bench_conv" --only none | sed -n 's/.*kernels \([a-z0-9]*\);.*/\1/p')

try() {
    for part in train measure; do
        "$folder/bench_$part" --quick --csv "$scratch/$1.csv" >/dev/null
    done
    grep ',share,1,' "$scratch/$1.csv" >"$scratch/$1.share"
}

if [ "${2:-}" = --write ]; then
    for i in 1 2 3; do try "$i"; done
    {
        echo "# shares of sgemm (train) and dgemm (measure) on one thread; kernels: $kernels"
        sort "$scratch"/[123].share | awk -F, '
            { key = $1 "," $2 "," $3 "," $4; value[key, ++n[key]] = $5 }
            END {
                for (key in n) {
                    a = value[key, 1]; b = value[key, 2]; c = value[key, 3]
                    low = a < b ? a : b; high = a < b ? b : a
                    middle = c < low ? low : (c > high ? high : c)
                    printf "%s,%.3f\n", key, middle
                }
            }' | sort
    } >"$baseline"
    cat "$baseline"
    exit
fi

case $(head -n 1 "$baseline") in
*": $kernels") ;;
*) echo "NOTE: the baseline was written for other kernels than $kernels; '--write' makes a new one" ;;
esac

status=1
for i in 1 2 3; do
    try "$i"
    if awk -F, -v OFS=, '
        /^#/ { next }
        { key = $1 FS $2 FS $3 FS $4 }
        FNR == NR { want[key] = $5; next }
        key in want {
            if (!(key in best) || $5 > best[key]) best[key] = $5
        }
        END {
            for (key in want) {
                split(key, word, FS)
                if (!(key in best)) { bad = 1; note = "MISSING" }
                else if (best[key] < 0.8 * want[key]) { bad = 1; note = "FELL" }
                else note = "ok"
                printf "%-8s %-20s baseline %5.3f  now %5.3f  %s\n", word[1], word[2], want[key], best[key], note
            }
            exit bad
        }' "$baseline" "$scratch"/*.share >"$scratch/verdict"; then
        status=0
        break
    fi
    echo "try $i of 3: $(grep -c -E 'FELL|MISSING' "$scratch/verdict") below the baseline"
done
sort "$scratch/verdict"
exit "$status"
