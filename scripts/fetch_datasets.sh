#!/bin/sh
# Download a data set, check it, and put it where infoplane finds it.
#
#   scripts/fetch_datasets.sh mnist|fashion-mnist|cifar10 [FOLDER]
#
# Files go to FOLDER/<name>/; FOLDER is datasets/ beside scripts/ unless given. Files that are
# there and right are left alone; without FOLDER nothing is downloaded when a folder named by
# INFOPLANE_DATASETS has all of them. Each file is downloaded under a temporary name and moved
# into place only when its SHA-256 is right: that of the content, because mirrors compress
# the same bytes differently. INFOPLANE_MIRROR=URL replaces the list of mirrors.
#
# Exit status: 0 all files are there, 1 a file could not be had, 2 usage, 3 a tool is missing.
set -eu

say() {
    echo "fetch_datasets.sh: $*" >&2
}

usage() {
    echo "usage: $0 mnist|fashion-mnist|cifar10 [FOLDER]"
}

case ${1-} in
-h | --help)
    usage
    exit 0
    ;;
esac
if [ $# -lt 1 ] || [ $# -gt 2 ]; then
    usage >&2
    exit 2
fi
name=$1

# SHA-256 of the content of each file, after gzip -d where the name ends in .gz.
case $name in
mnist)
    mirrors="https://ossci-datasets.s3.amazonaws.com/mnist
https://storage.googleapis.com/cvdf-datasets/mnist
http://yann.lecun.com/exdb/mnist"
    sums="ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db  train-images-idx3-ubyte.gz
65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5  train-labels-idx1-ubyte.gz
0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7  t10k-images-idx3-ubyte.gz
ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2  t10k-labels-idx1-ubyte.gz"
    ;;
fashion-mnist)
    mirrors="http://fashion-mnist.s3-website.eu-central-1.amazonaws.com
https://storage.googleapis.com/tensorflow/tf-keras-datasets
https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion"
    sums="c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888  train-images-idx3-ubyte.gz
bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9  train-labels-idx1-ubyte.gz
5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b  t10k-images-idx3-ubyte.gz
0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34  t10k-labels-idx1-ubyte.gz"
    ;;
cifar10)
    mirrors="https://www.cs.toronto.edu/~kriz
https://storage.googleapis.com/s4tf-hosted-binaries/datasets/CIFAR10"
    archive=cifar-10-binary.tar.gz
    archive_sum=c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd
    sums="cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5  data_batch_1.bin
a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed  data_batch_2.bin
bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67  data_batch_3.bin
014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48  data_batch_4.bin
755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add  data_batch_5.bin
8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b  test_batch.bin"
    ;;
*)
    say "no data set '$name'"
    usage >&2
    exit 2
    ;;
esac
[ -z "${INFOPLANE_MIRROR-}" ] || mirrors=$INFOPLANE_MIRROR
root=${2-$(dirname "$0")/../datasets}
folder=$root/$name

if command -v sha256sum >/dev/null 2>&1; then
    sha256() { sha256sum | cut -c1-64; }
elif command -v shasum >/dev/null 2>&1; then
    sha256() { shasum -a 256 | cut -c1-64; }
else
    say "neither sha256sum nor shasum is here"
    exit 3
fi

# content FILE: its bytes, unpacked when the name (or that of a download) ends in .gz
content() {
    case ${2-$1} in
    *.tar.gz) cat "$1" ;;
    *.gz) gzip -dc "$1" 2>/dev/null || echo damaged ;;
    *) cat "$1" ;;
    esac
}

# right FILE SUM [NAME]
right() {
    [ -f "$1" ] && [ "$(content "$1" "${3-$1}" | sha256)" = "$2" ]
}

# download URL FILE
download() {
    if command -v curl >/dev/null 2>&1; then
        curl -fsSL --retry 2 --connect-timeout 20 -o "$2" "$1"
    elif command -v wget >/dev/null 2>&1; then
        wget -q -T 20 -t 3 -O "$2" "$1"
    else
        say "neither curl nor wget is here"
        exit 3
    fi
}

part=
trap '[ -z "$part" ] || rm -rf "$part"' EXIT
trap 'exit 1' HUP INT TERM

# fetch NAME SUM: try the mirrors until one has the right file; leaves it in $part/NAME
fetch() {
    for mirror in $mirrors; do
        say "$1 from $mirror"
        if ! download "$mirror/$1" "$part/$1"; then
            say "$mirror/$1: download failed"
        elif ! right "$part/$1" "$2" "$1"; then
            say "$mirror/$1: wrong SHA-256, thrown away"
        else
            return 0
        fi
        rm -f "$part/$1"
    done
    say "$1: no mirror has it"
    return 1
}

# missing: the lines of $sums whose file is not there, plain or as named
missing() {
    echo "$sums" | while read -r sum file; do
        right "$folder/$file" "$sum" || right "$folder/${file%.gz}" "$sum" ||
            echo "$sum $file"
    done
}

# has_all: whether $folder has all files; then there is nothing to do
has_all() {
    todo=$(missing)
    [ -n "$todo" ] || echo "$folder: all files are there and right"
    [ -z "$todo" ]
}

if [ $# -eq 1 ]; then
    old_ifs=$IFS
    IFS=:
    set -f
    # shellcheck disable=SC2086 # folders with colons between them
    set -- ${INFOPLANE_DATASETS-}
    set +f
    IFS=$old_ifs
    for known; do
        folder=$known/$name
        if [ -d "$folder" ] && has_all; then
            exit 0
        fi
    done
fi
folder=$root/$name
if has_all; then
    exit 0
fi
mkdir -p "$folder"
part=$(mktemp -d "$folder/fetch.XXXXXX")
if [ "$name" = cifar10 ]; then
    fetch "$archive" "$archive_sum"
    (cd "$part" && gzip -dc "$archive" | tar -xf -)
    mv "$part"/cifar-10-batches-bin/* "$part"
fi
echo "$todo" | while read -r sum file; do
    [ "$name" = cifar10 ] || fetch "$file" "$sum"
    if ! right "$part/$file" "$sum"; then
        say "$file: wrong SHA-256"
        exit 1
    fi
    mv "$part/$file" "$folder/$file"
done
echo "$folder: complete"
