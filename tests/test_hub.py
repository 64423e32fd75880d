"""The hub's files, as far as they can be checked without a cluster and without a class."""

import json
import os
import re
import subprocess

import pytest
import yaml

from scripts import course, hub, setup_env

DEPLOY = course.ROOT / "deploy"


CASES = [
    ({}, ""),
    ({"HUB_ADDRESS": "http://localhost:8000"}, ""),
    ({"HUB_ADDRESS": "http://[::1]:8000"}, ""),
    ({"HUB_ADDRESS": "http://0.0.0.0:8000"}, "The dummy authenticator lets in"),
    ({"HUB_ADDRESS": "http://:8000"}, "The dummy authenticator lets in"),
    ({"HUB_ADDRESS": "http://hub.example.org"}, "The dummy authenticator lets in"),
    (
        {"HUB_ADDRESS": "http://0.0.0.0:8000", "HUB_AUTHENTICATOR": "pam"},
        "The simple spawner runs all learners as one user",
    ),
    (
        {
            "HUB_ADDRESS": "http://0.0.0.0:8000",
            "HUB_AUTHENTICATOR": "pam",
            "HUB_SPAWNER": "systemd",
        },
        "",
    ),
    ({"HUB_AUTHENTICATOR": ""}, "HUB_AUTHENTICATOR must say how learners log in"),
    ({"HUB_LEARNERS": ""}, "HUB_LEARNERS must name who may log in"),
]
# Loads the configuration for each case, in one process of the hub's own Python.
LOAD = """
import json, os, runpy, sys
from traitlets.config import Config
for changed in json.load(sys.stdin):
    os.environ.update(changed)
    try:
        runpy.run_path(sys.argv[1], {"get_config": Config})
        print(json.dumps(""))
    except SystemExit as error:
        print(json.dumps(str(error)))
"""
INSTALLED = pytest.mark.skipif(
    not hub.is_installed(),
    reason="The hub isn't installed here: make hub ARGS=--install, which needs Node.",
)


@INSTALLED
def test_the_configuration_refuses_open_doors(tmp_path):
    usual = hub.environment(tmp_path, 8000, ["anna"], "secret")
    done = subprocess.run(
        [hub.PYTHON, "-c", LOAD, hub.CONFIG],
        input=json.dumps([usual | changed for changed, _ in CASES]),
        capture_output=True,
        text=True,
        check=True,
    )
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(found) == len(CASES)
    for (changed, said), sentence in zip(CASES, found):
        assert sentence.startswith(said) and bool(sentence) == bool(said), (changed, sentence)


@INSTALLED
def test_the_hub_itself_loads_the_configuration(tmp_path):
    run = [str(hub.PYTHON), "-m", "jupyterhub", f"--config={hub.CONFIG}", "--show-config-json"]
    given = hub.environment(tmp_path, 8000, ["anna"], "secret")
    done = subprocess.run(run, env=given, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    shown = json.loads(done.stdout)
    assert "'anna'" in str(shown["Authenticator"]["allowed_users"])
    assert shown["Spawner"]["mem_limit"] == "3G"


def test_a_trial_listens_on_loopback_only(tmp_path):
    given = hub.environment(tmp_path, 8123, ["anna", "ben"], "secret")
    assert given["HUB_ADDRESS"] == "http://127.0.0.1:8123"
    assert given["HUB_LEARNERS"] == "anna ben"


def test_a_missing_npm_is_told_before_anything_is_made(monkeypatch, tmp_path):
    monkeypatch.setattr(hub.shutil, "which", lambda name: None)
    monkeypatch.setattr(hub.setup_env, "run", lambda command: pytest.fail("ran something"))
    monkeypatch.setattr(hub.sys, "platform", "linux")
    with pytest.raises(SystemExit, match=r"needs Node 20 or newer, with npm.* Received: no npm"):
        hub.install()


def test_other_versions_are_a_reason_to_install_again(monkeypatch):
    before = hub.wanted()
    monkeypatch.setattr(hub, "PROXY", "configurable-http-proxy@0.0.0")
    assert hub.wanted() != before


def test_the_image_has_the_locked_versions_and_the_course_s_settings():
    dockerfile = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    assert "--require-hashes -r requirements.lock" in dockerfile
    assert "scripts/setup_env.py exports" in dockerfile
    (python,) = re.findall(r"^FROM python:(3\.\d+)-slim$", dockerfile, flags=re.M)
    oldest, newest = setup_env.OLDEST, setup_env.NEWEST
    assert oldest <= tuple(map(int, python.split("."))) <= newest
    for name in re.findall(r"^COPY (\S+) \./$", dockerfile, flags=re.M):
        assert (course.ROOT / name).exists()


def test_the_values_for_a_cluster():
    values = yaml.safe_load((DEPLOY / "values.yaml").read_text(encoding="utf-8"))
    learner = values["singleuser"]
    assert learner["defaultUrl"].endswith("/notebooks/00_start_here.ipynb")
    assert learner["memory"]["guarantee"] <= learner["memory"]["limit"]
    folder = learner["extraEnv"]["AEHELPERS_DATA_DIR"]
    (mount,) = [
        each for each in learner["storage"]["extraVolumeMounts"] if each["mountPath"] == folder
    ]
    assert mount["readOnly"] is True
    assert mount["name"] in [each["name"] for each in learner["storage"]["extraVolumes"]]
    assert "dummy" not in str(values).lower()


def test_every_setting_of_the_configuration_is_explained():
    config = hub.CONFIG.read_text(encoding="utf-8")
    readme = (DEPLOY / "README.md").read_text(encoding="utf-8")
    inner = {"HUB_INNER_PORT", "HUB_PROXY", "HUB_PASSWORD"}
    for name in set(re.findall(r"\"(HUB_\w+)\"", config)) - inner:
        assert f"`{name}`" in readme, name


@pytest.mark.parametrize("address", ["http://127.0.0.1:1", "http://localhost", "http://[::1]:8"])
def test_ports_follow_the_trial(address, tmp_path):
    one, other = (hub.Hub(tmp_path, ["anna"]) for _ in range(2))
    assert one.port != other.port and one.inner_port != one.port
    assert os.path.isabs(hub.command(tmp_path)[0])
