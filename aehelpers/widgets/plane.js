// A map of codes: the plane of a 2-D code, or the one on which longer codes are spread most.

import { PALETTE, SIDE, drawGrey, h, row, signed, stored } from "./common.js";

const MARGIN = { left: 38, right: 8, top: 8, bottom: 26 };

const svg = (tag, attributes = {}, ...children) => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
};

/**
 * Makes a map. `config` is {points, labels, origin, axes, low, high}, as `_base.plane` packs it.
 *
 * Returns the element; `code(u, v)`, the code at a place of the plane; `place(code)`, the place of
 * a code; `at(event)`, the place under a pointer; `nearest(u, v)`; and `mark(u, v)`.
 */
export function makePlane(model, config, side, names = ["", ""]) {
  const points = stored(model, config.points);
  const origin = stored(model, config.origin);
  const axes = stored(model, config.axes);
  const { labels, low, high } = config;
  const size = origin.length;
  const [width, height] = [side - MARGIN.left - MARGIN.right, side - MARGIN.top - MARGIN.bottom];
  const across = (u) => MARGIN.left + ((u - low[0]) / (high[0] - low[0])) * width;
  const down = (v) => MARGIN.top + ((high[1] - v) / (high[1] - low[1])) * height;

  const dots = labels.map((label, i) => svg("circle", { cx: across(points[2 * i]), cy: down(points[2 * i + 1]), r: side > 300 ? 2.6 : 1.8, fill: PALETTE[label % 10] }));
  const marker = svg("g", { class: "aew-marker" }, svg("circle", { r: 9 }), svg("circle", { r: 9 }), svg("path", { d: "M-15 0H-5M5 0H15M0 -15V-5M0 5V15" }));
  const ring = svg("circle", { class: "aew-ring", r: 6, visibility: "hidden" });
  const element = svg("svg", { viewBox: `0 0 ${side} ${side}`, width: side, class: "aew-plane", "aria-hidden": "true" },
    svg("rect", { class: "aew-frame", x: MARGIN.left, y: MARGIN.top, width, height }),
    ...[0, 1].flatMap((axis) => ticks(low[axis], high[axis], side > 300 ? 6 : 3).map(([value, places]) => tick(axis, value, places))),
    svg("text", { x: side - MARGIN.right - 6, y: MARGIN.top + height - 6, "text-anchor": "end" }, names[0]),
    svg("text", { x: MARGIN.left + 6, y: MARGIN.top + 15 }, names[1]),
    svg("g", { class: "aew-dots" }, ...dots), ...badges(), ring, marker);

  function tick(axis, value, places) {
    const text = signed(value, places);
    if (axis === 0) {
      const x = across(value);
      return svg("g", {}, svg("path", { class: "aew-grid", d: `M${x} ${MARGIN.top}V${MARGIN.top + height}` }),
        svg("text", { x, y: side - 8, "text-anchor": "middle" }, text));
    }
    const y = down(value);
    return svg("g", {}, svg("path", { class: "aew-grid", d: `M${MARGIN.left} ${y}H${MARGIN.left + width}` }),
      svg("text", { x: MARGIN.left - 6, y: y + 4, "text-anchor": "end" }, text));
  }

  /** The number of each class, where its middle is: colours alone don't tell classes apart. */
  function badges() {
    const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];
    const radius = side > 300 ? 9 : 7;
    const places = [...new Set(labels)].sort().map((label) => {
      const members = labels.flatMap((each, i) => (each === label ? [i] : []));
      return { label, x: across(median(members.map((i) => points[2 * i]))), y: down(median(members.map((i) => points[2 * i + 1]))) };
    });
    // Those that would cover each other are pushed apart.
    for (let round = 0; round < 20; round++) {
      for (const a of places) {
        for (const b of places) {
          const distance = Math.hypot(a.x - b.x, a.y - b.y);
          const push = (2 * radius + 2 - distance) / 2;
          if (a.label >= b.label || push <= 0) continue;
          const [dx, dy] = distance > 0.01 ? [(b.x - a.x) / distance, (b.y - a.y) / distance] : [1, 0];
          [a.x, a.y, b.x, b.y] = [a.x - push * dx, a.y - push * dy, b.x + push * dx, b.y + push * dy];
        }
      }
    }
    return places.map(({ label, x, y }) =>
      svg("g", { class: "aew-badge", transform: `translate(${x} ${y})` },
        svg("circle", { r: radius, stroke: PALETTE[label] }), svg("text", { y: 4, "text-anchor": "middle" }, String(label))));
  }

  return {
    element,
    low,
    high,
    code: (u, v) => Float32Array.from(origin, (value, i) => value + u * axes[i] + v * axes[size + i]),
    place: (code) => [0, 1].map((k) => origin.reduce((sum, value, i) => sum + (code[i] - value) * axes[k * size + i], 0)),
    at(event) {
      const box = element.getBoundingClientRect();
      const scale = side / box.width;
      const [x, y] = [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
      const u = low[0] + ((x - MARGIN.left) / width) * (high[0] - low[0]);
      const v = high[1] - ((y - MARGIN.top) / height) * (high[1] - low[1]);
      return [Math.min(Math.max(u, low[0]), high[0]), Math.min(Math.max(v, low[1]), high[1])];
    },
    /** The number of the nearest point, and its distance in pixels of the map. */
    nearest(u, v) {
      let [best, least] = [-1, Infinity];
      for (let i = 0; i < labels.length; i++) {
        const distance = Math.hypot(across(points[2 * i]) - across(u), down(points[2 * i + 1]) - down(v));
        if (distance < least) [best, least] = [i, distance];
      }
      return [best, least];
    },
    mark(u, v) {
      const inside = [Math.min(Math.max(u, low[0]), high[0]), Math.min(Math.max(v, low[1]), high[1])];
      marker.setAttribute("transform", `translate(${across(inside[0])} ${down(inside[1])})`);
    },
    circle(i) {
      ring.setAttribute("visibility", i < 0 ? "hidden" : "visible");
      if (i >= 0) ring.setAttribute("cx", across(points[2 * i])), ring.setAttribute("cy", down(points[2 * i + 1]));
    },
  };
}

/** Round numbers between two others, each with the decimal places that they need. */
function ticks(low, high, most) {
  const rough = (high - low) / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
  const places = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, i) => [(first + i) * step, places]);
}
