// bits: the bits of a stored code, to be flipped one by one, and what is decoded from them.

import {
  button,
  describe,
  digitButtons,
  drawGrey,
  follow,
  h,
  nameOf,
  oncePerFrame,
  openNets,
  picture,
  root,
  showStill,
  signed,
  stored,
  teller,
} from "./common.js";
import { clamp, row, SIDE, squaredError } from "./pixels.js";

const PLACES = [8, 4, 2, 1]; // what the bits of a number are worth, in steps
const LEVELS = 16;
const MIDDLE = 8; // the level of the number 0
const NOTE =
  "A number's bits are worth 8, 4, 2 and 1. Beside them: their sum less 8, and how many bits an " +
  "entropy coder needs for it. Round ones are flipped.";

/** Shows the widget; see `_bits.py`. */
export function render({ model, el }) {
  if (showStill({ model, el })) return undefined;
  const config = model.get("_config");
  const [{ decoder }, close] = openNets({ model, el });
  const tell = teller(model);
  const [images, levels] = [stored(model, config.images), stored(model, config.levels)];
  const size = model.get("flips").length;
  const state = { digit: model.get("digit"), flips: [...model.get("flips")] };

  const frames = ["Original", "As stored", "With flips"].map(makeFrame);
  const table = makeTable(size, stored(model, config.costs), (number, worth) => {
    flip(state.flips.map((each, i) => (i === number ? each ^ worth : each)));
  });
  const digits = digitButtons(images, "The code of", null, (digit) => change({ digit }));

  const draw = oncePerFrame(() => {
    const original = row(images, state.digit, SIDE ** 2);
    const kept = row(levels, state.digit, size);
    const now = kept.map((level, i) => level ^ state.flips[i]);
    const decode = (k, each, what) => {
      const code = each.map((level) => (level - MIDDLE) * config.step);
      const show = (pixels) => frames[k].show(pixels, what, original, table.cost(each));
      decoder(code, show, `picture ${k}`);
    };
    frames[0].show(original, "The digit");
    decode(1, kept, "Decoded from the code as it is stored");
    decode(2, now, `Decoded with ${counted(flipped(state.flips), "flipped bit")}`);
    table.show(now, state.flips);
    digits.mark(state.digit);
  });

  const spoken = h("div", { class: "aew-hidden", "aria-live": "polite" });
  let speech;
  function change(values) {
    Object.assign(state, values);
    draw();
    tell(values);
    clearTimeout(speech); // of many bits, one after the other, the last one is told
    speech = setTimeout(() => spoken.replaceChildren(frames[2].told()), 400);
  }
  const flip = (flips) => change({ flips });

  const all = PLACES.map((worth) => {
    const each = button(worth, () => flip(state.flips.map((mask) => mask ^ worth)));
    each.setAttribute("aria-label", `Flip all bits worth ${worth}`);
    return each;
  });
  const none = button("As stored", () => flip(state.flips.map(() => 0)));
  const leave = root(
    { model, el },
    "bits",
    "A code, bit by bit",
    h(
      "div",
      { class: "aew-columns" },
      frames.map(({ element }) => element),
    ),
    h(
      "div",
      { class: "aew-main" },
      note("Choose a test digit"),
      digits.element,
      h("div", { class: "aew-row" }, h("span", {}, "Flip all bits worth"), all, none),
    ),
    h("div", { class: "aew-full" }, note(NOTE), table.element),
    spoken,
  );
  draw();

  const changed = () => {
    const next = { digit: model.get("digit"), flips: [...model.get("flips")] };
    if (JSON.stringify(next) === JSON.stringify(state)) return;
    Object.assign(state, next);
    draw();
  };
  const ends = [close, leave, ...Object.keys(state).map((name) => follow(model, name, changed))];
  return () => ends.forEach((end) => void end());
}

const note = (text) => h("div", { class: "aew-note" }, text);
const counted = (n, noun) => `${n} ${noun}${n === 1 ? "" : "s"}`;
const flipped = (flips) =>
  flips.reduce((sum, mask) => sum + PLACES.filter((worth) => mask & worth).length, 0);

/** A picture with its name above it; below it its error and what it costs. */
function makeFrame(name) {
  const canvas = picture(SIDE, SIDE, 140);
  const [error, bits] = [0, 1].map(() => h("div", { class: "aew-value" }, "\u00a0"));
  const show = (pixels, what, original, cost) => {
    const shown = pixels.map((value) => clamp(value, 0, 1));
    drawGrey(canvas, shown);
    if (!original) return describe(canvas, `${what}.`);
    const numbers = [squaredError(shown, original), cost].map((each) => each.toFixed(1));
    error.textContent = `error ${numbers[0]}`;
    bits.textContent = `${numbers[1]} bits`;
    describe(canvas, `${what}. Squared error ${numbers[0]}, ${numbers[1]} bits.`);
  };
  const told = () => canvas.getAttribute("aria-label");
  const title = h("div", { class: "aew-title" }, name);
  return { element: h("div", { class: "aew-column" }, title, canvas, error, bits), show, told };
}

/**
 * The bits of all numbers, a row for each number.
 *
 * @param {number} size - How many numbers.
 * @param {Float32Array} costs - What each level of each number costs, in bits.
 * @param {function(number, number)} flip - Is called with a number and what its bit is worth.
 */
function makeTable(size, costs, flip) {
  const rows = Array.from({ length: size }, (_, i) => makeNumber(i, flip));
  const buttons = rows.flatMap(({ bits }) => bits);
  const attributes = { class: "aew-code", role: "grid", "aria-label": "Bits of the code" };
  const grid = h(
    "div",
    attributes,
    rows.map(({ element }) => element),
  );
  moveByKeys(grid, buttons);
  const costOf = (level, i) => costs[i * LEVELS + level];
  const show = (levels, flips) => {
    for (const [i, each] of rows.entries()) each.show(levels[i], flips[i], costOf(levels[i], i));
  };
  const cost = (levels) => levels.reduce((sum, level, i) => sum + costOf(level, i), 0);
  return { element: grid, show, cost };
}

/** One number: its bits, the multiple of the step that they make, and what it costs. */
function makeNumber(i, flip) {
  const name = `z${i + 1}`;
  const bits = PLACES.map((worth) =>
    h("button", { type: "button", class: "aew-bit", onclick: () => flip(i, worth) }),
  );
  const [value, cost] = ["aew-value", "aew-value aew-note"].map((kind) =>
    h("span", { class: kind, role: "gridcell" }),
  );
  const cells = bits.map((bit) => h("span", { role: "gridcell" }, bit));
  const head = h("span", { role: "rowheader" }, nameOf(name));
  const element = h("div", { class: "aew-number", role: "row" }, head, cells, value, cost);
  const show = (level, mask, price) => {
    PLACES.forEach((worth, k) => {
      const [one, changed] = [level & worth, mask & worth];
      bits[k].textContent = one ? "1" : "0";
      bits[k].toggleAttribute("data-one", one > 0);
      bits[k].toggleAttribute("data-flipped", changed > 0);
      const label = `${name}, worth ${worth}: ${one ? 1 : 0}${changed ? ", flipped" : ""}`;
      bits[k].setAttribute("aria-label", label);
    });
    value.textContent = signed(level - MIDDLE, 0);
    cost.textContent = price.toFixed(1);
  };
  return { element, bits, show };
}

/** Makes one stop of many buttons: arrow keys lead from one to the next, up and down by a row. */
function moveByKeys(grid, buttons) {
  const width = PLACES.length;
  const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -width, ArrowDown: width };
  const take = (chosen) => {
    for (const each of buttons) each.tabIndex = each === chosen ? 0 : -1;
  };
  take(buttons[0]);
  grid.addEventListener("focusin", ({ target }) => take(target));
  grid.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const at = buttons.indexOf(event.target);
    const first = at - (at % width);
    const ends = { Home: first, End: first + width - 1 };
    const next = buttons[ends[event.key] ?? at + (steps[event.key] ?? Number.NaN)];
    if (next) next.focus();
    if (event.key in ends || event.key in steps) event.preventDefault();
  });
}
