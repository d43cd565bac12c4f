# Tools for the scripts of tests/cli, which start with
#
#   # shellcheck source=expect.sh
#   . "$(dirname "$0")/expect.sh"
#
# INFOPLANE is the program to test. Every check prints "ok ..." or "not ok ..."; end with
# finish. $out and $err are files with what the last command printed.
# shellcheck shell=sh
set -u
LC_ALL=C
export LC_ALL

program=${INFOPLANE:-./infoplane}
case $program in
/*) ;;
*) program=$PWD/$program ;;
esac
# shellcheck disable=SC2034 # scripts find their other tools there
tests=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
out=$folder/stdout
err=$folder/stderr
bad=0

# check NAME COMMAND...: one fact; the command says whether it holds.
check() {
    name=$1
    shift
    if "$@"; then
        echo "ok $name"
    else
        echo "not ok $name"
        sed 's/^/#   stdout: /' "$out" | head -n 5
        sed 's/^/#   stderr: /' "$err" | head -n 5
        bad=1
    fi
}

# run STATUS ARGUMENT...: run the program; true when it ends with this exit status.
run() {
    want=$1
    shift
    "$program" "$@" >"$out" 2>"$err" </dev/null
    [ $? -eq "$want" ]
}

# says FILE TEXT: true when the file contains the text.
says() {
    grep -qF -- "$2" "$1"
}

# no COMMAND...: true when the command is not.
no() {
    ! "$@"
}

# silent FILE: true when nothing was printed.
silent() {
    [ ! -s "$1" ]
}

# misuse NAME TEXT ARGUMENT...: exit status 2, nothing on stdout, two lines on stderr that say
# the text and where to find help.
misuse() {
    name=$1
    text=$2
    shift 2
    refused() {
        run 2 "$@" && silent "$out" && says "$err" "$text" && says "$err" "--help'" &&
            [ "$(wc -l <"$err")" -eq 2 ]
    }
    check "$name" refused "$@"
}

# until_true SECONDS COMMAND...: true as soon as the command is, false when it never was.
until_true() {
    left=$(($1 * 20))
    shift
    until "$@"; do
        left=$((left - 1))
        [ "$left" -gt 0 ] || return 1
        sleep 0.05
    done
}

# rows FILE: its lines, 0 when it is not there.
rows() {
    if [ -e "$1" ]; then wc -l <"$1"; else echo 0; fi
}

# grown FILE LINES: true when it has at least so many.
grown() {
    [ "$(rows "$1")" -ge "$2" ]
}

finish() {
    exit $bad
}
