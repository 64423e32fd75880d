// walk: ten noises on their way to being digits, in as many steps as a slider says.

import {
  button,
  describe,
  drawGrey,
  follow,
  h,
  openNets,
  picture,
  rangeInput,
  root,
  showStill,
  stored,
  teller,
} from "./common.js";
import { row, SIDE } from "./pixels.js";

const DIGITS = 10;
const COLUMNS = 5;
const TRAITS = ["steps", "label", "draw"];

/** Shows the widget; see `_walk.py`. */
export function render({ model, el }) {
  if (showStill({ model, el })) return undefined;
  const { classes, draws, most, noises: packed } = model.get("_config");
  const [nets, close] = openNets({ model, el });
  const tell = teller(model);
  const noises = stored(model, packed);
  const walk = makeWalk(model, nets);
  const state = Object.fromEntries(TRAITS.map((name) => [name, model.get(name)]));

  const digits = picture(COLUMNS * SIDE, (DIGITS / COLUMNS) * SIDE, 480);
  const value = h("output", { class: "aew-value" });
  const steps = rangeInput({ min: 1, max: most, step: 1, "aria-label": "Steps" }, (count) =>
    change({ steps: count }),
  );
  const labels = Array.from({ length: classes }, (_, k) => `a ${k}`).concat("one of each");
  const asked = h(
    "select",
    { "aria-label": "Digit", onchange: () => change({ label: Number(asked.value) }) },
    labels.map((text, k) => h("option", { value: k }, text)),
  );
  const other = button("Other noise", () => change({ draw: (state.draw + 1) % draws }));

  let turn = 0;
  async function draw() {
    const mine = ++turn;
    show();
    const size = noises.length / draws / DIGITS;
    for (let i = 0; i < DIGITS; i++) {
      const noise = row(noises, state.draw * DIGITS + i, size);
      const pixels = await walk(noise, i, state);
      if (mine !== turn) return; // somebody wants others by now
      drawGrey(digits, pixels, (i % COLUMNS) * SIDE, Math.floor(i / COLUMNS) * SIDE);
      await pause();
      if (mine !== turn) return;
    }
    const wanted = classes && state.label < classes ? `, asked to be ${labels[state.label]}` : "";
    const noun = state.steps === 1 ? "step" : "steps";
    describe(digits, `Ten digits drawn from noise in ${state.steps} ${noun}${wanted}.`);
  }

  function show() {
    steps.value = state.steps;
    value.textContent = `${state.steps}`;
    asked.value = state.label;
  }

  function change(values) {
    Object.assign(state, values);
    draw();
    tell(values);
  }

  const count = h("div", { class: "aew-strength" }, h("span", {}, "Steps"), steps, value);
  const leave = root(
    { model, el },
    "walk",
    "From noise to digits",
    h("div", { class: "aew-bar" }, count, classes ? asked : [], other),
    h("div", { class: "aew-full" }, digits),
  );
  draw();

  const changed = () => {
    const next = Object.fromEntries(TRAITS.map((name) => [name, model.get(name)]));
    if (TRAITS.every((name) => next[name] === state[name])) return;
    Object.assign(state, next);
    draw();
  };
  const ends = [close, leave, ...TRAITS.map((name) => follow(model, name, changed))];
  return () => {
    turn++;
    ends.forEach((end) => void end());
  };
}

/** Lets the page draw, and take what was pressed meanwhile. */
const pause = () => new Promise((resolve) => setTimeout(resolve));

/** Returns a function from noise to pixels: Heun's method, as in `flow.py`. */
function makeWalk(model, { net, decoder }) {
  const { middle, root: packed, classes } = model.get("_config");
  const [centre, matrix] = [stored(model, middle), stored(model, packed)];
  const ask = (f, x, channel) => new Promise((resolve) => f(x, resolve, channel));
  return async (noise, number, { steps, label }) => {
    const told = classes ? [label < classes ? label : number % classes] : [];
    const at = async (place, time) => {
      const square = time ** 2 + (1 - time) ** 2;
      const scaled = place.map((value) => value / Math.sqrt(square));
      const missing = await ask(net, Float32Array.of(...scaled, time, ...told), "walk");
      return place.map((value, i) => ((2 * time - 1) * value) / square + missing[i]);
    };
    let place = noise;
    for (let step = 0; step < steps; step++) {
      const start = await at(place, step / steps);
      const ahead = place.map((value, i) => value + start[i] / steps);
      const end = await at(ahead, (step + 1) / steps);
      place = place.map((value, i) => value + (start[i] + end[i]) / (2 * steps));
    }
    const code = centre.map((value, j) =>
      place.reduce((sum, number, i) => sum + number * matrix[i * centre.length + j], value),
    );
    return ask(decoder, code, "digit");
  };
}
