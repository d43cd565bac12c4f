#!/bin/sh
# Install the program, or remove it. Called by `make install` and `make uninstall`.
#
#   PREFIX=/usr/local VERSION=0.1.0 REQUIRES="zlib" scripts/install.sh DESTDIR build/release
#   PREFIX=/usr/local scripts/install.sh --remove DESTDIR
set -eu
cd "$(dirname "$0")/.."

remove=no
if [ "$1" = --remove ]; then
    remove=yes
    shift
fi
root=$1$PREFIX
lib=$1${LIBDIR:-$PREFIX/lib}

# put FILE FOLDER MODE: copy a file, or remove the copy.
put() {
    if [ $remove = yes ]; then
        rm -f "$2/$(basename "$1")"
    else
        mkdir -p "$2"
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

put "${2:-build}/infoplane" "$root/bin" 755
put "${2:-build}/libinfoplane.a" "$lib" 644
put_all "$root/include" include/*.h
put_all "$root/include/ipl" include/ipl/*.h
put_all "$root/share/infoplane" scripts/*.gp
put_all "$root/share/infoplane/presets" scripts/presets/*.ini

if [ $remove = yes ]; then
    rm -f "$lib/pkgconfig/infoplane.pc"
    for folder in include/ipl share/infoplane/presets share/infoplane; do
        rmdir "$root/$folder" 2>/dev/null || [ ! -d "$root/$folder" ] ||
            echo "$root/$folder: not empty, left" >&2
    done
    exit 0
fi
mkdir -p "$lib/pkgconfig"
cat >"$lib/pkgconfig/infoplane.pc" <<EOF
prefix=$PREFIX
includedir=\${prefix}/include
libdir=${LIBDIR:-$PREFIX/lib}

Name: infoplane
Description: Neural nets and their information plane
Version: $VERSION
Requires: $REQUIRES
Cflags: -I\${includedir}
Libs: -L\${libdir} -linfoplane -pthread -lm
EOF
