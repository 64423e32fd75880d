// The controls of the playground: what is built anew, and what moves while it trains.

import { h, rangeInput } from "./common.js";
import { specOf } from "./trainer.js";

/** What is chosen before training, in the order in which it stands. */
const BUILT = ["kind", "code", "hidden", "loss", "batch", "seed"];
/** What moves while it trains. */
const MOVING = ["rate", "beta", "k", "l1", "noise"];

const NAMES = {
  kind: "Kind of net",
  code: "Numbers in the code",
  hidden: "Hidden units",
  loss: "Loss, summed over pixels",
  batch: "Digits a step",
  seed: "Seed",
  rate: "Learning rate",
  beta: "β, weight of the KL",
  k: "k, numbers that stay on",
  l1: "Price of a code’s size (L1)",
  noise: "Noise on the input",
};
/** What the kinds are called. */
export const KIND_NAMES = {
  linear: "linear",
  vanilla: "vanilla",
  denoising: "denoising",
  sparse: "sparse, top-k",
  l1: "sparse, L1",
  variational: "variational",
};
const CHOICES = {
  kind: KIND_NAMES,
  loss: { cross_entropy: "cross-entropy", squared_error: "squared error" },
  hidden: { 0: "none" },
};
// Which kinds a control is for, where it isn't for all.
const ONLY = { beta: ["variational"], k: ["sparse"], l1: ["l1"], noise: ["denoising"] };

/** Whether a change of this setting makes a new net. */
export const isBuilt = (name) => BUILT.includes(name);

/**
 * Makes settings agree with one another: a linear net has no hidden layer and its own loss, and no
 * more numbers can stay on than there are.
 */
export function agreed(settings, controls) {
  const result = { ...settings };
  if (result.kind === "linear") Object.assign(result, { hidden: 0, loss: "squared_error" });
  const possible = controls.k.choices.filter((k) => k <= result.code);
  if (result.kind === "sparse" && result.k > result.code) result.k = possible.at(-1);
  return result;
}

/**
 * Makes the controls.
 *
 * @param {object} controls - For each its `choices` and where it starts.
 * @param {function(string, any)} change - Is called with a name and a value.
 * @returns {object} The `element`, `show(settings)`, and `count(weights)`, how many the net has.
 */
export function makeControls(controls, change) {
  const fields = {};
  for (const name of BUILT) fields[name] = makeChoice(name, controls[name].choices, change);
  for (const name of MOVING) fields[name] = makeSlider(name, controls[name].choices, change);
  const group = (label, names) =>
    h(
      "fieldset",
      { class: "aew-fields" },
      h("legend", { class: "aew-title" }, label),
      names.map((name) => fields[name].element),
    );
  const built = group("The net", BUILT);
  const size = h("p", { class: "aew-note" });
  built.append(size);
  const moving = group("While it trains", []);
  const element = h("div", { class: "aew-controls" }, built, moving);
  let [kind, shape] = [null, ""];
  const show = (settings) => {
    for (const [name, field] of Object.entries(fields)) field.show(settings[name]);
    if (settings.kind !== kind) {
      kind = settings.kind;
      const wanted = MOVING.filter((name) => !ONLY[name] || ONLY[name].includes(kind));
      moving.replaceChildren(moving.firstChild, ...wanted.map((name) => fields[name].element));
    }
    for (const name of ["hidden", "loss"]) fields[name].lock(settings.kind === "linear");
    shape = shapeOf(settings);
  };
  const count = (weights) => {
    const built = `${shape}: ${weights.toLocaleString("en")} weights.`;
    size.textContent = `${built} A change of these starts over.`;
  };
  return { element, show, count };
}

/** The sizes of a net's layers, in words. */
function shapeOf(settings) {
  const { input, layers } = specOf(settings);
  const sizes = layers.flatMap(({ op, units }, i) => {
    if (op !== "dense") return [];
    const variational = layers[i + 1]?.op === "sampling";
    return [variational ? `${units / 2} means, ${units / 2} variances` : units];
  });
  return [input, ...sizes].join(" → ");
}

function makeChoice(name, choices, change) {
  if (name === "seed") return makeSeed(choices, change);
  const named = (value) => CHOICES[name]?.[value] ?? String(value);
  const select = h(
    "select",
    {},
    choices.map((value, i) => h("option", { value: i }, named(value))),
  );
  select.addEventListener("change", () => change(name, choices[select.selectedIndex]));
  const element = h("label", { class: "aew-field" }, h("span", {}, NAMES[name]), select);
  const show = (value) => {
    select.selectedIndex = choices.indexOf(value);
  };
  const lock = (locked) => {
    select.disabled = locked;
    select.title = locked ? "A linear net has no hidden layer, and squared error." : "";
  };
  return { element, show, lock };
}

function makeSeed(choices, change) {
  const last = choices.at(-1);
  const input = h("input", { type: "number", min: 0, max: last, step: 1, class: "aew-seed" });
  const fault = h("span", { class: "aew-fault", role: "alert" });
  input.addEventListener("change", () => {
    const value = input.valueAsNumber;
    const good = choices.includes(value);
    fault.textContent = good ? "" : `A seed is a whole number from 0 to ${last}.`;
    if (good) change("seed", value);
  });
  const element = h("label", { class: "aew-field" }, h("span", {}, NAMES.seed), input, fault);
  const show = (value) => {
    input.value = value;
    fault.textContent = "";
  };
  return { element, show };
}

function makeSlider(name, choices, change) {
  const value = h("output", { class: "aew-value" });
  const attributes = { min: 0, max: choices.length - 1, step: 1, "aria-label": NAMES[name] };
  const input = rangeInput(attributes, (i) => change(name, choices[i]));
  const head = h("span", { class: "aew-slider-head" }, NAMES[name], value);
  const element = h("label", { class: "aew-moving" }, head, input);
  const show = (chosen) => {
    input.value = choices.indexOf(chosen);
    input.setAttribute("aria-valuetext", String(chosen));
    value.textContent = String(chosen);
  };
  return { element, show };
}
