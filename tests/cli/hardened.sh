#!/bin/sh
# The program is built so that a slip in it ends it instead of being of use to someone, and it
# starts no shell.
# shellcheck source=expect.sh
. "$(dirname "$0")/expect.sh"
: >"$out"
: >"$err"

# imports NAME...: true when the program takes one of these functions from a library.
imports() {
    for function in "$@"; do
        grep -qxF "$function" "$folder/imports" && return 0
    done
    return 1
}

# none_in_source PATTERN: true when no C file has it.
none_in_source() {
    ! grep -rnE "$1" src include --include='*.[ch]' >"$out"
}

# A script may be run by its path, `sh script`; text for `sh -c` must not be made at all.
no_command_string() {
    grep -rlE '"(/bin/)?(ba|da)?sh"' src include --include='*.[ch]' >"$folder/starters"
    while read -r file; do
        ! grep -HnE '"-[a-z]*c"' "$file" || return 1
    done <"$folder/starters" >"$out"
}

check "no C file calls a shell" none_in_source '\b(system|popen|wordexp|execlp?|execle)[ ]*\('
check "no shell is given a command as a string" no_command_string

if ! command -v readelf >/dev/null || ! readelf -h "$program" >"$out" 2>"$err"; then
    echo "SKIPPED: no ELF program or no readelf here, flags of the build are not looked at"
    finish
fi
check "it is position-independent" grep -q 'Type:.*DYN' "$out"
readelf -lW "$program" >"$out"
check "its tables are read-only after relocation" grep -q GNU_RELRO "$out"
check "its stack is not executable" grep -q 'GNU_STACK.* RW ' "$out"
readelf -dW "$program" >"$out"
check "it is bound when it starts" grep -Eq 'BIND_NOW|Flags:.*NOW' "$out"

readelf --dyn-syms -W "$program" |
    awk '$7 == "UND" { sub(/@.*/, "", $8); print $8 }' >"$folder/imports"
check "its imports are known" imports fopen fopen64
check "no shell is among them" [ "$(grep -cxE 'system|popen|wordexp' "$folder/imports")" -eq 0 ]

# What was asked of the compiler stands in the program, for run.json.
flags=$(grep -aoE -- '-std=c11 [ -~]*' "$program" | head -n 1)
case $flags in
*-fsanitize=* | *--coverage*)
    echo "SKIPPED: built for tests ($flags), canaries and checked functions are not looked at"
    ;;
*-O[123s]*)
    check "its stack frames have canaries" imports __stack_chk_fail __stack_chk_guard
    check "string functions are checked" imports __snprintf_chk __vsnprintf_chk
    check "and copies" imports __memcpy_chk __memmove_chk __strcpy_chk __memset_chk
    ;;
*)
    check "its stack frames have canaries" imports __stack_chk_fail __stack_chk_guard
    echo "SKIPPED: built without an optimiser, checked functions are not looked at"
    ;;
esac
finish
