#!/bin/sh
# Readers of a run that is being written: info and plot see whole rows, analyze whole
# checkpoints, and export that the parameters are not there yet. READS is how often each of
# them reads.
# shellcheck source=expect.sh
. "$(dirname "$0")/expect.sh"
INFOPLANE_SHARE=$PWD/scripts
export INFOPLANE_SHARE
reads=${READS:-5}
cd "$folder" || exit 1

# wrong WHAT: a read that went wrong; what it printed is shown.
torn=0
wrong() {
    torn=$((torn + 1))
    echo "# read $n of each: $1"
    sed 's/^/#   /' "$err"
}

# A new run, which writes rows every millisecond: short tables change fastest.
start() {
    rm -rf live
    "$program" train --data szt --net 12-10-7-2 --batch 32 --optimiser adam:lr=0.01 \
        --threads 1 --epochs 10000000 --out live --checkpoint every:20 --quiet \
        >/dev/null 2>&1 &
    pid=$!
    until_true 120 [ -s live/checkpoint/previous ]
    rows=0
}

stop() {
    kill -9 "$pid"
    wait "$pid" 2>/dev/null
}
trap 'kill -9 "$pid" 2>/dev/null; rm -rf "$folder"' EXIT

# Every row of a table that was made is whole: each as long as the first one, and a line break
# behind the last.
whole() {
    [ -s "$1" ] && [ -z "$(tail -c 1 "$1")" ] && awk -F , '
        NR == 1 { next }
        !fields { fields = NF }
        NF != fields { exit 1 }
        { rows++ }
        END { if (rows < 2) exit 1 }' "$1"
}

# all_in FEW MANY: every line of the first file is a line of the second.
all_in() {
    awk 'NR == FNR { want[$0] = 1; next }
         $0 in want { delete want[$0] }
         END { for (line in want) exit 1 }' "$1" "$2"
}

n=0
grown=0
dead=0
drawn=0
while [ $n -lt "$reads" ]; do
    if [ $((n % 50)) -eq 0 ]; then
        [ $n -eq 0 ] || stop
        start
    fi
    n=$((n + 1))
    before=$rows

    "$program" info live >"$out" 2>"$err" || wrong info
    rows=$(sed -n 's/^training.csv *\([0-9]*\) rows$/\1/p' "$out")
    [ "${rows:=0}" -ge "$before" ] || wrong "info: $rows rows after $before"
    [ "$rows" -gt "$before" ] && grown=$((grown + 1))

    run 66 export live weights || wrong "export: another exit status"
    says "$err" "it is written when a run ends" || wrong export
    [ ! -e weights ] || wrong "export: half a folder"

    rm -rf again
    "$program" analyze live --out again >"$out" 2>"$err" || wrong analyze
    # Measured again, an epoch has the rows that the run wrote for it before its checkpoint.
    whole again/information.csv || wrong "analyze: a row that is not whole"
    all_in again/information.csv live/information.csv ||
        wrong "analyze: a row that is not the run's"

    # gnuplot draws a table of ours, not the run's: one picture of each run is enough.
    if [ $((n % 50)) -eq 1 ]; then
        "$program" plot live --kind plane --out live_plot >"$out" 2>"$err" || wrong plot
        drawn=$((drawn + 1))
    else
        PATH=/nonexistent "$program" plot live --kind plane --out live_plot >"$out" \
            2>"$err" || wrong plot
    fi
    whole live_plot/plane-points.csv || wrong "plot: a row that is not whole"

    kill -0 "$pid" 2>/dev/null || dead=$((dead + 1))
done
stop
echo "# $n times info, export, analyze and plot ($drawn of them drawn) of a live run;" \
    "$grown times there were new rows"
check "none of them saw half a row or half a checkpoint" [ $torn -eq 0 ]
check "the run was alive at every read" [ $dead -eq 0 ]
check "and wrote while it was read" [ $((2 * grown)) -gt "$reads" ]
finish
