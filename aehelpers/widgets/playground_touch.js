// What the playground's reader touches: a place of the map, or a digit of one's own.

import { button, describe, drawGrey, h, picture, signed } from "./common.js";
import { FINE, makePaper } from "./paper.js";
import { asMnist, divergence, SIDE, squaredError } from "./pixels.js";
import { makeLearner } from "./train.js";
import { specOf } from "./trainer.js";

const SIZE = 112; // CSS pixels of the pictures

/**
 * Makes the panel below the map. A copy of the net computes it in the page, at once.
 *
 * @param {object} map - As `makeMap` returns it.
 * @returns {object} The `element`; `start(settings)`, for a new net; `settings(settings)`, when
 *   they move; `follow(picture)`, with new weights; `choose(place)`, for a place of the map;
 *   `net()`, the copy.
 */
export function makeTouch(map) {
  const seen = picture(SIDE, SIDE, SIZE);
  const made = picture(SIDE, SIDE, SIZE);
  const text = h("div", { class: "aew-note", "aria-live": "polite" });
  const touch = { net: null, code: null, image: null, picture: null, settings: null };
  const again = () => showTouched(touch, map, seen, made, text);
  const paper = makePaper(() => {
    touch.image = asMnist(paper.levels(), FINE);
    const empty = touch.image.every((value) => value === 0);
    paper.element.dataset.empty = empty;
    touch.image = empty ? null : touch.image;
    touch.code = null;
    again();
  });
  paper.element.dataset.empty = true;
  const column = (name, canvas) =>
    h("div", { class: "aew-column" }, h("span", { class: "aew-note" }, name), canvas);
  const element = h(
    "div",
    { class: "aew-touch" },
    h("h2", { class: "aew-title" }, "Touch the map, or draw a digit"),
    h(
      "div",
      { class: "aew-touched" },
      paper.element,
      column("as the net sees it", seen),
      column("decoded", made),
    ),
    h("div", { class: "aew-buttons" }, button("Clear", paper.clear)),
    text,
  );
  return {
    element,
    net: () => touch.net,
    start(settings) {
      touch.net = makeLearner(specOf(settings), 4, settings.seed);
      Object.assign(touch, { code: null, picture: null, settings });
    },
    settings(settings) {
      touch.settings = settings;
    },
    follow(seenNow) {
      touch.net.load(seenNow.weights);
      touch.picture = seenNow;
      again();
    },
    choose(place) {
      if (!touch.picture) return;
      paper.clear(); // which forgets the code
      touch.code = map.code(place);
      again();
    },
  };
}

function showTouched(touch, map, seen, made, text) {
  const { net, image, settings, picture: now } = touch;
  if (!now) return;
  const size = net.widths[net.spec.encoder];
  if (!image && !touch.code) {
    for (const canvas of [seen, made]) drawGrey(canvas, new Float32Array(SIDE ** 2));
    describe(seen, "Nothing is drawn yet.");
    describe(made, "Nothing is decoded yet.");
    map.mark(null);
    text.textContent = "";
    return;
  }
  const code = image ? net.encode(image, 1, settings) : touch.code;
  const variances = image && settings.kind === "variational" ? variancesOf(net, size) : null;
  const pixels = net.decode(code, 1);
  drawGrey(made, pixels);
  drawGrey(seen, image || new Float32Array(SIDE ** 2));
  describe(seen, image ? "Your digit, scaled and centred as MNIST is." : "Nothing is drawn.");
  const place = map.place(code);
  map.mark(place, variances);
  const words = wordsOfTouch(code, place, size, variances, image && squaredError(image, pixels));
  describe(made, `Decoded. ${words}`);
  text.textContent = words;
}

/** Variances of the code that was computed last. */
function variancesOf(net, size) {
  const wide = net.values[net.spec.encoder - 1];
  return Float32Array.from({ length: size }, (_, i) => Math.exp(wide[size + i]));
}

function wordsOfTouch(code, place, size, variances, error) {
  const [u, v] = place.map((value) => signed(value));
  const where = size === 2 ? `Code ${u}, ${v}` : `On the map at ${u}, ${v}`;
  if (error === null) return `${where}.`;
  const price = variances ? `; KL ${signed(divergence(code, variances), 1)} nats` : "";
  return `${where}; squared error ${signed(error, 1)}${price}.`;
}
