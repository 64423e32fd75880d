// The choice of a prediction: radio buttons in a fieldset, which browsers and screen readers know.

import { keepKeys } from "../widgets/keys.js";

const PATIENCE = 3000; // milliseconds until the kernel should have answered

/** Shows a prediction; see `predictions.py`. */
export function render({ model, el }) {
  const form = document.createElement("fieldset");
  form.className = "aehelpers-prediction";
  const legend = document.createElement("legend");
  legend.textContent = `Your prediction: ${model.get("question")}`;
  const status = document.createElement("p");
  status.setAttribute("role", "status");

  // Python answers what it has heard: after a restart of the kernel, nobody does.
  let timer;
  const complain = () => {
    const choice = model.get("choice");
    status.textContent = choice ? `You chose ${choice}. ${unheard}` : unheard;
  };
  const ask = (message) => {
    clearTimeout(timer);
    timer = setTimeout(complain, PATIENCE);
    try {
      model.send(message);
    } catch {
      complain(); // a front end that knows that nobody listens
    }
  };
  const unheard =
    "The kernel hasn't heard of it: it is busy, or was started anew; " +
    "then run this cell again and choose once more.";

  const group = `prediction-${crypto.getRandomValues(new Uint32Array(2)).join("-")}`;
  const buttons = model.get("choices").map((text, i) => {
    const label = document.createElement("label");
    const button = document.createElement("input");
    button.type = "radio";
    button.name = group;
    button.value = String(i + 1);
    button.addEventListener("change", () => {
      model.set("choice", i + 1);
      model.save_changes();
      ask({ choice: i + 1 });
    });
    label.append(button, ` ${i + 1}. ${text}`);
    return [label, button];
  });

  const show = () => {
    const choice = model.get("choice");
    for (const [i, [, button]] of buttons.entries()) button.checked = i + 1 === choice;
    status.textContent = choice ? `You chose ${choice}.` : "Choose one, then go on.";
  };
  const hear = ({ recorded }) => {
    if (recorded !== model.get("choice")) return;
    clearTimeout(timer);
    const how = "You can still change it; then run the cell with the answer.";
    status.textContent = `Recorded: ${recorded}. ${how}`;
  };
  model.on("change:choice", show);
  model.on("msg:custom", hear);
  show();
  if (model.get("choice")) ask({});
  form.append(legend, ...buttons.map(([label]) => label), status);
  el.append(form);
  const leave = keepKeys(el);
  return () => {
    clearTimeout(timer);
    leave();
    model.off("change:choice", show);
    model.off("msg:custom", hear);
  };
}
