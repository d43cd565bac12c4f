#!/bin/sh
# The installed library: what it shows, and a program built against it, once with the archive
# and once with the shared library.
# shellcheck source=expect.sh
. "$(dirname "$0")/expect.sh"

build=$(dirname "$program")
shared=libinfoplane.so.0
stage=$folder/stage
lib=$stage/opt/ip/lib
[ -e "$build/$shared" ] || shared=
PKG_CONFIG_PATH=$lib/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
export PKG_CONFIG_PATH

# package ARGUMENT...: pkg-config of the library, as if the stage were the root.
package() {
    pkg-config --define-variable=prefix="$stage/opt/ip" "$@" infoplane
}

stage_it() {
    PREFIX=/opt/ip VERSION=1.2.3 REQUIRES="${REQUIRES:-openblas libpng zlib nettle}" \
        SHARED=$shared scripts/install.sh "$stage" "$build" >"$out" 2>"$err"
}

# compile NAME ARGUMENT...: the example program with these libraries.
compile() {
    example=$1
    shift
    # shellcheck disable=SC2046,SC2086 # several words each
    ${CC:-cc} -std=c11 -Wall -Wextra -Werror $(package --cflags) tests/example/estimate.c \
        ${CFLAGS:-} "$@" -lm -o "$folder/$example" >"$out" 2>"$err"
}

# right NAME: the program prints the closed form, 0.141466025213 nats.
right() {
    LD_LIBRARY_PATH=$lib "$folder/$1" >"$out" 2>"$err" &&
        grep -qx 'logdet:scale=cov,beta=1: I(X;T) = 0.141466[0-9]* nats, expected 0.141466[0-9]*' \
            "$out" &&
        [ "$(sed 's/.* = \(.*\) nats.*/\1/' "$out")" = "$(sed 's/.*expected //' "$out")" ]
}

# needs NAME: whether a program loads the shared library.
needs() {
    readelf -d "$folder/$1" | grep -q "NEEDED.*\[$shared\]"
}

check "it is installed" stage_it
check "pkg-config knows its version" [ "$(package --modversion)" = 1.2.3 ]
# The packages the archive needs, as shared libraries: --static would ask for what a static
# OpenBLAS needs too (-lgfortran), which a machine may lack.
# shellcheck disable=SC2046 # several words
private=$(pkg-config --libs $(package --print-requires-private | sed 's/ .*//'))
# shellcheck disable=SC2086 # several words
check "a program is built with the archive" compile with-archive "$lib/libinfoplane.a" $private
check "and measures the closed form" right with-archive

if [ -z "$shared" ]; then
    echo "SKIPPED: no shared library on this system"
    finish
fi
# shellcheck disable=SC2046 # several words
check "a program is built with the shared library" compile with-shared $(package --libs)
check "and measures the closed form with it" right with-shared
if ! command -v readelf >/dev/null || ! command -v nm >/dev/null; then
    echo "SKIPPED: no readelf or nm here, symbols not looked at"
    finish
fi
check "it loads the shared library by its soname" needs with-shared
not_needed() {
    ! needs with-archive
}
check "the other one does not" not_needed

# Every visible symbol is declared in a public header, and every declaration is there.
nm -D --defined-only "$lib/$shared" | sed -n 's/.* [TDRBWV] \([^@]*\).*/\1/p' | sort -u \
    >"$folder/visible"
foreign() {
    grep -v '^ipl_' "$folder/visible" >"$out"
    [ ! -s "$out" ]
}
check "only names ipl_* are visible" foreign
private_names() {
    while read -r symbol; do
        grep -qw "$symbol" include/ipl/*.h || echo "$symbol"
    done <"$folder/visible" >"$out"
    [ -s "$folder/visible" ] && [ ! -s "$out" ]
}
check "and only those of the public headers" private_names
# Names with an open bracket behind them, outside of comments and of inline functions.
missing_names() {
    cat include/ipl/*.h | sed -e '/^ *\*/d' -e 's|/\*.*\*/||' -e '/static inline/d' |
        grep -oE '\bipl_[a-z0-9_]+\(' | tr -d '(' | sort -u >"$folder/declared"
    comm -23 "$folder/declared" "$folder/visible" >"$out"
    [ -s "$folder/declared" ] && [ ! -s "$out" ]
}
check "every function of the public headers is there" missing_names
check "the table of measures too" grep -qx ipl_measure_table "$folder/visible"

unstage() {
    PREFIX=/opt/ip SHARED=$shared scripts/install.sh --remove "$stage" >"$out" 2>"$err"
    silent "$err" && [ "$(find "$stage" -mindepth 1 | tee "$out" | wc -l)" -eq 0 ]
}
check "installing again changes nothing of that" stage_it
check "uninstalling leaves no file and no folder" unstage
mkdir -p "$stage/opt/ip/bin" "$stage/opt/ip/share/man"
check "it is installed where folders are" stage_it
touch "$stage/opt/ip/share/infoplane/mine"
only_theirs() {
    PREFIX=/opt/ip SHARED=$shared scripts/install.sh --remove "$stage" >"$out" 2>"$err"
    says "$err" "share/infoplane: not empty, left" && [ -e "$stage/opt/ip/share/infoplane/mine" ] &&
        [ -d "$stage/opt/ip/bin" ] && [ -d "$stage/opt/ip/share/man" ] &&
        [ ! -e "$stage/opt/ip/share/man/man1" ] && [ ! -e "$stage/opt/ip/lib" ]
}
check "uninstalling leaves the folders that were there before, and what is not its own" only_theirs

# Without DESTDIR, below a prefix that the loader does not know.
prefix_it() {
    PREFIX=$folder/prefix VERSION=1.2.3 REQUIRES="${REQUIRES:-openblas libpng zlib nettle}" \
        SHARED=$shared scripts/install.sh "" "$build" >"$out" 2>"$err"
}
if command -v ldconfig >/dev/null; then
    check "it is installed for the loader" prefix_it
    check "what a program needs to start is said" says "$out" "LD_LIBRARY_PATH=$folder/prefix/lib"
else
    echo "SKIPPED: no ldconfig here"
fi
finish
