// Runs trainings of the playground in Node; see experiments.py, which calls it.
//
// In: the folder of the widgets, the file of the digits' bytes, and runs in JSON on standard input,
// each {phases: [{settings, epochs}], near}. Out: a line of JSON for each run, with a list of what was
// measured after each of its phases; with `near`, how far samples are from the digits, too.

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [folder, file] = process.argv.slice(2);
const { makeTrainer } = await import(pathToFileURL(`${folder}/trainer.js`).href);
const TRAIN = 4500;
const PIXELS = 784;
const images = new Uint8Array(readFileSync(file));
const floats = Float32Array.from(images, (level) => level / 255);

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const rows = (array, size) =>
  Array.from({ length: array.length / size }, (_, i) => array.subarray(i * size, (i + 1) * size));

function squaredDistance(a, b) {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] - b[i]) ** 2;
  return sum;
}

/** The squared distance of each image from the nearest digit that was trained on. */
function toTheNearest(some) {
  const trained = rows(floats.subarray(0, TRAIN * PIXELS), PIXELS);
  return some.map((image) => trained.reduce((d, each) => Math.min(d, squaredDistance(image, each)), Infinity));
}

/** A hundred images that the decoder draws from codes of no digit. */
function samplesOf(trainer, settings) {
  const samples = [];
  for (let i = 0; i < 10; i++) {
    samples.push(...rows(trainer.look(settings).samples, PIXELS));
    trainer.resample();
  }
  return samples;
}

function measured(trainer, settings, last, near) {
  const seen = trainer.look(settings);
  const size = seen.origin.length;
  const codes = rows(seen.codes, size);
  const held = rows(trainer.held, PIXELS);
  const input = settings.kind === "denoising" ? trainer.damaged(settings.noise) : trainer.held;
  const made = [];
  for (let i = 0; i < held.length; i += 100) {
    const some = input.subarray(i * PIXELS, (i + 100) * PIXELS);
    made.push(...rows(trainer.net.run(some, 100, { ...settings, still: true }), PIXELS));
  }
  const middle = Array.from({ length: size }, (_, i) => mean(codes.map((code) => code[i])));
  const spreads = middle.map((m, i) => Math.sqrt(mean(codes.map((code) => (code[i] - m) ** 2))));
  return {
    ...trainer.heldOut(settings),
    trained: last,
    squared_error: mean(made.map((image, i) => squaredDistance(image, held[i]))),
    alive: seen.units.alive,
    on: mean(codes.map((code) => code.reduce((n, value) => n + (value !== 0), 0))),
    spread: mean(spreads),
    cloud: seen.variances ? mean(Array.from(seen.variances, Math.sqrt)) : null,
    ...(near ? { samples_to_nearest: mean(toTheNearest(samplesOf(trainer, settings))) } : {}),
    steps: trainer.net.steps,
  };
}

function run({ phases, near }) {
  const start = { ...phases[0].settings };
  const trainer = makeTrainer(start, { images, train: TRAIN });
  return phases.map(({ settings, epochs }) => {
    const sums = [];
    const steps = epochs * Math.floor(TRAIN / settings.batch);
    for (let i = 0; i < steps; i++) {
      const { reconstruction } = trainer.step(settings);
      if (!Number.isFinite(reconstruction)) return { diverged: trainer.net.steps };
      sums.push(reconstruction);
    }
    return measured(trainer, settings, mean(sums.slice(-Math.floor(TRAIN / settings.batch))), near);
  });
}

for (const each of JSON.parse(readFileSync(0, "utf-8"))) console.log(JSON.stringify(run(each)));
