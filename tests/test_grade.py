"""Marks for notebooks of learners who don't exist, each as expected, and none stops another's."""

import contextlib
import csv
import io
import json
import re
import sys
import zipfile

import pytest
from invented import BROKEN, HOSTILE, notebook, right, with_code, wrong

from scripts import course, grade
from scripts.grading import cells, hand_ins, pages
from scripts.grading.warm import FORKS, Marker

NUMBERS = [each.number for each in course.notebooks()]


def name_of(exercise):
    return f"{int(exercise[2:4])}.{exercise[5:]}"


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory):
    """A folder with what the whole class has handed in, a folder for each learner."""
    folder = tmp_path_factory.mktemp("class")

    def put(who, content, name="notebook.ipynb"):
        path = folder / who / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())

    for number in NUMBERS:
        put(f"right {number}", right(number, int(number)), f"Untitled{number} (2).ipynb")
        for turn in (0, 1):
            put(f"wrong {number} {turn}", wrong(number, turn)[0])
    put("blank", notebook("00"))
    put("solutions", course.notebook("00").path.read_bytes())
    for what, (content, _) in BROKEN.items():
        put(f"broken {what}", content)
    if FORKS:
        for what, (code, answer, *_) in HOSTILE.items():
            put(f"hostile {what}", with_code(code, answer))
    same = right("00")
    put("twice", same, "00_start_here.ipynb")
    put("twice", notebook("00"), "00_start_here-Copy1.ipynb")
    put("copies", same)
    put("photograph", b"\xff\xd8", "notes.jpg")
    (folder / "linked").mkdir()
    with contextlib.suppress(OSError):  # Windows has none for everybody
        (folder / "linked" / "notebook.ipynb").symlink_to(folder / "blank" / "notebook.ipynb")
    return folder


@pytest.fixture(scope="module")
def marked(handed_in):
    """What came of it, by learner."""
    found = hand_ins.find(handed_in)
    assert len({each.who for each in found}) >= 40
    limits = {"closed": [handed_in], "step": 8, "memory": 1.0}
    return {each.who: each for each in grade.mark(found, jobs=2, **limits)}


@pytest.mark.parametrize("number", NUMBERS)
def test_right_answers_pass_whatever_the_file_is_called(marked, number):
    done = marked[f"right {number}"]
    assert done.notebook == number and not done.problem
    assert len(done.verdicts) >= 3
    assert [v["message"] for v in done.verdicts if not v["passed"]] == []


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("turn", [0, 1])
def test_wrong_answers_get_their_hint(marked, number, turn):
    verdicts = {v["exercise"]: v for v in marked[f"wrong {number} {turn}"].verdicts}
    for exercise, hint in wrong(number, turn)[1].items():
        verdict = verdicts[name_of(exercise)]
        assert verdict["passed"] is False
        assert hint in verdict["message"]


@pytest.mark.parametrize("who", ["blank", "solutions"])
def test_what_was_not_attempted(marked, who):
    assert [v["passed"] for v in marked[who].verdicts] == [None] * 3


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_no_notebook_is_reported(marked, what):
    done = marked[f"broken {what}"]
    assert BROKEN[what][1] in done.problem
    assert not done.verdicts


@pytest.mark.skipif(not FORKS, reason="Each notebook has limits of its own on Linux only.")
@pytest.mark.parametrize("what", HOSTILE)
def test_what_does_harm_is_told_and_the_rest_judged(marked, what):
    *_, passed, words = HOSTILE[what]
    first, *rest = marked[f"hostile {what}"].verdicts
    assert first["passed"] is passed, first
    # On a busy machine time may be up before the memory or the paper is.
    late = ("TimeoutError", "took too long") if what in ("memory", "slow memory", "print") else ()
    assert any(word in first["message"] for word in (words, *late)), first
    assert len(rest) == 2
    by_hand = "marked by hand" in first["message"]
    for verdict in rest:
        assert verdict["passed"] is None
        assert verdict["message"] == (first["message"] if by_hand else "")
    assert not (course.ROOT / "owned").exists()


def test_of_several_files_the_last_counts(marked, handed_in):
    several = [each for each in hand_ins.find(handed_in) if each.who == "twice"]
    assert len(several) == 2
    done = grade.mark(several)
    assert {d.hand_in.name: d.counts for d in done} == {
        "twice/00_start_here-Copy1.ipynb": True,
        "twice/00_start_here.ipynb": False,
    }
    assert "00_start_here.ipynb" not in [row["file"] for row in rows(grade.table(done))]


def test_equal_files_are_told(marked):
    assert "letter by letter: twice" in " ".join(marked["copies"].remarks)


def test_what_is_no_file_of_the_course(marked):
    assert "no notebook" in marked["photograph"].problem
    assert "linked" not in marked or "link" in marked["linked"].problem


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_the_table_has_a_row_for_each_exercise_and_each_problem(marked):
    found = rows(grade.table(list(marked.values())))
    assert list(found[0]) == ["who", "exercise", "passed", "message", "tries", "file"]
    mine = [row for row in found if row["who"] == "right 01"]
    assert [(row["exercise"], row["passed"]) for row in mine] == [
        ("1.1", "True"),
        ("1.2", "True"),
        ("1.3", "True"),
    ]
    (empty,) = [row for row in found if row["who"] == "broken empty"]
    assert (empty["exercise"], empty["passed"]) == ("", "")
    assert {row["who"] for row in found} == set(marked)


def test_pages_tell_each_learner_and_the_class(marked):
    found = pages.written(list(marked.values()))
    assert len(found) == len(marked) + 2
    mine = found[pages.page_name("wrong 00 0")]
    assert "single grey" in mine and "What a right answer shows." in mine
    assert mine.count('src="data:image/png;base64,') == mine.count('alt="') >= 2
    assert 'alt=""' not in mine
    assert found[pages.page_name("right 00")].count("✓ passed") == 3
    everybody = found["class.html"]
    assert "single grey" in everybody and "How to go about it" not in everybody
    for who in marked:
        assert not re.search(rf"\b{re.escape(who)}\b", everybody)
    for text in found.values():
        assert "<script" not in text and "http" not in re.sub(r'base64,[^"]*', "", text)
    assert "&lt;script" in found[pages.page_name("hostile markup")] or not FORKS


def test_code_of_a_notebook_cant_read_the_others(handed_in):
    other = handed_in / "blank" / "notebook.ipynb"
    code = with_code("", f"lambda x: open({str(other)!r}).read()")
    with Marker([handed_in]) as marker:
        found = marker.mark(code.encode())
    assert not FORKS or "may not read the hand-ins" in found["verdicts"][0]["message"]


def test_a_marker_that_was_killed_starts_anew():
    with Marker() as marker:
        marker.mark(notebook("00").encode())
        marker._process.kill()
        assert [v["passed"] for v in marker.mark(notebook("00").encode())["verdicts"]] == [None] * 3


def test_where_there_are_no_forks(monkeypatch):
    monkeypatch.setattr("scripts.grading.warm.FORKS", False)
    monkeypatch.setenv("AEHELPERS_GRADE_FORKS", "0")
    with Marker() as marker:
        for _ in range(2):
            assert all(v["passed"] for v in marker.mark(right("00").encode())["verdicts"])
            assert marker._process is None


@pytest.mark.parametrize(
    ("names", "who"),
    [
        (["Anna Berg_123_assignsubmission_file_/01_vanilla.ipynb"], ["Anna Berg"]),
        (["Anna Berg_123_assignsubmission_file/x.ipynb"], ["Anna Berg"]),
        (["Ben O'Hara_7_assignsubmission_file_01_vanilla.ipynb"], ["Ben O'Hara"]),
        (
            ["Li Wei_1_assignsubmission_file_/a.ipynb", "Li Wei_2_assignsubmission_file_/a.ipynb"],
            ["Li Wei (1)", "Li Wei (2)"],
        ),
        (["bergAnna_12_345_01_vanilla-1.ipynb"], ["bergAnna"]),
        (["bergAnna_LATE_12_345_01_vanilla.ipynb"], ["bergAnna"]),
        (["inbound/anna+ps1+2026-01-02 03:04:05 UTC+6f/01_vanilla.ipynb"], ["anna"]),
        (["submitted/anna/ps1/01_vanilla.ipynb"], ["anna"]),
        (["submitted/anna/ps1/a.ipynb", "submitted/bob/ps1/a.ipynb"], ["anna", "bob"]),
        (["week 1/anna/a.ipynb", "week 1/bob/a.ipynb"], ["anna", "bob"]),
        (["anna/00_start_here.ipynb", "anna/01_vanilla.ipynb"], ["anna", "anna"]),
        (["01_vanilla_anna.ipynb", "bob - 01_vanilla (2).ipynb"], ["anna", "bob"]),
        (["all/01_vanilla (Anna Berg).ipynb", "all/01_vanilla (Bo).ipynb"], ["Anna Berg", "Bo"]),
        (["anna.zip/01_vanilla.ipynb", "bob.zip/x/01_vanilla.ipynb"], ["anna", "bob"]),
        (["../../etc/01_vanilla.ipynb"], ["etc"]),
        (["Zoe\u0308/a.ipynb", "Zoë/b.ipynb"], ["Zoë", "Zoë"]),
        (["anna/.ipynb_checkpoints/a.ipynb", "__MACOSX/anna/._a.ipynb", "anna/b.ipynb"], ["anna"]),
    ],
)
def test_who_it_was_stands_in_the_names(tmp_path, names, who):
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, "{}")
    assert [each.who for each in hand_ins.find(path)] == who


def test_archives_within_a_folder_are_read_where_they_lie(tmp_path):
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("work/01_vanilla.ipynb", "{}")
        archive.writestr("../../../escaped.ipynb", "{}")
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("Anna_1_assignsubmission_file_/mine.zip", inner.getvalue())
        archive.writestr("Bo_2_assignsubmission_file_/mine.zip", b"no archive")
        archive.writestr("Cem_3_assignsubmission_file_/large.ipynb", b" " * 30 * 2**20)
    found = hand_ins.find(tmp_path / "all.zip")
    assert [(each.who, each.problem[:12]) for each in found] == [
        ("Anna", ""),
        ("Anna", ""),
        ("Bo", "It is no zip"),
        ("Cem", "Expected a f"),
    ]
    assert {path.name for path in tmp_path.rglob("*")} == {"all.zip"}


@pytest.mark.parametrize("content", [b"", b"PK", b"PK\x05\x06" + b"\0" * 17])
def test_a_damaged_archive_is_reported(tmp_path, content):
    (tmp_path / "all.zip").write_bytes(content)
    (found,) = hand_ins.find(tmp_path / "all.zip")
    assert "zip archive" in found.problem


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(ValueError, match="must be a folder, a zip archive or a notebook. Received"):
        hand_ins.find(tmp_path / "nothing")


def test_old_notebooks_and_other_encodings_are_read():
    old = {"worksheets": [{"cells": [{"cell_type": "code", "input": ["a = 1\n", "b = 2"]}]}]}
    assert cells.read(json.dumps(old).encode())[0].source == "a = 1\nb = 2"
    text = notebook("00")
    for encoding in ("utf-8-sig", "utf-16"):
        assert len(cells.read(text.encode(encoding))) == len(cells.read(text.encode()))


def run_of(*sources):
    """Returns the statements that are run of some cells."""
    given = [cells.Cell(f"cell {i}", source, set()) for i, source in enumerate(sources)]
    return [part.code for part in cells.parts(given)[0]]


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ("import numpy as np\nSIZE = np.linspace(0, 1, 5)", 2),
        ("import numpy as np\nrng = np.random.default_rng(0)", 2),
        ("A = 1\nB: int = 2\nC = (A, -B, [3] * 4, {'a': A}, f'{A}', len('x'))", 3),
        ("f = lambda x: train(x)", 1),
        ("def f(x):\n    return train(x)\nclass A:\n    pass", 2),
        ("try:\n    import a\nexcept ImportError:\n    a = None", 1),
        ("model.fit(x)\nhistory = model.fit(x)\nx = data.load_mnist()\nprint(1)", 0),
        ("for i in range(9):\n    train(i)", 0),
        ("if True:\n    train()", 0),
        ("y = [train(i) for i in range(3)]", 0),
    ],
)
def test_what_is_run_of_a_cell(source, count):
    assert len(run_of(source)) == count


def test_a_check_that_is_called_another_way():
    space = {"__noted__": lambda name, answer: noted.append((name, answer))}
    noted = []
    cell = "from aehelpers.checks import ex00_1\nprint(ex00_1(len), checks.ex00_1(function=max))"
    for code in run_of(cell):
        exec(code, space)
    assert noted == [("ex00_1", len), ("ex00_1", max)]


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("Divide by 784. Read again: “The digits”.", "Divide by 784."),
        ("With x: expected 3, received 4. Read again: “A”.", "Another result than the one asked"),
        ("The sign is turned. With b = 2: expected 1, received -1. Re", "The sign is turned."),
        ("With no image: Your function stopped with KeyError: 'a'.", "Your function stopped with"),
        ("Expected a function. Received: text. Read again: “A”.", "Expected a function."),
    ],
)
def test_hints_are_counted_without_their_values(message, said):
    assert pages.kind(message).startswith(said)


def test_a_spreadsheet_takes_nothing_for_a_formula():
    hand_in = hand_ins.HandIn("=HYPERLINK(1)", "a.ipynb")
    (row,) = rows(grade.table([grade.Marked(hand_in, problem="+1")]))
    assert (row["who"], row["message"]) == ("'=HYPERLINK(1)", "'+1")


def test_the_command_writes_and_never_overwrites_unsaid(tmp_path, capsys):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "anna.ipynb").write_text(notebook("00"))
    command = [str(tmp_path / "in"), "--to", str(tmp_path / "marks"), "--jobs", "1"]
    assert grade.main(command) == 0
    said = capsys.readouterr().out
    assert "anna: anna.ipynb: 00, 0 of 3 passed" in said and "4 written" in said
    assert {path.name for path in (tmp_path / "marks").iterdir()} == {
        ".written.json",
        "class.html",
        "index.html",
        "learners",
        "marks.csv",
    }
    mine = "who,points\nanna,3\n"
    (tmp_path / "marks" / "marks.csv").write_text(mine)
    (tmp_path / "in" / "anna.ipynb").write_text(right("00"))
    grade.main(command)
    said = capsys.readouterr().out
    assert "3 replaced" in said
    assert (
        "marks.csv: changed since it was written, and left so; the newer one is marks.new" in said
    )
    assert (tmp_path / "marks" / "marks.csv").read_text() == mine
    assert "True" in (tmp_path / "marks" / "marks.new.csv").read_text()


def test_a_folder_with_other_files_is_refused(tmp_path, capsys):
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(SystemExit, match="2"):
        grade.main([str(tmp_path), "--to", str(tmp_path)])
    assert "which holds other files" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["nothing"], ["--jobs", "0", "."]])
def test_a_command_that_cant_be_carried_out(tmp_path, arguments, capsys):
    with pytest.raises(SystemExit, match="2"):
        grade.main([*arguments, "--to", str(tmp_path / "m")])
    assert "Received: " in capsys.readouterr().err


def test_tries_are_noted_in_the_output_of_a_check(monkeypatch):
    from aehelpers import checks

    monkeypatch.setattr(checks.ex00_1, "_tries", 0)
    monkeypatch.setattr(checks.ex00_1, "_last", None)

    def stub(x): ...

    def wrong(x):
        return x.mean()

    assert checks.ex00_1(stub)._repr_mimebundle_()[1] == {}
    for expected, answer in ((1, wrong), (1, wrong), (2, lambda x: x.mean(axis=0))):
        verdict = checks.ex00_1(answer)
        data, metadata = verdict._repr_mimebundle_()
        assert data == {"text/plain": repr(verdict)}
        assert metadata == {"aehelpers": {"exercise": "0.1", "tries": expected}}
    output = {"output_type": "execute_result", "metadata": metadata, "data": data}
    cell = {"cell_type": "code", "source": "checks.ex00_1(f)", "outputs": [output]}
    assert cells.read(json.dumps({"cells": [cell]}).encode())[0].tries == {"0.1": 2}


def test_nothing_of_it_imports_tensorflow_in_the_teachers_process():
    import subprocess

    code = "import sys, scripts.grade; assert not {'tensorflow', 'keras'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=course.ROOT)
