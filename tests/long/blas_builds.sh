#!/bin/sh
# The builds of OpenBLAS that Debian has, with threads of their own, with OpenMP and with none:
# under each of them a run gives the same bytes at one to four threads. Between builds bytes
# may differ, as run.json names them.
# shellcheck source=../cli/expect.sh
. "$(dirname "$0")/../cli/expect.sh"
INFOPLANE_SHARE=$PWD/scripts
export INFOPLANE_SHARE
cd "$folder" || exit 1

# The folder of a build; its library is loaded in place of the one that is installed.
library_of() {
    for path in /usr/lib/*-linux-gnu/openblas-"$1" /usr/lib/openblas-"$1"; do
        if [ -e "$path/libopenblas.so.0" ]; then
            echo "$path"
            return
        fi
    done
}

train() {
    run 0 train --data szt --net 12-64-32-16-2 --batch 256 --shard 64 --epochs 2 \
        --probe-train 300 --probe-test 200 --estimator logdet:beta=own --estimator renyi \
        --optimiser adam:lr=0.01 -q --force --threads "$2" --out "$1-$2"
}

same() {
    cmp "$1-1/information.csv" "$1-$2/information.csv" || return 1
    for file in "$1"-1/parameters/*.npy; do
        cmp "$file" "$1-$2/parameters/${file##*/}" || return 1
    done
}

for build in pthread openmp serial; do
    path=$(library_of $build)
    if [ -z "$path" ]; then
        echo "SKIPPED: no OpenBLAS of the kind $build here (libopenblas0-$build)"
        continue
    fi
    case $build in
    pthread) threading=pthreads ;;
    openmp) threading=openmp ;;
    serial) threading=sequential ;;
    esac
    LD_LIBRARY_PATH=$path
    export LD_LIBRARY_PATH
    check "$build: a run" train $build 1
    check "$build: it is the build that runs" grep -q "$threading" $build-1/run.json
    for threads in 2 3 4 4 4 4; do # a build that is not safe goes wrong every other time
        check "$build: $threads threads" train $build $threads
        check "$build: $threads threads give the bytes of one" same $build $threads
    done
    unset LD_LIBRARY_PATH
done
finish
