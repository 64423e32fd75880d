"""What holds for every notebook without running it."""

import copy
import itertools
import json
import re

import nbformat
import pytest

from scripts import course, notebooks

FIXED = [
    "00_start_here",
    "01_vanilla",
    "02_convolutional",
    "03_denoising",
    "04_sparse",
    "05_variational",
    "06_applications",
]
# What every front end shows: JupyterLab, Notebook 7, VS Code, GitHub.
SHOWN_EVERYWHERE = {"text/plain", "text/html", "image/png"}


@pytest.fixture(params=[each.path for each in course.notebooks()], ids=lambda path: path.stem)
def path(request):
    return request.param


@pytest.fixture
def notebook(path):
    return course.Notebook(path).read()


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def prose(notebook):
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def tagged(notebook, tag):
    return [cell for cell in notebook.cells if tag in cell.metadata.get("tags", [])]


def headings(notebook):
    without_code = re.sub(r"```.*?```", "", prose(notebook), flags=re.S)
    return re.findall(r"^(#+) (.+)$", without_code, flags=re.M)


def test_the_course_is_complete():
    assert set(FIXED) <= {each.name for each in course.notebooks()}


def test_is_valid_and_small(path, notebook):
    nbformat.validate(notebook)
    assert path.stat().st_size < 1_000_000
    assert "widgets" not in notebook.metadata


def test_metadata_is_what_make_notebooks_writes(notebook):
    assert notebook.metadata == notebooks.normalise(copy.deepcopy(notebook)).metadata


def test_outputs_come_from_one_full_run_of_this_code(notebook):
    assert [cell.execution_count for cell in code(notebook)] == list(
        range(1, len(code(notebook)) + 1)
    )
    stored = notebook.metadata["aehelpers"]
    assert stored["data"] == "full MNIST"
    assert stored["code_sha256"] == notebooks.code_hash(notebook), (
        "The code was changed after its outputs were stored. Run: make notebooks"
    )


def test_outputs_hold_no_error_and_no_path(notebook):
    for cell in code(notebook):
        for output in cell.outputs:
            assert output.output_type != "error"
            assert output.get("name") != "stderr"
            output = copy.deepcopy(output)
            output.get("data", {}).pop("image/png", None)  # base64 holds slashes by chance
            assert not re.search(r"/(home|root|tmp|work|Users)/\w", json.dumps(output))


def test_every_picture_is_described(notebook):
    for cell in code(notebook):
        for output in cell.outputs:
            if "image/png" in output.get("data", {}):
                assert len(output.metadata["image/png"]["alt"]) > 20, cell.source
    assert not re.search(r"!\[\]\(", prose(notebook))


def test_outputs_show_everywhere_and_have_a_text(notebook):
    for cell in code(notebook):
        for output in cell.outputs:
            kinds = set(output.get("data", {}))
            assert kinds <= SHOWN_EVERYWHERE, cell.source
            assert not kinds or len(output.data["text/plain"]) > 0, cell.source
            assert not re.search(
                r"<\w+(\.\w+)+ object at 0x|^<.* at 0x", str(output.get("data", ""))
            )


def test_text_uses_what_every_front_end_shows(notebook):
    assert not re.search(
        r"<(?!https?:)/?[a-z][^>]*>",
        re.sub(r"```.*?```|`[^`]*`|\$[^$]*\$", "", prose(notebook), flags=re.S),
    )
    assert not any(cell.get("attachments") for cell in notebook.cells)
    for cell in code(notebook):
        assert not re.search(r"^\s*[%!]", cell.source, flags=re.M), cell.source


def test_nothing_is_told_by_colour_alone(notebook):
    colours = "red|green|blue|orange|purple|yellow|brown|pink"
    things = "line|curve|dot|point|bar|marker|row|region|area|column"
    assert not re.search(rf"\b({colours}) ({things})s?\b", prose(notebook), flags=re.I)
    for cell in code(notebook):  # figures come from plots, whose lines and classes carry names
        assert not re.search(r"\b(pyplot|plt)\b|\bcolou?rs?=", cell.source), cell.source


def test_headings_are_in_order(notebook):
    levels = [len(marks) for marks, _ in headings(notebook)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_opening_and_end(notebook):
    opening = notebook.cells[0].source
    for phrase in ("**The question:**", "**You need first:**", "**Time:**"):
        assert phrase in opening
    assert [title for _, title in headings(notebook)][-3:] == [
        "What we learned",
        "Next",
        "References",
    ]


def test_one_parameters_cell(notebook):
    (cell,) = tagged(notebook, "parameters")
    assert re.search(r"^(EPOCHS|BATCH_SIZE|LATENT_DIM) = ", cell.source, flags=re.M)


def test_exercises_have_stub_check_and_hidden_solution(notebook):
    stubs, solutions = tagged(notebook, "exercise"), tagged(notebook, "solution")
    assert len(stubs) == len(solutions) >= 1
    for stub, solution in zip(stubs, solutions, strict=True):
        check = re.search(r"checks\.(ex\d\d_\d)\(", stub.source).group(1)
        assert f"checks.{check}(" in solution.source
        assert solution.metadata["jupyter"]["source_hidden"]
        number = check.removeprefix("ex").lstrip("0").replace("_", ".")
        number = number if number[0] != "." else f"0{number}"
        assert re.search(rf"Exercise {re.escape(number)} · .+ minutes\)", prose(notebook))
        assert "not attempted yet" in json.dumps(stub.outputs)
        assert "passed" in json.dumps(solution.outputs)


def test_code_cells_hold_one_idea(notebook):
    for cell in code(notebook):
        if not {"solution", "exercise"} & set(cell.metadata.get("tags", [])):
            lines = [line for line in cell.source.splitlines() if line.strip()]
            assert len(lines) <= 16, cell.source


def test_formulas_are_said_in_words(notebook):
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and "$$" in cell.source:
            assert "In words:" in cell.source, cell.source


def test_local_links_lead_somewhere(path, notebook):
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", prose(notebook)):
        assert (path.parent / target).exists(), target


def test_nothing_is_left_to_fill_in(notebook):
    assert not re.search(r"\b(TODO|FIXME|XXX|[A-Z]+_PROSE|LEARNED|[A-Z]+_HERE)\b", prose(notebook))


def test_the_model_written_out_in_01_is_the_package_s():
    import keras
    import numpy as np

    from aehelpers import models

    notebook = course.notebook("01_vanilla").read()
    names = {"keras": keras, "layers": keras.layers, "LATENT_DIM": 32}
    for cell in tagged(notebook, "vanilla") + tagged(notebook, "deep"):
        exec(re.sub(r"^(.*summary\(\)|print\(.*)$", "", cell.source, flags=re.M), names)
    x = np.random.default_rng(0).random((3, 28, 28, 1)).astype("float32")
    for written, package in [
        (names["autoencoder"], models.vanilla()),
        (
            models.Autoencoder(names["deep_encoder"], names["deep_decoder"]),
            models.deep(latent_dim=30),
        ),
    ]:
        package.set_weights(written.get_weights())
        np.testing.assert_allclose(
            package.predict(x, verbose=0), written.predict(x, verbose=0), atol=1e-6
        )
