// The loops in which training spends its time: products of matrices, Adam, and the sigmoid with its
// cross-entropy. In WebAssembly, four numbers at a time; where there is none, the same in
// JavaScript.
//
// All arrays lie in one block of memory; a pointer is the number of a byte in it. Rows are as long
// as a multiple of 8 numbers, so that no loop has a rest: what fills them up is 0.

import { assemble } from "./wasm.js";

/** Floats in a row of so many columns. */
export const padded = (columns) => Math.ceil(columns / 8) * 8;

/**
 * Makes the memory and the loops that work on it.
 *
 * @param {number} floats - How much of it there shall be.
 * @param {string} wanted - "fused" for products and sums in one instruction, "simd" without these,
 *   "plain" for JavaScript; what the browser doesn't have falls back to the next.
 * @returns {object} `heap`, all of it; `take(size)`, the next part of it, with `at`, its pointer;
 *   the loops `product`, `adam` and `crossEntropy`; `kind`, which of the three they are.
 */
export function makeKernels(floats, wanted = "fused") {
  const kinds = ["fused", "simd", "plain"];
  for (const kind of kinds.slice(kinds.indexOf(wanted), -1)) {
    try {
      return withMemory(kind, floats);
    } catch {
      // The next one will do.
    }
  }
  const heap = new Float32Array(floats);
  return { ...parts(heap), ...plainKernels(heap), kind: "plain" };
}

function withMemory(kind, floats) {
  const memory = new WebAssembly.Memory({ initial: Math.ceil((4 * floats) / 65536) });
  const kernels = [product(kind === "fused"), adam(), crossEntropy()];
  const compiled = new WebAssembly.Module(assemble(kernels));
  const { exports } = new WebAssembly.Instance(compiled, { js: { memory } });
  const heap = new Float32Array(memory.buffer);
  return { ...parts(heap), ...exports, kind };
}

function parts(heap) {
  let used = 0;
  const take = (size) => {
    const array = heap.subarray(used, used + size);
    array.at = 4 * used;
    used += padded(size);
    return array;
  };
  return { heap, take };
}

// ---- In WebAssembly ----------------------------------------------------------------------------

const STEP = 32; // bytes of the eight columns that are computed at once

const times = (a, b) => ["multiply", a, b];
const plus = (a, b) => ["add", a, b];
const four = (value) => ["splat", ["f32", value]];
const further = (pointer, bytes) => ["set", pointer, ["i32.add", pointer, bytes]];

/**
 * product(y, x, acrossX, downX, w, downW, start, rows, columns, depth): y = start + x · w.
 *
 * Rows of y are `columns` apart and begin as `start`, one row. `acrossX` and `downX` are the bytes
 * from one number of x to the next in a row and in a column, so that x can be read transposed.
 * All of it in bytes but `rows` and `depth`, which are counts; rows are a multiple of 4.
 *
 * Four rows by eight columns of y are held in eight registers while the depth is walked through.
 */
function product(fused) {
  const rows = [0, 1, 2, 3];
  const pointers = [
    "y",
    "x",
    "acrossX",
    "downX",
    "w",
    "downW",
    "start",
    "rows",
    "columns",
    "depth",
  ];
  const integers = ["column", "row", "k", "from", "to", "v", ...rows.map((r) => `x${r}`)];
  const vectors = ["left", "right", "one", ...rows.flatMap((r) => [`l${r}`, `r${r}`])];
  const onto = (sum, a, b) =>
    fused ? ["relaxed.multiply.add", a, b, sum] : plus(sum, times(a, b));
  const inner = [
    ["set", "left", ["load", "v"]],
    ["set", "right", ["load", "v", 16]],
    ...rows.flatMap((r) => [
      ["set", "one", ["load.splat", `x${r}`]],
      ["set", `l${r}`, onto(`l${r}`, "one", "left")],
      ["set", `r${r}`, onto(`r${r}`, "one", "right")],
      further(`x${r}`, "acrossX"),
    ]),
    further("v", "downW"),
    ["set", "k", ["i32.sub", "k", ["i32", 1]]],
  ];
  const fourRows = [
    ...rows.flatMap((r) => [
      ["set", `x${r}`, r ? ["i32.add", `x${r - 1}`, "downX"] : "from"],
      ["set", `l${r}`, ["load", ["i32.add", "start", "column"]]],
      ["set", `r${r}`, ["load", ["i32.add", "start", "column"], 16]],
    ]),
    ["set", "from", ["i32.add", "x3", "downX"]],
    ["set", "v", ["i32.add", "w", "column"]],
    ["set", "k", "depth"],
    ["while", "k", ...inner],
    ...rows.flatMap((r) => [
      ["store", "to", `l${r}`],
      ["store", "to", `r${r}`, 16],
      further("to", "columns"),
    ]),
    ["set", "row", ["i32.add", "row", ["i32", 4]]],
  ];
  const eightColumns = [
    ["set", "row", ["i32", 0]],
    ["set", "from", "x"],
    ["set", "to", ["i32.add", "y", "column"]],
    ["while", ["i32.less", "row", "rows"], ...fourRows],
    further("column", ["i32", STEP]),
  ];
  return {
    name: "product",
    params: Object.fromEntries(pointers.map((name) => [name, "i32"])),
    locals: {
      ...Object.fromEntries(integers.map((name) => [name, "i32"])),
      ...Object.fromEntries(vectors.map((name) => [name, "v128"])),
    },
    body: [["while", ["i32.less", "column", "columns"], ...eightColumns]],
  };
}

/** adam(w, g, m, v, end, rate, keepM, keepV, epsilon): one step of all weights from w to end. */
function adam() {
  const [pointers, factors] = [
    ["w", "g", "m", "v", "end"],
    ["rate", "keepM", "keepV", "epsilon"],
  ];
  const towards = (name, goal, keep) => [
    ["set", name[1], ["load", name[0]]],
    ["set", name[1], plus(name[1], times(["splat", keep], ["subtract", goal, name[1]]))],
    ["store", name[0], name[1]],
  ];
  const change = [
    "divide",
    times(["splat", "rate"], "mean"),
    plus(["root", "square"], ["splat", "epsilon"]),
  ];
  return {
    name: "adam",
    params: {
      ...Object.fromEntries(pointers.map((name) => [name, "i32"])),
      ...Object.fromEntries(factors.map((name) => [name, "f32"])),
    },
    locals: { slope: "v128", mean: "v128", square: "v128" },
    body: [
      [
        "while",
        ["i32.less", "w", "end"],
        ["set", "slope", ["load", "g"]],
        ...towards(["m", "mean"], "slope", "keepM"),
        ...towards(["v", "square"], times("slope", "slope"), "keepV"),
        ["store", "w", ["subtract", ["load", "w"], change]],
        ...["w", "g", "m", "v"].map((pointer) => further(pointer, ["i32", 16])),
      ],
    ],
  };
}

/** a₀ + x (a₁ + x (a₂ + …)) */
const polynomial = (x, [first, ...rest]) =>
  rest.length ? plus(four(first), times(x, polynomial(x, rest))) : four(first);

/**
 * crossEntropy(x, y, d, end): for the pixels of one image, given x, the values before the sigmoid,
 * up to `end`, and y, the targets. Returns the cross-entropy, summed; leaves the sigmoid at x, and
 * the slope of the cross-entropy, sigmoid − y, at d.
 *
 * With e = exp(−|x|), the sigmoid is 1/(1+e) or e/(1+e), the loss max(x, 0) − xy + log(1+e).
 * Powers of 2 make e, with a polynomial for what is left, and 2 artanh(e/(2+e)) the logarithm: both
 * are right to about 1e-7.
 */
function crossEntropy() {
  const rest = [1, 1, 1 / 2, 1 / 6, 1 / 24, 1 / 120, 1 / 720];
  const artanh = [1, 1 / 3, 1 / 5, 1 / 7, 1 / 9, 1 / 11, 1 / 13].map((value) => 2 * value);
  const zero = four(0);
  const exponent = ["integers.add", ["truncate", "whole"], ["integers.splat", ["i32", 127]]];
  const loss = plus(["subtract", ["largest", "z", zero], times("z", "t")], times("s", "log"));
  const body = [
    ["set", "z", ["load", "x"]],
    ["set", "t", ["load", "y"]],
    ["set", "a", ["largest", ["negate", ["abs", "z"]], four(-87)]],
    ["set", "whole", ["nearest", times("a", four(Math.LOG2E))]],
    ["set", "a", ["subtract", "a", times("whole", four(Math.LN2))]],
    ["set", "e", times(polynomial("a", rest), ["integers.shift", exponent, ["i32", 23]])],
    ["set", "s", ["divide", "e", plus("e", four(2))]],
    ["set", "log", polynomial(times("s", "s"), artanh)],
    ["set", "sum", plus("sum", loss)],
    ["set", "s", ["choose", "e", four(1), ["less", "z", zero]]],
    ["set", "s", ["divide", "s", plus("e", four(1))]],
    ["store", "x", "s"],
    ["store", "d", ["subtract", "s", "t"]],
    ...["x", "y", "d"].map((pointer) => further(pointer, ["i32", 16])),
  ];
  const lanes = [0, 1, 2, 3].map((lane) => ["lane", "sum", lane]);
  const vectors = ["z", "t", "a", "whole", "e", "s", "log", "sum"];
  return {
    name: "crossEntropy",
    params: { x: "i32", y: "i32", d: "i32", end: "i32" },
    locals: Object.fromEntries(vectors.map((name) => [name, "v128"])),
    result: "f32",
    body: [
      ["while", ["i32.less", "x", "end"], ...body],
      lanes.reduce((total, lane) => ["f32.add", total, lane]),
    ],
  };
}

// ---- In JavaScript -----------------------------------------------------------------------------

function plainKernels(heap) {
  return {
    product: (...pointers) => plainProduct(heap, pointers),
    adam(w, g, m, v, end, rate, keepM, keepV, epsilon) {
      const [slopes, means, squares] = [g, m, v].map((pointer) => (pointer - w) / 4);
      for (let i = w / 4; i < end / 4; i++) {
        const slope = heap[i + slopes];
        heap[i + means] += keepM * (slope - heap[i + means]);
        heap[i + squares] += keepV * (slope * slope - heap[i + squares]);
        heap[i] -= (rate * heap[i + means]) / (Math.sqrt(heap[i + squares]) + epsilon);
      }
    },
    crossEntropy(x, y, d, end) {
      let sum = 0;
      for (let i = x / 4, j = y / 4, k = d / 4; i < end / 4; i++, j++, k++) {
        const e = Math.exp(-Math.abs(heap[i]));
        sum += Math.max(heap[i], 0) - heap[i] * heap[j] + Math.log1p(e);
        heap[i] = (heap[i] < 0 ? e : 1) / (1 + e);
        heap[k] = heap[i] - heap[j];
      }
      return sum;
    },
  };
}

function plainProduct(heap, pointers) {
  const [y, x, acrossX, downX, w, downW, start, , columns] = pointers.map((each) => each / 4);
  const [rows, depth] = [pointers[7], pointers[9]];
  for (let row = 0; row < rows; row++) {
    const to = y + row * columns;
    heap.copyWithin(to, start, start + columns);
    for (let k = 0; k < depth; k++) {
      const factor = heap[x + row * downX + k * acrossX];
      if (factor === 0) continue;
      const from = w + k * downW;
      for (let column = 0; column < columns; column++) {
        heap[to + column] += factor * heap[from + column];
      }
    }
  }
}
