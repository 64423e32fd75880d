// Arithmetic on images, as aehelpers.data and aehelpers.metrics do it in Python; no elements here.

export const SIDE = 28; // pixels of an image

/** The nearest number between two others. */
export const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/** The i-th row of an array of rows. */
export const row = (array, i, length) => array.subarray(i * length, (i + 1) * length);

// ---- Errors ------------------------------------------------------------------------------------

/** The squared error of an image, summed over its pixels. */
export function squaredError(image, other) {
  return image.reduce((sum, value, i) => sum + (value - other[i]) ** 2, 0);
}

/** The peak signal-to-noise ratio in decibels; Infinity where there is no difference. */
export function psnr(clean, image) {
  return -10 * Math.log10(squaredError(clean, image) / clean.length);
}

/** The divergence of a Gaussian, of these means and variances, from N(0, 1), in nats. */
export function divergence(means, variances) {
  return means.reduce(
    (sum, mean, i) => sum + 0.5 * (mean ** 2 + variances[i] - 1 - Math.log(variances[i])),
    0,
  );
}

// ---- Noise -------------------------------------------------------------------------------------

const KINDS = {
  gaussian: (strength, normal) => (value, i) => clamp(value + strength * normal[i], 0, 1),
  masking: (rate, _, uniform) => (value, i) => (uniform[i] < rate ? 0 : value),
  "salt and pepper": (rate, _, uniform) => (value, i) => {
    if (uniform[i] >= rate) return value;
    return uniform[i] < rate / 2 ? 1 : 0;
  },
  block: (strength, _, uniform) => {
    const side = Math.floor(strength);
    const [top, left] = [0, 1].map((k) => Math.floor(uniform[k] * (SIDE + 1 - side)));
    return (value, i) => {
      const [r, c] = [Math.floor(i / SIDE) - top, (i % SIDE) - left];
      return r >= 0 && r < side && c >= 0 && c < side ? 0 : value;
    };
  },
};

/**
 * Damages an image; `_noise.py` computes the same.
 *
 * @param {Float32Array} clean - The image.
 * @param {string} kind - Of the noise.
 * @param {number} strength - Standard deviation, rate, or side of the block in pixels.
 * @param {Float32Array} normal - Draws from N(0, 1), one for each pixel.
 * @param {Float32Array} uniform - Draws from [0, 1), one for each pixel.
 */
export function damage(clean, kind, strength, normal, uniform) {
  return clean.map(KINDS[kind](strength, normal, uniform));
}

// ---- Drawings ----------------------------------------------------------------------------------

/**
 * Scales a drawing as MNIST's digits are, and as `data.load_folder` does it: into 20x20 with its
 * proportions kept, then moved so that its centre of mass is at pixel 14 of 28x28.
 *
 * @param {Float32Array} levels - Ink from 0 to 1, row by row.
 * @param {number} width - Pixels in a row.
 */
export function asMnist(levels, width) {
  const box = inkBox(levels, width);
  if (box === null) return new Float32Array(SIDE ** 2);
  const scale = 20 / Math.max(box.width, box.height);
  const columns = Math.max(1, roundHalfToEven(box.width * scale));
  const rows = Math.max(1, roundHalfToEven(box.height * scale));
  const small = shrunk(levels, width, box, columns, rows);
  const left = Math.floor((SIDE - columns) / 2);
  const top = Math.floor((SIDE - rows) / 2);
  let [mass, massX, massY] = [0, 0, 0];
  small.forEach((value, i) => {
    mass += value;
    massX += value * (left + (i % columns) - SIDE / 2); // MNIST counts this pixel as the middle
    massY += value * (top + Math.floor(i / columns) - SIDE / 2);
  });
  // At least 4 pixels are free on each side.
  const x = left - clamp(roundHalfToEven(massX / mass), -4, 4);
  const y = top - clamp(roundHalfToEven(massY / mass), -4, 4);
  const result = new Float32Array(SIDE ** 2);
  for (let i = 0; i < rows; i++) result.set(row(small, i, columns), (y + i) * SIDE + x);
  return result;
}

/** The smallest rectangle that holds all ink, or null. */
function inkBox(levels, width) {
  const largest = levels.reduce((a, b) => Math.max(a, b), 0);
  const limit = Math.fround(Math.max(0.1, Math.fround(0.2) * largest)); // in NumPy's precision
  let [left, right, top, bottom] = [width, -1, levels.length, -1];
  levels.forEach((value, i) => {
    if (value <= limit) return;
    const [x, y] = [i % width, Math.floor(i / width)];
    [left, right] = [Math.min(left, x), Math.max(right, x)];
    [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
  });
  if (right < 0) return null;
  return { left, top, width: right - left + 1, height: bottom - top + 1 };
}

/** Scales what is in a box: a small pixel is the mean of those whose middle lies in it. */
function shrunk(levels, width, box, columns, rows) {
  const spans = (size, count) => {
    const step = size / count;
    const edge = (k) => Math.floor(k * step - 0.5) + 1;
    return Array.from({ length: count }, (_, i) => {
      if (step >= 1) return [edge(i), edge(i + 1)];
      const nearest = Math.floor((i + 0.5) * step);
      return [nearest, nearest + 1];
    });
  };
  const across = spans(box.width, columns);
  const small = new Float32Array(columns * rows);
  spans(box.height, rows).forEach(([y0, y1], i) => {
    across.forEach(([x0, x1], j) => {
      let sum = 0;
      for (let y = y0; y < y1; y++) {
        for (let x = x0; x < x1; x++) sum += levels[(box.top + y) * width + box.left + x];
      }
      small[i * columns + j] = sum / ((y1 - y0) * (x1 - x0));
    });
  });
  return small;
}

/** Rounds as Python does: a half goes to the even neighbour. */
function roundHalfToEven(value) {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 ? floor + 1 : floor;
}
