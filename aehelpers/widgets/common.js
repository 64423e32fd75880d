// What the widgets share: elements, pictures, frames, and the ways to the nets and to Python.

import { makeNet, readArray } from "./forward.js";

export const SIDE = 28; // pixels of an image

// The colours of aehelpers.plots, for the classes 0 to 9.
export const PALETTE = [
  "#3f90da", "#bd1f01", "#832db6", "#e76300", "#717581",
  "#a96b59", "#94a4a2", "#ffa90e", "#b9ac70", "#92dadd",
];

/** Makes an element: h("button", { onclick: f, "aria-label": "Reset" }, "Reset"). */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat());
  return element;
}

/**
 * The outermost element of a widget.
 *
 * JupyterLab takes the arrow keys for itself, unless the element that has the focus carries an
 * attribute; on an element around it, the shortcuts for "whatever has the focus" would still match.
 */
export function root(el, name, label, ...children) {
  const content = h("div", { class: `aew aew-${name}`, role: "group", "aria-label": label }, ...children);
  for (const element of [el, content]) element.dataset.lmSuppressShortcuts = "true";
  content.addEventListener("focusin", ({ target }) => { target.dataset.lmSuppressShortcuts = "true"; });
  el.append(content);
  return content;
}

/** "z7", with the number set low. */
export const zName = (dim) => h("span", { class: "aew-z" }, "z", h("sub", {}, String(dim + 1)));

export const signed = (value, digits = 2) => value.toFixed(digits).replace("-", "−");

// ---- Pictures -----------------------------------------------------------------------------------

/** A canvas that is a picture for screen readers, too; `describe` below says what it shows. */
export function picture(columns, rows, cssWidth, label) {
  const canvas = h("canvas", { role: "img", "aria-label": label, class: "aew-picture", width: columns, height: rows });
  canvas.style.width = `${cssWidth}px`;
  canvas.style.aspectRatio = `${columns} / ${rows}`;
  return canvas;
}

export function describe(canvas, text) {
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

/** Puts signed values on a canvas: white at 0, red above, blue below, as aehelpers.plots does. */
export function drawSigned(canvas, pixels, limit) {
  const image = new ImageData(SIDE, SIDE);
  pixels.forEach((value, i) => {
    const share = Math.min(Math.abs(value) / limit, 1) || 0;
    const [red, green, blue] = value > 0 ? [178, 24, 43] : [33, 102, 172];
    image.data.set([255 + (red - 255) * share, 255 + (green - 255) * share, 255 + (blue - 255) * share, 255], 4 * i);
  });
  context(canvas).putImageData(image, 0, 0);
}

// Read often by tests and rarely by us; on the processor putImageData is faster.
const context = (canvas) => canvas.getContext("2d", { willReadFrequently: true });

// ---- Time ---------------------------------------------------------------------------------------

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

// ---- Nets and Python ------------------------------------------------------------------------------

/**
 * Returns the widget's nets: `nets.decoder(code, then)` calls `then` with the pixels.
 *
 * A net that the browser computes does so at once. One that has an unknown layer is computed by the
 * kernel: then one question at a time is on its way for each `channel`, and of those that wait the
 * last one counts.
 */
export function openNets(model) {
  const { nets } = model.get("_config");
  const data = model.get("_data");
  const channels = new Map();
  let number = 0;
  const send = (channel, question) => {
    channels.set(channel, { ...question, id: ++number, next: null });
    model.send({ ask: question.name, channel, id: number }, undefined, [Float32Array.from(question.x).buffer]);
  };
  model.on("msg:custom", (message, buffers) => {
    const question = channels.get(message.channel);
    if (!question || question.id !== message.id) return;
    channels.delete(message.channel);
    const [view] = buffers;
    question.then(new Float32Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength)));
    if (question.next) send(message.channel, question.next);
  });
  const open = (name, spec) => {
    if (spec) {
      const net = makeNet(spec, data);
      return (x, then) => then(net.run(x));
    }
    return (x, then, channel = "picture") => {
      const question = { name, x: Float32Array.from(x), then };
      const key = `${name} ${channel}`;
      if (channels.has(key)) channels.get(key).next = question;
      else send(key, question);
    };
  };
  return Object.fromEntries(Object.entries(nets).map(([name, spec]) => [name, open(name, spec)]));
}

/** Reads an array of the widget's data, such as images or codes, as floats. */
export const stored = (model, array) => readArray(array, model.get("_data"));

/** The i-th row of an array of rows. */
export const row = (array, i, length) => array.subarray(i * length, (i + 1) * length);

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

export const sameNumbers = (a, b) => a.length === b.length && a.every((value, i) => Math.fround(value) === Math.fround(b[i]));

/** Calls `f` at once and whenever the value changes in Python; returns what ends it. */
export function follow(model, name, f) {
  const event = `change:${name}`;
  model.on(event, f);
  return () => model.off(event, f);
}

// ---- Parts of several widgets ---------------------------------------------------------------------

/** A row of small digits to choose one from. `choose(i)` is called with its number. */
export function digitButtons(images, label, choose) {
  const buttons = Array.from({ length: images.length / SIDE ** 2 }, (_, i) => {
    const canvas = h("canvas", { width: SIDE, height: SIDE, "aria-hidden": "true" });
    drawGrey(canvas, row(images, i, SIDE ** 2));
    return h("button", { class: "aew-digit", type: "button", "aria-pressed": "false", "aria-label": `${label} ${i + 1}`, onclick: () => choose(i) }, canvas);
  });
  const mark = (chosen) => buttons.forEach((button, i) => button.setAttribute("aria-pressed", String(i === chosen)));
  return { element: h("div", { class: "aew-digits" }, buttons), mark };
}

export const button = (text, onclick, attributes = {}) => h("button", { type: "button", class: "aew-button", onclick, ...attributes }, text);
