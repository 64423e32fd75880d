"""Make .venv with the locked version of every package; with "lab", open JupyterLab as well.

    python scripts/setup_env.py
    python scripts/setup_env.py lab [JupyterLab's own options]
    python scripts/setup_env.py exports     (for conda and Binder, after their own installation)

A .venv that is up to date is left alone. An old Python must be able to read this file to say that
it is too old, so the file keeps to syntax that every Python knows.
"""

import errno
import hashlib
import io
import os
import socket
import subprocess
import sys

OLDEST, NEWEST = (3, 11), (3, 13)
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
STAMP = os.path.join(VENV, "installed.txt")
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
    """What .venv is made from: the folder, whose path is written into it, Python and two lists."""
    digest = hashlib.sha256()
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


def run(command):
    """Run a command, showing packages as pip reaches them and the whole output only if it fails."""
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True
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
    if process.wait():
        sys.exit("\n{}\nThis failed: {}".format("".join(lines), " ".join(command)))


def set_up():
    """Bring .venv up to date; at once if it is."""
    want, have = wanted(), installed()
    if have == want:
        return
    if have[:2] != want[:2]:
        check_venv()
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
    quieten_kernels()
    quieten_lab()
    complete_exports()
    with io.open(STAMP, "w", encoding="utf-8") as file:
        file.write("\n".join(want))
    show("Ready: .venv has everything.")
    sys.stdout.write("\n")


def quieten_kernels():
    """Send what TensorFlow says at its start to the terminal, not into a reader's first cell."""
    folder = os.path.join(VENV, "etc", "ipython")
    if not os.path.isdir(folder):
        os.makedirs(folder)
    with io.open(os.path.join(folder, "ipython_kernel_config.py"), "w", encoding="utf-8") as file:
        file.write("c.IPKernelApp.capture_fd_output = False\n")


def quieten_lab(prefix=VENV):
    """Spare a newcomer JupyterLab's first question, whether it may fetch news."""
    folder = os.path.join(prefix, "share", "jupyter", "lab", "settings")
    if not os.path.isdir(folder):
        os.makedirs(folder)
    with io.open(os.path.join(folder, "overrides.json"), "w", encoding="utf-8") as file:
        file.write('{"@jupyterlab/apputils-extension:notification": {"fetchNews": "false"}}\n')


def complete_exports(prefix=VENV):
    """Have `jupyter nbconvert --to html` keep the widgets and the pictures' descriptions."""
    folder = os.path.join(prefix, "etc", "jupyter")
    if not os.path.isdir(folder):
        os.makedirs(folder)
    path = os.path.join(folder, "jupyter_nbconvert_config.json")
    with io.open(path, "w", encoding="utf-8") as file:
        file.write('{"HTMLExporter": {"preprocessors": ["aehelpers.export.AehelpersExporter"]}}\n')


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


def main(args):
    """Check Python, set up, and open JupyterLab if asked to."""
    if args and args[0] in ("-h", "--help"):
        print(__doc__.strip())
        return
    check_python(sys.version_info[:3])
    if args == ["--check"]:
        return
    if args == ["exports"]:  # for conda and Binder, whose environment is not .venv
        complete_exports(sys.prefix)
        return
    if args and args[0] != "lab":
        sys.exit('Expected "lab", "exports" or nothing. Received: {}'.format(args[0]))
    set_up()
    if args:
        command = lab_command(args[1:])
        os.chdir(ROOT)
        if os.name == "nt":
            sys.exit(subprocess.call(command))
        os.execv(command[0], command)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit("\nInterrupted. Run the same command again to go on.")
