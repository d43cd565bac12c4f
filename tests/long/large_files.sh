#!/bin/sh
# Arrays of more than 4 GiB: what lies behind the first 2^32 bytes is read. X and T are zero but
# in the last row, where column 0 of both is v, so that with beta = 1 and the variance
# s = v^2 (1 - 1/n) / n
#
#     H(X) = 1/2 log(1 + s),  I(X;T) = log(1 + s) - 1/2 log(1 + 2 s)
# shellcheck source=../cli/expect.sh
. "$(dirname "$0")/../cli/expect.sh"
cd "$folder" || exit 1
rows=18000000
columns=62
value=4096

# array FILE COLUMNS: a sparse file of float32, 128 bytes of head.
array() {
    head="{'descr': '<f4', 'fortran_order': False, 'shape': ($rows, $2), }"
    { printf '\223NUMPY\001\000\166\000' && printf '%-117s\n' "$head"; } >"$1"
    size=$((128 + rows * $2 * 4))
    truncate -s "$size" "$1" &&
        printf '\000\000\200\105' | # 4096.0f
        dd of="$1" bs=1 seek=$((size - $2 * 4)) conv=notrunc 2>"$err"
}

# near MEASURE FORMULA: the measure in the last output is the formula of s within 1e-9.
near() {
    awk -F, -v measure="$1" -v n="$rows" -v v="$value" '
        $(NF - 2) == measure { got = $(NF - 1); seen = 1 } # the first field has a comma
        END {
            s = v * v * (1 - 1 / n) / n
            want = measure == "I_XT" ? log(1 + s) - 0.5 * log(1 + 2 * s) : 0.5 * log(1 + s)
            d = got - want
            printf "      %s: got %.12f, want %.12f\n", measure, got, want
            exit !(seen && d < 1e-9 && d > -1e-9)
        }' "$out"
}

if ! array x.npy "$columns" || ! array t.npy 1; then
    echo "SKIPPED: no room for a sparse file of more than 4 GiB"
    finish
fi
check "the array is larger than 4 GiB" test "$(wc -c <x.npy)" -gt 4294967296
check "it is measured" run 0 estimate --x x.npy --t t.npy --estimator logdet:scale=cov,beta=1
check "H(X) is that of its last row" near H_X
check "I(X;T) is that of its last row" near I_XT
finish
