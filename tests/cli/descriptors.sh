#!/bin/sh
# Standard descriptors that are closed when the program starts: no message may land in a file
# that it writes, neither here nor in the programs that it starts.
# shellcheck source=expect.sh
. "$(dirname "$0")/expect.sh"
INFOPLANE_SHARE=${INFOPLANE_SHARE:-$PWD/scripts}
export INFOPLANE_SHARE
SOURCE_DATE_EPOCH=1 # seconds that were measured are 0 in the tables
export SOURCE_DATE_EPOCH
cd "$folder" || exit 1
: >"$out"
: >"$err"

net="--data szt --net 12-4-2 --epochs 2 --train-samples 256 --test-samples 64 --threads 1"

# closed 0|- 1|- 2|- COMMAND WORDS FOLDER WORDS: run the program with only these open.
# shellcheck disable=SC2086 # words that are split
closed() {
    sh -c 'case $1 in -) exec <&- ;; *) exec </dev/null ;; esac
        case $2 in -) exec >&- ;; *) exec >/dev/null ;; esac
        case $3 in -) exec 2>&- ;; *) exec 2>/dev/null ;; esac
        shift 3
        exec "$@"' sh "$1" "$2" "$3" "$program" "$4" $5 --out "$6" $7
}

# same FOLDER FOLDER: the tables of two runs are the same bytes.
same() {
    for file in training.csv information.csv layers.csv summary.csv experiment.ini; do
        cmp "$1/$file" "$2/$file" >>"$err" 2>&1 || return 1
    done
}

closed 0 1 2 train "$net" open ""
check "a run with open descriptors is there" [ -s open/summary.csv ]
for which in '- 1 2' '0 - 2' '0 1 -' '- - 2' '- 1 -' '0 - -' '- - -'; do
    for how in -v --json "--live=text"; do
        rm -rf run
        # shellcheck disable=SC2086 # three words
        closed $which train "$net" run "$how"
        check "with '$which' open and $how training ends well" [ $? -eq 0 ]
        check "with '$which' open and $how its tables are the same" same open run
    done
done

# Programs that are started: the runs of a study, and gnuplot.
for which in '0 1 2' '- - -'; do
    # shellcheck disable=SC2086
    closed $which train "$net --seeds 1-2" "study-${which%% *}" "--jobs 2"
    check "a study with '$which' open ends well" [ $? -eq 0 ]
done
check "its runs are the same" same study-0/seed1 study--/seed1
check "and the tables over them" cmp study-0/mean.csv study--/mean.csv
if command -v gnuplot >/dev/null; then
    for which in '0 1 2' '- - -'; do
        # shellcheck disable=SC2086
        closed $which plot "open --kind plane --format svg" "figures-${which%% *}" ""
    done
    check "gnuplot draws the same figure" cmp figures-0/plane.svg figures--/plane.svg
else
    echo "SKIPPED: no gnuplot here, figures with closed descriptors not drawn"
fi
finish
