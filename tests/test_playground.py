"""The playground without a browser: its settings, its page, its guide and its nets in Keras."""

import json
import re

import numpy as np
import pytest
import traitlets

from aehelpers import data, models, widgets
from aehelpers.widgets import _playground
from aehelpers.widgets._experiments import EXPERIMENTS
from scripts import course, playground, results


def test_settings_can_be_read_and_assigned():
    w = widgets.playground(kind="sparse", k=4)
    assert w.settings.keys() == _playground.SETTINGS.keys()
    assert w.settings["k"] == 4 and w.settings["code"] == 2
    w.settings = {"code": 64}
    assert w.settings["code"] == 64 and w.settings["kind"] == "sparse"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"beta": 1000}, r"beta must be one of \(0, 0.01, .*Received: beta=1000"),
        ({"seed": -1}, "seed must be one of from 0 to 99. Received: seed=-1"),
        ({"kind": "deep"}, "kind must be one of .*Received: kind='deep'"),
        ({"hidden": True}, "hidden must be one of .*Received: hidden=True"),
        ({"epochs": 3}, "settings must be of kind, code.*Received: epochs"),
    ],
)
def test_bad_settings(settings, message):
    with pytest.raises(traitlets.TraitError, match=message):
        widgets.playground(**settings)
    w = widgets.playground()
    before = w.settings
    with pytest.raises(traitlets.TraitError, match=message):
        w.settings = settings
    assert w.settings == before


def test_an_experiment_brings_its_settings():
    w = widgets.playground("collapse", seed=3)
    assert w.settings["beta"] == 40 and w.settings["seed"] == 3 and w.experiment == "collapse"
    with pytest.raises(
        ValueError, match="experiment must be one of two_or_eight, .*Received: 'no'"
    ):
        widgets.playground("no")


def test_the_digits_held_out_are_never_trained_on():
    images, labels = _playground.digits()
    (x, _), (x_held, _) = data.bundled()
    np.testing.assert_array_equal(images[:4500], x)
    held = images[4500:]
    assert sorted(map(bytes, held)) == sorted(map(bytes, x_held))
    assert labels[4500:4510].tolist() == list(range(10))
    assert not {bytes(each) for each in x} & {bytes(each) for each in held}


def test_pca_errors_are_those_of_pca():
    from sklearn.decomposition import PCA

    images, _ = _playground.digits()
    x = images.reshape(-1, 784) / 255
    pca = PCA(8, svd_solver="full").fit(x[:4500])
    made = pca.inverse_transform(pca.transform(x[4500:]))
    expected = np.square(made - x[4500:]).sum(axis=1).mean()
    assert _playground._pca_errors()["8"] == pytest.approx(expected, rel=1e-3)


def test_the_page_is_small_and_needs_nothing(tmp_path):
    path = tmp_path / "playground.html"
    playground.main(["--to", str(path)])
    text = path.read_text(encoding="utf-8")
    assert path.stat().st_size < playground.MOST
    for outside in ("https://", "src=", "@import", "import "):
        assert outside not in text.split("</head>")[1].split('id="state"')[0]
    assert "http://" not in text.replace("http://www.w3.org/2000/svg", "")
    assert "<h1>The autoencoder playground</h1>" in text


# ---- The guide ----


def test_every_experiment_is_whole():
    assert len({each["name"] for each in EXPERIMENTS}) == len(EXPERIMENTS) == 12
    for each in EXPERIMENTS:
        assert {"question", "choices", "watch", "measured"} <= each.keys()
        assert each["question"].endswith("?") and each["watch"][-1] in ".?"
        assert 2 <= len(each["choices"]) <= 4 and 0 <= each["answer"] < len(each["choices"])
        for phases in each["runs"].values():
            for changes, epochs in phases:
                widgets.playground(**(each["settings"] | changes))
                assert epochs > 0


def values(row):
    """All numbers that were measured for an experiment, and means of the seeds."""
    found, means = [], {}
    for run in row["runs"]:
        for i, phase in enumerate(run["phases"]):
            for name, value in phase.items():
                if isinstance(value, int | float):
                    found.append(value)
                    means.setdefault((run["run"], i, name), []).append(value)
    return found + [float(np.mean(each)) for each in means.values()]


@pytest.mark.parametrize("each", EXPERIMENTS, ids=lambda each: each["name"])
def test_what_the_guide_says_was_measured(each):
    (row,) = (row for row in results.load("experiments")["rows"] if row["name"] == each["name"])
    assert {run["run"] for run in row["runs"]} == each["runs"].keys()
    known = values(row)
    settings = {
        value for run in each["runs"].values() for phase, _ in run for value in phase.values()
    }
    settings |= {*each["settings"].values(), 784, 500, 100, 3}
    lengths = {sum(n for _, n in phases[:k]) for phases in each["runs"].values()
               for k in range(1, len(phases) + 1)}  # fmt: skip
    for text in re.findall(r"\d[\d,]*(?:\.\d+)?", each["measured"]):
        number = float(text.replace(",", ""))
        if number in settings or number in lengths:
            continue
        digits = len(text.split(".")[1]) if "." in text else 0
        pca = [_playground._pca_errors()[str(each["settings"]["code"])]]
        assert any(round(value, digits) == number for value in known + pca), text


def mean(row, run, name, phase=-1):
    """The mean over the seeds of what was measured at the end of a phase."""
    return np.mean([r["phases"][phase][name] for r in row["runs"] if r["run"] == run])


def nearest(value, choices):
    return int(np.argmin(np.abs(np.subtract(choices, value))))


def differ(first, second, share):
    """0 or 1, whichever is smaller, or 2 where they differ by less than a share."""
    smaller, larger = sorted((first, second))
    return 2 if larger - smaller < share * larger else int(second < first)


# The place of the answer among an experiment's choices, from what was measured.
ANSWERS = {
    "two_or_eight": lambda row: nearest(
        1 - mean(row, "eight", "squared_error") / mean(row, "two", "squared_error"), (0.1, 0.45, 1)
    ),
    "linear_pca": lambda row: int(
        mean(row, "linear", "squared_error") < _playground._pca_errors()["8"]
    ),
    "random_codes": lambda row: differ(
        mean(row, "variational", "samples_to_nearest"),
        mean(row, "vanilla", "samples_to_nearest"),
        0.2,
    ),
    "clouds_touch": lambda row: nearest(
        mean(row, "up", "cloud", 2) / mean(row, "up", "spread", 2), (0.1, 0.5, 1)
    ),
    "collapse": lambda row: nearest(
        mean(row, "cure", "penalty", 0), (0, 2, mean(row, "never", "penalty"))
    ),
    "how_many_active": lambda row: nearest(mean(row, "one", "alive"), (16, 10, 2.5)),
    "noise_up": lambda row: nearest(
        mean(row, "noise", "squared_error", 1) / mean(row, "noise", "squared_error", 0),
        (1.4, 2, 4),
    ),
    "four_of_64": lambda row: nearest(64 - mean(row, "eight", "alive"), (0, 16, 32)),
    "price_of_size": lambda row: nearest(mean(row, "price", "on", 1), (40, 15, 4)),
    "too_fast": lambda row: (
        2 if mean(row, "fast", "reconstruction") > mean(row, "right", "reconstruction") else 1
    ),
    "another_seed": lambda row: int(np.ptp(ends(row)) < 0.05 * np.mean(ends(row))),
    "two_losses": lambda row: differ(
        mean(row, "cross", "squared_error"), mean(row, "squares", "squared_error"), 0.1
    ),
}


def ends(row):
    return [run["phases"][-1]["reconstruction"] for run in row["runs"]]


@pytest.mark.parametrize("each", EXPERIMENTS, ids=lambda each: each["name"])
def test_the_answer_is_what_was_measured(each):
    (row,) = (row for row in results.load("experiments")["rows"] if row["name"] == each["name"])
    assert each["answer"] == ANSWERS[each["name"]](row)


# ---- Its nets in Keras ----


@pytest.mark.parametrize("kind", _playground.SETTINGS["kind"][0])
def test_nets_in_keras(kind):
    model = models.playground(kind, latent_dim=16, hidden=32, k=3)
    z = model.encoder(np.ones((2, 28, 28, 1), "float32"))
    assert z.shape == (2, 16) and model.decoder(z).shape == (2, 28, 28, 1)
    if kind == "sparse":
        assert np.count_nonzero(z) <= 6
    hidden = 0 if kind == "linear" else 2
    assert len([layer for half in (model.encoder, model.decoder) for layer in half.layers
                if layer.name.startswith("dense")]) == hidden  # fmt: skip


def test_bad_nets():
    with pytest.raises(ValueError, match="kind must be one of linear, .*Received: kind='deep'"):
        models.playground("deep")
    with pytest.raises(ValueError, match="hidden must be an integer of at least 0. Received"):
        models.playground(hidden=-1)


def test_a_stored_notebook_brings_its_settings_to_its_page():
    w = widgets.playground("collapse")
    _, about = w._repr_mimebundle_()
    values = json.loads(json.dumps(about["aehelpers"]))["values"]
    assert values == {"settings": w.settings, "experiment": "collapse"}


def test_notebooks_point_to_experiments_that_there_are():
    pointed = {}
    for each in course.notebooks():
        text = "\n".join(cell.source for cell in each.read().cells if cell.cell_type == "markdown")
        pointed[each.number] = re.findall(r'`widgets\.playground\("(\w+)"\)`', text)
    assert {number for number, names in pointed.items() if names} == {"01", "03", "04", "05"}
    assert {name for names in pointed.values() for name in names} <= {
        each["name"] for each in EXPERIMENTS
    }
