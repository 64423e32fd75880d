// Random numbers: those that a seed fixes, and others.

/** A draw from N(0, 1) that no seed fixes: Box and Muller. */
export const normal = () =>
  Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());

/**
 * Makes a source of random numbers: xoshiro128** by Blackman and Vigna (2018), whose state is drawn
 * from the seed by the mixing of MurmurHash3.
 *
 * @param {number} seed - A whole number.
 * @param {number} stream - Of several independent sources of one seed, which one.
 * @returns {object} `uniform()` in [0, 1), `normal()` from N(0, 1), and `shuffle(array)` in place.
 */
export function makeRandom(seed, stream = 0) {
  let mixed = (seed ^ Math.imul(stream + 1, 0x9e3779b9)) | 0;
  const mix = () => {
    mixed = (mixed + 0x9e3779b9) | 0;
    let z = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return z ^ (z >>> 16);
  };
  const state = Int32Array.of(mix(), mix(), mix(), mix() | 1); // never all 0
  const rotate = (x, k) => (x << k) | (x >>> (32 - k));
  const next = () => {
    const result = Math.imul(rotate(Math.imul(state[1], 5), 7), 9);
    const shifted = state[1] << 9;
    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= shifted;
    state[3] = rotate(state[3], 11);
    return result >>> 0;
  };
  const uniform = () => next() / 2 ** 32;
  let spare = null;
  const nextNormal = () => {
    if (spare !== null) {
      const value = spare;
      spare = null;
      return value;
    }
    // Marsaglia's polar method gives two at once.
    for (;;) {
      const [u, v] = [2 * uniform() - 1, 2 * uniform() - 1];
      const square = u * u + v * v;
      if (square >= 1 || square === 0) continue;
      const factor = Math.sqrt((-2 * Math.log(square)) / square);
      spare = v * factor;
      return u * factor;
    }
  };
  const shuffle = (array) => {
    for (let i = array.length - 1; i > 0; i--) {
      const j = Math.floor(uniform() * (i + 1));
      const value = array[i];
      array[i] = array[j];
      array[j] = value;
    }
    return array;
  };
  return { uniform, normal: nextNormal, shuffle };
}
