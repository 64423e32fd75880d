// The cloud of a digit on a map: the Gaussian that a variational encoder gives it.

import { button, h, signed, stored } from "./common.js";
import { FINE, makePaper } from "./paper.js";
import { asMnist, divergence, row } from "./pixels.js";
import { normal } from "./random.js";

/**
 * Makes the part of a map that shows a digit's cloud.
 *
 * @param {object} model - The widget's. Its configuration has `means` and `variances`, of the codes
 *   of the digits on the map, and `draws`, whether there is a place to draw one.
 * @param {object} plane - The map.
 * @param {object} nets - With `encoder` and `spread` where there is a place to draw: the mean of a
 *   drawing's code, and the logarithms of the variances.
 * @param {function(Float32Array)} go - Shows a code.
 * @returns {object} The `element`; `near(i)`, which says what is the nearest of the digits.
 */
export function makeCloud(model, plane, nets, go) {
  const { plane: about, means, variances, draws } = model.get("_config");
  const size = about.origin.size;
  const all = { means: stored(model, means), variances: stored(model, variances) };
  let [mean, variance, nearest] = [null, null, 0];

  const text = h("div", { class: "aew-note", role: "status" });
  const again = button("New noise", () => {
    go(mean.map((value, i) => value + Math.sqrt(variance[i]) * normal()));
  });
  again.disabled = true;
  const take = (what, newMean, newVariance, show = true) => {
    [mean, variance] = [Float32Array.from(newMean), Float32Array.from(newVariance)];
    plane.cloud(plane.place(mean), variance);
    again.disabled = false;
    text.textContent = `${what} costs ${signed(divergence(mean, variance), 1)} nats of KL.`;
    if (show) go(mean);
  };
  const takeNearest = button("Its cloud", () => {
    const [m, v] = [all.means, all.variances].map((codes) => row(codes, nearest, size));
    take(`The cloud of this ${about.labels[nearest]}`, m, v);
  });
  const forget = () => {
    plane.cloud(null);
    again.disabled = true;
    text.textContent = "";
  };
  const paper = draws && makePaper(() => read(paper, nets, take, forget));
  if (paper) paper.element.dataset.empty = true;
  const element = h(
    "div",
    { class: "aew-column aew-cloud-part" },
    h("div", { class: "aew-buttons" }, takeNearest, again),
    text,
    paper ? [paper.element, h("div", { class: "aew-buttons" }, button("Clear", paper.clear))] : [],
  );
  const near = (i) => {
    nearest = i;
  };
  return { element, near };
}

/** Reads what is drawn; the cloud follows the pen. */
function read(paper, nets, take, forget) {
  const image = asMnist(paper.levels(), FINE);
  const empty = image.every((value) => value === 0);
  paper.element.dataset.empty = empty;
  if (empty) return forget();
  nets.encoder(image, (code) => {
    const mean = Float32Array.from(code); // the net will use its own again
    nets.spread(image, (logs) => {
      const variance = Float32Array.from(logs, Math.exp);
      take("The cloud of your digit", mean, variance);
    });
  });
  return undefined;
}
