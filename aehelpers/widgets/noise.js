// noise: damage a digit, and see what the denoiser makes of it.

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
  rangeInput,
  root,
  showStill,
  signed,
  stored,
  teller,
} from "./common.js";
import { damage, psnr, row, SIDE } from "./pixels.js";

const TRAITS = ["kind", "strength", "draw", "clean"];

/** Shows the widget; see `_noise.py`. */
export function render({ model, el }) {
  if (showStill({ model, el })) return undefined;
  const { images: packed, normal, uniform, draws, kinds } = model.get("_config");
  const [{ encoder, decoder }, close] = openNets({ model, el });
  const tell = teller(model);
  const images = stored(model, packed);
  const fields = [stored(model, normal), stored(model, uniform)];
  let state = read(model);

  const frames = ["noisy", "denoised", "clean"].map(makeFrame);
  const controls = makeControls(kinds, (values) => change(values));
  const digits = digitButtons(images, "Take", null, (i) => {
    change({ clean: row(images, i, SIDE ** 2) });
    digits.mark(i);
  });

  const draw = oncePerFrame(() => {
    const { kind, strength, clean } = state;
    const chance = fields.map((field) => row(field, state.draw, SIDE ** 2));
    const noisy = damage(clean, kind, strength, ...chance);
    const { name } = kinds[kind];
    frames[0].show(noisy, `The digit with ${kind} noise of ${name} ${strength}:`, clean);
    frames[2].show(clean, "The clean digit");
    encoder(noisy, (code) =>
      decoder(code, (pixels) => frames[1].show(pixels, "What the model makes of it:", clean)),
    );
    controls.show(kind, strength);
  });

  function change(values) {
    Object.assign(state, values);
    if (values.clean) digits.mark(-1);
    draw();
    tell(values.clean ? { ...values, clean: imageForPython(values.clean) } : values);
  }

  const other = button("Other noise", () => change({ draw: (state.draw + 1) % draws }));
  const leave = root(
    { model, el },
    "noise",
    "Noise and its removal",
    h("div", { class: "aew-bar" }, controls.elements, other),
    h(
      "div",
      { class: "aew-columns" },
      frames.map(({ element }) => element),
    ),
    h(
      "div",
      { class: "aew-full" },
      h("div", { class: "aew-note" }, "Choose a test digit"),
      digits.element,
    ),
  );
  draw();

  const changed = () => {
    const before = state.clean;
    state = read(model);
    if (before.some((value, i) => value !== state.clean[i])) digits.mark(-1);
    draw();
  };
  const ends = [close, leave, ...TRAITS.map((name) => follow(model, name, changed))];
  return () => ends.forEach((end) => void end());
}

/** What Python knows. */
function read(model) {
  const state = Object.fromEntries(TRAITS.map((name) => [name, model.get(name)]));
  return { ...state, clean: Float32Array.from(state.clean.flat()) };
}

/** A picture with its name above it and its score below it. */
function makeFrame(name) {
  const canvas = picture(SIDE, SIDE, 196);
  const score = h("div", { class: "aew-value" });
  const show = (pixels, what, clean) => {
    drawGrey(canvas, pixels);
    const decibels = clean && psnr(clean, pixels);
    const text = decibels === Infinity ? "∞" : clean && signed(decibels, 1);
    score.textContent = clean ? `PSNR ${text} dB` : "\u00a0";
    describe(canvas, clean ? `${what} PSNR ${text} decibels.` : `${what}.`);
  };
  const title = h("div", { class: "aew-title" }, name);
  return { element: h("div", { class: "aew-column" }, title, canvas, score), show };
}

/** The kind of noise and its strength. */
function makeControls(kinds, change) {
  const select = h(
    "select",
    {
      "aria-label": "Kind of noise",
      onchange: () => change({ kind: select.value, strength: kinds[select.value].start }),
    },
    Object.keys(kinds).map((kind) => h("option", { value: kind }, kind)),
  );
  const input = rangeInput({}, (strength) => change({ strength }));
  const value = h("output", { class: "aew-value" });
  const show = (kind, strength) => {
    const { high, step, name, digits } = kinds[kind];
    select.value = kind;
    Object.assign(input, { min: 0, max: high, step });
    input.value = strength;
    input.setAttribute("aria-label", `Strength: ${name}`);
    input.setAttribute("aria-valuetext", `${name} ${strength.toFixed(digits)}`);
    value.textContent = `${name} ${strength.toFixed(digits)}`;
  };
  return { elements: [select, h("div", { class: "aew-strength" }, input, value)], show };
}
