// latent_sliders: a slider for each latent unit, what it does over its range, and the digit.

import {
  button,
  describe,
  digitButtons,
  drawGrey,
  follow,
  forPython,
  h,
  nameOf,
  oncePerFrame,
  openNets,
  picture,
  rangeInput,
  root,
  sameNumbers,
  showStill,
  signed,
  stored,
  teller,
  whenIdle,
} from "./common.js";
import { clamp, row, SIDE } from "./pixels.js";
import { normal } from "./random.js";

const SORTED = "Those units first that change the picture most.";
const STEPS = 9; // pictures in the strip of a slider

/** Shows the widget; see `_latent_sliders.py`. */
export function render({ model, el }) {
  if (showStill({ model, el })) return undefined;
  const { units, start, images, codes, spread, centre, ...config } = model.get("_config");
  const [{ decoder }, close] = openNets({ model, el });
  const tell = teller(model);
  const z = Float32Array.from(model.get("z"));

  const digit = picture(SIDE, SIDE, 224);
  const rows = units.map((unit) => makeSlider(unit, z, decoder, move));
  const digits = images && digitButtons(stored(model, images), "Start from", config.digits, choose);
  const testCodes = images && stored(model, codes);
  const [centres, spreads] = [stored(model, centre), stored(model, spread)];

  const draw = oncePerFrame(() => {
    decoder(z, (pixels) => drawGrey(digit, pixels));
    const values = units.slice(0, 10).map(({ dim }) => `z${dim + 1} = ${z[dim].toFixed(2)}`);
    const others = units.length > 10 ? " and others" : "";
    describe(digit, `Digit decoded from ${values.join(", ")}${others}.`);
  });
  // Moving one slider changes the strips of all the others; they can wait.
  const stale = new Set(rows);
  const fillStrips = whenIdle(() =>
    [...stale].flatMap((each) => [...each.fills, () => stale.delete(each)]),
  );

  /** Shows the code as it is now; `kept` is the slider whose strip needs nothing. */
  function show(kept, inform = true) {
    draw();
    for (const each of rows) {
      each.show();
      if (each !== kept) stale.add(each);
    }
    digits?.mark(-1);
    if (inform) tell({ z: forPython(z) });
    fillStrips();
  }

  function move(slider, value) {
    z[slider.dim] = value;
    show(slider);
  }

  function jump(code, inform = true) {
    z.set(code);
    show(null, inform);
  }

  function choose(i) {
    jump(row(testCodes, i, z.length));
    digits.mark(i);
  }

  // As the test digits' codes are spread, each unit for itself; N(0, 1) in a variational model.
  const random = () => jump(centres.map((middle, i) => middle + spreads[i] * normal()));

  const buttons = [button("Reset", () => jump(start)), button("Random code", random)];
  const leave = root(
    { model, el },
    "sliders",
    "Latent sliders",
    h(
      "div",
      { class: "aew-side" },
      digit,
      h("div", { class: "aew-buttons" }, buttons),
      digits ? [h("div", { class: "aew-note" }, "Start from a test digit"), digits.element] : [],
    ),
    h(
      "div",
      { class: "aew-list" },
      config.sorted ? h("div", { class: "aew-note" }, SORTED) : [],
      rows.map(({ element }) => element),
    ),
  );
  for (const each of rows) each.show();
  draw();
  fillStrips(0);

  const ends = [
    close,
    leave,
    follow(model, "z", () => {
      const code = model.get("z");
      if (!sameNumbers(code, z)) jump(code, false);
    }),
  ];
  return () => ends.forEach((end) => void end());
}

/** Makes one slider; `move` is called with it and the new value. */
function makeSlider({ dim, low, high, step }, z, decoder, move) {
  const attributes = { width: STEPS * SIDE, height: SIDE, class: "aew-strip" };
  const strip = h("canvas", { ...attributes, "aria-hidden": "true" });
  const output = h("span", { class: "aew-value", "aria-hidden": "true" });
  const range = { min: low, max: high, step, "aria-label": `z${dim + 1}` };
  const input = rangeInput(range, (value) => move(slider, value));
  // A click, as a finger that scrolls the page goes down here, too.
  strip.addEventListener("click", ({ offsetX }) => {
    const place = (offsetX / strip.clientWidth) * STEPS - 0.5;
    move(slider, clamp(low + (place / (STEPS - 1)) * (high - low), low, high));
  });
  const show = () => {
    input.value = z[dim];
    output.textContent = signed(z[dim]);
    input.setAttribute("aria-valuetext", z[dim].toFixed(2));
  };
  const fill = (k) => () => {
    const code = Float32Array.from(z);
    code[dim] = low + ((high - low) * k) / (STEPS - 1);
    decoder(code, (pixels) => drawGrey(strip, pixels, k * SIDE), `strip ${dim} ${k}`);
  };
  const head = h(
    "div",
    { class: "aew-slider-head", "aria-hidden": "true" },
    nameOf(`z${dim + 1}`),
    output,
  );
  const slider = {
    dim,
    element: h("div", { class: "aew-slider" }, head, strip, input),
    show,
    fills: Array.from({ length: STEPS }, (_, k) => fill(k)),
  };
  return slider;
}
