#!/bin/sh
# A whole run by the commands a user types: train, info, export, start again from the
# exported parameters. INFOPLANE is the program.
set -eu
ip=$(realpath "${INFOPLANE:?the program to test}")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

"$ip" --version | grep -q '^infoplane [0-9]'
"$ip" --help | grep -q '^  train '
"$ip" train --help | grep -q -- '--optimiser'
"$ip" list | grep -q '^  logdet '
"$ip" list presets | grep -q '^  szt-tanh '

options="--data szt --net 12-10-7-5-4-3-2 --batch 256 --epochs 3 --optimiser adam:lr=0.01"
# shellcheck disable=SC2086  # several words
"$ip" train $options >log
[ "$(grep -c '^epoch ' log)" -eq 4 ]
grep -q 'I(X;T)' log
[ "$(readlink results/latest)" = szt-tanh-seed1 ]
for file in experiment.ini run.json training.csv information.csv layers.csv summary.csv \
    summary.txt parameters/0.weight.npy; do
    [ -s "results/latest/$file" ] || { echo "FAILED: no $file" >&2; exit 1; }
done
[ ! -e results/latest/.lock ]
"$ip" info results/latest | grep -q '^information.csv'

# The recorded experiment repeats the run; --json gives one object per epoch.
"$ip" train results/latest/experiment.ini --out again --json >json
[ "$(grep -c '^{"epoch": ' json)" -eq 4 ]
cmp results/latest/information.csv again/information.csv
cmp results/latest/parameters/0.weight.npy again/parameters/0.weight.npy

# A net started from exported parameters begins where the run ended.
"$ip" export results/latest weights >/dev/null
# shellcheck disable=SC2086
"$ip" train $options --init npy:weights --epochs 0 --out more -q
tail -n 1 results/latest/training.csv | cut -d, -f5,6 >end
tail -n 1 more/training.csv | cut -d, -f5,6 >begin
cmp end begin
echo "a run, its record and its parameters agree"
