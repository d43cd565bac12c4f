#!/bin/sh
# The kernel sets of OpenBLAS that this processor can run (OPENBLAS_CORETYPE): under each of them
# a run has the same bytes at one, two and three threads, with every estimator of
# samples. Between sets bytes may differ, as run.json names them.
# shellcheck source=expect.sh
. "$(dirname "$0")/expect.sh"
INFOPLANE_SHARE=$PWD/scripts
export INFOPLANE_SHARE
if [ "$(uname -m)" != x86_64 ] || [ ! -r /proc/cpuinfo ]; then
    echo "SKIPPED: kernel sets of x86-64, read off /proc/cpuinfo"
    finish
fi
cd "$folder" || exit 1

# set_of FLAG NAME: the name when the processor has the flag.
set_of() {
    if grep -qw "$1" /proc/cpuinfo; then echo "$2"; fi
}
sets=$(
    set_of pni Prescott
    set_of sse4_2 Nehalem
    set_of avx Sandybridge
    set_of avx2 Haswell
    set_of avx512bw SkylakeX
)

# train FOLDER THREADS NET: odd numbers of samples and units, so that rows begin anywhere.
train() {
    run 0 train --data teacher --train-samples 130 --test-samples 31 --net "$3" --batch 64 --shard 32 \
        --epochs 1 --scale raw --probe-train 91 --probe-test 31 --measure every:1 --checkpoint none \
        --estimator logdet:beta=own --estimator renyi --estimator kde --estimator ksg \
        --estimator kl --estimator binning --estimator gauss -q --force --threads "$2" --out "$1"
}

same() {
    cmp "$1/information.csv" "$2/information.csv" || return 1
    for file in "$1"/parameters/*.npy; do
        cmp "$file" "$2/parameters/${file##*/}" || return 1
    done
}

for set in $sets; do
    OPENBLAS_CORETYPE=$set
    export OPENBLAS_CORETYPE
    check "$set: a run" train one 1 "dense:units=33 tanh dense:units=17 tanh dense:units=2"
    for threads in 2 3; do
        check "$set: $threads threads" train several $threads \
            "dense:units=33 tanh dense:units=17 tanh dense:units=2"
        check "$set: $threads threads give the bytes of one" same one several
    done
done
finish
