// morph: from one digit to another, through latent space and through pixel space.

import {
  describe,
  drawGrey,
  follow,
  h,
  oncePerFrame,
  openNets,
  picture,
  rangeInput,
  root,
  showStill,
  signed,
  stored,
  teller,
} from "./common.js";
import { clamp, row, SIDE } from "./pixels.js";

const CELLS = 9; // pictures in a strip

/** Shows the widget; see `_morph.py`. */
export function render({ model, el }) {
  if (showStill({ model, el })) return undefined;
  const { codes: packed, images, size } = model.get("_config");
  const [{ decoder }, close] = openNets({ model, el });
  const tell = teller(model);
  const [codes, pair] = [stored(model, packed), stored(model, images)];
  let t = model.get("t");

  const pixels = (share) => between(pair, SIDE ** 2, share);
  const decoded = (share, then, channel) => decoder(between(codes, size, share), then, channel);

  const strips = [0, 1].map(() => makeStrip((share) => go(share)));
  const digits = [0, 1].map(() => picture(SIDE, SIDE, 126));
  for (let k = 0; k < CELLS; k++) {
    const share = k / (CELLS - 1);
    decoded(share, (values) => drawGrey(strips[0], values, k * SIDE), `strip ${k}`);
    drawGrey(strips[1], pixels(share), k * SIDE);
  }
  const label = "From the first digit to the second";
  const input = rangeInput({ min: 0, max: 1, step: 0.01, "aria-label": label }, (share) =>
    go(share),
  );
  const value = h("div", { class: "aew-value", "aria-hidden": "true" });

  const draw = oncePerFrame(() => {
    decoded(t, (values) => drawGrey(digits[0], values));
    drawGrey(digits[1], pixels(t));
    const percent = `${Math.round(100 * t)} %`;
    value.textContent = `t = ${signed(t)}`;
    input.value = t;
    input.setAttribute("aria-valuetext", `${percent} of the second digit`);
    const decodedFrom = `decoded from the code with ${percent} of the second digit`;
    describe(digits[0], `Mixed in latent space: ${decodedFrom}.`);
    const faded = `the two images faded into each other, ${percent} of the second`;
    describe(digits[1], `Mixed in pixel space: ${faded}.`);
  });
  const go = (next) => {
    t = next;
    draw();
    tell({ t });
  };

  const name = (text) => h("div", { class: "aew-title" }, text);
  const first = [name("In latent space"), strips[0], digits[0]];
  const second = [name("In pixel space"), strips[1], digits[1]];
  const grid = h("div", { class: "aew-grid3" }, first, second, value, input, h("div"));
  const leave = root({ model, el }, "morph", "Morph between two digits", grid);
  draw();

  const ends = [
    close,
    leave,
    follow(model, "t", () => {
      if (model.get("t") === t) return;
      t = model.get("t");
      draw();
    }),
  ];
  return () => ends.forEach((end) => void end());
}

/** What lies between the two rows of an array. */
function between(ends, length, share) {
  const [a, b] = [row(ends, 0, length), row(ends, 1, length)];
  return a.map((value, i) => value + share * (b[i] - value));
}

/** A row of pictures; a click on one goes to its place, a share of the way. */
function makeStrip(go) {
  const attributes = { width: CELLS * SIDE, height: SIDE, class: "aew-strip aew-wide" };
  const strip = h("canvas", { ...attributes, "aria-hidden": "true" });
  // A click, as a finger that scrolls the page goes down here, too.
  strip.addEventListener("click", ({ offsetX }) => {
    const place = (offsetX / strip.clientWidth) * CELLS - 0.5;
    go(Math.round(100 * clamp(place / (CELLS - 1), 0, 1)) / 100);
  });
  return strip;
}
