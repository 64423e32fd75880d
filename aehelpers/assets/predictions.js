// The choice of a prediction: radio buttons in a fieldset, which browsers and screen readers know.

export default {
  render({ model, el }) {
    const form = document.createElement("fieldset");
    form.className = "aehelpers-prediction";

    const legend = document.createElement("legend");
    legend.textContent = `Your prediction: ${model.get("question")}`;
    form.append(legend);

    const group = `prediction-${crypto.getRandomValues(new Uint32Array(2)).join("-")}`;
    const buttons = model.get("choices").map((text, i) => {
      const label = document.createElement("label");
      const button = document.createElement("input");
      button.type = "radio";
      button.name = group;
      button.value = String(i + 1);
      // JupyterLab would take the arrow keys, which move between radio buttons, for its own.
      button.dataset.lmSuppressShortcuts = "true";
      button.addEventListener("change", () => {
        model.set("choice", i + 1);
        model.save_changes();
      });
      label.append(button, ` ${i + 1}. ${text}`);
      form.append(label);
      return button;
    });

    const status = document.createElement("p");
    status.setAttribute("role", "status");
    form.append(status);

    const show = () => {
      const choice = model.get("choice");
      for (const [i, button] of buttons.entries()) button.checked = i + 1 === choice;
      status.textContent = choice
        ? `Recorded: ${choice}. You can still change it; then run the cell with the answer.`
        : "Choose one, then go on.";
    };
    model.on("change:choice", show);
    show();
    el.append(form);
    return () => model.off("change:choice", show);
  },
};
