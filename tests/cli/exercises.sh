#!/bin/sh
# The commands of the exercises, as they stand on their page: each is run, for a few epochs,
# and the activation of the last one is added to a copy of the sources.
# shellcheck source=expect.sh
. "$(dirname "$0")/expect.sh"
top=$PWD
INFOPLANE_SHARE=$top/scripts
export INFOPLANE_SHARE
unset DISPLAY WAYLAND_DISPLAY
: >"$out"
: >"$err"
scripts/exercises/make.sh --list >"$folder/commands"
check "there are commands" [ "$(wc -l <"$folder/commands")" -ge 10 ]
check "eight exercises have one" \
    [ "$(awk '/^## / {waiting = 1} /^```console/ {n += waiting; waiting = 0} END {print n}' \
        scripts/exercises/README.md)" -eq 8 ]
check "every exercise has a goal and says where to look" \
    [ "$(grep -c '^Goal: ' scripts/exercises/README.md)" -eq 8 ]

# A copy in which the sources may be changed, with what has been built of them.
build=${program%/infoplane}
mkdir "$folder/copy"
cp -r src include scripts Makefile .clang-format "$folder/copy"
cd "$folder/copy" || exit 1
ln -s "$program" infoplane

# Fewer epochs and seeds; all else as it is printed.
shorten() {
    sed -e 's/--epochs [0-9]*/--epochs 2/g' -e 's/--seeds [0-9-]*/--seeds 1-2/' \
        -e 's/demo compression/demo compression --epochs 2 --measure log:2/' \
        -e 's/--measure every:[0-9]*/--measure every/'
}

runs() {
    sh -ec "$1" >"$out" 2>"$err" </dev/null && [ -s "$out" ] && ! says "$err" "infoplane: "
}
n=0
grep -v -e add_activation -e sine -e diverged "$folder/commands" | shorten >"$folder/short"
while IFS= read -r command; do
    n=$((n + 1))
    check "command $n runs: $(echo "$command" | cut -c1-60)" runs "$command"
done <"$folder/short"

diverging=$(grep diverged "$folder/commands")
sh -c "$diverging" >"$out" 2>"$err"
check "the diverging net diverges" says "$err" "loss is Inf"
check "with its exit status" says "$out" "exit status 3"

# The last exercise builds the program anew; with make, and what the tests are built with.
case $build in
*/build/*)
    mode=${build##*/}
    mkdir -p build
    cp -rp "$build" build/
    find src include -type f -exec touch -r "$top/Makefile" {} + 2>/dev/null
    cp -p "$top/Makefile" Makefile
    MAKE_GOALS="MODE=$mode build/$mode/infoplane"
    export MAKE_GOALS
    unset MAKEFLAGS MFLAGS MAKELEVEL CFLAGS # other flags would build everything anew
    added() {
        scripts/exercises/add_activation.sh scripts/exercises/layer_sine.c >"$out" 2>"$err"
    }
    check "the activation is added and built" added
    rm infoplane
    ln -s "build/$mode/infoplane" infoplane
    program=$PWD/infoplane
    check "the program knows it" run 0 list layers
    check "by its name" says "$out" "sine"
    check "and trains with it" runs "$(grep -e '--activation sine' "$folder/commands" | shorten)"
    check "adding it again changes nothing" added
    check "its row stands there once" [ "$(grep -c ipl_layer_sine src/nn/layer_table.c)" -eq 1 ]
    removed() {
        scripts/exercises/add_activation.sh --remove sine >"$out" 2>"$err"
    }
    check "it is removed again" removed
    check "the table is as before" cmp -s src/nn/layer_table.c "$top/src/nn/layer_table.c"
    check "and the header" cmp -s src/nn/layer.h "$top/src/nn/layer.h"
    ;;
*)
    echo "SKIPPED: the program is in no build folder, the new activation not built"
    ;;
esac
finish
