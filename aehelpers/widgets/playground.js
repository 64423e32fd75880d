// playground: autoencoders that train in the page, while their controls are moved.

import { button, follow, h, root, showStill, storedBytes, teller } from "./common.js";
import { readAddress, writeAddress } from "./playground_address.js";
import { makeCharts } from "./playground_chart.js";
import { agreed, isBuilt, KIND_NAMES, makeControls } from "./playground_controls.js";
import { makeRows, makeUnits } from "./playground_digits.js";
import { makeGuide } from "./playground_guide.js";
import { makeMap } from "./playground_map.js";
import { cardOfWeights, handOver, namedArrays, npz } from "./playground_save.js";
import { makeTouch } from "./playground_touch.js";
import { startSession } from "./runner.js";

/** Shows the widget; see `_playground.py`. */
export function render({ model, el }) {
  if (showStill({ model, el })) return undefined;
  const { controls, experiments, labels, colours, worker } = model.get("_config");
  const app = { model, el, settings: null, training: false, id: 0 };
  app.tell = teller(model);
  app.controls = controls;
  // A page of its own has its own address; one of a site says that it lends it.
  app.alone = parent === window && (el.id === "widget" || Boolean(el.closest("[data-address]")));
  app.charts = makeCharts(colours.classes);
  app.units = makeUnits(colours.classes[1]);
  app.map = makeMap(labels, colours.classes, (place) => app.touch.choose(place));
  app.touch = makeTouch(app.map);
  app.rows = makeRows(labels, () => app.session.send({ type: "resample" }));
  app.panel = makeControls(controls, (name, value) => change(app, { [name]: value }));
  app.guide = makeGuide(
    experiments,
    (experiment) => {
      change(app, { ...defaultsOf(controls), ...experiment.settings }, true);
      train(app, true);
    },
    (name) => {
      app.experiment = name;
      app.tell({ experiment: name });
      if (app.alone) writeAddress(app.settings, controls, name);
    },
  );
  app.bar = makeBar(app);
  app.save = (type) => save(app, type);
  const board = h("div", { class: "aew-board" }, ...placed(app));
  const leave = root({ model, el }, "playground", "Autoencoder playground", board);
  app.session = startSession(worker, (message) => receive(app, message));
  begin(app);
  const hide = () => pauseHidden(app);
  document.addEventListener("visibilitychange", hide);
  const ends = [
    leave,
    () => app.session.end(),
    () => document.removeEventListener("visibilitychange", hide),
    follow(model, "settings", () => {
      if (!sameSettings(model.get("settings"), app.settings))
        change(app, model.get("settings"), true);
    }),
    follow(model, "experiment", () => app.guide.show(model.get("experiment"))),
  ];
  return () => ends.forEach((end) => void end());
}

const sameSettings = (a, b) => Object.keys(b).every((name) => a[name] === b[name]);
const defaultsOf = (controls) =>
  Object.fromEntries(Object.entries(controls).map(([name, { start }]) => [name, start]));

function placed({ guide, bar, panel, rows, charts, map, units, touch, save }) {
  return [
    guide.element,
    bar.element,
    bar.status,
    panel.element,
    h("div", { class: "aew-middle" }, rows.element, charts.element),
    h(
      "div",
      { class: "aew-right" },
      h("h2", { class: "aew-title" }, "Codes of 500 digits that it never trains on"),
      map.element,
      units.element,
      touch.element,
    ),
    takeaway(save),
  ];
}

function takeaway(save) {
  const call = h("code", {}, "training.load_pretrained(name, folder)");
  return h(
    "div",
    { class: "aew-column aew-takeaway" },
    h("h2", { class: "aew-title" }, "Take the net to Python"),
    h(
      "div",
      { class: "aew-buttons" },
      button("Weights (.npz)", () => save("npz")),
      button("Their card (.json)", () => save("json")),
    ),
    h(
      "span",
      { class: "aew-note" },
      "With both in a folder, ",
      call,
      " makes the same net in Keras.",
    ),
  );
}

function begin(app) {
  const { model, session, alone, controls } = app;
  const { images, train: count } = model.get("_config");
  session.send({
    type: "digits",
    images: storedBytes(model, images),
    train: count,
    calm: matchMedia("(prefers-reduced-motion: reduce)").matches,
  });
  const given = { ...defaultsOf(controls), ...model.get("settings") };
  const [read, experiment, faults] = alone ? readAddress(location.hash, controls) : [{}, "", []];
  app.settings = agreed({ ...given, ...read }, controls);
  app.guide.show(experiment || model.get("experiment"));
  app.experiment = experiment || model.get("experiment");
  restart(app);
  if (faults.length) app.bar.say(`The address asks for what there isn’t: ${faults.join("; ")}.`);
}

/** Takes new values of controls; a net whose structure changes starts over. */
function change(app, values, over = false) {
  const before = app.settings;
  app.settings = agreed({ ...before, ...values }, app.controls);
  const changed = Object.keys(app.settings).filter((name) => app.settings[name] !== before[name]);
  app.panel.show(app.settings);
  app.tell({ settings: app.settings });
  if (app.alone) writeAddress(app.settings, app.controls, app.experiment);
  if (over || changed.some(isBuilt)) {
    const on = app.training;
    restart(app);
    if (on && !over) train(app, true);
  } else {
    app.touch.settings(app.settings);
    app.session.send({ type: "set", settings: app.settings });
  }
}

function restart(app) {
  const { settings, panel, charts, map, touch, session } = app;
  app.id++;
  app.training = false;
  app.diverged = false;
  Object.assign(app, { picture: null, losses: null, saved: null });
  delete app.el.dataset.step; // until the new net shows itself
  panel.show(settings);
  const line =
    settings.loss === "squared_error" ? app.model.get("_config").pca[settings.code] : null;
  charts.start(settings, settings.kind === "linear" ? line : null);
  map.fresh();
  touch.start(settings);
  session.send({ type: "start", settings, id: app.id });
  app.bar.show();
}

function train(app, on) {
  if (app.diverged) return;
  app.training = on;
  app.session.send({ type: on ? "run" : "pause" });
  app.bar.show();
  app.bar.say(on ? "Training." : "Paused.");
  app.telling = !on; // with the next picture, which shows where it stopped
}

/** A tab that nobody sees doesn't train. */
function pauseHidden(app) {
  if (document.hidden && app.training) {
    train(app, false);
    app.resume = true;
  } else if (!document.hidden && app.resume) {
    app.resume = false;
    train(app, true);
  }
}

function receive(app, message) {
  if (message.id !== app.id) return app.session.send({ type: "seen" });
  if (message.type === "diverged") return diverged(app, message.step);
  const { settings, rows, charts, map, units, touch, bar, el } = app;
  app.picture = message;
  rows.show(message, settings.kind);
  map.show(message, settings.kind);
  touch.follow(message);
  units.show(message.units, settings.kind);
  if (message.losses) {
    app.losses = message.losses;
    charts.add(message.losses);
    charts.draw();
  }
  bar.count(message);
  app.panel.count(message.parameters);
  if (app.telling && message.losses && !message.training) {
    app.telling = false;
    bar.say(`Paused. ${charts.words()} ${units.words()}. ${map.words()}`);
  }
  el.dataset.step = message.step;
  app.session.send({ type: "seen" });
  return undefined;
}

function diverged(app, step) {
  app.training = false;
  app.diverged = true;
  app.bar.show();
  const { choices } = app.controls.rate;
  const lower = choices[Math.max(choices.indexOf(app.settings.rate) - 2, 0)];
  app.bar.say(
    `After ${step} steps the loss has run away: the steps are too long. ` +
      `Choose a lower learning rate, such as ${lower}, and start over.`,
  );
}

// ---- The bar -----------------------------------------------------------------------------------

function makeBar(app) {
  const main = button("Train", () => train(app, !app.training));
  main.classList.add("aew-main-button");
  const step = button("One step", () => {
    train(app, false);
    app.session.send({ type: "steps", count: 1 });
  });
  const over = button("Start over", () => {
    restart(app);
    app.bar.say("Started over.");
  });
  const count = h("span", { class: "aew-value aew-count" });
  const status = h("p", { class: "aew-status", role: "status" });
  const element = h(
    "div",
    { class: "aew-bar aew-training" },
    h("div", { class: "aew-buttons" }, main, step, over),
    count,
  );
  return {
    element,
    status,
    show() {
      main.textContent = app.training ? "Pause" : "Train";
      main.disabled = step.disabled = Boolean(app.diverged);
    },
    say(text) {
      status.textContent = text;
    },
    count({ step: steps, epoch, seconds, loops }) {
      const place = app.session.place() === "worker" ? "" : ", in the page’s own time";
      const how = loops === "plain" ? ", without WebAssembly" : "";
      const done = `${steps} steps · ${epoch.toFixed(1)} epochs · ${seconds.toFixed(1)} s`;
      count.textContent = `${done}${how}${place}`;
    },
  };
}

/** Hands over the weights or their card: both are of one moment, though training goes on. */
function save(app, type) {
  if (!app.picture) return;
  if (!app.saved || app.saved.given.has(type)) app.saved = packed(app);
  const { archive, card, given } = app.saved;
  given.add(type);
  const name = `playground-${KIND_NAMES[app.settings.kind].replace(/\W+/g, "-").toLowerCase()}`;
  if (type === "npz") handOver(`${name}.npz`, archive, "application/zip");
  else handOver(`${name}.json`, card, "application/json");
  if (given.size === 2) app.saved = null;
}

function packed({ settings, picture, losses, touch }) {
  const archive = npz(namedArrays(settings, touch.net().dense()));
  const about = { ...picture, losses: losses?.held };
  const card = `${JSON.stringify(cardOfWeights(settings, about, archive), null, 2)}\n`;
  return { archive, card, given: new Set() };
}
