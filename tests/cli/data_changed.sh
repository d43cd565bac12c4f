#!/bin/sh
# Data that changed after training: every command that reads it again refuses, unless it is told
# to go on; then it says so.
# shellcheck source=expect.sh
. "$(dirname "$0")/expect.sh"
INFOPLANE_SHARE=$PWD/scripts
export INFOPLANE_SHARE
cd "$folder" || exit 1

# array FILE SHAPE BYTES: a .npy file of bytes; the header is padded to 128.
array() {
    printf '\223NUMPY\001\000v\000' >"$1"
    printf '%-117s\n' "{'descr': '|u1', 'fortran_order': False, 'shape': $2, }" >>"$1"
    printf '%s' "$3" >>"$1"
}
rows=ABCDABCEABCFABCGXBCDXBCEXBCFXBCG
labels='\000\000\000\000\001\001\001\001'
array x.npy '(8, 4)' "$rows"
array y.npy '(8,)' ''
# shellcheck disable=SC2059 # escapes
printf "$labels" >>y.npy
check "a net is trained" run 0 train --data npy:x=x.npy,y=y.npy --scale raw --net 4-3-2 \
    --epochs 2 --batch 4 --checkpoint every:1,keep=1 --estimator kde --out r -q
check "data as it was is taken" run 0 analyze r --out before
check "without a word" no says "$err" changed
cp y.npy kept.npy
array y.npy '(8,)' ''
printf '\001\000\000\000\000\001\001\001' >>y.npy
for command in analyze pictures; do
    check "$command refuses other data" run 65 $command r --out new
    check "$command names the file" says "$err" "the data has changed since training: y.npy"
    check "$command has written nothing" no ls -d new 2>/dev/null
    check "$command goes on when it may" run 0 $command r --out new --allow-changed-data
    check "$command says so" says "$err" "warning: the data has changed since r was trained: y.npy"
    rm -rf new
done
mv kept.npy y.npy
check "data that is back is taken" run 0 analyze r --out after
check "with the same rows" cmp before/information.csv after/information.csv
finish
