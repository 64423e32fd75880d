// Training: a chain of layers forwards and backwards, and Adam.
//
//   const net = makeLearner(spec, 100); // of at most 100 images a batch
//   const { reconstruction } = net.step(x, x, 100, { rate: 0.001 });
//
// `spec` is {input, layers, encoder, output, loss}. A layer is {op: "dense", units, activation,
// start, unitRows}, {op: "top_k"} or {op: "sampling"}; `encoder` says how many of them make the
// code, `output` is "linear" or "sigmoid" (the last layer is linear), and `loss` "squared_error" or
// "cross_entropy". Losses are summed over the pixels of an image and averaged over the batch.

import { TRAINED } from "./backward.js";
import { makeKernels, padded } from "./kernels.js";
import { makeRandom } from "./random.js";

const ADAM = { keepMean: 0.9, keepSquare: 0.999, epsilon: 1e-7 }; // as in Keras

/**
 * Makes a net that learns.
 *
 * Its methods take images as rows of one array, `count` of them, and options of the moment: `beta`,
 * `l1` and `k` of the code, `rate`, `still` for no noise in the code, `random` for its source.
 *
 * @param {object} spec - Its layers and its loss, see above.
 * @param {number} most - Images in a batch at most.
 * @param {number} seed - Of the weights at the start and of the noise in the codes.
 * @param {string} kind - Of the loops, see `makeKernels`.
 * @returns {object} `run`, `encode` and `decode`, which return values; `evaluate`, which returns
 *   losses, {reconstruction, penalty}, `slopes`, which fills the weights' slopes as well, and
 *   `step`, which changes the weights as well; `state()` and `load(state)`, all weights in one
 *   array; `dense()`, the weights of each layer; `parameters`, how many there are; `kind`, of the
 *   loops.
 */
export function makeLearner(spec, most, seed = 0, kind = "fused") {
  if (spec.input % 8) throw new Error(`Images must be of 8, 16, … pixels. Received: ${spec.input}`);
  const net = { spec, steps: 0, rows: Math.ceil(most / 4) * 4, random: makeRandom(seed, 2) };
  net.widths = widthsOf(spec);
  net.kernels = makeKernels(floatsFor(net), kind);
  net.kind = net.kernels.kind;
  const { take } = net.kernels;
  net.zeros = take(padded(Math.max(...net.widths)));
  net.values = net.widths.map((width) => take(net.rows * padded(width)));
  net.dValues = net.widths.map((width) => take(net.rows * padded(width)));
  net.target = take(net.values.at(-1).length);
  net.weights = takeWeights(net);
  net.turned = take(Math.max(...net.weights.map(({ kernel }) => kernel.length)));
  net.layers = spec.layers.map((layer, i) => makeLayer(net, layer, i));
  startWeights(net, makeRandom(seed, 1));
  const pairs = net.weights.map(({ place }) => [net.widths[place] + 1, net.widths[place + 1]]);
  net.parameters = pairs.reduce((sum, [from, to]) => sum + from * to, 0);

  const { encoder, layers } = spec;
  const last = layers.length;
  Object.assign(net, {
    run: (x, count, options) => outputOf(net, x, count, 0, last, options),
    encode: (x, count, options) => outputOf(net, x, count, 0, encoder, { still: true, ...options }),
    decode: (z, count) => outputOf(net, z, count, encoder, last, {}),
    evaluate: (x, y, count, options) => lossOf(net, x, y, count, options),
    slopes: (x, y, count, options) => slopesOf(net, x, y, count, options),
    step: (x, y, count, options) => stepOf(net, x, y, count, options),
    state: () => allOf(net, 0).slice(),
    load: (state) => allOf(net, 0).set(state),
    dense: () => net.weights.map((weight) => unpadded(net, weight)),
  });
  return net;
}

function widthsOf({ input, layers }) {
  const widths = [input];
  for (const { op, units } of layers) {
    widths.push(op === "dense" ? units : widths.at(-1) / (op === "sampling" ? 2 : 1));
  }
  return widths;
}

/** An upper bound of the floats that a net needs. */
function floatsFor({ spec, widths, rows }) {
  const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);
  const numbers = sum(widths.map(padded));
  const matrices = spec.layers.map((_, i) => padded(widths[i]) * padded(widths[i + 1]));
  return 4 * rows * numbers + 4 * sum(matrices) + Math.max(...matrices) + 6 * numbers + 64;
}

function makeLayer(net, layer, i) {
  if (!TRAINED[layer.op]) throw new Error(`train.js knows no layer "${layer.op}"`);
  const [x, y] = [net.values[i], net.values[i + 1]];
  const [dx, dy] = [net.dValues[i], net.dValues[i + 1]];
  const weights = net.weights.find(({ place }) => place === i);
  const keep = layer.activation === "gelu" ? net.kernels.take(y.length) : null;
  const [from, to] = [net.widths[i], net.widths[i + 1]];
  return TRAINED[layer.op]({
    ...layer,
    x,
    y,
    dx,
    dy,
    from,
    to,
    weights,
    keep,
    first: i === 0,
    shared: net,
  });
}

// ---- Weights -----------------------------------------------------------------------------------

/** All weights lie behind one another, then their slopes and Adam's means of these. */
function takeWeights(net) {
  const { spec, widths, kernels } = net;
  const places = spec.layers.flatMap(({ op }, i) => (op === "dense" ? [i] : []));
  const start = kernels.take(0).at;
  const [weights, slopes] = Array.from({ length: 4 }, () =>
    places.map((i) => {
      const kernel = kernels.take(padded(widths[i]) * padded(widths[i + 1]));
      return { kernel, bias: kernels.take(padded(widths[i + 1])) };
    }),
  );
  net.block = { start, size: (kernels.take(0).at - start) / 4 };
  return weights.map((each, k) => ({
    ...each,
    dKernel: slopes[k].kernel,
    dBias: slopes[k].bias,
    place: places[k],
  }));
}

/** Of the four parts of that block: 0 the weights, 1 their slopes. */
function allOf({ kernels, block }, part) {
  const at = block.start / 4 + (part * block.size) / 4;
  return kernels.heap.subarray(at, at + block.size / 4);
}

/** Kernels as Keras starts them, by "he_normal" or "glorot_uniform"; biases are 0. */
function startWeights({ spec, widths, weights }, random) {
  for (const { kernel, place } of weights) {
    const [from, units] = [widths[place], widths[place + 1]];
    const { start, unitRows } = spec.layers[place];
    // Means and logarithms of variances are two layers in Keras.
    const to = spec.layers[place + 1]?.op === "sampling" ? units / 2 : units;
    const draw = start === "he_normal" ? heNormal(from, random) : glorot(from + to, random);
    const width = padded(units);
    for (let at = 0; at < from * width; at += width) {
      for (let column = 0; column < units; column++) kernel[at + column] = draw();
    }
    if (unitRows) makeUnitRows(kernel, width);
  }
}

function glorot(sum, { uniform }) {
  const limit = Math.sqrt(6 / sum);
  return () => limit * (2 * uniform() - 1);
}

/** Draws from a normal distribution that is cut off at twice its deviation. */
function heNormal(from, { normal }) {
  const deviation = Math.sqrt(2 / from) / 0.87962566103423978; // what the cut leaves of 1
  return () => {
    for (;;) {
      const value = normal();
      if (Math.abs(value) <= 2) return deviation * value;
    }
  };
}

/** Scales rows to length 1, as `keras.constraints.UnitNorm(axis=1)` does. */
function makeUnitRows(kernel, width) {
  for (let at = 0; at < kernel.length; at += width) {
    const line = kernel.subarray(at, at + width);
    const length = Math.sqrt(line.reduce((sum, value) => sum + value * value, 0)) + 1e-7;
    for (let i = 0; i < width; i++) line[i] /= length;
  }
}

/** One layer's kernel and bias as Keras has them, without what fills rows up. */
function unpadded({ spec, widths }, { kernel, bias, place }) {
  const [from, to] = [widths[place], widths[place + 1]];
  const rows = { kernel: rowsOf(kernel, from, to), bias: bias.slice(0, to) };
  return { ...rows, shape: [from, to], layer: spec.layers[place] };
}

// ---- Steps -------------------------------------------------------------------------------------

function rowsOf(values, count, width) {
  const wide = padded(width);
  if (wide === width) return values.slice(0, count * width);
  const result = new Float32Array(count * width);
  for (let i = 0; i < count; i++) {
    result.set(values.subarray(i * wide, i * wide + width), i * width);
  }
  return result;
}

function putRows(values, rows, count, width) {
  const wide = padded(width);
  if (wide === width) return values.set(rows.subarray(0, count * width));
  for (let i = 0; i < count; i++) values.set(rows.subarray(i * width, (i + 1) * width), i * wide);
}

/** Puts values into the chain at one place, and carries them on to another. */
function carry(net, x, count, from, to, options) {
  if (count > net.rows) throw new Error(`At most ${net.rows} images at once. Received: ${count}`);
  putRows(net.values[from], x, count, net.widths[from]);
  for (let i = from; i < to; i++) net.layers[i].forwards({ ...options, count });
}

function outputOf(net, x, count, from, to, options) {
  carry(net, x, count, from, to, options);
  const result = rowsOf(net.values[to], count, net.widths[to]);
  if (to === net.layers.length && net.spec.output === "sigmoid") {
    for (let i = 0; i < result.length; i++) result[i] = 1 / (1 + Math.exp(-result[i]));
  }
  return result;
}

/** The losses of a batch; leaves the slopes of the first one in the last values. */
function lossOf(net, x, y, count, options = {}) {
  const { layers, values, dValues, widths, kernels, target, spec } = net;
  carry(net, x, count, 0, layers.length, options);
  putRows(target, y, count, widths.at(-1));
  const [made, slope] = [values.at(-1), dValues.at(-1)];
  const length = padded(widths.at(-1));
  let sum = 0;
  for (let at = 0; at < count * length; at += length) {
    if (spec.output === "sigmoid") {
      const [a, b, c] = [made, target, slope].map((part) => part.at + 4 * at);
      const nats = kernels.crossEntropy(a, b, c, a + 4 * length);
      if (spec.loss === "cross_entropy") sum += nats;
    }
    if (spec.loss === "squared_error") sum += squares(made, target, slope, at, length, spec.output);
  }
  slope.fill(0, count * length);
  return { reconstruction: sum / count, ...penaltyOf(net, count, options) };
}

/** The squared error of one image, and its slopes. */
function squares(made, target, slope, at, length, output) {
  let sum = 0;
  for (let i = at; i < at + length; i++) {
    const difference = made[i] - target[i];
    sum += difference * difference;
    slope[i] = 2 * difference * (output === "sigmoid" ? made[i] * (1 - made[i]) : 1);
  }
  return sum;
}

/** What a code costs: its divergence from N(0, 1), or the sum of its numbers' sizes, an image. */
function penaltyOf({ layers, values, spec, widths }, count, { l1 = 0 }) {
  const sampling = layers.find((layer) => "kl" in layer);
  if (sampling) return { penalty: sampling.kl };
  if (!l1) return { penalty: 0 };
  const z = values[spec.encoder].subarray(0, count * padded(widths[spec.encoder]));
  return { penalty: z.reduce((sum, value) => sum + Math.abs(value), 0) / count };
}

function slopesOf(net, x, y, count, options = {}) {
  const losses = lossOf(net, x, y, count, options);
  const { layers, values, dValues, spec } = net;
  const last = dValues.at(-1);
  for (let i = 0; i < last.length; i++) last[i] /= count;
  for (let i = layers.length - 1; i >= 0; i--) {
    if (options.l1 && i === spec.encoder - 1) {
      const [z, dz] = [values[spec.encoder], dValues[spec.encoder]];
      const end = (z.length / net.rows) * count;
      for (let k = 0; k < end; k++) dz[k] += (options.l1 * Math.sign(z[k])) / count;
    }
    layers[i].backwards({ beta: 1, ...options, count });
  }
  return losses;
}

function stepOf(net, x, y, count, options) {
  const losses = slopesOf(net, x, y, count, options);
  const { start, size } = net.block;
  const { keepMean, keepSquare, epsilon } = ADAM;
  net.steps++;
  const unbiased = Math.sqrt(1 - keepSquare ** net.steps) / (1 - keepMean ** net.steps);
  net.kernels.adam(
    ...[start, start + size, start + 2 * size, start + 3 * size, start + size],
    ...[options.rate * unbiased, 1 - keepMean, 1 - keepSquare, epsilon],
  );
  for (const { kernel, place } of net.weights) {
    if (net.spec.layers[place].unitRows) makeUnitRows(kernel, padded(net.widths[place + 1]));
  }
  return losses;
}
