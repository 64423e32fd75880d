// features: the units that are on in a sparse code, each to be switched off, and what each draws.

import {
  button,
  describe,
  digitButtons,
  drawGrey,
  drawSigned,
  follow,
  forPython,
  h,
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
import { row, SIDE } from "./pixels.js";

/** Shows the widget; see `_features.py`. */
export function render({ model, el }) {
  if (showStill({ model, el })) return undefined;
  const { images: packed, codes: packedCodes, most, colours } = model.get("_config");
  const [{ decoder }, close] = openNets({ model, el });
  const tell = teller(model);
  const [images, codes] = [stored(model, packed), stored(model, packedCodes)];
  let code = Float32Array.from(model.get("z")); // with all units on
  let z = code.slice();
  let tiles = [];

  const rebuilt = picture(SIDE, SIDE, 168);
  const count = h("div", { class: "aew-value" });
  const lens = makeLens(colours.signed);
  const grid = h("div", { class: "aew-tiles", role: "group", "aria-label": "Units that are on" });
  const digits = digitButtons(images, "The code of", null, (i) => {
    begin(row(codes, i, code.length));
    digits.mark(i);
    tell({ z: forPython(z) });
  });

  const draw = oncePerFrame(() => {
    decoder(z, (pixels) => drawGrey(rebuilt, pixels));
    const [on, all] = [z, code].map((values) => values.reduce((n, value) => n + (value !== 0), 0));
    count.textContent = `${on} of ${all} units on`;
    describe(rebuilt, `What the decoder draws with ${on} of ${all} units.`);
    for (const { unit, element } of tiles) {
      element.setAttribute("aria-pressed", String(z[unit] !== 0));
    }
  });

  /** Shows the units of another code, the strongest first. */
  function begin(values) {
    code = Float32Array.from(values);
    z = code.slice();
    digits.mark(-1);
    const units = [...code.keys()].filter((unit) => code[unit] !== 0);
    units.sort((a, b) => Math.abs(code[b]) - Math.abs(code[a]));
    tiles = units.slice(0, most).map((unit) => makeTile(unit, code[unit], toggle, lens.enlarge));
    grid.replaceChildren(...tiles.map(({ element }) => element));
    computeParts(decoder, code, tiles, lens.paint);
    draw();
  }

  function set(values) {
    z.set(values);
    draw();
    tell({ z: forPython(z) });
  }
  function toggle(tile) {
    const next = z.slice();
    next[tile.unit] = next[tile.unit] ? 0 : tile.value;
    set(next);
    lens.enlarge(tile);
  }

  const buttons = [
    button("All on", () => set(code)),
    button("All off", () => set(new Float32Array(code.length))),
  ];
  const title = (text) => h("div", { class: "aew-title" }, text);
  const leave = root(
    { model, el },
    "features",
    "Features of a sparse code",
    h(
      "div",
      { class: "aew-side aew-narrow" },
      title("The decoder draws"),
      rebuilt,
      count,
      h("div", { class: "aew-buttons" }, buttons),
      h("div", { class: "aew-note" }, "The code of"),
      digits.element,
    ),
    makeTray(grid, lens),
  );
  begin(code);

  const ends = [
    close,
    leave,
    follow(model, "z", () => {
      if (!sameNumbers(model.get("z"), z)) begin(model.get("z"));
    }),
  ];
  return () => ends.forEach((end) => void end());
}

/** Where the units are, with the larger picture of one beside them. */
const makeTray = (grid, lens) =>
  h(
    "div",
    { class: "aew-main" },
    h("div", { class: "aew-title" }, "Switch units off and on"),
    h("div", { class: "aew-note" }, "Each tile: what the unit draws, and its number in the code."),
    h("div", { class: "aew-row aew-top" }, grid, lens.element),
  );

/** One unit: a small picture of what it draws, and its number in the code. */
function makeTile(unit, value, toggle, enlarge) {
  const canvas = h("canvas", { width: SIDE, height: SIDE, "aria-hidden": "true" });
  const attributes = {
    type: "button",
    class: "aew-tile",
    "aria-label": `Unit ${unit + 1}, ${value.toFixed(2)}`,
    onclick: () => toggle(tile),
    onpointerenter: () => enlarge(tile),
    onfocus: () => enlarge(tile),
  };
  const text = h("span", { class: "aew-value" }, signed(value, 1));
  const tile = { unit, value, canvas, element: h("button", attributes, canvas, text) };
  return tile;
}

/** Gives each tile its `pixels`, what is missing without its unit; then calls `then`. */
function computeParts(decoder, code, tiles, then) {
  decoder(
    code,
    (pixels) => {
      const full = pixels.slice();
      let waiting = tiles.length;
      for (const tile of tiles) {
        const without = code.slice();
        without[tile.unit] = 0;
        const keep = (others) => {
          tile.pixels = full.map((value, i) => value - others[i]);
          if (--waiting === 0) then(tiles);
        };
        decoder(without, keep, `unit ${tile.unit}`);
      }
    },
    "all units",
  );
}

/** The larger picture of one unit, with the legend; it paints the small ones, too. */
function makeLens(colours) {
  const drawing = picture(SIDE, SIDE, 112);
  const about = h("div", { class: "aew-note" });
  let limit = 1;
  let chosen;
  const enlarge = (tile) => {
    const { unit, value, pixels, element } = tile;
    if (!pixels) return;
    chosen?.removeAttribute("data-shown");
    chosen = element;
    chosen.setAttribute("data-shown", "");
    drawSigned(drawing, pixels, limit, colours);
    about.replaceChildren(`Unit ${unit + 1} draws`);
    const what = `What unit ${unit + 1} draws at ${value.toFixed(2)}`;
    describe(drawing, `${what}: red adds ink, blue takes it away.`);
  };
  const paint = (tiles) => {
    const largest = ({ pixels }) => pixels.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    limit = Math.max(1e-6, ...tiles.map(largest));
    for (const { canvas, pixels } of tiles) drawSigned(canvas, pixels, limit, colours);
    if (tiles.length) enlarge(tiles[0]);
  };
  const key = (name, text) =>
    h("div", { class: "aew-legend" }, h("span", { class: `aew-${name}` }), text);
  const legend = [key("plus", "adds ink"), key("minus", "takes it away")];
  return { element: h("div", { class: "aew-column" }, drawing, about, legend), enlarge, paint };
}
