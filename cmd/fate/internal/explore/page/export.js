// Exports: SVG, PNG and CSV with the recipe and the numbers, as pkg/figure reads them.
'use strict';

// goFloat writes a float as strconv.FormatFloat(v, 'g', -1, 64).
function goFloat(v) {
  if (Number.isNaN(v)) return 'NaN';
  if (!Number.isFinite(v)) return v > 0 ? '+Inf' : '-Inf';
  if (v === 0) return Object.is(v, -0) ? '-0' : '0';
  const [digits, exponent] = v.toExponential().split('e'), e = Number(exponent);
  if (e < -4 || e >= 6) return `${digits}e${e < 0 ? '-' : '+'}${String(Math.abs(e)).padStart(2, '0')}`;
  const all = digits.replace(/[-.]/g, ''), sign = v < 0 ? '-' : '';
  if (e < 0) return sign + '0.' + '0'.repeat(-e - 1) + all;
  return sign + (all.length > e + 1 ? all.slice(0, e + 1) + '.' + all.slice(e + 1) : all.padEnd(e + 1, '0'));
}
const numbers = x => '[' + Array.from(x, v => Number.isFinite(v) ? goFloat(v) : `"${goFloat(v)}"`).join(',') + ']';

// dataJSON is the form that pkg/figure hashes: its fields in order, empty ones left out.
function dataJSON(p) {
  const field = (name, v) => v ? `,"${name}":${JSON.stringify(v)}` : '';
  const curves = (p.curves || []).map(c => `{"role":"${c.role}"${field('label', c.label)}${field('tier', c.tier)},"x":${numbers(c.x)},"y":${numbers(c.y)}}`);
  const grid = p.grid ? `,"grid":{"x":${numbers(p.grid.x)},"y":${numbers(p.grid.y)},"z":[${p.grid.z.map(numbers).join(',')}]}` : '';
  return `{"panels":[{"kind":"${p.kind}"${field('title', p.title)},"x":${JSON.stringify(p.x)},"y":${JSON.stringify(p.y)}${field('z', p.z)}${curves.length ? `,"curves":[${curves}]` : ''}${grid}}]}`;
}

async function signed(panel, view, about) {
  const text = new TextEncoder().encode(dataJSON(panel.data)), hash = new Uint8Array(await crypto.subtle.digest('SHA-256', text));
  const { s } = view, parameters = { baseline: s.baseline, d: s.d, depth: s.depth, gamma: view.gamma, k: s.k, lambda: s.lambda, sigma: s.sigma, source: s.source, theta: s.theta };
  for (const k in parameters) parameters[k] = String(parameters[k]);
  const recipe = JSON.stringify({ fate: 1, figure: 1, parameters, tiers: panel.law ? ['law'] : [], seeds: panel.law ? [1] : [], ...about, arch: 'wasm', data: Array.from(hash, b => b.toString(16).padStart(2, '0')).join('') })
    .replace(/[\u0080-\uffff]/g, c => '\\u' + c.charCodeAt(0).toString(16).padStart(4, '0'));
  const packed = new Uint8Array(await new Response(new Blob([text]).stream().pipeThrough(new CompressionStream('deflate'))).arrayBuffer());
  return { recipe, packed: packed.length > 256 << 10 ? null : packed };
}

// cells draws the map as shapes: neighbours of one colour in one.
function cells(panel) {
  const { map, axes, pen } = panel, shapes = pen.shapes;
  if (!map) return;
  pen.shapes = [];
  const w = axes.box.w / map.nx, h = axes.box.h / map.ny;
  for (let y = 0; y < map.ny; y++) for (let x = 0, from = 0; x < map.nx; x++) {
    const key = String(transferColor(map.z[y * map.nx + x], LIMIT));
    if (x + 1 < map.nx && String(transferColor(map.z[y * map.nx + x + 1], LIMIT)) === key) continue;
    pen.rect(axes.box.x + from * w, axes.box.y + axes.box.h - (y + 1) * h, Math.min((x + 1 - from) * w + .3, axes.box.w - from * w), h + .3, `rgb(${key})`);
    from = x + 1;
  }
  pen.shapes.push(...shapes);
}

function finish(panel) {
  cells(panel);
  if (panel.point) panel.pen.dot(panel.axes.px(panel.point[0]), panel.axes.py(panel.point[1]), 6, '#ffffff', '#000000');
}

const base64 = bytes => { let s = ''; for (let i = 0; i < bytes.length; i += 32768) s += String.fromCharCode(...bytes.subarray(i, i + 32768)); return btoa(s); };

async function asSVG(panel, view, about) {
  const { recipe, packed } = await signed(panel, view, about), space = 'https://github.com/features-are-fate/fate/figure', { pen } = panel;
  finish(panel);
  return new Blob([`<svg xmlns="http://www.w3.org/2000/svg" width="${pen.width}" height="${pen.height}" viewBox="0 0 ${pen.width} ${pen.height}" font-family='${SANS}' role="img">\n` +
    `<metadata><recipe xmlns="${space}">${escape_(recipe)}</recipe>${packed ? `<data xmlns="${space}">${base64(packed)}</data>` : ''}</metadata>\n` +
    `<title>${escape_(panel.data.title)}</title><desc>${escape_(plain(panel.say))}</desc><rect width="100%" height="100%" fill="#ffffff"/>${pen.svg()}</svg>\n`], { type: 'image/svg+xml' });
}

const CRC = Array.from({ length: 256 }, (_, n) => { for (let k = 0; k < 8; k++) n = n & 1 ? 0xEDB88320 ^ n >>> 1 : n >>> 1; return n >>> 0; });
function chunk(kind, content) {
  const out = new Uint8Array(content.length + 12), view = new DataView(out.buffer);
  view.setUint32(0, content.length);
  out.set(new TextEncoder().encode(kind), 4);
  out.set(content, 8);
  let c = 0xFFFFFFFF;
  for (let i = 4; i < out.length - 4; i++) c = CRC[(c ^ out[i]) & 255] ^ c >>> 8;
  view.setUint32(out.length - 4, (c ^ 0xFFFFFFFF) >>> 0);
  return out;
}

async function asPNG(panel, view, about) {
  const { recipe, packed } = await signed(panel, view, about), { pen } = panel, scale = 2;
  finish(panel);
  const canvas = document.createElement('canvas');
  canvas.width = pen.width * scale;
  canvas.height = pen.height * scale;
  const c = canvas.getContext('2d');
  c.scale(scale, scale);
  c.fillStyle = '#ffffff';
  c.fillRect(0, 0, pen.width, pen.height);
  pen.canvas(c);
  const picture = new Uint8Array(await (await new Promise(done => canvas.toBlob(done, 'image/png'))).arrayBuffer());
  const head = 8 + 25, encode = t => new TextEncoder().encode(t); // the signature and IHDR
  const parts = [picture.subarray(0, head), chunk('tEXt', encode('fate.recipe\0' + recipe))];
  if (packed) parts.push(chunk('zTXt', new Uint8Array([...encode('fate.data\0\0'), ...packed])));
  return new Blob([...parts, picture.subarray(head)], { type: 'image/png' });
}

// asCSV hhas the columns of fate figure show --data, after a comment with the recipe.
async function asCSV(panel, view, about) {
  const { recipe } = await signed(panel, view, about), quote = t => /[",\n]/.test(t) ? `"${t.replace(/"/g, '""')}"` : t;
  const out = ['# ' + recipe, 'panel,kind,label,method,x,y,stderr,z'], p = panel.data;
  for (const c of p.curves || []) for (let i = 0; i < c.x.length; i++) out.push(['1', c.role, quote(c.label || ''), c.tier || '', goFloat(c.x[i]), goFloat(c.y[i]), '', ''].join());
  if (p.grid) p.grid.y.forEach((y, k) => p.grid.x.forEach((x, j) => out.push(['1', 'map', quote(p.z), '', goFloat(x), goFloat(y), '', goFloat(p.grid.z[k][j])].join())));
  return new Blob([out.join('\n') + '\n'], { type: 'text/csv' });
}
