// The page's side of a training: a worker, or slices of the page's own time where there is none.

import { makeSession } from "./session.js";

const FRAME_SHARE = 8; // milliseconds of each frame that training may take from the page

/**
 * Starts a session in a worker, or in this page if it forbids workers.
 *
 * @param {string} source - The worker's, as text.
 * @param {function(object)} receive - Takes what the session sends.
 * @returns {object} `send(message)`, `end()`, and `place()`, "worker" or "page".
 */
export function startSession(source, receive) {
  let [post, place, answered, ended] = [null, "worker", false, false];
  let sent = []; // until the first answer, in case that the worker doesn't start
  let worker = null;

  const inPage = () => {
    if (ended || place === "page") return;
    place = "page";
    worker?.terminate();
    const later = (work) => requestAnimationFrame(() => setTimeout(() => ended || work()));
    post = makeSession((message) => ended || receive(message), later, FRAME_SHARE);
    for (const message of sent) post(message);
    sent = [];
  };
  try {
    const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    worker = new Worker(url);
    worker.onmessage = ({ data }) => {
      answered = true;
      sent = [];
      receive(data);
    };
    worker.onerror = (event) => {
      if (answered) throw new Error(event.message);
      event.preventDefault();
      inPage();
    };
    post = (message) => worker.postMessage(message);
  } catch {
    inPage();
  }
  return {
    send(message) {
      if (!answered && place === "worker") sent.push(message);
      post(message);
    },
    end() {
      ended = true;
      worker?.terminate();
    },
    place: () => place,
  };
}
