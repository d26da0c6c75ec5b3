// The page: its state, its controls, the workers, and when what is drawn.
'use strict';

document.documentElement.dataset.script = Math.round(performance.now());
const $ = id => document.getElementById(id);
const read = id => JSON.parse($(id).textContent);
const ABOUT = read('about'), PRESETS = read('presets-data'), INITIAL = read('initial');
const DRAWS = 16384; // of the numbers at d, as fate predict --draws

// A slider goes from min to max in steps; the number beside it takes all that theory takes.
const CONTROLS = [
  { key: 'gamma', label: '$\\gamma = n/d$', name: 'samples', min: .01, max: 2, step: .01 },
  { key: 'theta', label: '$\\theta$', name: 'angle in degrees', min: 0, max: 180, step: 1 },
  { key: 'sigma', label: '$\\sigma$', name: 'label noise', min: 0, max: 1, step: .01 },
  { key: 'depth', label: '$L$', name: 'layers', min: 1, max: 10, step: 1 },
  { key: 'd', label: '$d$', name: 'dimension', min: 2, max: 10000, log: true },
  { key: 'lambda', label: '$\\lambda$', name: 'ridge of the head', min: 0, max: 2, step: .01 },
  { key: 'k', label: '$k$', name: 'source tasks', min: 1, max: 20, step: 1 },
  { key: 'source', label: '$\\gamma_s$', name: 'source points per dimension; 0: unlimited', min: 0, max: 3, step: .05 },
];
const WHOLE = ['depth', 'd', 'k'];

let s = { ...INITIAL };
const results = { live: null, law: null, exact: null };
const view = () => {
  const n = Math.max(1, Math.round(s.gamma * s.d));
  return { s: results.live ? results.live.s : s, n: results.live ? Math.max(1, Math.round(results.live.s.gamma * results.live.s.d)) : n,
    gamma: results.live ? results.live.limits.gamma : n / s.d, live: results.live,
    law: results.law && results.law.gain, exact: results.exact && results.exact.key === key(results.live.s) ? results.exact.mean : null };
};
const key = s => JSON.stringify(s);

// ---- the state in the address

const names = Object.keys(INITIAL);
const fragment = () => '#' + names.map(k => `${k}=${s[k]}`).join('&');
function fromFragment() {
  const given = new URLSearchParams(location.hash.slice(1)), next = { ...INITIAL };
  for (const k of names) {
    if (!given.has(k)) continue;
    if (k === 'baseline') next[k] = given.get(k) === 'tuned' ? 'tuned' : 'plain';
    else if (given.get(k).trim() !== '' && Number.isFinite(Number(given.get(k)))) next[k] = WHOLE.includes(k) ? Math.round(Number(given.get(k))) : Number(given.get(k));
  }
  return next;
}
let addressTimer;
function writeAddress() {
  clearTimeout(addressTimer);
  addressTimer = setTimeout(() => { if (location.hash !== fragment()) history.replaceState(null, '', fragment()); }, 200);
}

// set changes the state. Several features, a ridge and finite source data exclude each other
// in theory: what was set last stays.
function set(change, keepPreset) {
  stopTween();
  apply(change);
  if (!keepPreset) mark(null);
}
function apply(change) {
  s = { ...s, ...change };
  if (change.k > 1) { s.lambda = 0; s.source = 0; } else if (change.lambda > 0) { s.k = 1; s.source = 0; } else if (change.source > 0) { s.k = 1; s.lambda = 0; }
  writeAddress();
  ask();
  repaint('controls');
}

// ---- the workers: each answers the newest request of its lane

class Lane {
  constructor(url, done) {
    Object.assign(this, { worker: new Worker(url), done, busy: true, next: null, count: 0 });
    this.worker.onmessage = e => {
      if (e.data.ready) { this.module = e.data.ready; document.documentElement.dataset.ready ||= Math.round(performance.now()); }
      else this.done(e.data, this.sent);
      this.busy = false;
      if (this.next) this.send(this.next);
    };
    this.worker.onerror = e => say(`The program of the page does not run here: ${e.message}`, true);
  }
  send(request) {
    if (this.busy) { this.next = request; return; }
    this.next = null;
    this.busy = true;
    this.sent = request;
    this.worker.postMessage({ ...request, id: ++this.count });
  }
}

const url = URL.createObjectURL(new Blob([$('worker').textContent], { type: 'text/javascript' }));
const lanes = {
  live: new Lane(url, (r, sent) => {
    if (r.error) { say(r.error.replace(/^theory: /, ''), true); return; }
    say('');
    if (!results.live) for (const other of [lanes.law, lanes.exact]) other.worker.postMessage({ start: lanes.live.module }); // the first picture has the machine for itself
    results.live = { ...r, s: sent.s };
    if (!sent.fine) restAfter();
    repaint('linear', 'finetune', 'risks', 'gain', 'scale', 'breakeven', 'distances', 'numbers', ...sent.fine ? ['code'] : []);
  }),
  law: new Lane(url, r => { results.law = r.gain && !r.gain.error ? r : null; repaint('gain'); }),
  exact: new Lane(url, (r, sent) => { if (r.mean && !r.mean.error) { results.exact = { mean: r.mean, key: key(sent.s) }; repaint('gain', 'numbers'); } }),
};
lanes.live.worker.postMessage({ start: $('wasm').textContent.trim() });

function ask() {
  lanes.live.send({ task: 'live', s, fine: false, top: TOP, limit: LIMIT });
  lanes.law.send({ task: 'law', s, fine: false });
  clearTimeout(restTimer);
}
let restTimer;
// restAfter asks for the finer map, the smoother law and the numbers at d once nothing moves.
function restAfter() {
  clearTimeout(restTimer);
  restTimer = setTimeout(() => {
    lanes.live.send({ task: 'live', s, fine: true, top: TOP, limit: LIMIT });
    lanes.law.send({ task: 'law', s, fine: true });
    lanes.exact.send({ task: 'exact', s, draws: DRAWS });
  }, 160);
}

// ---- drawing, once a frame and only what changed

const dirty = new Set();
let frame = 0;
function repaint(...parts) {
  parts.forEach(p => dirty.add(p));
  if (!frame) frame = requestAnimationFrame(paint);
}
const dark = matchMedia('(prefers-color-scheme: dark)');
const theme = () => THEMES[dark.matches ? 'dark' : 'light'];
dark.addEventListener('change', () => repaint(...Object.keys(PANELS)));
const drawn = {}, widths = {}, hidden = new Set(), stale = new Set();
const seen = new IntersectionObserver(entries => {
  for (const { target: { id }, isIntersecting } of entries) {
    if (isIntersecting) hidden.delete(id); else hidden.add(id);
    if (isIntersecting && stale.delete(id)) repaint(id);
  }
}, { rootMargin: '60px' });

function paint() {
  frame = 0;
  const parts = [...dirty];
  dirty.clear();
  if (parts.includes('controls')) showControls();
  if (!results.live) return;
  const v = view();
  const begin = performance.now();
  for (const p of parts) {
    if (p === 'controls') continue;
    if (performance.now() - begin > 4 && !v.live.fine) { repaint(p); continue; } // a slow machine draws the rest in the next frame
    if (hidden.has(p) && !v.live.fine) stale.add(p); // what nobody sees waits until it comes into view or all rests
    else if (p === 'numbers') showNumbers(v);
    else if (p === 'code') showCode(v);
    else show(p, v);
  }
  place();
  if (!document.documentElement.dataset.first) document.documentElement.dataset.first = String(Math.round(performance.now()));
}

function show(name, v) {
  const host = $(name), svg = host.querySelector('svg'), width = widths[name] || (widths[name] = host.querySelector('.plot').clientWidth);
  const panel = PANELS[name](v, width, theme());
  drawn[name] = panel;
  if (svg.getAttribute('width') !== String(width) || svg.getAttribute('height') !== String(panel.pen.height)) {
    svg.setAttribute('width', width);
    svg.setAttribute('height', panel.pen.height);
  }
  panel.pen.show(svg);
  const caption = host.querySelector('.say');
  const now = performance.now();
  if (caption.said !== panel.say && (v.live.fine || !(now - caption.at < 120))) { caption.at = now; caption.said = panel.say; caption.innerHTML = html(panel.say); svg.setAttribute('aria-label', plain(panel.say)); }
  const canvas = host.querySelector('canvas');
  if (!canvas) return;
  canvas.hidden = !panel.map;
  if (!panel.map) return;
  const { box } = panel.axes, m = panel.map;
  Object.assign(canvas.style, { left: box.x + 'px', top: box.y + 'px', width: box.w + 'px', height: box.h + 'px' });
  if (canvas.width !== m.nx) { canvas.width = m.nx; canvas.height = m.ny; }
  canvas.getContext('2d').putImageData(new ImageData(m.pixels, m.nx, m.ny), 0, 0);
}

// place moves the points to the state, which is ahead of the maps.
function place() {
  const n = Math.max(1, Math.round(s.gamma * s.d)), gamma = n / s.d;
  for (const name of ['linear', 'finetune']) {
    const handle = $(name).querySelector('.handle'), { axes } = drawn[name] || {};
    if (!axes) continue;
    const inside = s.theta >= 0 && s.theta <= 180 && gamma <= TOP;
    handle.hidden = !inside;
    handle.style.transform = `translate(${axes.px(s.theta)}px, ${axes.py(gamma)}px)`;
    handle.setAttribute('aria-valuenow', s.theta);
    handle.setAttribute('aria-valuetext', `θ = ${s.theta}°, γ = ${short(gamma)}`);
  }
}

const resized = new ResizeObserver(entries => {
  for (const e of entries) {
    const name = e.target.parentElement.id, width = Math.round(e.contentRect.width);
    if (widths[name] !== width) { widths[name] = width; repaint(name); }
  }
});

// ---- messages

function say(text, bad) {
  const at = $('message');
  if (at.textContent !== text) at.textContent = text;
  at.classList.toggle('bad', !!bad);
}

// ---- presets

function mark(name) {
  for (const b of $('presets').children) b.setAttribute('aria-pressed', String(b.dataset.name === name));
  const p = PRESETS.find(p => p.name === name);
  $('sentence').textContent = p ? p.sentence : 'Drag the point, or move a slider: all panels follow.';
}
let tween = 0;
function stopTween() { cancelAnimationFrame(tween); tween = 0; }
function preset(p) {
  stopTween();
  mark(p.name);
  const from = { ...s }, to = { ...INITIAL, ...p.state };
  if (matchMedia('(prefers-reduced-motion: reduce)').matches) { s = to; apply({}); return; }
  const begin = performance.now();
  const step = now => {
    const f = Math.min(1, Math.max(0, now - begin) / 450), ease = f * f * (3 - 2 * f), mix = k => from[k] + (to[k] - from[k]) * ease;
    s = f === 1 ? to : { ...to, gamma: mix('gamma'), theta: mix('theta'), sigma: mix('sigma') };
    apply({});
    tween = f < 1 ? requestAnimationFrame(step) : 0;
  };
  tween = requestAnimationFrame(step);
}

setup();
s = location.hash ? fromFragment() : { ...INITIAL };
mark(null);
showControls();
ask();
addEventListener('hashchange', () => { if (location.hash !== fragment()) { stopTween(); s = fromFragment(); mark(null); apply({}); } });
