// What trains, in a worker or in slices of the page's own time: messages in, pictures out.

import { makeTrainer } from "./trainer.js";

const SLICE = 12; // milliseconds in which no message is read
const PAUSE = 60; // milliseconds from one picture to the next, at least
const CALM = 1000; // the same, for those who want less motion
const LOSS = 250; // milliseconds from one loss of the digits held out to the next, at least

const AWAY = 30; // times the first loss: one so large, or no number, has run away

/**
 * Makes a session.
 *
 * Messages are {type}: "digits" with `images`, `train` and `calm`; "start" with `settings`, which
 * makes a new net; "set" with `settings` that move while it trains; "run"; "pause"; "steps" with a
 * `count`; "resample"; "seen", when a picture has arrived, as the next one waits for that.
 *
 * @param {function(object, Array)} send - Takes what is to be shown, and what of it can be handed
 *   over: {type: "picture", ...} or {type: "diverged", step}.
 * @param {function(function)} later - Calls a function soon, after messages were read.
 * @param {number} slice - Milliseconds of work at once.
 * @returns {function(object)} What takes messages.
 */
export function makeSession(send, later, slice = SLICE) {
  const session = { send, digits: null, trainer: null, running: false, left: 0, busy: false };
  const work = () => {
    session.busy = false;
    if (!session.trainer) return;
    trainFor(session, slice);
    tellOf(session);
    if (session.running || session.left || (session.due && session.seen)) wake();
  };
  function wake() {
    if (session.busy) return;
    session.busy = true;
    later(work);
  }
  return (message) => {
    if (!RECEIVED[message.type]) throw new Error(`No message "${message.type}" is known`);
    RECEIVED[message.type](session, message);
    if (session.trainer) wake();
  };
}

const RECEIVED = {
  digits(session, { images, train, calm }) {
    session.digits = { images, train };
    session.pause = calm ? CALM : PAUSE;
  },
  start(session, { settings, id }) {
    session.trainer = makeTrainer(settings, session.digits, session.trainer?.net.kind);
    Object.assign(session, { settings, id, left: 0, running: false, milliseconds: 0 });
    Object.assign(session, { sums: [0, 0, 0], due: true, seen: true, diverged: false });
    session.lastPicture = session.lastLoss = -Infinity;
    session.first = null;
  },
  set(session, { settings }) {
    Object.assign(session.settings, settings);
    session.due = true;
  },
  run(session) {
    session.running = !session.diverged;
    session.left = 0;
  },
  pause(session) {
    Object.assign(session, { running: false, left: 0, due: true });
  },
  steps(session, { count }) {
    if (!session.diverged) Object.assign(session, { running: false, left: count, due: true });
  },
  resample(session) {
    session.trainer.resample();
    session.due = true;
  },
  seen(session) {
    session.seen = true;
  },
};

/** Makes steps until the time is over. */
function trainFor(session, milliseconds) {
  const { trainer, settings, sums } = session;
  const start = performance.now();
  let now = start;
  while ((session.running || session.left > 0) && now - start < milliseconds) {
    const { reconstruction, penalty } = trainer.step(settings);
    session.first ??= reconstruction;
    if (!(reconstruction + penalty < AWAY * session.first)) {
      Object.assign(session, { running: false, left: 0, diverged: true, due: false });
      session.send({ type: "diverged", id: session.id, step: trainer.net.steps }, []);
      break;
    }
    sums[0] += 1;
    sums[1] += reconstruction;
    sums[2] += penalty;
    if (session.left) session.left--;
    now = performance.now();
  }
  session.milliseconds += now - start;
}

/** Sends a picture, if the one before has arrived and it is time for another. */
function tellOf(session) {
  const { trainer, settings, sums, diverged } = session;
  const now = performance.now();
  const training = session.running || session.left > 0;
  const wanted = session.due || training;
  if (
    diverged ||
    !wanted ||
    !session.seen ||
    now - session.lastPicture < (training ? session.pause : 0)
  ) {
    return;
  }
  const picture = trainer.look(settings);
  if (!training || now - session.lastLoss >= LOSS) {
    session.lastLoss = now;
    const [steps, reconstruction, penalty] = sums;
    const trained = steps && { reconstruction: reconstruction / steps, penalty: penalty / steps };
    const held = trainer.heldOut(settings);
    picture.losses = { step: trainer.net.steps, trained: trained || null, held };
    sums.fill(0);
  }
  session.lastPicture = performance.now();
  Object.assign(session, { due: false, seen: false });
  const { steps, kind, parameters } = trainer.net;
  const about = { id: session.id, step: steps, loops: kind, parameters, training };
  const progress = { epoch: trainer.epoch(), seconds: session.milliseconds / 1000 };
  session.send({ type: "picture", ...about, ...progress, ...picture }, buffersOf(picture));
}

const buffersOf = (picture) =>
  Object.entries(picture).flatMap(([name, value]) =>
    value instanceof Float32Array && name !== "axes" ? [value.buffer] : [],
  );
