// The panels. Each takes the view (state and results), a width and a theme, and returns its
// drawing, its numbers in the form of pkg/figure, and a sentence that says what it shows.
'use strict';

const TOP = 2, LIMIT = .5; // the range of γ in the panels, and of T in the colours
const NAME = { linear: 'Linear transfer', finetune: 'Fine-tuning' };
const T = { linear: '$\\mathcal{T}_{\\mathrm{lt}}$', finetune: '$\\mathcal{T}_{\\mathrm{ft}}$' };
const R = { scratch: '$\\mathcal{R}_{\\mathrm{sc}}$', tuned: '$\\mathcal{R}^*_{\\mathrm{sc}}$', linear: '$\\mathcal{R}_{\\mathrm{lt}}$', finetune: '$\\mathcal{R}_{\\mathrm{ft}}$' };
const symbol = (s, kind) => s.baseline === 'tuned' ? T[kind].replace('{T}', '{T}^*') : T[kind];

// fix writes a number as fate predict does.
function fix(v, digits = 5) {
  if (v === undefined || v === null || Number.isNaN(v)) return 'none';
  if (!Number.isFinite(v)) return v > 0 ? '∞' : '−∞';
  if (Math.abs(v) < 1e-12) return '0';
  return v.toFixed(digits).replace('-', '−');
}
// estimate writes v with its standard error in units of the last digit, as fate predict does.
function estimate(v, stdErr, most = 5) {
  if (stdErr === Infinity && Number.isFinite(v)) return '≈ ' + short(Number(v.toPrecision(3)));
  if (!Number.isFinite(v) || !(stdErr > 0)) return fix(v, most);
  let digits = -Math.floor(Math.log10(stdErr)), last = Math.round(stdErr * 10 ** digits);
  if (last === 10) { digits--; last = 1; }
  if (digits > most) return fix(v, most);
  const unit = 10 ** Math.max(0, -digits); // of the digits that are shown before the point
  return `${(digits < 0 ? unit * Math.round(v / unit) : v).toFixed(Math.max(0, digits)).replace('-', '−')}(${last * unit})`;
}
const short = v => Math.abs(v) >= 1e-3 && Math.abs(v) < 1e4 || v === 0 ? String(Number(v.toPrecision(4))).replace('-', '−') : Number.isFinite(v) ? v.toExponential(2).replace(/e([+-])(\d+)/, (_, sign, n) => ` · 10$^{${sign === '-' ? '-' : ''}${n}}$`) : fix(v);
const percent = p => p > .9999 && p < 1 ? '> 99.99 %' : p < .0001 && p > 0 ? '< 0.01 %' : (100 * p).toFixed(2) + ' %';
const chance = v => v > 0 ? 'wins' : v < 0 ? 'loses' : 'ties';
const nearest = (x, v) => { let best = 0; x.forEach((t, i) => { if (Math.abs(t - v) < Math.abs(x[best] - v)) best = i; }); return best; };

function box(pen, height, left = 54, right = 14, top = 10, bottom = 44) {
  return { x: left, y: top, w: pen.width - left - right, h: height - top - bottom };
}

function phasePanel(kind) {
  return (view, width, theme) => {
    const { s, live } = view, m = live[kind], height = Math.round(Math.min(400, Math.max(270, width * .74)));
    const pen = new Pen(width, height, theme), axes = new Axes(pen, box(pen, height), [0, 180], [0, TOP]);
    const several = kind === 'finetune' && s.k > 1;
    // Colours are white to dark in both themes, so what is on them is black.
    if (several) pen.rect(axes.box.x, axes.box.y, axes.box.w, axes.box.h, '#bbbbbb');
    else for (const c of m.printed || []) axes.curve(c.x, c.y, { stroke: '#3c3f43', width: 1.6, dash: '5 4' });
    for (const c of m.exact || []) axes.curve(c.x, c.y, { stroke: '#000000', width: 2.2 });
    for (const sign of [1, -1]) if (m.signs[sign]) {
      const [x, y] = m.signs[sign], half = 30, down = axes.box.y + (1 - y) * axes.box.h + 5;
      let at = axes.box.x + Math.max(half, Math.min(axes.box.w - half, x * axes.box.w));
      if (Math.hypot(at - axes.px(s.theta), down - axes.py(view.gamma)) < 44) at += at < axes.px(90) ? 48 : -48; // not under the point
      pen.text(symbol(s, kind) + (sign > 0 ? ' > 0' : ' < 0'), at, down, { size: 13, anchor: 'middle', color: '#000000', halo: '#ffffff' });
    }
    if (kind === 'finetune' && !several && s.baseline === 'plain') pen.text('$\\mathcal{T}_{\\mathrm{ft}}$ = 0 for $n$ ≥ $d$', axes.px(90), axes.py(1.5) + 5, { size: 13, anchor: 'middle', color: '#000000' });
    if (several) pen.text('no formula for several features', axes.box.x + axes.box.w / 2, axes.box.y + axes.box.h / 2, { anchor: 'middle', color: '#000000' });
    axes.frame([0, 45, 90, 135, 180], [0, .5, 1, 1.5, 2], 'angle $\\theta$ between the tasks', 'samples $\\gamma = n/d$', v => v + '°', String);
    const t = live.t[kind];
    const say = several ? 'Theory has no formula for fine-tuning from several features.' :
      `${symbol(s, kind)} = ${fix(t, 3)} at the point: ${kind === 'linear' ? 'linear transfer' : 'fine-tuning'} ${chance(t)}${s.baseline === 'tuned' ? ' against the tuned baseline' : ''}.`;
    const cells = { x: steps(m.nx, 180), y: steps(m.ny, TOP), z: rows(m) };
    const data = { kind: 'phase diagram', title: NAME[kind], x: '$\\theta$ in degrees', y: '$\\gamma = n/d$', z: symbol(s, kind),
      curves: [...(m.exact || []).map(c => ({ role: 'boundary', label: 'exact', ...c })), ...(m.printed || []).map(c => ({ role: 'dashed', label: 'as printed', ...c })),
        { role: 'points', label: 'the setting', x: [s.theta], y: [view.gamma] }], grid: cells };
    return { pen, axes, say, data, map: several ? null : m };
  };
}
const steps = (n, top) => Array.from({ length: n }, (_, i) => top * (i + .5) / n);
const rows = m => Array.from({ length: m.ny }, (_, i) => Array.from(m.z.subarray(i * m.nx, (i + 1) * m.nx)));

function risksPanel(view, width, theme) {
  const { s, live } = view, r = live.risks, height = 300, pen = new Pen(width, height, theme);
  const most = Math.max(1.15, 1.15 * (live.limits.risk_linear || 0)), axes = new Axes(pen, box(pen, height), [0, TOP], [0, Math.min(3, Math.max(1.2, most))]);
  const ys = ticks(0, axes.y[1]);
  axes.grid([.5, 1, 1.5], ys.slice(1));
  const lines = [...s.k > 1 ? [] : [['finetune', r.finetune, 'fine-tuning', {}]], ['linear', r.linear, 'linear transfer', {}],
    ['scratch', r.scratch, 'scratch', s.baseline === 'tuned' ? { dash: '2 3', width: 1.4 } : {}]];
  if (s.baseline === 'tuned') lines.push(['scratch', r.tuned, 'tuned scratch', { width: 2.4 }]);
  for (const [color, y, , style] of lines) axes.curve(r.gamma, y, { stroke: color, ...style });
  const inside = y => y >= axes.y[0] && y <= axes.y[1];
  r.meangamma.forEach((g, i) => {
    if (inside(r.meanscratch[i])) pen.dot(axes.px(g), axes.py(r.meanscratch[i]), 2.6, 'paper', 'scratch');
    if (inside(r.meanlinear[i])) pen.dot(axes.px(g), axes.py(r.meanlinear[i]), 2.6, 'paper', 'linear');
  });
  const x = axes.px(Math.min(TOP, view.gamma));
  pen.line([[x, axes.box.y], [x, axes.box.y + axes.box.h]], { stroke: 'soft', width: 1.2, dash: '3 3' });
  for (const [color, y] of lines) { const v = y[nearest(r.gamma, view.gamma)]; if (inside(v) && view.gamma <= TOP) pen.dot(x, axes.py(v), 4.5, color, 'paper'); }
  axes.frame([0, .5, 1, 1.5, 2], ys, 'samples $\\gamma = n/d$', 'risk $\\mathcal{R}$');
  legend(pen, axes.box, lines.map(l => [l[2], l[0], l[3].dash]).reverse());
  const p = live.limits, base = s.baseline === 'tuned' ? r.tuned[nearest(r.gamma, view.gamma)] : p.risk_scratch;
  return { pen, axes, say: `At $n/d$ = ${fix(view.gamma, 3)} the risks are ${fix(base, 3)} from scratch, ${fix(p.risk_linear, 3)} for linear transfer${s.k > 1 ? '' : ` and ${fix(p.risk_finetune, 3)} for fine-tuning`}. Lines: the limit. Rings: exact means at $d$ = ${s.d}.`,
    data: { kind: 'slices', title: 'Risks', x: '$\\gamma = n/d$', y: '$\\mathcal{R}$',
      curves: [...lines.map(l => ({ role: 'line', label: l[2], x: r.gamma, y: l[1] })), { role: 'points', label: `scratch, d = ${s.d}`, x: r.meangamma, y: r.meanscratch }, { role: 'points', label: `linear transfer, d = ${s.d}`, x: r.meangamma, y: r.meanlinear }] } };
}

function legend(pen, box, items) {
  const width = 118, x = box.x + box.w - width - 8, y = box.y + 8;
  pen.rect(x, y, width, 17 * items.length + 8, 'paper', 'grid');
  items.forEach(([label, color, dash], i) => {
    const at = y + 17 * i + 15;
    pen.line([[x + 8, at - 4], [x + 28, at - 4]], { stroke: color, width: 2, dash });
    pen.text(label, x + 34, at, { size: 11.5 });
  });
}

function gainPanel(view, width, theme) {
  const { s, live, law, exact } = view, height = 300, pen = new Pen(width, height, theme), area = box(pen, height, 18, 14, 8, 44);
  const kinds = ['linear', 'finetune'].filter(k => law && law[k] && law[k].length);
  const data = { kind: 'slices', title: 'What one data set gains', x: '$\\mathcal{R}_{\\mathrm{sc}} - \\mathcal{R}$', y: 'density', curves: [] };
  if (!kinds.length) {
    pen.text(s.k > 1 ? 'no law for several features' : 'drawing the law …', width / 2, height / 2, { anchor: 'middle', color: 'soft' });
    return { pen, say: s.k > 1 ? 'Theory has no law for several features.' : 'The law is being drawn.', data: { ...data, curves: [{ role: 'points', x: [], y: [] }] }, law: true };
  }
  let low = 0, high = 0;
  for (const k of kinds) {
    const x = law[k], at = q => x[Math.floor(q * (x.length - 1))], reach = 2.5 * (at(.75) - at(.25)); // a risk may have no variance
    low = Math.min(low, Math.max(at(.005), at(.25) - reach)); high = Math.max(high, Math.min(at(.995), at(.75) + reach));
  }
  if (high - low < 1e-6) { low -= .05; high += .05; }
  const pad = .06 * (high - low), range = [low - pad, high + pad], says = [], titles = [];
  const each = area.h / 2, bins = Math.max(30, Math.min(72, Math.round(area.w / 7))), width1 = (range[1] - range[0]) / bins;
  ['linear', 'finetune'].forEach((k, row) => {
    const top = area.y + row * each, floor = top + each - 4, axes = new Axes(pen, { ...area, y: top, h: each - 4 }, range, [0, 1]);
    const name = NAME[k];
    if (!law[k] || !law[k].length) {
      titles.push([name, top + 15, { size: 12.5, bold: true }], ['equals scratch for $n$ ≥ $d$', top + 31, { size: 12, color: 'soft' }]);
      says.push('fine-tuning equals scratch on every data set');
      return;
    }
    // A bin ends at zero, so that each has one sign.
    const first = Math.floor(range[0] / width1), n = Math.ceil(range[1] / width1) - first, count = new Float64Array(n);
    let wins = 0, beyond = 0;
    for (const v of law[k]) {
      const i = Math.floor(v / width1) - first;
      if (i >= 0 && i < n) count[i]++;
      else beyond++;
      if (v > 0) wins++;
    }
    const most = Math.max(...count), h = each - 42;
    count.forEach((c, i) => {
      if (!c) return;
      const from = Math.max(area.x, axes.px((i + first) * width1)), to = Math.min(area.x + area.w, axes.px((i + first + 1) * width1));
      if (to > from) pen.rect(from, floor - c / most * h, Math.max(.5, to - from - .6), c / most * h, i + first >= 0 ? 'win' : 'lose');
    });
    pen.line([[area.x, floor], [area.x + area.w, floor]], { stroke: 'soft' });
    const known = exact && (k === 'linear' ? exact.p_linear_wins : exact.p_finetune_wins);
    const text = known !== null && known !== undefined ? percent(known) : '≈ ' + (100 * wins / law[k].length).toFixed(1) + ' %';
    titles.push([name, top + 15, { size: 12.5, bold: true, halo: 'paper' }], [`wins on ${text} of data sets`, top + 31, { size: 12, color: 'soft', halo: 'paper' }]);
    if (beyond > .01 * law[k].length) titles.push([`${Math.round(100 * beyond / law[k].length)} % are beyond the frame`, top + 47, { size: 11.5, color: 'soft', halo: 'paper' }]);
    says.push(`${k === 'linear' ? 'linear transfer' : 'fine-tuning'} wins on ${text}`);
    data.curves.push({ role: 'line', label: name, tier: 'law', x: Array.from(count, (_, i) => (i + first + .5) * width1), y: Array.from(count, c => c / law[k].length / width1) });
  });
  const axes = new Axes(pen, area, range, [0, 1]);
  pen.line([[axes.px(0), area.y], [axes.px(0), area.y + area.h]], { stroke: 'ink', width: 1.4 });
  const right = axes.px(0) < area.x + Math.min(180, area.w / 2); // away from the line at zero
  for (const [text, y, style] of titles) pen.text(text, right ? area.x + area.w - 4 : area.x + 4, y, { ...style, anchor: right ? 'end' : 'start' });
  for (const v of ticks(range[0], range[1], Math.max(3, Math.round(width / 110)))) {
    pen.line([[axes.px(v), area.y + area.h], [axes.px(v), area.y + area.h + 4]], { stroke: 'soft' });
    pen.text(fixTick(v), axes.px(v), area.y + area.h + 17, { size: 11.5, anchor: 'middle', color: 'soft' });
  }
  pen.text('gain $\\mathcal{R}_{\\mathrm{sc}} - \\mathcal{R}$ on one data set', area.x + area.w / 2, area.y + area.h + 35, { size: 13, anchor: 'middle' });
  return { pen, say: `Of data sets with $n$ = ${view.n} points in $d$ = ${s.d} dimensions: ${says.join('; ')}. The baseline is plain scratch.`, data, law: true };
}
const fixTick = v => String(v).replace('-', '−');

function depthPanel(which) {
  return (view, width, theme) => {
    const { s, live } = view, height = 230, pen = new Pen(width, height, theme), y = live.depths[which === 'c' ? 'scale' : 'breakeven'];
    const c = which === 'c', label = c ? 'scale $c$' : 'angle of break-even', depths = Array.from(y, (_, i) => i + 1);
    const known = y.filter(Number.isFinite), none = s.k > 1 || c && !Number.isFinite(y[Math.min(10, s.depth) - 1]) || !c && (view.gamma >= 1 || !known.length);
    const data = { kind: 'slices', title: c ? 'Scale of fine-tuning' : 'Break-even of fine-tuning', x: 'number of layers $L$', y: c ? '$c$' : '$\\theta$ in degrees', curves: [{ role: 'points', label: 'exact', x: depths, y }, { role: 'dashed', label: 'as printed', x: [1, 10], y: c ? [1, 1] : [60, 60] }] };
    let range = c ? [Math.min(.95, ...known), Math.max(1.05, ...known)] : [Math.min(54, ...known), Math.max(66, ...known)];
    const pad = .08 * (range[1] - range[0]), axes = new Axes(pen, box(pen, height, 58), [.5, 10.5], [range[0] - pad, range[1] + pad]);
    const why = s.k > 1 ? 'no formula for several features' : c ? 'the scale is infinite at $n$ = $d$, where it has no effect' : view.gamma >= 1 ? 'fine-tuning equals scratch for $n$ ≥ $d$' : 'it loses at every angle';
    const ys = ticks(axes.y[0], axes.y[1], 4), at = y[Math.min(10, s.depth) - 1];
    if (none) pen.text(why, axes.box.x + axes.box.w / 2, axes.box.y + axes.box.h / 2, { anchor: 'middle', color: 'soft' });
    else {
      axes.grid([], ys);
      axes.curve([.5, 10.5], c ? [1, 1] : [60, 60], { stroke: 'guide', width: 1.6, dash: '5 4' });
      pen.text(c ? 'as printed, $c$ = 1' : 'as printed, 60°', axes.px(10.4), axes.py(c ? 1 : 60) - 6, { size: 11.5, anchor: 'end', color: 'soft', halo: 'paper' });
      axes.curve(depths, y, { stroke: 'finetune', width: 1.6 });
      depths.forEach((L, i) => { if (Number.isFinite(y[i])) pen.dot(axes.px(L), axes.py(y[i]), L === s.depth ? 5.5 : 3, L === s.depth ? 'finetune' : 'paper', 'finetune'); });
    }
    axes.frame([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], none ? [] : ys, 'number of layers $L$', label.replace('angle of break-even', 'break-even $\\theta$'), String, v => fixTick(v) + (c ? '' : '°'));
    const number = Number.isFinite(at) ? fix(at, c ? 4 : 2) : 'none';
    return { pen, axes, data, say: none ? why[0].toUpperCase() + why.slice(1) + '.' : c ? `With ${s.depth} layers fine-tuning keeps the pretrained vector at the scale $c$ = ${number}; the paper takes 1.` : `With ${s.depth} layers fine-tuning wins below ${number}${number === 'none' ? '' : '°'}; as printed below 60°.` };
  };
}

function distancePanel(view, width, theme) {
  const { s, live } = view, d = live.distances, wide = width > 560, height = wide ? 262 : 330, pen = new Pen(width, height, theme);
  const items = [['KL divergence', 'kl'], ['Wasserstein-1, at most', 'w1'], ['MMD$^2$, ℓ = √$d$', 'mmd']];
  const cell = width / 3 - 8, curves = [];
  items.forEach(([name, key], i) => {
    const x0 = i * (cell + 12), y = d[key].map(v => Number.isFinite(v) ? v : NaN), most = Math.max(...y.filter(Number.isFinite), 1e-300);
    const axes = new Axes(pen, { x: x0 + 4, y: 62, w: cell - 8, h: 56 }, [0, 180], [0, most * 1.06]);
    pen.text(wide ? name : name.split(/[ ,]/)[0].replace('Wasserstein-1', 'W₁ ≤').replace('MMD$^2$', 'MMD$^2$'), x0 + 4, 16, { size: 12, color: 'soft' });
    pen.text(short(d.here[key]), x0 + 4, 40, { size: wide ? 20 : 16 });
    axes.curve(d.theta, y, { stroke: 'ink', width: 1.6 });
    pen.line([[axes.box.x, 118], [axes.box.x + axes.box.w, 118]], { stroke: 'soft' });
    if (Number.isFinite(d.here[key]) && s.theta >= 0 && s.theta <= 180) pen.dot(axes.px(s.theta), axes.py(d.here[key]), 4.5, 'ink', 'paper');
    pen.text('0°', axes.box.x, 133, { size: 11, color: 'soft' });
    pen.text('$\\theta$', axes.box.x + axes.box.w / 2, 133, { size: 11.5, anchor: 'middle', color: 'soft' });
    pen.text('180°', axes.box.x + axes.box.w, 133, { size: 11, color: 'soft', anchor: 'end' });
    curves.push({ role: 'line', label: plain(name), x: d.theta, y: d[key] });
  });
  // Below, the sign of T over n at the same pair of tasks.
  const left = wide ? 112 : 4, top = wide ? 162 : 176, area = { x: left, y: top, w: width - left - 8, h: wide ? 22 : 20 };
  ['linear', 'finetune'].forEach((k, row) => {
    const y = top + row * (wide ? 30 : 46), t = live.risks['t' + k], axes = new Axes(pen, { ...area, y }, [0, TOP], [0, 1]);
    pen.text(NAME[k], wide ? left - 10 : left, wide ? y + 15 : y - 6, { size: 12, anchor: wide ? 'end' : 'start' });
    for (let i = 0, from = 0; i < t.length; i++) {
      const key = String(transferColor(t[i], LIMIT));
      if (i + 1 < t.length && String(transferColor(t[i + 1], LIMIT)) === key) continue;
      const x0 = Math.round(axes.px(TOP * from / t.length)), x1 = Math.round(axes.px(TOP * (i + 1) / t.length));
      pen.rect(x0, y, x1 - x0, area.h, `rgb(${key})`);
      from = i + 1;
    }
    pen.rect(area.x, y, area.w, area.h, null, 'soft');
    for (let i = 1; i < t.length; i++) if (t[i] > 0 !== t[i - 1] > 0 && t[i] < 0 !== t[i - 1] < 0) {
      const x = axes.px(TOP * i / t.length);
      pen.line([[x, y], [x, y + area.h]], { stroke: '#000000', width: 2 });
    }
    if (view.gamma <= TOP) { const x = axes.px(view.gamma); pen.area([[x, y - 1], [x - 5, y - 8], [x + 5, y - 8]], { fill: 'ink' }); }
    curves.push({ role: 'line', label: plain(symbol(s, k)) + ' over γ', x: live.risks.gamma, y: t });
    if (row) for (const v of [0, .5, 1, 1.5, 2]) pen.text(String(v), axes.px(v), y + area.h + 15, { size: 11.5, anchor: v === 0 ? 'start' : v === 2 ? 'end' : 'middle', color: 'soft' });
    if (row) pen.text('samples $\\gamma = n/d$', area.x + area.w / 2, y + area.h + 32, { size: 12.5, anchor: 'middle' });
  });
  const signs = live.risks.tlinear.reduce((n, v, i, all) => n + (i && v > 0 !== all[i - 1] > 0 ? 1 : 0), 0);
  return { pen, data: { kind: 'slices', title: 'Distances between the data sets', x: '$\\theta$ in degrees', y: 'distance', curves },
    say: signs ? `The distances are the same at every $n$, while the sign of linear transfer changes ${signs === 1 ? 'once' : signs + ' times'} as $n$ grows: no distance between the data sets decides.` : 'The distances are the same at every $n$. At this angle and noise linear transfer keeps its sign.' };
}

const PANELS = { linear: phasePanel('linear'), finetune: phasePanel('finetune'), risks: risksPanel, gain: gainPanel, scale: depthPanel('c'), breakeven: depthPanel('angle'), distances: distancePanel };
