"""What `checks.environment` says of this machine, and of others."""

import json
import os
import subprocess
import sys

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
