// The worker's side: a session that reads its messages between slices of work.

import { makeSession } from "./session.js";

/**
 * Starts a session in this worker.
 *
 * @param {object} scope - The worker's own, `self`.
 */
export function serve(scope) {
  const channel = new MessageChannel();
  let next;
  channel.port1.onmessage = () => next();
  // A message of its own, behind those that wait: timers would be 4 ms apart.
  const later = (work) => {
    next = work;
    channel.port2.postMessage(null);
  };
  const send = (message, buffers) => scope.postMessage(message, buffers);
  const receive = makeSession(send, later);
  scope.onmessage = ({ data }) => receive(data);
}
