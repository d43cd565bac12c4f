#!/bin/sh
# A study is checked as a whole before anything of it is written, submitted or started.
# shellcheck source=expect.sh
. "$(dirname "$0")/expect.sh"
INFOPLANE_SHARE=$PWD/scripts
export INFOPLANE_SHARE
cd "$folder" || exit 1

mkdir bin
printf '#!/bin/sh\n: >"%s/called"\n' "$folder" >bin/sbatch
chmod +x bin/sbatch
PATH=$folder/bin:$PATH
export PATH

small="--net 12-4-2 --epochs 1"
# refused STATUS TEXT ARGUMENT...: this status, one line that says the text, nothing done.
refused() {
    want=$1
    text=$2
    shift 2
    # shellcheck disable=SC2086 # words
    run "$want" "$@" $small && silent "$out" && says "$err" "$text" &&
        [ "$(grep -c '^infoplane: ' "$err")" -eq 1 ] && [ ! -e called ] && [ ! -e study ]
}
sweep="sweep --grid lr=0.1,0.01 --out study"
while IFS='|' read -r status text words; do
    for how in "--engine slurm" --dry-run "--engine local"; do
        # shellcheck disable=SC2086 # words
        check "$words is found before $how" refused "$status" "$text" $sweep $how $words
    done
done <<'END'
65|run optimiser.lr=0.1: checkpoint: 'every:5sec'|--data szt --checkpoint every:5sec
65|run optimiser.lr=0.1: no estimator 'logdte'|--data szt --estimator logdte
65|run optimiser.lr=0.1: measure: 'sometimes'|--data szt --measure sometimes
65|run optimiser.lr=0.1: no schedule 'cosin'|--data szt --schedule cosin
66|gone.npy|--data npy:x=gone.npy,y=gone.npy
66|gone/0.weight.npy|--data szt --init npy:gone
END
check "a value of one point" refused 65 "run estimator=kde-vra-1-9ade56/seed1: estimator" sweep --data szt \
    --grid "estimator=kde;kde:vra=1" --seeds 1-2 --dry-run --out study
check "of replicates" refused 65 "run seed1: no estimator" train --data szt \
    --estimator logdte --seeds 1-2 --out study

# What is done needs no data any more: the study is gathered without it.
# array FILE SHAPE BYTES: an array of bytes.
array() {
    # shellcheck disable=SC2059 # the bytes are a format
    {
        printf '\223NUMPY\1\0v\0%-117s\n' \
            "{'descr': '|u1', 'fortran_order': False, 'shape': ($2), }"
        printf "$3"
    } >"$1"
}
array x.npy "6, 2" '\1\2\2\1\1\3\3\1\1\4\4\1'
array y.npy "6," '\0\1\0\1\0\1'
arrays="sweep --data npy:x=x.npy,y=y.npy --net 2-2 --epochs 1 --measure none --out kept --quiet"
# shellcheck disable=SC2086 # words
check "a study of arrays" run 0 $arrays --grid lr=0.1
rm x.npy
# shellcheck disable=SC2086 # words
check "is gathered when they are gone" run 0 $arrays --grid lr=0.1
# shellcheck disable=SC2086 # words
check "but no run is added" run 66 $arrays --grid lr=0.1,0.2

# Runs of one study are trained on the same data.
array x.npy "6, 2" '\1\2\2\1\1\3\3\1\1\4\4\1'
replicates="train --data npy:x=x.npy,y=y.npy --net 2-2 --epochs 1 --measure none --out same --quiet"
# shellcheck disable=SC2086 # words
check "replicates" run 0 $replicates --seeds 1-2
array x.npy "6, 2" '\1\2\2\1\1\3\3\1\1\4\4\2'
# shellcheck disable=SC2086 # words
check "none is added on other data" run 65 $replicates --seeds 1-3
check "the run and the file are named" says "$err" \
    "the data has changed since same/seed1 was trained: x.npy; bring it back"
check "nothing was started" [ ! -e same/seed3 ]
# shellcheck disable=SC2086 # words
check "those that are done are gathered" run 0 $replicates --seeds 1-2
# shellcheck disable=SC2086 # words
check "all can be made anew" run 0 $replicates --seeds 1-3 --force
rm x.npy
# shellcheck disable=SC2086 # words
check "the first being done, the data of a further one is looked for" run 66 $replicates --seeds 1-4
finish
