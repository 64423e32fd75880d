// The weights as files: an archive that NumPy reads, and the card that says what they are.

import { specOf } from "./trainer.js";

/**
 * What the weights are called in Keras, in the order of `models.playground`'s weights.
 *
 * @param {object} settings - Of the playground.
 * @param {object[]} dense - Of the layers, as `net.dense()` gives them.
 * @returns {Array} Pairs of a name and {shape, values}.
 */
export function namedArrays(settings, dense) {
  const { layers, encoder } = specOf(settings);
  const places = layers.flatMap(({ op }, i) => (op === "dense" ? [i] : []));
  const named = dense.flatMap(({ kernel, bias, shape }, n) => {
    const place = places[n];
    if (layers[place + 1]?.op === "sampling") return halves(kernel, bias, shape);
    const last = place === layers.length - 1;
    const name = last
      ? "pixels"
      : place < encoder && n === places.filter((p) => p < encoder).length - 1
        ? "code"
        : "dense";
    return [
      [`${name}/kernel`, { shape, values: kernel }],
      [`${name}/bias`, { shape: [shape[1]], values: bias }],
    ];
  });
  if (settings.kind !== "variational") return numbered(named);
  // The model has its beta first, and the head of the variances last, as its encoder is the mean.
  const beta = ["playground/beta", { shape: [], values: Float32Array.of(settings.beta) }];
  const late = named.filter(([name]) => name.startsWith("z_log_var"));
  return numbered([beta, ...named.filter((each) => !late.includes(each)), ...late]);
}

const numbered = (named) =>
  named.map(([name, array], i) => [`${String(i).padStart(2, "0")}/${name}`, array]);

/** Means and logarithms of variances: side by side here, two layers in Keras. */
function halves(kernel, bias, [rows, columns]) {
  const size = columns / 2;
  return ["z_mean", "z_log_var"].flatMap((name, side) => {
    const values = Float32Array.from(
      { length: rows * size },
      (_, i) => kernel[Math.floor(i / size) * columns + side * size + (i % size)],
    );
    const part = bias.slice(side * size, (side + 1) * size);
    return [
      [`${name}/kernel`, { shape: [rows, size], values }],
      [`${name}/bias`, { shape: [size], values: part }],
    ];
  });
}

/**
 * The bytes of an .npz file: a ZIP archive, not compressed, of arrays as NumPy stores them.
 *
 * @param {Array} arrays - Pairs of a name and {shape, values}, values as float32.
 */
export function npz(arrays) {
  const files = arrays.map(([name, array]) => [`${name}.npy`, npy(array)]);
  const parts = [];
  const entries = [];
  let at = 0;
  for (const [name, content] of files) {
    const about = entryOf(name, content);
    const head = bytesOf([0x04034b50, 4], ...about);
    entries.push(
      bytesOf(
        [0x02014b50, 4],
        [20, 2],
        ...about,
        ...[
          [0, 2],
          [0, 2],
          [0, 2],
        ],
        [0, 4],
        [at, 4],
      ),
      encoded(name),
    );
    parts.push(head, encoded(name), content);
    at += head.length + name.length + content.length;
  }
  const size = entries.reduce((sum, { length }) => sum + length, 0);
  const counts = [
    [0, 2],
    [0, 2],
    [files.length, 2],
    [files.length, 2],
  ];
  return joined([
    ...parts,
    ...entries,
    bytesOf([0x06054b50, 4], ...counts, [size, 4], [at, 4], [0, 2]),
  ]);
}

const encoded = (text) => new TextEncoder().encode(text);

/** What both heads of a file in an archive say of it. The day is the first that there is. */
const entryOf = (name, content) => [
  [20, 2],
  [0, 2],
  [0, 2],
  [0, 2],
  [0x21, 2],
  [crc32(content), 4],
  [content.length, 4],
  [content.length, 4],
  [name.length, 2],
  [0, 2],
];

/** Numbers as bytes, the lowest first: pairs of a number and how many bytes it takes. */
function bytesOf(...numbers) {
  return Uint8Array.from(
    numbers.flatMap(([value, count]) => Array.from({ length: count }, (_, i) => value >>> (8 * i))),
  );
}

function joined(parts) {
  const result = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}

/** An array in NumPy's format 1.0. */
function npy({ shape, values }) {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
  const about = `{'descr': '<f4', 'fortran_order': False, 'shape': ${tuple}, }`;
  const length = Math.ceil((10 + about.length + 1) / 64) * 64 - 10;
  const head = encoded(`${about.padEnd(length - 1)}\n`);
  const magic = Uint8Array.from([0x93, ...encoded("NUMPY"), 1, 0, length & 255, length >> 8]);
  return joined([magic, head, new Uint8Array(values.buffer, values.byteOffset, values.byteLength)]);
}

function crc32(bytes) {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ -1) >>> 0;
}

/**
 * The SHA-256 of some bytes, in hexadecimal digits (FIPS 180-4): browsers have it for pages of
 * secure origins only.
 *
 * @param {Uint8Array} bytes - Of any number.
 */
export function sha256(bytes) {
  const primes = firstPrimes(64);
  const fraction = (value) => Math.floor((value - Math.floor(value)) * 2 ** 32) | 0;
  const rounds = primes.map((prime) => fraction(Math.cbrt(prime)));
  const state = Int32Array.from(primes.slice(0, 8), (prime) => fraction(Math.sqrt(prime)));
  const long = new Uint8Array(Math.ceil((bytes.length + 9) / 64) * 64);
  long.set(bytes);
  long[bytes.length] = 128;
  const view = new DataView(long.buffer);
  view.setUint32(long.length - 8, Math.floor(bytes.length / 2 ** 29));
  view.setUint32(long.length - 4, bytes.length * 8);
  const words = new Int32Array(64);
  for (let at = 0; at < long.length; at += 64) {
    for (let i = 0; i < 16; i++) words[i] = view.getInt32(at + 4 * i);
    mixBlock(state, words, rounds);
  }
  return Array.from(state, (word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
}

function mixBlock(state, words, rounds) {
  const right = (x, n) => (x >>> n) | (x << (32 - n));
  for (let i = 16; i < 64; i++) {
    const [a, b] = [words[i - 15], words[i - 2]];
    const low = right(a, 7) ^ right(a, 18) ^ (a >>> 3);
    const high = right(b, 17) ^ right(b, 19) ^ (b >>> 10);
    words[i] = words[i - 16] + low + words[i - 7] + high;
  }
  let [a, b, c, d, e, f, g, h] = state;
  for (let i = 0; i < 64; i++) {
    const first = right(e, 6) ^ right(e, 11) ^ right(e, 25);
    const one = (h + first + ((e & f) ^ (~e & g)) + rounds[i] + words[i]) | 0;
    const second = right(a, 2) ^ right(a, 13) ^ right(a, 22);
    const two = (second + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + one) | 0, c, b, a, (one + two) | 0];
  }
  [a, b, c, d, e, f, g, h].forEach((value, i) => {
    state[i] += value;
  });
}

function firstPrimes(count) {
  const primes = [];
  for (let n = 2; primes.length < count; n++)
    if (primes.every((prime) => n % prime)) primes.push(n);
  return primes;
}

/**
 * The card beside the weights, as `weights.load_pretrained` wants it.
 *
 * @param {object} settings - Of the playground.
 * @param {object} done - {step, seconds, losses}, of the training.
 * @param {Uint8Array} archive - The .npz file.
 */
export function cardOfWeights(settings, { step, seconds, losses }, archive) {
  const { kind, code, hidden, k, beta, seed } = settings;
  const extra = { sparse: { k }, variational: { beta } };
  return {
    what: `Trained in the playground: ${kind}, ${code} numbers, ${step} steps`,
    builder: "playground",
    arguments: { kind, latent_dim: code, hidden, ...extra[kind] },
    data: "4,500 bundled digits of MNIST",
    seed,
    minutes: Number((seconds / 60).toFixed(2)),
    settings,
    dtype: "float32",
    sha256: sha256(archive),
    metrics: losses ? { held_out: losses } : {},
  };
}

/** Hands a file to the reader. */
export function handOver(name, content, type) {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement("a");
  Object.assign(link, { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
