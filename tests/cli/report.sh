#!/bin/sh
# The report: its file, and the page in a real browser (Chromium, without a window). What the
# browser finds is written into the page by the script below and read from the dumped DOM.
# shellcheck source=expect.sh
. "$(dirname "$0")/expect.sh"
INFOPLANE_SHARE=$PWD/scripts
export INFOPLANE_SHARE
cd "$folder" || exit 1

# A name that would be markup, were it not escaped.
odd='a <img src=x onerror=boom()> "&é'
small() {
    run 0 train --data szt --net 12-10-7-5-4-3-2 --batch 256 --optimiser adam:lr=0.01 \
        --estimator "logdet binning renyi:alpha=2,n=300" --null 1 --probe pooled --epochs 12 --pictures every:4 "$@"
}

check "a run with an odd name is made" small --out "results/$odd"
check "and another" small --activation relu --out results/relu
check "both are reported" run 0 report "results/$odd" results/relu --out both.html
check "which says where" says "$out" "wrote both.html"
check "the file is small" [ "$(wc -c <both.html)" -le 300000 ]
check "it loads nothing from elsewhere" [ "$(grep -coE '(src|href)="?https?:|@import|url\(' both.html)" -eq 0 ]
check "names are no markup" [ "$(grep -c '<img src=x' both.html)" -eq 0 ]
check "a run is reported in its folder" run 0 report results/relu
check "by default" [ -s results/relu/report.html ]
check "two of them beside the first" run 0 report "results/$odd" results/relu
check "in a folder of both" [ -s "results/compare-$odd+relu/report.html" ]
check "what is no run is refused" run 66 report results/none --out none.html
check "by name" says "$err" "results/none: no such run folder"
check "and nothing is written" [ ! -e none.html ]
mkdir both
cp -r "results/$odd" both/one
cp -r results/relu both/two
check "a folder of runs stands for them" run 0 report both
check "in a report of its own" grep -q '"two"' both/report.html
misuse "a report wants a run" "missing argument" report

# A run that is still being written: half a row at the end.
mkdir live
cp results/relu/experiment.ini results/relu/run.json live/
head -c 20000 results/relu/information.csv >live/information.csv
head -c 700 results/relu/training.csv >live/training.csv
check "a run that is being written is reported" run 0 report live --out live.html
for part in html css js; do
    check "report.$part is UTF-8" iconv -f UTF-8 -t UTF-8 -o /dev/null "$INFOPLANE_SHARE/report.$part"
done

browser=
for name in chromium chromium-browser google-chrome; do
    [ -n "$browser" ] || ! command -v $name >/dev/null || browser=$name
done
if [ -z "$browser" ]; then
    echo "SKIPPED: no chromium here, the report was not opened in a browser"
    finish
fi

# A value of a column of information.csv, of the last epoch and the first layer, binned.
cell() {
    awk -F, -v name="$1" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) c = i + n; next }
        { line = $0; gsub(/"[^"]*"/, "E", line); split(line, f, ",") }
        f[4] == 1 && /binning/ { last = f[c] } END { printf "%.4g", last }' results/relu/information.csv
}

cat >spy.html <<'END'
<script>
var faults = [];
addEventListener('error', e => faults.push(e.message));
addEventListener('unhandledrejection', e => faults.push(String(e.reason)));
console.error = (...words) => faults.push(words.join(' '));
function boom() { faults.push('a name was run as a script'); }
</script>
END
cat >probe.html <<END
<script>
const wanted = "$(cell I_XT)", odd = \`$odd\`;
END
cat >>probe.html <<'END'
const lines = [];
const fact = (name, holds) => lines.push((holds ? 'ok ' : 'not ok ') + name);
const all = s => [...document.querySelectorAll(s)], one = s => document.querySelector(s);
const slider = one('#slider'), last = +slider.max;
const go = v => { slider.value = v; slider.dispatchEvent(new Event('input', { bubbles: true })); };
const press = key => document.body.dispatchEvent(new KeyboardEvent('keydown', { key, code: key === ' ' ? 'Space' : key, bubbles: true, cancelable: true }));
const dots = () => all('#planes svg .now').map(c => c.getAttribute('cx') + ' ' + c.getAttribute('cy'));
const trail = () => all('#planes svg[role] > g').filter(g => g.style.display !== 'none').length;
const choose = (id, value) => { const s = one(id); s.value = value; s.dispatchEvent(new Event('change')); };
const tick = box => { box.checked = !box.checked; box.dispatchEvent(new Event('change')); };
const axis = () => one('#planes svg[role]').textContent;

fact('the heading is the names, letter by letter', one('h1').textContent === odd + ' and relu');
fact('there is a plane for each run', all('#planes svg[role]').length === 2);
fact('it starts at the last epoch', one('#epoch').textContent === 'epoch 12' && +slider.value === last);
const end = dots();
fact('every layer has a dot', end.length === 12 && end.every(d => /^[\d.]+ [\d.]+$/.test(d)));
go(0);
fact('the slider moves to epoch 0', one('#epoch').textContent === 'epoch 0');
fact('the slider says so to a screen reader', slider.getAttribute('aria-valuetext') === 'epoch 0');
fact('and every dot of both planes moves', dots().filter((d, i) => d !== end[i]).length === 12);
fact('one epoch is left of each trail', trail() === 2);
fact('the label of the figure follows', /epoch 0: fc1/.test(one('#planes svg[role]').getAttribute('aria-label')));
fact('so does the picture', /epoch 0$/.test(one('#pictures img').alt));
press('ArrowRight');
fact('an arrow goes on', +slider.value === 1);
press('ArrowLeft');
fact('and back', +slider.value === 0);
press('End');
fact('End is the last epoch', +slider.value === last && dots().join() === end.join());
fact('the whole trail is there', trail() === 2 * (last + 1));
fact('the picture is one that was drawn', one('#pictures img').naturalWidth > 50 || !one('#pictures img').complete);
const estimator = word => choose('#estimator', [...one('#estimator').options].find(o => o.value.startsWith(word)).value);
fact('LogDet is in nats', axis().includes('I(X;T) [nats]'));
estimator('renyi');
fact('another estimator has its unit', axis().includes('I(X;T) [bits]') && !axis().includes('nats'));
estimator('binning');
fact('and its explanation', /bins/.test(one('#estimator-help').textContent));
const cells = [...all('#values tbody')[1].rows[0].cells].map(c => c.textContent);
fact('the table has the value of the CSV file (' + wanted + ')', cells[0] === 'fc1' && cells[1] === wanted);
tick(all('#layers input')[0]);
fact('a layer can be switched off', dots().length === 10);
tick(all('#layers input')[0]);
tick(all('#runs input')[1]);
fact('so can a run', all('#planes svg[role]').length === 1);
tick(all('#runs input')[1]);
const before = all('#curves path').length;
tick(one('#null'));
fact('the null baseline adds its curves', all('#curves path').length > before);
choose('#form', 'I_TY_cond');
fact('another form of I(T;Y) names its axis', /class by class/.test(axis()));
choose('#xscale', 'log');
fact('a logarithmic axis moves the dots', dots().join() !== end.join());
const paper = getComputedStyle(document.body).backgroundColor;
one('#theme').click();
fact('dark mode changes the paper', getComputedStyle(document.body).backgroundColor !== paper);
fact('figures have a role and a label', all('.card svg[role]').length > 10 &&
  all('.card svg[role]').every(s => s.getAttribute('role') === 'img' && s.getAttribute('aria-label').length > 20));
fact('inputs have labels', all('input, select').every(i => i.labels.length || i.getAttribute('aria-label')));
fact('pictures have a text', all('img').length > 0 && all('img').every(i => i.alt.length > 20));
fact('tables have captions and headers', all('.scroll table').length === 4 &&
  all('.scroll table').every(t => t.caption.textContent && t.querySelectorAll('th[scope=col]').length > 3));
fact('provenance is there', /gcc|clang|cc /.test(one('#provenance').textContent) && /seed/.test(one('#provenance').textContent));
fact('nothing is wider than the window', document.documentElement.scrollWidth <= innerWidth);
const curve = one('#curves svg[role]'), box = curve.getBoundingClientRect();
curve.dispatchEvent(new PointerEvent('pointermove', { clientX: box.left + 200, clientY: box.top + 90, bubbles: true }));
fact('hovering shows values', !one('#tip').hidden && /epoch[^]*fc1/.test(one('#tip').textContent));
curve.dispatchEvent(new PointerEvent('pointerdown', { clientX: box.left + 60, clientY: box.top + 90, bubbles: true }));
fact('a click in a curve goes to its epoch', +slider.value < last);
go(0);
press(' ');
fact('space plays', /Pause/.test(one('#play').textContent));
setTimeout(() => fact('which moves on by itself', +slider.value > 0), 600);
setTimeout(() => {
  fact('and stops at the end', +slider.value === last && /Play/.test(one('#play').textContent));
  fact('no error in the console' + (faults.length ? ': ' + faults.join('; ') : ''), faults.length === 0);
  document.body.replaceChildren(Object.assign(document.createElement('pre'), { textContent: '\n' + lines.join('\n') + '\nend\n' }));
}, 9000);
</script>
END

# open FILE OPTION...: load a page in the browser and dump what became of it.
open_page() {
    page=$1
    shift
    timeout 120 "$browser" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
        --disable-background-networking --disable-component-update --disable-sync \
        --user-data-dir="$folder/profile" --virtual-time-budget=20000 --enable-logging=stderr \
        "$@" --dump-dom "file://$folder/$page" >"$out" 2>"$err"
}

# tested FILE OPTION...: add the scripts to a copy of a page and run them.
tested() {
    sed -e '/<head>/r spy.html' "$1" >copy.html
    cat probe.html >>copy.html
    shift
    open_page copy.html "$@"
    sed -n 's/.*<pre>//; /^\(not \)\{0,1\}ok /p' "$out" | sed 's/&lt;/</g; s/&gt;/>/g; s/&amp;/\&/g'
    check "the page was tested to its end" says "$out" "end"
    [ "$(grep -c '^not ok ' "$out")" -eq 0 ] || bad=1
    check "the browser has no complaint" [ "$(grep -c 'CONSOLE' "$err")" -eq 0 ]
}

tested both.html --window-size=1280,900
check "the other pages open" open_page live.html --window-size=390,800
check "with a plane" says "$out" 'aria-label="Information plane of live'
check "and no complaint" [ "$(grep -c 'CONSOLE' "$err")" -eq 0 ]
check "in light" says "$out" 'data-theme="light"'
check "a dark system opens them" open_page live.html --blink-settings=preferredColorScheme=0
check "in the dark" says "$out" 'data-theme="dark"'
finish
