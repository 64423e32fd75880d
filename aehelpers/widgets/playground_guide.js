// Guided experiments: a prediction first, then the controls are set, and what was measured is told.

import { button, h } from "./common.js";

/**
 * Makes the guide.
 *
 * @param {object[]} experiments - As in `_experiments.py`.
 * @param {function(object)} open - Is called with the experiment whose controls shall be set.
 * @param {function(string)} chosen - Is called with the name of one that the reader chooses.
 * @returns {object} The `element`, and `show(name)`, which opens an experiment; "" closes it.
 */
export function makeGuide(experiments, open, chosen) {
  const options = experiments.map(({ name, title }, i) =>
    h("option", { value: name }, `${i + 1}. ${title}`),
  );
  const select = h("select", {}, h("option", { value: "" }, "Free play"), options);
  const card = h("div", { class: "aew-experiment" });
  const element = h(
    "section",
    { class: "aew-guide", "aria-label": "Guided experiments" },
    h("label", { class: "aew-field" }, h("span", { class: "aew-title" }, "Experiment"), select),
    card,
  );
  const show = (name) => {
    const found = experiments.find((each) => each.name === name);
    select.value = found ? name : "";
    card.replaceChildren(...(found ? cardOf(found, open) : []));
  };
  select.addEventListener("change", () => {
    show(select.value);
    chosen(select.value);
  });
  return { element, show };
}

function cardOf(experiment, open) {
  const { name, question, choices, answer, watch, measured } = experiment;
  const after = h("div", { class: "aew-after", hidden: true });
  const verdict = h("p", { class: "aew-measured", role: "status", hidden: true });
  let chosen = null;
  const answers = choices.map((choice, i) => {
    const input = h("input", { type: "radio", name: `aew-${name}-${serial}`, value: i });
    input.addEventListener("change", () => {
      chosen = i;
      after.hidden = false;
    });
    return h("label", { class: "aew-choice" }, input, choice);
  });
  serial++;
  const tell = button("What was measured", () => {
    const mine = chosen === answer ? "As you said. " : `You said “${choices[chosen]}”. `;
    verdict.textContent = `${mine}${measured}`;
    verdict.hidden = false;
  });
  const start = button("Set the controls and train", () => open(experiment));
  start.classList.add("aew-main-button");
  after.append(
    h("p", {}, h("b", {}, "Watch: "), watch),
    h("div", { class: "aew-buttons" }, start, tell),
    verdict,
  );
  return [
    h(
      "fieldset",
      { class: "aew-prediction" },
      h("legend", {}, `What do you expect? ${question}`),
      answers,
    ),
    after,
  ];
}

let serial = 0; // two playgrounds on a page must not share their buttons
