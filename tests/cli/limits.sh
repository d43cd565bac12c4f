#!/bin/sh
# Limits of the address space (ulimit -v, a batch system's h_vmem) and of the stack: the work is
# done or the exit status is 71 with one line; nothing waits for memory that never comes.
# shellcheck source=expect.sh
. "$(dirname "$0")/expect.sh"
INFOPLANE_SHARE=$PWD/scripts
export INFOPLANE_SHARE
case $program in
*/asan/* | */tsan/* | */fuzz/*)
    echo "SKIPPED: sanitizers want terabytes of address space"
    finish
    ;;
esac
if [ "$(uname)" != Linux ] || ! command -v timeout >/dev/null; then
    echo "SKIPPED: limits are looked at on Linux only"
    finish
fi
cd "$folder" || exit 1

# limited OPTION SIZE ARGUMENT...: true when the program does its work or says why not. The time
# is a limit for what would wait for ever.
limited() {
    # shellcheck disable=SC3045 # dash and bash have these
    (ulimit "$1" "$2" && shift 2 && exec timeout 300 "$program" "$@") >"$out" 2>"$err" </dev/null
    status=$?
    [ "$status" -eq 0 ] || { [ "$status" -eq 71 ] && [ "$(wc -l <"$err")" -eq 1 ]; }
}

for size in 60000 200000 300000 350000 370000 700000; do
    check "--version in $size kB" limited -v $size --version
    check "a net in $size kB" limited -v $size train --data szt --net 12-40-2 --epochs 1 \
        --batch 256 --threads 2 --estimator logdet --estimator renyi --out r$size -q
done
check "estimators in 200000 kB" limited -v 200000 selftest
refused() {
    limited -v 400000 train --data szt --net 12-4-2 --epochs 1 --threads 4 --out no -q
    [ "$status" -eq 71 ] && says "$err" "MiB more are needed for linear algebra"
}
check "what is refused says what is needed" refused
check "and nothing was begun" no ls no 2>/dev/null

for size in 64 128 256; do
    check "a net on a stack of $size kB" limited -s $size train --data szt --net 12-4-2 \
        --epochs 1 --out s$size -q
done
if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
    chmod 777 "$folder"
    bare() {
        # shellcheck disable=SC3045 # dash and bash have these
        (ulimit -s 128 && exec setpriv --reuid 65534 --clear-groups "$program" --version) \
            >"$out" 2>"$err" </dev/null
        status=$?
        [ "$status" -eq 126 ] || { [ "$status" -eq 71 ] && says "$err" "ulimit -s 8192"; }
    }
    check "who cannot raise the limit is told" bare
else
    echo "SKIPPED: only root can be somebody else"
fi
finish
