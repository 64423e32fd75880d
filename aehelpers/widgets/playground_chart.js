// The losses while they fall: two small charts, one above the other.

import { describe, h } from "./common.js";
import { svg, ticks } from "./plane.js";

const MARGIN_OF_CHART = { left: 46, right: 96, top: 20, bottom: 20 };
const MOST = 400; // points in a line; older ones are thinned out

const UNITS = { cross_entropy: "nats an image", squared_error: "squared error an image" };
const PENALTIES = {
  variational: ["KL divergence of the code", "nats an image"],
  l1: ["Size of the code, sum of its numbers", ""],
};

/**
 * Makes the charts.
 *
 * @param {string[]} colours - Of the classes; the first two draw the lines.
 * @returns {object} The `element`; `start(settings, line)`, which empties them, with the height of
 *   a line to compare with, if there is one; `add(losses)`; `words()`, what they show.
 */
export function makeCharts(colours) {
  const charts = [makeChart(colours[0], 190), makeChart(colours[1], 110, 0)];
  const element = h(
    "div",
    { class: "aew-charts" },
    charts.map((each) => each.element),
  );
  let [history, about, line] = [[], {}, null];
  const draw = () => {
    const names = [["Reconstruction", UNITS[about.loss]], PENALTIES[about.kind]];
    charts.forEach((chart, i) => {
      chart.element.hidden = !names[i];
      const key = ["reconstruction", "penalty"][i];
      if (names[i]) chart.draw(names[i], pointsOf(history, key), i ? null : line);
    });
  };
  new ResizeObserver(draw).observe(element);
  return {
    element,
    draw,
    start(settings, reference = null) {
      [history, about, line] = [[], settings, reference];
    },
    add(losses) {
      history.push(losses);
      if (history.length > MOST) history = history.filter((_, i) => i % 2 || i > MOST / 2);
    },
    words: () => wordsOf(history, about),
  };
}

const pointsOf = (history, key) =>
  ["trained", "held"].map((who) =>
    history.flatMap((each) => (each[who] ? [[each.step, each[who][key]]] : [])),
  );

function wordsOf(history, { kind, loss }) {
  const last = history.at(-1);
  if (!last) return "Nothing is trained yet.";
  const { reconstruction, penalty } = last.held;
  const what = `reconstruction ${reconstruction.toFixed(1)} ${UNITS[loss]}`;
  const price = PENALTIES[kind] ? `, ${PENALTIES[kind][0]} ${penalty.toFixed(1)}` : "";
  return `After ${last.step} steps, for digits held out: ${what}${price}.`;
}

/** A chart; with a `foot`, its axis begins there: a code that costs nothing is to be seen. */
function makeChart(colour, height, foot = null) {
  const heading = h("div", {});
  const unit = h("span", { class: "aew-note" });
  const title = h("span", { class: "aew-title" });
  heading.append(title, " ", unit);
  const picture = svg("svg", { class: "aew-chart", height });
  picture.style.setProperty("--aew-line-colour", colour);
  const element = h("div", {}, heading, picture);
  const draw = ([name, what], lines, reference) => {
    title.textContent = name;
    unit.textContent = what;
    const width = Math.max(element.clientWidth, 240);
    picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
    picture.setAttribute("width", width);
    picture.replaceChildren(...marks(lines, reference, foot, width, height));
    const ends = lines.map((line) => line.at(-1)?.[1].toFixed(1) ?? "none yet");
    describe(picture, `${name}: ${ends[0]} in training, ${ends[1]} for digits held out.`);
  };
  return { element, draw };
}

/** The lowest and the highest value to show: what the first steps lose is off the chart. */
function rangeOf(lines, reference, foot) {
  const settled = lines.flatMap((line) => line.filter(([step]) => step >= line.at(-1)[0] / 10));
  const values = settled.map(([, value]) => value);
  if (reference !== null) values.push(reference);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const room = 0.06 * (high - low) || 0.02 * high || 1;
  return foot === null ? [Math.max(0, low - room), high + room] : [foot, Math.max(high + room, 1)];
}

function marks(lines, reference, foot, width, height) {
  if (!lines[1].length) return [];
  const { left, right, top, bottom } = MARGIN_OF_CHART;
  const [low, high] = rangeOf(lines, reference, foot);
  const end = Math.max(lines[1].at(-1)[0], 10);
  const across = (step) => left + (step / end) * (width - left - right);
  const down = (value) =>
    height - bottom - ((value - low) / (high - low)) * (height - top - bottom);
  const ways = lines
    .filter((line) => line.length > 1)
    .map((line) => {
      const places = line.map(
        ([step, value]) => `${across(step).toFixed(1)} ${down(value).toFixed(1)}`,
      );
      return svg("path", {
        class: line === lines[1] ? "aew-held" : "aew-trained",
        d: `M${places.join("L")}`,
      });
    });
  const clip = {
    x: left,
    y: top - 4,
    width: width - left - right + 4,
    height: height - top - bottom + 8,
  };
  const inside = svg("svg", { ...clip, viewBox: Object.values(clip).join(" ") }, ...ways);
  return [
    ...grid(low, high, end, width, height, across, down),
    ...(reference === null ? [] : compared(reference, left, width - right, down)),
    inside,
    ...namesOf(lines, reference, width - right + 6, down),
  ];
}

function grid(low, high, end, width, height, across, down) {
  const { left, right, top, bottom } = MARGIN_OF_CHART;
  const rows = ticks(low, high, 4).map(([value, places]) => {
    const d = `M${left} ${down(value)}H${width - right}`;
    const place = { x: left - 6, y: down(value) + 4, "text-anchor": "end" };
    return [svg("path", { class: "aew-grid", d }), svg("text", place, value.toFixed(places))];
  });
  const apart = ([value]) => !value || across(value) - left > 64; // from "0 steps"
  const columns = ticks(0, end, 5)
    .filter(apart)
    .map(([value, places]) => {
      const anchor = value ? "middle" : "start";
      const label = value ? value.toFixed(places) : "0 steps";
      return [svg("text", { x: across(value), y: height - 4, "text-anchor": anchor }, label)];
    });
  const frame = svg("path", {
    class: "aew-frame",
    d: `M${left} ${top}V${height - bottom}H${width - right}`,
  });
  return [...rows.flat(), ...columns.flat(), frame];
}

const compared = (value, from, to, down) => [
  svg("path", { class: "aew-compared", d: `M${from} ${down(value)}H${to}` }),
];

/** What the lines are called, at their ends, moved apart. */
function namesOf(lines, reference, x, down) {
  const names = [
    ["training", lines[0]],
    ["held out", lines[1]],
  ].flatMap(([name, line]) =>
    line.length ? [{ text: `${name} ${line.at(-1)[1].toFixed(1)}`, y: down(line.at(-1)[1]) }] : [],
  );
  if (reference !== null) names.push({ text: `PCA ${reference.toFixed(1)}`, y: down(reference) });
  names.sort((a, b) => a.y - b.y);
  for (let i = 1; i < names.length; i++) names[i].y = Math.max(names[i].y, names[i - 1].y + 14);
  return names.map(({ text, y }) => svg("text", { x, y: y + 4, class: "aew-name" }, text));
}
