// The forward pass of the course's models: a list of layers and their weights in, pixels out.
//
//   const net = makeNet(spec, bytes); // spec and bytes as _net.py makes them
//   const pixels = net.run(code); // Float32Array in, Float32Array out, reused by the next run
//
// A net of several inputs is given their numbers one after the other.
//
// Images and feature maps lie in memory as (height, width, channels), kernels as Keras stores them.

/** Makes a runnable net. `spec.nodes` are in an order in which each only needs earlier values. */
export function makeNet(spec, bytes) {
  const memory = makeMemory(floatsNeeded(spec));
  const read = (array) => memory.hold(readArray(array, bytes));
  const inputs = spec.inputs.map((shape) => memory.take(sizeOf(shape)));
  const nodes = spec.nodes.map((node) => {
    if (!LAYERS[node.op]) throw new Error(`forward.js knows no layer "${node.op}"`);
    const activate = ACTIVATIONS[node.activation];
    if (!activate) throw new Error(`forward.js knows no activation "${node.activation}"`);
    const y = memory.take(sizeOf(node.shape));
    return { layer: LAYERS[node.op](node, y, memory, read), activate, y, node };
  });
  const values = [...inputs, ...nodes.map(({ y }) => y)];
  const last = spec.output - inputs.length;
  return {
    inputSize: inputs.reduce((sum, { length }) => sum + length, 0),
    outputShape: last >= 0 ? spec.nodes[last].shape : spec.inputs[spec.output],
    run(x) {
      let from = 0;
      for (const input of inputs) {
        input.set(x.slice(from, from + input.length));
        from += input.length;
      }
      for (const { layer, activate, y, node } of nodes) {
        layer(...node.inputs.map((k) => values[k]));
        activate(y, node);
      }
      return values[spec.output];
    },
  };
}

const sizeOf = (shape) => shape.reduce((a, b) => a * b, 1);

// ---- Weights -----------------------------------------------------------------------------------

/**
 * Reads one array as floats. `array` is {at, size, type, scale?}: int8 has a scale for each column,
 * uint8 are grey levels from 0 to 1.
 */
export function readArray(array, bytes) {
  const start = bytes.byteOffset + array.at;
  if (array.type === "float32")
    return new Float32Array(bytes.buffer.slice(start, start + 4 * array.size));
  if (array.type === "float16") {
    // Float16Array would do this, where browsers have it.
    const halves = new Uint16Array(bytes.buffer.slice(start, start + 2 * array.size));
    return Float32Array.from(halves, halfToFloat);
  }
  if (array.type === "uint8") {
    return Float32Array.from(
      new Uint8Array(bytes.buffer, start, array.size),
      (level) => level / 255,
    );
  }
  const steps = new Int8Array(bytes.buffer, start, array.size);
  const scale = readArray(array.scale, bytes);
  return Float32Array.from(steps, (step, i) => step * scale[i % scale.length]);
}

function halfToFloat(half) {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 31;
  const fraction = half & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

// ---- Layers ------------------------------------------------------------------------------------
// Each takes its description, the array for its values, the memory and a reader of weights. It
// returns a function that computes the values from those of other layers.

const LAYERS = {
  dense({ kernel, bias, units }, y, memory, read) {
    const weights = read(kernel);
    const offset = bias ? read(bias) : new Float32Array(units);
    const rows = weights.length / units;
    return (x) => {
      // On feature maps it acts on each place alone.
      for (let from = 0, to = 0; to < y.length; from += rows, to += units) {
        y.set(offset, to);
        memory.addProduct(x.at0 + from, rows, weights.at0, y.at0 + to, units);
      }
    };
  },

  conv2d({ kernel, bias, size, strides, padding, from, shape }, y, memory, read) {
    const [height, width, channels] = from;
    const [outHeight, outWidth, filters] = shape;
    const weights = read(kernel);
    const offset = bias ? read(bias) : new Float32Array(filters);
    const [top, left] = [0, 1].map((axis) => padBefore(padding, shape, size, strides, from, axis));
    const patch = memory.take(size[0] * size[1] * channels);
    const row = size[1] * channels;
    return (x) => {
      for (let i = 0, at = 0; i < outHeight; i++) {
        for (let j = 0; j < outWidth; j++, at += filters) {
          // The pixels under the kernel as one vector; then it is a dense layer.
          const x0 = j * strides[1] - left;
          const [first, last] = [Math.max(x0, 0), Math.min(x0 + size[1], width)];
          for (let k = 0; k < size[0]; k++) {
            const line = i * strides[0] - top + k;
            const begin = k * row;
            if (line < 0 || line >= height || last <= first) {
              patch.fill(0, begin, begin + row);
              continue;
            }
            const source = (line * width + first) * channels;
            const to = begin + (first - x0) * channels;
            const count = (last - first) * channels;
            if (count < row) patch.fill(0, begin, begin + row);
            for (let c = 0; c < count; c++) patch[to + c] = x[source + c];
          }
          y.set(offset, at);
          memory.addProduct(patch.at0, patch.length, weights.at0, y.at0 + at, filters);
        }
      }
    };
  },

  conv2d_transpose({ kernel, bias, size, strides, padding, from, shape }, y, memory, read) {
    const [height, width, channels] = from;
    const [outHeight, outWidth, filters] = shape;
    const taps = size[0] * size[1] * filters;
    const weights = read(kernel);
    weights.set(transpose(weights, taps, channels)); // now channels x (height, width, filters)
    const offset = bias ? read(bias) : new Float32Array(filters);
    const [top, left] = [0, 1].map((axis) =>
      padding === "same" ? Math.floor(Math.max(size[axis] - strides[axis], 0) / 2) : 0,
    );
    const stamp = memory.take(taps);
    return (x) => {
      for (let at = 0; at < y.length; at += filters) y.set(offset, at);
      for (let i = 0; i < height; i++) {
        for (let j = 0; j < width; j++) {
          // What this place of the input prints, and where.
          stamp.fill(0);
          memory.addProduct(
            x.at0 + (i * width + j) * channels,
            channels,
            weights.at0,
            stamp.at0,
            taps,
          );
          const x0 = j * strides[1] - left;
          const [first, last] = [Math.max(x0, 0), Math.min(x0 + size[1], outWidth)];
          for (let k = 0; k < size[0]; k++) {
            const line = i * strides[0] - top + k;
            if (line < 0 || line >= outHeight) continue;
            const to = (line * outWidth + first) * filters;
            const source = (k * size[1] + first - x0) * filters;
            for (let c = 0; c < (last - first) * filters; c++) y[to + c] += stamp[source + c];
          }
        }
      }
    };
  },

  upsampling2d({ size, from, shape, interpolation }, y) {
    const [, width, channels] = from;
    // For each place along an axis: its two neighbours, and how much of the second one.
    const [rows, columns] = [0, 1].map((axis) =>
      Array.from({ length: shape[axis] }, (_, i) => {
        if (interpolation === "nearest") return [Math.floor(i / size[axis]), 0, 0];
        const middle = Math.min(Math.max((i + 0.5) / size[axis] - 0.5, 0), from[axis] - 1);
        const low = Math.floor(middle);
        return [low, Math.min(low + 1, from[axis] - 1), middle - low];
      }),
    );
    return (x) => {
      const at = (i, j, c) => x[(i * width + j) * channels + c];
      let to = 0;
      for (const [i, below, di] of rows) {
        for (const [j, right, dj] of columns) {
          for (let c = 0; c < channels; c++) {
            let value = at(i, j, c);
            if (di || dj) {
              const upper = value * (1 - dj) + at(i, right, c) * dj;
              value =
                upper * (1 - di) + (at(below, j, c) * (1 - dj) + at(below, right, c) * dj) * di;
            }
            y[to++] = value;
          }
        }
      }
    };
  },

  max_pooling2d: (node, y) => pooling(node, y, true),
  average_pooling2d: (node, y) => pooling(node, y, false),

  // Batch normalisation and rescaling: one factor and one offset a channel.
  affine({ factor, offset }, y, _memory, read) {
    const [a, b] = [read(factor), read(offset)];
    return (x) => {
      for (let i = 0; i < y.length; i++) y[i] = a[i % a.length] * x[i] + b[i % a.length];
    };
  },

  // Each place is brought to mean 0 and variance 1 over its channels.
  layer_normalization({ factor, offset, epsilon }, y, _memory, read) {
    const [a, b] = [read(factor), read(offset)];
    return (x) => {
      for (let at = 0; at < y.length; at += a.length) {
        const place = x.subarray(at, at + a.length);
        const mean = place.reduce((sum, value) => sum + value, 0) / a.length;
        const squares = place.reduce((sum, value) => sum + (value - mean) ** 2, 0);
        const scale = 1 / Math.sqrt(squares / a.length + epsilon);
        for (let i = 0; i < a.length; i++) y[at + i] = a[i] * (place[i] - mean) * scale + b[i];
      }
    };
  },

  // A label as a vector.
  one_hot: (_, y) => (x) => {
    y.fill(0);
    y[x[0]] = 1;
  },

  // A time, and sines and cosines of it.
  waves:
    ({ waves }, y) =>
    ([time]) => {
      y[0] = time;
      for (let k = 1; k <= waves; k++) {
        y[k] = Math.sin(Math.PI * k * time);
        y[waves + k] = Math.cos(Math.PI * k * time);
      }
    },

  concatenate:
    ({ widths }, y) =>
    (...parts) => {
      for (let to = 0, place = 0; to < y.length; place++) {
        parts.forEach((part, k) => {
          y.set(part.subarray(place * widths[k], (place + 1) * widths[k]), to);
          to += widths[k];
        });
      }
    },

  add:
    (_, y) =>
    (...parts) => {
      y.fill(0);
      for (const part of parts) for (let i = 0; i < y.length; i++) y[i] += part[i];
    },

  // Keeps the k largest numbers of a code, at each place of a map, and of those the positive ones.
  top_k({ k, shape }, y) {
    const units = shape[shape.length - 1];
    return (x) => {
      for (let at = 0; at < y.length; at += units) {
        const limit = x.slice(at, at + units).sort()[units - k];
        for (let i = at; i < at + units; i++) y[i] = x[i] >= limit && x[i] > 0 ? x[i] : 0;
      }
    };
  },

  // Activations that are layers of their own. New shapes need no work: numbers keep their order.
  identity: (_, y) => (x) => y.set(x),
};

function pooling({ size, strides, padding, from, shape }, y, largest) {
  const [height, width, channels] = from;
  const [outHeight, outWidth] = shape;
  const [top, left] = [0, 1].map((axis) => padBefore(padding, shape, size, strides, from, axis));
  return (x) => {
    let to = 0;
    for (let i = 0; i < outHeight; i++) {
      const [k0, k1] = [
        Math.max(i * strides[0] - top, 0),
        Math.min(i * strides[0] - top + size[0], height),
      ];
      for (let j = 0; j < outWidth; j++) {
        const [l0, l1] = [
          Math.max(j * strides[1] - left, 0),
          Math.min(j * strides[1] - left + size[1], width),
        ];
        for (let c = 0; c < channels; c++) {
          let [best, sum] = [-Infinity, 0];
          for (let k = k0; k < k1; k++) {
            for (let l = l0; l < l1; l++) {
              const value = x[(k * width + l) * channels + c];
              best = Math.max(best, value);
              sum += value;
            }
          }
          y[to++] = largest ? best : sum / ((k1 - k0) * (l1 - l0)); // padding counts for neither
        }
      }
    }
  };
}

/** How many pixels of padding TensorFlow puts above (axis 0) or left of (axis 1) an image. */
function padBefore(padding, shape, size, strides, from, axis) {
  if (padding !== "same") return 0;
  const total = (shape[axis] - 1) * strides[axis] + size[axis] - from[axis];
  return Math.floor(Math.max(total, 0) / 2);
}

function transpose(matrix, rows, columns) {
  const result = new Float32Array(matrix.length);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) result[j * rows + i] = matrix[i * columns + j];
  }
  return result;
}

// ---- Memory, and the one loop in which the time goes -------------------------------------------

/** An upper bound of the floats that a net needs: weights, values, and what convolutions copy. */
function floatsNeeded(spec) {
  let total = spec.inputs.reduce((sum, shape) => sum + sizeOf(shape) + 8, 0);
  for (const node of spec.nodes) {
    for (const array of [node.kernel, node.bias, node.factor, node.offset])
      total += array ? array.size + 4 : 0;
    const channels = node.from ? Math.max(node.from[2], node.shape[2]) : 0;
    total += sizeOf(node.shape) + sizeOf(node.size || []) * channels + 8;
  }
  return total;
}

/** All numbers of a net lie in one block, which is WebAssembly's memory where there is SIMD. */
function makeMemory(floats) {
  let buffer, addRows;
  try {
    const memory = new WebAssembly.Memory({ initial: Math.ceil((4 * floats) / 65536) });
    const instance = new WebAssembly.Instance(new WebAssembly.Module(ADD_ROWS), {
      "": { "": memory },
    });
    [buffer, addRows] = [memory.buffer, instance.exports.f];
  } catch {
    // Plain JavaScript computes the same, 3 to 10 times slower.
    buffer = new ArrayBuffer(4 * floats);
  }
  const heap = new Float32Array(buffer);
  let used = 0;
  const take = (size) => {
    const array = heap.subarray(used, used + size);
    array.at0 = used; // where it begins in the heap
    used += Math.ceil(size / 4) * 4;
    return array;
  };
  const hold = (values) => {
    const array = take(values.length);
    array.set(values);
    return array;
  };

  /**
   * Adds the vector of `rows` numbers at x, times the matrix of rows x columns, to the vector at y.
   *
   * Four rows a pass, so that each y is read and written a quarter as often. Rows whose x is 0 cost
   * nothing: after a ReLU that is every second one, in a sparse code nearly all.
   */
  function addProduct(x, rows, matrix, y, columns) {
    const whole = addRows ? columns & ~3 : 0; // SIMD takes four columns at once
    let waiting = 0;
    let a = 0,
      b = 0,
      c = 0,
      i = matrix,
      j = matrix,
      k = matrix;
    for (let row = 0; row <= rows; row++) {
      const value = row < rows ? heap[x + row] : 0;
      const m = matrix + row * columns;
      if (row < rows) {
        if (value === 0) continue;
        if (waiting === 0) {
          a = value;
          i = m;
          waiting = 1;
          continue;
        }
        if (waiting === 1) {
          b = value;
          j = m;
          waiting = 2;
          continue;
        }
        if (waiting === 2) {
          c = value;
          k = m;
          waiting = 3;
          continue;
        }
      } else if (waiting === 0) return;
      else if (waiting < 3) {
        // the rest: rows that count for nothing fill it up
        c = 0;
        if (waiting < 2) b = 0;
      }
      const l = row < rows ? m : matrix;
      if (whole) addRows(4 * y, 4 * (y + whole), 4 * i, 4 * j, 4 * k, 4 * l, a, b, c, value);
      for (let n = whole; n < columns; n++) {
        heap[y + n] += a * heap[i + n] + b * heap[j + n] + c * heap[k + n] + value * heap[l + n];
      }
      waiting = 0;
    }
  }
  return { take, hold, addProduct };
}

/**
 * WebAssembly for the inner loop, written out by hand:
 *
 *   f(y, end, i, j, k, l, a, b, c, d) {
 *     while (y < end) { y[0..3] += a * i[0..3] + ...; all += 4 floats }
 *   }
 */
const ADD_ROWS = (() => {
  const [I32, F32, V128] = [0x7f, 0x7d, 0x7b];
  const section = (id, ...content) => [id, ...length(content.flat(9)), ...content.flat(9)];
  const length = ({ length: n }) => (n < 128 ? [n] : [(n & 127) | 128, n >> 7]);
  const get = (local) => [0x20, local];
  const set = (local) => [0x21, local];
  const load = (pointer) => [get(pointer), 0xfd, 0x00, 2, 0];
  const [splat, add, multiply] = [
    [0xfd, 0x13],
    [0xfd, 0xe4, 0x01],
    [0xfd, 0xe6, 0x01],
  ];
  const [y, end, i, j, k, l, a, b, c, d] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
  const four = (factor) => factor + 4; // the local variable that holds it four times
  const term = (factor, pointer) => [get(four(factor)), load(pointer), multiply];
  const code = [
    [1, 4, V128], // four local variables
    [a, b, c, d].map((factor) => [get(factor), splat, set(four(factor))]),
    [0x03, 0x40], // loop
    [
      get(y),
      load(y),
      term(a, i),
      term(b, j),
      add,
      term(c, k),
      term(d, l),
      add,
      add,
      add,
      0xfd,
      0x0b,
      2,
      0,
    ],
    [y, i, j, k, l].map((pointer) => [get(pointer), 0x41, 16, 0x6a, set(pointer)]), // += 16 bytes
    [get(y), get(end), 0x49, 0x0d, 0], // again if y < end
    [0x0b, 0x0b],
  ].flat(9);
  const types = [1, 0x60, 10, I32, I32, I32, I32, I32, I32, F32, F32, F32, F32, 0];
  return new Uint8Array([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, types),
    ...section(2, [1, 0, 0, 2, 0, 1]), // imports the memory
    ...section(3, [1, 0]),
    ...section(7, [1, 1, 0x66, 0, 0]), // exports f
    ...section(10, [1, length(code), code]),
  ]);
})();

// ---- Activations, in place ---------------------------------------------------------------------

const each = (f) => (y, options) => {
  for (let i = 0; i < y.length; i++) y[i] = f(y[i], options);
};

const ACTIVATIONS = {
  linear() {},
  relu: each((v) => Math.max(v, 0)),
  leaky_relu: each((v, { slope }) => (v > 0 ? v : slope * v)),
  elu: each((v, { slope }) => (v > 0 ? v : slope * Math.expm1(v))),
  gelu: each((v) => 0.5 * v * (1 + erf(v * Math.SQRT1_2))),
  sigmoid: each((v) => 1 / (1 + Math.exp(-v))),
  silu: each((v) => v / (1 + Math.exp(-v))),
  tanh: each(Math.tanh),
  softplus: each((v) => Math.max(v, 0) + Math.log1p(Math.exp(-Math.abs(v)))),
  softmax(y, { shape }) {
    const channels = shape[shape.length - 1];
    for (let at = 0; at < y.length; at += channels) {
      const row = y.subarray(at, at + channels);
      const largest = row.reduce((a, b) => Math.max(a, b));
      let sum = 0;
      for (let i = 0; i < channels; i++) sum += row[i] = Math.exp(row[i] - largest);
      for (let i = 0; i < channels; i++) row[i] /= sum;
    }
  },
};

/**
 * The error function, to 1.5e-7: Abramowitz and Stegun, formula 7.1.26.
 *
 * @param {number} x - Any number.
 * @param {number} gauss - exp(-x²), where that is known.
 */
export function erf(x, gauss = Math.exp(-x * x)) {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const sum =
    t *
    (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const y = 1 - sum * gauss;
  return x < 0 ? -y : y;
}
