"""The tables of the hub's benchmark, and how its learners read what kernels say."""

import os
import subprocess
import sys

import pytest

from benchmarks import hub, learners

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="Memory is read from /proc.")
ROW = {
    "learners": 8,
    "stagger_seconds": 5,
    "notebooks": "00, 01",
    "done": 7,
    "seconds": 150.0,
    "login_seconds": 4.0,
    "slowest_login_seconds": 9.0,
    "training_seconds": 3.0,
    "slowest_training_seconds": 6.0,
    "memory_gib": 5.21,
    "largest_gib": 0.75,
    "server_gib": 0.13,
    "core_seconds": 60.0,
    "least_left_gib": 7.06,
    "failed": ["the kernel was killed"],
}
FAULT = {"fault": "the proxy is killed", "told": "back after 6 s", "well": 2, "others": 2}
FOUND = {"rows": [ROW, FAULT], "machine": {"cores": 2, "memory_gib": 24, "keras": "3.15.1"}}


def test_a_class_that_wasnt_all_done_is_told():
    text = hub.table(FOUND)
    row = "| 8 | every 5 s | 7 (the kernel was killed) | 2.5 min | 4 s (9 s) | 3 s (6 s) "
    assert f"{row}| 5.2 GiB (0.65) | 0.75 GiB |" in text
    assert "Measured on 2 cores" in text and "proxy is killed" not in text
    assert "up to 0.13 GiB" in text and "were free" not in text
    whole = hub.table({**FOUND, "rows": [ROW | {"done": 8, "failed": [], "stagger_seconds": 0}]})
    assert "| 8 | at once | yes |" in whole
    assert "Where all were done, at least 7.1 GiB were free." in whole
    none = {"done": 0, "training_seconds": None, "slowest_training_seconds": None}
    assert "| 4 s (9 s) | – |" in hub.table({**FOUND, "rows": [ROW | none]})
    alone = hub.table({**FOUND, "rows": [ROW | {"learners": 1, "done": 1, "failed": []}]})
    assert "| 1 | alone | yes |" in alone


def test_faults_have_a_table_of_their_own():
    assert hub.fault_table(FOUND).splitlines()[2:] == [
        "| the proxy is killed | back after 6 s | 2 of 2 |"
    ]


def test_who_has_room_on_one_machine():
    rows = [
        {"part": "server", "own_gib": 0.1, "shared_gib": 0.1},
        {"part": "kernel of 00 at its end", "own_gib": 0.4, "shared_gib": 0.4},
        {"part": "kernel of 01 at its end", "own_gib": 0.6, "shared_gib": 0.4},
    ]
    lines = hub.parts_table({**FOUND, "rows": [ROW, *rows, FAULT]}).splitlines()
    assert lines[2:5] == [
        "| server | 0.10 GiB | 0.10 GiB |",
        "| kernel of 00 at its end | 0.40 GiB | 0.40 GiB |",
        "| kernel of 01 at its end | 0.60 GiB | 0.40 GiB |",
    ]
    # 24 - 2 - 0.5 GiB for 0.7 GiB each, or 1.1.
    assert "24 GiB hold 30 learners" in lines[-1] and "or 19 who have not" in lines[-1]
    assert hub.parts_table({"rows": [ROW]}).count("\n") == 1


def test_larger_classes_on_paper(monkeypatch):
    monkeypatch.setattr(hub, "promised", lambda: (0.2, 1.0))
    rows = [
        ROW | {"failed": []},
        # What wasn't all done or wasn't all of it counts for nothing.
        ROW | {"largest_gib": 2.0},
        ROW | {"failed": [], "notebooks": "00, 01 to its first training", "largest_gib": 3.0},
        FAULT,
        {"unpacked_gb": 2.3, "packed_gb": 0.5},
    ]
    lines = hub.paper({"rows": rows}).splitlines()
    # 30 GiB hold 30 learners of 1 GiB, 7.5 cores would hold 37 of 0.2.
    assert lines[2:5] == [
        "| 30 | 1 | 8 | 0.5 | 32 |",
        "| 200 | 7 | 56 | 3.3 | 224 |",
        "| 2,000 | 67 | 536 | 33.3 | 2,144 |",
    ]
    assert "holds 30 learners" in lines[-1] and "Measured were 0.75 GiB" in lines[-1]
    assert "4 seconds for a node that gets 1 Gbit/s, 34 GB for 67 nodes" in lines[-1]
    monkeypatch.setattr(hub, "promised", lambda: (0.5, 1.0))  # now cores are what is short
    assert hub.paper({"rows": rows}).splitlines()[2] == "| 30 | 2 | 16 | 0.5 | 64 |"
    assert hub.paper({"rows": []}) == ""


def test_the_promises_are_those_of_the_values():
    assert hub.promised() == (0.2, 1.0)  # the guide's table was made of these


@LINUX
def test_memory_and_time_of_a_learner_s_processes():
    keep = "import time; a = bytearray(80_000_000); sum(range(3_000_000)); print(1, flush=True)"
    command = [sys.executable, "-c", keep + "; time.sleep(60)"]
    given = {**os.environ, "JUPYTERHUB_USER": "somebody here"}
    with subprocess.Popen(command, env=given, stdout=subprocess.PIPE) as process:
        try:
            process.stdout.read(1)
            (found,) = [each for each in learners.processes() if each.name == "somebody here"]
        finally:
            process.kill()
    assert found.pid == process.pid and not found.is_server
    assert 80_000_000 < found.own <= found.memory < 160_000_000 and found.seconds > 0


def test_the_image_is_packed(monkeypatch, tmp_path):
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "zeros").write_bytes(bytes(10_000_000))
    monkeypatch.setattr(hub.sys, "prefix", str(tmp_path))
    assert hub.image() == {"unpacked_gb": 0.01, "packed_gb": 0.0}


def test_nothing_was_measured_yet():
    assert hub.table({"rows": []}).count("\n") == 1


@LINUX
@pytest.mark.parametrize("arguments", [["--learners", "0"], ["--learners", "100000"]])
def test_what_cant_be_measured_is_told(arguments):
    with pytest.raises(SystemExit, match="Received: "):
        hub.main([*arguments, "--tiny"])


def test_binary_messages_begin_with_their_json():
    text, weights = b'{"a": 1}', b"12345"
    starts = [12, 12 + len(text)]
    head = b"".join(number.to_bytes(4, "big") for number in (2, *starts))
    assert learners._json_of(head + text + weights) == text
    alone = (1).to_bytes(4, "big") + (8).to_bytes(4, "big") + text
    assert learners._json_of(alone) == text
