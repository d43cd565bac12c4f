#!/bin/sh
# Make an activation part of the program, or remove it again: one file and one row.
#
#   scripts/exercises/add_activation.sh FOLDER/layer_NAME.c    add it and build
#   scripts/exercises/add_activation.sh --remove NAME          remove it and build
set -eu

fail() {
    echo "add_activation: $*" >&2
    exit 1
}

# edit FILE SED-COMMAND...: change a file in place, where sed has no option for it.
edit() {
    file=$1
    shift
    sed "$@" "$file" >"$file.tmp"
    cat "$file.tmp" >"$file"
    rm "$file.tmp"
}

case ${1:-} in
--remove)
    name=${2:?"the name of the activation"}
    ;;
*/layer_*.c)
    [ -f "$1" ] || fail "$1: no such file"
    source=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
    name=$(basename "$1" .c)
    name=${name#layer_}
    grep -q "ipl_layer_ops ipl_layer_$name = " "$1" || fail "$1: no ipl_layer_$name in it"
    ;;
*) fail "usage: add_activation.sh FOLDER/layer_NAME.c, or --remove NAME" ;;
esac
case $name in
*[!a-z0-9_]*) fail "$name: a name has small letters, digits and _" ;;
esac
cd "$(dirname "$0")/../.."

row="    &ipl_layer_$name,"
line="extern const ipl_layer_ops ipl_layer_$name;"
if [ "$1" = --remove ]; then
    ! git ls-files --error-unmatch "src/nn/layer_$name.c" >/dev/null 2>&1 ||
        fail "$name belongs to the program"
    rm -f "src/nn/layer_$name.c"
    edit src/nn/layer_table.c "/^$row\$/d"
    edit src/nn/layer.h "/^$line\$/d"
else
    [ ! -e "src/nn/layer_$name.c" ] || grep -qF "$row" src/nn/layer_table.c ||
        fail "src/nn/layer_$name.c is there already"
    cp "$source" src/nn/
    # Beside softsign, another activation.
    grep -qF "$row" src/nn/layer_table.c ||
        edit src/nn/layer_table.c "/&ipl_layer_softsign,/a\\
$row"
    grep -qF "$line" src/nn/layer.h || edit src/nn/layer.h "/ipl_layer_softsign;/a\\
$line"
fi
# shellcheck disable=SC2086 # none or several
${MAKE:-make} --no-print-directory ${MAKE_GOALS:-} >build.log 2>&1 || {
    tail -n 20 build.log >&2
    fail "it does not build; see build.log"
}
rm build.log
if [ "$1" = --remove ]; then
    echo "removed $name"
else
    echo "added src/nn/layer_$name.c and a row in src/nn/layer_table.c"
fi
