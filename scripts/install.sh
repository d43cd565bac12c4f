#!/bin/sh
# Install the program, or remove it. Called by `make install` and `make uninstall`.
#
#   PREFIX=/usr/local VERSION=0.1.0 REQUIRES="zlib" SHARED=libinfoplane.so.0 \
#       scripts/install.sh DESTDIR build/release
#   PREFIX=/usr/local SHARED=libinfoplane.so.0 scripts/install.sh --remove DESTDIR
#
# Without SHARED there is no shared library.
set -eu
cd "$(dirname "$0")/.."

remove=no
if [ "$1" = --remove ]; then
    remove=yes
    shift
fi
destdir=$1
new=
root=$1$PREFIX
lib=$1${LIBDIR:-$PREFIX/lib}
build=${2:-build}

# The folders that the installation made, without DESTDIR: what --remove may remove.
made=$root/share/infoplane/folders

# make_folder FOLDER: with its parents; those that were missing are noted.
make_folder() {
    [ ! -d "$1" ] || return 0
    make_folder "$(dirname "$1")"
    mkdir "$1"
    new="$new${1#"$destdir"}
"
}

# put FILE FOLDER MODE: copy a file, or remove the copy.
put() {
    if [ $remove = yes ]; then
        rm -f "$2/$(basename "$1")"
    else
        make_folder "$2"
        install -m "$3" "$1" "$2/"
    fi
}

# put_all FOLDER FILE...: those files that exist.
put_all() {
    folder=$1
    shift
    for file in "$@"; do
        [ ! -f "$file" ] || put "$file" "$folder" 644
    done
}

put "$build/infoplane" "$root/bin" 755
put "$build/libinfoplane.a" "$lib" 644
if [ -n "${SHARED:-}" ]; then
    put "$build/$SHARED" "$lib" 644
    # The name without a number is what the linker looks for.
    rm -f "$lib/libinfoplane.so"
    [ $remove = yes ] || ln -s "$SHARED" "$lib/libinfoplane.so"
fi
put_all "$root/include" include/*.h
put_all "$root/include/ipl" include/ipl/*.h
put_all "$root/share/infoplane" scripts/*.gp scripts/report.*
put_all "$root/share/infoplane/presets" scripts/presets/*.ini
put_all "$root/share/infoplane/presets/expected" scripts/presets/expected/*

# Pages and completions are printed by the program; bash, zsh and fish look for these names.
man=$root/share/man/man1
bash=$root/share/bash-completion/completions/infoplane
zsh=$root/share/zsh/site-functions/_infoplane
fish=$root/share/fish/vendor_completions.d/infoplane.fish
if [ $remove = yes ]; then
    rm -f "$man/infoplane.1" "$man"/infoplane-*.1 "$bash" "$zsh" "$fish"
else
    for file in "$man/" "$bash" "$zsh" "$fish"; do
        make_folder "${file%/*}"
    done
    "$build/infoplane" man >"$man/infoplane.1"
    for command in $("$build/infoplane" --help | sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'); do
        "$build/infoplane" man "$command" >"$man/infoplane-$command.1"
    done
    "$build/infoplane" completion bash >"$bash"
    "$build/infoplane" completion zsh >"$zsh"
    "$build/infoplane" completion fish >"$fish"
fi

if [ $remove = yes ]; then
    rm -f "$lib/pkgconfig/infoplane.pc"
    folders=$(sort -ur "$made" 2>/dev/null) || folders=
    rm -f "$made"
    echo "$folders" | while read -r folder; do # what is below comes first
        if [ -d "$destdir$folder" ] && ! rmdir "$destdir$folder" 2>/dev/null; then
            echo "$destdir$folder: not empty, left" >&2
        fi
    done
    if [ -z "$destdir" ] && [ "$(id -u)" -eq 0 ] && command -v ldconfig >/dev/null; then
        ldconfig
    fi
    exit 0
fi
# In terms of the prefix where possible: pkg-config can then be told of another one.
libdir=${LIBDIR:-$PREFIX/lib}
case $libdir in
"$PREFIX"/*) libdir="\${prefix}${libdir#"$PREFIX"}" ;;
esac
make_folder "$lib/pkgconfig"
cat >"$lib/pkgconfig/infoplane.pc" <<EOF
prefix=$PREFIX
includedir=\${prefix}/include
libdir=$libdir

Name: infoplane
Description: Neural nets and their information plane
Version: $VERSION
Requires.private: $REQUIRES
Cflags: -I\${includedir}
Libs: -L\${libdir} -linfoplane
Libs.private: -pthread -lm
EOF
printf '%s' "$new" >>"$made"

# The loader finds a new library by its cache, which only root can write.
if [ -z "$destdir" ] && [ -n "${SHARED:-}" ] && command -v ldconfig >/dev/null; then
    [ "$(id -u)" -ne 0 ] || ldconfig
    if ! ldconfig -p | grep -qF "=> $lib/$SHARED"; then
        echo "$lib is not where the loader looks: programs that use the shared library need"
        echo "    LD_LIBRARY_PATH=$lib, or a line '$lib' in /etc/ld.so.conf and ldconfig (as root)"
    fi
fi
