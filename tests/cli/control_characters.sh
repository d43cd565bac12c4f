#!/bin/sh
# Names, texts and files of a run come from anybody: no command prints a control character of
# theirs, on either stream. Marks of all kinds are in them: C0, DEL, C1 as a byte and as
# UTF-8, and one that turns the direction of text.
# shellcheck source=expect.sh
. "$(dirname "$0")/expect.sh"
INFOPLANE_SHARE=${INFOPLANE_SHARE:-$PWD/scripts}
export INFOPLANE_SHARE
cd "$folder" || exit 1
mark=$(printf 'a\033]0;F\007\177\233m\302\233b\342\200\256c')
soft=$(printf 'a\233m\302\233b\342\200\256c') # as some options take it, without C0

# clean FILE...: line feeds and tabs are the only control characters, and all is UTF-8.
clean() {
    ! LC_ALL=C tr -d '\n\t' <"$1" | LC_ALL=C grep -q "$(printf '[\001-\037\177]')" &&
        ! LC_ALL=C grep -qE "$(printf '\302[\200-\237]|\342\200[\250-\256]')" "$1" &&
        iconv -f UTF-8 -t UTF-8 "$1" >/dev/null 2>&1
}

# shown NAME ARGUMENT...: whatever comes of the command, both streams are clean.
shown() {
    what=$1
    shift
    "$program" "$@" >"$out" 2>"$err" </dev/null
    [ -z "${SHOW:-}" ] || cat "$out" "$err" >&2
    check "$what: stdout" clean "$out"
    check "$what: stderr" clean "$err"
}

net="--data szt --net 12-4-2 --epochs 2 --train-samples 256 --test-samples 64 --threads 1"
# shellcheck disable=SC2086
check "a run" run 0 train $net --out r --quiet
sed -i "s/^  \"host\".*/  \"host\": \"$mark\",/" r/run.json
printf '# %s\n' "$mark" >>r/experiment.ini
sed -i "s/fc1/$mark/" r/information.csv r/layers.csv r/summary.txt r/summary.csv
cp -r r "r$mark"

shown "info" info r
check "info shows what was there" says "$out" 'a\x1b]0;F\x07\x7f\x9bm\u009bb\u202ec'
shown "info of a name" info "r$mark"
shown "plot" plot "r$mark" --kind plane
shown "plot of two" plot r "r$mark" --kind curves
shown "plot as text" plot "r$mark" --live=text
shown "report" report "r$mark"
shown "export" export "r$mark" "w$mark"
shown "export again" export "r$mark" "w$mark"
shown "collect" collect r "r$mark" --out "all$mark"
shown "train --resume" train --resume "r$mark"
shown "analyze" analyze "r$mark" --estimator binning
shown "pictures" pictures "r$mark"
shown "classify" classify "r$mark" "x$mark.png"
shown "no such run" info "none$mark"
shown "an unknown option" train "--opt$mark"
shown "an unknown command" "command$mark"
shown "a value" train --epochs "$mark"
shown "an estimator" train --data szt --estimator "logdet:be$mark=1" --dry
# shellcheck disable=SC2086
shown "a name of a new run" train $net --name "n$mark" --verbose
# shellcheck disable=SC2086
shown "an experiment" train $net --out e --json --quiet
printf '[data]\nda%sta = szt\n' "$mark" >bad.ini
shown "a bad experiment" train bad.ini
# shellcheck disable=SC2086
shown "a study" sweep $net --grid batch=64,128 --out "s$mark"
# shellcheck disable=SC2086
shown "a study written" sweep $net --grid batch=64,128 --out "t$mark" --dry-run
mkdir -p "d$soft/one$mark" "d$soft/two"
for i in 1 2 3 4; do
    cp "r$mark"/figures/confusion-2.png "d$soft/one$mark/$i.png"
    cp "r$mark"/figures/confusion-2.png "d$soft/two/$i$mark.png"
done
shown "names of classes" data "png:path=d$soft"
check "the classes are listed" says "$out" 'onea\x1b]0;F'
: >"d$soft/two/5$mark.png"
shown "a broken picture" data "png:path=d$soft"
check "it is named" says "$err" '5a\x1b]0;F'
shown "no such array" data "npy:x=x$soft.npy,y=y.npy"
shown "gather into a name" collect r "r$mark" --out "all$soft"
check "the table lists it" says "$out" '  a\x1b]0;F'
mv "r$mark" "r$soft"
shown "go on with a name" train --resume "r$soft"
check "that is done" says "$out" 'done already'
word=
eval "word=$(sed -n 's/^plot it with: infoplane plot //p' "$out")"
check "the printed command has the very name" [ "$word" = "r$soft" ]
# shellcheck disable=SC2086
shown "a new run of a name" train $net --name "n$soft" --out "n$soft" --verbose
# shellcheck disable=SC2086
shown "a study of a name" sweep $net --grid batch=64,128 --out "s$soft"
# shellcheck disable=SC2086
shown "its scripts" sweep $net --grid batch=64,128 --out "t$soft" --dry-run
# shellcheck disable=SC2086
shown "seeds of a name" train $net --seeds 1-2 --out "u$soft"
cp r/parameters/0.weight.npy "w$soft.npy"
shown "estimate" estimate --x "w$soft.npy" --t "w$soft.npy" --estimator binning
shown "estimate of what is not there" estimate --x "w$soft.npy" --t "none$soft.npy"
mkdir -p "acts/e$mark" acts/epoch0 && cp "w$soft.npy" "acts/epoch0/l$mark.npy"
shown "estimate of a folder" estimate --x "w$soft.npy" --run acts --estimator binning
printf 'x,y,p\n%s,1,0.5\n' "$mark" >joint.csv
shown "a joint table" ib --joint joint.csv
printf 'not an array' >"x$soft.npy"
shown "estimate of no array" estimate --x "x$soft.npy" --t "t$soft.npy"
shown "list" list "layers$mark"
shown "selftest" selftest "$mark"
shown "man" man "$mark"
shown "completion" completion "$mark"
shown "demo" demo "$mark"
shown "verify" verify "$mark"
finish
