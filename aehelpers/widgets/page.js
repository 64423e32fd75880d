// A page without a kernel: the widget's values come from the page itself.

const state = JSON.parse(document.getElementById("state").textContent);

/** Stands in for the model that a front end of Jupyter gives a widget. */
class PageModel {
  constructor(values) {
    this.values = values;
    this.listeners = new Map();
  }
  get(name) {
    return this.values[name];
  }
  set(name, value) {
    this.values[name] = value;
  }
  on(event, f) {
    this.listeners.set(event, [...(this.listeners.get(event) || []), f]);
  }
  off(event, f) {
    this.listeners.set(event, (this.listeners.get(event) || []).filter((each) => each !== f));
  }
  save_changes() {}
  send() {}
}

async function unpack(text) {
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

const keys = state.parts.flatMap(({ key }) => key || []);
const shared = await fromParent(keys);
const parts = await Promise.all(state.parts.map((part) => unpack(part.key ? shared[keys.indexOf(part.key)] : part)));
const all = await new Blob(parts).arrayBuffer();
const model = new PageModel({ ...state.values, _data: new DataView(all) });
render({ model, el: document.getElementById("widget") });
document.body.dataset.ready = "";

if (parent !== window) {
  new ResizeObserver(() => {
    const height = document.body.getBoundingClientRect().height;
    parent.postMessage({ aehelpers: "height", height: Math.ceil(height) }, "*");
  }).observe(document.body);
}
