// features: the units that are on in a sparse code, each to be switched off, and what each draws.

import {
  SIDE, button, describe, digitButtons, drawGrey, drawSigned, follow, forPython, h, oncePerFrame,
  openNets, picture, root, row, sameNumbers, signed, stored, teller,
} from "./common.js";

export function render({ model, el }) {
  const { images: packed, codes: packedCodes, most } = model.get("_config");
  const { decoder } = openNets(model);
  const tell = teller(model);
  const [images, codes] = [stored(model, packed), stored(model, packedCodes)];
  let code = Float32Array.from(model.get("z")); // with all units on
  let z = code.slice();
  let tiles = [];

  const rebuilt = picture(SIDE, SIDE, 168, "");
  const drawing = picture(SIDE, SIDE, 112, "");
  const count = h("div", { class: "aew-value" });
  const about = h("div", { class: "aew-note" });
  const grid = h("div", { class: "aew-tiles", role: "group", "aria-label": "Units that are on" });
  const digits = digitButtons(images, "Code of test digit", (i) => {
    begin(row(codes, i, code.length));
    digits.mark(i);
    tell({ z: forPython(z) });
  });

  const draw = oncePerFrame(() => {
    decoder(z, (pixels) => drawGrey(rebuilt, pixels));
    const [on, all] = [z, code].map((values) => values.reduce((n, value) => n + (value !== 0), 0));
    count.textContent = `${on} of ${all} units on`;
    describe(rebuilt, `What the decoder draws with ${on} of ${all} units.`);
    for (const { unit, element } of tiles) element.setAttribute("aria-pressed", String(z[unit] !== 0));
  });

  /** Shows the units of another code, the strongest first. */
  function begin(values, current = values) {
    code = Float32Array.from(values);
    z = Float32Array.from(current);
    digits.mark(-1);
    const units = [...code.keys()].filter((unit) => code[unit] !== 0);
    units.sort((a, b) => Math.abs(code[b]) - Math.abs(code[a]));
    tiles = units.slice(0, most).map((unit) => {
      const canvas = h("canvas", { width: SIDE, height: SIDE, "aria-hidden": "true" });
      const element = h("button", {
        type: "button", class: "aew-tile", "aria-label": `Unit ${unit + 1}, ${code[unit].toFixed(2)}`,
        onclick: () => toggle(unit), onpointerenter: () => enlarge(unit), onfocus: () => enlarge(unit),
      }, canvas, h("span", { class: "aew-value" }, signed(code[unit], 1)));
      return { unit, element, canvas };
    });
    grid.replaceChildren(...tiles.map(({ element }) => element));
    // What a unit draws is what is missing without it.
    decoder(code, (pixels) => {
      const full = pixels.slice();
      let waiting = tiles.length;
      for (const tile of tiles) {
        const without = code.slice();
        without[tile.unit] = 0;
        decoder(without, (others) => {
          tile.pixels = full.map((value, i) => value - others[i]);
          if (--waiting === 0) paint();
        }, `unit ${tile.unit}`);
      }
    }, "all units");
    draw();
  }

  let limit = 1;
  function paint() {
    limit = Math.max(1e-6, ...tiles.map(({ pixels }) => pixels.reduce((most, value) => Math.max(most, Math.abs(value)), 0)));
    for (const { canvas, pixels } of tiles) drawSigned(canvas, pixels, limit);
    if (tiles.length) enlarge(tiles[0].unit);
  }

  function enlarge(unit) {
    const tile = tiles.find((each) => each.unit === unit);
    if (!tile?.pixels) return;
    drawSigned(drawing, tile.pixels, limit);
    about.replaceChildren(`Unit ${unit + 1} draws`);
    describe(drawing, `What unit ${unit + 1} draws at ${code[unit].toFixed(2)}: red adds ink, blue takes it away.`);
  }

  function set(values) {
    z.set(values);
    draw();
    tell({ z: forPython(z) });
  }
  function toggle(unit) {
    const next = z.slice();
    next[unit] = next[unit] ? 0 : code[unit];
    set(next);
    enlarge(unit);
  }

  root(el, "features", "Features of a sparse code",
    h("div", { class: "aew-side aew-narrow" },
      h("div", { class: "aew-title" }, "The decoder draws"), rebuilt, count,
      h("div", { class: "aew-buttons" }, button("All on", () => set(code)), button("All off", () => set(new Float32Array(code.length)))),
      h("div", { class: "aew-note" }, "The code of"), digits.element),
    h("div", { class: "aew-main" },
      h("div", { class: "aew-title" }, "Switch units off and on"),
      h("div", { class: "aew-row aew-top" }, grid,
        h("div", { class: "aew-column" }, drawing, about,
          h("div", { class: "aew-legend" }, h("span", { class: "aew-plus" }), "adds ink"),
          h("div", { class: "aew-legend" }, h("span", { class: "aew-minus" }), "takes it away")))));
  begin(code);

  return follow(model, "z", () => {
    const values = model.get("z");
    if (!sameNumbers(values, z)) begin(values);
  });
}
