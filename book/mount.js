// What a page of the site does with a widget's view; scripts/book_widgets.py joins the two.

import { PageModel, unpack } from "../aehelpers/widgets/page.js";

/**
 * Returns a function that shows a widget.
 *
 * @param {function} render - The widget's.
 * @returns {function} Takes the state, the shared parts by their keys, and the element to fill.
 */
export function mount(render) {
  return async (state, shared, el) => {
    const packed = state.parts.map((part) => (part.key ? shared[part.key] : part));
    const data = await new Blob(await Promise.all(packed.map(unpack))).arrayBuffer();
    render({ model: new PageModel({ ...state.values, _data: new DataView(data) }), el });
  };
}
