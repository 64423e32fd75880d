// The state of the playground in the address of its page, so that a link shows the same.

/**
 * Reads settings from what follows "#" in an address.
 *
 * @param {string} hash - Such as "#kind=variational&beta=4".
 * @param {object} controls - For each its `choices`.
 * @returns {Array} The settings, the name of an experiment or "", and what was wrong, in words.
 */
export function readAddress(hash, controls) {
  const [settings, faults] = [{}, []];
  let experiment = "";
  for (const [name, text] of new URLSearchParams(hash.replace(/^#/, ""))) {
    if (name === "experiment") {
      experiment = text;
      continue;
    }
    const value = controls[name]?.choices.find((choice) => String(choice) === text);
    if (value !== undefined) settings[name] = value;
    else if (controls[name]) faults.push(`${name} of ${text.slice(0, 20)}`);
  }
  return [settings, experiment, faults];
}

/** Puts what differs from the start into the address, without a new entry in the history. */
export function writeAddress(settings, controls, experiment) {
  const changed = Object.entries(settings).filter(
    ([name, value]) => value !== controls[name].start,
  );
  const parts = new URLSearchParams(changed);
  if (experiment) parts.set("experiment", experiment);
  try {
    history.replaceState(null, "", `#${parts}`);
  } catch {
    // A page that has no address of its own keeps its state to itself.
  }
}
