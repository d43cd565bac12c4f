#!/bin/sh
# A net trained on pictures of its own, and pictures shown to it.
# shellcheck source=expect.sh
. "$(dirname "$0")/expect.sh"
INFOPLANE_SHARE=$PWD/scripts
export INFOPLANE_SHARE
cd "$folder" || exit 1

if ! command -v python3 >/dev/null; then
    echo "SKIPPED: no python3 here, which makes the pictures to classify"
    finish
fi
cat >make.py <<'END'
import os, struct, sys, zlib
def png(path, side, colour, pixel):
    def chunk(name, data):
        body = name + data
        return struct.pack('>I', len(data)) + body + struct.pack('>I', zlib.crc32(body))
    rows = b''.join(b'\0' + bytes(pixel(x, y) for x in range(side) for _ in range(3 if colour else 1)) for y in range(side))
    head = struct.pack('>IIBBBBB', side, side, 8, 2 if colour else 0, 0, 0, 0)
    os.makedirs(os.path.dirname(path) or '.', exist_ok=True)
    open(path, 'wb').write(b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', head) + chunk(b'IDAT', zlib.compress(rows)) + chunk(b'IEND', b''))
shades = {'left side': lambda i: lambda x, y: 255 if x < 4 and (x + y + i) % 7 else 0,
          'right side': lambda i: lambda x, y: 255 if x >= 4 and (x + y + i) % 7 else 0}
for part, n in (('train', 20), ('test', 5)):
    for name in shades:
        for i in range(n):
            png('data/%s/%s/%d.png' % (part, name, i), 8, False, shades[name](i + n))
png('left.png', 8, False, shades['left side'](3))
png('right.png', 8, False, shades['right side'](3))
png('other/right.png', 8, False, shades['right side'](4))
png('negative.png', 8, False, lambda x, y: 255 - shades['left side'](3)(x, y))
png('large.png', 9, True, lambda x, y: 0)
END
python3 make.py

check "a net is trained" run 0 train --data "png:path=data" --net "64-4-2" --batch 8 \
    --optimiser adam:lr=0.02 --epochs 30 --scale channel --measure none --out results/sides
check "it sees two pictures" run 0 classify results/sides left.png right.png
check "the left one" says "$out" "left.png: left side"
check "and the right one" says "$out" "right.png: right side"
check "with a line for each class" [ "$(grep -c '%' "$out")" -eq 4 ]
check "the larger first" [ "$(sed -n '2s/ *[0-9].*//p' "$out")" = "  left side" ]
check "and bars in plain text" says "$out" "##########"
check "without escapes" [ "$(grep -c "$(printf '\033')" "$out")" -eq 0 ]
check "percentages add up" [ "$(sed -n '2,3p' "$out" | sed 's/.*side *\([0-9.]*\) %.*/\1/' |
    awk '{ s += $1 } END { print (s > 99.98 && s < 100.02) }')" = 1 ]
check "nothing else is said" silent "$err"
check "--top leaves classes out" run 0 classify results/sides left.png --top 1
check "all but the first" [ "$(grep -c '%' "$out")" -eq 1 ]
check "--invert turns black into white" run 0 classify results/sides negative.png --invert
check "and sees what is left" says "$out" "negative.png: left side"
check "--maps writes pictures" run 0 classify results/sides left.png right.png --maps maps
for file in left-maps left-fc1 left-logits right-maps right-fc1 right-logits; do
    check "maps/$file.png" [ -s "maps/$file.png" ]
done
misuse "pictures of one name are refused" "would write the same maps" \
    classify results/sides right.png other/right.png --maps maps
check "another shape is refused" run 65 classify results/sides large.png
check "with both shapes" says "$err" "large.png: a picture of 9 x 9 in colour; the net wants 8 x 8 in grey"
check "in one line" [ "$(wc -l <"$err")" -eq 1 ]
check "a missing picture is named" run 66 classify results/sides none.png
check "by its path" says "$err" "none.png"
check "a missing run is named" run 66 classify results/none left.png

check "a run with kept parameters" run 0 train results/sides/experiment.ini --epochs 30 \
    --checkpoint every:30,keep=10 --out results/kept
check "has those of epoch 30" run 0 classify results/kept left.png --epoch 30
cp "$out" last
check "as its final ones" run 0 classify results/kept left.png
check "with the same shares" cmp last "$out"
check "and those of the untrained net" run 0 classify results/kept left.png --epoch 0
check "with others" sh -c "! cmp -s last '$out'"
check "an epoch without a checkpoint" run 66 classify results/kept left.png --epoch 5
check "is told with those there are" says "$err" "there are 0, 10, 20, 30"
misuse "an epoch that is no number" "whole number" classify results/kept left.png --epoch last

misuse "an image is wanted" "missing argument" classify results/sides

if command -v script >/dev/null && script -qec true /dev/null >/dev/null 2>&1; then
    on_terminal() {
        script -qec "env $1 '$program' classify results/sides left.png" /dev/null >"$out" </dev/null
        grep -c "$(printf '\033')" "$out"
    }
    check "a terminal gets colours" [ "$(on_terminal TERM=xterm)" -gt 0 ]
    check "not with NO_COLOR" [ "$(on_terminal 'TERM=xterm NO_COLOR=1')" -eq 0 ]
    check "nor when it is dumb" [ "$(on_terminal TERM=dumb)" -eq 0 ]
else
    echo "SKIPPED: no script here, colours of a terminal were not tested"
fi
finish
