// draw: a digit of one's own, encoded and decoded by several models while it is drawn.

import {
  button,
  describe,
  digitButtons,
  drawGrey,
  follow,
  h,
  imageForPython,
  oncePerFrame,
  openNets,
  picture,
  root,
  sameNumbers,
  showStill,
  signed,
  stored,
  teller,
} from "./common.js";
import { FINE, makePaper } from "./paper.js";
import { asMnist, row, SIDE, squaredError } from "./pixels.js";
import { makePlane } from "./plane.js";

/** Shows the widget; see `_draw.py`. */
export function render({ model, el }) {
  if (showStill({ model, el })) return undefined;
  const { images: packed, digits: classes, cards: configs } = model.get("_config");
  const [nets, close] = openNets({ model, el });
  const tell = teller(model);
  const images = stored(model, packed);
  let image;

  const cards = configs.map((config) => makeCard(model, config, nets));
  const seen = picture(SIDE, SIDE, 84);
  const read = oncePerFrame(() => {
    show(asMnist(paper.levels(), FINE));
    tell({ image: imageForPython(image) });
  });
  const paper = makePaper(() => {
    digits.mark(-1);
    read();
  });
  const digits = digitButtons(images, "Draw", classes, (i) => {
    place(row(images, i, SIDE ** 2));
    digits.mark(i);
    tell({ image: imageForPython(image) });
  });

  /** Puts an image on the paper, and shows just this image: it isn't centred again. */
  function place(pixels) {
    paper.put(pixels);
    digits.mark(-1);
    show(Float32Array.from(pixels));
  }

  function show(pixels) {
    image = pixels;
    drawGrey(seen, image);
    const empty = image.every((value) => value === 0);
    paper.element.dataset.empty = empty;
    const what = empty ? "an empty image" : "the drawing, scaled and centred as MNIST is";
    describe(seen, `What the models get: ${what}.`);
    for (const card of cards) card.show(image, empty);
  }

  const note = (text) => h("div", { class: "aew-note" }, text);
  const side = h(
    "div",
    { class: "aew-side" },
    paper.element,
    h("div", { class: "aew-buttons" }, button("Clear", paper.clear)),
    h(
      "div",
      { class: "aew-split" },
      seen,
      note("What the models get: scaled and centred as MNIST is"),
    ),
    note("Or take a test digit"),
    digits.element,
  );
  const elements = cards.map(({ element }) => element);
  const leave = root(
    { model, el },
    "draw",
    "Draw a digit",
    side,
    h("div", { class: "aew-cards" }, elements),
  );
  place(model.get("image").flat());

  const ends = [
    close,
    leave,
    follow(model, "image", () => {
      const pixels = model.get("image").flat();
      if (!sameNumbers(pixels, image)) place(pixels);
    }),
  ];
  return () => ends.forEach((end) => void end());
}

// ---- The models --------------------------------------------------------------------------------

/** Makes what is shown of one model. */
function makeCard(model, { name, encoder, decoder, errors, plane: config }, nets) {
  const canvas = picture(SIDE, SIDE, 98);
  const score = h("div", { class: "aew-value" });
  const verdict = h("div", { class: "aew-note" });
  const scale = makeScale(errors);
  const map = config && makePlane(model, config, 198);
  const note = (text) => h("div", { class: "aew-note" }, text);
  const element = h(
    "section",
    { class: "aew-card", "aria-label": `Model ${name}` },
    h("div", { class: "aew-title" }, name),
    h("div", { class: "aew-split" }, canvas, h("div", { class: "aew-column" }, score, verdict)),
    note("Its error among those of test digits"),
    scale.element,
    map ? [note("Its code among those of test digits"), map.element] : [],
  );

  const showResult = (image, pixels) => {
    drawGrey(canvas, pixels);
    const error = squaredError(image, pixels);
    const share = errors.filter((each) => each < error).length / errors.length;
    const most = share >= 0.995 ? "nearly all" : `${Math.round(100 * share)} % of`;
    score.textContent = `Squared error ${signed(error, 1)}`;
    verdict.textContent = `larger than for ${most} test digits`;
    scale.mark(error);
    const about = `squared error ${error.toFixed(1)}, ${verdict.textContent}`;
    describe(canvas, `Reconstruction by ${name}: ${about}`);
  };
  const showNothing = () => {
    drawGrey(canvas, new Float32Array(SIDE ** 2));
    score.textContent = "";
    verdict.textContent = "Nothing is drawn yet.";
    scale.mark(null);
    map?.mark(null);
    describe(canvas, `Reconstruction by ${name}: nothing is drawn yet.`);
  };
  let current;
  const show = (image, empty) => {
    current = image;
    if (empty) return showNothing();
    nets[encoder](image, (code) => {
      if (current !== image) return; // cleared while the kernel was computing
      map?.mark(...map.place(code));
      nets[decoder](code, (pixels) => {
        if (current === image) showResult(image, pixels);
      });
    });
  };
  return { element, show };
}

/** The errors of test digits as a small histogram, with a mark. */
function makeScale(errors) {
  const [width, height, bins] = [198, 34, 40];
  const high = errors[Math.floor(0.99 * (errors.length - 1))] * 1.6 || 1;
  const counts = new Array(bins).fill(0);
  for (const error of errors) counts[Math.min(Math.floor((bins * error) / high), bins - 1)]++;
  const most = Math.max(...counts);
  const bars = counts.map((count) => {
    const bar = h("span");
    bar.style.height = `${(height * count) / most}px`;
    return bar;
  });
  const pin = h("i");
  const element = h("div", { class: "aew-scale", "aria-hidden": "true" }, bars, pin);
  element.style.width = `${width}px`;
  element.style.height = `${height}px`;
  const mark = (error) => {
    pin.hidden = error === null;
    pin.style.left = `${Math.min(error / high, 1) * 100}%`;
  };
  return { element, mark };
}
