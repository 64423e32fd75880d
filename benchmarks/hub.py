"""What a class costs a hub: learners log in, run notebooks 00 and 01, move a slider, save, log out.

    python -m benchmarks.hub [--learners 1 8 30] [--at-once]
        [--parts] [--faults] [--image] [--tiny]

The hub is that of `make hub`, the learners speak to it as browsers do, and their kernels run the
notebooks in quick mode. By default one comes every five seconds; with `--at-once` all come
together. `--parts` has one learner close nothing
and weighs what is open. `--faults` has one kernel take all memory and one loop for ever, kills the
proxy and the hub, and sees what becomes of the others. `--image` packs what a cluster's image
holds. With none of them named, all is measured. Writes benchmarks/results/hub.json and the tables
in docs/teaching.md. Linux only.
"""

import argparse
import asyncio
import contextlib
import functools
import os
import signal
import subprocess
import sys
import tempfile
import time
import zlib
from pathlib import Path

import httpx
import numpy as np
import yaml

from benchmarks import learners
from benchmarks.classroom import GIB, available
from scripts import course, hub, results, tables
from scripts.guide import KEPT_FREE

NOTEBOOKS = ("00_start_here", "01_vanilla")
WHOLE = "00, 01"
STAGGER = 5  # seconds from one learner to the next
NEEDED = 0.65  # GiB a learner, of which so many must be free
NODE = {"cores": 8, "memory_gib": 32}  # of a cluster
KEPT = {"cores": 0.5, "memory_gib": 2}  # of each node, for the system
CLASSES = (30, 200, 2000)
LEAST = 0.8  # GiB: with less left, the learners stop before the machine does


async def learner(running, name, wait, first):
    """Does one learner's work; returns how long its parts took, and what failed."""
    row = {"name": name}
    await asyncio.sleep(wait)
    try:
        async with learners.Learner(running.url, name, running.password) as each:
            row["login_seconds"] = await each.log_in()
            begun = time.perf_counter()
            async with each.notebook("notebooks/00_start_here.ipynb") as opened:
                await opened.run_all()
                await opened.move()
                await opened.save(f"read by {name}")
            row["first_seconds"] = time.perf_counter() - begun
            async with each.notebook("notebooks/01_vanilla.ipynb") as opened:
                took = await opened.run_all(until=".fit(" if first else None)
                (training, *_) = [seconds for seconds, code in took if ".fit(" in code]
                row["training_seconds"] = training
                await opened.save(f"read by {name}")
            stored = await each.stored("notebooks/01_vanilla.ipynb")
            if stored["cells"][-1]["source"] != f"read by {name}":
                raise learners.Failed("what was saved is lost")
            await each.log_out()
    except (learners.Failed, httpx.HTTPError, OSError) as error:
        row["failed"] = str(error) or type(error).__name__
    return row


class Use:
    """What the learners' processes have used at most, so far.

    Attributes:
        peaks: Bytes of each learner, by name.
        servers: Bytes of each learner's server, by name.
        seconds: Of a core's time, by process.
        together: Bytes of all.
        least: GiB of the machine's memory that were free.
    """

    def __init__(self):
        self.peaks, self.servers, self.seconds = {}, {}, {}
        self.together, self.least = 0, available()

    def look(self):
        """Looks at what is used now."""
        now = {}
        for each in learners.processes():
            now[each.name] = now.get(each.name, 0) + each.memory
            self.seconds[each.pid] = max(self.seconds.get(each.pid, 0), each.seconds)
            if each.is_server:
                self.servers[each.name] = max(self.servers.get(each.name, 0), each.memory)
        for name, memory in now.items():
            self.peaks[name] = max(self.peaks.get(name, 0), memory)
        self.together = max(self.together, sum(now.values()))
        self.least = min(self.least, available())


async def class_of(running, stagger, first):
    """Has all learners of a hub work; returns a row for the results."""
    use = Use()

    async def watch():
        while True:
            await asyncio.to_thread(use.look)
            if use.least < LEAST:
                for task in tasks:
                    task.cancel()
            await asyncio.sleep(2)

    start = time.perf_counter()
    tasks = [
        asyncio.create_task(learner(running, name, i * stagger, first))
        for i, name in enumerate(running.learners)
    ]
    watching = asyncio.create_task(watch())
    rows = await asyncio.gather(*tasks, return_exceptions=True)
    for i, row in enumerate(rows):
        if isinstance(row, asyncio.CancelledError):
            rows[i] = {"failed": "stopped, as no memory was left"}
        elif isinstance(row, BaseException):
            raise row
    seconds = time.perf_counter() - start
    watching.cancel()
    done = [row for row in rows if "failed" not in row]

    def of(key, function):
        values = [row[key] for row in rows if key in row]
        return round(float(function(values)), 1) if values else None

    return {
        "learners": len(rows),
        "stagger_seconds": stagger,
        "notebooks": "00, 01 to its first training" if first else WHOLE,
        "done": len(done),
        "seconds": round(seconds, 1),
        "login_seconds": of("login_seconds", np.median),
        "slowest_login_seconds": of("login_seconds", max),
        "training_seconds": of("training_seconds", np.median),
        "slowest_training_seconds": of("training_seconds", max),
        "memory_gib": round(use.together / GIB, 2),
        "largest_gib": round(max(use.peaks.values(), default=0) / GIB, 2),
        "server_gib": round(max(use.servers.values(), default=0) / GIB, 2),
        "core_seconds": round(sum(use.seconds.values()) / len(rows), 1),
        "least_left_gib": round(use.least, 2),
        "failed": sorted({row["failed"] for row in rows if "failed" in row}),
    }


async def parts_of(running):
    """Has one learner open one notebook after another and close none; returns a row for each part.

    What is of a file, such as TensorFlow's code, all learners of a machine share.
    """
    rows, seen = [], set()

    def note(part):
        (new,) = [each for each in learners.processes() if each.pid not in seen]
        seen.add(new.pid)
        row = {"own_gib": round(new.own / GIB, 2), "shared_gib": round(new.files / GIB, 2)}
        rows.append({"part": part} | row)

    (name,) = running.learners
    async with learners.Learner(running.url, name, running.password) as each:
        await each.log_in()
        note("server")
        async with contextlib.AsyncExitStack() as kept:
            for notebook in NOTEBOOKS:
                opened = await kept.enter_async_context(
                    each.notebook(f"notebooks/{notebook}.ipynb")
                )
                await opened.run_all()
                note(f"kernel of {notebook[:2]} at its end")
    return rows


def names(count):
    return [f"learner{number:02d}" for number in range(count)]


def at_hub(count, work):
    """Starts a hub for learners in quick mode; returns what `work(hub)` brings to its end."""
    with tempfile.TemporaryDirectory(prefix="hub-") as folder:
        with hub.Hub(folder, names(count), NOTEBOOKS, {"AEHELPERS_QUICK": "1"}) as running:
            # If memory runs out, it is a learner's process that the system kills.
            Path(f"/proc/{running.process.pid}/oom_score_adj").write_text("500")
            return asyncio.run(work(running))


async def _begin(running, name):
    """Logs a learner in and opens 00 with a variable in its kernel."""
    each = learners.Learner(running.url, name, running.password)
    await each.log_in()
    context = each.notebook("notebooks/00_start_here.ipynb")
    opened = await context.__aenter__()
    await opened.run("kept = 6 * 7")
    return each, context, opened


async def _is_well(each, opened, reconnect=False):
    """Returns whether a learner's kernel still has its variable, and saving works."""
    try:
        if reconnect:  # as JupyterLab does by itself
            sessions = await each._api("GET", "sessions")
            await opened.connect(sessions[0]["kernel"]["id"])
        said = await opened.run("print(kept)", patience=60)
        await opened.save("still here")
        return said.strip() == "42"
    except (learners.Failed, httpx.HTTPError, OSError):
        return False


async def faults(running):
    """Does harm to a hub at which three learners work; returns what became of them."""
    mine = [await _begin(running, name) for name in running.learners]
    (one, _, harmed), *others = mine
    rows = []

    async def note(fault, told, reconnect=False):
        well = [await _is_well(each, opened, reconnect) for each, _, opened in others]
        rows.append({"fault": fault, "told": told, "well": sum(well), "others": len(well)})

    try:
        told = "nothing"
        await harmed.run("import numpy as np; hog = [np.ones(10**7) for _ in range(10_000)]", 120)
    except learners.Failed as error:
        told = f"{str(error).partition(':')[0]}, in its cell"
    await note("a kernel takes all memory", told)

    looping = asyncio.create_task(harmed.run("while True: pass", 300))
    await asyncio.sleep(2)
    await note("a kernel loops for ever", "its cell goes on, and can be interrupted")
    sessions = await one._api("GET", "sessions")
    await one._api("POST", f"kernels/{sessions[0]['kernel']['id']}/interrupt")
    try:
        await asyncio.wait_for(looping, 30)
    except learners.Failed as error:
        rows[-1]["told"] = str(error).strip().rstrip(":") + ", after an interrupt"
    except TimeoutError:
        rows[-1]["told"] = "an interrupt didn't end it"

    os.kill(running.proxy(), signal.SIGKILL)
    await asyncio.sleep(1)
    await asyncio.to_thread(running.wait)
    await asyncio.sleep(2)
    await note("the proxy is killed", "the hub starts it anew by itself", True)

    running.process.kill()
    running.process.wait()
    await asyncio.to_thread(running.start)
    await asyncio.sleep(2)
    await note("the hub is killed and started anew", "it finds their servers as they were", True)
    for each, context, _ in mine:
        await context.__aexit__(None, None, None)
        await each.__aexit__()
    return rows


def table(found=None):
    """Renders the class table in Markdown."""
    found = found or results.load("hub")
    lines = [
        "| learners | they come | all done | together | log-in (slowest) "
        "| first training (slowest) | memory together (each) | the largest |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in found["rows"]:
        if "learners" not in row:
            continue
        come = f"every {row['stagger_seconds']} s" if row["stagger_seconds"] else "at once"
        if row["learners"] == 1:
            come = "alone"
        done = "yes" if row["done"] == row["learners"] else f"{row['done']}"
        if row["failed"]:
            done += f" ({'; '.join(row['failed'])})"
        lines.append(
            f"| {row['learners']} | {come} | {done} | "
            f"{row['seconds'] / 60:.1f} min | "
            f"{_seconds(row, 'login_seconds')} | {_seconds(row, 'training_seconds')} | "
            f"{row['memory_gib']:.1f} GiB ({row['memory_gib'] / row['learners']:.2f}) | "
            f"{row['largest_gib']:.2f} GiB |"
        )
    if len(lines) == 2:
        return "\n".join(lines)
    rows = [row for row in found["rows"] if "server_gib" in row]
    server = max(row["server_gib"] for row in rows)
    left = [row["least_left_gib"] for row in rows if not row["failed"]]
    free = f"Where all were done, at least {min(left):.1f} GiB were free. " if left else ""
    return "\n".join(
        [
            *lines,
            "",
            "Pages that several share are counted in equal parts for each. A server "
            f"alone took up to {server:.2f} GiB, the rest is the kernel. {free}The "
            "learners' own programs, the hub and its proxy ran on the same machine. "
            f"{results.described(found['machine'])}",
        ]
    )


def _seconds(row, key):
    """Returns the median and the slowest in words; a dash where nobody came so far."""
    if row[key] is None:
        return "–"
    return f"{row[key]:.0f} s ({row[f'slowest_{key}']:.0f} s)"


def parts_table(found=None):
    """Renders what one learner's memory is made of in Markdown, and how many have room."""
    found = found or results.load("hub")
    rows = [row for row in found["rows"] if "part" in row]
    lines = ["| part of a learner | of its own | shared by all |", "|---|---|---|"]
    for row in rows:
        lines.append(f"| {row['part']} | {row['own_gib']:.2f} GiB | {row['shared_gib']:.2f} GiB |")
    if not rows:
        return "\n".join(lines)
    server, *kernels = rows
    room = found["machine"]["memory_gib"] - KEPT_FREE
    shared = server["shared_gib"] + max(row["shared_gib"] for row in kernels)
    own = server["own_gib"] + kernels[-1]["own_gib"]
    hold = int((room - shared) / own)
    keep = int((room - shared) / (own + sum(row["own_gib"] for row in kernels[:-1])))
    return "\n".join(
        [
            *lines,
            "",
            f"With {KEPT_FREE:.0f} GiB kept for the system, "
            f"{found['machine']['memory_gib']} GiB hold "
            f"{hold} learners who all stand at the end of 01 and have shut 00 down, or {keep} who "
            "have not.",
        ]
    )


def fault_table(found=None):
    """Renders what became of the others in Markdown."""
    found = found or results.load("hub")
    lines = [
        "| what happens | what is seen of it | other learners who lost nothing |",
        "|---|---|---|",
    ]
    for row in found["rows"]:
        if "fault" in row:
            lines.append(f"| {row['fault']} | {row['told']} | {row['well']} of {row['others']} |")
    return "\n".join(lines)


def promised():
    """Returns the cores and GiB that deploy/values.yaml promises to each learner."""
    text = (course.ROOT / "deploy" / "values.yaml").read_text(encoding="utf-8")
    learner = yaml.safe_load(text)["singleuser"]
    # Kubernetes would take G for 10**9; the hub's 1G are 2**30 bytes.
    return learner["cpu"]["guarantee"], float(learner["memory"]["guarantee"].removesuffix("G"))


def paper(found=None):
    """Renders what larger classes need of a cluster in Markdown: on paper, from what is measured.

    The nodes follow from what deploy/values.yaml promises, as the scheduler counts that.
    """
    found = found or results.load("hub")
    rows = [row for row in found["rows"] if row.get("notebooks") == WHOLE and not row["failed"]]
    if not rows:
        return ""
    cores, memory = promised()
    most = max(row["largest_gib"] for row in rows)
    seconds = {row["core_seconds"]: row["learners"] for row in rows if "core_seconds" in row}
    used = max(seconds)
    a_node = min(
        int((NODE["memory_gib"] - KEPT["memory_gib"]) / memory),
        int((NODE["cores"] - KEPT["cores"]) / cores),
    )
    lines = [
        "| learners | nodes | core hours an hour | of them used | GiB hours an hour |",
        "|---|---|---|---|---|",
    ]
    for count in CLASSES:
        nodes = -(-count // a_node)
        lines.append(
            f"| {count:,} | {nodes} | {nodes * NODE['cores']:,} | {count * used / 3600:.1f} | "
            f"{nodes * NODE['memory_gib']:,} |"
        )
    lines += [
        "",
        f"On paper. A node has {NODE['cores']} cores and {NODE['memory_gib']} GiB, of which "
        f"{KEPT['cores']} cores and {KEPT['memory_gib']} GiB are kept for the system, and holds "
        f"{a_node} learners, to each of whom the values promise {cores} cores and {memory:g} GiB. "
        f"Measured were {most:.2f} GiB at most and, in classes of up to {max(seconds.values())}, "
        f"up to {used:.0f} seconds of a core for all of 00 and 01 in quick mode: what is used if "
        "each does both within the hour.",
    ]
    for row in found["rows"]:
        if "packed_gb" in row:
            nodes = -(-CLASSES[-1] // a_node)
            lines[-1] += (
                f" The packages of the image are {row['unpacked_gb']:.1f} GB, packed as a registry "
                f"sends them {row['packed_gb']:.1f} GB: {8 * row['packed_gb']:.0f} seconds for a "
                f"node that gets 1 Gbit/s, {nodes * row['packed_gb']:.0f} GB for {nodes} nodes."
            )
    return "\n".join(lines)


def image():
    """Measures the packages of the image, which are those of `.venv`; returns a row."""
    packed = unpacked = 0
    with subprocess.Popen(
        ["tar", "--create", "--directory", sys.prefix, "lib"], stdout=subprocess.PIPE
    ) as tar:
        pack = zlib.compressobj(6, wbits=31)
        while part := tar.stdout.read(2**20):
            unpacked += len(part)
            packed += len(pack.compress(part))
        packed += len(pack.flush())
    if tar.returncode:
        sys.exit(f"tar of {sys.prefix}/lib ended with {tar.returncode}")
    return {"unpacked_gb": round(unpacked / 1e9, 2), "packed_gb": round(packed / 1e9, 2)}


def main(argv=None):
    """Runs the classes that are named, and the faults."""
    parser = argparse.ArgumentParser(prog="hub", description=__doc__.splitlines()[0])
    parser.add_argument("--learners", nargs="*", type=int, help="classes; 1, 2, 4, 8, 16 and 30")
    parser.add_argument("--at-once", action="store_true", help="all come together")
    parser.add_argument("--faults", action="store_true", help="the faults, too")
    parser.add_argument("--parts", action="store_true", help="what a learner's memory is made of")
    parser.add_argument("--image", action="store_true", help="the size of the image's packages")
    parser.add_argument("--tiny", action="store_true", help="see that it works; write nothing")
    args = parser.parse_args(argv)
    if args.learners is None and not (args.parts or args.faults or args.image):
        args.learners = [1] if args.tiny else [1, 2, 4, 8, 16, 30]
        args.faults, args.parts, args.image = True, not args.tiny, not args.tiny
    args.learners = args.learners or []
    if not Path("/proc/self/smaps_rollup").exists():
        sys.exit("Memory is read from /proc/*/smaps_rollup, which only Linux has.")
    if any(count < 1 for count in args.learners):
        sys.exit(f"learners must be positive integers. Received: {args.learners}")
    if max(args.learners, default=0) * NEEDED > available():
        sys.exit(
            f"{max(args.learners)} learners need {max(args.learners) * NEEDED:.0f} GiB of free "
            f"memory. Received: {available():.1f} GiB"
        )
    if not hub.is_installed():
        sys.exit("The hub isn't installed here: make hub ARGS=--install")
    if not args.tiny:
        results.check_part("hub")

    def keep(rows):
        for row in rows:
            print(row, flush=True)
        if not args.tiny:
            kept = results.merged("hub", rows, same=_same)
            kept.sort(key=lambda row: (row.get("learners", 999), row.get("stagger_seconds", 0)))
            results.store("hub", kept)

    stagger = 0 if args.at_once else STAGGER
    for count in args.learners:
        keep([at_hub(count, functools.partial(class_of, stagger=stagger, first=args.tiny))])
    if args.parts:
        keep(at_hub(1, parts_of))
    if args.faults:
        keep(at_hub(3, faults))
    if args.image:
        keep([image()])
    if not args.tiny:
        tables.write()


def _same(row):
    if "learners" in row:
        return row["learners"], row["stagger_seconds"], row["notebooks"]
    return row.get("fault") or row.get("part") or "image"


if __name__ == "__main__":
    main()
