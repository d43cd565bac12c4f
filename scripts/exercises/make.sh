#!/bin/sh
# Run the commands of the exercises and put what they print below them.
#
#   scripts/exercises/make.sh           rewrite README.md
#   scripts/exercises/make.sh --check   compare with README.md; exit status 1 when it differs
#   scripts/exercises/make.sh --list    print the commands, one a line
#
# A command is a line "$ ..." of a ```console block, with the lines that its backslashes join.
set -eu
cd "$(dirname "$0")/../.."
page=scripts/exercises/README.md

# Print the commands, joined.
list() {
    awk '/^```console/ { inside = 1; next }
         /^```/ { inside = 0 }
         inside && (joined || /^\$ /) {
             line = joined ? line $0 : substr($0, 3)
             joined = sub(/\\$/, "", line)
             if (!joined) { gsub(/[ ]+/, " ", line); print line }
         }' "$page"
}

# Print the page without what commands have printed, a mark after each command.
strip() {
    awk '/^```console/ { inside = 1; print; next }
         /^```/ { inside = 0 }
         inside && !joined && !/^\$ / { next }
         { print }
         inside { joined = /\\$/; if (!joined) print "@output@" }' "$page"
}

[ "${1:-}" != --list ] || {
    list
    exit 0
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
list >"$work/commands"
n=0
while IFS= read -r command; do
    n=$((n + 1))
    echo "$command" >&2
    sh -c "$command" >"$work/$n" 2>&1 </dev/null || true
done <"$work/commands"
strip | awk -v folder="$work" '$0 == "@output@" {
        file = folder "/" ++n
        while ((getline line < file) > 0) { sub(/ +$/, "", line); print line }
        next
    }
    { print }' >"$work/page"
if [ "${1:-}" = --check ]; then
    diff -u "$page" "$work/page"
else
    cat "$work/page" >"$page"
fi
