// One training of the playground: its net, its batches and what is looked at meanwhile.

import { damage, SIDE } from "./pixels.js";
import { makeRandom } from "./random.js";
import { makeLearner } from "./train.js";

const PIXELS = SIDE ** 2;
const SHOWN = 10; // digits with their reconstructions, and samples

/**
 * The layers of a net, as `makeLearner` takes them; `models.playground` builds the same in Keras.
 *
 * @param {object} settings - Of the playground: kind, code, hidden, loss and the like.
 */
export function specOf({ kind, code, hidden, loss }) {
  const dense = (units, activation = "linear", start = "glorot_uniform", unitRows = false) => ({
    op: "dense",
    units,
    activation,
    start,
    unitRows,
  });
  const sparse = kind === "sparse" || kind === "l1";
  const around = kind === "linear" || !hidden ? [] : [dense(hidden, "gelu", "he_normal")];
  const codes = {
    sparse: [dense(code), { op: "top_k" }],
    l1: [dense(code, "relu")],
    variational: [dense(2 * code), { op: "sampling" }],
  };
  const encoder = [...around, ...(codes[kind] || [dense(code)])];
  const decoder = [...around.map((layer) => ({ ...layer })), dense(PIXELS)];
  // Without this, larger atoms would allow smaller codes, and so evade the price of these.
  decoder[0].unitRows = sparse;
  const output = kind === "linear" ? "linear" : "sigmoid";
  const layers = [...encoder, ...decoder];
  return { input: PIXELS, layers, encoder: encoder.length, output, loss };
}

/**
 * Prepares a training.
 *
 * @param {object} settings - Of the playground; those that move come with each step.
 * @param {object} digits - {images, train}: bytes, and how many of the images are for training. The
 *   rest are held out; the first ten of them are shown.
 * @param {string} loops - Of which kind, see `makeKernels`.
 * @returns {object} `step(settings)` makes a step and returns its losses; `look(settings)` returns
 *   what is to be seen now; `heldOut(settings)` returns the losses of the digits held out;
 *   `resample()` draws other codes for samples; `net`; `epoch()`, how many passes were made.
 */
export function makeTrainer(settings, digits, loops = "fused") {
  const { batch, seed } = settings;
  const random = { order: makeRandom(seed, 3), noise: makeRandom(seed, 4) };
  const net = makeLearner(specOf(settings), Math.max(batch, 100), seed, loops);
  const count = digits.images.length / PIXELS - digits.train;
  const held = asFloats(digits.images.subarray(digits.train * PIXELS));
  const order = Uint32Array.from({ length: digits.train }, (_, i) => i);
  const [x, noisy] = [new Float32Array(batch * PIXELS), new Float32Array(batch * PIXELS)];
  const trainer = { net, settings, digits, held, count, samples: 0, directions: null };
  trainer.damaged = makeDamage(held, makeRandom(seed, 5));
  let next = order.length;
  let passes = 0;

  /** Fills the next batch; an incomplete one at the end of an epoch is left out. */
  function fill() {
    if (next + batch > order.length) {
      random.order.shuffle(order);
      next = 0;
      passes++;
    }
    for (let i = 0; i < batch; i++) {
      const at = order[next++] * PIXELS;
      for (let p = 0; p < PIXELS; p++) x[i * PIXELS + p] = LEVELS[digits.images[at + p]];
    }
  }

  return Object.assign(trainer, {
    step(now) {
      fill();
      if (now.kind !== "denoising") return net.step(x, x, batch, now);
      for (let i = 0; i < x.length; i++) {
        noisy[i] = Math.min(Math.max(x[i] + now.noise * random.noise.normal(), 0), 1);
      }
      return net.step(noisy, x, batch, now);
    },
    look: (now) => look(trainer, now),
    heldOut: (now) => heldOut(trainer, now),
    resample: () => ++trainer.samples,
    epoch: () => (passes ? passes - 1 + next / order.length : 0),
  });
}

const LEVELS = Float32Array.from({ length: 256 }, (_, level) => level / 255);
const asFloats = (bytes) => Float32Array.from(bytes, (level) => LEVELS[level]);

/** Noise that is drawn once, so that what is seen and measured changes with the net alone. */
function makeDamage(images, random) {
  const normal = Float32Array.from({ length: images.length }, random.normal);
  let [last, result] = [null, null];
  return (strength) => {
    if (strength !== last) {
      result = damage(images, "gaussian", strength, normal);
      last = strength;
    }
    return result;
  };
}

const inputOf = ({ held, damaged }, { kind, noise }) =>
  kind === "denoising" ? damaged(noise) : held;

// ---- What is to be seen ------------------------------------------------------------------------

const CHUNK = 100;

/** Calls `visit(images, from, count)` for all digits that are held out, some at a time. */
function inChunks(images, count, visit) {
  for (let from = 0; from < count; from += CHUNK) {
    const some = Math.min(CHUNK, count - from);
    visit(images.subarray(from * PIXELS, (from + some) * PIXELS), from, some);
  }
}

/** The losses of the digits that are held out, each with one draw of its code: always the same. */
function heldOut(trainer, now) {
  const { net, held, count, settings } = trainer;
  const input = inputOf(trainer, now);
  const random = makeRandom(settings.seed, 6);
  const sums = { reconstruction: 0, penalty: 0 };
  inChunks(input, count, (images, from, some) => {
    const targets = held.subarray(from * PIXELS, (from + some) * PIXELS);
    const losses = net.evaluate(images, targets, some, { ...now, random });
    for (const name of Object.keys(sums)) sums[name] += (losses[name] * some) / count;
  });
  return sums;
}

function look(trainer, now) {
  const { net, count } = trainer;
  const input = inputOf(trainer, now);
  const size = net.widths[net.spec.encoder];
  const [codes, spread] = codesOf(trainer, input, now);
  const shown = input.slice(0, SHOWN * PIXELS);
  trainer.directions = directionsOf(codes, count, size, trainer.directions);
  return {
    codes,
    variances: spread,
    ...trainer.directions,
    shown,
    reconstructed: net.run(shown, SHOWN, { ...now, still: true }),
    samples: net.decode(samplesOf(trainer, codes, size), SHOWN),
    units: unitsOf(codes, spread, count, size, now.kind),
    weights: net.state(),
  };
}

/** Codes of the digits that are held out, and their variances where they have some. */
function codesOf({ net, count }, input, now) {
  const size = net.widths[net.spec.encoder];
  const codes = new Float32Array(count * size);
  const variances = now.kind === "variational" ? new Float32Array(count * size) : null;
  const wide = net.values[net.spec.encoder - 1];
  const row = wide.length / net.rows;
  inChunks(input, count, (images, from, some) => {
    codes.set(net.encode(images, some, now), from * size);
    if (!variances) return;
    for (let i = 0; i < some * size; i++) {
      const at = Math.floor(i / size) * row + size + (i % size);
      variances[from * size + i] = Math.exp(wide[at]);
    }
  });
  return [codes, variances];
}

/** Ten codes: from N(0, 1), or, without a prior, each number from that of some digit. */
function samplesOf({ settings, samples, count, net }, codes, size) {
  const random = makeRandom(settings.seed, 7 + samples);
  const variational = net.layers.some((layer) => "kl" in layer);
  return Float32Array.from({ length: SHOWN * size }, (_, i) =>
    variational ? random.normal() : codes[Math.floor(random.uniform() * count) * size + (i % size)],
  );
}

/**
 * What each number of a code does: the nats that it costs where it has a variance, the share of
 * digits for which it is on where it is sparse, else its standard deviation.
 */
function unitsOf(codes, variances, count, size, kind) {
  const units = new Float32Array(size);
  const means = new Float32Array(size);
  const squares = new Float32Array(size);
  for (let i = 0; i < codes.length; i++) {
    const z = codes[i];
    means[i % size] += z / count;
    squares[i % size] += (z * z) / count;
    if (variances)
      units[i % size] += (0.5 * (z * z + variances[i] - 1 - Math.log(variances[i]))) / count;
    else if (z !== 0) units[i % size] += 1 / count;
  }
  const deviations = squares.map((square, i) => Math.sqrt(Math.max(square - means[i] ** 2, 0)));
  const sparse = kind === "sparse" || kind === "l1";
  // A unit is active if its mean differs between images by a variance of over 0.01 (Burda et al.,
  // 2016), a sparse one if it is ever on.
  const alive = units.reduce((n, on, i) => n + (sparse ? on > 0 : deviations[i] > 0.1), 0);
  return { bars: variances || sparse ? units : deviations, alive };
}

/**
 * A point and two directions to see codes from: for two numbers their own, else those along which
 * codes are spread most. Some rounds of power iteration begin at those of before, so that the map
 * turns slowly and never jumps.
 */
function directionsOf(codes, count, size, before) {
  if (size === 2) return { origin: new Float32Array(2), axes: Float32Array.of(1, 0, 0, 1) };
  const origin = new Float32Array(size);
  for (let i = 0; i < codes.length; i++) origin[i % size] += codes[i] / count;
  const first = makeRandom(1);
  let axes = before?.axes || Float32Array.from({ length: 2 * size }, first.normal);
  for (let round = before ? 2 : 12; round > 0; round--) axes = turned(codes, origin, axes, count);
  return { origin, axes };
}

/** One round: the covariance times both directions, made orthogonal and of length 1. */
function turned(codes, origin, axes, count) {
  const size = origin.length;
  const next = new Float32Array(2 * size);
  for (let n = 0; n < count; n++) {
    let [u, v] = [0, 0];
    for (let i = 0; i < size; i++) {
      const value = codes[n * size + i] - origin[i];
      u += value * axes[i];
      v += value * axes[size + i];
    }
    for (let i = 0; i < size; i++) {
      const value = codes[n * size + i] - origin[i];
      next[i] += u * value;
      next[size + i] += v * value;
    }
  }
  const [first, second] = [next.subarray(0, size), next.subarray(size)];
  const dot = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);
  const shorten = (vector) => {
    const length = Math.sqrt(dot(vector, vector)) || 1;
    for (let i = 0; i < size; i++) vector[i] /= length;
  };
  shorten(first);
  const share = dot(first, second);
  for (let i = 0; i < size; i++) second[i] -= share * first[i];
  shorten(second);
  return next;
}
