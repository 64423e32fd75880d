"""The three lists of what to install agree, and the set-up says in a sentence what is wrong."""

import json
import re
import shutil
import socket
import subprocess
import sys
import threading
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from scripts import setup_env

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
ENTRIES = LOCK.replace("\\\n", "").splitlines()
PLATFORMS = {
    "linux-x86_64": {"sys_platform": "linux", "platform_system": "Linux"},
    "linux-aarch64": {"sys_platform": "linux", "platform_system": "Linux"},
    "macos-arm64": {"sys_platform": "darwin", "platform_system": "Darwin"},
    "windows-AMD64": {"sys_platform": "win32", "platform_system": "Windows"},
}


def environment(platform, python):
    """The markers' environment on one platform."""
    return {
        **PLATFORMS[platform],
        "os_name": "nt" if platform.startswith("windows") else "posix",
        "platform_machine": platform.split("-")[1],
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
        "python_version": python,
        "python_full_version": f"{python}.5",
        "extra": "",
    }


def applies(requirement, markers):
    return requirement.marker is None or requirement.marker.evaluate(markers)


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_lock_has_every_dependency_on_every_platform(platform, python):
    markers = environment(platform, python)
    locked = {}
    for entry in ENTRIES:
        requirement = Requirement(entry.split(" --hash")[0])
        if applies(requirement, markers):
            assert requirement.name not in locked
            (pin,) = requirement.specifier
            assert pin.operator == "=="
            locked[requirement.name] = pin.version
    wanted = PROJECT["project"]["dependencies"] + PROJECT["dependency-groups"]["dev"]
    direct = [each for each in map(Requirement, wanted) if applies(each, markers)]
    assert sum(each.name.startswith("tensorflow") for each in direct) == 1
    for requirement in direct:
        assert requirement.specifier.contains(locked[requirement.name]), requirement


def test_the_course_asks_for_the_versions_that_are_locked():
    machine = (ROOT / "aehelpers" / "checks" / "machine.py").read_text(encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    wanted = {each.name: each for each in map(Requirement, PROJECT["project"]["dependencies"])}
    keras, tensorflow = (
        str(wanted[name].specifier).removeprefix("~=").removesuffix(".0")
        for name in ("keras", "tensorflow")
    )
    assert f'("keras", "{keras}",' in machine and f'("tensorflow", "{tensorflow}",' in machine
    assert f'"tensorflow[and-cuda]~={tensorflow}.0"' in readme


def test_lock_is_hashed_and_names_no_index():
    for entry in ENTRIES:
        assert re.search(r" --hash=sha256:[0-9a-f]{64}", entry), entry
    assert "://" not in LOCK
    assert "--index" not in LOCK and "--find-links" not in LOCK


def test_environment_yml_pins_python_and_takes_the_rest_from_the_lock():
    conda = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    python, pip, rest = conda["dependencies"]
    assert re.fullmatch(r"python=3\.\d+", python) and pip == "pip"
    assert python.split("=")[1] in SpecifierSet(PROJECT["project"]["requires-python"])
    assert rest == {"pip": ["-r requirements.lock"]}


@pytest.mark.parametrize("minor", range(8, 17))
def test_python_is_checked_as_pyproject_says(minor):
    if f"3.{minor}" in SpecifierSet(PROJECT["project"]["requires-python"]):
        assert setup_env.check_python((3, minor, 2)) is None
    else:
        with pytest.raises(SystemExit, match=rf"needs Python 3.11 to 3.13.* Python 3.{minor}.2"):
            setup_env.check_python((3, minor, 2))


def test_missing_venv_is_one_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    with pytest.raises(SystemExit, match=r"cannot make virtual environments: install .*-venv"):
        setup_env.check_venv()


@pytest.mark.parametrize("option", [["--port", "{}"], ["--port={}"], ["--ServerApp.port={}"]])
def test_taken_port_is_one_sentence(option):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(SystemExit, match=f"Port {port} is taken"):
            setup_env.lab_command([part.format(port) for part in option])


def test_impossible_port_is_one_sentence():
    with pytest.raises(SystemExit, match="cannot listen on 127.0.0.1, port 70000"):
        setup_env.lab_command(["--port", "70000"])


def test_lab_listens_here_unless_told_otherwise():
    assert "--ServerApp.ip=127.0.0.1" in setup_env.lab_command([])
    command = setup_env.lab_command(["--no-browser", "--ip", "0.0.0.0"])
    assert command[-3:] == ["--no-browser", "--ip", "0.0.0.0"]
    assert "--ServerApp.ip=127.0.0.1" not in command


@pytest.mark.skipif(not hasattr(setup_env.os, "geteuid"), reason="Windows has no root")
@pytest.mark.parametrize("user, allowed", [(0, True), (1000, False)])
def test_root_may_open_lab(monkeypatch, user, allowed):
    monkeypatch.setattr(setup_env.os, "geteuid", lambda: user)
    assert ("--allow-root" in setup_env.lab_command([])) is allowed


@pytest.fixture
def checkout(monkeypatch, tmp_path):
    """A set-up that runs nothing and writes into a temporary folder; its commands."""
    commands = []
    monkeypatch.setattr(setup_env, "VENV", str(tmp_path))
    monkeypatch.setattr(setup_env, "STAMP", str(tmp_path / "installed.txt"))
    monkeypatch.setattr(setup_env, "LOCK", str(tmp_path / "lock"))
    monkeypatch.setattr(setup_env, "PYTHON", sys.executable)
    monkeypatch.setattr(setup_env, "run", commands.append)
    return commands


def test_finished_set_up_does_nothing_and_an_unfinished_one_starts_anew(monkeypatch, checkout):
    setup_env.set_up()
    assert "--clear" in checkout[0] and "--require-hashes" in checkout[1]
    assert checkout[2][-2:] == ["-e", "."]

    checkout.clear()
    setup_env.set_up()
    assert checkout == []

    def interrupt(command):
        raise KeyboardInterrupt

    folder, python, _ = setup_env.wanted()
    monkeypatch.setattr(setup_env, "wanted", lambda: [folder, python, "another lock"])
    monkeypatch.setattr(setup_env, "run", interrupt)
    with pytest.raises(KeyboardInterrupt):
        setup_env.set_up()
    assert setup_env.installed() == []


def test_other_settings_are_a_reason_to_set_up_again(monkeypatch):
    before = setup_env.wanted()
    monkeypatch.setitem(setup_env.SETTINGS, "etc/new.json", {})
    assert setup_env.wanted() != before


def test_one_set_up_at_a_time(checkout, capsys):
    """A second one waits, and then finds everything done."""
    waiting = threading.Event()

    def second():
        waiting.set()
        setup_env.set_up()

    thread = threading.Thread(target=second)
    with setup_env.alone():
        thread.start()
        waiting.wait()
        thread.join(0.5)
        assert thread.is_alive() and not checkout
        setup_env.install()
    thread.join(10)
    assert not thread.is_alive()
    assert len(checkout) == 3
    assert "Another set-up of this folder is running" in capsys.readouterr().out


def test_a_checkout_has_one_name_by_whatever_link_it_is_reached(tmp_path):
    link = tmp_path / "link"
    try:
        link.symlink_to(ROOT, target_is_directory=True)
    except OSError:
        pytest.skip("no links here")
    code = (
        f"import runpy; print(runpy.run_path({str(link / 'scripts' / 'setup_env.py')!r})['ROOT'])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == str(ROOT)


def test_nothing_leads_pip_elsewhere(monkeypatch):
    for name in ("PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PYTHONHOME"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("PIP_INDEX_URL", "kept")
    found = setup_env.environment()
    assert found["PIP_USER"] == "0" and found["PIP_INDEX_URL"] == "kept"
    assert not {"PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PYTHONHOME"} & set(found)


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
@pytest.mark.parametrize("option", ["", " -3"])
def test_the_path_of_python_may_hold_a_space_and_an_option_follow(tmp_path, option):
    python = tmp_path / ("python" if option else "my python") / "python3"
    python.parent.mkdir()
    python.write_text('#!/bin/sh\necho "called: $*"\n')
    python.chmod(0o755)
    command = ["make", "-s", "-C", str(ROOT), "lab", "ARGS=--port 1", f"PYTHON={python}{option}"]
    made = subprocess.run(command, capture_output=True, text=True)
    assert made.stdout == f"called:{option} scripts/setup_env.py lab --port 1\n", made.stderr


def test_a_taken_port_is_told_before_anything_is_fetched(monkeypatch):
    monkeypatch.setattr(setup_env, "set_up", lambda: pytest.fail("was set up"))
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(SystemExit, match="is taken"):
            setup_env.main(["lab", "--port", str(other.getsockname()[1])])


def test_too_small_a_disk_is_told_before_anything_is_fetched(monkeypatch, checkout):
    monkeypatch.setattr(setup_env, "SPACE", 1e6)
    with pytest.raises(SystemExit, match=r"needs 1000000.0 GB of disk for .venv. Received: \d+"):
        setup_env.set_up()
    assert not checkout


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("ProxyError('Cannot connect to proxy.')", "The proxy http://host:3128 refused"),
        ("OSError: [Errno 28] No space left on device", "The disk is full: 2.5 GB"),
        ("SSLError: CERTIFICATE_VERIFY_FAILED", "certificate"),
        ("Failed to establish: NewConnectionError", "is there a network?"),
        ("THESE PACKAGES DO NOT MATCH THE HASHES", "requirements.lock"),
    ],
)
def test_the_cause_stands_last(monkeypatch, said, expected):
    monkeypatch.setenv("HTTPS_PROXY", "http://me:secret@host:3128")
    code = f"print({said!r}); print('ERROR: No matching distribution found'); raise SystemExit(1)"
    with pytest.raises(SystemExit) as stopped:
        setup_env.run([sys.executable, "-c", code])
    last = str(stopped.value).splitlines()[-1]
    assert expected in last and "secret" not in last


def test_a_failure_without_a_known_cause_shows_everything():
    with pytest.raises(SystemExit, match=r"(?s)strange.*This failed: .*\)$"):
        setup_env.run([sys.executable, "-c", "print('strange'); raise SystemExit(1)"])


def test_users_files_do_not_come_before_the_course_s(monkeypatch):
    assert setup_env.lab_environment()["JUPYTER_PREFER_ENV_PATH"] == "1"
    assert f"--ServerApp.root_dir={ROOT}" in setup_env.lab_command([])
    assert f"--ServerApp.root_dir={ROOT}" not in setup_env.lab_command(["--notebook-dir=/tmp"])
    monkeypatch.setattr(setup_env.os.path, "expanduser", lambda path: path)
    assert setup_env.lab_environment()["HOME"] == str(Path(setup_env.VENV, "home"))


def settings(prefix, name):
    (path,) = (prefix / key for key in setup_env.SETTINGS if key.endswith(name))
    return json.loads(path.read_text(encoding="utf-8"))


def test_one_command_writes_all_settings_and_keeps_others(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    other = tmp_path / "etc" / "jupyter" / "jupyter_server_config.json"
    other.parent.mkdir(parents=True)
    other.write_text('{"ServerApp": {"port": 1}, "HTMLExporter": {"theme": "dark"}}')
    for _ in range(2):
        setup_env.main(["exports"])
    found = settings(tmp_path, "server_config.json")
    assert found["ServerApp"] == {"port": 1} and found["HTMLExporter"]["theme"] == "dark"
    assert found["HTMLExporter"]["preprocessors"] == ["aehelpers.export.AehelpersExporter"]
    assert all((tmp_path / name).exists() for name in setup_env.SETTINGS)

    other.write_text("{")
    with pytest.raises(SystemExit, match="jupyter_server_config.json must hold JSON"):
        setup_env.main(["exports"])


def test_conda_and_binder_get_the_same_settings_as_make_lab():
    assert "python scripts/setup_env.py exports" in (ROOT / "postBuild").read_text("utf-8")
    assert "python scripts/setup_env.py exports" in (ROOT / "README.md").read_text("utf-8")


def test_kernels_know_the_setting_that_quietens_them():
    from ipykernel.kernelapp import IPKernelApp

    ((section, values),) = setup_env.SETTINGS["etc/ipython/ipython_kernel_config.json"].items()
    assert section == "IPKernelApp"
    assert set(values) <= set(IPKernelApp.class_trait_names(config=True))


@pytest.mark.parametrize("name", ["nbconvert_config.json", "server_config.json"])
def test_exports_to_html_know_the_course(tmp_path, name):
    from nbconvert.exporters import HTMLExporter
    from traitlets.config import Config

    setup_env.write_settings(str(tmp_path))
    exporter = HTMLExporter(config=Config(settings(tmp_path, name)))
    assert any(type(each).__name__ == "AehelpersExporter" for each in exporter._preprocessors)
    assert exporter.mathjax_url == exporter.require_js_url == "data:text/javascript,"


def test_jupyterlab_knows_its_settings(tmp_path):
    setup_env.write_settings(str(tmp_path))
    share = Path(sys.prefix, "share", "jupyter")
    folders = [share / "lab" / "schemas", *share.glob("labextensions/@jupyter-widgets/*/schemas")]
    for name, values in settings(tmp_path, "overrides.json").items():
        plugin, schema = name.split(":")
        (path,) = [p for each in folders if (p := each / plugin / f"{schema}.json").exists()]
        known = json.loads(path.read_text(encoding="utf-8"))["properties"]
        for key, value in values.items():
            if "oneOf" in known[key]:
                assert value in [choice["const"] for choice in known[key]["oneOf"]]
            else:
                assert known[key]["type"] == "boolean" and value in (True, False)


@pytest.mark.parametrize("word", ["-h", "--help"])
def test_help(word, capsys):
    setup_env.main([word])
    assert "setup_env.py lab" in capsys.readouterr().out


def test_unknown_command_is_one_sentence():
    with pytest.raises(
        SystemExit, match='Expected "lab", "book", "exports" or nothing. Received: labs'
    ):
        setup_env.main(["labs"])
