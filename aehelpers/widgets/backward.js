// Layers that can be trained: each computes its values, and from the slopes of the loss in these
// the slopes in what it was given and in its weights. train.js makes chains of them.

import { erf } from "./forward.js";
import { padded } from "./kernels.js";

/**
 * Layers by their names. Each is a function of its place in the chain: the values x that it is
 * given and y that it gives, their slopes dx and dy, all with `rows` rows of `from` and `to`
 * numbers, the weights and what else it needs. It returns two functions of the options of a step,
 * `forwards`, which fills y, and `backwards`, which fills dx and the slopes of the weights.
 *
 * Rows beyond the batch are computed along with it; as their slopes are 0, they count for nothing.
 */
export const TRAINED = {
  dense({ x, y, dx, dy, from, to, weights, activation, keep, first, shared }) {
    const act = TRAINED_ACTIVATIONS[activation];
    if (!act) throw new Error(`train.js knows no activation "${activation}"`);
    const { kernels, zeros, rows, turned } = shared;
    const { kernel, bias, dKernel, dBias } = weights;
    const [given, made] = [padded(from), padded(to)]; // floats in a row
    return {
      forwards() {
        const [a, b] = [4 * given, 4 * made];
        kernels.product(y.at, x.at, 4, a, kernel.at, b, bias.at, rows, b, given);
        act.forwards(y, keep);
      },
      backwards() {
        act.backwards(dy, y, keep);
        const [a, b] = [4 * given, 4 * made];
        kernels.product(dKernel.at, x.at, a, 4, dy.at, b, zeros.at, given, b, rows);
        addRows(dy, dBias);
        if (first) return;
        turn(kernel, turned, given, made);
        kernels.product(dx.at, dy.at, 4, b, turned.at, a, zeros.at, rows, a, made);
      },
    };
  },

  // Keeps the k largest numbers of a code, and of those the positive ones.
  top_k({ x, y, dx, dy, to, shared }) {
    const width = padded(to);
    return {
      forwards({ k }) {
        for (let at = 0; at < shared.rows * width; at += width) {
          const limit = x.slice(at, at + to).sort()[to - k];
          for (let i = at; i < at + to; i++) y[i] = x[i] >= limit && x[i] > 0 ? x[i] : 0;
        }
      },
      backwards() {
        for (let i = 0; i < y.length; i++) dx[i] = y[i] > 0 ? dy[i] : 0;
      },
    };
  },

  // Draws a code from a Gaussian: x holds the means, and beside them the logarithms of the
  // variances. Without noise it is the mean. `kl` is the divergence from N(0, 1), in nats an image.
  sampling({ x, y, dx, dy, to, shared }) {
    const [given, made] = [padded(2 * to), padded(to)];
    const noise = new Float32Array(shared.rows * to);
    const walk = (count, visit) => {
      for (let row = 0; row < count; row++) {
        for (let i = 0; i < to; i++) visit(row * given + i, row * made + i, row * to + i);
      }
    };
    const layer = {
      kl: 0,
      forwards({ count, still, random = shared.random }) {
        let kl = 0;
        walk(count, (mean, z, i) => {
          const logVariance = x[mean + to];
          const deviation = Math.exp(logVariance / 2);
          noise[i] = still ? 0 : deviation * random.normal();
          y[z] = x[mean] + noise[i];
          kl += 0.5 * (x[mean] ** 2 + deviation ** 2 - 1 - logVariance);
        });
        layer.kl = kl / count;
      },
      backwards({ count, beta }) {
        dx.fill(0);
        walk(count, (mean, z, i) => {
          const variance = Math.exp(x[mean + to]);
          dx[mean] = dy[z] + (beta * x[mean]) / count;
          dx[mean + to] = 0.5 * (dy[z] * noise[i] + (beta * (variance - 1)) / count);
        });
      },
    };
    return layer;
  },
};

/** Sums the rows of a matrix. */
function addRows(matrix, sum) {
  sum.fill(0);
  for (let at = 0; at < matrix.length; at += sum.length) {
    for (let i = 0; i < sum.length; i++) sum[i] += matrix[at + i];
  }
}

/** Makes rows columns, in blocks of 16 that stay in the nearest memory. */
function turn(matrix, turned, rows, columns) {
  for (let top = 0; top < rows; top += 16) {
    const bottom = Math.min(top + 16, rows);
    for (let j = 0; j < columns; j++) {
      for (let i = top; i < bottom; i++) turned[j * rows + i] = matrix[i * columns + j];
    }
  }
}

// Activations, in place; `keep` has room for what the way back needs. All give 0 for 0, so that
// what fills rows up stays 0.
const TRAINED_ACTIVATIONS = {
  linear: { forwards() {}, backwards() {} },
  relu: {
    forwards(y) {
      for (let i = 0; i < y.length; i++) if (y[i] < 0) y[i] = 0;
    },
    backwards(dy, y) {
      for (let i = 0; i < y.length; i++) if (y[i] <= 0) dy[i] = 0;
    },
  },
  gelu: {
    forwards(y, keep) {
      for (let i = 0; i < y.length; i++) {
        const v = y[i];
        const gauss = Math.exp(-0.5 * v * v);
        const share = 0.5 * (1 + erf(v * Math.SQRT1_2, gauss));
        keep[i] = share + (v * gauss) / Math.sqrt(2 * Math.PI);
        y[i] = v * share;
      }
    },
    backwards(dy, _, keep) {
      for (let i = 0; i < dy.length; i++) dy[i] *= keep[i];
    },
  },
  tanh: {
    forwards(y) {
      for (let i = 0; i < y.length; i++) y[i] = Math.tanh(y[i]);
    },
    backwards(dy, y) {
      for (let i = 0; i < y.length; i++) dy[i] *= 1 - y[i] * y[i];
    },
  },
};
