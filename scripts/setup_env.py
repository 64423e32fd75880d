"""Make .venv with the locked version of every package; with "lab", open JupyterLab as well.

    python scripts/setup_env.py
    python scripts/setup_env.py lab [JupyterLab's own options]
    python scripts/setup_env.py book        (with what the course's site is made by)
    python scripts/setup_env.py exports     (for environments that others have made: conda, Binder)

A .venv that is up to date is left alone. "exports" gives the Python that runs it the settings of
the course: quiet kernels, a JupyterLab that asks nothing, exports with widgets and formulas. An old
Python must be able to read this file to say that it is too old, so the file keeps to syntax that
every Python knows.
"""

import contextlib
import errno
import hashlib
import io
import json
import os
import re
import socket
import subprocess
import sys

OLDEST, NEWEST = (3, 11), (3, 13)
# One name for the checkout, by whatever link it was reached.
ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
VENV = os.path.join(ROOT, ".venv")
STAMP = os.path.join(VENV, "installed.txt")
BOOK_LOCK = os.path.join(ROOT, "book", "requirements.lock")
LOCK = os.path.join(ROOT, ".venv.lock")
SPACE = 2.5  # GB that .venv takes
PYTHON = os.path.join(VENV, *(["Scripts", "python.exe"] if os.name == "nt" else ["bin", "python"]))


def check_python(version):
    """Stop with one sentence unless TensorFlow runs on `version`, such as (3, 12, 1)."""
    if not OLDEST <= tuple(version[:2]) <= NEWEST:
        sys.exit(
            "The course needs Python {}.{} to {}.{}; name one with make's PYTHON=... "
            "Received: Python {} ({})".format(
                *(OLDEST + NEWEST + (".".join(map(str, version)), sys.executable))
            )
        )


def check_venv():
    """Stop with one sentence if this Python cannot make a virtual environment."""
    try:
        import ensurepip  # noqa: F401  Debian ships venv without it
        import venv  # noqa: F401
    except ImportError:
        sys.exit(
            "Python at {} cannot make virtual environments: install its venv module "
            "(on Debian and Ubuntu: sudo apt install python{}.{}-venv) and run this again.".format(
                sys.executable, *sys.version_info[:2]
            )
        )


def wanted():
    """What .venv is made from: its folder, whose path is written into it, Python, and the rest."""
    digest = hashlib.sha256(json.dumps(SETTINGS, sort_keys=True).encode())
    for name in ("requirements.lock", "pyproject.toml"):
        with open(os.path.join(ROOT, name), "rb") as file:
            digest.update(file.read())
    return [ROOT, "Python {}.{}".format(*sys.version_info[:2]), digest.hexdigest()]


def installed():
    """What .venv was made from, or nothing if it is missing, broken or was never finished."""
    if not (os.path.exists(PYTHON) and os.path.exists(STAMP)):
        return []
    with io.open(STAMP, encoding="utf-8") as file:
        return file.read().splitlines()


def show(text):
    """Show how far the set-up is, on one line that is written over where there is a terminal."""
    if sys.stdout.isatty():
        sys.stdout.write("\r" + text[:78].ljust(78))
    elif not text.startswith(" "):
        sys.stdout.write(text + "\n")
    sys.stdout.flush()


def environment():
    """The environment variables for pip: nothing in them may lead it elsewhere than to .venv."""
    kept = dict(os.environ, PIP_USER="0")  # it stands in some users' pip.conf, too
    for name in ("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PYTHONHOME"):
        kept.pop(name, None)
    return kept


# What pip says when something outside the course is in the way, and what to say of it.
CAUSES = (
    (
        r"ProxyError|Cannot connect to proxy|Tunnel connection failed",
        "The proxy {proxy} refused the connection: set HTTPS_PROXY to one that works, or unset it.",
    ),
    (r"No space left on device|Errno 28\b", "The disk is full: {space:.1f} GB are needed."),
    (r"CERTIFICATE_VERIFY_FAILED", "A certificate of the package index is not trusted here."),
    (
        r"NewConnectionError|NameResolutionError|Network is unreachable|ConnectTimeoutError",
        "The package index cannot be reached: is there a network?",
    ),
    (r"DO NOT MATCH THE HASHES", "What was fetched is not what requirements.lock names."),
)


def cause(output):
    """Return in a sentence what was in the way of a command, as far as its output tells it."""
    for pattern, sentence in CAUSES:
        if re.search(pattern, output):
            names = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "PIP_PROXY")
            proxy = next((os.environ[name] for name in names if os.environ.get(name)), "")
            proxy = re.sub(r"//[^/@]*@", "//", proxy)  # no password on the screen
            return sentence.format(proxy=proxy or "that pip is told to use", space=SPACE)
    return ""


def run(command):
    """Run a command, showing packages as pip reaches them and the whole output only if it fails."""
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
    )
    lines, packages = [], 0
    for line in process.stdout:
        lines.append(line)
        if line.startswith(("Collecting ", "Processing ")):
            packages += 1
            show("  {:3d} {}".format(packages, line.split()[1]))
        elif line.startswith("  Downloading "):
            show("  {:3d} {}".format(packages, line.strip()))
        elif line.startswith("Installing collected packages"):
            show("Unpacking what was fetched ...")
    process.stdout.close()
    if process.wait():
        output = "".join(lines)
        parts = ["", output, "This failed: " + " ".join(command), cause(output)]
        sys.exit("\n".join(parts).rstrip())


def check_space():
    """Stop with one sentence if a new .venv would not fit, before anything is fetched."""
    import shutil  # whose disk_usage an old Python lacks

    size = 0  # what is there now goes
    for folder, _, names in os.walk(VENV):
        for name in names:
            size += os.lstat(os.path.join(folder, name)).st_size
    free = (shutil.disk_usage(ROOT).free + size) / 1e9
    if free < SPACE:
        sys.exit(
            "The course needs {:.1f} GB of disk for .venv. Received: {:.1f} GB in {}".format(
                SPACE, free, ROOT
            )
        )


@contextlib.contextmanager
def alone():
    """Wait until no other set-up of this checkout runs, and keep others waiting meanwhile.

    The lock belongs to the process, so none is left behind by one that was killed.
    """
    with io.open(LOCK, "a+b") as file:
        try:
            if os.name == "nt":
                import msvcrt

                lock = lambda mode: msvcrt.locking(file.fileno(), mode, 1)  # noqa: E731
                now, patiently = msvcrt.LK_NBLCK, msvcrt.LK_LOCK
            else:
                import fcntl

                lock = lambda mode: fcntl.flock(file, mode)  # noqa: E731
                now, patiently = fcntl.LOCK_EX | fcntl.LOCK_NB, fcntl.LOCK_EX
            try:
                lock(now)
            except (IOError, OSError) as error:
                if error.errno not in (errno.EACCES, errno.EAGAIN, errno.EDEADLK):
                    raise
                show("Another set-up of this folder is running: waiting for it ...")
                while True:
                    try:
                        lock(patiently)
                        break
                    except (IOError, OSError) as error:
                        if error.errno not in (errno.EACCES, errno.EDEADLK):  # Windows' ten tries
                            raise
        except (ImportError, IOError, OSError):
            pass  # a file system without locks
        yield


def set_up():
    """Bring .venv up to date; at once if it is."""
    if installed() == wanted():
        return
    with alone():
        if installed() != wanted():  # else another process has done it
            install()


def set_up_book():
    """Add to .venv what the course's site is made by; at once if it is there."""
    set_up()
    with io.open(BOOK_LOCK, "rb") as file:
        want = installed() + [hashlib.sha256(file.read()).hexdigest()]
    stamp = os.path.join(VENV, "book.txt")
    with alone():
        if os.path.exists(stamp):
            with io.open(stamp, encoding="utf-8") as file:
                if file.read().splitlines() == want:
                    return
        show("Installing the versions in book/requirements.lock: 80 MB, for the site")
        pip = [PYTHON, "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
        run(pip + ["--require-hashes", "-r", BOOK_LOCK])
        with io.open(stamp, "w", encoding="utf-8") as file:
            file.write("\n".join(want))
        show("Ready: .venv has what the site is made by.")
        sys.stdout.write("\n")


def install():
    """Make .venv, or bring the one that is there up to date."""
    want, have = wanted(), installed()
    if have[:2] != want[:2]:
        check_venv()
        check_space()
        if have and have[0] != want[0]:
            show("Making .venv anew: it was made for the folder {}".format(have[0]))
        show("Making .venv with Python {}.{}.{}".format(*sys.version_info[:3]))
        # Never the Python in .venv, which this is when an earlier installation was interrupted.
        base = getattr(sys, "_base_executable", sys.executable)
        run([base, "-m", "venv", "--clear", VENV])
    elif os.path.exists(STAMP):
        os.remove(STAMP)
    show("Installing the versions in requirements.lock: 2.3 GB, a few minutes")
    pip = [PYTHON, "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    run(pip + ["--require-hashes", "-r", "requirements.lock"])
    run(pip + ["--no-deps", "--no-build-isolation", "-e", "."])
    write_settings(VENV)
    with io.open(STAMP, "w", encoding="utf-8") as file:
        file.write("\n".join(want))
    show("Ready: .venv has everything.")
    sys.stdout.write("\n")


# In exported pages nothing is fetched: formulas are written out, and no cell needs RequireJS.
EXPORTS = {
    "HTMLExporter": {
        "preprocessors": ["aehelpers.export.AehelpersExporter"],
        "mathjax_url": "data:text/javascript,",
        "require_js_url": "data:text/javascript,",
    }
}
OVERRIDES = "share/jupyter/lab/settings/overrides.json"
SETTINGS = {
    # What TensorFlow says at its start goes to the terminal, not into a reader's first cell.
    "etc/ipython/ipython_kernel_config.json": {"IPKernelApp": {"capture_fd_output": False}},
    OVERRIDES: {
        # JupyterLab's first question, whether it may fetch news.
        "@jupyterlab/apputils-extension:notification": {"fetchNews": "false"},
        # Widgets and predictions are still there when a notebook is opened the next day.
        "@jupyter-widgets/jupyterlab-manager:plugin": {"saveState": True},
    },
    # Exports by `jupyter nbconvert`, and by JupyterLab's own Save and Export.
    "etc/jupyter/jupyter_nbconvert_config.json": EXPORTS,
    "etc/jupyter/jupyter_server_config.json": EXPORTS,
}


def write_settings(prefix):
    """Give the environment in the folder `prefix` the settings of the course, beside its own."""
    for name, settings in SETTINGS.items():
        path = os.path.join(prefix, *name.split("/"))
        if not os.path.isdir(os.path.dirname(path)):
            os.makedirs(os.path.dirname(path))
        found = {}
        if os.path.exists(path):
            with io.open(path, encoding="utf-8") as file:
                try:
                    found = json.load(file)
                except ValueError as error:
                    sys.exit("{} must hold JSON. Received: {}".format(path, error))
        for section, values in settings.items():
            found[section] = dict(found.get(section, {}), **values)
        with io.open(path, "w", encoding="utf-8") as file:
            file.write(json.dumps(found, indent=2, sort_keys=True) + "\n")


def option(args, *names):
    """The value of the first of the options `names` in a command line, or None."""
    for arg, following in zip(args, args[1:] + [None]):
        name, equals, value = arg.partition("=")
        if name in names:
            return value if equals else following
    return None


def check_port(ip, port):
    """Stop with one sentence if JupyterLab could not listen on this port, which was asked for."""
    family = socket.AF_INET6 if ":" in ip else socket.AF_INET
    server = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name != "nt":  # where it would let two servers share a port
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((ip, port))
    except (OSError, OverflowError) as error:
        if getattr(error, "errno", None) != errno.EADDRINUSE:
            sys.exit("JupyterLab cannot listen on {}, port {}: {}.".format(ip, port, error))
        sys.exit("Port {} is taken: stop what uses it or choose another --port.".format(port))
    finally:
        server.close()


def lab_command(args):
    """The command line of JupyterLab, with this course's defaults before the options in `args`."""
    command = [PYTHON, "-m", "jupyterlab"]
    command.append("--LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb")
    if option(args, "--notebook-dir", "--ServerApp.root_dir") is None:
        command.append("--ServerApp.root_dir=" + ROOT)  # else a user's configuration may say so
    ip = option(args, "--ip", "--ServerApp.ip")
    if ip is None:
        ip = "127.0.0.1"
        command.append("--ServerApp.ip=" + ip)
    if hasattr(os, "geteuid") and os.geteuid() == 0 and "--allow-root" not in args:
        command.append("--allow-root")
    port = option(args, "--port", "--ServerApp.port")
    if port is not None and port.isdigit():
        check_port("" if ip == "*" else ip, int(port))
        # A port that was asked for is a port that somebody will open.
        command.append("--ServerApp.port_retries=0")
    return command + args


def lab_environment():
    """The environment variables with which JupyterLab runs in .venv, and its kernels."""
    more = {"JUPYTER_PREFER_ENV_PATH": "1"}  # also where .venv belongs to another user
    if os.path.expanduser("~") == "~":  # a user without a home
        more["HOME"] = os.path.join(VENV, "home")
    return more


def main(args):
    """Check Python, set up, and open JupyterLab if asked to."""
    if args and args[0] in ("-h", "--help"):
        print(__doc__.strip())
        return
    check_python(sys.version_info[:3])
    if args == ["--check"]:
        return
    if args == ["exports"]:
        write_settings(sys.prefix)
        return
    if args == ["book"]:
        set_up_book()
        return
    if args and args[0] != "lab":
        sys.exit('Expected "lab", "book", "exports" or nothing. Received: {}'.format(args[0]))
    # A port that is taken is told before anything is fetched.
    command = lab_command(args[1:]) if args else None
    set_up()
    if command:
        os.environ.update(lab_environment())
        os.chdir(ROOT)
        if os.name == "nt":
            sys.exit(subprocess.call(command))
        os.execv(command[0], command)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit("\nInterrupted. Run the same command again to go on.")
