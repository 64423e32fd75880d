// latent_sliders: a slider for each latent unit, what it does over its range, and the digit.

import {
  SIDE, button, describe, digitButtons, drawGrey, follow, forPython, h, oncePerFrame, openNets,
  picture, root, row, sameNumbers, signed, stored, teller, whenIdle, zName,
} from "./common.js";

const STEPS = 9; // pictures in the strip of a slider

export function render({ model, el }) {
  const { units, start, images, codes, spread, centre } = model.get("_config");
  const { decoder } = openNets(model);
  const tell = teller(model);
  const z = Float32Array.from(model.get("z"));

  const digit = picture(SIDE, SIDE, 224, "");
  const rows = units.map((unit) => slider(unit));
  const digits = images && digitButtons(stored(model, images), "Start from test digit", choose);
  const testCodes = images && stored(model, codes);
  const [centres, spreads] = [stored(model, centre), stored(model, spread)];

  function slider({ dim, low, high, step }) {
    const strip = h("canvas", { width: STEPS * SIDE, height: SIDE, class: "aew-strip", "aria-hidden": "true" });
    const output = h("span", { class: "aew-value", "aria-hidden": "true" });
    const input = h("input", { type: "range", min: low, max: high, step, "aria-label": `z${dim + 1}` });
    input.addEventListener("input", () => move(dim, input.valueAsNumber));
    // A click, as a finger that scrolls the page goes down here, too.
    strip.addEventListener("click", ({ offsetX }) => {
      const place = (offsetX / strip.clientWidth) * STEPS - 0.5;
      move(dim, Math.min(Math.max(low + (place / (STEPS - 1)) * (high - low), low), high));
    });
    const show = () => {
      input.value = z[dim];
      output.textContent = signed(z[dim]);
      input.setAttribute("aria-valuetext", z[dim].toFixed(2));
    };
    const fill = (k) => () => {
      const code = Float32Array.from(z);
      code[dim] = low + ((high - low) * k) / (STEPS - 1);
      decoder(code, (pixels) => drawGrey(strip, pixels, k * SIDE), `strip ${dim} ${k}`);
    };
    const element = h("div", { class: "aew-slider" },
      h("div", { class: "aew-slider-head", "aria-hidden": "true" }, zName(dim), output), strip, input);
    return { dim, element, show, fills: Array.from({ length: STEPS }, (_, k) => fill(k)) };
  }

  const draw = oncePerFrame(() => {
    decoder(z, (pixels) => drawGrey(digit, pixels));
    const values = units.slice(0, 10).map(({ dim }) => `z${dim + 1} = ${z[dim].toFixed(2)}`);
    describe(digit, `Digit decoded from ${values.join(", ")}${units.length > 10 ? " and others" : ""}.`);
  });
  // Moving one slider changes the strips of all the others; they can wait.
  const stale = new Set(rows);
  const fillStrips = whenIdle(() => [...stale].flatMap((each) => [...each.fills, () => stale.delete(each)]));

  function move(dim, value) {
    z[dim] = value;
    draw();
    for (const each of rows) {
      if (each.dim === dim) each.show();
      else stale.add(each);
    }
    digits?.mark(-1);
    tell({ z: forPython(z) });
    fillStrips();
  }

  function jump(code, inform = true) {
    z.set(code);
    draw();
    for (const each of rows) {
      each.show();
      stale.add(each);
    }
    digits?.mark(-1);
    if (inform) tell({ z: forPython(z) });
    fillStrips();
  }

  function choose(i) {
    jump(row(testCodes, i, z.length));
    digits.mark(i);
  }

  // A code as the test digits' codes are spread, each unit for itself; N(0, 1) in a variational model.
  const random = () => jump(centres.map((middle, i) => middle + spreads[i] * normal()));
  const normal = () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());

  root(el, "sliders", "Latent sliders",
    h("div", { class: "aew-side" },
      digit,
      h("div", { class: "aew-buttons" }, button("Reset", () => jump(start)), button("Random code", random)),
      digits ? [h("div", { class: "aew-note" }, "Start from a test digit"), digits.element] : []),
    h("div", { class: "aew-list" }, rows.map(({ element }) => element)));
  rows.forEach((each) => each.show());
  draw();
  fillStrips(0);

  return follow(model, "z", () => {
    const code = model.get("z");
    if (!sameNumbers(code, z)) jump(code, false);
  });
}
