"""JupyterHub for a class on one machine; `make hub` starts it on loopback with invented learners.

For a real class, on a machine of your own: set the variables below for the service that starts the
hub, an authenticator first of all; deploy/README.md goes through it. What a class doesn't share
with the next one lies in HUB_STATE: the hub's database, and in a trial the learners' homes.
"""

import ipaddress
import os
import pwd
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

from jupyterhub.spawner import SimpleLocalProcessSpawner

c = get_config()  # noqa: F821  JupyterHub gives it

# Yours to set, as environment variables of the service.
ADDRESS = os.environ.get("HUB_ADDRESS", "http://127.0.0.1:8000")
AUTHENTICATOR = os.environ.get("HUB_AUTHENTICATOR", "")  # "pam", or a class: see the README
LEARNERS = set(os.environ.get("HUB_LEARNERS", "").replace(",", " ").split())
TEACHERS = set(os.environ.get("HUB_TEACHERS", "").replace(",", " ").split())
SPAWNER = os.environ.get("HUB_SPAWNER", "systemd")  # which keeps the limits below for each learner
STATE = Path(os.environ.get("HUB_STATE", "/var/lib/autoencoders-hub")).resolve()
HANDED_OUT = os.environ.get("HUB_HANDED_OUT", "")  # what `make student` wrote; copied once for each
DATA = os.environ.get("AEHELPERS_DATA_DIR", "")  # a folder with mnist.npz that nobody can write to
MEMORY = os.environ.get("HUB_MEMORY", "3G")  # of a learner's server and kernels, all together
CPUS = float(os.environ.get("HUB_CPUS", "2"))
IDLE = int(os.environ.get("HUB_IDLE_SECONDS", "3600"))
# Where the course is installed: JupyterLab, its settings, kernels and widgets.
COURSE = Path(os.environ.get("HUB_COURSE", sys.prefix))


def is_loopback(address):
    """Returns whether only this machine can reach an address such as http://127.0.0.1:8000."""
    host = urlsplit(address).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def check():
    """Ends the program with a sentence where strangers could get in, or nobody."""
    if not AUTHENTICATOR:
        sys.exit("HUB_AUTHENTICATOR must say how learners log in, such as pam. Received: nothing")
    if AUTHENTICATOR == "dummy" and not is_loopback(ADDRESS):
        sys.exit(
            "The dummy authenticator lets in whoever can reach it, so HUB_ADDRESS must be on "
            f"loopback. Received: {ADDRESS}"
        )
    if SPAWNER == "simple" and not is_loopback(ADDRESS):
        sys.exit(
            "The simple spawner runs all learners as one user, who can read each other's files, so "
            f"HUB_ADDRESS must be on loopback. Received: {ADDRESS}"
        )
    if not LEARNERS | TEACHERS:
        sys.exit("HUB_LEARNERS must name who may log in, such as 'anna ben'. Received: nothing")


check()


def hand_out(spawner):
    """Gives a learner the notebooks at the first start; what was worked on is never replaced."""
    if not HANDED_OUT:
        return
    name = spawner.user.name
    if SPAWNER == "simple":
        home, owner = STATE / "homes" / name, {}
        home.mkdir(parents=True, exist_ok=True)
    else:  # as the learner, whose links could otherwise lead a copy of root's anywhere
        account = pwd.getpwnam(name)
        home = Path(account.pw_dir)
        owner = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    for folder in ("notebooks", "docs"):
        if not os.path.lexists(home / folder):
            copy = ["cp", "-r", str(Path(HANDED_OUT, folder)), str(home / folder)]
            subprocess.run(copy, check=True, **owner)


class TrialSpawner(SimpleLocalProcessSpawner):
    """Learners without accounts of their own, for a trial; memory is limited process by process."""

    def make_preexec_fn(self, name):
        into_home = super().make_preexec_fn(name)
        memory = self.mem_limit

        def prepare():
            into_home()
            if memory:
                import resource

                resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))

        return prepare


c.JupyterHub.bind_url = ADDRESS
c.JupyterHub.hub_ip = "127.0.0.1"
if port := os.environ.get("HUB_INNER_PORT"):  # where several hubs share a machine
    c.JupyterHub.hub_port = int(port)
    c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{int(port) + 1}"
c.JupyterHub.db_url = f"sqlite:///{STATE / 'jupyterhub.sqlite'}"
c.JupyterHub.cookie_secret_file = str(STATE / "cookie_secret")
c.ConfigurableHTTPProxy.pid_file = str(STATE / "proxy.pid")
if proxy := os.environ.get("HUB_PROXY"):  # the folder into which npm installed it
    c.ConfigurableHTTPProxy.command = [str(Path(proxy, ".bin", "configurable-http-proxy"))]
# A hub that is started anew finds the learners' servers as they were, with kernels and variables.
c.JupyterHub.cleanup_servers = False
c.JupyterHub.authenticator_class = AUTHENTICATOR
c.Authenticator.allowed_users = LEARNERS
c.Authenticator.admin_users = TEACHERS
if AUTHENTICATOR == "dummy":
    c.DummyAuthenticator.password = os.environ.get("HUB_PASSWORD", "")

spawners = {"systemd": "systemdspawner.SystemdSpawner", "simple": TrialSpawner}
c.JupyterHub.spawner_class = spawners.get(SPAWNER, SPAWNER)
c.SimpleLocalProcessSpawner.home_dir_template = str(STATE / "homes" / "{username}")
c.SystemdSpawner.isolate_tmp = True
c.SystemdSpawner.isolate_devices = True
c.Spawner.pre_spawn_hook = hand_out
c.Spawner.cmd = [sys.executable, "-m", "jupyterhub.singleuser"]
c.Spawner.default_url = "/lab/tree/notebooks/00_start_here.ipynb"
c.Spawner.mem_limit = MEMORY
c.Spawner.cpu_limit = CPUS
c.Spawner.start_timeout = 120  # a whole class starts at once
c.Spawner.http_timeout = 120
c.Spawner.args = [
    # A kernel that nobody has used for so long gives its memory back, also if its tab is open.
    f"--MappingKernelManager.cull_idle_timeout={IDLE}",
    "--MappingKernelManager.cull_interval=120",
    "--MappingKernelManager.cull_connected=True",
    "--LabApp.news_url=None",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
]
if SPAWNER == "simple" and os.geteuid() == 0:  # a trial in a container
    c.Spawner.args.append("--allow-root")
c.Spawner.environment = {
    "JUPYTER_PREFER_ENV_PATH": "1",
    "JUPYTERLAB_DIR": str(COURSE / "share" / "jupyter" / "lab"),
    "JUPYTER_PATH": str(COURSE / "share" / "jupyter"),
    "JUPYTER_CONFIG_PATH": str(COURSE / "etc" / "jupyter"),
    "TF_CPP_MIN_LOG_LEVEL": "2",
    **({"AEHELPERS_DATA_DIR": DATA} if DATA else {}),
    **({"AEHELPERS_QUICK": "1"} if os.environ.get("AEHELPERS_QUICK") else {}),
}

c.JupyterHub.services = [
    {
        "name": "idle-culler",
        "command": [sys.executable, "-m", "jupyterhub_idle_culler", f"--timeout={2 * IDLE}"],
    }
]
c.JupyterHub.load_roles = [
    {
        "name": "idle-culler",
        "services": ["idle-culler"],
        "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
    }
]
