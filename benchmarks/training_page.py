"""Training in the page: an epoch in the playground's engine, beside other engines and Keras.

    npm install --prefix FOLDER @tensorflow/tfjs @tensorflow/tfjs-backend-wasm @jax-js/jax
    python -m benchmarks.training_page --modules FOLDER/node_modules [--only page] [--tiny]

784-64-2-64-784, 4,500 digits in batches of 50, squared error, Adam: in Chromium the playground's
engine (with products and sums in one instruction, with plain SIMD, in JavaScript), TensorFlow.js
and jax-js on one core each, and `fit` of Keras on one thread, which starts from the playground's
weights. The first epoch compiles and isn't counted. Then the playground itself, while it trains:
frames, keys, memory after each of 10 minutes, and what its map shows after 20 seconds. Writes
benchmarks/results/training_page.json.
Leave the machine alone meanwhile.
"""

import argparse
import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from scripts import arguments, course, results
from scripts.lab import FLAGS, find_chromium

ENGINES = {
    "fused": "the playground, SIMD with fused products and sums",
    "simd": "the playground, SIMD",
    "plain": "the playground without WebAssembly",
    "tensorflow": "TensorFlow.js {version}, wasm",
    "jax": "jax-js {version}, wasm",
    "keras": "Keras `fit`, one thread",
}
PARTS = ("engines", "page", "memory", "map")
PACKAGES = {"tensorflow": "@tensorflow/tfjs", "jax": "@jax-js/jax"}
WIDGETS = course.ROOT / "aehelpers" / "widgets"
PAGE = Path(__file__).with_suffix(".mjs")
_TYPES = {".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm"}

KERAS = """
import json, sys, time
import keras, numpy as np
x = np.fromfile(sys.argv[1], "uint8").reshape(-1, 784)[:4500].astype("float32") / 255
keras.utils.set_random_seed(0)
layers = keras.layers
model = keras.Sequential([keras.Input((784,)), layers.Dense(64, "relu"), layers.Dense(2),
    layers.Dense(64, "relu"), layers.Dense(784, "sigmoid")])
loss = lambda y, p: keras.ops.sum(keras.ops.square(y - p), axis=-1)
model.compile(keras.optimizers.Adam(0.002), loss=loss)
values = json.loads(sys.stdin.read())
model.set_weights([np.reshape(v, w.shape) for v, w in zip(values, model.get_weights())])
times = []
for _ in range(int(sys.argv[2]) + 1):
    start = time.perf_counter()
    history = model.fit(x, x, batch_size=50, epochs=1, verbose=0, shuffle=False).history
    times.append(time.perf_counter() - start)
print(json.dumps({"seconds": times[:-1], "loss": history["loss"][0]}))
"""

# In the page: the gaps between frames, and from each key press to the end of the frame after it.
WATCH = """
window.watch = { gaps: [], keys: [] };
let last = performance.now();
requestAnimationFrame(function frame(now) {
  watch.gaps.push(now - last);
  last = now;
  requestAnimationFrame(frame);
});
addEventListener("keydown", ({ timeStamp }) => requestAnimationFrame(() => {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => watch.keys.push(performance.now() - timeStamp);
  port2.postMessage(0);
}), true);
"""


def served(route, modules, digits):
    """Answers the page's requests from files: nothing leaves the machine."""
    path = route.request.url.split("bench.test")[1]
    if path == "/":
        tensorflow = "/modules/@tensorflow/tfjs"
        scripts = [f"{tensorflow}/dist/tf.min.js", f"{tensorflow}-backend-wasm/dist/"
                   "tf-backend-wasm.min.js"]  # fmt: skip
        tags = "".join(f'<script src="{each}"></script>' for each in scripts if modules)
        body = f'<!doctype html>{tags}<script type="module" src="/page.mjs"></script>'
        return route.fulfill(body=body, content_type="text/html")
    if path == "/digits":
        return route.fulfill(body=digits, content_type="application/octet-stream")
    places = {"/page.mjs": PAGE}
    if path.startswith("/widgets/"):
        places[path] = WIDGETS / path.removeprefix("/widgets/")
    elif path.startswith("/modules/") and modules:
        places[path] = modules / path.removeprefix("/modules/")
    file = places.get(path)
    if file is None or not file.exists():
        return route.fulfill(status=404)
    return route.fulfill(body=file.read_bytes(), content_type=_TYPES.get(file.suffix, "text/plain"))


# What the map is looked at for: the settings that differ from the default.
MAPS = {
    "variational, 64 hidden units": {},
    "variational, 128 hidden units": {"hidden": 128},
    "vanilla, 64 hidden units": {"kind": "vanilla"},
}
TO_THE_MAP = 20  # seconds

# What is let go of in one collection may be counted until the next.
LEAST = """async () => {
  let least = Infinity;
  for (let i = 0; i < 6; i++) {
    gc();
    await new Promise((done) => setTimeout(done, 500));
    least = Math.min(least, performance.memory.usedJSHeapSize);
  }
  return least;
}"""


def chromium():
    """Returns the path of the browser."""
    return find_chromium() or sys.exit("This benchmark needs Chromium on the PATH.")


def in_chromium(names, modules, digits, epochs):
    """Yields what each engine took."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        for name in names:
            page = browser.new_page()
            page.set_default_timeout(600_000)
            page.route("**/*", lambda route: served(route, modules, digits))
            page.goto("http://bench.test/")
            page.wait_for_function("window.train")
            yield name, page.evaluate("([n, e]) => window.train(n, e)", [name, epochs])
            page.close()
        browser.close()


@contextlib.contextmanager
def training(**settings):
    """Opens the playground and presses Train; yields the page, and seconds to its first picture."""
    from playwright.sync_api import sync_playwright

    from aehelpers import widgets

    flags = [*FLAGS, "--enable-precise-memory-info", "--js-flags=--expose-gc"]
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        path = widgets.playground(**settings).save(Path(folder, "playground.html"))
        browser = playwright.chromium.launch(executable_path=chromium(), args=flags)
        page = browser.new_page(viewport={"width": 1280, "height": 1300})
        start = time.perf_counter()
        page.goto(path.as_uri())
        page.wait_for_selector("#widget[data-step='0']")
        seconds = time.perf_counter() - start
        page.get_by_role("button", name="Train", exact=True).click()
        page.wait_for_timeout(3000)
        yield page, seconds
        browser.close()


def in_use(presses):
    """Returns frames, and keys on the map, while the page trains."""
    with training() as (page, seconds):
        plane = page.get_by_role("application", name="Map of codes")
        plane.click(position={"x": 200, "y": 200})
        page.evaluate(WATCH)
        before, start = steps(page), time.perf_counter()
        for i in range(presses):
            plane.press("ArrowRight" if i // 20 % 2 else "ArrowLeft")
            page.wait_for_timeout(60 + 7 * (i % 5))  # at no fixed place within a frame
        epoch = (time.perf_counter() - start) / (steps(page) - before) * 90
        seen = page.evaluate("watch")
    keys, gaps = seen["keys"], seen["gaps"]
    return {
        "first_picture_s": round(seconds, 2),
        "epoch_s": round(epoch, 3),
        "key_p50_ms": round(float(np.percentile(keys, 50)), 1),
        "key_p95_ms": round(float(np.percentile(keys, 95)), 1),
        "frame_p95_ms": round(float(np.percentile(gaps, 95)), 1),
        "frame_max_ms": round(max(gaps), 1),
        "frames_over_50_ms": sum(gap > 50 for gap in gaps),
        "frames": len(gaps),
    }


def over_time(minutes, pause):
    """Returns what the page's values take in memory after each minute, and the steps made."""
    with training() as (page, _):
        heap = []
        for _ in range(minutes):
            page.wait_for_timeout(1000 * pause)
            # Nothing may be on its way from the worker.
            page.get_by_role("button", name="Pause", exact=True).click()
            page.wait_for_timeout(1000)
            heap.append(page.evaluate(LEAST))
            page.get_by_role("button", name="Train", exact=True).click()
        return {"steps": steps(page), "heap_mb": [round(each / 1e6, 1) for each in heap]}


def maps(seconds, seeds=(0, 1, 2)):
    """Yields for each of `MAPS` how many of the nearest codes are of their own class, in percent.

    The codes are of the 500 digits held out, the words are the page's own when it is paused.
    """
    for name, settings in MAPS.items():
        row = {"name": name, "seeds": list(seeds), "epochs": [], "own_class_percent": []}
        for seed in seeds:
            with training(**settings, seed=seed) as (page, _):
                page.wait_for_timeout(1000 * seconds - 3000)  # which it has trained for by now
                page.get_by_role("button", name="Pause", exact=True).click()
                told = page.get_by_text("of its own class for").text_content()
                row["epochs"].append(round(steps(page) / 90))
            found = re.search(r"of its own class for (\d+) %", told)
            row["own_class_percent"].append(int(found[1]))
        yield row


def steps(page):
    return int(page.locator("#widget").get_attribute("data-step"))


def in_keras(digits, epochs, start, folder):
    """Returns what Keras took, in a process of its own with one thread."""
    path = Path(folder, "digits")
    path.write_bytes(digits)
    one = dict.fromkeys(
        ["TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"], "1"
    )
    run = subprocess.run(
        [sys.executable, "-c", KERAS, path, str(epochs)],
        input=json.dumps(start),
        env=os.environ | one,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(run.stdout.splitlines()[-1])


def table(found=None):
    """Renders the results in Markdown."""
    found = found or results.load("training_page")
    rows = {row["name"]: row for row in found["rows"]}
    lines = [
        "| 784-64-2-64-784, 4,500 digits | seconds an epoch | beside Keras | mean loss of "
        f"epoch {found['epochs'] + 1} |",
        "|---|---|---|---|",
    ]
    keras = rows["keras"]["seconds"]
    for name, row in rows.items():
        ratio = f"{row['seconds'] / keras:.2f}"
        what = ENGINES[name].format(**row)
        lines.append(f"| {what} | {row['seconds']:.2f} | {ratio} | {row['loss']:.2f} |")
    return "\n".join([*lines, "", results.described(found["machine"])])


def engines(epochs, modules):
    """Returns a row for each engine that is there."""
    from aehelpers.widgets import _playground

    images = _playground.digits()[0][:4500]
    digits = images.tobytes()
    names = [name for name in ENGINES if name != "keras"]
    if modules is None:
        names = [name for name in names if name not in PACKAGES]
    found = dict(in_chromium(names, modules, digits, epochs))
    with tempfile.TemporaryDirectory() as folder:
        found["keras"] = in_keras(digits, epochs, found["fused"]["start"], folder)
    for name in ("fused", "simd", "plain"):  # a browser that lacks one would take the next
        if found[name]["kind"] != name:
            sys.exit(f"This Chromium must have {ENGINES[name]}. Received: {found[name]['kind']}")
    return [
        {"name": name, "seconds": round(float(np.median(each["seconds"][1:])), 4)}
        | {"loss": round(each["loss"], 2), "version": version(modules, name)}
        for name, each in found.items()
    ]


def version(modules, name):
    """Returns the version of an engine that npm has installed, "" for others."""
    if name not in PACKAGES:
        return ""
    return json.loads((modules / PACKAGES[name] / "package.json").read_text("utf-8"))["version"]


def main(argv=None):
    """Runs the parts that are named, or all of them; all engines, or those that need no modules."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_names(parser, "--only", PARTS, "parts")
    parser.add_argument("--modules", type=Path, help="node_modules with the other engines")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--minutes", type=int, default=10, help="for which the page is watched")
    parser.add_argument("--tiny", action="store_true", help="see that it works; write nothing")
    args = parser.parse_args(argv)
    if not args.tiny and (args.modules is None or len(args.only) < len(PARTS)):
        results.check_part("training_page")
    stored = results.load("training_page")
    if not args.tiny and args.modules is None and args.epochs != stored["epochs"]:
        sys.exit(
            "Without --modules the other engines' rows stay, so that epochs must be "
            f"{stored['epochs']}, as theirs. Received: {args.epochs}"
        )
    now = {"rows": results.earlier("training_page"), "epochs": args.epochs}
    now |= {name: stored[name] for name in ("epochs", *PARTS[1:]) if name in stored}
    if "engines" in args.only:
        now["epochs"] = 2 if args.tiny else args.epochs
        rows = engines(now["epochs"], args.modules)
        now["rows"] = results.merged_by_name("training_page", rows, ENGINES)
    if "page" in args.only:
        now["page"] = in_use(20 if args.tiny else 300)
    if "memory" in args.only:
        now["memory"] = over_time(*((2, 1) if args.tiny else (args.minutes, 60)))
    if "map" in args.only:
        now["map"] = list(maps(4, seeds=[0]) if args.tiny else maps(TO_THE_MAP))
    print(json.dumps(now, indent=1))
    if not args.tiny:
        results.store("training_page", **now)


if __name__ == "__main__":
    main()
