#!/bin/sh
# kill -9 at random times: the same command line goes on each time, and the run ends with the
# bytes of one that was never interrupted. KILLS is how many, SEED chooses the times.
# shellcheck source=expect.sh
. "$(dirname "$0")/expect.sh"
INFOPLANE_SHARE=$PWD/scripts
SOURCE_DATE_EPOCH=0 # no durations in the tables: whole files are compared
export INFOPLANE_SHARE SOURCE_DATE_EPOCH
kills=${KILLS:-12}
seed=${SEED:-$$}
# Checkpoints wait for the disk; memory is faster.
if [ -w /dev/shm ]; then
    rm -rf "$folder"
    folder=$(mktemp -d /dev/shm/ipl_kill_XXXXXX)
    out=$folder/stdout
    err=$folder/stderr
fi
cd "$folder" || exit 1

# What a run is: two kinds in turn, each with everything that is written along the way.
start() {
    case $1 in
    0)
        set -- --net 'dense:units=10 tanh dropout:p=0.2 dense:units=6 relu dense:units=2' \
            --optimiser adam:lr=0.01 --checkpoint every:3steps,keep=2 --early-steps 2
        ;;
    *)
        set -- --net 'dense:units=10 batchnorm tanh dense:units=6 relu dense:units=2' \
            --optimiser sgd:lr=0.05,momentum=0.9 --checkpoint every:1,keep=measured \
            --measure every:2
        ;;
    esac
    exec "$program" train --data szt --train-samples 600 --test-samples 200 --batch 128 \
        --epochs 8 --threads 2 --record activations --pictures every:4 --quiet "$@" \
        --out "$to" --resume auto
}

# Everything but what says when and how often a run was interrupted.
list() {
    (cd "$1" && find . -type f ! -name run.json ! -path ./checkpoint/last \
        ! -path ./checkpoint/previous -exec cksum {} + | sort -k 3)
}

is_done() {
    grep -q '"state": "done"' run/run.json 2>/dev/null
}

milliseconds() {
    date +%s%N | cut -c 1-13
}

for kind in 0 1; do
    to=whole$kind
    from=$(milliseconds)
    (start $kind) >"$out" 2>"$err"
    eval "length$kind=$(($(milliseconds) - from))"
    list whole$kind >list$kind
done
check "two runs of everything" [ -s list0 -a -s list1 ]

to=run
length=0
count=0
dead=0
runs=0
kind=0
bad_status=0
while [ "$dead" -lt "$kills" ] || ! is_done; do
    eval "length=\$length$kind"
    # Up to a whole run at a time: a good part of a short one is its start.
    wait_for=$(awk -v s="$seed" -v n="$count" -v l="$length" \
        'BEGIN { srand(s * 1000 + n); printf "%.3f", rand() * l / 1000 }')
    (start $kind) >"$out" 2>"$err" &
    pid=$!
    if [ "$dead" -lt "$kills" ]; then
        sleep "$wait_for"
        kill -9 $pid 2>/dev/null && dead=$((dead + 1))
    fi
    wait $pid 2>/dev/null
    status=$?
    count=$((count + 1))
    if [ $status -ne 137 ] && [ $status -ne 0 ]; then
        echo "# start $count: exit status $status: $(cat "$err")"
        bad_status=$((bad_status + 1))
        [ $bad_status -gt 3 ] && break
    fi
    if is_done; then
        # Killed in its very last instant it leaves its lock; the next start takes it away.
        [ $status -eq 0 ] || (start $kind) >"$out" 2>"$err"
        runs=$((runs + 1))
        list run >list_now
        if ! cmp -s list_now list$kind; then
            diff list_now list$kind | sed 's/^/# /' | head -n 20
            check "run $runs, after $dead kills of seed $seed, has the same files" false
        fi
        [ "$dead" -ge "$kills" ] && break
        rm -rf run
        kind=$((1 - kind))
    fi
done
echo "# $dead kills in $count starts, $runs runs compared, seed $seed"
check "$kills kills, and every start went on" [ $bad_status -eq 0 ]
check "runs were compared" [ $runs -ge 1 ]
check "after all kills nothing differs" cmp list_now list$kind
check "and no lock is left" [ ! -e run/.lock ]
finish
