// draw: a digit of one's own, encoded and decoded by several models while it is drawn.

import {
  SIDE, button, describe, digitButtons, drawGrey, follow, forPython, h, oncePerFrame, openNets,
  picture, root, row, sameNumbers, signed, stored, teller,
} from "./common.js";
import { makePlane } from "./plane.js";

const PIXELS = SIDE ** 2;
const FINE = 280; // pixels of the canvas that is drawn on
const PEN = 22; // width of a stroke on it

export function render({ model, el }) {
  const { images: packed, cards: configs } = model.get("_config");
  const nets = openNets(model);
  const tell = teller(model);
  const images = stored(model, packed);
  let image = Float32Array.from(model.get("image").flat());

  // ---- The paper ----
  const paper = h("canvas", { width: FINE, height: FINE, class: "aew-paper", "aria-hidden": "true" });
  const ink = paper.getContext("2d", { willReadFrequently: true });
  const cursor = h("div", { class: "aew-cursor" });
  const desk = h("div", {
    class: "aew-desk", tabindex: "0", role: "application", "aria-roledescription": "drawing area",
    "aria-label": "Draw a digit with mouse, finger or pen. With keys: arrows move, space puts the pen down or lifts it.",
  }, paper, h("div", { class: "aew-hint", "aria-hidden": "true" }, "Draw a digit here"), cursor);
  const seen = picture(SIDE, SIDE, 84, "");
  let last = null; // where the pen is, while it is down
  let pen = { x: FINE / 2, y: FINE / 4, down: false };

  function stroke(x, y) {
    ink.strokeStyle = ink.fillStyle = "#fff";
    ink.lineWidth = PEN;
    ink.beginPath();
    ink.moveTo(...(last || [x, y]));
    ink.lineTo(x, y);
    ink.stroke();
    ink.beginPath(); // a round end; and a tap leaves a dot
    ink.arc(x, y, PEN / 2, 0, 2 * Math.PI);
    ink.fill();
    last = [x, y];
    digits.mark(-1);
    read();
  }
  const at = (event) => {
    const box = paper.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top].map((value) => (value / box.width) * FINE);
  };
  desk.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    desk.setPointerCapture(event.pointerId);
    last = null;
    stroke(...at(event));
  });
  desk.addEventListener("pointermove", (event) => {
    if (!last || !desk.hasPointerCapture(event.pointerId)) return;
    // All the places that the pen came through since the last frame.
    for (const each of event.getCoalescedEvents?.() || [event]) stroke(...at(each));
  });
  for (const end of ["pointerup", "pointercancel"]) desk.addEventListener(end, () => { last = null; });
  desk.addEventListener("keydown", (event) => {
    const move = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey || !(move || event.key === " ")) return;
    event.preventDefault();
    event.stopPropagation();
    if (move) [pen.x, pen.y] = [pen.x + 10 * move[0], pen.y + 10 * move[1]].map((value) => Math.min(Math.max(value, 0), FINE));
    else pen.down = !pen.down;
    if (!pen.down || !last) last = null;
    if (pen.down) stroke(pen.x, pen.y);
    showCursor();
  });
  const showCursor = () => {
    cursor.style.left = `${(100 * pen.x) / FINE}%`;
    cursor.style.top = `${(100 * pen.y) / FINE}%`;
    cursor.dataset.down = pen.down;
  };
  showCursor();

  const clear = () => {
    ink.clearRect(0, 0, FINE, FINE);
    [last, pen.down] = [null, false];
    digits.mark(-1);
    showCursor();
    read();
  };
  /** Puts an image on the paper, and shows just this image: it isn't centred again. */
  function place(pixels, inform = true) {
    image = Float32Array.from(pixels);
    const small = h("canvas", { width: SIDE, height: SIDE });
    const grey = new ImageData(SIDE, SIDE);
    image.forEach((value, i) => grey.data.set([255, 255, 255, 255 * value], 4 * i));
    small.getContext("2d").putImageData(grey, 0, 0);
    ink.clearRect(0, 0, FINE, FINE);
    ink.drawImage(small, 0, 0, FINE, FINE);
    show();
    if (inform) send();
  }
  const read = oncePerFrame(() => {
    image = asMnist(ink.getImageData(0, 0, FINE, FINE));
    show();
    send();
  });
  const send = () => tell({ image: Array.from({ length: SIDE }, (_, i) => forPython(row(image, i, SIDE))) });
  const digits = digitButtons(images, "Draw test digit", (i) => {
    place(row(images, i, PIXELS));
    digits.mark(i);
  });

  // ---- The models ----
  const cards = configs.map(({ name, encoder, decoder, errors, plane: config }) => {
    const canvas = picture(SIDE, SIDE, 98, "");
    const score = h("div", { class: "aew-value" });
    const verdict = h("div", { class: "aew-note" });
    const scale = makeScale(errors);
    const map = config && makePlane(model, config, 198);
    const element = h("section", { class: "aew-card", "aria-label": `Model ${name}` },
      h("div", { class: "aew-title" }, name),
      h("div", { class: "aew-split" }, canvas, h("div", { class: "aew-column" }, score, verdict)),
      h("div", { class: "aew-note" }, "Its error among those of test digits"), scale.element,
      map ? [h("div", { class: "aew-note" }, "Its code among those of test digits"), map.element] : []);
    const update = () => {
      const empty = image.every((value) => value === 0);
      nets[encoder](image, (code) => {
        if (map) map.mark(...map.place(code));
        nets[decoder](code, (pixels) => {
          drawGrey(canvas, pixels);
          const error = image.reduce((sum, value, i) => sum + (value - pixels[i]) ** 2, 0);
          const share = errors.filter((each) => each < error).length / errors.length;
          score.textContent = `Squared error ${signed(error, 1)}`;
          verdict.textContent = empty ? "Nothing is drawn yet." : share >= 0.995 ? "larger than for nearly all test digits" : `larger than for ${Math.round(100 * share)} % of test digits`;
          scale.mark(error);
          describe(canvas, `Reconstruction by ${name}: squared error ${error.toFixed(1)}, ${verdict.textContent}`);
        });
      });
    };
    return { element, update };
  });

  function show() {
    drawGrey(seen, image);
    const amount = image.reduce((sum, value) => sum + value, 0);
    desk.dataset.empty = amount === 0;
    describe(seen, amount ? "What the models get: the drawing, scaled and centred as MNIST is." : "What the models get: an empty image.");
    for (const card of cards) card.update();
  }

  root(el, "draw", "Draw a digit",
    h("div", { class: "aew-side" }, desk,
      h("div", { class: "aew-buttons" }, button("Clear", clear)),
      h("div", { class: "aew-split" }, seen, h("div", { class: "aew-note" }, "What the models get: scaled and centred as MNIST is")),
      h("div", { class: "aew-note" }, "Or take a test digit"), digits.element),
    h("div", { class: "aew-cards" }, cards.map(({ element }) => element)));
  place(image, false);

  return follow(model, "image", () => {
    const pixels = model.get("image").flat();
    if (!sameNumbers(pixels, image)) {
      digits.mark(-1);
      place(pixels, false);
    }
  });
}

/**
 * Scales a drawing as MNIST's digits are: into 20x20 with its proportions kept, then moved so that
 * its centre of mass is the centre of 28x28.
 */
function asMnist({ data, width, height }) {
  const level = (x, y) => data[4 * (y * width + x) + 3] / 255;
  let [left, right, top, bottom] = [width, -1, height, -1];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (data[4 * (y * width + x) + 3] < 16) continue;
      [left, right, top, bottom] = [Math.min(left, x), Math.max(right, x), Math.min(top, y), Math.max(bottom, y)];
    }
  }
  const result = new Float32Array(PIXELS);
  if (right < 0) return result;
  const [w, h] = [right - left + 1, bottom - top + 1];
  const scale = Math.max(w, h) / 20; // fine pixels to one of the small ones
  const [columns, rows] = [w, h].map((side) => Math.max(1, Math.round(side / scale)));
  const small = new Float32Array(columns * rows);
  let [mass, massX, massY] = [0, 0, 0];
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const [y0, y1] = [top + Math.floor((i * h) / rows), top + Math.ceil(((i + 1) * h) / rows)];
      const [x0, x1] = [left + Math.floor((j * w) / columns), left + Math.ceil(((j + 1) * w) / columns)];
      let sum = 0;
      for (let y = y0; y < y1; y++) for (let x = x0; x < x1; x++) sum += level(x, y);
      const value = sum / ((y1 - y0) * (x1 - x0));
      small[i * columns + j] = value;
      mass += value;
      massX += value * (j + 0.5);
      massY += value * (i + 0.5);
    }
  }
  const offset = (centre, size) => Math.min(Math.max(Math.round(SIDE / 2 - centre / mass), 0), SIDE - size);
  const [dx, dy] = [offset(massX, columns), offset(massY, rows)];
  for (let i = 0; i < rows; i++) result.set(small.subarray(i * columns, (i + 1) * columns), (i + dy) * SIDE + dx);
  return result;
}

/** The errors of test digits as a small histogram, with a mark. */
function makeScale(errors) {
  const [width, height, bins] = [198, 34, 40];
  const high = errors[Math.floor(0.99 * (errors.length - 1))] * 1.6 || 1;
  const counts = new Array(bins).fill(0);
  for (const error of errors) counts[Math.min(Math.floor((bins * error) / high), bins - 1)]++;
  const most = Math.max(...counts);
  const bars = counts.map((count, i) => {
    const bar = h("span");
    bar.style.height = `${(height * count) / most}px`;
    return bar;
  });
  const mark = h("i");
  const element = h("div", { class: "aew-scale", "aria-hidden": "true" }, bars, mark);
  element.style.width = `${width}px`;
  element.style.height = `${height}px`;
  return { element, mark: (error) => { mark.style.left = `${Math.min(error / high, 1) * 100}%`; } };
}
