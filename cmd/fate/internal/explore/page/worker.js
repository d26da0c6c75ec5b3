// The worker: unpacks the program, runs it, and answers the newest request.
'use strict';

function unpack(text) { // ascii85 with v for <
  const out = new Uint8Array((text.length / 5 + text.split('z').length) * 4 + 4), view = new DataView(out.buffer);
  let n = 0;
  for (let i = 0; i < text.length;) {
    if (text[i] === 'z') { view.setUint32(n, 0); n += 4; i++; continue; }
    const part = Math.min(5, text.length - i);
    let v = 0;
    for (let k = 0; k < 5; k++) {
      const c = k < part ? text.charCodeAt(i + k) : 117;
      v = v * 85 + (c === 118 ? 60 : c) - 33;
    }
    view.setUint32(n, v);
    n += part - 1;
    i += part;
  }
  return out.subarray(0, n);
}

async function start(source) {
  if (typeof source === 'string') {
    const stream = new Blob([unpack(source)]).stream().pipeThrough(new DecompressionStream('gzip'));
    source = await WebAssembly.compile(await new Response(stream).arrayBuffer());
  }
  const go = new Go();
  go.run(await WebAssembly.instantiate(source, go.importObject));
  return source;
}

// The colours of transfer, those of plotting.
const STOPS = [[178, 24, 43], [214, 96, 77], [244, 165, 130], [253, 219, 199], [255, 255, 255], [209, 229, 240], [146, 197, 222], [67, 147, 195], [33, 102, 172]];

function transferColor(v, limit) {
  if (Number.isNaN(v)) return [187, 187, 187];
  const t = (Math.max(-1, Math.min(1, v / limit)) + 1) / 2 * 8, i = Math.min(Math.floor(t), 7), f = t - i;
  return STOPS[i].map((a, k) => Math.round(a * (1 - f) + STOPS[i + 1][k] * f));
}

// widest returns the place of each sign with the most room around it, in cells.
function widest(z, nx, ny, limit) {
  const at = {};
  for (const sign of [1, -1]) {
    const room = new Float64Array(nx * ny);
    let best = 0, where = 0;
    for (let i = 0; i < nx * ny; i++) { // the largest square that ends here
      if (!(sign * z[i] > .01 * limit)) continue;
      const x = i % nx, y = (i - x) / nx;
      room[i] = 1 + (x && y ? Math.min(room[i - 1], room[i - nx], room[i - nx - 1]) : 0);
      if (room[i] > best) { best = room[i]; where = i; }
    }
    const half = (best - 1) / 2, x = where % nx;
    if (best > nx / 8) at[sign] = [(x - half + .5) / nx, ((where - x) / nx - half + .5) / ny];
  }
  return at;
}

function phase(s, kind, nx, ny, top, limit) {
  const z = fate.map(s, kind, nx, ny, top);
  if (z.error) return z;
  const pixels = new Uint8ClampedArray(4 * nx * ny);
  for (let i = 0; i < nx * ny; i++) {
    const c = transferColor(z[i], limit), x = i % nx, y = (i - x) / nx;
    pixels.set([c[0], c[1], c[2], 255], 4 * ((ny - 1 - y) * nx + x));
  }
  return { z, nx, ny, pixels, signs: widest(z, nx, ny, limit), ...fate.boundary(s, kind, top) };
}

function curves(s) {
  const theta = Float64Array.from({ length: 91 }, (_, i) => 2 * i), all = Array.from(theta, t => fate.distance(s, t));
  return { theta, kl: all.map(d => d.kl), w1: all.map(d => d.w1), mmd: all.map(d => d.mmd), here: fate.distance(s, s.theta) };
}

const tasks = {
  live({ s, fine, top, limit }) {
    const limits = fate.predict(s, 0);
    if (limits.error) return limits;
    const [nx, ny] = fine ? [120, 100] : [60, 50];
    return { limits, fine, t: fate.transferability(s), linear: phase(s, 'linear', nx, ny, top, limit), finetune: phase(s, 'finetune', nx, ny, top, limit),
      risks: fate.risks(s, 240, top), depths: fate.depths(s, 10), distances: curves(s) };
  },
  law({ s, fine }) { return { gain: fate.gain(s, fine ? 32768 : 4096) }; },
  exact({ s, draws }) { return { mean: fate.predict(s, draws) }; },
};

if (typeof onmessage !== 'undefined') onmessage = async e => {
  const m = e.data;
  try {
    if (m.start) postMessage({ ready: await start(m.start) });
    else postMessage({ id: m.id, ...tasks[m.task](m) });
  } catch (error) {
    postMessage({ id: m.id, error: String(error) });
  }
};
