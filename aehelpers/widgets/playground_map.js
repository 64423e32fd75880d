// The map of the playground: codes of the digits held out, moving, and their clouds.

import { h, signed } from "./common.js";
import { placeAfterKey } from "./keys.js";
import { clamp } from "./pixels.js";
import { cloudOf, ticks } from "./plane.js";

const EDGE = 34; // pixels left of the map and below it, for the numbers
const RIM = 8;

/**
 * Makes the map.
 *
 * @param {number[]} labels - Of the digits.
 * @param {string[]} colours - Of the classes.
 * @param {function(number[])} choose - Is called with a place of the plane, when one is touched.
 * @returns {object} The `element`; `show(picture, kind)`, what the session sent; `mark(place,
 *   variances)`, the place of a code, with its cloud where it has one, or null; `place(code)` and
 *   `code(place)`; `words()`, what it shows.
 */
export function makeMap(labels, colours, choose) {
  // Square before the first picture, too, which gives it the size of its place.
  const square = { width: 400, height: 400, "aria-hidden": "true" };
  const canvas = h("canvas", { class: "aew-moving-map", ...square });
  // The mark has a canvas of its own, so that a key needn't wait for 500 clouds.
  const top = h("canvas", { class: "aew-moving-map aew-moving-mark", ...square });
  const element = h(
    "div",
    {
      class: "aew-map",
      tabindex: "0",
      role: "application",
      "aria-roledescription": "map of codes",
      "aria-label":
        "Map of codes. Arrow keys choose a place, which is decoded beside it; with Shift, further.",
    },
    canvas,
    top,
  );
  const map = {
    canvas,
    top,
    labels,
    colours,
    picture: null,
    marked: null,
    low: [-3, -3],
    high: [3, 3],
  };
  const point = () => map.picture && paintMark(map);
  const draw = () => {
    if (map.picture) paint(map);
    point();
  };
  new ResizeObserver(draw).observe(element);
  const follow = (event) => {
    const box = canvas.getBoundingClientRect();
    choose(placeUnder(map, event.clientX - box.left, event.clientY - box.top));
  };
  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    element.setPointerCapture(event.pointerId);
    follow(event);
  });
  element.addEventListener("pointermove", (event) => {
    if (element.hasPointerCapture(event.pointerId)) follow(event);
  });
  element.addEventListener("keydown", (event) => {
    const middle = [0, 1].map((axis) => (map.low[axis] + map.high[axis]) / 2);
    const place = placeAfterKey(event, map, map.marked?.place || middle);
    if (!place) return;
    choose(place);
    event.preventDefault();
    event.stopPropagation();
  });
  return {
    element,
    show(picture, kind) {
      Object.assign(map, { picture, kind });
      map.points = projected(picture);
      [map.low, map.high] = follows(map);
      draw();
    },
    mark(place, variances) {
      map.marked = place && { place, cloud: variances && cloudOf(picturedAxes(map), variances, 0) };
      point();
    },
    place: (code) => placeOf(map.picture, code, 0),
    code: ([u, v]) => codeAt(map.picture, u, v),
    words: () => wordsFor(map),
    fresh() {
      Object.assign(map, { low: [-3, -3], high: [3, 3], picture: null, marked: null, fresh: true });
    },
  };
}

const picturedAxes = ({ picture }) => picture.axes;

// ---- Places ------------------------------------------------------------------------------------

function placeOf({ origin, axes }, codes, from) {
  const size = origin.length;
  let [u, v] = [0, 0];
  for (let i = 0; i < size; i++) {
    const value = codes[from + i] - origin[i];
    u += value * axes[i];
    v += value * axes[size + i];
  }
  return [u, v];
}

function codeAt({ origin, axes }, u, v) {
  const size = origin.length;
  return origin.map((value, i) => value + u * axes[i] + v * axes[size + i]);
}

const projected = (picture) => {
  const size = picture.origin.length;
  return Array.from({ length: picture.codes.length / size }, (_, n) =>
    placeOf(picture, picture.codes, n * size),
  );
};

/** Ends of the axes that hold the points; they grow at once and shrink slowly. */
function follows(map) {
  const { points, kind, fresh } = map;
  const ends = [0, 1].map((axis) => {
    const values = points.map((point) => point[axis]).sort((a, b) => a - b);
    const [first, last] = [values[2], values.at(-3)];
    const least = kind === "variational" ? [-2.6, 2.6] : [first, last];
    return [Math.min(first, least[0]), Math.max(last, least[1])];
  });
  // One scale for both axes, so that circles are circles.
  const width = Math.max(...ends.map(([low, high]) => high - low), 1e-3) * 1.1;
  map.fresh = false;
  const wanted = ends.map(([low, high]) => [(low + high - width) / 2, (low + high + width) / 2]);
  const ease = (before, goal, grows) => (fresh || grows ? goal : before + 0.2 * (goal - before));
  return [0, 1].map((side) =>
    wanted.map((pair, axis) => {
      const before = (side ? map.high : map.low)[axis];
      return ease(before, pair[side], side ? pair[1] > before : pair[0] < before);
    }),
  );
}

function placeUnder(map, x, y) {
  const side = map.canvas.clientWidth;
  const share = [(x - EDGE) / (side - EDGE - RIM), 1 - (y - RIM) / (side - EDGE - RIM)];
  return share.map((value, axis) => {
    const [low, high] = [map.low[axis], map.high[axis]];
    return clamp(low + value * (high - low), low, high);
  });
}

// ---- Painting ----------------------------------------------------------------------------------

/** Clears a canvas; returns how to paint on it, or null where it isn't shown. */
function viewOf({ low, high }, canvas) {
  const side = canvas.clientWidth;
  const dense = Math.min(window.devicePixelRatio || 1, 2);
  if (!side) return null;
  if (canvas.width !== Math.round(side * dense)) canvas.width = canvas.height = side * dense;
  const ink = canvas.getContext("2d");
  const style = getComputedStyle(canvas);
  const colour = (name) => style.getPropertyValue(name).trim();
  const scale = (side - EDGE - RIM) / (high[0] - low[0]);
  const across = (u) => EDGE + (u - low[0]) * scale;
  const down = (v) => RIM + (high[1] - v) * ((side - EDGE - RIM) / (high[1] - low[1]));
  ink.setTransform(dense, 0, 0, dense, 0, 0);
  ink.clearRect(0, 0, side, side);
  return { ink, side, scale, across, down, colour, low, high };
}

/** Paints within the frame only. */
function inside({ ink, side }, work) {
  ink.save();
  ink.beginPath();
  ink.rect(EDGE, RIM, side - EDGE - RIM, side - EDGE - RIM);
  ink.clip();
  work();
  ink.restore();
}

function paint(map) {
  const { canvas, picture, points, labels, colours } = map;
  const view = viewOf(map, canvas);
  if (!view) return;
  const { ink, across, down } = view;
  axesOf(view);
  inside(view, () => {
    if (picture.variances) cloudsOf(view, map);
    points.forEach(([u, v], i) => {
      ink.fillStyle = colours[labels[i]];
      ink.beginPath();
      ink.arc(across(u), down(v), 2.2, 0, 2 * Math.PI);
      ink.fill();
    });
    numbersOf(view, points, labels, colours);
  });
}

function paintMark(map) {
  const view = viewOf(map, map.top);
  if (view && map.marked) inside(view, () => markOf(view, map.marked));
}

function axesOf({ ink, side, across, down, colour, low, high }) {
  ink.strokeStyle = colour("--aew-line");
  ink.fillStyle = colour("--aew-soft");
  ink.font = "11px system-ui, sans-serif";
  ink.lineWidth = 1;
  ink.strokeRect(EDGE + 0.5, RIM + 0.5, side - EDGE - RIM - 1, side - EDGE - RIM - 1);
  ink.textAlign = "center";
  for (const [value, places] of ticks(low[0], high[0], 5)) {
    ink.fillText(signed(value, places), across(value), side - EDGE + RIM + 14);
  }
  ink.textAlign = "right";
  for (const [value, places] of ticks(low[1], high[1], 5)) {
    ink.fillText(signed(value, places), EDGE - 5, down(value) + 4);
  }
}

/** The clouds of all digits, and around 0 the circles of the prior, at one and two deviations. */
function cloudsOf({ ink, scale, across, down, colour }, { picture, points, labels, colours }) {
  const { axes, variances, origin } = picture;
  const size = origin.length;
  ink.globalAlpha = 0.13;
  points.forEach(([u, v], i) => {
    const [long, short, turn] = cloudOf(axes, variances, i * size);
    ink.fillStyle = colours[labels[i]];
    ink.beginPath();
    ink.ellipse(across(u), down(v), long * scale, short * scale, -turn, 0, 2 * Math.PI);
    ink.fill();
  });
  ink.globalAlpha = 1;
  const zero = placeOf(picture, new Float32Array(size), 0);
  ink.strokeStyle = colour("--aew-soft");
  ink.setLineDash([4, 4]);
  for (const deviations of [1, 2]) {
    ink.beginPath();
    ink.arc(across(zero[0]), down(zero[1]), deviations * scale, 0, 2 * Math.PI);
    ink.stroke();
  }
  ink.setLineDash([]);
}

/** The number of each class in its middle: colours alone don't tell classes apart. */
function numbersOf({ ink, across, down, colour }, points, labels, colours) {
  ink.font = "600 12px system-ui, sans-serif";
  ink.textAlign = "center";
  for (const [label, [u, v]] of middlesOf(points, labels)) {
    const [x, y] = [across(u), down(v)];
    ink.fillStyle = colour("--aew-paper");
    ink.strokeStyle = colours[label];
    ink.lineWidth = 2;
    ink.beginPath();
    ink.arc(x, y, 9, 0, 2 * Math.PI);
    ink.fill();
    ink.stroke();
    ink.fillStyle = colour("--aew-ink");
    ink.fillText(String(label), x, y + 4);
  }
}

function middlesOf(points, labels) {
  const groups = new Map();
  points.forEach((point, i) => {
    if (!groups.has(labels[i])) groups.set(labels[i], []);
    groups.get(labels[i]).push(point);
  });
  const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];
  return [...groups]
    .sort()
    .map(([label, members]) => [
      label,
      [0, 1].map((axis) => median(members.map((point) => point[axis]))),
    ]);
}

function markOf({ ink, scale, across, down, colour }, { place, cloud }) {
  const [x, y] = [across(place[0]), down(place[1])];
  ink.strokeStyle = colour("--aew-ink");
  ink.lineWidth = 1.5;
  if (cloud) {
    for (const deviations of [1, 2]) {
      const [long, short] = [cloud[0], cloud[1]].map((half) => half * scale * deviations);
      ink.beginPath();
      ink.ellipse(x, y, long, short, -cloud[2], 0, 2 * Math.PI);
      ink.stroke();
    }
  }
  for (const [width, name] of [
    [5, "--aew-paper"],
    [2, "--aew-ink"],
  ]) {
    ink.lineWidth = width;
    ink.strokeStyle = colour(name);
    ink.beginPath();
    ink.arc(x, y, 8, 0, 2 * Math.PI);
    ink.stroke();
  }
}

/** How many of the digits have one of their own class as their nearest neighbour on the map. */
function wordsFor({ points, labels, picture }) {
  if (!picture) return "Map of codes: nothing yet.";
  const own = points.filter((point, i) => {
    let [best, nearest] = [Infinity, -1];
    points.forEach((other, j) => {
      const distance = (point[0] - other[0]) ** 2 + (point[1] - other[1]) ** 2;
      if (i !== j && distance < best) [best, nearest] = [distance, j];
    });
    return labels[nearest] === labels[i];
  });
  const share = Math.round((100 * own.length) / points.length);
  return `On the map, the nearest to a digit is of its own class for ${share} % of them.`;
}
