// Controls, the table of numbers, the Go cell, and what a hand or a key does to the point.
'use strict';

const inputs = {};
const toSlider = (c, v) => c.log ? Math.log10(v) : v;
const fromSlider = (c, v) => c.log ? Math.max(2, Number((10 ** v).toPrecision(2))) : Number(v.toFixed(4));

function setup() {
  for (const c of CONTROLS) {
    const row = document.createElement('div');
    row.className = 'control';
    row.innerHTML = `<label for="c-${c.key}"><span class="sym">${html(c.label)}</span> <span class="name">${c.name}</span></label>` +
      `<input type="range" id="c-${c.key}" min="${toSlider(c, c.min)}" max="${toSlider(c, c.max)}" step="${c.log ? 'any' : c.step}">` +
      `<input type="number" id="n-${c.key}" aria-label="${plain(c.label)}, ${c.name}" step="any" inputmode="decimal">`;
    $('sliders').append(row);
    const [range, number] = row.querySelectorAll('input');
    inputs[c.key] = { range, number, c };
    range.addEventListener('input', () => set({ [c.key]: fromSlider(c, Number(range.value)) }));
    number.addEventListener('change', () => {
      const v = Number(number.value);
      if (number.value.trim() === '' || !Number.isFinite(v)) { say(`${plain(c.label)} must be a number`, true); return; }
      set({ [c.key]: WHOLE.includes(c.key) ? Math.round(v) : v });
    });
  }
  for (const radio of document.querySelectorAll('[name=baseline]')) radio.addEventListener('change', () => set({ baseline: radio.value }));
  for (const p of PRESETS) {
    const b = document.createElement('button');
    b.type = 'button';
    b.textContent = p.name;
    b.dataset.name = p.name;
    b.title = p.also;
    b.addEventListener('click', () => preset(p));
    $('presets').append(b);
  }
  for (const name of Object.keys(PANELS)) {
    const host = $(name), tools = host.querySelector('.tools');
    resized.observe(host.querySelector('.plot'));
    seen.observe(host);
    for (const kind of ['SVG', 'PNG', 'CSV']) {
      const b = document.createElement('button');
      b.type = 'button';
      b.textContent = kind;
      b.setAttribute('aria-label', `${kind} of ${host.querySelector('h2').textContent}`);
      b.addEventListener('click', () => save(name, kind));
      tools.append(b);
    }
  }
  for (const name of ['linear', 'finetune']) point($(name).querySelector('.plot'), name);
  touch('risks', (axes, x) => ({ gamma: clamp((x - axes.box.x) / axes.box.w * TOP, .01, TOP, 100) }));
  for (const name of ['scale', 'breakeven']) touch(name, (axes, x) => ({ depth: clamp((x - axes.box.x) / axes.box.w * 10 + .5, 1, 10, 1) }));
  for (const b of document.querySelectorAll('[data-copy]')) b.addEventListener('click', () => copy(b));
  seen.observe($('numbers'));
  $('bar').innerHTML = bar();
}
const clamp = (v, low, high, grain) => Math.round(Math.min(high, Math.max(low, v)) * grain) / grain;

// touch lets a press or a drag on a panel set one coordinate.
function touch(name, to) {
  const plot = $(name).querySelector('.plot');
  const move = e => { const { axes } = drawn[name] || {}; if (axes) set(to(axes, e.clientX - plot.getBoundingClientRect().left)); };
  plot.addEventListener('pointerdown', e => { if (e.pointerType === 'mouse') plot.setPointerCapture(e.pointerId); move(e); });
  plot.addEventListener('pointermove', e => { if (e.buttons && e.pointerType === 'mouse') move(e); });
}

// point makes the point of a phase diagram follow a mouse, a finger and the keys.
function point(plot, name) {
  const handle = plot.querySelector('.handle');
  const move = e => {
    const { axes } = drawn[name] || {}, at = plot.getBoundingClientRect();
    if (!axes) return;
    set({ theta: clamp((e.clientX - at.left - axes.box.x) / axes.box.w * 180, 0, 180, 2), gamma: clamp((1 - (e.clientY - at.top - axes.box.y) / axes.box.h) * TOP, .01, TOP, 200) });
  };
  let held = false;
  plot.addEventListener('pointerdown', e => {
    if (e.button) return;
    held = e.pointerType === 'mouse' || e.target === handle; // a finger beside the point scrolls the page
    if (held) { plot.setPointerCapture(e.pointerId); e.preventDefault(); handle.focus({ preventScroll: true }); move(e); }
  });
  plot.addEventListener('pointermove', e => { if (held) move(e); });
  for (const end of ['pointerup', 'pointercancel']) plot.addEventListener(end, () => { held = false; });
  plot.addEventListener('click', e => { if (e.target !== handle && e.detail) move(e); });
  handle.addEventListener('keydown', e => {
    const far = e.shiftKey ? 10 : 1, step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, .01], ArrowDown: [0, -.01], PageUp: [0, .1], PageDown: [0, -.1], Home: [-180, 0], End: [180, 0] }[e.key];
    if (!step) return;
    e.preventDefault();
    set({ theta: clamp(s.theta + step[0] * far, 0, 180, 2), gamma: clamp(s.gamma + step[1] * far, .01, TOP, 1000) });
  });
}

function showControls() {
  for (const input of Object.values(inputs)) {
    const { range, number, c } = input, v = s[c.key];
    if (input.shown === v && document.activeElement !== number) continue;
    input.shown = v;
    range.value = toSlider(c, v);
    range.setAttribute('aria-valuetext', c.key === 'source' && !v ? 'unlimited' : plain(short(v)));
    if (document.activeElement !== number || Number(number.value) !== v) number.value = String(Number(v.toPrecision(10)));
  }
  for (const radio of document.querySelectorAll('[name=baseline]')) radio.checked = radio.value === s.baseline;
  const n = Math.max(1, Math.round(s.gamma * s.d));
  put('size', `<i>n</i> = ${n} points in <i>d</i> = ${s.d} dimensions` + (s.source ? `, <i>n</i><sub><i>s</i></sub> = ${Math.max(1, Math.round(s.source * s.d))} source points with the same noise` : ''));
  place();
}
const shown = {};
function put(id, inner) { if (shown[id] !== inner) $(id).innerHTML = shown[id] = inner; }

function bar() {
  const width = 200, pen = new Pen(width + 60, 30, { ...theme() });
  for (let i = 0; i < 100; i++) pen.rect(30 + i * 2, 0, 2.3, 10, `rgb(${transferColor((i - 49.5) / 49.5 * LIMIT, LIMIT)})`);
  for (const [v, t] of [[-LIMIT, '≤ −0.5'], [0, '0'], [LIMIT, '≥ 0.5']]) pen.text(t, 30 + (v + LIMIT) / (2 * LIMIT) * width, 25, { size: 11.5, anchor: 'middle', color: 'bar' });
  return `<svg aria-hidden="true" width="${width + 60}" height="30">${pen.svg().replaceAll('fill="bar"', 'class="ink"')}</svg>`;
}

function showNumbers(v) {
  const p = v.live.limits, m = v.exact, tuned = v.s.baseline === 'tuned', several = v.s.k > 1;
  const cell = (x, digits) => several && Number.isNaN(x) ? '–' : fix(x, digits);
  const error = name => m.std_err[name === 'risk_finetune' ? 't_finetune' : name]; // undefined for a closed form
  const at = name => !m ? '…' : several ? cell(m[name]) : estimate(m[name], error(name));
  const wins = name => several ? '–' : !m ? '…' : m[name] === 0 || m[name] === 1 ? percent(m[name]) : estimate(100 * m[name], 100 * error(name), 2) + ' %';
  const row = (name, risk, t, win) => `<tr><th scope="row">${name}</th><td>${cell(p[risk])}</td><td>${t ? cell(p[t]) : ''}</td><td>${at(risk)}</td><td>${t ? at(t) : ''}</td><td>${win ? wins(win) : ''}</td></tr>`;
  put('rows', row('scratch', 'risk_scratch') + row('linear transfer', 'risk_linear', 't_linear', 'p_linear_wins') + row('fine-tuning', 'risk_finetune', 't_finetune', 'p_finetune_wins') +
    row('&ensp;as printed, <i>c</i> = 1', 'risk_finetune_printed', 't_finetune_printed'));
  put('at-d', `at <i>d</i> = ${v.s.d}`);
  const loses = p.gamma_negative.map(i => `${short(i[0])} < γ < ${short(i[1])}`).join(' and ') || 'no γ';
  const list = [['scale <i>c</i> of fine-tuning', `${cell(p.scale_c)}, at this <i>d</i> ${at('scale_c')}`],
    ['fine-tuning breaks even at', several ? '–' : Number.isFinite(p.break_even_deg) ? `${fix(p.break_even_deg, 3)}°, at this <i>d</i> ${m ? estimate(m.break_even_deg, error('break_even_deg'), 3) + '°' : '…'}` : v.gamma >= 1 ? 'no angle: for n ≥ d it equals scratch' : 'no angle: it loses at every angle'],
    ['linear transfer loses for', `${escape_(loses)} (λ = 0, <i>k</i> = 1, plain)`]];
  if (tuned) list.push(['against tuned scratch', `linear transfer ${fix(v.live.t.linear)}, fine-tuning ${cell(v.live.t.finetune)}`]);
  const median = name => estimate(m.median[name], m.median_std_err[name]);
  if (m && m.median) list.push(['medians over data sets', `scratch ${median('risk_scratch')}, linear transfer ${median('risk_linear')}, fine-tuning ${median('risk_finetune')}: a risk has an infinite variance here`]);
  put('facts', list.map(([a, b]) => `<div><dt>${a}</dt><dd>${b}</dd></div>`).join(''));
}
function showCode(v) {
  put('cell', escape_(goCell(v)));
  put('shell', escape_(command(v)));
}

function goSetting(v) {
  const { s } = v, out = [`N: ${v.n}`, `D: ${s.d}`, `Theta: ${s.theta} * math.Pi / 180`, `Sigma: ${s.sigma}`, `Depth: ${s.depth}`];
  if (s.lambda) out.push(`Lambda: ${s.lambda}`);
  if (s.k > 1) out.push(`Features: ${s.k}`);
  if (s.source) out.push(`SourceN: ${Math.max(1, Math.round(s.source * s.d))}`, `SourceSigma: ${s.sigma}`);
  return `theory.Setting{${out.join(', ')}}`;
}
function goCell(v) {
  const tuned = v.s.baseline === 'tuned', one = v.s.k <= 1;
  const list = ['Scratch', ...(tuned ? ['ScratchTuned'] : []), 'Linear', ...(one ? ['FineTune'] : []), tuned ? 'LinearTunedTransferability' : 'LinearTransferability', ...(one ? ['FineTuneTransferability', 'FineTuneScale'] : [])];
  return `import (\n\t"fmt"\n\t"math"\n\n\t"github.com/features-are-fate/fate/pkg/theory"\n)\n\ns := ${goSetting(v)}\nfor _, r := range []theory.Result{\n${list.map(r => `\ttheory.${r},\n`).join('')}} {\n\tv, err := r.Limit(s.Limit())\n\tif err != nil {\n\t\tfmt.Println(r.Name, err)\n\t\tcontinue\n\t}\n\tfmt.Printf("%-40s %.5f\\n", r.Name, v)\n}\n` +
    (one ? `at, err := s.Summary(${DRAWS}) // at this n and d\nif err != nil {\n\tfmt.Println(err)\n}\nfmt.Printf("linear transfer wins on %.2f %%\\n", 100*at.PLinearWins.Value)\nfmt.Printf("fine-tuning wins on %.2f %%\\n", 100*at.PFineTuneWins.Value)\n` : '');
}
function command(v) {
  const { s } = v;
  if (s.k > 1 || s.source || s.baseline === 'tuned') return `fate explore ${names.filter(k => s[k] !== INITIAL[k]).map(k => `--${k} ${s[k]}`).join(' ')}`;
  return `fate predict --n ${v.n} --d ${s.d} --theta ${s.theta} --sigma ${s.sigma} --depth ${s.depth}${s.lambda ? ` --lambda ${s.lambda}` : ''} --draws ${DRAWS}`;
}

async function copy(button) {
  const text = button.dataset.copy === 'link' ? location.href.split('#')[0] + fragment() : $(button.dataset.copy).textContent;
  let done = true;
  try { await navigator.clipboard.writeText(text); } catch {
    const area = document.createElement('textarea');
    area.value = text;
    document.body.append(area);
    area.select();
    done = document.execCommand('copy');
    area.remove();
    button.focus();
  }
  say(done ? 'Copied.' : 'The browser does not let the page copy: select the text.', !done);
}

async function save(name, kind) {
  const v = view(), width = { distances: 720 }[name] || 520;
  const panel = PANELS[name](v, width, THEMES.light);
  if (name === 'linear' || name === 'finetune') panel.point = [v.s.theta, v.gamma];
  const blob = await { SVG: asSVG, PNG: asPNG, CSV: asCSV }[kind](panel, v, ABOUT), a = document.createElement('a');
  a.href = URL.createObjectURL(blob);
  a.download = `fate-${name}.${kind.toLowerCase()}`;
  a.click();
  setTimeout(() => URL.revokeObjectURL(a.href), 1000);
}
