// A place to draw a digit on, with mouse, pen, finger or keys.

import { h } from "./common.js";
import { clamp, SIDE } from "./pixels.js";

export const FINE = 280; // pixels of the canvas that is drawn on
const PEN = 22; // width of a stroke on it

/**
 * Makes a place to draw on.
 *
 * @param {function} changed - Is called after each stroke.
 * @returns {object} The `element`; `levels()`, the ink from 0 to 1, row by row; `put(pixels)`,
 *   which puts an image of 28x28 on it; `clear()`.
 */
export function makePaper(changed) {
  const attributes = { width: FINE, height: FINE, class: "aew-paper", "aria-hidden": "true" };
  const paper = h("canvas", attributes);
  const ink = paper.getContext("2d", { willReadFrequently: true });
  const hint = h("div", { class: "aew-hint", "aria-hidden": "true" }, "Draw a digit here");
  const cursor = h("div", { class: "aew-cursor" });
  const element = h(
    "div",
    {
      class: "aew-desk",
      tabindex: "0",
      role: "application",
      "aria-roledescription": "drawing area",
      "aria-label":
        "Draw a digit with mouse, finger or pen. " +
        "With keys: arrows move, space puts the pen down or lifts it.",
    },
    paper,
    hint,
    cursor,
  );

  /** Draws a line, or a dot where both ends are the same. */
  const stroke = ([x0, y0], [x, y]) => {
    ink.strokeStyle = ink.fillStyle = "#fff";
    ink.lineWidth = PEN;
    ink.beginPath();
    ink.moveTo(x0, y0);
    ink.lineTo(x, y);
    ink.stroke();
    ink.beginPath(); // a round end
    ink.arc(x, y, PEN / 2, 0, 2 * Math.PI);
    ink.fill();
    changed();
  };
  followPen(element, paper, stroke);
  const lift = followPenKeys(element, cursor, stroke);

  const levels = () => {
    const { data } = ink.getImageData(0, 0, FINE, FINE);
    return Float32Array.from({ length: FINE ** 2 }, (_, i) => data[4 * i + 3] / 255);
  };
  const put = (pixels) => {
    const small = h("canvas", { width: SIDE, height: SIDE });
    const grey = new ImageData(SIDE, SIDE);
    for (const [i, value] of pixels.entries()) grey.data.set([255, 255, 255, 255 * value], 4 * i);
    small.getContext("2d").putImageData(grey, 0, 0);
    ink.clearRect(0, 0, FINE, FINE);
    ink.drawImage(small, 0, 0, FINE, FINE);
  };
  const clear = () => {
    ink.clearRect(0, 0, FINE, FINE);
    lift();
    changed();
  };
  return { element, levels, put, clear };
}

/** Draws with mouse, pen or one finger. */
function followPen(element, paper, stroke) {
  let pointer = null; // the one that draws: a second finger would make a line to the first
  let last = null; // where it is
  const at = (event) => {
    const box = paper.getBoundingClientRect();
    const places = [event.clientX - box.left, event.clientY - box.top];
    return places.map((value) => (value / box.width) * FINE);
  };
  const go = (event) => {
    const place = at(event);
    stroke(last || place, place);
    last = place;
  };
  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || pointer !== null) return;
    element.setPointerCapture(event.pointerId);
    pointer = event.pointerId;
    last = null;
    go(event);
  });
  element.addEventListener("pointermove", (event) => {
    if (event.pointerId !== pointer) return;
    // All the places that the pen came through since the last frame.
    for (const each of event.getCoalescedEvents?.() || [event]) go(each);
  });
  const stop = (event) => {
    if (event.pointerId === pointer) pointer = null;
  };
  for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
    element.addEventListener(end, stop);
  }
}

const PEN_MOVES = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** Draws with keys; returns a function that lifts the pen. */
function followPenKeys(element, cursor, stroke) {
  let place = [FINE / 2, FINE / 4];
  let down = false;
  const show = () => {
    cursor.style.left = `${(100 * place[0]) / FINE}%`;
    cursor.style.top = `${(100 * place[1]) / FINE}%`;
    cursor.dataset.down = down;
  };
  const lift = () => {
    down = false;
    show();
  };
  element.addEventListener("keydown", (event) => {
    const move = PEN_MOVES[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey || !(move || event.key === " ")) return;
    event.preventDefault();
    event.stopPropagation();
    const before = place;
    if (move) place = place.map((value, axis) => clamp(value + 10 * move[axis], 0, FINE));
    else down = !down;
    if (down) stroke(before, place);
    show();
  });
  show();
  return lift;
}
