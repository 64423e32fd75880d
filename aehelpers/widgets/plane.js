// A map of codes: the plane of a 2-D code, or the one on which longer codes are spread most.

import { signed, stored } from "./common.js";
import { clamp } from "./pixels.js";

const MARGIN = { left: 38, right: 8, top: 8, bottom: 26 };

/** Makes an element of a picture in SVG. */
export const svg = (tag, attributes = {}, ...children) => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
};

/**
 * Makes a map.
 *
 * @param {object} model - The widget's.
 * @param {object} config - {points, labels, origin, axes, low, high}, as `plane` of
 *   `_latent_map.py` packs it.
 * @param {number} side - Its width and its height in CSS pixels.
 * @param {string[]} names - Of the axes.
 * @returns {object} The `element`; `code(u, v)`, the code at a place of the plane; `place(code)`,
 *   the place of a code; `at(event)`, the place under a pointer; `nearest(u, v)`, the number of the
 *   nearest point and its distance in pixels of the map; `mark(u, v)`,
 *   which takes null for no mark, `cloud(place, variances)`, the ellipses of a Gaussian at one and
 *   two deviations, or null, and `circle(i)`.
 */
export function makePlane(model, config, side, names = ["", ""]) {
  const points = stored(model, config.points);
  const plane = { ...projection(model, config), ...scales(config, side) };
  const places = config.labels.map((label, i) => {
    const [x, y] = [plane.across(points[2 * i]), plane.down(points[2 * i + 1])];
    return { label, x, y };
  });
  const { classes } = model.get("_config").colours;
  const large = side > 300;
  const marker = svg(
    "g",
    { class: "aew-marker" },
    svg("circle", { r: 9 }),
    svg("circle", { r: 9 }),
    svg("path", { d: "M-15 0H-5M5 0H15M0 -15V-5M0 5V15" }),
  );
  const clouds = [1, 2].map(() => svg("ellipse", { class: "aew-cloud", visibility: "hidden" }));
  const ring = svg("circle", { class: "aew-ring", r: 6, visibility: "hidden" });
  const element = svg(
    "svg",
    { viewBox: `0 0 ${side} ${side}`, width: side, class: "aew-plane", "aria-hidden": "true" },
    ...frame(plane, names, large ? 6 : 3),
    svg("g", { class: "aew-dots" }, ...dots(places, classes, large ? 2.6 : 1.8)),
    ...clouds,
    ring,
    marker,
    ...badges(places, classes, large ? 9 : 7), // last, so that the marker hides none
  );

  return {
    element,
    low: plane.low,
    high: plane.high,
    code: plane.code,
    place: plane.place,
    at(event) {
      const box = element.getBoundingClientRect();
      const scale = side / box.width;
      return plane.under((event.clientX - box.left) * scale, (event.clientY - box.top) * scale);
    },
    nearest(u, v) {
      const [x, y] = [plane.across(u), plane.down(v)];
      const distances = places.map((place) => Math.hypot(place.x - x, place.y - y));
      const least = distances.reduce((a, b) => Math.min(a, b), Infinity);
      return [distances.indexOf(least), least];
    },
    mark(u, v) {
      marker.setAttribute("visibility", u === null ? "hidden" : "visible");
      if (u === null) return;
      const [x, y] = [plane.across(plane.inside(u, 0)), plane.down(plane.inside(v, 1))];
      marker.setAttribute("transform", `translate(${x} ${y})`);
    },
    cloud(place, variances) {
      clouds.forEach((ellipse, k) => {
        ellipse.setAttribute("visibility", place ? "visible" : "hidden");
        if (place) putCloud(ellipse, plane, place, cloudOf(plane.axes, variances), k + 1);
      });
    },
    circle(i) {
      ring.setAttribute("visibility", i < 0 ? "hidden" : "visible");
      if (i < 0) return;
      ring.setAttribute("cx", places[i].x);
      ring.setAttribute("cy", places[i].y);
    },
  };
}

/** An ellipse at so many deviations; the axes of the map may have different scales. */
function putCloud(ellipse, plane, [u, v], [long, short, turn], deviations) {
  const { low, high, width, height } = plane;
  const [a, b] = [width / (high[0] - low[0]), height / (high[1] - low[1])];
  const shape = { rx: long * deviations, ry: short * deviations };
  for (const [name, value] of Object.entries(shape)) ellipse.setAttribute(name, value);
  const place = `translate(${plane.across(u)} ${plane.down(v)}) scale(${a} ${-b})`;
  ellipse.setAttribute("transform", `${place} rotate(${(turn * 180) / Math.PI})`);
}

/** The ways from places of the plane to codes and back. */
function projection(model, config) {
  const origin = stored(model, config.origin);
  const axes = stored(model, config.axes);
  const size = origin.length;
  const along = (code, k) =>
    origin.reduce((sum, value, i) => sum + (code[i] - value) * axes[k * size + i], 0);
  return {
    axes,
    code: (u, v) =>
      Float32Array.from(origin, (value, i) => value + u * axes[i] + v * axes[size + i]),
    place: (code) => [along(code, 0), along(code, 1)],
  };
}

/** The ways from places of the plane to pixels of the map and back. */
function scales({ low, high }, side) {
  const { left, right, top, bottom } = MARGIN;
  const [width, height] = [side - left - right, side - top - bottom];
  const inside = (value, axis) => clamp(value, low[axis], high[axis]);
  return {
    side,
    low,
    high,
    width,
    height,
    inside,
    across: (u) => left + ((u - low[0]) / (high[0] - low[0])) * width,
    down: (v) => top + ((high[1] - v) / (high[1] - low[1])) * height,
    under: (x, y) => [
      inside(low[0] + ((x - left) / width) * (high[0] - low[0]), 0),
      inside(high[1] - ((y - top) / height) * (high[1] - low[1]), 1),
    ],
  };
}

/** The frame, the ticks and the names of the axes. */
function frame({ side, width, height, low, high, across, down }, names, most) {
  const { left, right, top } = MARGIN;
  const tick = (path, place, text) =>
    svg("g", {}, svg("path", { class: "aew-grid", d: path }), svg("text", place, text));
  const columns = ticks(low[0], high[0], most).map(([value, places]) => {
    const x = across(value);
    const place = { x, y: side - 8, "text-anchor": "middle" };
    return tick(`M${x} ${top}V${top + height}`, place, signed(value, places));
  });
  const rows = ticks(low[1], high[1], most).map(([value, places]) => {
    const y = down(value);
    const place = { x: left - 6, y: y + 4, "text-anchor": "end" };
    return tick(`M${left} ${y}H${left + width}`, place, signed(value, places));
  });
  return [
    svg("rect", { class: "aew-frame", x: left, y: top, width, height }),
    ...columns,
    ...rows,
    nameAt({ x: side - right - 6, y: top + height - 6, "text-anchor": "end" }, names[0]),
    nameAt({ x: left + 6, y: top + 15 }, names[1]),
  ];
}

/** The name of an axis; "z7" has its number set low, as elsewhere. */
function nameAt(place, name) {
  if (!/^z\d+$/.test(name)) return svg("text", place, name);
  const number = svg("tspan", { dy: 3, class: "aew-low" }, name.slice(1));
  return svg("text", { ...place, class: "aew-z" }, "z", number);
}

/** Round numbers between two others, each with the decimal places that they need. */
export function ticks(low, high, most) {
  const rough = (high - low) / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
  const places = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const first = Math.ceil(low / step);
  const count = Math.floor(high / step) - first + 1;
  return Array.from({ length: count }, (_, i) => [(first + i) * step, places]);
}

const dots = (places, classes, radius) =>
  places.map(({ label, x, y }) =>
    svg("circle", { cx: x, cy: y, r: radius, fill: classes[label % classes.length] }),
  );

/** The number of each class, where its middle is: colours alone don't tell classes apart. */
function badges(places, classes, radius) {
  const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];
  const middles = [...new Set(places.map(({ label }) => label))].sort().map((label) => {
    const members = places.filter((each) => each.label === label);
    const [x, y] = ["x", "y"].map((axis) => median(members.map((each) => each[axis])));
    return { label, x, y };
  });
  pushApart(middles, 2 * radius + 2);
  return middles.map(({ label, x, y }) =>
    svg(
      "g",
      { class: "aew-badge", transform: `translate(${x} ${y})` },
      svg("circle", { r: radius, stroke: classes[label % classes.length] }),
      svg("text", { y: 4, "text-anchor": "middle" }, String(label)),
    ),
  );
}

/** Moves places that are closer than this. */
function pushApart(places, least) {
  for (let round = 0; round < 20; round++) {
    for (const [i, a] of places.entries()) {
      for (const b of places.slice(i + 1)) {
        const distance = Math.hypot(a.x - b.x, a.y - b.y);
        const push = (least - distance) / 2;
        if (push <= 0) continue;
        const [dx, dy] =
          distance > 0.01 ? [(b.x - a.x) / distance, (b.y - a.y) / distance] : [1, 0];
        [a.x, a.y] = [a.x - push * dx, a.y - push * dy];
        [b.x, b.y] = [b.x + push * dx, b.y + push * dy];
      }
    }
  }
}

/**
 * The ellipse of a Gaussian on a plane, at one standard deviation.
 *
 * @param {Float32Array} axes - The two directions of the plane, one behind the other.
 * @param {Float32Array} variances - Of the numbers of codes.
 * @param {number} from - Where in these the code's begin.
 * @returns {number[]} Half its axes, and its turn in radians.
 */
export function cloudOf(axes, variances, from = 0) {
  const size = axes.length / 2;
  let [a, b, c] = [0, 0, 0]; // the covariance on the plane
  for (let i = 0; i < size; i++) {
    const variance = variances[from + i];
    a += variance * axes[i] ** 2;
    b += variance * axes[i] * axes[size + i];
    c += variance * axes[size + i] ** 2;
  }
  const middle = (a + c) / 2;
  const apart = Math.hypot((a - c) / 2, b);
  return [
    Math.sqrt(middle + apart),
    Math.sqrt(Math.max(middle - apart, 0)),
    Math.atan2(b, (a - c) / 2) / 2,
  ];
}
