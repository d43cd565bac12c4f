#!/bin/sh
# A training process takes the memory that its summary says, within a tenth.
# shellcheck source=../cli/expect.sh
. "$(dirname "$0")/../cli/expect.sh"
INFOPLANE_SHARE=$PWD/scripts
INFOPLANE_DATASETS=${INFOPLANE_DATASETS:-$PWD/datasets}
export INFOPLANE_SHARE INFOPLANE_DATASETS
case $(grep -aoE -- '-std=c11 [ -~]*' "$program" | head -n 1) in
*-fsanitize=*)
    echo "SKIPPED: sanitizers take memory of their own"
    finish
    ;;
esac
cd "$folder" || exit 1

# close NAME: what was said beside what was held, both in bytes.
close() {
    said=$(sed -n 's/.*the process \([0-9.]*\) \([MG]\)B;.*/\1 \2/p' "$out")
    held=$(sed -n 's/.*"peak_memory_bytes": \([0-9]*\).*/\1/p' "$1/run.json")
    echo "$said $held" | awk -v name="$1" '{
        said = $1 * ($2 == "G" ? 1e9 : 1e6)
        printf "      %s: said %.1f MB, held %.1f MB, %+.1f %%\n", name, said / 1e6, $3 / 1e6,
            100 * (said / $3 - 1)
        exit !(NF == 3 && said > 0.9 * $3 && said < 1.1 * $3) }'
}

# holds NAME OPTION...
holds() {
    workload=$1
    shift
    check "$workload runs" run 0 train --epochs 1 --out "$workload" "$@"
    check "$workload holds what it said" close "$workload"
}

# with FOLDER COMMAND...: a run that needs a data set.
with() {
    if [ -d "$INFOPLANE_DATASETS/$1" ]; then
        shift
        "$@"
    else
        echo "SKIPPED: no $INFOPLANE_DATASETS/$1"
    fi
}

holds szt --preset szt-tanh
with mnist holds fnn --preset logdet-fnn-tanh
with cifar-10-batches-bin holds cal --preset logdet-cal-tanh --train-samples 5000
finish
