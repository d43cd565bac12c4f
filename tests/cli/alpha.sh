#!/bin/sh
# Pictures with alpha, of 8 and 16 bits: data, train, classify and pictures read them alike.
# shellcheck source=expect.sh
. "$(dirname "$0")/expect.sh"
INFOPLANE_SHARE=$PWD/scripts
export INFOPLANE_SHARE
cd "$folder" || exit 1

if ! command -v python3 >/dev/null; then
    echo "SKIPPED: no python3 here, which makes the pictures"
    finish
fi
# Grey 100 + 20 c on the left, on the right a hidden colour under alpha 0.
cat >make.py <<'END'
import os, struct, zlib
def png(path, wide, value, hidden):
    def chunk(name, data):
        body = name + data
        return struct.pack('>I', len(data)) + body + struct.pack('>I', zlib.crc32(body))
    code, white = ('>4H', 257) if wide else ('>4B', 1)
    row = b'\0' + struct.pack(code, value * white, 255 * white, hidden * white, 0)
    head = struct.pack('>IIBBBBB', 2, 2, 16 if wide else 8, 4, 0, 0, 0)
    os.makedirs(os.path.dirname(path) or '.', exist_ok=True)
    open(path, 'wb').write(b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', head) + chunk(b'IDAT', zlib.compress(row * 2)) + chunk(b'IEND', b''))
for name, hidden, wide in (('a', 0, 0), ('b', 200, 0), ('w', 9, 1)):
    for c in range(2):
        for i in range(4):
            png('%s/class%d/%d.png' % (name, c, i), wide, 100 + 20 * c, hidden)
END
python3 make.py

for set in a b w; do
    check "$set is read" run 0 data png:path=$set --out o.png
    check "the background is said" says "$out" "8 of 8 pictures have alpha and lie on the background ffffff"
    grep '^t[re]' "$out" >$set.values
    check "it is white" grep -q '^train .* 1 ' "$out"
done
check "the depth is said" says "$out" "8 of 8 pictures have 16 bits"
check "what is hidden does not matter" cmp -s a.values b.values
check "nor do the bits" cmp -s a.values w.values
check "another background" run 0 data png:path=a --background black --out o.png
check "is said" says "$out" "background 000000"
check "and seen" grep -q '^train  *6  *0 ' "$out"
check "one that is none" run 2 data png:path=a --background blue --out o.png
check "is named" says "$err" "background: 'blue', want white, black, a grey 0 ... 255"
check "a colour behind grey" run 65 data png:path=a --background ff0000 --out o.png
check "is refused with the file" says "$err" "class0/0.png: a grey picture with alpha"

check "a net is trained" run 0 train --data png:path=a --background 30 --net 4-2 \
    --epochs 1 --batch 2 --measure none --out r
check "the background is said" says "$out" "background 1e1e1e"
check "and kept" says r/experiment.ini "background = 30"
check "with the names of the classes" says r/run.json '"classes": ["class0", "class1"]'
check "pictures" run 0 pictures r
check "say it too" says "$out" "background 1e1e1e"
check "two pictures are classified" run 0 classify r a/class1/0.png w/class1/0.png
check "the background is said once" [ "$(grep -c 'background of the run, 30' "$err")" -eq 1 ]
sed -n '2,3p' "$out" >8.txt
sed -n '5,6p' "$out" >16.txt
check "8 and 16 bits are the same" cmp -s 8.txt 16.txt
finish
