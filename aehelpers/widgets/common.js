// What the widgets share: elements, pictures, frames, and the ways to the nets and to Python.

import { makeNet, readArray } from "./forward.js";
import { keepKeys } from "./keys.js";
import { row, SIDE } from "./pixels.js";

/**
 * Makes an element: h("button", { onclick: f, "aria-label": "Reset" }, "Reset").
 *
 * @param {string} tag - Its name.
 * @param {object} attributes - Those that begin with "on" are listeners.
 * @param {...(Node|string|Array)} children - What it holds.
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== false) {
      element.setAttribute(name, value === true ? "" : value);
    }
  }
  element.append(...children.flat());
  return element;
}

/**
 * Makes the outermost element of a widget, and puts it into its place.
 *
 * @param {object} view - What `render` is given: the model, and the element to fill.
 * @param {string} name - Of the widget, as in its class in the style sheet.
 * @param {string} label - Its name for screen readers.
 * @param {...(Node|Array)} children - What it holds.
 * @returns {function} What ends it.
 */
export function root({ model, el }, name, label, ...children) {
  const attributes = { class: `aew aew-${name}`, role: "group", "aria-label": label };
  const content = h("div", attributes, ...children);
  const { mark, signed } = model.get("_config").colours;
  content.style.setProperty("--aew-mark", mark);
  content.style.setProperty("--aew-plus", signed[Math.round(0.85 * signed.length)]);
  content.style.setProperty("--aew-minus", signed[Math.round(0.15 * signed.length)]);
  el.append(content);
  return keepKeys(el);
}

/** The name of a number of a code; "z7" has its number set low. */
export function nameOf(name) {
  if (!/^z\d+$/.test(name)) return h("span", {}, name);
  return h("span", { class: "aew-z" }, "z", h("sub", {}, name.slice(1)));
}

/** A number with so many decimal places and a true minus sign. */
export const signed = (value, digits = 2) => value.toFixed(digits).replace("-", "−");

// ---- Pictures ----------------------------------------------------------------------------------

/** A canvas that is a picture for screen readers, too; `describe` below says what it shows. */
export function picture(columns, rows, cssWidth) {
  const canvas = h("canvas", { class: "aew-picture", width: columns, height: rows });
  canvas.style.width = `${cssWidth}px`;
  canvas.style.aspectRatio = `${columns} / ${rows}`;
  return canvas;
}

/** Says what a picture shows, to those who don't see it; until then it is no picture to them. */
export function describe(canvas, text) {
  canvas.setAttribute("role", "img");
  if (canvas.getAttribute("aria-label") !== text) canvas.setAttribute("aria-label", text);
}

/** Puts grey levels in [0, 1] on a canvas; what lies outside, or is no number, is cut off. */
export function drawGrey(canvas, pixels, x = 0, y = 0, columns = SIDE) {
  const rows = pixels.length / columns;
  const image = new ImageData(columns, rows);
  const words = new Uint32Array(image.data.buffer);
  for (let i = 0; i < pixels.length; i++) {
    const level = Math.round(255 * Math.min(Math.max(pixels[i], 0), 1)) || 0;
    words[i] = 0xff000000 | (level * 0x010101);
  }
  context(canvas).putImageData(image, x, y);
}

/**
 * Puts signed values on a canvas.
 *
 * @param {HTMLCanvasElement} canvas - A picture of 28x28 pixels.
 * @param {Float32Array} pixels - Its values.
 * @param {number} limit - The value at the end of the colours.
 * @param {string[]} colours - From that of the lowest value to that of the highest, as "#rrggbb".
 */
export function drawSigned(canvas, pixels, limit, colours) {
  const image = new ImageData(SIDE, SIDE);
  const last = colours.length - 1;
  pixels.forEach((value, i) => {
    const share = (1 + Math.min(Math.max(value / limit, -1), 1)) / 2;
    const colour = Number.parseInt(colours[Math.round(last * share) || 0].slice(1), 16);
    image.data.set([colour >> 16, (colour >> 8) & 255, colour & 255, 255], 4 * i);
  });
  context(canvas).putImageData(image, 0, 0);
}

// Read often by tests and rarely by us; on the processor putImageData is faster.
const context = (canvas) => canvas.getContext("2d", { willReadFrequently: true });

// ---- Time --------------------------------------------------------------------------------------

/**
 * Returns a function that calls `draw` at once, and again only in later frames, once in each.
 *
 * The first move of a slider is drawn without waiting for a frame; of many moves within one frame
 * the last one counts.
 */
export function oncePerFrame(draw) {
  let resting = true;
  let wanted = false;
  const next = () => {
    resting = !wanted;
    if (!wanted) return;
    wanted = false;
    draw();
    requestAnimationFrame(next);
  };
  return () => {
    if (!resting) {
      wanted = true;
      return;
    }
    resting = false;
    draw();
    requestAnimationFrame(next);
  };
}

/** Returns a function that runs `jobs` bit by bit once nobody has called it for a while. */
export function whenIdle(jobs, pause = 150) {
  let timer, list;
  const step = () => {
    const start = performance.now();
    while (list.length && performance.now() - start < 4) list.shift()();
    if (list.length) timer = setTimeout(step, 8);
  };
  return (wait = pause) => {
    clearTimeout(timer);
    list = jobs();
    timer = setTimeout(step, wait);
  };
}

// ---- Nets and Python ---------------------------------------------------------------------------

const PATIENCE = 3000; // milliseconds until the kernel should have answered

/**
 * Calls `f` whenever the value changes in Python.
 *
 * @returns {function} What ends it.
 */
export const follow = (model, name, f) => listen(model, `change:${name}`, f);

function listen(model, event, f) {
  model.on(event, f);
  return () => model.off(event, f);
}

/**
 * Opens the widget's nets: `nets.decoder(code, then)` calls `then` with the pixels.
 *
 * A net that the browser computes does so at once. One that has an unknown layer is computed by the
 * kernel: then one question at a time is on its way for each `channel`, and of those that wait the
 * last one counts.
 *
 * @returns {Array} The nets, and a function that ends listening to the kernel.
 */
export function openNets({ model, el }) {
  const { nets } = model.get("_config");
  const data = dataOf(model);
  const [ask, end] = asker(model, el);
  const open = (name, spec) => {
    if (!spec) return (x, then, channel = "picture") => ask(name, x, then, `${name} ${channel}`);
    const net = makeNet(spec, data);
    return (x, then) => then(net.run(x));
  };
  const opened = Object.entries(nets).map(([name, spec]) => [name, open(name, spec)]);
  return [Object.fromEntries(opened), end];
}

/** Returns a function that has the kernel compute a net, and one that ends it. */
function asker(model, el) {
  const channels = new Map();
  let number = 0;
  const text =
    "The kernel doesn't answer, and it has to compute this net. " +
    "If it isn't busy, run the cell again.";
  const silence = h("p", { class: "aew-silence", role: "status" });
  el.append(silence);
  let timer;
  const expect = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      silence.textContent = text;
    }, PATIENCE);
  };
  const send = (channel, question) => {
    channels.set(channel, { ...question, id: ++number, next: null });
    expect();
    const buffer = Float32Array.from(question.x).buffer;
    try {
      model.send({ ask: question.name, channel, id: number }, undefined, [buffer]);
    } catch {
      silence.textContent = text; // a front end that knows that nobody listens
    }
  };
  const end = listen(model, "msg:custom", (message, [view]) => {
    const question = channels.get(message.channel);
    if (question?.id !== message.id) return;
    channels.delete(message.channel);
    silence.textContent = "";
    clearTimeout(timer);
    if (channels.size) expect();
    const start = view.byteOffset;
    question.then(new Float32Array(view.buffer.slice(start, start + view.byteLength)));
    if (question.next) send(message.channel, question.next);
  });
  const ask = (name, x, then, channel) => {
    const question = { name, x: Float32Array.from(x), then };
    if (channels.has(channel)) channels.get(channel).next = question;
    else send(channel, question);
  };
  const leave = () => {
    clearTimeout(timer);
    end();
  };
  return [ask, leave];
}

// What `initialize` has taken from the model. Front ends load this module anew for each widget.
let kept = null;

/**
 * Takes weights that are too large to be saved with the notebook out of the model that is saved.
 *
 * A front end calls this once for each widget, before it is shown.
 */
export function initialize({ model, signal }) {
  const data = model.get("_data");
  if (!model.get("_config").large || !data.byteLength) return;
  kept = data;
  model.set("_data", new DataView(new ArrayBuffer(0))); // Python keeps its own
  signal?.addEventListener("abort", () => {
    kept = null;
  });
}

const dataOf = (model) => kept || model.get("_data");

/** Reads an array of the widget's data, such as images or codes, as floats. */
export const stored = (model, array) => readArray(array, dataOf(model));

/** Reads an array of grey levels as they are stored, bytes from 0 to 255. */
export function storedBytes(model, { at, size }) {
  const { buffer, byteOffset } = dataOf(model);
  return new Uint8Array(buffer.slice(byteOffset + at, byteOffset + at + size));
}

/**
 * Shows the picture of a widget whose weights were not saved, if this is one.
 *
 * @returns {boolean} Whether it is.
 */
export function showStill({ model, el }) {
  if (dataOf(model).byteLength) return false;
  const { png, alt, width } = model.get("_still");
  const still = png && h("img", { src: `data:image/png;base64,${png}`, alt, width });
  const note = "A picture of the widget as it was stored. Run the cell again, and it moves.";
  el.append(h("div", { class: "aew-still" }, still || [], h("p", { class: "aew-note" }, note)));
  return true;
}

/**
 * Returns a function that tells Python of changed values, after the frame in which they were drawn.
 *
 * The front end sends them when the kernel has answered the message before, and merges what has
 * changed until then.
 */
export function teller(model) {
  let waiting = null;
  return (values) => {
    if (waiting) return Object.assign(waiting, values);
    waiting = { ...values };
    setTimeout(() => {
      // Not before: the echo of an earlier message would undo what is set, but not yet sent.
      for (const [name, value] of Object.entries(waiting)) model.set(name, value);
      waiting = null;
      model.save_changes();
    }, 30);
  };
}

/** Codes as Python stores them, float32: a number that changed on the way would come back. */
export const forPython = (code) => Array.from(code, Math.fround);

/** Images as Python stores them: a list of rows. */
export const imageForPython = (pixels) =>
  Array.from({ length: SIDE }, (_, i) => forPython(row(pixels, i, SIDE)));

/** Whether two codes are the same to Python. */
export const sameNumbers = (a, b) =>
  a.length === b.length && a.every((value, i) => Math.fround(value) === Math.fround(b[i]));

// ---- Parts of several widgets ------------------------------------------------------------------

/**
 * Makes a row of small digits to choose one from.
 *
 * @param {Float32Array} images - The digits.
 * @param {string} label - What a button does, for screen readers, such as "Draw".
 * @param {number[]?} classes - Which digits they are, if that is known.
 * @param {function(number)} choose - Is called with the number of the one chosen, from 0.
 * @returns {object} The `element`, and `mark(i)`, which marks one of them; none with -1.
 */
export function digitButtons(images, label, classes, choose) {
  const count = images.length / SIDE ** 2;
  const buttons = Array.from({ length: count }, (_, i) => {
    const canvas = h("canvas", { width: SIDE, height: SIDE, "aria-hidden": "true" });
    drawGrey(canvas, row(images, i, SIDE ** 2));
    const attributes = {
      class: "aew-digit",
      type: "button",
      "aria-pressed": "false",
      "aria-label": `${label} ${classes ? `a ${classes[i]}` : `image ${i + 1} of ${count}`}`,
      onclick: () => choose(i),
    };
    return h("button", attributes, canvas);
  });
  const mark = (chosen) => {
    for (const [i, each] of buttons.entries()) {
      each.setAttribute("aria-pressed", String(i === chosen));
    }
  };
  return { element: h("div", { class: "aew-digits" }, buttons), mark };
}

/**
 * A slider; `change` is called with its value while it moves.
 *
 * A finger that goes down on it to scroll the page has moved it already: that is taken back.
 */
export function rangeInput(attributes, change) {
  const input = h("input", { type: "range", ...attributes });
  let before = null;
  input.addEventListener("pointerdown", () => {
    before = input.value;
  });
  input.addEventListener("pointercancel", () => {
    if (input.value === before) return;
    input.value = before;
    change(input.valueAsNumber);
  });
  input.addEventListener("input", () => change(input.valueAsNumber));
  return input;
}

/** A button with a text on it. */
export const button = (text, onclick) =>
  h("button", { type: "button", class: "aew-button", onclick }, text);
