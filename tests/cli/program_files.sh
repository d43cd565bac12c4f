#!/bin/sh
# What the program executes and trusts comes from its own folders: a current folder with
# scripts, presets and programs of the same names, as in an archive from somebody, is not
# asked. The program is a copy, away from its build tree.
# shellcheck source=expect.sh
. "$(dirname "$0")/expect.sh"
share=$(cd "$tests/../../scripts" && pwd) || exit 1
unset INFOPLANE_SHARE
mkdir "$folder/bin" "$folder/archive" "$folder/marks" && cd "$folder/archive" || exit 1
cp "$program" ../bin/infoplane
program=$folder/bin/infoplane
owned=$folder/marks
: >"$out"
: >"$err"

mkdir -p scripts/presets presets
for name in "$share"/*.gp; do
    echo "system('touch $owned/${name##*/}')" | tee "scripts/${name##*/}" >"${name##*/}"
done
echo 'alert("FOREIGN")' | tee scripts/report.js >report.js
echo '<html>FOREIGN @STYLE@ @DATA@ @SCRIPT@' | tee scripts/report.html >report.html
printf '[data]\ndata = szt\ntrain-samples = 64\ntest-samples = 64\n[net]\nnet = 12-3-2\n[training]\nepochs = 1\n' |
    tee scripts/presets/foreign.ini scripts/presets/demo.ini presets/foreign.ini >foreign.ini
for name in gnuplot sbatch parallel sh; do
    printf '#!/bin/true\n' >$name
    printf '#!%s\ntouch "%s/%s"\n' "$(command -v sh)" "$owned" "$name" >$name
    chmod +x $name
done
cp -r scripts "$owned.scripts" # the hostile ones, kept

nothing_foreign() {
    [ -z "$(ls "$owned")" ] && ! grep -qs FOREIGN report-of-run.html
}

# tempted STATUS ARGUMENT...: run the program with the current folder on PATH.
tempted() {
    want=$1
    shift
    PATH=:.:bin:$PATH "$program" "$@" >"$out" 2>"$err" </dev/null
    [ $? -eq "$want" ]
}

net="--data szt --net 12-3-2 --epochs 1 --train-samples 64 --test-samples 64 --threads 1"
# shellcheck disable=SC2086
check "the installed program trains" run 0 train $net --out run --quiet

# Without files of its own it says so, whatever lies here.
if [ ! -e /usr/local/share/infoplane ]; then
    check "no scripts of its own: no figure" run 66 plot run --kind plane -o figures
    check "it says where it looked" says "$err" "beside the program, nor in"
    check "no page of its own: no report" run 66 report run -o report-of-run.html
    check "no presets of its own: none" run 66 train --preset foreign --out p --quiet
    check "nothing foreign was used" nothing_foreign
fi

# With its own files beside it, those are used.
cp -r "$share" "$folder/bin/scripts"
check "its own presets only" tempted 2 train --preset foreign --out p --quiet
check "and the message says that there is none" says "$err" "no preset 'foreign'"
check "a report of its own parts" tempted 0 report run -o report-of-run.html
check "a figure, or the files of one" tempted 0 plot run --kind plane -o figures
check "a picture of the net's terminals" tempted 0 plot run --live=text
check "a file that is named is taken" tempted 0 train ./foreign.ini --out named --quiet
# shellcheck disable=SC2086 # with the engine or without one
tempted 0 sweep --engine parallel --grid seed=1,2 $net --out swept
# shellcheck disable=SC2086
tempted 0 sweep --engine slurm --grid seed=1,2 $net --out queued
check "no program, script or page of the current folder was used" nothing_foreign
check "nor one by the script for the figures" env CDPATH=/tmp:. sh figures/plot.sh
check "nothing foreign in it" nothing_foreign
if command -v gnuplot >/dev/null; then
    check "the figure is there" [ -s figures/plane.png ]
else
    echo "SKIPPED: no gnuplot here, its scripts not run"
fi

# The user's own choice is before all others.
check "\$INFOPLANE_SHARE is first" env INFOPLANE_SHARE="$owned.scripts" "$program" train \
    --preset foreign --out chosen --quiet
finish
