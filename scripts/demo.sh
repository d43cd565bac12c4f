#!/bin/sh
# The main job in one command: train a tanh net and its ReLU twin on real images, show their
# information planes while they learn, draw the figures and write the report. `make demo`
# installs what is missing and builds the program first.
set -eu
CDPATH='' cd -- "$(dirname -- "$0")/.."
out=results/demo # not that of any 'infoplane demo'
mkdir -p "$out"

# Real images if there are any; the generated 12-bit task otherwise.
for data in fashion-mnist mnist; do
    if ./infoplane data "$data" --out "$out/samples.png" >"$out/data.txt" 2>&1; then
        exec ./infoplane demo images --data "$data" --out "$out" "$@"
    fi
done
rm -f "$out/data.txt"
rmdir "$out" 2>/dev/null || true
echo "demo: no real images on this machine; 'scripts/fetch_datasets.sh fashion-mnist' gets" >&2
echo "them. The generated 12-bit task is used instead." >&2
exec ./infoplane demo --out results/demo-generated "$@"
