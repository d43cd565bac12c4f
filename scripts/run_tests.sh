#!/bin/sh
# Run test programs and scripts; print a line for each and at the end "N passed, N failed".
#
#   scripts/run_tests.sh build/debug/tests/test_opt tests/cli/usage.sh ...
#
# A program is counted test by test from what cmocka prints, a script from its lines "ok ..."
# and "not ok ..."; one that prints neither counts once, by its exit status. Scripts find the
# program to test in $INFOPLANE. Lines with SKIPPED are repeated at the end. Exit status 1
# when a test failed or none ran.
set -u
LC_ALL=C
export LC_ALL

seconds=${TEST_TIMEOUT:-600}
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
trap 'exit 1' HUP INT TERM
passed=0
failed=0
: >"$logs/skipped"

limit() {
    if command -v timeout >/dev/null; then
        timeout "$seconds" "$@"
    else
        "$@"
    fi
}

# Number of different lines of the log that match.
count() {
    grep -E "$1" "$log" | sort -u | wc -l | tr -d ' '
}

run() {
    log=$logs/$(basename "$1")
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
    passed=$((passed + good))
    failed=$((failed + bad))
    grep SKIPPED "$log" | sed "s|^|$1: |" >>"$logs/skipped"
    if [ "$bad" -eq 0 ]; then
        printf '  PASS  %-44s %3d\n' "$1" "$good"
    else
        printf '  FAIL  %-44s %3d of %d, exit status %d\n' "$1" "$bad" $((good + bad)) "$status"
        sed 's/^/        /' "$log"
    fi
}

for test in "$@"; do
    run "$test"
done
if [ -s "$logs/skipped" ]; then
    echo
    grep -vE '\[  SKIPPED \] [0-9]+ test|[0-9]+ SKIPPED TEST' "$logs/skipped" | sort -u
fi
echo
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
