#!/bin/sh
# What a wrong command line or wrong input gets: one line that names it, the right exit
# status, and nothing written. INFOPLANE is the program.
set -u
ip=$(realpath "${INFOPLANE:?the program to test}")
golden=$(realpath tests/golden)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
bad=0

# expect STATUS TEXT COMMAND...: exit status, and one line on stderr that has TEXT.
expect() {
    want=$1 text=$2
    shift 2
    "$@" >out 2>err
    got=$?
    lines=$(grep -vc "^try '" err)
    if [ "$got" -ne "$want" ] || ! grep -qF -- "$text" err || [ "$lines" -ne 1 ]; then
        echo "FAILED: $*: want status $want and '$text', got $got and:" >&2
        cat err >&2
        bad=1
    fi
}

szt="$ip train --data szt --net 12-4-2 --epochs 1 --batch 512 -q"

expect 2 "no command" "$ip"
expect 2 "no command 'trian'" "$ip" trian
expect 2 "unknown option '--epoch'; did you mean 'epochs'?" $szt --epoch 3
expect 2 "epochs: 'many' is not a number" $szt --epochs many
expect 2 "option --net is given twice" $szt --net 12-2
expect 2 "option --seed wants a value" $szt --seed
expect 2 "not both" "$ip" train a.ini --preset demo
expect 2 "no preset 'szt-tan'; did you mean 'szt-tanh'?" "$ip" train --preset szt-tan
expect 66 "nosuch.ini: No such file" "$ip" train nosuch.ini
echo 'epochs = 1' >one.ini
echo 'lerning = 1' >two.ini
expect 65 "two.ini:1: unknown key 'lerning'" "$ip" train two.ini
expect 65 "did you mean 'szt'?" $szt --data stz
expect 65 "784" $szt --net 784-4-2
expect 65 "probe-train: 9999 rows asked for" $szt --probe-train 9999
expect 65 "did you mean 'logdet'?" $szt --estimator logdte
expect 66 "nofile.npy: No such file" $szt --data npy:x=nofile.npy
expect 66 "nosuchdir" $szt --init npy:nosuchdir

# A folder that cannot be written, an existing run, a diverged one.
expect 73 "/proc/run" $szt --out /proc/run
$szt --out kept || bad=1
cksum kept/information.csv >before
expect 73 "kept: exists; give --force" $szt --out kept
expect 65 "nosuch" $szt --out kept --force --net "dense:units=2 nosuch"
cksum kept/information.csv >after
cmp -s before after || { echo "FAILED: a refused run touched an earlier one" >&2; bad=1; }
expect 3 "loss is" $szt --optimiser sgd:lr=1e30 --activation relu --epochs 5 --out diverged
expect 66 "no run directory" "$ip" info nosuch
expect 66 "nosuch" "$ip" plot nosuch
expect 66 "nosuch" "$ip" export nosuch to
expect 2 "missing argument" "$ip" export kept

# Bad arrays for estimate.
e="$golden/errors"
expect 65 "nan_X.npy" "$ip" estimate --x "$e/nan_X.npy" --t "$e/ok_T.npy"
expect 65 "truncated_X.npy" "$ip" estimate --x "$e/truncated_X.npy" --t "$e/ok_T.npy"
expect 65 "object_X.npy" "$ip" estimate --x "$e/object_X.npy" --t "$e/ok_T.npy"
expect 65 "rows" "$ip" estimate --x "$e/ok_X.npy" --t "$e/short_T.npy"
expect 65 "beta" "$ip" estimate --x "$e/ok_X.npy" --t "$e/ok_T.npy" --estimator logdet:beta=-1
expect 65 "gamma" "$ip" estimate --x "$e/ok_X.npy" --t "$e/ok_T.npy" --estimator logdet:gamma=1
expect 66 "nosuch.npy" "$ip" estimate --x nosuch.npy --t "$e/ok_T.npy"
expect 2 "--x" "$ip" estimate --t "$e/ok_T.npy"

# A full disk is no success.
if [ -w /dev/full ]; then
    expect 74 "standard output" sh -c "'$ip' list >/dev/full"
fi
[ "$bad" -eq 0 ] && echo "every wrong input gets its line and its status"
exit "$bad"
