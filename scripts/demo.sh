#!/bin/sh
# The main job in one command: train a tanh net and its ReLU twin on real images, measure
# their information plane after every epoch, and draw it. `make demo` installs what is missing
# and builds the program first.
set -eu
cd "$(dirname "$0")/.."
out=results/demo
mkdir -p "$out"

# Real images if there are any; the generated 12-bit task otherwise.
found=
for data in fashion-mnist mnist; do
    if [ -z "$found" ] && ./infoplane data "$data" --out "$out/samples.png" >"$out/data.txt" 2>&1; then
        found=$data
    fi
done
if [ -n "$found" ]; then
    options="--preset demo --data $found"
else
    echo "demo: no real images on this machine; 'scripts/fetch_datasets.sh fashion-mnist' gets" >&2
    echo "them. The generated 12-bit task is used instead." >&2
    found=szt
    options="--preset szt-tanh --epochs 2000"
fi
for activation in tanh relu; do
    echo "== $activation net on $found =="
    # shellcheck disable=SC2086  # several words
    ./infoplane train $options --activation $activation --out $out/$activation --force
    echo
done
echo "== figures =="
./infoplane plot $out/tanh $out/relu --out $out/figures
echo "demo done: look at $out/figures/plane.png"
