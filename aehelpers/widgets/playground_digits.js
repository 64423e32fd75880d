// Rows of digits in the playground, and what each number of a code does.

import { button, describe, drawGrey, h, picture } from "./common.js";
import { row, SIDE } from "./pixels.js";

const COUNT = 10;

/**
 * Makes the rows: what goes in, what comes out, and what the decoder draws from other codes.
 *
 * @param {number[]} labels - Of the digits that are shown.
 * @param {function} again - Is called when other samples are asked for.
 * @returns {object} The `element`, and `show(picture, kind)`.
 */
export function makeRows(labels, again) {
  const rows = { shown: "", reconstructed: "", samples: "" };
  const names = {};
  const parts = Object.keys(rows).map((name) => {
    rows[name] = picture(COUNT * SIDE, SIDE, 420);
    rows[name].classList.add("aew-ten");
    names[name] = h("div", { class: "aew-row-name" });
    return h("div", { class: "aew-row-of-ten" }, names[name], rows[name]);
  });
  const other = button("Other codes", again);
  const element = h(
    "div",
    { class: "aew-rows" },
    h("h2", { class: "aew-title" }, "Ten digits that it never trains on"),
    parts.slice(0, 2),
    h("h2", { class: "aew-title" }, "What the decoder draws from codes of no digit"),
    parts[2],
    h("div", { class: "aew-buttons" }, other),
  );
  const show = (seen, kind) => {
    for (const name of Object.keys(rows)) {
      for (let i = 0; i < COUNT; i++) {
        drawGrey(rows[name], row(seen[name], i, SIDE ** 2), i * SIDE, 0);
      }
    }
    const noisy = kind === "denoising";
    names.shown.textContent = noisy ? "in, with noise" : "in";
    names.reconstructed.textContent = "out";
    names.samples.textContent = kind === "variational" ? "from the prior, N(0, 1)" : "shuffled";
    const list = labels.slice(0, COUNT).join(", ");
    describe(rows.shown, `Ten digits${noisy ? " with noise" : ""}: ${list}.`);
    describe(rows.reconstructed, `Their reconstructions after ${seen.step} steps.`);
    const source = kind === "variational" ? "drawn from N(0, 1)" : "mixed from those of digits";
    describe(rows.samples, `Ten images decoded from codes ${source}, after ${seen.step} steps.`);
  };
  return { element, show };
}

// What bars show, what is counted, and what the highest stands for at least: where a code says
// nothing, no bar may look as if it did.
const SHARES = ["share of digits that each unit is on for", "ever on", 0.1];
const BARS = {
  variational: ["nats that each number costs", "active", 0.5],
  sparse: SHARES,
  l1: SHARES,
};
const DEVIATIONS = ["deviation of each number", "in use", 0.1];

/**
 * Makes a bar for each number of the code, the largest first.
 *
 * @param {string} colour - Of the bars.
 * @returns {object} The `element`; `show(units, kind)`; `words()`.
 */
export function makeUnits(colour) {
  const text = h("span", { class: "aew-note" });
  const bars = h("div", { class: "aew-units" });
  bars.style.setProperty("--aew-line-colour", colour);
  const count = h("span", { class: "aew-title" });
  const element = h("div", {}, h("div", {}, count, " ", text), bars);
  let words = "";
  const show = ({ bars: values, alive }, kind) => {
    const [name, verb, least] = BARS[kind] || DEVIATIONS;
    const sorted = Array.from(values).sort((a, b) => b - a);
    const [most] = sorted;
    const full = Math.max(most, least);
    while (bars.childElementCount < sorted.length) bars.append(h("i"));
    while (bars.childElementCount > sorted.length) bars.lastChild.remove();
    sorted.forEach((value, i) => {
      bars.children[i].style.height = `${Math.max((36 * value) / full, 1).toFixed(1)}px`;
    });
    words = `${alive} of ${sorted.length} numbers ${verb}`;
    count.textContent = words;
    text.textContent = `${name}, at most ${most.toFixed(2)}`;
    describe(bars, `${words}; ${name}: from ${most.toFixed(2)} to ${sorted.at(-1).toFixed(2)}.`);
  };
  return { element, show, words: () => words };
}
