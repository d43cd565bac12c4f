#!/bin/sh
# The main job in one command: train a tanh net and its ReLU twin on real images, measure
# their information plane after every epoch, and draw it.
#
#   scripts/demo.sh            (make demo installs what is missing first)
set -eu
cd "$(dirname "$0")/.."
out=results/demo
ip=./infoplane

# Real images if there are any; the generated 12-bit task otherwise.
if $ip data fashion-mnist --no-picture >/dev/null 2>&1; then
    options="--preset demo"
    what="Fashion-MNIST"
elif $ip data mnist --no-picture >/dev/null 2>&1; then
    options="--preset demo --data mnist"
    what="MNIST"
else
    echo "no real images on this machine; 'scripts/fetch_datasets.sh fashion-mnist' gets them" >&2
    options="--preset szt-tanh --epochs 2000"
    what="the generated 12-bit task"
fi
for activation in tanh relu; do
    echo "== $activation net on $what =="
    # shellcheck disable=SC2086  # several words
    $ip train $options --activation $activation --out $out-$activation --force
done
echo "== figures =="
$ip plot $out-tanh $out-relu --out $out
echo
echo "demo done: look at $out/plane.png"
