"""The three lists of what to install agree, and the set-up says in a sentence what is wrong."""

import json
import re
import socket
import sys
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


def test_finished_set_up_does_nothing_and_an_unfinished_one_starts_anew(monkeypatch, tmp_path):
    commands = []
    monkeypatch.setattr(setup_env, "STAMP", str(tmp_path / "installed.txt"))
    monkeypatch.setattr(setup_env, "PYTHON", sys.executable)
    monkeypatch.setattr(setup_env, "run", commands.append)
    setup_env.set_up()
    assert "--clear" in commands[0] and "--require-hashes" in commands[1]
    assert commands[2][-2:] == ["-e", "."]

    commands.clear()
    setup_env.set_up()
    assert commands == []

    def interrupt(command):
        raise KeyboardInterrupt

    folder, python, _ = setup_env.wanted()
    monkeypatch.setattr(setup_env, "wanted", lambda: [folder, python, "another lock"])
    monkeypatch.setattr(setup_env, "run", interrupt)
    with pytest.raises(KeyboardInterrupt):
        setup_env.set_up()
    assert setup_env.installed() == []


def test_exports_to_html_know_the_course(tmp_path):
    from nbconvert.exporters import HTMLExporter
    from traitlets.config import JSONFileConfigLoader

    setup_env.complete_exports(str(tmp_path))
    loader = JSONFileConfigLoader("jupyter_nbconvert_config.json", tmp_path / "etc" / "jupyter")
    exporter = HTMLExporter(config=loader.load_config())
    assert any(type(each).__name__ == "AehelpersExporter" for each in exporter._preprocessors)


def test_jupyterlab_knows_the_setting_that_spares_its_question(tmp_path):
    setup_env.quieten_lab(str(tmp_path))
    path = tmp_path / "share" / "jupyter" / "lab" / "settings" / "overrides.json"
    ((name, settings),) = json.loads(path.read_text(encoding="utf-8")).items()
    plugin, schema = name.split(":")
    schemas = Path(sys.prefix, "share", "jupyter", "lab", "schemas")
    known = json.loads((schemas / plugin / f"{schema}.json").read_text(encoding="utf-8"))
    for key, value in settings.items():
        choices = [choice["const"] for choice in known["properties"][key]["oneOf"]]
        assert value in choices


@pytest.mark.parametrize("word", ["-h", "--help"])
def test_help(word, capsys):
    setup_env.main([word])
    assert "setup_env.py lab" in capsys.readouterr().out


def test_unknown_command_is_one_sentence():
    with pytest.raises(SystemExit, match='Expected "lab", "exports" or nothing. Received: labs'):
        setup_env.main(["labs"])
