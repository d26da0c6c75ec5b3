// Drawing: a panel is a list of shapes, shown as SVG and exported as SVG or PNG.
'use strict';

const THEMES = {
  light: { paper: '#ffffff', ink: '#1a1a1a', soft: '#5c5c5c', grid: '#e4e6e8', scratch: '#1a1a1a', linear: '#d2560b', finetune: '#0a6b58', win: '#2166ac', lose: '#b2182b', guide: '#8a8d91' },
  dark: { paper: '#1b1e22', ink: '#e8e8e8', soft: '#a9adb2', grid: '#32373d', scratch: '#e8e8e8', linear: '#f28b46', finetune: '#45c4a6', win: '#6fb1e6', lose: '#f0776f', guide: '#7d8288' },
};
const SERIF = 'Charter, "Bitstream Charter", "Sitka Text", Cambria, Georgia, serif';
const SANS = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif';

// runs splits a label with math between dollars into pieces of text: {t, i: italic, dy: -1 raised, 1 lowered}.
const GREEK = { gamma: 'γ', theta: 'θ', sigma: 'σ', lambda: 'λ', pm: '±', circ: '°', infty: '∞', le: '≤', ell: 'ℓ', approx: '≈' };
function runs(label) {
  const out = [];
  label.split('$').forEach((part, k) => {
    if (k % 2 === 0) { if (part) out.push({ t: part }); return; }
    const walk = (tex, dy, upright) => {
      for (const m of tex.matchAll(/([_^])?(?:\\(?:mathcal|mathrm)\{([^}]*)\}|\{((?:[^{}]|\{[^}]*\})*)\}|\\([a-z]+)|([A-Za-z])|([^A-Za-z\\_^{}]))/g)) {
        const level = m[1] === '_' ? 1 : m[1] === '^' && m[4] !== 'circ' ? -1 : dy;
        if (m[3] !== undefined) walk(m[3], level, upright);
        else if (m[2] !== undefined) out.push({ t: m[2], dy: level, i: m[0].includes('cal') });
        else if (m[4]) out.push({ t: GREEK[m[4]] || m[4], dy: level, i: /γ|θ|σ|λ|ℓ/.test(GREEK[m[4]] || '') });
        else out.push({ t: m[5] || m[6].replace('-', '−'), dy: level, i: !!m[5] && !upright });
      }
    };
    walk(part, 0, false);
  });
  return out;
}
const plain = label => runs(label).map(r => r.t).join('');
const html = label => runs(label).map(r => {
  const t = escape_(r.t), i = r.i ? `<i>${t}</i>` : t;
  return r.dy > 0 ? `<sub>${i}</sub>` : r.dy < 0 ? `<sup>${i}</sup>` : i;
}).join('');
const escape_ = t => String(t).replace(/[&<>"]/g, c => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]);
const round = v => Math.round(v * 10) / 10;

class Pen {
  constructor(width, height, theme) {
    Object.assign(this, { width, height, theme, shapes: [] });
  }
  color(name) { return this.theme[name] || name; }
  line(points, style = {}) { if (points.length > 1) this.shapes.push({ is: 'line', points, ...style }); }
  area(points, style = {}) { if (points.length > 2) this.shapes.push({ is: 'line', points, close: true, ...style }); }
  rect(x, y, w, h, fill, stroke) { this.shapes.push({ is: 'rect', x, y, w, h, fill, stroke }); }
  dot(x, y, r, fill, stroke) { this.shapes.push({ is: 'dot', x, y, r, fill, stroke }); }
  // anchor is start, middle or end; halo draws a border of paper under the text.
  text(label, x, y, { size = 12, anchor = 'start', color = 'ink', bold, halo, turn } = {}) {
    this.shapes.push({ is: 'text', label, x, y, size, anchor, color, bold, halo, turn });
  }

  // pieces are the elements of SVG: a tag, its attributes, and what is in it.
  pieces() {
    return this.shapes.map(s => {
      const a = { fill: s.fill ? this.color(s.fill) : 'none' };
      if (s.stroke) { a.stroke = this.color(s.stroke); a['stroke-width'] = s.width || 1; }
      if (s.is === 'line') {
        a.d = 'M' + s.points.map(p => round(p[0]) + ' ' + round(p[1])).join('L') + (s.close ? 'Z' : '');
        if (s.dash) a['stroke-dasharray'] = s.dash;
        return { tag: 'path', a, inner: '' };
      }
      if (s.is === 'rect') return { tag: 'rect', a: { ...a, x: round(s.x), y: round(s.y), width: round(s.w), height: round(s.h) }, inner: '' };
      if (s.is === 'dot') return { tag: 'circle', a: { ...a, cx: round(s.x), cy: round(s.y), r: s.r }, inner: '' };
      let at = 0;
      const inner = runs(s.label).map(r => {
        const dy = (r.dy || 0) * s.size * (r.dy > 0 ? .28 : .38), shift = dy - at;
        at = dy;
        const attributes = (shift ? ` dy="${round(shift)}"` : '') + (r.i ? ' font-style="italic"' : '') + (r.i || r.dy ? ` font-family='${SERIF}'` : '') + (r.dy ? ` font-size="${round(s.size * .75)}"` : r.i ? ` font-size="${round(s.size * 1.08)}"` : '');
        return attributes ? `<tspan${attributes}>${escape_(r.t)}</tspan>` : escape_(r.t);
      }).join('');
      const text = { fill: this.color(s.color), x: round(s.x), y: round(s.y), 'font-size': s.size, 'text-anchor': s.anchor };
      if (s.bold) text['font-weight'] = 600;
      if (s.halo) Object.assign(text, { stroke: this.color(s.halo), 'stroke-width': 3.5, 'stroke-linejoin': 'round', 'paint-order': 'stroke' });
      if (s.turn) text.transform = `rotate(-90 ${round(s.x)} ${round(s.y)})`;
      return { tag: 'text', a: text, inner };
    });
  }
  svg() {
    return this.pieces().map(p => `<${p.tag}${Object.entries(p.a).map(([k, v]) => ` ${k}="${v}"`).join('')}>${p.inner}</${p.tag}>`).join('');
  }
  // show makes an element of the page look so, and touches only what changed.
  show(host) {
    const now = this.pieces(), old = host.pieces || [];
    now.forEach((p, i) => {
      let node = host.childNodes[i], o = old[i];
      if (!o || o.tag !== p.tag) {
        const made = document.createElementNS('http://www.w3.org/2000/svg', p.tag);
        if (node) node.replaceWith(made); else host.append(made);
        node = made;
        o = { a: {}, inner: '' };
      }
      for (const k in p.a) if (p.a[k] !== o.a[k]) node.setAttribute(k, p.a[k]);
      for (const k in o.a) if (!(k in p.a)) node.removeAttribute(k);
      if (p.inner !== o.inner) node.innerHTML = p.inner;
    });
    while (host.childNodes.length > now.length) host.lastChild.remove();
    host.pieces = now;
  }

  canvas(c) {
    for (const s of this.shapes) {
      c.save();
      c.lineWidth = s.width || 1;
      c.lineJoin = 'round';
      if (s.dash) c.setLineDash(s.dash.split(' ').map(Number));
      if (s.fill) c.fillStyle = this.color(s.fill);
      if (s.stroke) c.strokeStyle = this.color(s.stroke);
      c.beginPath();
      if (s.is === 'text') this.write(c, s);
      else {
        if (s.is === 'line') { s.points.forEach((p, i) => i ? c.lineTo(p[0], p[1]) : c.moveTo(p[0], p[1])); if (s.close) c.closePath(); }
        if (s.is === 'rect') c.rect(s.x, s.y, s.w, s.h);
        if (s.is === 'dot') c.arc(s.x, s.y, s.r, 0, 7);
        if (s.fill) c.fill();
        if (s.stroke) c.stroke();
      }
      c.restore();
    }
  }
  write(c, s) {
    const pieces = runs(s.label).map(r => {
      const size = r.dy ? s.size * .75 : r.i ? s.size * 1.08 : s.size;
      const font = `${r.i ? 'italic ' : ''}${s.bold ? '600 ' : ''}${size}px ${r.i || r.dy ? SERIF : SANS}`;
      c.font = font;
      return { t: r.t, font, width: c.measureText(r.t).width, dy: (r.dy || 0) * s.size * (r.dy > 0 ? .28 : .38) };
    });
    const width = pieces.reduce((sum, p) => sum + p.width, 0);
    c.translate(s.x, s.y);
    if (s.turn) c.rotate(-Math.PI / 2);
    c.fillStyle = this.color(s.color);
    if (s.halo) { c.strokeStyle = this.color(s.halo); c.lineWidth = 3.5; }
    for (const paint of s.halo ? ['strokeText', 'fillText'] : ['fillText']) {
      let x = s.anchor === 'middle' ? -width / 2 : s.anchor === 'end' ? -width : 0;
      for (const p of pieces) { c.font = p.font; c[paint](p.t, x, p.dy); x += p.width; }
    }
  }
}

// Axes are a frame with scales: px and py turn values into pixels.
class Axes {
  constructor(pen, box, x, y) {
    Object.assign(this, { pen, box, x, y });
  }
  px(v) { return this.box.x + (v - this.x[0]) / (this.x[1] - this.x[0]) * this.box.w; }
  py(v) { return this.box.y + this.box.h - (v - this.y[0]) / (this.y[1] - this.y[0]) * this.box.h; }
  grid(xs, ys) {
    for (const v of xs) this.pen.line([[this.px(v), this.box.y], [this.px(v), this.box.y + this.box.h]], { stroke: 'grid' });
    for (const v of ys) this.pen.line([[this.box.x, this.py(v)], [this.box.x + this.box.w, this.py(v)]], { stroke: 'grid' });
  }
  frame(xs, ys, xlabel, ylabel, format = String, yformat = format) {
    const { pen, box } = this, bottom = box.y + box.h;
    pen.rect(box.x, box.y, box.w, box.h, null, 'soft');
    for (const v of xs) {
      pen.line([[this.px(v), bottom], [this.px(v), bottom + 4]], { stroke: 'soft' });
      pen.text(format(v), this.px(v), bottom + 17, { size: 11.5, anchor: 'middle', color: 'soft' });
    }
    for (const v of ys) {
      pen.line([[box.x - 4, this.py(v)], [box.x, this.py(v)]], { stroke: 'soft' });
      pen.text(yformat(v), box.x - 7, this.py(v) + 4, { size: 11.5, anchor: 'end', color: 'soft' });
    }
    if (xlabel) pen.text(xlabel, box.x + box.w / 2, bottom + 35, { size: 13, anchor: 'middle' });
    if (ylabel) pen.text(ylabel, box.x - 38, box.y + box.h / 2, { size: 13, anchor: 'middle', turn: true });
  }
  // curve draws y over x in pieces within the frame; NaN and infinities end a piece.
  curve(x, y, style) {
    let piece = [];
    const flush = () => { this.pen.line(piece, { width: 2, ...style }); piece = []; };
    const [low, high] = this.y;
    for (let i = 0; i < x.length; i++) {
      const inside = y[i] >= low && y[i] <= high;
      if (i && Number.isFinite(y[i]) && Number.isFinite(y[i - 1]) && inside !== (y[i - 1] >= low && y[i - 1] <= high)) {
        const edge = (inside ? y[i - 1] : y[i]) > high ? high : low, f = (edge - y[i - 1]) / (y[i] - y[i - 1]);
        piece.push([this.px(x[i - 1] + f * (x[i] - x[i - 1])), this.py(edge)]);
      }
      if (inside) {
        const at = [this.px(x[i]), this.py(y[i])], last = piece[piece.length - 1];
        if (!last || i === x.length - 1 || Math.abs(at[0] - last[0]) + Math.abs(at[1] - last[1]) > .8 || !(y[i + 1] >= low && y[i + 1] <= high)) piece.push(at); // not finer than a pixel
      }
      else if (piece.length) flush();
    }
    flush();
  }
}

// ticks returns round values in a range, about n of them.
function ticks(low, high, n = 5) {
  const raw = (high - low) / n, ten = 10 ** Math.floor(Math.log10(raw)), step = [1, 2, 5, 10].find(m => m * ten >= raw * .999) * ten;
  const out = [];
  for (let v = Math.ceil(low / step - 1e-9) * step; v <= high + step * 1e-9; v += step) out.push(Math.abs(v) < step / 1e6 ? 0 : Number(v.toPrecision(12)));
  return out;
}
