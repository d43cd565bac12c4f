#!/bin/sh
# Runs with eight threads give the bytes of one thread. Under ThreadSanitizer (make tsan) a
# data race in training or measuring ends the program with status 66 besides.
# shellcheck source=../cli/expect.sh
. "$(dirname "$0")/../cli/expect.sh"
INFOPLANE_SHARE=$PWD/scripts
export INFOPLANE_SHARE
cd "$folder" || exit 1

# train NAME THREADS OPTION...
train() {
    net=$1
    threads=$2
    shift 2
    run 0 train --data szt --train-samples 600 --test-samples 200 --probe-train 150 \
        --probe-test 100 --batch 256 --shard 32 --epochs 2 --threads "$threads" -q \
        --out "$net-$threads" "$@" && quiet_about_threads
}

quiet_about_threads() {
    ! says "$err" ThreadSanitizer
}

same() {
    for file in training.csv information.csv layers.csv summary.csv; do
        # seconds and rates are those of the clock
        cut -d, -f1-6 "$1-1/$file" >one && cut -d, -f1-6 "$1-8/$file" >eight &&
            cmp one eight || return 1
    done
    for file in "$1"-1/parameters/*.npy; do
        cmp "$file" "$1-8/parameters/${file##*/}" || return 1
    done
    cmp "$1-1/information.csv" "$1-8/information.csv"
}

# runs NAME OPTION...
runs() {
    kind=$1
    shift
    check "$kind: one thread" train "$kind" 1 "$@"
    check "$kind: eight threads, no race" train "$kind" 8 "$@"
    check "$kind: the same bytes" same "$kind"
}

runs mlp --net "dense:units=64 tanh dropout:p=0.1 dense:units=16 relu dense:units=2" \
    --optimiser adam:lr=0.01 --estimator logdet:beta=own --estimator ksg
runs cnn --net "conv2d:filters=4,size=1 batchnorm relu flatten dense:units=2" \
    --optimiser sgd:lr=0.05,momentum=0.9 --estimator kde --estimator renyi
check "a run is recorded" run 0 train --data szt --net 12-8-4-2 --epochs 2 -q \
    --record activations --probe-train 200 --probe-test 100 --threads 8 --out recorded
check "it is analysed by eight threads" run 0 analyze recorded --estimator binning \
    --estimator "logdet:beta={1,10}" --threads 8 --out again
check "without a race" quiet_about_threads
finish
