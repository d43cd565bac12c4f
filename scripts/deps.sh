#!/bin/sh
# Find what the project needs and this machine lacks, and install it with the system's
# package manager: apt-get, dnf or brew.
#
#   scripts/deps.sh          to build, to test and to draw figures
#   scripts/deps.sh build    to build and to test only
#   scripts/deps.sh run      figures and a data set only
#   scripts/deps.sh lint     for `make lint` and `make format-check` too
#
# Silent when nothing is missing. Packages are installed as root, or by sudo, which may ask for
# a password where there is a terminal; otherwise the command to run is printed. Exit status 1
# when something is still missing without which the project cannot be built (or linted);
# figures and data can wait. CC names the compiler.
#
# A data set is found below a folder of the list $INFOPLANE_DATASETS, in datasets/<name>/ or
# where Debian's package dataset-fashion-mnist puts it.
set -u
cd "$(dirname "$0")/.." || exit 1

what=${1:-all}
case $what in
all | build | run | lint) ;;
*)
    echo "deps.sh: '$what' is not one of build, run, lint" >&2
    exit 2
    ;;
esac

has() {
    command -v "$1" >/dev/null 2>&1
}

has_library() {
    pkg-config --exists "$@" 2>/dev/null
}

# The images of MNIST or Fashion-MNIST in one of the folders where the program looks.
has_data() {
    IFS=:
    # shellcheck disable=SC2086 # a list with colons
    set -- ${INFOPLANE_DATASETS-} datasets /usr/local/share/datasets /usr/share/datasets
    unset IFS
    for folder in "$@"; do
        for file in "$folder"/fashion-mnist/train-images* "$folder"/mnist/train-images*; do
            [ ! -f "$file" ] || return 0
        done
    done
    return 1
}

# Names of the things that are missing, see package() for what each of them is.
missing_to_build() {
    compiler=${CC:-cc}
    has "${compiler%% *}" || echo "${compiler%% *}"
    has make || echo make
    has pkg-config || echo pkg-config
    has_library openblas libpng zlib nettle cmocka && return
    for library in openblas libpng zlib nettle cmocka; do
        has_library "$library" || echo "$library"
    done
}

missing_to_run() {
    has gnuplot || echo gnuplot
    has_data || echo data
    # What scripts/fetch_datasets.sh calls.
    has curl || has wget || echo curl
    has sha256sum || has shasum || echo coreutils
    for tool in gzip tar; do
        has $tool || echo $tool
    done
}

missing_to_lint() {
    for tool in gcc g++ clang clang-tidy clang-format cppcheck shellcheck; do
        has "$tool" || echo "$tool"
    done
}

missing() {
    case $what in
    all)
        missing_to_build
        missing_to_run
        ;;
    build) missing_to_build ;;
    run) missing_to_run ;;
    lint)
        missing_to_build
        missing_to_lint
        ;;
    esac
}

# What must be there for an exit status of 0.
missing_and_needed() {
    [ "$what" = run ] || missing_to_build
    [ "$what" != lint ] || missing_to_lint
}

# package MANAGER THING: the packages that bring it; nothing where there is none.
package() {
    case $1:$2 in
    *:/*) ;; # a compiler by its path
    apt-get:cc) echo gcc libc6-dev ;;
    apt-get:clang* | apt-get:gcc*) echo "$2" libc6-dev ;;
    apt-get:curl) echo curl ca-certificates ;;
    apt-get:openblas) echo libopenblas-dev ;;
    apt-get:libpng) echo libpng-dev ;;
    apt-get:zlib) echo zlib1g-dev ;;
    apt-get:nettle) echo nettle-dev ;;
    apt-get:cmocka) echo libcmocka-dev ;;
    apt-get:gnuplot) echo gnuplot-nox ;;
    apt-get:data) echo dataset-fashion-mnist ;;
    dnf:cc) echo gcc ;;
    dnf:pkg-config) echo pkgconf-pkg-config ;;
    dnf:openblas | dnf:libpng | dnf:zlib | dnf:nettle) echo "$2-devel" ;;
    dnf:cmocka) echo libcmocka-devel ;;
    dnf:g++) echo gcc-c++ ;;
    dnf:clang-tidy | dnf:clang-format) echo clang-tools-extra ;;
    dnf:shellcheck) echo ShellCheck ;;
    brew:cc) echo gcc ;;
    brew:g++) echo gcc ;;
    brew:pkg-config) echo pkgconf ;;
    brew:clang | brew:clang-tidy) echo llvm ;;
    dnf:data | brew:data) ;;
    *) echo "$2" ;;
    esac
}

packages() {
    manager=$1
    shift
    for thing in "$@"; do
        package "$manager" "$thing"
    done | tr ' ' '\n' | sort -u | tr '\n' ' '
}

# update: refresh the list of packages; install PACKAGE...: quiet, no questions.
update() {
    case $manager in
    apt-get) $root apt-get -qq -o Acquire::Retries=2 -o DPkg::Lock::Timeout=120 update ;;
    esac
}

install() {
    case $manager in
    apt-get)
        $root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends \
            -o Acquire::Retries=2 -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0 install "$@" ;;
    dnf) $root dnf -q -y --setopt=install_weak_deps=False install "$@" ;;
    brew) brew install --quiet "$@" ;;
    esac
}

# The line that an administrator types.
by_hand() {
    case $manager in
    apt-get) echo "apt-get update && apt-get install -y ${list% }" ;;
    *) echo "$manager install -y ${list% }" ;;
    esac
}

# Everything at once; when that fails, with a fresh list of packages; then one by one, so
# that a package that cannot be had does not keep the others away.
install_all() {
    [ $# -gt 0 ] || return 0
    echo "deps: installing $*"
    if [ "$manager" = apt-get ] && ! ls /var/lib/apt/lists/*Packages* >/dev/null 2>&1; then
        update
    elif install "$@" >/dev/null 2>&1; then
        return
    else
        update
    fi
    install "$@" >/dev/null 2>&1 && return
    for name in "$@"; do
        install "$name" >/dev/null || echo "deps: $name could not be installed" >&2
    done
}

things=$(missing | tr '\n' ' ')
things=${things% }
[ -n "$things" ] || exit 0

manager=
for name in apt-get dnf brew; do
    if [ -z "$manager" ] && has $name; then
        manager=$name
    fi
done
if [ -z "$manager" ]; then
    echo "deps: missing: $things; install them (no apt-get, dnf or brew here)" >&2
else
    # shellcheck disable=SC2086 # a list of words
    list=$(packages "$manager" $things)
    root=
    may=yes
    if [ "$manager" != brew ] && [ "$(id -u)" -ne 0 ]; then
        root="sudo -n"
        if ! has sudo; then
            may=no
        elif ! sudo -n true 2>/dev/null; then
            root=sudo
            # Asked once, here: sudo remembers it for the commands below.
            [ -t 0 ] && [ -t 2 ] && echo "deps: to install ${list% }" && sudo -v || may=no
        fi
    fi
    if [ $may = yes ]; then
        # shellcheck disable=SC2086 # a list of words
        install_all $list </dev/null
    elif [ -n "$list" ]; then
        echo "deps: missing: $things; run scripts/deps.sh as root, or:" >&2
        echo "    sudo sh -c '$(by_hand)'" >&2
    fi
fi

# No package for the data set: fetch it.
case " $things " in
*" data "*)
    if ! has_data && [ -n "$manager" ] && [ -z "$(package "$manager" data)" ]; then
        scripts/fetch_datasets.sh fashion-mnist
    fi
    ;;
esac

needed=$(missing_and_needed | tr '\n' ' ')
if [ -n "$needed" ]; then
    echo "deps: still missing: ${needed% }" >&2
    exit 1
fi
case $what in
all | run)
    has gnuplot || echo "deps: no gnuplot: figures will be left as scripts" >&2
    has_data || echo "deps: no image data set: only generated data can be used" >&2
    ;;
esac
exit 0
