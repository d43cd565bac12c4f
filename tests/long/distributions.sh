#!/bin/sh
# Both commands of the README on other systems: a minimal root by debootstrap to which git and
# make are added and nothing else, with a clone of HEAD; one root and one compiler a call.
#
#   tests/long/distributions.sh SUITE [COMPILER]
#       SUITE: bookworm, trixie, sid (Debian), noble, resolute, ... (Ubuntu)
#       COMPILER: gcc (default), gcc-13, clang, clang-19, ... as the system packages it
#   tests/long/distributions.sh aarch64
#       a cross build with the compiler of trixie; its tests run by qemu-user
#
# A pass is: make demo and make test end with 0, and program, library, tests and benchmarks are
# built without a warning. Needs root and debootstrap; an archive that does not answer is
# SKIPPED. Roots are kept in $DISTRIBUTIONS (default /var/tmp/infoplane-roots), where a later
# call starts with the packages of the first. Not part of make check-long.
set -u
cd "$(dirname "$0")/../.." || exit 1
LC_ALL=C
export LC_ALL

skip() {
    echo "SKIPPED: $*"
    exit 0
}

suite=${1:-}
compiler=${2:-gcc}
case $suite in
'' | -*)
    sed -n '2,/^set/s/^# \{0,1\}//p' "$0"
    exit 2
    ;;
aarch64)
    base=trixie
    compiler=aarch64-linux-gnu-gcc
    ;;
*) base=$suite ;;
esac
[ "$(id -u)" -eq 0 ] || skip "only root can make a root"
command -v debootstrap >/dev/null || skip "no debootstrap here"
# What is mounted below goes with this process.
if [ "${IN_OWN_MOUNTS:-no}" = no ]; then
    IN_OWN_MOUNTS=yes exec unshare --mount --propagation private "$0" "$@"
fi
roots=${DISTRIBUTIONS:-/var/tmp/infoplane-roots}
root=$roots/$suite
mkdir -p "$roots"

case $base in
bookworm | trixie | forky | sid)
    mirror=http://deb.debian.org/debian
    components=main
    keys=/usr/share/keyrings/debian-archive-keyring.gpg
    ;;
*)
    mirror=http://archive.ubuntu.com/ubuntu
    components=main,universe
    keys=/usr/share/keyrings/ubuntu-archive-keyring.gpg
    ;;
esac

# inside ROOT COMMAND...: with the environment of a login and nothing of ours, but for what the
# machine sets for its processor.
inside() {
    where=$1
    shift
    # shellcheck disable=SC2046 # NAME=VALUE words without blanks
    env -i $(env | grep '^OPENBLAS_') PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
        LANG=C.UTF-8 TERM=dumb DEBIAN_FRONTEND=noninteractive ${inside_cc:+CC="$inside_cc"} \
        chroot "$where" "$@" </dev/null
}

answers() {
    if command -v curl >/dev/null; then
        curl -fsS -m 60 -o /dev/null "$1/dists/$base/Release" 2>/dev/null
    else
        wget -q -T 60 -O /dev/null "$1/dists/$base/Release"
    fi
}

# Debian has the keys of Ubuntu from trixie on: its root, if it was made before, gets them.
ubuntu_keys() {
    [ ! -r "$keys" ] || return 0
    [ -d "$roots/trixie" ] || return 1
    keys=$roots/trixie$keys
    [ -r "$keys" ] || inside "$roots/trixie" sh -c 'apt-get -qq update;
        apt-get install -y -qq ubuntu-keyring' >/dev/null 2>&1
    [ -r "$keys" ]
}

make_root() {
    answers "$mirror" || skip "$mirror does not answer for $base"
    [ $components = main ] || ubuntu_keys || skip "no keys of $mirror (package ubuntu-keyring)"
    script=/usr/share/debootstrap/scripts/$base
    [ -e "$script" ] || script=/usr/share/debootstrap/scripts/gutsy # every Ubuntu since
    rm -rf "$root.part"
    if ! debootstrap --variant=minbase --include=git,make --components=$components \
        --keyring="$keys" "$base" "$root.part" $mirror "$script" >"$root.log" 2>&1; then
        tail -n 5 "$root.log" >&2
        exit 1
    fi
    # A mirror that stands still for some weeks is as good as another here.
    echo 'Acquire::Check-Valid-Until "false";' >"$root.part/etc/apt/apt.conf.d/90valid"
    mv "$root.part" "$root"
}

[ -d "$root" ] || make_root
for place in proc dev; do
    mount --rbind "/$place" "$root/$place" || exit 1
done
cp /etc/resolv.conf "$root/etc/resolv.conf"
rm -rf "$root/infoplane"
git clone -q --no-hardlinks . "$root/infoplane" || exit 1

passed=0
failed=0
tell() {
    if [ "$1" -eq 0 ]; then
        passed=$((passed + 1))
        echo "ok $suite $compiler: $2"
    else
        failed=$((failed + 1))
        echo "not ok $suite $compiler: $2"
    fi
}

# step NAME COMMAND...: in the clone inside the root; what it prints goes to $root.NAME.log. A
# compiler's warning is a failure too.
step() {
    name=$1
    log=$root.$name.log
    shift
    start=$(date +%s)
    # shellcheck disable=SC2016 # for the shell inside
    inside "$root" sh -c 'cd /infoplane && exec "$@"' sh "$@" >"$log" 2>&1
    status=$?
    tell $status "$* ($(($(date +%s) - start)) s; $(tail -n 1 "$log"))"
    if [ $status -ne 0 ]; then
        grep -E 'error:|not ok|  FAIL|FAILED|Error ' "$log" | head -n 20
        tail -n 5 "$log"
    fi
    warnings=$(grep -c 'warning:' "$log")
    [ "$warnings" -eq 0 ] || grep 'warning:' "$log" | sort -u | head -n 20
    tell "$warnings" "no warning in $name"
}

# Tests of the library and the parsers, and what the program says of itself. Scripts of
# tests/cli start processes of their own, which needs more than an emulator of one process.
cross() {
    inside "$root" sh -c 'dpkg --add-architecture arm64 && apt-get -qq update &&
        apt-get install -y -qq --no-install-recommends gcc-aarch64-linux-gnu libc6-dev-arm64-cross \
        pkg-config qemu-user libopenblas-dev:arm64 libpng-dev:arm64 zlib1g-dev:arm64 \
        nettle-dev:arm64 libcmocka-dev:arm64' >"$root.packages.log" 2>&1
    tell $? "packages of arm64"
    libraries=PKG_CONFIG_LIBDIR=/usr/lib/aarch64-linux-gnu/pkgconfig
    step build env $libraries make -j2 CC="$compiler" all tests
    step test env $libraries OPENBLAS_NUM_THREADS=1 TEST_RUN=qemu-aarch64 TEST_TIMEOUT=3000 \
        make CC="$compiler" MODE=release run-unit-tests
    step selftest env OPENBLAS_NUM_THREADS=1 qemu-aarch64 ./infoplane selftest
    echo "not judged under emulation: speed, kernels that the emulator's processor lacks, races of"
    echo "    threads, tests/cli"
}

if [ "$suite" = aarch64 ]; then
    unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE
    cross
else
    inside_cc=
    [ "$compiler" = gcc ] || inside_cc=$compiler
    step demo make demo
    step test make test
    step build make all tests
fi

# shellcheck disable=SC2016 # for the shell inside
inside "$root" sh -c '. /etc/os-release
    echo "$PRETTY_NAME, $($1 --version | head -n 1)"
    for package in libopenblas-dev libpng-dev zlib1g-dev nettle-dev libcmocka-dev gnuplot-nox; do
        dpkg-query -W -f "  \${Package} \${Version}\n" $package 2>/dev/null
    done' sh "$compiler"
date +%F
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
