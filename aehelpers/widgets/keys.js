// Which keys are a widget's, and which are those of the page around it.

import { clamp } from "./pixels.js";

const MOVES = /^(Arrow|Home|End|Page)/;

/**
 * Keeps JupyterLab's shortcuts away from an element's keys, but for those with Ctrl or Cmd.
 *
 * JupyterLab takes the arrow keys for itself, unless the element that has the focus carries an
 * attribute; on an element around it, the shortcuts for "whatever has the focus" would still match.
 * With the attribute in place, Ctrl+S would be the browser's and save the page.
 *
 * @param {Element} element - The outermost one.
 * @returns {function} What ends it.
 */
export function keepKeys(element) {
  const mark = (event) => {
    if (!element.contains(event.target)) return;
    const theirs = (event.ctrlKey || event.metaKey) && !MOVES.test(event.key);
    for (let each = event.target; each !== element.parentElement; each = each.parentElement) {
      if (theirs) delete each.dataset.lmSuppressShortcuts;
      else each.dataset.lmSuppressShortcuts = "true";
    }
  };
  // On the window, as JupyterLab listens on the document, and before all others.
  window.addEventListener("keydown", mark, true);
  return () => window.removeEventListener("keydown", mark, true);
}

const MAP_MOVES = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
};

/**
 * The place of a map to which a key leads, or null.
 *
 * @param {KeyboardEvent} event - Of the key.
 * @param {object} plane - {low, high}, the ends of the axes.
 * @param {number[]} place - Where it was.
 */
export function placeAfterKey(event, plane, place) {
  const direction = MAP_MOVES[event.key];
  if (!direction || event.ctrlKey || event.metaKey || event.altKey) return null;
  const share = event.shiftKey ? 0.1 : 0.02;
  return place.map((value, k) => {
    if (!direction[k]) return value;
    const step = direction[k] * share * (plane.high[k] - plane.low[k]);
    return clamp(value + step, plane.low[k], plane.high[k]);
  });
}
