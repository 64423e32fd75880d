"""A process that has loaded TensorFlow, and lends a copy of itself to each notebook.

    python -m scripts.grading.warm    (`Marker` starts it; nobody else needs to)

A line of JSON on its input asks for a notebook, the answers are lines of JSON. Each notebook gets a
fork of its own, with limits of time, memory, files and output, in an empty folder, without the
network where the system lets that be taken away; whatever it leaves running is killed. Where there
is no fork that TensorFlow survives (macOS, Windows), the process itself judges one notebook and
ends.

This stops accidents and pranks. It is no prison: code of strangers belongs in a container.
"""

import contextlib
import ctypes
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# TensorFlow survives a fork on Linux; the variable is for the tests of other systems' way.
FORKS = sys.platform.startswith("linux") and os.environ.get("AEHELPERS_GRADE_FORKS") != "0"
SECONDS = 120  # that a notebook may take, all its exercises together
STEP = 20  # seconds for a statement, and for judging an answer
GRACE = 5  # seconds until code that doesn't heed its alarm is killed
MEMORY = 2.0  # GiB beyond what the warm process has
REPORT = 2**20  # bytes that a notebook may report
FILE = 16 * 2**20  # bytes of a file that it may write
_AT = "at"
_ENVIRONMENT = (
    "AEHELPERS_GRADE_FORKS",
    "PATH",
    "LANG",
    "LC_ALL",
    "TMPDIR",
    "SYSTEMROOT",
    "AEHELPERS_DATA_DIR",
)


class Marker:
    """Marks notebooks, one after another, for a `with` statement.

    Args:
        closed: Folders that the notebooks' code may not read: all the hand-ins, for one.
        memory: GiB that a notebook may take beyond what was loaded before.
        step: Seconds that a statement may take, and the judging of an answer.
    """

    def __init__(self, closed=(), memory=MEMORY, step=STEP):
        self._closed = [str(Path(each).resolve()) for each in closed]
        self._memory, self._step = memory, step
        self._process = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """Ends the warm process."""
        if self._process:
            self._process.stdin.close()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process.stdout.close()
            self._process = None

    def mark(self, content):
        """Judges a notebook.

        Args:
            content: The bytes of the file.

        Returns:
            A dictionary: `problem`, a sentence, if it can't be judged; else `notebook`, its number,
            and `verdicts`, a list of dictionaries with `exercise`, `passed`, `message`, `tries` and
            `place`. `died` says why some are missing, if the notebook took all its time.
        """
        skip, end = {}, time.monotonic() + SECONDS
        anew = True
        while True:
            found = self._ask(content, skip, end - time.monotonic())
            if "died" not in found:
                return found
            if found["at"] is None and anew:  # before it began, so that it isn't its fault
                anew = False
                continue
            if found["at"] is None or found["at"] in skip:
                return {"problem": f"It couldn't be judged: {found['died']}."}
            skip[found["at"]] = f"Stopped: {found['died']}."
            if time.monotonic() > end:
                return found

    def _ask(self, content, skip, seconds):
        """Has a fork judge a notebook; returns what it said until its end."""
        if self._process is None or self._process.poll() is not None:
            self._start()
        with tempfile.TemporaryDirectory(prefix="grade-", ignore_cleanup_errors=True) as folder:
            path = Path(folder, "notebook")
            path.write_bytes(content)
            request = {
                "path": str(path),
                "skip": skip,
                "seconds": max(seconds, self._step + GRACE),
                "step": self._step,
                "closed": self._closed,
                "memory": self._memory,
            }
            try:
                self._process.stdin.write(json.dumps(request).encode() + b"\n")
                self._process.stdin.flush()
            except OSError:
                pass  # it is dead: told below
            found = {"notebook": None, "verdicts": [], _AT: None}
            for line in self._process.stdout:
                said = json.loads(line)
                if "ended" in said:
                    if not FORKS:
                        self.stop()
                    if said["ended"]:
                        return found | {"died": said["ended"]}
                    return found
                if "problem" in said:
                    found["problem"] = said["problem"]
                elif "exercise" in said:
                    found["verdicts"].append(said)
                else:
                    found |= said
        self._process.wait()
        self.stop()
        return found | {"died": "the process that judges was killed"}

    def _start(self):
        kept = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
        one_thread = dict.fromkeys(["TF_NUM_INTRAOP_THREADS", "OMP_NUM_THREADS"], "1")
        quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "MPLBACKEND": "agg", "PYTHONDONTWRITEBYTECODE": "1"}
        more = {"AEHELPERS_QUICK": "1", "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "0"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "scripts.grading.warm"],
            cwd=ROOT,
            env=kept | one_thread | quiet | more,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )


def _load():
    """Imports what the notebooks import, and what the checks need."""
    import keras  # noqa: F401
    import scipy.stats  # noqa: F401
    import skimage.restoration  # noqa: F401
    import sklearn.decomposition
    import sklearn.ensemble
    import sklearn.linear_model
    import sklearn.manifold
    import sklearn.mixture
    import sklearn.neighbors
    import sklearn.svm  # noqa: F401

    from aehelpers import (  # noqa: F401
        checks,
        data,
        layers,
        losses,
        metrics,
        models,
        plots,
        predictions,
        training,
        widgets,
    )
    from scripts import course
    from scripts.grading import judge

    return {each.number: judge.course_functions(each.number) for each in course.notebooks()}


def serve():
    """Answers requests until there are no more."""
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what libraries print isn't an answer
    if FORKS:  # what a notebook has started and left behind becomes a child of this process
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(36, 1)  # PR_SET_CHILD_SUBREAPER
    functions = _load()
    for line in sys.stdin.buffer:
        request = json.loads(line)
        content = Path(request["path"]).read_bytes()
        os.remove(request["path"])
        if FORKS:
            ended = _fork(content, request, functions, answers)
        else:
            ended = _here(content, request, functions, answers)
        answers.write(json.dumps({"ended": ended}).encode() + b"\n")
        if not FORKS:
            return


def _fork(content, request, functions, answers):
    """Judges in a fork; returns why it ended early, or nothing."""
    inlet, outlet = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setsid()
            os.close(inlet)
            # Numbers of files that the notebook must not know: the teacher's pipes.
            null = os.open(os.devnull, os.O_RDWR)
            for number in (0, 1, 2):
                os.dup2(null, number)
            os.closerange(3, outlet)
            os.closerange(outlet + 1, 256)
            _work(content, request, functions, outlet)
        finally:
            os._exit(0)
    os.close(outlet)
    try:
        return _listen(inlet, child, request, answers)
    finally:
        os.close(inlet)
        _kill(child)


def _listen(inlet, child, request, answers):
    """Passes on what a fork reports, until it ends or takes too long."""
    end, taken, rest = time.monotonic() + request["seconds"], 0, b""
    while True:
        wait = min(request["step"] + GRACE, end - time.monotonic())
        if wait <= 0 or not select.select([inlet], [], [], wait)[0]:
            return "it took too long"
        chunk = os.read(inlet, 65536)
        if not chunk:
            break
        taken += len(chunk)
        if taken > REPORT:
            return "it reported more than it should"
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            if _is_report(line):
                answers.write(line + b"\n")
    # Its last word is its end: a fork that closes its pipe and goes on is none that went well.
    deadline = time.monotonic() + 2
    while time.monotonic() < deadline:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            if os.WIFSIGNALED(status):
                number = os.WTERMSIG(status)
                if number in (signal.SIGKILL, signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS):
                    return f"it was killed by {signal.Signals(number).name}, as a rule for memory"
                return f"it was killed by {signal.Signals(number).name}"
            return "" if rest == b"end" else "it ended itself"
        time.sleep(0.01)
    return "it took too long"


def _is_report(line):
    """Returns whether a line is one that `judge.run` writes."""
    try:
        said = json.loads(line)
    except ValueError:
        return False
    known = {"problem", "notebook", "at", "exercise", "passed", "message", "tries", "place"}
    return isinstance(said, dict) and bool(said) and said.keys() <= known


def _kill(child):
    """Kills a fork and all that it has started."""
    with contextlib.suppress(OSError):
        os.killpg(child, signal.SIGKILL)
    for _ in range(100):
        with contextlib.suppress(OSError):  # those that left the group are this process's children
            for task in Path("/proc/self/task").iterdir():
                for pid in (task / "children").read_text().split():
                    os.kill(int(pid), signal.SIGKILL)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
            time.sleep(0.01)
        except ChildProcessError:
            return


def _here(content, request, functions, answers):
    """Judges in this process, which a thread ends if it takes too long."""

    def stop():
        said = json.dumps({"ended": "it took too long"}).encode()
        answers.write(said + b"\n")
        os._exit(1)

    timer = threading.Timer(request["seconds"], stop)
    timer.daemon = True
    timer.start()
    _work(content, request, functions, answers.fileno(), last=False)
    timer.cancel()
    return ""


def _work(content, request, functions, outlet, last=True):
    """Limits this process and judges a notebook in it."""
    from scripts.grading import judge

    folder = tempfile.mkdtemp(prefix="notebook-")
    try:
        os.chdir(folder)
        os.environ.update(HOME=folder, TMPDIR=folder)
        tempfile.tempdir = folder
        _limit(request["memory"])
        _no_network()
        _watch(folder, request["closed"])

        def report(**said):
            os.write(outlet, json.dumps(said).encode() + b"\n")

        judge.run(content, request["skip"], functions, report, request["step"])
        if last:
            os.write(outlet, b"end")
    finally:
        _watching.clear()
        os.chdir(ROOT)
        shutil.rmtree(folder, ignore_errors=True)


def _limit(memory):
    """Sets the limits that the system keeps."""
    try:
        import resource
    except ImportError:  # Windows
        return
    with contextlib.suppress(OSError, ValueError, IndexError):
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        most = pages * os.sysconf("SC_PAGE_SIZE") + int(memory * 2**30)
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    limits = {"RLIMIT_CPU": SECONDS, "RLIMIT_FSIZE": FILE, "RLIMIT_CORE": 0}
    for name, most in limits.items():
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(getattr(resource, name), (most, most))


def _no_network():
    """Takes this process out of the network, where the system allows it."""
    if sys.platform.startswith("linux"):
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).unshare(0x10000000 | 0x40000000)  # CLONE_NEWUSER | CLONE_NEWNET


_watching = {}
_FORBIDDEN = (
    *("subprocess.Popen", "os.system", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn"),
    *("os.spawn", "os.startfile", "os.kill", "os.killpg", "pty.spawn", "socket.connect"),
    *("socket.bind", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname"),
    *("signal.pthread_kill", "webbrowser.open", "os.putenv", "urllib.Request"),
)
_WRITING = {
    "os.remove", "os.rmdir", "os.rename", "os.mkdir", "os.link", "os.symlink", "os.chmod",
    "os.chown", "os.truncate", "os.utime", "shutil.rmtree", "shutil.move", "shutil.copyfile",
}  # fmt: skip


def _watch(folder, closed):
    """Refuses what no answer needs: programs, connections, files outside of its folder."""
    _watching.update(folder=os.path.realpath(folder), closed=closed)
    sys.addaudithook(_refuse)


def _refuse(event, args):
    if not _watching:
        return
    if event in _FORBIDDEN:
        raise PermissionError(f"what is handed in may not do this here: {event}")
    if event in _WRITING or event == "open":
        for path in args[:2] if event in ("os.rename", "os.link", "shutil.move") else args[:1]:
            if isinstance(path, str | bytes | os.PathLike):
                _refuse_path(event, os.path.realpath(os.fsdecode(path)), args)


def _refuse_path(event, path, args):
    if any(path == each or path.startswith(each + os.sep) for each in _watching["closed"]):
        raise PermissionError("what is handed in may not read the hand-ins")
    if event == "open":
        mode, flags = args[1], args[2]
        writes = bool(set(mode) & set("wax+")) if isinstance(mode, str) else False
        writes |= isinstance(flags, int) and bool(
            flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND)
        )
        if not writes or path == os.devnull:
            return
    if path != _watching["folder"] and not path.startswith(_watching["folder"] + os.sep):
        raise PermissionError("what is handed in may write files in its own folder only")


if __name__ == "__main__":
    serve()
