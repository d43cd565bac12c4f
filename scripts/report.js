'use strict';
(() => {
/* ---- data ---- */

const data = JSON.parse(document.getElementById('data').textContent);
const $ = id => document.getElementById(id);
const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/* Numbers of a series, see src/run/series.h: [step, text]. */
function unpack([step, text]) {
  const out = [];
  let last = 0;
  for (let i = 0; i < text.length;) {
    if (text[i] === '!') { out.push(NaN); i++; continue; }
    let value = 0, weight = 1, digit;
    do {
      digit = DIGITS.indexOf(text[i++]);
      value += (digit & 31) * weight;
      weight *= 32;
    } while (digit & 32);
    last += value % 2 ? -(value - 1) / 2 : value / 2;
    out.push(step === 'ln' ? Math.exp(last / 10000) : step < 0 ? last / 10 ** -step : last * 10 ** step);
  }
  return out;
}

const unpackTable = t => { for (const f in t.series) t.series[f] = t.series[f].map(unpack); };
const keyOf = b => b.estimator + ' [' + b.unit + ']';
const unique = list => [...new Set(list)];

data.runs.forEach((run, i) => {
  run.index = i;
  [run.training, run.gradients, ...run.blocks].forEach(unpackTable);
  run.names = (run.blocks[0] || run.gradients).layers;
});
/* Runs of the same name in different folders are told apart by their paths. */
data.runs.forEach(run => {
  run.shown = data.runs.some(r => r !== run && r.name === run.name) ? run.folder : run.name;
});

const blocks = data.runs.flatMap(r => r.blocks);
const depth = Math.max(0, ...data.runs.map(r => r.names.length));
const layerNames = [...Array(depth).keys()].map(l =>
  unique(data.runs.filter(r => r.names[l] !== undefined).map(r => r.names[l])).join(' / '));
const frames = unique((blocks.length ? blocks : data.runs.map(r => r.training))
  .flatMap(t => t.epochs)).sort((a, b) => a - b);
const everyEpoch = unique(data.runs.flatMap(r => [r.training, r.gradients, ...r.blocks])
  .flatMap(t => t.epochs)).sort((a, b) => a - b);

/* Of a study the first runs are drawn; the others are chosen on the page. */
const DRAWN_FIRST = 12;

const state = {
  frame: frames.length - 1, estimator: blocks.length ? keyOf(blocks[0]) : '',
  split: blocks.length ? blocks[0].split : '', form: 'I_TY', across: 'I_XT',
  xscale: 'auto', yscale: 'auto', null: false, layersOff: new Set(),
  runsOff: new Set(data.runs.map(r => r.index).filter(i => i >= DRAWN_FIRST)),
};

const FORMS = { I_TY: 'one-hot', I_TY_cond: 'class by class', I_TY_pooled: 'pooled' };
const NULLS = { I_XT: 'I_XT_null', I_TY: 'I_TY_null', I_TY_cond: 'I_TY_cond_null' };
const LABELS = { I_XT: 'I(X;T)', I_TY: 'I(T;Y)', I_TY_cond: 'I(T;Y), class by class',
  I_TY_pooled: 'I(T;Y), pooled', I_prev: 'I(Tₗ₋₁;Tₗ)', H_T: 'H(T)' };

const blockOf = run => run.blocks.find(b => keyOf(b) === state.estimator && b.split === state.split);
const valuesOf = (table, field, l) => table && table.series[field] && table.series[field][l];
const runsShown = () => data.runs.filter(r => !state.runsOff.has(r.index));
const layerShown = l => !state.layersOff.has(l);

/* Last measured epoch that is not after e: its index, -1 before the first. */
function indexAt(epochs, e) {
  let lo = 0, hi = epochs.length;
  while (lo < hi) {
    const mid = (lo + hi) >> 1;
    if (epochs[mid] <= e * (1 + 1e-9)) lo = mid + 1; else hi = mid;
  }
  return lo - 1;
}

/* ---- text ---- */

function number(v, digits = 4) {
  if (v === null || v === undefined || !isFinite(v)) return '–';
  if (v === 0) return '0';
  const a = Math.abs(v);
  if (a < 1e-3 || a >= 1e6) return v.toExponential(2).replace('e+', 'e').replace('-', '−');
  return String(+v.toPrecision(digits)).replace('-', '−');
}
const percent = v => v === null || !isFinite(v) ? '–' : (100 * v).toFixed(0) + ' %';
const epochText = e => String(+e.toPrecision(4));

function element(tag, attributes, ...children) {
  const e = document.createElement(tag);
  for (const k in attributes) e.setAttribute(k, attributes[k]);
  e.append(...children);
  return e;
}
function svg(tag, attributes, text) {
  const e = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const k in attributes) e.setAttribute(k, attributes[k]);
  if (text !== undefined) e.textContent = text;
  return e;
}

/* ---- colours ---- */

const OKABE_ITO = ['#0072B2', '#D55E00', '#009E73', '#CC79A7', '#E69F00', '#56B4E9', '#555555'];
const ON_DARK = ['#4BA6E0', '#F98A3C', '#2BC79D', '#E8A0C6', '#F2B53C', '#9AD6F7', '#B8B8B8'];
const RAMP = [[49, 54, 149], [69, 117, 180], [64, 160, 160], [110, 170, 60], [230, 150, 30],
  [215, 60, 40], [130, 0, 38]];
const VIRIDIS = [[68, 1, 84], [71, 44, 122], [59, 81, 139], [44, 113, 142], [33, 144, 141],
  [39, 173, 129], [92, 200, 99], [170, 220, 50], [253, 231, 37]];

const isDark = () => document.documentElement.dataset.theme === 'dark';
function blend(stops, t) {
  const x = Math.max(0, Math.min(1, t)) * (stops.length - 1), i = Math.min(stops.length - 2, x | 0);
  return 'rgb(' + stops[i].map((c, k) => Math.round(c + (x - i) * (stops[i + 1][k] - c))).join() + ')';
}
/* Ends of viridis that the paper would swallow are left out. */
const epochColour = t => blend(VIRIDIS, isDark() ? 0.25 + 0.75 * t : 0.92 * t);
function layerColour(l, n) {
  if (n <= OKABE_ITO.length) return (isDark() ? ON_DARK : OKABE_ITO)[l];
  const colour = RAMP.map(c => isDark() ? c.map(v => Math.round(v + 0.35 * (255 - v))) : c);
  return blend(colour, l / (n - 1));
}

/* ---- axes ---- */

/* Epochs stand at their logarithm, epoch 0 a step before the first. */
const epochAxis = (() => {
  const positive = everyEpoch.filter(e => e > 0), first = positive[0] || 1;
  const last = positive[positive.length - 1] || first * 10;
  const lo = Math.log10(first), hi = Math.max(Math.log10(last), lo + 0.1);
  const zero = everyEpoch[0] === 0, start = zero ? lo - 0.07 * (hi - lo) - 0.05 : lo;
  const place = e => ((e > 0 ? Math.max(lo, Math.log10(e)) : start) - start) / (hi - start);
  const tics = zero ? [[0, '0']] : [];
  const few = hi - lo < 1.7;
  for (let p = Math.floor(lo); p <= hi; p++)
    for (const m of few ? [1, 2, 5] : [1])
      if (m * 10 ** p >= first * 0.999 && m * 10 ** p <= last * 1.001)
        tics.push([place(m * 10 ** p), epochText(m * 10 ** p)]);
  return { place, tics };
})();

function niceTics(lo, hi, n) {
  const raw = (hi - lo) / n, p = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map(m => m * p).find(s => s >= raw * 0.999);
  const out = [];
  for (let k = Math.ceil(lo / step - 1e-9); k * step <= hi + 1e-9 * step; k++) out.push(+(k * step).toPrecision(12));
  return out;
}

/* An axis for ranges [lo, hi], one for each layer: {place, tics}, places 0 ... 1. More ranges
 * are to be seen as well, but have no say in whether it is logarithmic. Of a logarithmic one
 * four decades are shown; with scale 'whole' all down to the smallest positive value. */
function fitAxis(ranges, scale, n, more = []) {
  const finite = r => isFinite(r[0]) && isFinite(r[1]);
  ranges = ranges.filter(finite);
  const all = ranges.concat(more.filter(finite));
  let lo = Math.min(...all.map(r => r[0])), hi = Math.max(...all.map(r => r[1]));
  if (!all.length) [lo, hi] = [0, 1];
  const small = Math.min(...ranges.map(r => Math.max(Math.abs(r[0]), Math.abs(r[1]))));
  const log = hi > 0 && (scale === 'log' || scale === 'whole' || (scale === 'auto' && Math.min(...ranges.map(r => r[0])) >= 0 && small < hi / 15));
  if (!log) {
    if (lo > 0 && lo < 0.5 * hi) lo = 0;
    if (hi - lo < 1e-12 + 1e-6 * Math.abs(hi)) { lo -= 0.05 * Math.abs(lo) + 0.01; hi += 0.05 * Math.abs(hi) + 0.01; }
    const pad = 0.05 * (hi - lo);
    if (lo !== 0) lo -= pad;
    hi += pad;
    const place = v => (v - lo) / (hi - lo);
    return { log, place, tics: niceTics(lo, hi, n).map(v => [place(v), number(v)]) };
  }
  const floor = Math.max(hi * (scale === 'whole' ? 1e-15 : 1e-4), Math.min(...ranges.map(r => r[0]).filter(v => v > 0), hi / 2));
  const a = Math.log10(floor) - 0.08, b = Math.log10(hi) + 0.06;
  const place = v => (Math.max(a, v > 0 ? Math.log10(v) : a) - a) / (b - a);
  const decades = Math.floor(b) - Math.ceil(a) + 1, every = Math.max(1, Math.ceil(decades / n)), tics = [];
  for (let p = Math.floor(a); p <= b; p++)
    for (const m of decades < 2 ? [1, 2, 5] : decades < 3 ? [1, 3] : [1]) {
      const v = m * 10 ** p;
      if (Math.log10(v) >= a && Math.log10(v) <= b && p % every === 0) tics.push([place(v), number(v)]);
    }
  return { log, place, tics };
}

const rangeOf = v => {
  const f = v.filter(isFinite);
  return f.length ? [Math.min(...f), Math.max(...f)] : [NaN, NaN];
};

/* ---- figures ---- */

const charts = []; /* each {move(), describe()} */
const BOX = { left: 50, right: 14, top: 10, bottom: 40 };

/* An empty figure with its axes in a card. */
function frameFigure(parent, title, note, o) {
  const card = element('div', { class: 'card' });
  const small = element('small', {}, note || '');
  card.append(element('h3', {}, title, ' ', small));
  parent.append(card);
  const width = Math.max(260, Math.round(card.clientWidth - 24)), height = o.height;
  const right = o.right || BOX.right;
  const x = t => BOX.left + t * (width - BOX.left - right);
  const y = t => height - BOX.bottom - t * (height - BOX.bottom - BOX.top);
  const root = svg('svg', { viewBox: `0 0 ${width} ${height}`, role: 'img' });
  for (const [t, text] of o.x.tics) {
    root.append(svg('line', { class: 'grid-line', x1: x(t), x2: x(t), y1: y(0), y2: y(1) }),
      svg('text', { class: 'tic', x: x(t), y: y(0) + 15, 'text-anchor': 'middle' }, text));
  }
  for (const [t, text] of o.y.tics)
    root.append(svg('line', { class: 'grid-line', x1: x(0), x2: x(1), y1: y(t), y2: y(t) }),
      svg('text', { class: 'tic', x: x(0) - 6, y: y(t) + 4, 'text-anchor': 'end' }, text));
  root.append(svg('path', { class: 'axis', d: `M${x(0)} ${y(1)}V${y(0)}H${x(1)}` }),
    svg('text', { x: (x(0) + x(1)) / 2, y: height - 6, 'text-anchor': 'middle' }, o.xlabel),
    svg('text', { x: 12, y: (y(0) + y(1)) / 2, 'text-anchor': 'middle',
      transform: `rotate(-90 12 ${(y(0) + y(1)) / 2})` }, o.ylabel));
  card.append(root);
  return { card, small, root, x, y, width, height, right };
}

function emptyCard(parent, title, text) {
  parent.append(element('div', { class: 'card' }, element('h3', {}, title),
    element('p', { class: 'empty' }, text)));
}

const path = points => points.map((p, i) => (i ? 'L' : 'M') + p[0].toFixed(1) + ' ' + p[1].toFixed(1)).join('');
const missing = run => run.blocks.length ? 'not measured with this estimator and probe' : 'no information was measured';

/* Labels of at most so many characters that tell names apart: what is left out of long ones is
 * at the same place in all of them, or is what they share; at last they are numbered. */
function labelsOf(names, most) {
  const letters = names.map(n => [...n]), room = most - 1;
  const distinct = list => list.every((a, i) => list.slice(0, i).every((b, k) => a !== b || names[i] === names[k]));
  const cut = how => names.map((n, i) => letters[i].length <= most ? n : how(letters[i], i));
  const heads = [...Array(room + 1).keys()].sort((a, b) => Math.abs(a - most / 2) - Math.abs(b - most / 2));
  for (const head of heads) {
    const list = cut(c => c.slice(0, head).join('') + '…' + c.slice(c.length - (room - head)).join(''));
    if (distinct(list)) return list;
  }
  const parts = names.map(n => n.split(/[._/:\- ]/)).filter((p, i) => letters[i].length > most);
  const shared = t => parts.every(p => p[t] === parts[0][t]);
  const kept = cut((c, i) => '…' + names[i].split(/[._/:\- ]/).filter((p, t) => !shared(t)).join('…'));
  if (distinct(kept) && kept.every(k => [...k].length <= most)) return kept;
  return cut((c, i) => `${i + 1}…${c.slice(String(i + 1).length - room).join('')}`);
}

/* Where names fit: below, above, right, left of their dots, away from dots and other names. */
function placeNames(items, f) {
  const taken = items.map(i => ({ x: i.x, y: i.y, w: 9, h: 9 })), out = [];
  for (const item of items) {
    const w = item.text.length * 3.7 + 3, h = 8;
    let best = null;
    for (const far of [0, 8, 18, 30])
      for (const [dx, dy] of [[0, 1], [0, -1], [1, 0], [-1, 0], [1, 1], [-1, 1], [1, -1], [-1, -1]]) {
        const c = { x: item.x + dx * (w + 9 + far), y: item.y + dy * (17 + far), w, h };
        let cost = far + (dx && dy ? 3 : dx ? 2 : 0);
        if (c.x - w < BOX.left || c.x + w > f.width - 2 || c.y - h < 0 || c.y + h > f.height - BOX.bottom) cost += 500;
        for (const t of taken)
          if (Math.abs(c.x - t.x) < w + t.w && Math.abs(c.y - t.y) < h + t.h) cost += 60;
        if (!best || cost < best.cost) best = { ...c, cost };
      }
    taken.push(best);
    out.push(best);
  }
  return out;
}

function drawPlane(parent, run, axes) {
  const b = blockOf(run);
  if (!b || !b.series[state.across] || !b.series[state.form]) {
    emptyCard(parent, run.shown, b ? 'this measure is not defined by the estimator' : missing(run));
    return;
  }
  const f = frameFigure(parent, run.shown, '', { height: 400, x: axes.x, y: axes.y, right: 20,
    xlabel: `${LABELS[state.across]} [${b.unit}]`, ylabel: `${LABELS[state.form]} [${b.unit}]` });
  const point = (i, l) => {
    const u = valuesOf(b, state.across, l)[i], v = valuesOf(b, state.form, l)[i];
    return isFinite(u) && isFinite(v) ? [f.x(axes.x.place(u)), f.y(axes.y.place(v)), l, u, v] : null;
  };
  const shown = b.layers.map((_, l) => l).filter(layerShown);
  const bound = state.form === 'I_TY' && b.H_Y;
  if (bound && axes.y.place(bound) <= 1) {
    const at = f.y(axes.y.place(bound));
    f.root.append(svg('line', { class: 'bound', x1: f.x(0), x2: f.x(1), y1: at, y2: at }),
      svg('text', { class: 'tic', x: f.x(1), y: at - 4, 'text-anchor': 'end' }, `H(Y) = ${number(bound)} of this estimator`));
  }
  const points = b.epochs.map((_, i) => shown.map(l => point(i, l)).filter(Boolean));
  /* Lines between layers for at most 48 epochs: more are a smear. */
  const every = Math.ceil(b.epochs.length / 48);
  const groups = points.map((ps, i) => {
    const colour = epochColour(epochAxis.place(b.epochs[i])), g = svg('g', { stroke: colour, fill: 'none' });
    if (i % every === 0 || i === points.length - 1) g.append(svg('path', { d: path(ps), 'stroke-width': 0.5, 'stroke-opacity': 0.7 }));
    g.append(svg('path', { d: ps.map(p => `M${p[0].toFixed(1)} ${p[1].toFixed(1)}h0`).join(''),
      'stroke-width': 5, 'stroke-linecap': 'round' }));
    f.root.append(g);
    return g;
  });
  if (state.null && NULLS[state.form] && state.across === 'I_XT')
    for (const l of shown) {
      const u = valuesOf(b, 'I_XT_null', l), v = valuesOf(b, NULLS[state.form], l);
      if (!u || !v) continue;
      for (let i = 0; i < u.length; i += Math.ceil(u.length / 24))
        if (isFinite(u[i]) && isFinite(v[i]))
          f.root.append(svg('circle', { cx: f.x(axes.x.place(u[i])), cy: f.y(axes.y.place(v[i])), r: 3.5,
            fill: 'none', stroke: layerColour(l, depth), 'stroke-dasharray': '2 1.6' }));
    }
  const joint = svg('path', { class: 'joint' });
  const now = shown.map(l => svg('circle', { class: 'now', r: 7, fill: layerColour(l, depth), 'data-layer': l }));
  const labels = labelsOf(b.layers, 16);
  const names = shown.map(l => svg('text', { class: 'name', 'text-anchor': 'middle' }, labels[l]));
  f.root.append(joint, ...now, ...names);
  epochBar(f.card);
  let last = groups.length - 1;
  const move = () => {
    const k = indexAt(b.epochs, frames[state.frame]);
    for (let i = Math.min(last, k) + 1; i <= Math.max(last, k); i++) groups[i].style.display = i <= k ? '' : 'none';
    last = k;
    const ps = k < 0 ? [] : points[k];
    joint.setAttribute('d', path(ps));
    const items = ps.map(p => ({ x: p[0], y: p[1], text: labels[p[2]] })), places = placeNames(items, f);
    shown.forEach((l, i) => {
      const at = ps.findIndex(p => p[2] === l), off = at < 0 ? 'none' : '';
      now[i].style.display = names[i].style.display = off;
      if (at < 0) return;
      now[i].setAttribute('cx', ps[at][0].toFixed(1));
      now[i].setAttribute('cy', ps[at][1].toFixed(1));
      names[i].setAttribute('x', places[at].x.toFixed(1));
      names[i].setAttribute('y', (places[at].y + 4).toFixed(1));
    });
    f.small.textContent = k < 0 ? 'not yet measured' : 'epoch ' + epochText(b.epochs[k]);
    f.root.setAttribute('aria-label', `Information plane of ${run.shown}, ${f.small.textContent}: ` + ps.map(p =>
      `${b.layers[p[2]]} ${number(p[3])}, ${number(p[4])} ${b.unit}`).join('; '));
  };
  hover(f, (px, py) => {
    let best = null;
    for (let i = 0; i <= last; i++)
      for (const p of points[i]) {
        const d = Math.hypot(p[0] - px, p[1] - py) - (i === last ? 4 : 0);
        if (d < 26 && (!best || d <= best.d)) best = { d, i, p };
      }
    return best && `${run.shown}, ${b.layers[best.p[2]]}, epoch ${epochText(b.epochs[best.i])}\n` +
      `${LABELS[state.across]}  ${number(best.p[3])} ${b.unit}\n${LABELS[state.form]}  ${number(best.p[4])} ${b.unit}`;
  });
  charts.push(move);
}

/* Which colour is which epoch: a bar at the right of the title. */
function epochBar(card) {
  const bar = svg('svg', { class: 'epochs', viewBox: '0 0 96 8', 'aria-hidden': 'true' });
  for (let i = 0; i < 24; i++)
    bar.append(svg('rect', { x: 4 * i, y: 0, width: 4.3, height: 8, fill: epochColour((i + 0.5) / 24) }));
  card.querySelector('h3').append(element('small', { class: 'bar-key' }, epochText(everyEpoch[0]), bar,
    epochText(everyEpoch[everyEpoch.length - 1])));
}

/* Curves over epochs. lines: [{name, colour, dash, epochs, values}] */
function drawCurves(parent, title, o) {
  const lines = o.lines.filter(l => l.values && l.values.some(isFinite));
  if (!lines.length) { emptyCard(parent, title, o.none || 'not measured'); return; }
  const named = lines.filter(l => l.name);
  labelsOf(named.map(l => l.name), 12).forEach((text, i) => { named[i].label = text; });
  const right = Math.min(110, 18 + 7 * Math.max(0, ...named.map(l => l.label.length)));
  const f = frameFigure(parent, title, o.note, { height: o.height || 250, x: epochAxis, y: o.axis, xlabel: 'epoch', ylabel: o.ylabel, right });
  for (const [value, text] of o.marks || []) {
    const t = o.axis.place(value);
    if (t < 0 || t > 1) continue;
    f.root.append(svg('line', { class: 'bound', x1: f.x(0), x2: f.x(1), y1: f.y(t), y2: f.y(t) }),
      svg('text', { class: 'tic', x: f.x(0) + 6, y: f.y(t) - 4 }, text));
  }
  for (const line of lines) {
    const pieces = [[]];
    line.values.forEach((v, i) => {
      if (!isFinite(v)) { if (pieces[pieces.length - 1].length) pieces.push([]); return; }
      pieces[pieces.length - 1].push([f.x(epochAxis.place(line.epochs[i])), f.y(o.axis.place(v))]);
    });
    const d = pieces.map(p => p.length === 1 ? path(p) + 'h0.1' : path(p)).join('');
    f.root.append(svg('path', { d, fill: 'none', stroke: line.colour, 'stroke-width': line.thin ? 1.2 : 2,
      'stroke-dasharray': line.dash || 'none', 'stroke-linecap': 'round', 'stroke-linejoin': 'round' }));
  }
  endNames(f, named, o.axis);
  const cursor = svg('line', { class: 'cursor', y1: f.y(0), y2: f.y(1) });
  const dots = lines.map(l => svg('circle', { class: 'now', r: l.thin ? 0 : 4.5, fill: l.colour }));
  f.root.append(cursor, ...dots);
  const move = () => {
    const e = frames[state.frame], said = [];
    cursor.setAttribute('x1', f.x(epochAxis.place(e)));
    cursor.setAttribute('x2', f.x(epochAxis.place(e)));
    lines.forEach((l, i) => {
      const k = indexAt(l.epochs, e), v = k < 0 ? NaN : l.values[k];
      dots[i].style.display = isFinite(v) ? '' : 'none';
      if (!isFinite(v)) return;
      dots[i].setAttribute('cx', f.x(epochAxis.place(l.epochs[k])).toFixed(1));
      dots[i].setAttribute('cy', f.y(o.axis.place(v)).toFixed(1));
      if (l.full) said.push(`${l.full} ${number(v)}`);
    });
    f.root.setAttribute('aria-label', `${title}, ${o.ylabel} over epochs; at epoch ${epochText(e)}: ${said.join('; ')}`);
  };
  const frameAt = px => {
    let best = 0, least = Infinity;
    frames.forEach((e, i) => {
      const d = Math.abs(f.x(epochAxis.place(e)) - px);
      if (d < least) { least = d; best = i; }
    });
    return best;
  };
  hover(f, px => {
    const e = frames[frameAt(px)];
    return `epoch ${epochText(e)}\n` + lines.filter(l => l.full).map(l => {
      const k = indexAt(l.epochs, e);
      return `${l.full}  ${number(k < 0 ? NaN : l.values[k])}`;
    }).join('\n');
  }, px => show(frameAt(px)));
  charts.push(move);
}

/* Names at the right ends of their curves, pushed apart. */
function endNames(f, lines, axis) {
  const ends = lines.map(l => {
    const v = l.values.filter(isFinite);
    return { l, y: f.y(axis.place(v[v.length - 1])) };
  }).sort((a, b) => a.y - b.y);
  const step = Math.min(13, f.y(0) / Math.max(1, ends.length));
  for (let turn = 0; turn < 40; turn++)
    for (let i = 0; i + 1 < ends.length; i++) {
      const lack = step - (ends[i + 1].y - ends[i].y);
      if (lack > 0) { ends[i].y -= lack / 2; ends[i + 1].y += lack / 2; }
    }
  /* Within the figure: down from the top, then up from the bottom. */
  ends.forEach((e, i) => { e.y = Math.max(e.y, i ? ends[i - 1].y + step : 8); });
  for (let i = ends.length - 1; i >= 0; i--)
    ends[i].y = Math.min(ends[i].y, i + 1 < ends.length ? ends[i + 1].y - step : f.y(0) + 4);
  for (const e of ends)
    f.root.append(svg('text', { x: f.x(1) + 7, y: e.y + 4, style: `fill:${e.l.colour}` }, e.l.label));
}

/* Tip beside the pointer; pick, if any, takes clicks and drags. */
function hover(f, textAt, pick) {
  const at = event => {
    const box = f.root.getBoundingClientRect();
    return [(event.clientX - box.left) * f.width / box.width, (event.clientY - box.top) * f.height / box.height];
  };
  const tip = $('tip');
  f.root.addEventListener('pointermove', event => {
    const [x, y] = at(event), text = textAt(x, y);
    if (pick && event.buttons & 1) pick(x);
    tip.hidden = !text;
    if (!text) return;
    tip.textContent = text;
    const left = event.clientX + 16 + tip.offsetWidth > innerWidth ? event.clientX - 16 - tip.offsetWidth : event.clientX + 16;
    tip.style.left = Math.max(4, left) + 'px';
    tip.style.top = Math.min(event.clientY + 14, innerHeight - tip.offsetHeight - 4) + 'px';
  });
  f.root.addEventListener('pointerleave', () => { tip.hidden = true; });
  if (pick) f.root.addEventListener('pointerdown', event => pick(at(event)[0]));
}

/* ---- sections ---- */

function fill(id, draw) {
  const parent = $(id);
  parent.replaceChildren();
  draw(parent);
}

/* Ranges of a field, one for each visible layer of each visible run. */
function ranges(field) {
  return runsShown().flatMap(r => {
    const b = blockOf(r);
    return b && b.series[field] ? b.series[field].filter((_, l) => layerShown(l)).map(rangeOf) : [];
  });
}

const layerLines = (table, of, more) => !table ? [] : table.layers.map((name, l) => ({ name, full: name, l,
  colour: layerColour(l, depth), epochs: table.epochs, values: of(l), ...more })).filter(x => layerShown(x.l) && x.values);

function drawPlanes() {
  const nulls = field => state.null && NULLS[field] ? ranges(NULLS[field]) : [];
  const axes = { x: fitAxis(ranges(state.across), state.xscale, 6, nulls(state.across)),
    y: fitAxis(ranges(state.form), state.yscale, 6, nulls(state.form)) };
  fill('planes', parent => runsShown().forEach(r => drawPlane(parent, r, axes)));
}

function drawInformation() {
  fill('curves', parent => ['I_XT', state.form, 'H_T'].forEach(field => {
    const all = ranges(field), nulls = state.null && NULLS[field] ? ranges(NULLS[field]) : [];
    if (!all.length && blocks.length) return;
    const axis = fitAxis(all, 'auto', 5, nulls);
    runsShown().forEach(r => {
      const b = blockOf(r), lines = layerLines(b, l => valuesOf(b, field, l));
      if (state.null && NULLS[field])
        lines.push(...layerLines(b, l => valuesOf(b, NULLS[field], l), { name: '', full: '', thin: true, dash: '1 4' }));
      const H = field === 'I_TY' && b && b.H_Y;
      drawCurves(parent, `${LABELS[field]}, ${r.shown}`, { lines, axis, ylabel: b ? b.unit : '', none: missing(r),
        marks: H ? [[H, `H(Y) = ${number(H)} of this estimator`]] : [] });
    });
  }));
}

function drawTraining() {
  const both = (r, kind, factor) => ['train', 'test'].map((part, k) => {
    const v = valuesOf(r.training, `${part}_${kind}`, 0);
    return { name: part, full: part, colour: layerColour(k, 2), epochs: r.training.epochs,
      values: v && v.map(x => factor * x) };
  });
  const accuracy = runsShown().some(r => r.training.series.train_accuracy || r.training.series.test_accuracy);
  const losses = runsShown().flatMap(r => both(r, 'loss', 1)).filter(l => l.values).map(l => rangeOf(l.values));
  const spread = losses.length && Math.max(...losses.map(r => r[1])) > 20 * Math.min(...losses.map(r => r[0]));
  fill('training', parent => {
    if (accuracy) {
      const axis = fitAxis([[0, 96]], 'linear', 5);
      runsShown().forEach(r => drawCurves(parent, `Accuracy, ${r.shown}`, { lines: both(r, 'accuracy', 100), axis, ylabel: 'accuracy [%]' }));
    }
    const axis = fitAxis(losses, spread ? 'whole' : 'linear', 5);
    runsShown().forEach(r => drawCurves(parent, `Loss, ${r.shown}`, { lines: both(r, 'loss', 1), axis, ylabel: 'loss' }));
  });
}

const over = (a, b) => a && b && a.map((v, i) => v / b[i] > 0 ? v / b[i] : NaN);
const GRADIENTS = [['m/‖W‖', 'gradient_mean', 'weight_norm'], ['s/‖W‖', 'gradient_sd', 'weight_norm'],
  ['m/s', 'gradient_mean', 'gradient_sd']];

function drawGradients() {
  fill('gradients', parent => GRADIENTS.forEach(([label, a, b]) => {
    const linesOf = r => layerLines(r.gradients, l => over(valuesOf(r.gradients, a, l), valuesOf(r.gradients, b, l)));
    const all = runsShown().flatMap(linesOf).map(l => rangeOf(l.values));
    if (label === 'm/s' && all.length) all.push([1, 1]);
    const axis = fitAxis(all, 'whole', 5);
    runsShown().forEach(r => drawCurves(parent, `${label}, ${r.shown}`, { lines: linesOf(r), axis, ylabel: label, height: 220,
      none: 'no gradients were recorded', marks: label === 'm/s' ? [[1, 'm = s']] : [] }));
  }));
}

const PICTURES = { filters: 'Filters of the first layer', features: 'Feature maps of one sample',
  confusion: 'Confusion matrix', wrong: 'Largest losses' };

function drawPictures() {
  const [shown, found] = data.pictures, note = $('pictures-note');
  note.textContent = !found ? 'These runs have no pictures: train with --pictures every:5, or run infoplane pictures RUN, and report again.'
    : (shown < found ? `${shown} of ${found} pictures are in this file, spread over their logarithm. ` : '') +
      'The picture is the last one not after the epoch shown; each filter and each layer is shown over its own range, in 16 levels; the originals are in the folder figures of the run.';
  fill('pictures', parent => {
    for (const kind in PICTURES)
      runsShown().forEach(r => {
        const list = r.pictures[kind], epochs = list.map(p => p[0]);
        if (!list.length) {
          if (data.runs.some(q => q.pictures[kind].length)) emptyCard(parent, `${PICTURES[kind]}, ${r.shown}`, 'this run has none');
          return;
        }
        const small = element('small'), image = element('img', { alt: '', decoding: 'sync' });
        parent.append(element('div', { class: 'card' }, element('h3', {}, `${PICTURES[kind]}, ${r.shown} `, small), image));
        let last = -1;
        charts.push(() => {
          const at = indexAt(epochs, frames[state.frame]), k = Math.max(0, at);
          small.textContent = `epoch ${epochText(epochs[k])}` + (at < 0 ? ', the first there is' : '');
          if (k === last) return;
          last = k;
          image.src = 'data:image/png;base64,' + list[k][1];
          image.alt = `${PICTURES[kind]} of ${r.shown} after epoch ${epochText(epochs[k])}`;
        });
      });
  });
}

function table(caption, head, rows) {
  const body = element('tbody', {}, ...rows.map(row => element('tr', {},
    ...row.map((cell, i) => element(i ? 'td' : 'th', i ? {} : { scope: 'row' }, cell)))));
  const t = element('table', {}, element('caption', {}, caption),
    element('thead', {}, element('tr', {}, ...head.map(h => element('th', { scope: 'col' }, h)))), body);
  return { body, card: element('div', { class: 'card scroll', role: 'region', tabindex: '0', 'aria-label': caption }, t) };
}

function drawValues() {
  const fields = unique(['I_XT', state.form, 'I_prev', 'H_T']);
  fill('values', parent => runsShown().forEach(r => {
    const b = blockOf(r), g = r.gradients, names = b ? b.layers : g.layers;
    const unit = b ? ` [${b.unit}]` : '';
    const t = table(r.shown, ['layer', ...fields.map(x => LABELS[x] + unit), ...GRADIENTS.map(x => x[0])],
      names.map(n => [n, ...Array(fields.length + GRADIENTS.length).fill('')]));
    const caption = t.card.querySelector('caption');
    parent.append(t.card);
    charts.push(() => {
      const e = frames[state.frame], k = b ? indexAt(b.epochs, e) : -1, j = indexAt(g.epochs, e);
      const i = indexAt(r.training.epochs, e), part = f => i < 0 ? NaN : (valuesOf(r.training, f, 0) || [])[i];
      caption.textContent = `${r.shown}, epoch ${epochText(e)}: loss ${number(part('train_loss'))} (train) ${number(part('test_loss'))} (test), ` +
        `accuracy ${number(100 * part('train_accuracy'))} % (train) ${number(100 * part('test_accuracy'))} % (test)`;
      names.forEach((_, l) => {
        const cells = t.body.rows[l].cells;
        fields.forEach((x, c) => { cells[c + 1].textContent = number(k < 0 ? NaN : (valuesOf(b, x, l) || [])[k]); });
        GRADIENTS.forEach(([, p, q], c) => {
          const v = over(valuesOf(g, p, l), valuesOf(g, q, l));
          cells[c + 1 + fields.length].textContent = number(j < 0 || !v ? NaN : v[j]);
        });
      });
    });
  }));
}

function drawSummary() {
  fill('summary', parent => runsShown().forEach(r => {
    const b = blockOf(r), n = r.training.epochs.length - 1;
    if (!b) { emptyCard(parent, r.shown, missing(r)); return; }
    const end = f => (valuesOf(r.training, f, 0) || [])[n];
    const t = table(`${r.shown}: test accuracy ${number(100 * end('test_accuracy'))} % after epoch ${n < 0 ? '–' : epochText(r.training.epochs[n])}; ` +
      `${b.split} probe${b.n ? ' of ' + b.n : ''}, ${b.measured} epochs measured`,
      ['layer', 'I(X;T) first', 'max', 'at epoch', 'end', 'compression', 'last 50', 'compression', 'turned', 'I(T;Y) first', 'end', 'crossing'],
      b.layers.map((name, l) => {
        const x = b.xt[l] || [], y = b.ty[l] || [];
        const share = v => percent(v === undefined ? null : v);
        return [name, number(x[0]), number(x[1]), number(x[2]), number(x[3]), share(x[4]), number(x[5]), share(x[6]), number(x[7]),
          number(y[0]), number(y[3]), number(r.gradients.transition[l])];
      }));
    if (r.summary) t.card.append(element('details', {}, element('summary', {}, 'summary.txt, all estimators in words'), element('pre', { tabindex: '0' }, r.summary)));
    parent.append(t.card);
  }));
}

/* run.json as rows; what is no JSON is shown as it is. */
function drawProvenance() {
  const quote = w => /^[\w@%+=:,./-]+$/.test(w) ? w : "'" + w.replace(/'/g, "'\\''") + "'";
  const textOf = (key, v) => Array.isArray(v)
    ? key === 'argv' ? v.map(quote).join(' ') : v.map(x => typeof x === 'object' ? Object.entries(x).map(p => p.join(' ')).join(', ') : x).join('\n')
    : typeof v === 'object' ? JSON.stringify(v) : String(v);
  const told = data.runs.filter(r => r.experiment !== null);
  if (told.length < data.runs.length)
    $('provenance').before(element('p', { class: 'note' }, `Of the first ${told.length} of ${data.runs.length} runs; that of the others is in run.json and experiment.ini of their folders.`));
  fill('provenance', parent => told.forEach(r => {
    const card = element('div', { class: 'card' }, element('h3', {}, r.shown + ' ', element('small', {}, r.folder)));
    let facts = null;
    try { facts = r.provenance && JSON.parse(r.provenance); } catch (e) { facts = null; }
    if (facts)
      card.append(element('table', { class: 'facts' }, element('tbody', {}, ...Object.entries(facts).filter(([, v]) => !(Array.isArray(v) && !v.length))
        .map(([k, v]) => element('tr', {}, element('th', { scope: 'row' }, k === 'argv' ? 'command' : k.replace(/_/g, ' ')), element('td', {}, textOf(k, v)))))));
    else card.append(element('pre', {}, r.provenance || 'no run.json'));
    card.append(element('details', {}, element('summary', {}, 'experiment.ini, which makes this run again'), element('pre', { tabindex: '0' }, r.experiment)));
    parent.append(card);
  }));
}

/* ---- what the estimators mean ---- */

const MEANING = {
  logdet: 'LogDet entropy is ½ log det(I + βΣ): the rate of a Gaussian channel with noise of variance 1/β, from second moments alone. ' +
    'It is not Shannon’s entropy. I(T;Y) in the one-hot form is bounded by the LogDet entropy of the labels, which is far above ln K; class by class it has no such bound. ' +
    'β and the scale of the activations are one knob: compare values only under one rule for β and one number of samples.',
  kde: 'Kernel density bounds (Kolchinsky and Tracey): Gaussian noise of variance var is added to T on paper, the net has none. ' +
    'Values cannot exceed the logarithm of the number of samples, and layers at that ceiling say nothing.',
  binning: 'Activations are rounded to bins; I(X;T) is then the entropy of the binned layer. It cannot exceed the logarithm of the number of samples: ' +
    'wide layers sit at that ceiling whatever they do. Bounds of the bins decide what is seen of an unbounded activation.',
  renyi: 'Matrix-based Rényi entropy, from the eigenvalues of a kernel matrix. It depends on the width of the kernel and cannot exceed log₂ of the number of samples.',
  ksg: 'Nearest neighbours (Kraskov et al.). Estimates cannot exceed about the logarithm of the number of samples; repeated activations break the method.',
  kl: 'Nearest neighbours (Kozachenko and Leonenko), an entropy of a density: it may be negative and moves with the scale of the activations.',
  gauss: 'The value for Gaussian variables with the measured covariance: linear dependence only.',
};

const PROBES = { train: 'samples of the training part', test: 'samples of the test part', all: 'samples of both parts' };

function explain() {
  const b = blocks.find(x => keyOf(x) === state.estimator && x.split === state.split) ||
    blocks.find(x => keyOf(x) === state.estimator);
  const p = element('p'), name = b ? b.estimator.split(':')[0] : '';
  if (b) p.append(element('code', {}, b.estimator), ` in ${b.unit}, ${PROBES[b.split] || b.split}${b.n ? ` (${b.n})` : ''}. `, MEANING[name] || '');
  else p.textContent = 'No information was measured in these runs.';
  $('estimator-help').replaceChildren(p);
}

/* ---- moving and choosing ---- */

const slider = $('slider'), output = $('epoch'), play = $('play');
let timer = null;

function show(frame) {
  state.frame = Math.max(0, Math.min(frames.length - 1, frame));
  const text = frames.length ? 'epoch ' + epochText(frames[state.frame]) : 'no epoch';
  slider.value = state.frame;
  slider.setAttribute('aria-valuetext', text);
  output.textContent = text;
  if (frames.length) charts.forEach(move => move());
}

function drawAll() {
  const n = runsShown().length;
  document.documentElement.style.setProperty('--columns', n === 1 ? 2 : n === 4 ? 2 : Math.min(n, 3) || 1);
  $('planes').style.setProperty('--columns', n === 1 ? 1 : '');
  if (n !== 1) $('planes').style.removeProperty('--columns');
  charts.length = 0;
  explain();
  [drawPlanes, drawInformation, drawTraining, drawGradients, drawPictures, drawValues, drawSummary].forEach(draw => draw());
  show(state.frame);
}

function togglePlay() {
  const start = !timer;
  clearInterval(timer);
  timer = null;
  if (start) {
    if (state.frame >= frames.length - 1) show(0);
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
    timer = setInterval(() => {
      if (state.frame >= frames.length - 1) togglePlay(); else show(state.frame + 1);
    }, still ? 600 : Math.max(40, Math.min(250, 12000 / frames.length)));
  }
  output.setAttribute('aria-live', start ? 'off' : 'polite');
  play.textContent = start ? '❚❚ Pause' : '▶︎ Play';
}

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  $('theme').textContent = theme === 'dark' ? 'Light' : 'Dark';
  $('theme').setAttribute('aria-pressed', String(theme === 'dark'));
}

/* Fill a select; it goes away when there is nothing to choose. */
function choose(id, options, key) {
  const select = $(id);
  select.replaceChildren(...options.map(([value, text]) => element('option', { value }, text)));
  select.value = state[key];
  select.closest('label').hidden = options.length < 2;
  select.onchange = () => { state[key] = select.value; drawAll(); };
}

function ticks(id, names, off, colour) {
  const set = $(id), boxes = [];
  if (names.length > DRAWN_FIRST)
    for (const [text, on] of [['all', true], ['none', false]]) {
      const button = element('button', { type: 'button' }, text);
      button.onclick = () => {
        boxes.forEach((box, i) => { box.checked = on; if (on) off.delete(i); else off.add(i); });
        drawAll();
      };
      set.append(button);
    }
  names.forEach((name, i) => {
    const box = element('input', { type: 'checkbox' });
    box.checked = !off.has(i);
    boxes.push(box);
    box.onchange = () => { if (box.checked) off.delete(i); else off.add(i); drawAll(); };
    const key = element('span', { class: 'key', 'aria-hidden': 'true' });
    if (colour) key.style.background = colour(i);
    set.append(element('label', {}, box, ...(colour ? [key] : [' ']), name));
  });
  set.hidden = names.length < 2;
}

function paintKeys() {
  document.querySelectorAll('#layers .key').forEach((key, l) => { key.style.background = layerColour(l, depth); });
}

function setUp() {
  const names = unique(data.runs.map(r => r.shown)), many = names.length > 4;
  const heading = data.title || (many ? `${names.slice(0, 2).join(', ')} and ${names.length - 2} more` : names.join(' and '));
  document.title = heading + ' – Infoplane report';
  $('title').textContent = heading;
  const all = Math.max(...data.runs.map(r => Math.max(r.training.measured, ...r.blocks.map(b => b.measured))));
  const kept = Math.max(...data.runs.map(r => Math.max(r.training.epochs.length, ...r.blocks.map(b => b.epochs.length))));
  const first = data.runs.length > DRAWN_FIRST ? `, the first ${DRAWN_FIRST} of them drawn: choose others under Runs` : '';
  $('lead').textContent = `${data.runs.length === 1 ? 'One run' : data.runs.length + ' runs'}${first}. Drag the slider, use the arrow keys, or press space to play. ` +
    (kept < all ? `Of ${all} measured epochs ${kept} are shown, spread over their logarithm; ` : 'All measured epochs are shown; ') +
    'numbers have four digits. The full tables are in the CSV files of the runs.';
  $('footer').textContent = `Written by infoplane ${data.version}. This file needs no network and sends nothing.`;
  choose('estimator', unique(blocks.map(keyOf)).map(k => [k, k]), 'estimator');
  choose('split', unique(blocks.map(b => b.split)).map(s => [s, s]), 'split');
  choose('form', Object.entries(FORMS).filter(([f]) => blocks.some(b => b.series[f])), 'form');
  ['across', 'xscale', 'yscale'].forEach(id => { $(id).onchange = () => { state[id] = $(id).value; drawAll(); }; });
  $('across').closest('label').hidden = !blocks.some(b => b.series.I_prev);
  $('null').onchange = () => { state.null = $('null').checked; drawAll(); };
  $('null-choice').hidden = !blocks.some(b => b.series.I_XT_null || b.series.I_TY_null);
  ticks('runs', data.runs.map(r => r.shown), state.runsOff);
  ticks('layers', layerNames, state.layersOff, l => layerColour(l, depth));
  slider.max = Math.max(0, frames.length - 1);
}

slider.oninput = () => show(+slider.value);
play.onclick = togglePlay;
$('choices').onsubmit = event => event.preventDefault();
$('theme').onclick = () => { setTheme(isDark() ? 'light' : 'dark'); paintKeys(); drawAll(); };
addEventListener('keydown', event => {
  const tag = event.target.tagName;
  if (event.ctrlKey || event.metaKey || event.altKey || tag === 'SELECT' || tag === 'PRE') return;
  const press = event.target.closest('button, summary, input[type=checkbox]');
  if (event.code === 'Space' && !press) { event.preventDefault(); togglePlay(); return; }
  const step = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity }[event.key];
  if (step === undefined || event.target.closest('.scroll')) return;
  event.preventDefault();
  show(state.frame + step);
});
let width = innerWidth, waiting = 0;
addEventListener('resize', () => {
  if (innerWidth === width) return; /* the bars of a phone come and go */
  width = innerWidth;
  clearTimeout(waiting);
  waiting = setTimeout(drawAll, 120);
});
let before = null;
addEventListener('beforeprint', () => {
  before = document.documentElement.dataset.theme;
  if (before === 'dark') { setTheme('light'); drawAll(); }
});
addEventListener('afterprint', () => {
  if (before === 'dark') { setTheme('dark'); drawAll(); }
});
const system = matchMedia('(prefers-color-scheme: dark)');
system.addEventListener('change', event => { setTheme(event.matches ? 'dark' : 'light'); paintKeys(); drawAll(); });

setTheme(system.matches ? 'dark' : 'light');
setUp();
if (innerWidth < 760) document.querySelectorAll('details[open]').forEach(d => { d.open = false; });
drawProvenance();
drawAll();
})();
