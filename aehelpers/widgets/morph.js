// morph: from one digit to another, through latent space and through pixel space.

import {
  SIDE, describe, drawGrey, follow, h, oncePerFrame, openNets, picture, root, row, signed, stored,
  teller,
} from "./common.js";

const CELLS = 9; // pictures in a strip

export function render({ model, el }) {
  const { codes: packed, images, size } = model.get("_config");
  const { decoder } = openNets(model);
  const tell = teller(model);
  const [codes, pair] = [stored(model, packed), stored(model, images)];
  let t = model.get("t");

  const between = (ends, length, share) => {
    const [a, b] = [row(ends, 0, length), row(ends, 1, length)];
    return a.map((value, i) => value + share * (b[i] - value));
  };
  const pixels = (share) => between(pair, SIDE ** 2, share);
  const decoded = (share, then, channel) => decoder(between(codes, size, share), then, channel);

  const strips = [0, 1].map(() => h("canvas", { width: CELLS * SIDE, height: SIDE, class: "aew-strip aew-wide", "aria-hidden": "true" }));
  const digits = [0, 1].map(() => picture(SIDE, SIDE, 126, ""));
  for (let k = 0; k < CELLS; k++) {
    decoded(k / (CELLS - 1), (values) => drawGrey(strips[0], values, k * SIDE), `strip ${k}`);
    drawGrey(strips[1], pixels(k / (CELLS - 1)), k * SIDE);
  }
  const input = h("input", { type: "range", min: 0, max: 1, step: 0.01, "aria-label": "From the first digit to the second" });
  const value = h("div", { class: "aew-value", "aria-hidden": "true" });

  const draw = oncePerFrame(() => {
    decoded(t, (values) => drawGrey(digits[0], values));
    drawGrey(digits[1], pixels(t));
    const percent = `${Math.round(100 * t)} %`;
    value.textContent = `t = ${signed(t)}`;
    input.value = t;
    input.setAttribute("aria-valuetext", `${percent} of the second digit`);
    describe(digits[0], `Mixed in latent space: decoded from the code with ${percent} of the second digit.`);
    describe(digits[1], `Mixed in pixel space: the two images faded into each other, ${percent} of the second.`);
  });
  const go = (next) => {
    t = next;
    draw();
    tell({ t });
  };
  input.addEventListener("input", () => go(input.valueAsNumber));
  for (const strip of strips) {
    // A click, as a finger that scrolls the page goes down here, too.
    strip.addEventListener("click", ({ offsetX }) => {
      const place = (offsetX / strip.clientWidth) * CELLS - 0.5;
      go(Math.round(100 * Math.min(Math.max(place / (CELLS - 1), 0), 1)) / 100);
    });
  }

  root(el, "morph", "Morph between two digits",
    h("div", { class: "aew-grid3" },
      h("div", { class: "aew-title" }, "In latent space"), strips[0], digits[0],
      h("div", { class: "aew-title" }, "In pixel space"), strips[1], digits[1],
      value, input, h("div")));
  draw();

  return follow(model, "t", () => {
    if (model.get("t") === t) return;
    t = model.get("t");
    draw();
  });
}
