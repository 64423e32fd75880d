// Which keys are a widget's, and which are those of the page around it.

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
