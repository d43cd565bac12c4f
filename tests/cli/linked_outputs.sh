#!/bin/sh
# What runs and studies write through other programs and in other folders: figures of gnuplot,
# exported arrays, tables of a study; names of a user beside those of a run; a lock whose file
# somebody removed.
# shellcheck source=expect.sh
. "$(dirname "$0")/expect.sh"
INFOPLANE_SHARE=$PWD/scripts
export INFOPLANE_SHARE
cd "$folder" || exit 1

set -- --data szt --net 12-4-2 --epochs 1 --train-samples 64 --test-samples 32 --threads 1
run 0 train "$@" --record activations --out run -q
check "a run is there" [ -s run/run.json ]

# afresh: a copy of the run, and a file that nothing may change.
afresh() {
    rm -rf copy
    cp -R run copy
    mkdir -p copy/figures
    echo precious >precious
}

# ---- figures ----

if command -v gnuplot >/dev/null; then
    for make in "ln -s ../../precious" "ln precious"; do
        afresh
        $make copy/figures/plane.png
        check "a figure is drawn where '$make' was" run 0 plot copy --kind plane
        check "the file behind it stays" says precious precious
        check "the figure is a file of its own" [ ! -L copy/figures/plane.png ]
    done
else
    echo "SKIPPED: no gnuplot, no figure drawn through a link"
fi

# ---- arrays ----

afresh
mv copy/parameters elsewhere
ln -s ../elsewhere copy/parameters
check "arrays behind a linked folder are not exported" run 65 export copy arrays
check "the link is named" says "$err" "copy/parameters: a symbolic link"
afresh
mv copy/parameters/0.weight.npy weight.npy
ln -s ../../weight.npy copy/parameters/0.weight.npy
check "nor is a linked array" run 65 export copy arrays2

# ---- a study ----

study() {
    run "$1" sweep --epochs 1 --data szt --net 12-4-2 --train-samples 64 \
        --test-samples 32 --grid "seed=1" --out study --force -q
}
check "a study is there" study 0
echo precious >precious
cp study/jobs.csv jobs.csv
for make in "ln -s ../precious" "ln precious"; do
    rm study/jobs.csv
    $make study/jobs.csv
    check "its list is not written through '$make'" study 73
    check "which stays" [ "$(cat precious)" = precious ]
done
rm study/jobs.csv
cp jobs.csv study/jobs.csv
mkdir outside
for entry in logs experiments; do
    mv "study/$entry" kept
    ln -s ../outside "study/$entry"
    study 73
    check "nothing is written behind study/$entry" [ -z "$(ls outside)" ]
    rm "study/$entry"
    mv kept "study/$entry"
done
check "without links it goes on" study 0

# ---- names of a user's own ----

for entry in figures/drawing.svg figures/photo.png figures/mine.gp figures/figure.gp.bak \
    activations/mine.npy parameters/mine.npy figures/filters-final.png; do
    afresh
    cp precious "copy/$entry"
    check "$entry is not a run's" run 73 train --data szt --net 12-4-2 --epochs 1 \
        --train-samples 64 --test-samples 32 --threads 1 --out copy --force -q
    check "and named" says "$err" "copy/$entry"
    check "and kept with all else" [ -f "copy/$entry" -a -s copy/training.csv ]
done
afresh
"$program" plot copy >"$out" 2>"$err"
check "what plot writes is" run 0 train --data szt --net 12-4-2 --epochs 1 \
    --train-samples 64 --test-samples 32 --threads 1 --out copy --force -q
check "with its figures" [ ! -e copy/figures ]

# ---- outputs that are no files ----

mkfifo pipe
check "a pipe is not replaced by a report" run 73 report run -o pipe
check "it is told to name a file" says "$err" "pipe: not a regular file"
check "and stays" [ -p pipe ]
ln -s loop loop
check "a link to itself outside a run" run 66 train loop -q
check "is called by its own fault" no says "$err" "inside a run"

# ---- a lock whose file was removed ----

"$program" train --data szt --net 12-4-2 --epochs 1000000 --train-samples 64 \
    --test-samples 32 --measure none --threads 1 --out locked -q 2>first &
first=$!
until_true 300 grep -qs running locked/run.json
for how in removed "made again"; do
    rm -f locked/.lock
    [ "$how" = removed ] || : >locked/.lock
    check ".lock $how: the run is not replaced" run 75 train --data szt --net 12-4-2 \
        --epochs 1 --train-samples 64 --test-samples 32 --out locked --force -q
    check ".lock $how: nor gone on with" run 75 train --resume locked -q
done
check "the first goes on" kill -0 $first
kill -TERM $first
wait $first 2>/dev/null
check "until it is stopped" grep -q '"state": "stopped"' locked/run.json
finish
