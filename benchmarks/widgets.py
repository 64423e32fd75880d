"""Widgets: key press to changed pixels in JupyterLab, beside the way that tutorials do it.

    python -m benchmarks.widgets [--presses 100] [--only dense] [--tiny]

One JupyterLab, one Chromium and one notebook for all: `latent_sliders` of the shipped dense and
convolutional decoders, and for each `interact` with `model.predict` and `imshow`. An arrow key is
pressed on a slider; a press ends with the first frame in which other pixels lie on the screen.
Writes benchmarks/results/widgets.json. Leave the machine alone meanwhile.
"""

import argparse
import json
import sys
import time
from importlib.metadata import version

import numpy as np

from scripts import arguments, results, tables
from scripts.lab import FLAGS, Lab, find_chromium

FRAME = 1000 / 60  # milliseconds

SETUP = """
import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import FloatSlider, interact
from aehelpers import training, widgets
dense = training.load_pretrained("variational")
convolutional = training.load_pretrained("convolutional")
def most_effective(model):
    return widgets.latent_sliders(model).units[0]
def ours(model):
    return widgets.latent_sliders(model, dims=[most_effective(model)])
def usual(model):
    unit = most_effective(model)
    def show(z):
        code = np.zeros(model.decoder.input_shape[1])
        code[unit] = z
        plt.imshow(model.decoder.predict(code[None], verbose=0)[0, :, :, 0], cmap="gray")
        plt.show()
    return interact(show, z=FloatSlider(min=-3, max=3, step=0.05))
"""

# name: what is decoded, our cell, the peer's cell
BENCHMARKS = {
    "dense": ("dense decoder of the variational model", "ours(dense)", "usual(dense);"),
    "convolutional": (
        "convolutional decoder",
        "ours(convolutional)",
        "usual(convolutional);",
    ),
}

# In the page: the time of a key press, and of the first frame with other pixels. A picture of the
# peer is an image of another address, one of ours a canvas with other bytes.
WATCH = """
window.watch = {
  look(cell) {
    const canvas = cell.querySelector(".aew canvas.aew-picture");
    if (canvas) {
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      return Array.from(new Uint32Array(data.buffer)).join();
    }
    const image = cell.querySelector(".jp-OutputArea img");
    return image?.complete && image.naturalWidth ? image.src : "";
  },
  start(cell) {
    this.cell = cell;
    this.pressed = null;
    this.changed = null;
    this.before = this.look(cell);
    const frame = () => {
      const now = performance.now(); // before the pixels are read, which takes milliseconds
      const seen = this.look(cell);
      if (seen && seen !== this.before) {
        this.changed = now;
        this.before = seen;
      }
      if (this.cell === cell) requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  },
};
addEventListener("keydown", (event) => {
  window.watch.pressed = event.timeStamp;
  window.watch.presses = (window.watch.presses || 0) + 1;
}, true);
"""


def press_and_wait(page, handle, presses):
    """Presses an arrow key again and again; returns milliseconds from each press to its pixels."""
    handle.focus()
    times = []
    for i in range(presses):
        page.evaluate("watch.pressed = watch.changed = null")
        page.keyboard.press("ArrowRight" if i // 40 % 2 == 0 else "ArrowLeft")
        page.wait_for_function("watch.changed !== null", polling=20)
        times.append(page.evaluate("watch.changed - watch.pressed"))
        page.wait_for_timeout(60 + 7 * (i % 5))  # at no fixed place within a frame
    return times


def flood(page, handle, seconds):
    """Presses 60 times a second; returns how long after the last press the last picture came."""
    handle.focus()
    start = time.perf_counter()
    number = int(60 * seconds)
    for i in range(number):
        page.keyboard.press("ArrowRight" if i // 40 % 2 == 0 else "ArrowLeft")
        pause = start + (i + 1) / 60 - time.perf_counter()
        if pause > 0:
            time.sleep(pause)
    took = time.perf_counter() - start
    page.wait_for_timeout(3000)
    late = page.evaluate("Math.max(watch.changed - watch.pressed, 0)")
    return {"presses_a_second": round(number / took, 1), "last_picture_ms": round(late, 1)}


def measure(page, cell, selector, presses, seconds):
    """Measures one of the two ways in its cell."""
    area = page.locator(".jp-Notebook .jp-Cell").nth(cell)
    area.scroll_into_view_if_needed()
    handle = area.locator(selector).first
    handle.wait_for()
    page.wait_for_timeout(2000)
    handle.focus()
    area.evaluate("cell => watch.start(cell)")
    page.keyboard.press("Home")  # from there it has room to go
    page.wait_for_timeout(2000)
    press_and_wait(page, handle, 5)  # to warm up
    times = press_and_wait(page, handle, presses)
    flooded = flood(page, handle, seconds)
    page.evaluate("watch.cell = null")
    return {
        "p50_ms": round(float(np.percentile(times, 50)), 1),
        "p95_ms": round(float(np.percentile(times, 95)), 1),
        **flooded,
    }


def run(names, presses, seconds):
    """Runs the benchmarks that are named; returns a row for each."""
    from playwright.sync_api import sync_playwright

    path = find_chromium() or sys.exit("This benchmark needs Chromium on the PATH.")
    cells = [SETUP]
    for name in names:
        cells += BENCHMARKS[name][1:]
    rows = []
    with Lab() as lab, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        chromium = browser.version
        page = browser.new_page(viewport={"width": 1300, "height": 1400})
        page.set_default_timeout(120_000)
        lab.open(page, "widgets", cells)
        page.locator(".aew").nth(len(names) - 1).wait_for()
        page.evaluate(WATCH)
        for i, name in enumerate(names):
            ours = measure(page, 2 * i + 1, ".aew input[type=range]", presses, seconds)
            peer = measure(page, 2 * i + 2, ".noUi-handle", presses, seconds)
            ratio = round(peer["p50_ms"] / ours["p50_ms"], 1)
            rows.append({"name": name, "what": BENCHMARKS[name][0], "ours": ours, "peer": peer})
            rows[-1] |= {"ratio": ratio, "ratio_p95": round(peer["p95_ms"] / ours["p95_ms"], 1)}
            print(json.dumps(rows[-1]), flush=True)
        browser.close()
    return rows, chromium


def table(found=None):
    """Renders the results in Markdown."""
    found = found or results.load("widgets")
    lines = [
        "| key press to changed pixels, in JupyterLab | `interact`, `predict`, `imshow`: p50 / p95 "
        "| the course's sliders: p50 / p95 | times faster (p95) |",
        "|---|---|---|---|",
    ]
    for row in found["rows"]:
        peer, ours = (
            f"{row[k]['p50_ms']:.0f} / {row[k]['p95_ms']:.1f} ms" for k in ("peer", "ours")
        )
        lines.append(f"| {row['what']} | {peer} | {ours} | **{row['ratio_p95']:.1f}** |")
    machine = found["machine"]
    late = max(row["ours"]["last_picture_ms"] for row in found["rows"])
    lines += [
        "",
        f"{found['presses']} presses each on {machine['cores']} cores, JupyterLab "
        f"{machine['jupyterlab']}. After 60 presses a second, the last picture comes at most "
        f"{late:.0f} ms after the last press.",
    ]
    return "\n".join(lines)


def main(argv=None):
    """Runs the benchmarks that are named, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_names(parser, "--only", BENCHMARKS, "benchmarks")
    parser.add_argument("--presses", type=int, default=100)
    parser.add_argument("--tiny", action="store_true", help="see that it works; write nothing")
    args = parser.parse_args(argv)
    if not args.tiny and set(args.only) != set(BENCHMARKS):
        results.check_part("widgets")
    presses, seconds = (5, 0.5) if args.tiny else (args.presses, 2.0)
    rows, browser = run(args.only, presses, seconds)
    for row in rows:
        p95 = row["ours"]["p95_ms"]
        print(f"{row['name']}: p95 {p95} ms, {row['ratio_p95']} times faster", end="")
        print("" if p95 <= FRAME else f"; over one frame of {FRAME:.1f} ms")
    if not args.tiny:
        versions = {name: version(name) for name in ("jupyterlab", "anywidget")}
        rows = results.merged_by_name("widgets", rows, BENCHMARKS)
        results.store("widgets", rows, versions=versions | {"chromium": browser}, presses=presses)
        tables.write()


if __name__ == "__main__":
    main()
