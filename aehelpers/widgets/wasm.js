// A small assembler of WebAssembly: functions as nested lists in, the bytes of a module out.
//
//   ["store", "y", ["add", ["load", "x"], ["load", "y"]]]
//
// A name of a local variable is its value; ["set", "x", value] changes it. Pointers are bytes. The
// operations are those of the specification (webassembly.github.io/spec/core/binary), with short
// names: only those that kernels.js needs, on four floats at a time.

const TYPES = { i32: 0x7f, f32: 0x7d, v128: 0x7b };

// Operations that take their operands from the stack and need nothing else.
const PLAIN = {
  "i32.add": [0x6a],
  "i32.sub": [0x6b],
  "i32.less": [0x49], // unsigned
  "f32.add": [0x92],
  splat: [0xfd, 0x13], // one float, four times
  abs: [0xfd, 0xe0, 0x01],
  negate: [0xfd, 0xe1, 0x01],
  root: [0xfd, 0xe3, 0x01],
  add: [0xfd, 0xe4, 0x01],
  subtract: [0xfd, 0xe5, 0x01],
  multiply: [0xfd, 0xe6, 0x01],
  divide: [0xfd, 0xe7, 0x01],
  largest: [0xfd, 0xe9, 0x01],
  less: [0xfd, 0x43], // four masks
  nearest: [0xfd, 0x6a], // whole numbers, as floats
  truncate: [0xfd, 0xf8, 0x01], // floats to integers
  "integers.add": [0xfd, 0xae, 0x01],
  "integers.shift": [0xfd, 0xab, 0x01], // to the left
  "integers.splat": [0xfd, 0x11],
  choose: [0xfd, 0x52], // of two vectors, bit by bit, by a third one
  "relaxed.multiply.add": [0xfd, 0x85, 0x02], // a * b + c, rounded once or twice
};

const LOADS = { load: 0x00, "load.splat": 0x09 };

/**
 * Assembles a module.
 *
 * @param {object[]} functions - Each {name, params, locals, result, body}: `params` and `locals`
 *   are dictionaries from names to "i32", "f32" or "v128", `result` is a type or undefined, `body`
 *   is a list of instructions.
 * @returns {Uint8Array} The module. It imports its memory as "memory" of "js".
 */
export function assemble(functions) {
  const numbers = functions.map((_, i) => i);
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, functions.map(signature)),
    ...section(2, [[...text("js"), ...text("memory"), 2, 0, 1]]),
    ...section(3, numbers.map(unsigned)),
    ...section(
      7,
      functions.map(({ name }, i) => [...text(name), 0, ...unsigned(i)]),
    ),
    ...section(10, functions.map(code)),
  ]);
}

const section = (number, parts) => [
  number,
  ...counted([...unsigned(parts.length), ...parts.flat()]),
];
const counted = (bytes) => [...unsigned(bytes.length), ...bytes];
const text = (name) => counted(Array.from(name, (letter) => letter.charCodeAt(0)));

function signature({ params, result }) {
  const types = Object.values(params).map((type) => TYPES[type]);
  return [0x60, ...counted(types), ...(result ? [1, TYPES[result]] : [0])];
}

function code({ params, locals = {}, body }) {
  const places = new Map([...Object.keys(params), ...Object.keys(locals)].map((n, i) => [n, i]));
  const kinds = Object.values(locals).map((type) => [1, TYPES[type]]);
  const instructions = body.flatMap((each) => instruction(each, places));
  return counted([...unsigned(kinds.length), ...kinds.flat(), ...instructions, 0x0b]);
}

/** The bytes of one instruction, after those of its operands. */
function instruction(expression, places) {
  const inner = (each) => instruction(each, places);
  const local = (name) => {
    if (!places.has(name)) throw new Error(`There is no local variable "${name}"`);
    return unsigned(places.get(name));
  };
  if (typeof expression === "string") return [0x20, ...local(expression)];
  const [operation, ...rest] = expression;
  if (operation === "i32") return [0x41, ...integer(rest[0])];
  if (operation === "f32") return [0x43, ...new Uint8Array(Float32Array.of(rest[0]).buffer)];
  if (operation === "set") return [...inner(rest[1]), 0x21, ...local(rest[0])];
  if (operation === "lane") return [...inner(rest[0]), 0xfd, 0x1f, rest[1]];
  if (operation in LOADS) {
    const [pointer, offset = 0] = rest;
    return [...inner(pointer), 0xfd, LOADS[operation], 2, ...unsigned(offset)];
  }
  if (operation === "store") {
    const [pointer, value, offset = 0] = rest;
    return [...inner(pointer), ...inner(value), 0xfd, 0x0b, 2, ...unsigned(offset)];
  }
  if (operation === "while") {
    // block { if not: leave; ...; again }
    const [condition, ...body] = rest;
    const head = [0x02, 0x40, 0x03, 0x40, ...inner(condition), 0x45, 0x0d, 1];
    return [...head, ...body.flatMap(inner), 0x0c, 0, 0x0b, 0x0b];
  }
  if (!(operation in PLAIN)) throw new Error(`The assembler knows no "${operation}"`);
  return [...rest.flatMap(inner), ...PLAIN[operation]];
}

/** A number as LEB128: seven bits a byte, the lowest first. */
function unsigned(value) {
  const bytes = [];
  do {
    const rest = value >>> 7;
    bytes.push((value & 127) | (rest ? 128 : 0));
    value = rest;
  } while (value);
  return bytes;
}

function integer(value) {
  const bytes = [];
  for (;;) {
    const byte = value & 127;
    value >>= 7;
    const done = (value === 0 && !(byte & 64)) || (value === -1 && byte & 64);
    bytes.push(done ? byte : byte | 128);
    if (done) return bytes;
  }
}
