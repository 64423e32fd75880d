// noise: damage a digit, and see what the denoiser makes of it.

import {
  SIDE, button, describe, digitButtons, drawGrey, follow, h, oncePerFrame, openNets, picture, root,
  row, signed, stored, teller,
} from "./common.js";

const PIXELS = SIDE ** 2;

// From a clean image, a strength and two fields of chance to a damaged image; as _noise.py does it.
const KINDS = {
  gaussian: (x, strength, normal) => x.map((value, i) => Math.min(Math.max(value + strength * normal[i], 0), 1)),
  "salt and pepper": (x, rate, normal, uniform) => x.map((value, i) => (uniform[i] < rate / 2 ? 1 : uniform[i] < rate ? 0 : value)),
  masking: (x, rate, normal, uniform) => x.map((value, i) => (uniform[i] < rate ? 0 : value)),
  block: (x, side, normal, uniform) => {
    const [top, left] = [uniform[0], uniform[1]].map((chance) => Math.floor(chance * (SIDE + 1 - side)));
    return x.map((value, i) => {
      const [r, c] = [Math.floor(i / SIDE) - top, (i % SIDE) - left];
      return r >= 0 && r < side && c >= 0 && c < side ? 0 : value;
    });
  },
};

export function render({ model, el }) {
  const { images: packed, normal, uniform, draws, kinds } = model.get("_config");
  const { encoder, decoder } = openNets(model);
  const tell = teller(model);
  const images = stored(model, packed);
  const fields = [stored(model, normal), stored(model, uniform)];
  const state = {};
  const read = () => {
    for (const name of ["kind", "strength", "draw", "clean"]) state[name] = model.get(name);
    state.clean = Float32Array.from(state.clean.flat());
  };
  read();

  const frames = ["noisy", "denoised", "clean"].map((name) => {
    const canvas = picture(SIDE, SIDE, 196, "");
    const score = h("div", { class: "aew-value" });
    return { name, canvas, score, element: h("div", { class: "aew-column" }, h("div", { class: "aew-title" }, name), canvas, score) };
  });
  const select = h("select", { "aria-label": "Kind of noise", onchange: () => change({ kind: select.value, strength: kinds[select.value].start }) },
    Object.keys(kinds).map((kind) => h("option", { value: kind }, kind)));
  const input = h("input", { type: "range", oninput: () => change({ strength: input.valueAsNumber }) });
  const value = h("output", { class: "aew-value" });
  const digits = digitButtons(images, "Test digit", (i) => {
    change({ clean: row(images, i, PIXELS) });
    digits.mark(i);
  });

  const draw = oncePerFrame(() => {
    const { kind, strength, clean } = state;
    const noisy = KINDS[kind](clean, strength, ...fields.map((field) => row(field, state.draw, PIXELS)));
    const show = (frame, pixels, what) => {
      drawGrey(frame.canvas, pixels);
      const score = psnr(clean, pixels);
      frame.score.textContent = pixels === clean ? " " : `PSNR ${score} dB`;
      describe(frame.canvas, `${what}${pixels === clean ? "" : ` PSNR ${score} decibels`}.`);
    };
    show(frames[0], noisy, `The digit with ${kind} noise of ${kinds[kind].name} ${strength}:`);
    show(frames[2], clean, "The clean digit");
    encoder(noisy, (code) => decoder(code, (pixels) => show(frames[1], pixels, "What the model makes of it:")));
    const { high, step, name, digits: places } = kinds[kind];
    select.value = kind;
    Object.assign(input, { min: 0, max: high, step });
    input.value = strength;
    input.setAttribute("aria-label", `Strength: ${name}`);
    input.setAttribute("aria-valuetext", `${name} ${strength.toFixed(places)}`);
    value.textContent = `${name} ${strength.toFixed(places)}`;
  });

  function change(values) {
    Object.assign(state, values);
    if (values.clean) digits.mark(-1);
    draw();
    const told = { ...values };
    if (told.clean) told.clean = Array.from({ length: SIDE }, (_, i) => Array.from(row(told.clean, i, SIDE)));
    tell(told);
  }

  root(el, "noise", "Noise and its removal",
    h("div", { class: "aew-bar" }, select,
      h("div", { class: "aew-strength" }, input, value),
      button("Other noise", () => change({ draw: (state.draw + 1) % draws }))),
    h("div", { class: "aew-columns" }, frames.map(({ element }) => element)),
    h("div", { class: "aew-full" }, h("div", { class: "aew-note" }, "Choose a test digit"), digits.element));
  draw();

  const changed = () => {
    const before = state.clean;
    read();
    if (before.some((value, i) => value !== state.clean[i])) digits.mark(-1);
    draw();
  };
  const ends = ["kind", "strength", "draw", "clean"].map((name) => follow(model, name, changed));
  return () => ends.forEach((end) => end());
}

function psnr(clean, pixels) {
  const error = clean.reduce((sum, value, i) => sum + (value - pixels[i]) ** 2, 0) / clean.length;
  return error ? signed(-10 * Math.log10(error), 1) : "∞";
}
