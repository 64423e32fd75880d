// latent_map: where the encoder puts digits, and what the decoder draws anywhere between them.

import {
  SIDE, button, describe, drawGrey, follow, forPython, h, oncePerFrame, openNets, picture, root,
  row, sameNumbers, signed, stored, teller,
} from "./common.js";
import { makePlane } from "./plane.js";

export function render({ model, el }) {
  const { plane: config, images: packed, start, names } = model.get("_config");
  const { decoder } = openNets(model);
  const tell = teller(model);
  const images = stored(model, packed);
  const plane = makePlane(model, config, 440, names);
  let z = Float32Array.from(model.get("z"));

  const digit = picture(SIDE, SIDE, 196, "");
  const near = picture(SIDE, SIDE, 84, "");
  const where = h("div", { class: "aew-value" });
  const whose = h("div", { class: "aew-note" });
  const spoken = h("div", { class: "aew-hidden", "aria-live": "polite" });
  const tip = h("div", { class: "aew-tip", hidden: true, "aria-hidden": "true" });
  const tipDigit = h("canvas", { width: SIDE, height: SIDE });
  const tipText = h("span");
  tip.append(tipDigit, tipText);
  const map = h("div", {
    class: "aew-map", tabindex: "0", role: "application", "aria-roledescription": "map of codes",
    "aria-label": `Latent map, ${names.join(" to the right, ")} upwards. Arrow keys move; with Shift, further.`,
  }, plane.element, tip);

  let speech;
  const draw = oncePerFrame(() => {
    const [u, v] = plane.place(z);
    plane.mark(u, v);
    decoder(z, (pixels) => drawGrey(digit, pixels));
    const place = `${names[0]} = ${signed(u)}, ${names[1]} = ${signed(v)}`;
    where.textContent = place;
    const [i] = plane.nearest(u, v);
    drawGrey(near, row(images, i, SIDE ** 2));
    whose.textContent = `nearest of ${config.labels.length} digits: a ${config.labels[i]}`;
    const text = `Digit decoded at ${place}. The nearest of the encoded digits is a ${config.labels[i]}.`;
    describe(digit, text);
    describe(near, `The nearest of the encoded digits, a ${config.labels[i]}.`);
    clearTimeout(speech);
    speech = setTimeout(() => { if (document.activeElement === map) spoken.textContent = text; }, 400);
  });

  function go(code, inform = true) {
    z = Float32Array.from(code);
    draw();
    if (inform) tell({ z: forPython(z) });
  }
  const goTo = (u, v) => go(plane.code(u, v));

  let dragging = false;
  map.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    dragging = true;
    map.setPointerCapture(event.pointerId);
    tip.hidden = true;
    goTo(...plane.at(event));
  });
  map.addEventListener("pointermove", (event) => {
    const [u, v] = plane.at(event);
    if (dragging) return goTo(u, v);
    const [i, distance] = plane.nearest(u, v);
    const hidden = distance > 14;
    tip.hidden = hidden;
    plane.circle(hidden ? -1 : i);
    if (hidden) return;
    drawGrey(tipDigit, row(images, i, SIDE ** 2));
    tipText.textContent = `a ${config.labels[i]}`;
    const box = map.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    tip.style.left = `${x > box.width - 90 ? x - 82 : x + 14}px`;
    tip.style.top = `${y > box.height - 110 ? y - 96 : y + 14}px`;
  });
  for (const end of ["pointerup", "pointercancel"]) map.addEventListener(end, () => { dragging = false; });
  map.addEventListener("pointerleave", () => {
    tip.hidden = true;
    plane.circle(-1);
  });
  map.addEventListener("keydown", (event) => {
    const direction = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (event.key === "Home") go(start);
    else if (!direction || event.ctrlKey || event.metaKey || event.altKey) return;
    else {
      const share = event.shiftKey ? 0.1 : 0.02;
      const move = plane.place(z).map((value, k) => {
        const next = value + direction[k] * share * (plane.high[k] - plane.low[k]);
        return direction[k] ? Math.min(Math.max(next, plane.low[k]), plane.high[k]) : value;
      });
      goTo(...move);
    }
    event.preventDefault();
    event.stopPropagation();
  });

  root(el, "latent-map", "Latent map", map,
    h("div", { class: "aew-side" }, h("div", { class: "aew-note" }, "Decoded"), digit, where,
      h("div", { class: "aew-row" }, near, whose),
      h("div", { class: "aew-buttons" }, button("Reset", () => go(start))),
      h("div", { class: "aew-note" }, "Drag on the map, or use the arrow keys.")), spoken);
  draw();

  return follow(model, "z", () => {
    if (!sameNumbers(model.get("z"), z)) go(model.get("z"), false);
  });
}
