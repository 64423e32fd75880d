"""A JupyterLab and a Chromium to drive it with, for the browser tests and the benchmark."""

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import nbformat

from scripts import setup_env

ROOT = Path(__file__).resolve().parents[1]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_RUN = "notebook:run-all-cells"
# Whether this notebook is the one in front, with a kernel that waits.
_IDLE = """path => {
  const context = window.jupyterapp?.shell?.currentWidget?.context;
  const kernel = context?.sessionContext?.session?.kernel;
  return context?.path === path && kernel?.status === "idle";
}"""


def find_chromium():
    """Returns the path of a Chromium, or None."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next((path for path in map(shutil.which, names) if path), None)


class Lab:
    """A JupyterLab on a free port and a folder of its own, for a `with` statement."""

    def __enter__(self):
        self._temporary = tempfile.TemporaryDirectory(prefix="lab-")
        home = Path(self._temporary.name)
        self.folder = home / "notebooks"
        self.folder.mkdir()
        setup_env.write_settings(str(home))
        # What set-up gives the JupyterLab of the course is looked for elsewhere.
        for plugin, settings in setup_env.SETTINGS[setup_env.OVERRIDES].items():
            package, name = plugin.split(":")
            path = home / "settings" / package / f"{name}.jupyterlab-settings"
            path.parent.mkdir(parents=True)
            path.write_text(json.dumps(settings))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self._token = secrets.token_hex(16)
        self.url = f"http://127.0.0.1:{port}"
        command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--ServerApp.ip=127.0.0.1"]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            command.append("--allow-root")
        command += [
            f"--ServerApp.port={port}",
            "--ServerApp.port_retries=0",
            f"--IdentityProvider.token={self._token}",
            f"--ServerApp.root_dir={self.folder}",
            "--LabApp.expose_app_in_browser=True",
            "--LabApp.news_url=None",
            "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
            "--LabApp.extension_manager=readonly",
        ]
        folders = {
            "JUPYTER_CONFIG_DIR": "etc/jupyter",
            "JUPYTER_DATA_DIR": "data",
            "JUPYTER_RUNTIME_DIR": "runtime",
            "JUPYTERLAB_SETTINGS_DIR": "settings",
            "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
            "IPYTHONDIR": "ipython",
        }
        environment = os.environ | {name: str(home / folder) for name, folder in folders.items()}
        environment |= {"PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "2"}
        log = home / "log.txt"
        with open(log, "wb") as output:
            self._server = subprocess.Popen(
                command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
        deadline = time.monotonic() + 120
        while True:
            try:
                urllib.request.urlopen(f"{self.url}/api/status?token={self._token}").close()
                return self
            except OSError as error:
                if self._server.poll() is not None or time.monotonic() > deadline:
                    said = log.read_text(encoding="utf-8", errors="replace")[-3000:]
                    self.__exit__()
                    raise RuntimeError(f"JupyterLab did not start: {said}") from error
                time.sleep(0.2)

    def __exit__(self, *_):
        self._server.terminate()
        try:
            self._server.wait(20)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait()
        self._temporary.cleanup()

    def begin(self, page, name, cells):
        """Has a page open a notebook of these code cells and run them all; doesn't wait for it."""
        page.add_init_script(
            f"const timer = setInterval(() => {{ if (!({_IDLE})('{name}.ipynb')) return;"
            f" clearInterval(timer); window.jupyterapp.commands.execute('{_RUN}'); }}, 100);"
        )
        page.goto(self._write(name, cells), wait_until="commit")

    def open(self, page, name, cells, run=True):
        """Opens a notebook of these code cells in a page of a browser, and runs them all."""
        self._show(page, self._write(name, cells))
        if run:
            self.command(page, _RUN)

    def reopen(self, page, name):
        """Opens a notebook that is there."""
        self._show(page, self._address(name))

    def _show(self, page, address):
        name = address.split("/")[-1].split(".")[0]
        if page.url.startswith(self.url):  # a tab beside the others is faster than a page
            page.wait_for_function("window.jupyterapp?.shell?.currentWidget")
            self.command(page, "docmanager:open", {"path": f"{name}.ipynb"})
        else:
            page.goto(address)
        page.wait_for_function(_IDLE, arg=f"{name}.ipynb")

    def shut_down(self, name):
        """Ends a notebook's kernel, as *Shut Down* in JupyterLab's list of kernels does."""
        sessions = f"{self.url}/api/sessions"
        with urllib.request.urlopen(f"{sessions}?token={self._token}") as answer:
            found = [each["id"] for each in json.load(answer) if each["path"] == f"{name}.ipynb"]
        for each in found:
            address = f"{sessions}/{each}?token={self._token}"
            urllib.request.urlopen(urllib.request.Request(address, method="DELETE")).close()

    def exported(self, name, cells, to="html"):
        """Returns what JupyterLab's Save and Export makes of a notebook of these code cells."""
        self._write(name, cells)
        address = f"{self.url}/nbconvert/{to}/{name}.ipynb?token={self._token}"
        with urllib.request.urlopen(address) as answer:
            return answer.read().decode()

    def _write(self, name, cells):
        """Writes a notebook; returns its address."""
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(source) for source in cells],
            metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        )
        nbformat.write(notebook, self.folder / f"{name}.ipynb")
        return self._address(name)

    def _address(self, name):
        return f"{self.url}/lab/tree/{name}.ipynb?reset&token={self._token}"

    @staticmethod
    def command(page, name, arguments=None):
        """Has JupyterLab carry out one of its commands."""
        page.evaluate(
            "([name, args]) => { window.jupyterapp.commands.execute(name, args); }",
            [name, arguments or {}],
        )
