#!/bin/sh
# Check that #include lines follow the layer order of src/. Exit status 1 on a violation.
#
#   base <- math <- { data, nn, info } <- run <- cli
#
# data, nn and info do not know each other; outside headers have one owner each.
set -eu
cd "$(dirname "$0")/.."

allowed() {
    case $1 in
    base) echo "base" ;;
    math) echo "base math" ;;
    data) echo "base math data" ;;
    nn) echo "base math nn" ;;
    info) echo "base math info" ;;
    run) echo "base math data nn info run" ;;
    cli) echo "base math data nn info run cli" ;;
    *) echo "" ;;
    esac
}

owner() {
    case $1 in
    cblas.h | lapacke.h | f77blas.h | openblas_config.h)
        echo "src/math/linalg.c src/math/linalg_double.c src/math/linalg_cholesky.c" ;;
    zlib.h) echo "src/base/gzip.c" ;;
    nettle/*) echo "src/base/sha256.c" ;;
    png.h) echo "src/data/png.c" ;;
    infoplane.h) echo "a program that uses the library" ;;
    *) echo "" ;;
    esac
}

bad=0
complain() {
    echo "$1: $2" >&2
    bad=1
}

for file in $(find src include -name '*.[ch]' | sort); do
    layer=$(echo "$file" | sed -n 's|^src/\([a-z]*\)/.*|\1|p')
    # shellcheck disable=SC2013 # names of headers have no blanks
    for inc in $(sed -n 's/^# *include ["<]\([^">]*\)[">].*/\1/p' "$file"); do
        from=${inc%%/*}
        own=$(owner "$inc")
        case " $own " in
        "  " | *" $file "*) ;;
        *) complain "$file" "only $own includes <$inc>" ;;
        esac
        [ "$from" = "$inc" ] || [ "$from" = ipl ] || [ "$from" = sys ] || [ "$from" = nettle ] || [ "$from" = mach-o ] && continue
        if [ -z "$layer" ]; then
            complain "$file" "a public header includes \"$inc\""
        else
            case " $(allowed "$layer") " in
            *" $from "*) ;;
            *) complain "$file" "layer $layer must not include \"$inc\"" ;;
            esac
        fi
    done
done

# Text of a run reaches a terminal through cli/print.h only. cmd_manual.c prints pages and
# completions: the program's own words, a character at a time.
for file in src/*/*.c; do
    case $file in
    src/cli/print.c | src/cli/cmd_manual.c) continue ;;
    esac
    raw=$(grep -nE '(^|[^a-z_])(v?f?printf|fputs|puts|putchar|putc|fputc|fwrite|perror)\(' "$file" | head -n 1)
    [ -z "$raw" ] || complain "$file:${raw%%:*}" "prints by itself; ipl_print() of cli/print.h"
done

# Signals belong to the program: the library installs no handler by itself. stop.c does when a
# command asks for it; jobs.c and gnuplot.c start programs, for commands only.
for file in src/base/*.c src/math/*.c src/data/*.c src/nn/*.c src/info/*.c src/run/*.c; do
    case $file in
    src/base/stop.c | src/base/jobs.c | src/run/gnuplot.c) continue ;;
    esac
    handler=$(grep -nE '(^|[^a-z_])(sigaction|signal|sigaltstack|atexit)\(' "$file" | head -n 1)
    [ -z "$handler" ] || complain "$file:${handler%%:*}" "a library installs no handlers"
done

# A file name is used once, so that a bare name in a message or a review is unambiguous.
dup=$(find src include -name '*.[ch]' | sed 's|.*/||' | sort | uniq -d)
[ -z "$dup" ] || complain "$dup" "file name used twice"
exit $bad
