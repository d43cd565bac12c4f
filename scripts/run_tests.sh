#!/bin/sh
# Run test programs and scripts, several at once; print a line for each as it ends, and at the
# end "N passed, N failed".
#
#   scripts/run_tests.sh build/debug/tests/test_opt tests/cli/usage.sh ...
#
# A program is counted test by test from what cmocka prints, a script from its lines "ok ..."
# and "not ok ..."; one that prints neither counts once, by its exit status. Scripts find the
# program to test in $INFOPLANE. What was SKIPPED and what failed is repeated at the end. Exit
# status 1 when a test failed or none ran. TEST_JOBS is how many run at once, TEST_RUN a
# command in front of each (an emulator).
set -u
LC_ALL=C
export LC_ALL

seconds=${TEST_TIMEOUT:-600}
jobs=${TEST_JOBS:-$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)}

limit() {
    # shellcheck disable=SC2086 # none, or one or more words
    if command -v timeout >/dev/null; then
        timeout "$seconds" ${TEST_RUN:-} "$@"
    else
        ${TEST_RUN:-} "$@"
    fi
}

# Number of different lines of the log that match.
count() {
    grep -E "$1" "$log" | sort -u | wc -l | tr -d ' '
}

# run TEST: one test; what it printed, and its counts, go to files in $logs.
run() {
    log=$logs/$(echo "$1" | tr / _)
    limit "$1" >"$log" 2>&1 </dev/null
    status=$?
    good=$(count '^(\[       OK \] [^ ]+$|ok )')
    bad=$(count '^(\[  FAILED  \] [^ ]+$|not ok )')
    skip=$(count '^\[  SKIPPED \] [^ ]+$')
    if [ "$status" -eq 124 ] && [ "$bad" -eq 0 ]; then
        echo "timed out after $seconds s" >>"$log"
    fi
    if [ $((good + bad + skip)) -eq 0 ] && [ "$status" -eq 0 ] && [ "${1%.sh}" != "$1" ]; then
        good=1
    elif [ $((good + bad + skip)) -eq 0 ] || { [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; }; then
        bad=1 # it crashed, leaked, hung or ran nothing
    fi
    echo "$good $bad" >"$log.counts"
    grep SKIPPED "$log" | sed "s|^|$1: |" >"$log.skipped"
    if [ "$bad" -eq 0 ]; then
        printf '  PASS  %-44s %3d\n' "$1" "$good"
    else # in one piece, for others print too
        printf '  FAIL  %-44s %3d of %d, exit status %d\n%s\n' "$1" "$bad" $((good + bad)) \
            "$status" "$(sed 's/^/        /' "$log")"
    fi
}

if [ "${1:-}" = --one ]; then
    logs=$2
    run "$3"
    exit 0
fi

logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
trap 'exit 1' HUP INT TERM
if [ $# -gt 0 ]; then
    printf '%s\n' "$@" | xargs -P "$jobs" -n 1 "$0" --one "$logs"
fi
passed=0
failed=0
for test in "$@"; do
    read -r good bad <"$logs/$(echo "$test" | tr / _).counts" || { good=0 bad=1; }
    passed=$((passed + good))
    failed=$((failed + bad))
done
if cat "$logs"/*.skipped 2>/dev/null | grep -q .; then
    echo
    cat "$logs"/*.skipped | grep -vE '\[  SKIPPED \] [0-9]+ test|[0-9]+ SKIPPED TEST' | sort -u
fi
if [ "$failed" -gt 0 ]; then # where a log cut in its middle still shows it
    echo
    for test in "$@"; do
        log=$logs/$(echo "$test" | tr / _)
        read -r good bad <"$log.counts" || bad=1
        [ "$bad" -eq 0 ] ||
            { grep -E '^(\[  FAILED  \] [^ ]+$|not ok |timed out )' "$log" || tail -n 3 "$log"; } |
            sort -u | sed "s|^|$test: |"
    done
fi
echo
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
