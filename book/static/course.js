// What pages of the site do by themselves: widgets, predictions, words. Nothing is ever fetched,
// only scripts are added to the page, so that all of it works from a folder, too.

const course = { mounts: {}, states: {}, parts: {}, words: {} };
globalThis.course = course;

const HERE = new URL(".", document.currentScript.src);
const loading = new Map();

/** Adds a script of the site to the page, once. */
function load(name) {
  if (!loading.has(name)) {
    const script = document.createElement("script");
    script.src = new URL(`course/${name}.js`, HERE);
    const loaded = new Promise((resolve, reject) => {
      script.onload = resolve;
      script.onerror = () => reject(new Error(`${name} can't be loaded`));
    });
    loading.set(name, loaded);
    document.head.append(script);
  }
  return loading.get(name);
}

// ---- Widgets -----------------------------------------------------------------------------------

/** Brings a widget to life; its still picture stays where that fails. */
async function enliven(place) {
  const { view, state: name } = place.dataset;
  try {
    await Promise.all([load(`live/view-${view}`), load(`live/state-${name}`)]);
    const state = course.states[name];
    const keys = state.parts.flatMap(({ key }) => key || []);
    await Promise.all(keys.map((key) => load(`live/${key}`)));
    const el = document.createElement("div");
    el.className = "course-widget";
    place.append(el);
    await course.mounts[view](state, course.parts, el);
    place.dataset.ready = "";
  } catch (error) {
    place.dataset.failed = "";
    throw error;
  }
}

function watchWidgets() {
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting) continue;
        observer.unobserve(target);
        enliven(target);
      }
    },
    { rootMargin: "600px" },
  );
  for (const place of document.querySelectorAll(".course-live")) observer.observe(place);
}

// ---- Predictions -------------------------------------------------------------------------------

const memory = {
  // A browser may refuse to remember, for a file or for everything.
  get(key) {
    try {
      return Number(localStorage.getItem(`prediction-${key}`)) || 0;
    } catch {
      return 0;
    }
  },
  set(key, choice) {
    try {
      localStorage.setItem(`prediction-${key}`, choice);
    } catch {}
  },
};

function answer(key, choice) {
  for (const place of document.querySelectorAll(`.course-answer[data-question="${key}"]`)) {
    const choices = JSON.parse(place.dataset.choices);
    const right = choice === Number(place.dataset.true);
    const said = `You said: ${choices[choice - 1]}.${right ? " So it is." : ""}`;
    place.firstElementChild.textContent = choice ? said : "No prediction yet.";
    place.dataset.right = choice ? String(right) : "";
  }
}

function watchPredictions() {
  for (const field of document.querySelectorAll(".course-prediction")) {
    const key = field.dataset.question;
    const status = field.querySelector("p");
    const show = (choice) => {
      answer(key, choice);
      const text = `You chose ${choice}. The answer stands after the result.`;
      status.textContent = choice ? text : "Choose one, then read on.";
    };
    const buttons = [...field.querySelectorAll("input")];
    const chosen = memory.get(key);
    if (buttons[chosen - 1]) buttons[chosen - 1].checked = true;
    show(buttons[chosen - 1] ? chosen : 0);
    field.addEventListener("change", ({ target }) => {
      memory.set(key, target.value);
      show(Number(target.value));
    });
  }
}

// ---- Words of the glossary ---------------------------------------------------------------------

const WORD = 'article a[href*="docs/glossary.html#"]';

/** Keeps a tip at its link, where widgets that come to life may move it. */
function follow(tip, link, wanted) {
  if (!wanted()) return;
  const { left, top, bottom } = link.getBoundingClientRect();
  const room = document.documentElement.clientWidth - tip.offsetWidth - 8;
  const below = bottom + 6 + tip.offsetHeight < innerHeight;
  tip.style.left = `${Math.max(8, Math.min(left, room))}px`;
  tip.style.top = `${below ? bottom + 6 : top - tip.offsetHeight - 6}px`;
  requestAnimationFrame(() => follow(tip, link, wanted));
}

/** Shows what a word means beside its link, while the pointer or the focus is on either. */
function watchWords() {
  if (!document.querySelector(WORD)) return;
  const tip = document.createElement("div");
  Object.assign(tip, { id: "course-tip", className: "course-tip", hidden: true });
  tip.setAttribute("role", "tooltip");
  document.body.append(tip);
  let shown = null;
  let timer;
  const hide = () => {
    clearTimeout(timer);
    shown?.removeAttribute("aria-describedby");
    shown = null;
    tip.hidden = true;
  };
  const show = async (link) => {
    await load("glossary");
    const found = course.words[link.hash.slice(1)];
    if (!found) return;
    hide();
    shown = link;
    tip.innerHTML = `<strong>${found[0]}</strong> ${found[1]}`;
    tip.hidden = false;
    link.setAttribute("aria-describedby", tip.id);
    follow(tip, link, () => shown === link);
  };
  const later = (job, pause) => {
    clearTimeout(timer);
    timer = setTimeout(job, pause);
  };
  document.addEventListener("pointerover", ({ target, pointerType }) => {
    const link = pointerType === "touch" ? null : target.closest(WORD);
    if (link) later(() => show(link), 150);
    else if (tip.contains(target)) clearTimeout(timer);
    else if (shown !== document.activeElement) later(hide, 250);
  });
  document.addEventListener("focusin", ({ target }) => {
    if (target.matches(WORD)) show(target);
    else hide();
  });
  document.addEventListener("focusout", hide);
  document.addEventListener("keydown", ({ key }) => key === "Escape" && hide());
}

// ---- Formulas ----------------------------------------------------------------------------------

/** Lets those without a pointer scroll formulas that are wider than the page, and no others. */
function watchFormulas() {
  const observer = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
      else target.removeAttribute("tabindex");
    }
  });
  for (const formula of document.querySelectorAll("div.math")) observer.observe(formula);
}

document.documentElement.classList.add("course-on");
watchWidgets();
watchPredictions();
watchWords();
watchFormulas();
// From a folder nothing can be fetched, not even the lines around what was found.
if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
