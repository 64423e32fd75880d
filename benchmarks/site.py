"""The course's site: how soon a page shows something, what it weighs, how long it is deaf.

    python -m benchmarks.site [--site FOLDER] [--repeats 5] [--tiny]

Opens pages of the built site in Chromium, each time with an empty cache and from a server on this
machine that doesn't compress: the front page, chapter 05, and beside them chapter 05 as JupyterLab
exports it, one file with everything inside. The first picture is the browser's first contentful
paint. The first widget is alive so long after the start or, where none is in view, after one was
scrolled there. A page is blocked while a task of over 50 ms keeps it busy; what lies over the 50 ms
is added up, until the page has loaded and been still for a second. FOLDER is what `make book`
wrote; without it the site is built anew, which needs its group. Writes
benchmarks/results/site.json and the table in docs/speed.md. Leave the machine alone meanwhile.
"""

import argparse
import contextlib
import http.server
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import numpy as np

from scripts import course, results, tables
from scripts.lab import FLAGS, find_chromium

CHAPTER = "05_variational"
PAGES = {
    "the front page": "index.html",
    "chapter 05": f"notebooks/{CHAPTER}.html",
    "chapter 05, exported by JupyterLab": f"exported/{CHAPTER}.html",
}
TARGET = 1.0  # second to the first picture of a page of the site

WATCH = """
window.seen = {painted: null, blocked: 0, alive: null};
new PerformanceObserver((list) => {
  for (const entry of list.getEntries())
    if (entry.name === "first-contentful-paint") seen.painted = entry.startTime;
}).observe({type: "paint", buffered: true});
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) seen.blocked += entry.duration - 50;
}).observe({type: "longtask", buffered: true});
const look = () => {
  if (document.querySelector(".course-live[data-ready]"))
    seen.alive = performance.now();
  else requestAnimationFrame(look);
};
requestAnimationFrame(look);
"""


@contextlib.contextmanager
def served(folders):
    """Serves folders on a free port of this machine; gives the address.

    Args:
        folders: Dictionary from the first part of an address to the folder with what lies below
            it; "" for all else.
    """

    class Handler(http.server.SimpleHTTPRequestHandler):
        def translate_path(self, path):
            first, _, rest = path.lstrip("/").partition("/")
            if first in folders:
                self.directory, path = str(folders[first]), f"/{rest}"
            else:
                self.directory = str(folders[""])
            return super().translate_path(path)

        def log_message(self, *args):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/"
        finally:
            server.shutdown()


def visit(browser, address):
    """Opens a page with an empty cache; returns its figures."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    try:
        page = context.new_page()
        sizes = []
        page.on("requestfinished", lambda asked: sizes.append(asked.sizes()["responseBodySize"]))
        page.add_init_script(WATCH)
        page.goto(address, wait_until="load")
        page.wait_for_function("seen.painted !== null")
        page.wait_for_timeout(1000)
        scrolled, place = 0, page.locator(".course-live").first
        if page.evaluate("seen.alive") is None and place.count():  # none is near the view
            scrolled = page.evaluate("performance.now()")
            place.scroll_into_view_if_needed()
            page.wait_for_function("seen.alive !== null")
        seen = page.evaluate("seen")
    finally:
        context.close()
    return {
        "first_picture_seconds": round(seen["painted"] / 1000, 3),
        "first_widget_seconds": seen["alive"] and round((seen["alive"] - scrolled) / 1000, 3),
        "blocking_ms": round(seen["blocked"]),
        "kilobytes": round(sum(sizes) / 1000),
        "requests": len(sizes),
    }


def export(folder):
    """Exports the chapter as JupyterLab does, with the settings of this environment."""
    command = [sys.executable, "-m", "nbconvert", "--to", "html", "--output-dir", str(folder)]
    subprocess.run(
        [*command, str(course.FOLDER / f"{CHAPTER}.ipynb")], check=True, capture_output=True
    )


def measure(site, repeats):
    """Visits all pages in turn, several times each; returns rows of medians, and the browser."""
    from playwright.sync_api import sync_playwright

    path = find_chromium() or sys.exit("This benchmark needs Chromium on the PATH.")
    found = {name: [] for name in PAGES}
    with tempfile.TemporaryDirectory() as exported:
        export(exported)
        with served({"": site, "exported": exported}) as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
            visit(browser, address + PAGES["chapter 05"])  # the first start of a browser is slow
            for _ in range(repeats):
                for name, page in PAGES.items():
                    found[name].append(visit(browser, address + page))
            chromium = browser.version
            browser.close()
    rows = []
    for name, visits in found.items():
        row = {
            key: None if value is None else float(np.median([each[key] for each in visits]))
            for key, value in visits[0].items()
        }
        rows.append({"name": name, "page": PAGES[name], **row, "visits": visits})
    return rows, chromium


def table(found=None):
    """Renders the results in Markdown."""
    found = found or results.load("site")
    lines = [
        "| page | first picture | first widget alive | blocked | to load |",
        "|---|---|---|---|---|",
    ]
    for row in found["rows"]:
        alive = row["first_widget_seconds"]  # None for the export: all of its live at once
        alive = "" if alive is None else f"{alive:.1f} s"
        files = f"{row['requests']:.0f} file{'s' * (row['requests'] > 1)}"
        lines.append(
            f"| {row['name']} | **{row['first_picture_seconds']:.1f} s** | "
            f"{alive} | {row['blocking_ms'] / 1000:.1f} s | "
            f"{row['kilobytes'] / 1000:.1f} MB, {files} |"
        )
    machine = found["machine"]
    visits = len(found["rows"][0]["visits"])
    lines += [
        "",
        f"Medians of {visits} visits with an empty cache, Chromium "
        f"{machine['chromium'].split('.')[0]} without a graphics card on {machine['cores']} cores, "
        "from a server on the same machine that doesn't compress.",
    ]
    return "\n".join(lines)


def main(argv=None):
    """Measures, prints and stores."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--site", type=Path, help="the folder that `make book` wrote")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--tiny", action="store_true", help="see that it works; write nothing")
    args = parser.parse_args(argv)
    if args.repeats < 1:
        sys.exit(f"repeats must be a positive integer. Received: {args.repeats}")
    if args.site and not (args.site / "index.html").is_file():
        sys.exit(f"--site must be a folder with the course's index.html. Received: {args.site}")
    with tempfile.TemporaryDirectory() as folder:
        site = args.site or built(Path(folder))
        rows, chromium = measure(site, 1 if args.tiny else args.repeats)
    for row in rows:
        late = row["page"] in list(PAGES.values())[:2] and row["first_picture_seconds"] > TARGET
        print(f"{row['name']}: {row['first_picture_seconds']:.2f} s to the first picture", end="")
        print(f", over the target of {TARGET} s" if late else "")
    if not args.tiny:
        results.store("site", rows, versions={"chromium": chromium})
        tables.write()


def built(folder):
    """Builds the site in a folder; returns where its pages are."""
    try:
        import sphinx_book_theme  # noqa: F401
    except ModuleNotFoundError:
        sys.exit(
            "The group `book` is not installed. Run `make book`, then "
            "`make bench ARGS=site`, or name the site's folder with --site."
        )
    from scripts import book

    return book.build(folder)


if __name__ == "__main__":
    main()
