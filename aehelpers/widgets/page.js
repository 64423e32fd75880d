// A page without a kernel: the widget's values come from the page itself.

/** Stands in for the model that a front end of Jupyter gives a widget. */
export class PageModel {
  constructor(values) {
    this.values = values;
  }
  get(name) {
    return this.values[name];
  }
  set(name, value) {
    this.values[name] = value;
  }
  on() {} // nothing ever changes but by the view itself
  off() {}
  save_changes() {}
  send() {}
}

/**
 * Shows the widget of this page in its element "widget".
 *
 * @param {function} render - The widget's.
 */
export async function showPage(render) {
  const state = JSON.parse(document.getElementById("state").textContent);
  const keys = state.parts.flatMap(({ key }) => key || []);
  const shared = await fromParent(keys);
  const packed = state.parts.map((part) => (part.key ? shared[keys.indexOf(part.key)] : part));
  const all = await new Blob(await Promise.all(packed.map(unpack))).arrayBuffer();
  const model = new PageModel({ ...state.values, _data: new DataView(all) });
  render({ model, el: document.getElementById("widget") });
  document.body.dataset.ready = "";
  if (parent !== window) new ResizeObserver(tellHeight).observe(document.body);
}

/** Returns the bytes of a part as `_page.packed` writes it. */
export async function unpack(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Asks the page around this one for parts that several widgets share. */
function fromParent(keys) {
  if (!keys.length) return [];
  return new Promise((resolve) => {
    addEventListener("message", ({ data }) => data?.aehelpers === "parts" && resolve(data.parts));
    parent.postMessage({ aehelpers: "want", keys }, "*");
  });
}

function tellHeight() {
  const height = document.body.getBoundingClientRect().height;
  parent.postMessage({ aehelpers: "height", height: Math.ceil(height) }, "*");
}
