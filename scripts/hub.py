"""Starts a JupyterHub on this machine alone, with invented learners, to see a class at work.

    python -m scripts.hub [--port 8000] [--learners anna ben] [--state .hub] [--install]

What it needs is put into `.venv-hub`: JupyterHub from PyPI (the group `hub` in pyproject.toml) and
its proxy from npm. That venv lies over `.venv` and sees all of it, so that learners get the same
JupyterLab, kernels and settings as with `make lab`; nothing is added to `.venv` itself, which
stays what the lock says, and `make lab` needs no Node. Homes and the hub's database are kept in
`.hub/`, for the next time.
"""

import argparse
import contextlib
import hashlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import time
import tomllib
import urllib.request
from pathlib import Path

from scripts import course, setup_env, student
from scripts.setup_env import check_port

VENV = course.ROOT / ".venv-hub"
PYTHON = VENV / "bin" / "python"
PROXY = "configurable-http-proxy@5.3.0"
CONFIG = course.ROOT / "deploy" / "jupyterhub_config.py"
LEARNERS = ("anna", "ben", "chloe", "david")
_STAMP = VENV / "installed.txt"


def requirements():
    """Returns what pyproject.toml names in the group `hub`."""
    project = tomllib.loads((course.ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return project["dependency-groups"]["hub"]


def wanted():
    """Returns what `.venv-hub` is made from, as text."""
    made_from = [sys.prefix, sys.version, requirements(), PROXY, setup_env.SETTINGS]
    return hashlib.sha256(json.dumps(made_from).encode()).hexdigest()


def is_installed():
    """Returns whether `.venv-hub` is there and up to date."""
    return PYTHON.exists() and _STAMP.exists() and _STAMP.read_text() == wanted()


def install():
    """Makes `.venv-hub`, or ends the program with a sentence."""
    if sys.platform == "win32":
        sys.exit("JupyterHub runs on Linux and macOS only. Received: Windows")
    npm = shutil.which("npm")
    if npm is None:
        sys.exit("make hub needs Node 20 or newer, with npm, for the hub's proxy. Received: no npm")
    print(f"Making {VENV.name}: JupyterHub, and its proxy from npm", flush=True)
    setup_env.run([sys.executable, "-m", "venv", "--clear", str(VENV)])
    packages = sysconfig.get_path("purelib")
    here = subprocess.run(
        [PYTHON, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    # addsitedir, as the course itself is installed by such a file, and files don't nest otherwise.
    line = f"import site; site.addsitedir({packages!r})\n"
    Path(here, "course.pth").write_text(line, encoding="utf-8")
    pip = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    setup_env.run([*pip, *requirements()])
    setup_env.run(
        [npm, "install", "--no-audit", "--no-fund", "--no-save", "--prefix", str(VENV), PROXY]
    )
    setup_env.write_settings(str(VENV))
    _STAMP.write_text(wanted())


def environment(state, port, learners, password):
    """Returns the environment variables with which the hub runs."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTERHUB")}
    return own | {
        "HUB_ADDRESS": f"http://127.0.0.1:{port}",
        "HUB_AUTHENTICATOR": "dummy",
        "HUB_PASSWORD": password,
        "HUB_LEARNERS": " ".join(learners),
        "HUB_SPAWNER": "simple",
        "HUB_STATE": str(state),
        "HUB_HANDED_OUT": str(state / "handed_out"),
        "HUB_PROXY": str(VENV / "node_modules"),
        "HUB_COURSE": sys.prefix,
        # The learners' servers take it for their own; Node is looked for on the PATH.
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def command(state):
    """Returns the hub's command line."""
    return [str(PYTHON), "-m", "jupyterhub", f"--config={CONFIG}", f"--log-file={state}/hub.log"]


def prepare(state, notebooks=()):
    """Makes the hub's folder, with the copies that learners get."""
    state.mkdir(parents=True, exist_ok=True)
    os.chmod(state, 0o700)
    student.main([*notebooks, "--to", str(state / "handed_out")])


class Hub:
    """A hub on a free port, for tests and benchmarks: a `with` statement stops all of it.

    Args:
        state: A folder of its own.
        learners: Names of those who may log in.
        notebooks: Names of the notebooks that they get; all by default.
        more: Environment variables beside those of a trial.
    """

    def __init__(self, state, learners, notebooks=(), more=None):
        self.state, self.learners = Path(state), list(learners)
        self.password = secrets.token_urlsafe(6)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._notebooks, self._more = notebooks, more or {}
        self.process = None

    def __enter__(self):
        prepare(self.state, self._notebooks)
        self.start()
        return self

    def start(self):
        """Starts the hub and waits until it answers."""
        given = environment(self.state, self.port, self.learners, self.password) | self._more
        # A port of the hub's own, as several hubs may run on one machine.
        given["HUB_INNER_PORT"] = str(self.inner_port)
        with open(self.state / "said.txt", "ab") as said:
            self.process = subprocess.Popen(
                command(self.state),
                cwd=self.state,
                env=given,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                start_new_session=True,
            )
        self.wait()

    def wait(self, seconds=90):
        """Waits until the hub answers through its proxy."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                urllib.request.urlopen(f"{self.url}/hub/health", timeout=5).close()
                return
            except OSError as error:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    said = (self.state / "said.txt").read_text(encoding="utf-8", errors="replace")
                    raise RuntimeError(f"The hub did not start: {said[-3000:]}") from error
                time.sleep(0.2)

    def proxy(self):
        """Returns the process id of the proxy."""
        return int((self.state / "proxy.pid").read_text())

    def _processes(self):
        """Yields the process ids, command lines and variables of all that the hub has started."""
        mine = f"JUPYTERHUB_API_URL=http://127.0.0.1:{self.inner_port}/hub/api".encode()
        for path in Path("/proc").glob("[0-9]*"):
            try:
                given = (path / "environ").read_bytes().split(b"\0")
                words = (path / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if mine in given:
                yield int(path.name), words, given

    def servers(self):
        """Returns the process ids of the learners' servers, by name."""
        found = {}
        for pid, words, given in self._processes():
            if b"jupyterhub.singleuser" in words:
                (name,) = [each[16:] for each in given if each.startswith(b"JUPYTERHUB_USER=")]
                found[name.decode()] = pid
        return found

    @property
    def inner_port(self):
        """The port at which the hub itself listens, behind the proxy."""
        return self.port + 1 if self.port < 65535 else 1024

    def __exit__(self, *_):
        proxy = None
        with contextlib.suppress(OSError, ValueError):
            proxy = self.proxy()
        for pid in [*self.servers().values(), self.process.pid]:
            _stop(pid, signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        deadline = time.monotonic() + 10
        while self.servers() and time.monotonic() < deadline:
            time.sleep(0.2)
        # Kernels that didn't heed, and what an earlier hub that was killed has left behind.
        for pid in [pid for pid, *_ in self._processes()]:
            _stop(pid, signal.SIGKILL)
        if proxy:
            _stop(proxy, signal.SIGKILL)


def _stop(pid, number):
    with contextlib.suppress(OSError):
        os.kill(pid, number)


def main(args=None):
    """Installs what is missing and runs the hub until it is interrupted."""
    parser = argparse.ArgumentParser(prog="hub", description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--learners", nargs="+", default=LEARNERS, metavar="NAME")
    parser.add_argument("--state", type=Path, default=course.ROOT / ".hub", help="folder to keep")
    parser.add_argument("--install", action="store_true", help="only install what it needs")
    args = parser.parse_args(args)
    if not args.install:
        check_port("127.0.0.1", args.port)
    if not is_installed():
        install()
    if args.install:
        return
    state = args.state.resolve()
    prepare(state)
    password = secrets.token_urlsafe(6)
    print(f"\nhttp://127.0.0.1:{args.port}   stop it with Ctrl+C")
    print(f"Learners: {', '.join(args.learners)}; the password of all: {password}", flush=True)
    os.chdir(state)
    run = command(state)
    os.execve(run[0], run, environment(state, args.port, args.learners, password))


if __name__ == "__main__":
    main()
