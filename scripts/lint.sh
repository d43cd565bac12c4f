#!/bin/sh
# Static analysis of C files; every finding is an error.
#
#   CPPFLAGS='-Iinclude -Isrc' scripts/lint.sh src/base/opt.c ...
#
# clang-tidy 14 is called with one file at a time: with several it reports va_lists that are
# not there. CPPFLAGS is what the compiler needs to find headers.
set -eu

jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)

# Run "$@ FILE" for every file on stdin, several at once.
each() {
    xargs -P "$jobs" -n 1 "$@"
}

for tool in clang-tidy cppcheck gcc; do
    command -v "$tool" >/dev/null || {
        echo "lint: no $tool; run 'scripts/deps.sh lint'" >&2
        exit 1
    }
done
: "${CPPFLAGS:=-Iinclude -Isrc}"
export CPPFLAGS
bad=0

echo "  LINT  clang-tidy"
# shellcheck disable=SC2016 # expanded by the inner shell
printf '%s\n' "$@" | each sh -c 'clang-tidy --quiet "$0" -- $CPPFLAGS -std=c11 2>/dev/null' || bad=1
echo "  LINT  cppcheck"
cppcheck --quiet -j "$jobs" --std=c11 --enable=warning,performance,portability --inline-suppr \
    --error-exitcode=1 -Iinclude -Isrc src || bad=1
echo "  LINT  gcc -fanalyzer"
# shellcheck disable=SC2016 # expanded by the inner shell
printf '%s\n' "$@" | grep '^src/' |
    each sh -c 'gcc $CPPFLAGS -std=c11 -O1 -fanalyzer -Werror -c "$0" -o /dev/null' || bad=1
exit $bad
