// latent_map: where the encoder puts digits, and what the decoder draws anywhere between them.

import { makeCloud } from "./cloud.js";
import {
  button,
  describe,
  drawGrey,
  follow,
  forPython,
  h,
  nameOf,
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
import { placeAfterKey } from "./keys.js";
import { row, SIDE } from "./pixels.js";
import { makePlane } from "./plane.js";

/** Shows the widget; see `_latent_map.py`. */
export function render({ model, el }) {
  if (showStill({ model, el })) return undefined;
  const { plane: config, images: packed, start, names, variances } = model.get("_config");
  const [nets, close] = openNets({ model, el });
  const tell = teller(model);
  const images = stored(model, packed);
  const plane = makePlane(model, config, 440, names);
  let z = Float32Array.from(model.get("z"));

  const tip = makeTip(images, config.labels);
  const attributes = {
    class: "aew-map",
    tabindex: "0",
    role: "application",
    "aria-roledescription": "map of codes",
    "aria-label":
      `Latent map, ${names.join(" to the right, ")} upwards. ` +
      "Arrow keys move; with Shift, further.",
  };
  const map = h("div", attributes, plane.element, tip.element);
  const side = makeSide(images, config.labels, names, map);

  const cloud = variances && makeCloud(model, plane, nets, (code) => go(code));
  const draw = oncePerFrame(() => {
    const [u, v] = plane.place(z);
    plane.mark(u, v);
    nets.decoder(z, (pixels) => drawGrey(side.digit, pixels));
    const nearest = plane.nearest(u, v)[0];
    side.show(u, v, nearest);
    cloud?.near(nearest);
  });

  function go(code, inform = true) {
    z = Float32Array.from(code);
    draw();
    if (inform) tell({ z: forPython(z) });
  }
  const goTo = (u, v) => go(plane.code(u, v));
  followPointer(map, plane, tip, goTo);
  map.addEventListener("keydown", (event) => {
    if (event.key === "Home") go(start);
    else {
      const next = placeAfterKey(event, plane, plane.place(z));
      if (!next) return;
      goTo(...next);
    }
    event.preventDefault();
    event.stopPropagation();
  });

  const reset = button("Reset", () => go(start));
  const leave = root(
    { model, el },
    "latent-map",
    "Latent map",
    map,
    side.element(reset, cloud?.element),
    side.spoken,
  );
  draw();

  const ends = [
    close,
    leave,
    follow(model, "z", () => {
      if (!sameNumbers(model.get("z"), z)) go(model.get("z"), false);
    }),
  ];
  return () => ends.forEach((end) => void end());
}

/** What stands beside the map: the decoded digit, where it is, and the nearest of the others. */
function makeSide(images, labels, names, map) {
  const digit = picture(SIDE, SIDE, 196);
  const near = picture(SIDE, SIDE, 84);
  const where = h("div", { class: "aew-value" });
  const whose = h("div", { class: "aew-note" });
  const spoken = h("div", { class: "aew-hidden", "aria-live": "polite" });
  let speech;
  const show = (u, v, i) => {
    const place = `${names[0]} = ${signed(u)}, ${names[1]} = ${signed(v)}`;
    const values = [u, v].map((value, k) => [nameOf(names[k]), ` = ${signed(value)}`]);
    where.replaceChildren(...values[0], ", ", ...values[1]);
    drawGrey(near, row(images, i, SIDE ** 2));
    whose.textContent = `nearest of ${labels.length} digits: a ${labels[i]}`;
    const nearest = `nearest of the encoded digits`;
    const text = `Digit decoded at ${place}. The ${nearest} is a ${labels[i]}.`;
    describe(digit, text);
    describe(near, `The ${nearest}, a ${labels[i]}.`);
    clearTimeout(speech);
    speech = setTimeout(() => {
      if (document.activeElement === map) spoken.textContent = text;
    }, 400);
  };
  const element = (reset, cloud) =>
    h(
      "div",
      { class: "aew-side" },
      h("div", { class: "aew-title" }, "Drag on the map, or use the arrow keys"),
      h("div", { class: "aew-note" }, "Decoded"),
      digit,
      where,
      h("div", { class: "aew-row" }, near, whose),
      h("div", { class: "aew-buttons" }, reset),
      cloud || [],
    );
  return { digit, spoken, show, element };
}

/** A small picture of the digit whose point is under the pointer. */
function makeTip(images, labels) {
  const digit = h("canvas", { width: SIDE, height: SIDE });
  const text = h("span");
  const attributes = { class: "aew-tip", hidden: true, "aria-hidden": "true" };
  const element = h("div", attributes, digit, text);
  const hide = () => {
    element.hidden = true;
  };
  const show = (i, x, y, box) => {
    element.hidden = false;
    drawGrey(digit, row(images, i, SIDE ** 2));
    text.textContent = `a ${labels[i]}`;
    element.style.left = `${x > box.width - 90 ? x - 82 : x + 14}px`;
    element.style.top = `${y > box.height - 110 ? y - 96 : y + 14}px`;
  };
  return { element, hide, show };
}

/** Moves over the map while a pointer is down, and tells of the points under it while it is up. */
function followPointer(map, plane, tip, goTo) {
  let dragging = false;
  map.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    dragging = true;
    map.setPointerCapture(event.pointerId);
    tip.hide();
    goTo(...plane.at(event));
  });
  map.addEventListener("pointermove", (event) => {
    const [u, v] = plane.at(event);
    if (dragging) return goTo(u, v);
    const [i, distance] = plane.nearest(u, v);
    const near = distance <= 14;
    plane.circle(near ? i : -1);
    if (!near) return tip.hide();
    const box = map.getBoundingClientRect();
    tip.show(i, event.clientX - box.left, event.clientY - box.top, box);
  });
  const stop = () => {
    dragging = false;
  };
  map.addEventListener("pointerup", stop);
  map.addEventListener("pointercancel", stop);
  map.addEventListener("pointerleave", () => {
    tip.hide();
    plane.circle(-1);
  });
}
