#!/bin/sh
# Damaged files by every way into the program: exit status 65, one line that names the file,
# within five seconds of the processor, and no run that was begun.
# shellcheck source=expect.sh
. "$(dirname "$0")/expect.sh"
INFOPLANE_SHARE=$PWD/scripts
export INFOPLANE_SHARE
corpus=$PWD/tests/fuzz/corpus
golden=$PWD/tests/golden
cd "$folder" || exit 1
tool=$program
if command -v timeout >/dev/null; then
    # "run" of expect.sh starts what $program names
    printf '#!/bin/sh\nulimit -t 5\nexec timeout 120 "%s" "$@"\n' "$tool" >limited
    chmod +x limited
    program=$folder/limited
else
    echo "SKIPPED: no timeout here, a hang would last"
fi

# refuses STATUS TEXT ARGUMENT...: this exit status, and one line on stderr with the text.
refuses() {
    status=$1
    text=$2
    shift 2
    refused() {
        run "$status" "$@" && says "$err" "$text" && [ "$(grep -vc "^try '" "$err")" -eq 1 ]
    }
    check "$text" refused "$@"
}

# IDX and gzip: the four files of MNIST, one of them damaged.
mkdir mnist
idx() { printf '\0\0\10\3\0\0\0\1\0\0\0\34\0\0\0\34' && head -c 784 /dev/zero; }
for part in train t10k; do
    idx >mnist/$part-images-idx3-ubyte
    printf '\0\0\10\1\0\0\0\1\0' >mnist/$part-labels-idx1-ubyte
done
check "intact files are read" run 0 data mnist:path=mnist
images=mnist/train-images-idx3-ubyte
idx | head -c 500 >$images
refuses 65 "$images: truncated" train --data mnist:path=mnist
printf '\0\0\10\3\0\0\50\0\0\0\20\0\0\0\1\0' >$images
refuses 65 "$images: its header says more than 4 GiB" data mnist:path=mnist
printf '\0\0\10\3\0\0\0\1\0\0\0\34\0\0\0\0' >$images
refuses 65 "$images: dimension 2 is 0" data mnist:path=mnist
rm $images
cp "$corpus/idx/seed-claim.gz" $images.gz
refuses 65 "$images.gz: begins with" data mnist:path=mnist
printf '\37\213\10\0nothing that can be unpacked' >$images.gz
refuses 65 "$images.gz: " data mnist:path=mnist # damaged, or cut: zlib's versions differ

# CIFAR-10
mkdir cifar
head -c 3073 /dev/zero >cifar/data_batch_1.bin
cp cifar/data_batch_1.bin cifar/test_batch.bin
check "intact batches are read" run 0 data cifar10:path=cifar
printf '\12' >cifar/test_batch.bin
head -c 3072 /dev/zero >>cifar/test_batch.bin
refuses 65 "cifar/test_batch.bin: label 10 at row 0" data cifar10:path=cifar
head -c 3000 /dev/zero >cifar/test_batch.bin
refuses 65 "cifar/test_batch.bin: 3000 bytes are no whole number" data cifar10:path=cifar

# PNG
mkdir -p png/a
cp "$corpus/png/seed-tall" png/a/1.png
refuses 65 "png/a/1.png: damaged PNG" data png:path=png
cp "$corpus/png/seed-grey" png/a/1.png
head -c 60 "$corpus/png/seed-grey" >png/a/2.png
refuses 65 "png/a/2.png: truncated PNG" train --data png:path=png
echo "a text and no picture" >png/a/2.png
refuses 65 "png/a/2.png: damaged PNG" data png:path=png

# NPY
cp "$corpus/npy/seed-claim" claim.npy
refuses 65 "claim.npy: truncated" estimate --x claim.npy --t "$golden/errors/ok_T.npy"
refuses 65 "claim.npy: truncated" train --data npy:x=claim.npy
echo text >text.npy
refuses 65 "text.npy: not a .npy file" estimate --x "$golden/errors/ok_X.npy" --t text.npy

# Experiments, and texts of nets and estimators
for case in "[net" "seed = 1e99" "batch = -1" "epochs 3"; do
    echo "$case" >case.ini
    refuses 65 "case.ini:1: " train case.ini
done
head -c 2000000 /dev/zero | tr '\0' x >long.ini
refuses 65 "long.ini: 2000000 bytes" train long.ini
head -c 1000 /dev/urandom >noise.ini
printf '\0' >>noise.ini
refuses 65 "noise.ini: not a text file" train noise.ini
many=$(printf 'relu %.0s' $(seq 1500))
refuses 65 "layers, at most 256" train --data szt --net "$many"
refuses 65 "estimator" train --data szt --net 12-2 --estimator "logdet:beta={1,2"
refuses 65 "more than 64" estimate --x "$golden/errors/ok_X.npy" --t "$golden/errors/ok_T.npy" \
    --estimator "logdet:beta={1,2,3,4,5,6,7,8,9},scale={1,2,3,4,5,6,7,8,9}"
printf "data = szt\nnet = nosuch = 1\n" >case.ini
refuses 65 "net, word 1: no layer 'nosuch'" train case.ini

# Tables of a run that was damaged afterwards
check "a run is made" run 0 train --data szt --net 12-4-2 --epochs 1 -q --out kept
cp kept/information.csv good.csv
printf 'epoch,step\n"open' >kept/information.csv
refuses 65 "kept/information.csv" plot kept
printf '\n' | cat - good.csv >kept/information.csv
refuses 65 "kept/information.csv:1: column 1 has no name" plot kept
tr 0 x <good.csv >kept/information.csv
refuses 65 "kept/information.csv:" plot kept
ls results >"$out" 2>&1
check "no other run was begun" [ "$(grep -cv 'samples\.png$' "$out")" -eq 0 ]
finish
