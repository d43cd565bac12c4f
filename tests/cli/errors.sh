#!/bin/sh
# What wrong input gets: one line that names it, the right exit status, nothing written.
# shellcheck source=expect.sh
. "$(dirname "$0")/expect.sh"
INFOPLANE_SHARE=$PWD/scripts
export INFOPLANE_SHARE
arrays=$PWD/tests/golden/errors
cd "$folder" || exit 1

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

# train OPTION...: the arguments of a short run on generated data.
refuses_train() {
    status=$1
    text=$2
    shift 2
    refuses "$status" "$text" train --data szt --epochs 1 -q "$@"
}

refuses_train 2 "unknown option '--epoch'; did you mean" --epoch 3
refuses_train 2 "shard: 'many' is not a number" --net 12-2 --shard many
refuses_train 2 "option --loss is given twice" --net 12-2 --loss mse --loss mse
refuses 2 "not both" train a.ini --preset demo
refuses 2 "no preset 'szt-tan'; did you mean 'szt-tanh'?" train --preset szt-tan
refuses 2 "no file 'szt-tanh'; did you mean --preset szt-tanh?" train szt-tanh
refuses 66 "nosuch.ini: No such file" train nosuch.ini
echo 'lerning = 1' >bad.ini
refuses 65 "bad.ini:1: unknown key 'lerning'" train bad.ini
refuses 65 "did you mean 'mnist'?" train --data mnits
refuses_train 65 "784" --net 784-4-2
refuses_train 65 "probe-train: 9999 rows asked for" --net 12-4-2 --probe-train 9999
refuses_train 65 "did you mean 'logdet'?" --net 12-4-2 --estimator logdte
refuses 66 "nofile.npy: No such file" train --data npy:x=nofile.npy
refuses 65 "png: want path=FOLDER" data png
refuses 66 "nofolder: No such file" data png:path=nofolder
refuses 66 "nofolder: no such folder" data cifar10:path=nofolder
refuses_train 66 "nosuchdir" --net 12-4-2 --init npy:nosuchdir
check "nothing was written" [ ! -e results ]

# A folder that cannot be written, an existing run, a diverged one.
refuses_train 73 "/proc/run" --net 12-4-2 --out /proc/run
check "a run is made" run 0 train --data szt --net 12-4-2 --epochs 1 -q --out kept
cksum kept/information.csv >before
refuses 2 "image 99999: there are" pictures kept --image 99999
refuses 66 "nosuchrun: no such run folder" pictures nosuchrun
refuses_train 73 "kept: exists; give --force" --net 12-4-2 --out kept
refuses_train 65 "nosuch" --out kept --force --net "dense:units=2 nosuch"
cksum kept/information.csv >after
check "a refused run touches no earlier one" cmp -s before after
refuses_train 3 "epoch 0, step" --net 12-4-2 --optimiser sgd:lr=1e30 --activation relu \
    --out diverged
check "a diverged run keeps its first rows" [ "$(wc -l <diverged/training.csv)" -eq 2 ]
refuses 66 "nosuch" info nosuch
refuses 66 "nosuch" plot nosuch
refuses 66 "nosuch" export nosuch to
refuses 2 "missing argument" export kept

# Arrays that estimate cannot use.
refuses 65 "nan_X.npy" estimate --x "$arrays/nan_X.npy" --t "$arrays/ok_T.npy"
refuses 65 "truncated_X.npy" estimate --x "$arrays/truncated_X.npy" --t "$arrays/ok_T.npy"
refuses 65 "object_X.npy" estimate --x "$arrays/object_X.npy" --t "$arrays/ok_T.npy"
refuses 65 "short_T.npy has 9" estimate --x "$arrays/ok_X.npy" --t "$arrays/short_T.npy"
refuses 65 "beta" estimate --x "$arrays/ok_X.npy" --t "$arrays/ok_T.npy" \
    --estimator logdet:beta=-1
refuses 65 "gamma" estimate --x "$arrays/ok_X.npy" --t "$arrays/ok_T.npy" \
    --estimator logdet:gamma=1
refuses 66 "nosuch.npy" estimate --x nosuch.npy --t "$arrays/ok_T.npy"
refuses 2 "--x" estimate --t "$arrays/ok_T.npy"
check "good arrays are measured" run 0 estimate --x "$arrays/ok_X.npy" \
    --t "$arrays/ok_T.npy" --y "$arrays/ok_y.npy"
check "as CSV" says "$out" "estimator,measure,value,unit"
finish
