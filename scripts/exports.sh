#!/bin/sh
# Print the linker's version script of the shared library: what the public headers declare is
# visible, everything else is local.
#
#   CC=gcc scripts/exports.sh 0 >build/release/libinfoplane.map
set -eu
cd "$(dirname "$0")/.."

names=$(for header in include/ipl/*.h; do
    ${CC:-cc} -Iinclude -E -P -x c "$header"
done | tr -s ' \n\t' ' ' | tr ';{}' '\n' | grep -v 'static inline' |
    sed -n -e 's/.*\<\(ipl_[a-z0-9_]*\) *(.*/\1/p' \
        -e 's/^ *extern .*[ *]\(ipl_[a-z0-9_]*\)\[\]$/\1/p' | sort -u)
[ -n "$names" ] || {
    echo "exports.sh: no declaration found in include/ipl" >&2
    exit 1
}
echo "IPL_$1 {"
echo "global:"
for name in $names; do
    echo "    $name;"
done
echo "local:"
echo "    *;"
echo "};"
