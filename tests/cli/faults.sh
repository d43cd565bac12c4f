#!/bin/sh
# Writing that fails: every open, write, fsync, close, ftruncate, rename and mkdir of a short
# run, once and for ever, in several ways. Whatever fails, the exit status says so, nothing
# that was on the disk is lost, and the same command line without the fault ends with the bytes
# of a run that had none. EVERY=1 takes every call, else some of each.
# shellcheck source=expect.sh
. "$(dirname "$0")/expect.sh"
INFOPLANE_SHARE=$PWD/scripts
SOURCE_DATE_EPOCH=0
# The sanitizers must not mind that something is loaded before them.
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0
export INFOPLANE_SHARE SOURCE_DATE_EPOCH ASAN_OPTIONS
shim=$folder/fault_shim.so
if [ "$(uname)" != Linux ] ||
    ! ${CC:-cc} -shared -fPIC -O1 "$(dirname "$0")/fault_shim.c" -o "$shim" -ldl 2>"$err"; then
    echo "SKIPPED: no shared library can be built and preloaded here, no fault injected"
    exit 0
fi
work=$folder
if [ -w /dev/shm ]; then # checkpoints wait for the disk; memory is faster
    work=$(mktemp -d /dev/shm/ipl_faults_XXXXXX)
    trap 'rm -rf "$folder" "$work"' EXIT
fi
cd "$work" || exit 1

train() {
    "$program" train --data szt --train-samples 300 --test-samples 100 --net 12-6-2 \
        --batch 128 --epochs 2 --optimiser adam:lr=0.01 --threads 1 \
        --checkpoint every:2steps --out faulty_run --resume auto >"$out" 2>"$err"
}

# Everything but what says when and how often a run was interrupted.
list() {
    (cd faulty_run && find . -type f ! -name run.json ! -path ./checkpoint/last \
        ! -path ./checkpoint/previous -exec cksum {} + | sort -k 3)
}

# inject FAULT: run with a fault.
inject() {
    IPL_FAULT=$1 IPL_FAULT_UNDER=faulty_run LD_PRELOAD=$shim train
}

IPL_FAULT_COUNT=$work/count
export IPL_FAULT_COUNT
inject none
unset IPL_FAULT_COUNT
mv count counts
list >want
rm -rf faulty_run
check "a run without fault is compared with" [ -s want ]
check "its calls are counted" [ "$(wc -l <counts)" -eq 7 ]

# Writing that fails from the middle on leaves a run to go on with.
half_writes=$(awk '$1 == "write" {print int($2 * 0.6)}' counts)
inject "write:28:$half_writes:ever"
check "writing that fails from the middle on is exit status 74" [ $? -eq 74 ]
check "while training goes on to its end" says "$out" "epoch 2/2"
check "with one warning" [ "$(grep -c warning "$err")" -eq 1 ]
check "and a fault" says "$err" "infoplane: "
check "a checkpoint is there" [ -s faulty_run/checkpoint/last ]
mv faulty_run half

injected=0
wrong=0
calls=0
note_wrong() {
    wrong=$((wrong + 1))
    if [ $wrong -le 10 ]; then
        echo "# $fault from $from: $1"
        sed 's/^/#   /' "$err" | head -n 3
    fi
}

# one FAULT: a new run or the interrupted one under a fault, then without.
one() {
    fault=$1
    rm -rf faulty_run
    [ "$from" = half ] && cp -r half faulty_run
    inject "$fault"
    status=$?
    injected=$((injected + 1))
    case $status in
    0)
        list >have
        cmp -s have want || note_wrong "exit status 0, other files"
        grep -q '"state": "done"' faulty_run/run.json || note_wrong "exit status 0, not done"
        return
        ;;
    65 | 66 | 71 | 73 | 74) [ -s "$err" ] || note_wrong "no message" ;;
    *) note_wrong "exit status $status" ;;
    esac
    [ "$(grep -c warning "$err")" -le 1 ] || note_wrong "several warnings"
    if [ "$from" = half ] && [ ! -s faulty_run/checkpoint/last ] &&
        [ ! -s faulty_run/checkpoint/previous ]; then
        note_wrong "the checkpoint is lost"
    fi
    train || note_wrong "it cannot go on without the fault: exit status $?"
    list >have
    cmp -s have want || note_wrong "other files after going on"
}

# some NUMBER: which of so many calls fail.
some() {
    if [ "${EVERY:-0}" = 1 ]; then
        awk -v n="$1" 'BEGIN { for (i = 1; i <= n; i++) print i }'
    else
        calls=$((calls + 1))
        awk -v n="$1" -v s="${SEED:-$$}" -v c=$calls 'BEGIN {
            srand(s * 1000 + c); print 1 + int(rand() * n)
            if (c % 3 == 0) print n }' | sort -nu
    fi
}

# ENOSPC 28, EIO 5, EDQUOT 122, EINTR 4
for from in new half; do
    while read -r call n; do
        for number in 28 5 122; do
            for mode in once ever; do
                [ "${EVERY:-0}" != 1 ] && [ $number = 122 ] && [ $mode = ever ] && continue
                some "$n" >chosen
                while read -r at; do
                    one "$call:$number:$at:$mode"
                done <chosen
            done
        done
        some "$n" >chosen
        while read -r at; do
            one "$call:4:$at:once"
            [ "$status" -eq 0 ] || [ "$call" = mkdir ] || note_wrong "EINTR is a fault"
        done <chosen
    done <counts
    some "$(awk '$1 == "write" {print $2}' counts)" >chosen
    while read -r at; do
        one "write:0:$at:short"
        [ "$status" -eq 0 ] || note_wrong "a short write is a fault"
    done <chosen
done
echo "# $injected faults injected"
check "no fault was a success, lost a checkpoint or changed a byte" [ $wrong -eq 0 ]

# ---- places that take no more ----

rm -rf faulty_run
check "/dev/full takes no output" sh -c \
    "'$program' list layers >/dev/full 2>'$err'; [ \$? -eq 74 ]"
mkdir closed
chmod 555 closed
if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
    # Root may write anywhere: another user may not.
    check "a folder that may not be written to is exit status 73" sh -c \
        "chmod 755 '$folder' '$work'; cd closed && setpriv --reuid=65534 --clear-groups \
         '$program' train --data szt --net 12-2 --epochs 0 --out closed_run \
         >/dev/null 2>&1; [ \$? -eq 73 ]"
elif [ "$(id -u)" -ne 0 ]; then
    check "a folder that may not be written to is exit status 73" run 73 train --data szt \
        --net 12-2 --epochs 0 --out closed/run
else
    echo "SKIPPED: root may write anywhere, no read-only folder tested"
fi

# Removed while it runs: the last batch is far away when the folder goes.
"$program" train --data szt --net 12-6-2 --batch 16 --epochs 200 --checkpoint every:1 \
    --measure none --out gone_run --quiet >"$out" 2>"$err" &
pid=$!
until_true 120 [ -s gone_run/checkpoint/previous ]
rm -rf gone_run
wait $pid
check "a run whose folder goes is exit status 74" [ $? -eq 74 ]
check "says so" says "$err" "gone_run"
check "and does not come back in parts" [ ! -e gone_run/training.csv ]

# A full disk.
mkdir small
if mount -t tmpfs -o size=400k tmpfs small 2>/dev/null; then
    (
        cd small || exit 1
        head -c 390000 /dev/zero >filler 2>/dev/null
        train >/dev/null 2>&1
        echo $? >../status1
        rm filler
        train
        echo $? >../status2
        list >../have
    )
    umount small
    check "a full disk is exit status 73 or 74" grep -qE '^7[34]$' status1
    check "with room again the run goes on" [ "$(cat status2)" -eq 0 ]
    check "to the same bytes" cmp have want
else
    echo "SKIPPED: no tmpfs may be mounted here, no full disk tested"
fi
finish
