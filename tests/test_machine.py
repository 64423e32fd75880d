"""What `checks.environment` says of this machine, and of others."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from aehelpers import checks
from aehelpers.checks import machine


class VersionInfo(tuple):
    major, minor = 3, 9


def test_environment_is_fine_here():
    report = checks.environment()
    assert report.passed, report
    assert "MISSING" not in repr(report)


def test_environment_says_what_is_missing(monkeypatch):
    monkeypatch.setattr(machine, "_version", lambda name: "2.15.0" if name == "keras" else None)
    monkeypatch.setattr(machine.sys, "version_info", VersionInfo((3, 9, 0)))
    report = checks.environment()
    assert not report.passed
    assert "MISSING  Python 3.9. TensorFlow 2.21 needs 3.11 to 3.13" in repr(report)
    assert "MISSING  keras 2.15.0. The course needs 3.15" in repr(report)
    assert "tensorflow not installed" in repr(report)


def told(**environment):
    """Returns what a new process with these variables is told; None takes a variable away."""
    variables = {**os.environ, **environment}
    variables = {name: value for name, value in variables.items() if value is not None}
    code = "from aehelpers import checks; print(checks.environment())"
    ran = subprocess.run(
        [sys.executable, "-c", code], env=variables, check=True, capture_output=True, text=True
    )
    return ran.stdout


def test_settings_of_keras_that_would_do_harm_are_named(tmp_path):
    (tmp_path / "keras.json").write_text(json.dumps({"image_data_format": "channels_first"}))
    text = told(KERAS_HOME=str(tmp_path))
    assert "MISSING  Keras's image_data_format must be 'channels_last'. Received: " in text
    assert "channels_first" in text and "keras.json" in text
    assert "backend must be 'tensorflow'. Received: 'jax'" in told(KERAS_BACKEND="jax")


def test_a_user_without_a_home(tmp_path):
    assert "fine     disk space" in told(HOME=str(tmp_path / "none"))
    assert "fine     disk space" in told(HOME=None)


COLAB = {"keras": "3.13.2", "numpy": "2.1.3", "matplotlib": "3.10.0", "tensorflow": "2.20.0"}


def test_what_a_service_brings_along_will_do_there_and_nowhere_else(monkeypatch):
    monkeypatch.setattr(machine, "_version", COLAB.get)
    report = checks.environment()
    assert not report.passed and "start it with `make lab`" in repr(report)
    for variable in ("COLAB_RELEASE_TAG", "KAGGLE_KERNEL_RUN_TYPE"):
        with monkeypatch.context() as there:
            there.setenv(variable, "release")
            assert checks.environment().passed, checks.environment()


def test_what_to_do_is_what_can_be_done_there(monkeypatch):
    monkeypatch.setattr(machine, "_version", (COLAB | {"keras": "3.10.0"}).get)
    said = {}
    for host, variable in machine._HOSTS:
        with monkeypatch.context() as there:
            there.setenv(variable, "yes")
            said[host] = repr(checks.environment())
    assert all("make lab" not in text for text in said.values())
    assert '%pip install "keras==3.15.*"`, then Runtime > Restart session' in said["Colab"]
    assert "3.15 or 3.13" in said["Kaggle"] and "Run > Restart kernel" in said["Kaggle"]
    assert ".venv" in said["Codespaces"]


def test_the_versions_of_colab_are_those_of_the_job_that_tries_them():
    pins = (Path(__file__).parents[1] / ".github" / "colab.txt").read_text(encoding="utf-8")
    for name, version in COLAB.items():
        assert re.search(rf"^{name}(-cpu)?=={'.'.join(version.split('.')[:2])}\.", pins, re.M)
