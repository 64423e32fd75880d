import re
from pathlib import Path

import keras
import numpy as np
import pytest

from aehelpers import data, losses, models
from benchmarks import __main__ as everything
from benchmarks import (
    classroom,
    limits,
    overview,
    quick,
    site,
    small_machine,
    speed,
    starting,
    widgets,
    workers,
)
from scripts import course, results
from scripts.lab import find_chromium

SMAPS = Path("/proc/self/smaps_rollup")  # which only Linux has


@pytest.fixture
def mnist():
    return data.load_mnist()


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize("name", speed.BENCHMARKS)
def test_every_pair_of_recipes_runs(name, mnist):
    run = speed.compare(name, mnist, seed=0, tiny=True)
    assert 0 < run["peer_seconds_first_there"] <= run["peer_seconds"]
    assert run["our_loss"] < (784 if speed.BENCHMARKS[name].loss is None else 1)
    for who, epochs in (("peer", 1), ("tuned", 1), ("our", run["our_epochs"])):
        assert len(run[f"{who}_curve"]["seconds"]) == epochs
        assert run[f"{who}_curve"]["losses"][-1] == run[f"{who}_loss"]
        assert run[f"{who}_curve"]["seconds"][-1] == run[f"{who}_seconds"]


def test_the_peers_are_as_large_as_published():
    sizes = {name: b.build().count_params() for name, b in speed.BENCHMARKS.items()}
    # keras.io tells 69,076 for the encoder and 65,089 for the decoder; beta is ours.
    assert sizes.pop("variational") == 69_076 + 65_089 + 1
    assert sizes == {
        "vanilla": 50_992,
        "convolutional": 28_353,
        "denoising": 28_353,
        "sparse": 50_992,
    }


@pytest.mark.parametrize("name", ["vanilla", "sparse"])
def test_both_recipes_have_the_loss_that_is_measured(name, mnist):
    benchmark = speed.BENCHMARKS[name]
    x = mnist.x_val.reshape(-1, 784)
    theirs, ours = benchmark.build(), (benchmark.build_ours or benchmark.build)()
    ours.set_weights(theirs.get_weights())
    theirs.compile(loss=benchmark.loss)
    ours.compile(loss=losses.binary_crossentropy)
    measured = benchmark.evaluate(theirs, x)
    assert theirs.evaluate(x, x, batch_size=len(x), verbose=0) == pytest.approx(measured, rel=1e-4)
    assert ours.evaluate(x, x, batch_size=len(x), verbose=0) == pytest.approx(
        784 * measured, rel=1e-4
    )


def test_the_clock_stops_at_the_target():
    measured = iter([3.0, 2.0, 1.0])
    clock = speed.TimedValidation(lambda model: next(measured), target=2.0)
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(loss="mse")
    model.fit(np.zeros((2, 1)), np.zeros((2, 1)), epochs=3, verbose=0, callbacks=[clock])
    assert clock.losses == [3.0, 2.0]
    assert clock.reached
    assert clock.times == sorted(clock.times)
    assert clock.times[-1] == clock.seconds


@pytest.fixture
def stored(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "RESULTS", tmp_path)
    return tmp_path / "speed.json"


def a_run(seed, ratio):
    seconds = {"peer_seconds": 100.0, "tuned_seconds": 50.0, "our_seconds": 100 / (ratio or 1)}
    return {
        "seed": seed,
        "ratio": ratio,
        "peer_loss": 0.1,
        "tuned_loss": 0.1,
        "tuned_ratio": ratio and 2.0,
        **seconds,
    }


def test_runs_are_added_to_what_is_stored(stored, mnist):
    for name, seed, ratio in [("sparse", 1, 8.0), ("vanilla", 0, 5.0), ("sparse", 0, 4.0)]:
        found = speed.store(name, a_run(seed, ratio), mnist)
    assert [row["name"] for row in found["rows"]] == ["vanilla", "sparse"]
    assert [row["seeds"] for row in found["rows"]] == [[0], [0, 1]]
    assert [row["ratio"] for row in found["rows"]] == [5.0, 6.0]
    found = speed.store("sparse", a_run(1, 2.0), mnist)
    assert found["rows"][1]["ratio"] == 3.0
    assert "the seeds (vanilla 0; sparse 0, 1)" in speed.table(found)
    assert "convolutional" not in speed.table(found)


def test_runs_of_another_recipe_or_machine_are_dropped(stored, mnist, monkeypatch):
    for name in ("sparse", "vanilla"):
        speed.store(name, a_run(0, 4.0), mnist)
    monkeypatch.setattr(speed.BENCHMARKS["sparse"], "epochs", 3)
    rows = speed.store("sparse", a_run(1, 6.0), mnist)["rows"]
    assert [row["seeds"] for row in rows] == [[0], [1]]
    monkeypatch.setattr(results, "machine", lambda: {"cores": 1000, "keras": "0"})
    assert [row["name"] for row in speed.store("sparse", a_run(1, 6.0), mnist)["rows"]] == [
        "sparse"
    ]


def test_the_mean_over_all_five(stored, mnist):
    for name, ratio in zip(speed.BENCHMARKS, (16.0, 4.0, 8.0, 16.0, 4.0)):
        found = speed.store(name, a_run(0, ratio), mnist)
    assert "of the 5: 8.0 times faster. Medians of 1 seed (with" in speed.table(found)
    found = speed.store("sparse", a_run(1, None), mnist)
    assert "Geometric mean" not in speed.table(found)
    assert "not reached" in speed.table(found) and ": 50 s, not there |" in speed.table(found)


def test_the_seconds_of_a_peer_whose_end_is_known(stored, mnist, monkeypatch):
    trained = []

    def train(name, mnist, seed, epochs=None, tiny=False):
        trained.append(epochs)
        clock = speed.TimedValidation(None)
        clock.losses = [3.0, 2.0, 1.0, 1.5, 1.0][: epochs or 5]
        clock.times = [4.0, 6.0, 9.0, 11.0, 14.0][: epochs or 5]
        clock.seconds = clock.times[-1]
        return clock

    done = speed.TimedValidation(None, target=1.0)
    done.seconds, done.losses, done.times = 2.0, [1.0], [2.0]
    monkeypatch.setattr(speed, "train_peer", train)
    monkeypatch.setattr(speed, "train_tuned", lambda *args: done)
    monkeypatch.setattr(speed, "train_ours", lambda *args: done)
    monkeypatch.setattr(speed, "TIMED", 6)
    whole = speed.compare("vanilla", mnist, 1, whole=False)  # nothing is known yet
    assert (whole["peer_seconds"], whole["peer_epochs_timed"], whole["ratio"]) == (12.0, 5, 6.0)
    part = speed.compare("vanilla", mnist, 1, whole=False)
    assert trained == [None, 3, 3]  # half of them before the others, half after
    # The first epoch took 4 s, the fastest of the others that were timed 2.
    assert (part["peer_seconds"], part["peer_epochs_timed"]) == (12.0, 6)
    assert part["peer_seconds_first_there"] == 4.0 + 2 * 2.0 and part["peer_loss"] == 1.0
    assert part["peer_curve"]["losses"] == [3.0, 2.0, 1.0, 1.5, 1.0]
    monkeypatch.setattr(speed.BENCHMARKS["vanilla"], "peer_batch", 7)
    speed.compare("vanilla", mnist, 1, whole=False)
    speed.compare("vanilla", mnist, 1, whole=True)
    assert trained == [None, 3, 3, None, None]
    for with_tuned in (False, True):
        run = speed.compare("vanilla", mnist, 1, with_tuned=with_tuned)
        assert ("tuned_loss" in run) == with_tuned
        table = speed.table(speed.store("vanilla", run, mnist))
        assert ("no run |" in table) != with_tuned
        assert ("Medians of 1 seed (with the rate tuned: of one)" in table) == with_tuned


def test_what_is_known_with_the_rate_tuned_is_kept(stored, mnist):
    speed.store("sparse", a_run(0, 4.0), mnist)
    new = {key: value for key, value in a_run(0, 5.0).items() if not key.startswith("tuned_")}
    (row,) = speed.store("sparse", new, mnist)["rows"]
    assert row["runs"] == [a_run(0, 5.0)]
    assert (row["ratio"], row["tuned_ratio"]) == (5.0, 2.0)
    (row,) = speed.store("sparse", a_run(0, None), mnist)["rows"]
    assert row["tuned_ratio"] is None  # trained anew
    (row,) = speed.store("sparse", new | {"peer_loss": 0.09}, mnist)["rows"]
    assert "tuned_loss" not in row["runs"][0]  # it was trained until another loss


@pytest.mark.parametrize("benchmark", [speed, limits, widgets])
def test_unknown_name(benchmark, capsys):
    with pytest.raises(SystemExit):
        benchmark.main(["--only", "nonsense"])
    assert re.search("Expected .* among .* Received: 'nonsense'", capsys.readouterr().err)


@pytest.mark.parametrize("benchmark", [speed, limits, starting, classroom])
def test_quick_mode_and_the_bundled_digits_are_refused(benchmark, monkeypatch):
    if benchmark is classroom and not SMAPS.exists():
        pytest.skip("needs Linux")
    with pytest.raises(SystemExit, match="Received: AEHELPERS_QUICK=1"):
        benchmark.main([])
    monkeypatch.setattr(data, "quick", lambda: False)
    with pytest.raises(SystemExit, match="Received: the bundled digits"):
        benchmark.main([])


def test_unknown_benchmark(capsys):
    with pytest.raises(SystemExit):
        everything.main(["nonsense"])
    assert "Expected benchmarks among limits, starting" in capsys.readouterr().err


def test_a_benchmark_that_fails_keeps_no_other_from_running(monkeypatch, capsys):
    class Ended:
        def __init__(self, command, cwd):
            ran.append(command[2:])
            self.returncode = command[2] == "benchmarks.limits"

    ran = []
    monkeypatch.setattr(everything.subprocess, "run", Ended)
    assert everything.main(["limits", "speed", "--missing"]) == 1
    assert ran == [["benchmarks.limits"], ["benchmarks.speed", "--missing"]]
    assert "Failed, see above: limits" in capsys.readouterr().err


def test_how_long_a_whole_benchmark_took_is_kept(stored, monkeypatch):
    class Ended:
        def __init__(self, command, cwd):
            self.returncode = command[2] == "benchmarks.limits"

    monkeypatch.setattr(everything.subprocess, "run", Ended)
    monkeypatch.setattr(everything.tables, "pages", lambda: [])
    monkeypatch.setattr(overview, "table", lambda: "")
    everything.main(["quick", "speed", "--missing"])
    everything.main(["starting", "--tiny"])
    everything.main(["workers", "limits"])
    kept = [{"name": name, "minutes": 0.0} for name in ("workers", "quick")]
    assert results.load("minutes")["rows"] == kept
    kept[0]["minutes"] = 5.25
    results.store("minutes", kept)
    assert "Minutes: `workers` 5.2, `quick` 0.0; together 5. Measured" in overview.duration()


def test_a_part_keeps_the_rest(stored):
    rows = [{"name": "a", "value": 1}, {"name": "b", "value": 2}]
    results.store("limits", rows)
    new = [{"name": "a", "value": 3}]
    assert results.merged("limits", new, lambda row: row["name"]) == [rows[1], *new]
    assert results.merged_by_name("limits", new, ["a", "b", "c"]) == [*new, rows[1]]
    assert results.merged_by_name("limits", new, ["a"]) == new  # nothing is called b any more


def test_a_part_is_refused_on_another_machine(stored, monkeypatch):
    results.store("limits", [{"name": "a"}])
    results.check_part("limits")
    monkeypatch.setattr(results, "machine", lambda: {"cores": 1000, "keras": "0"})
    with pytest.raises(SystemExit, match="Received: a part.*Here: Measured on 1000 cores"):
        results.check_part("limits")


def test_a_class_that_is_too_large_or_empty(monkeypatch):
    if not SMAPS.exists():
        pytest.skip("needs Linux")
    with pytest.raises(SystemExit, match="1000000 learners need .*Received: .* GiB"):
        classroom.main(["--learners", "1000000"])
    with pytest.raises(SystemExit, match="positive integers. Received: .0"):
        classroom.main(["--learners", "0"])
    with pytest.raises(SystemExit, match="positive integer. Received: 0"):
        starting.main(["--repeats", "0"])


@pytest.mark.usefixtures("eagerly")
def test_growth_is_fitted(mnist):
    rows = classroom.growth(tiny=True)
    assert [row["grows"] for row in rows] == ["images", "latent_dim", "width"]
    assert all(np.isfinite(row["exponent"]) and len(row["seconds"]) == 2 for row in rows)


def test_many_steps_in_one_program_are_the_steps_of_fit(mnist, monkeypatch):
    monkeypatch.setattr(limits.ManySteps, "AT_ONCE", 3)
    keras.utils.set_random_seed(0)
    many, x = limits.many_steps(), mnist.x_train[:12]
    start = many.get_weights()
    plain = keras.models.clone_model(many.encoder), keras.models.clone_model(many.decoder)
    plain = models.Autoencoder(*plain)
    plain.set_weights(start)
    for model in (many, plain):
        model.compile(keras.optimizers.Adam(0.01), losses.binary_crossentropy)
    many.fit(x, x, batch_size=12, shuffle=False, verbose=0)
    plain.fit(x, x, batch_size=4, shuffle=False, verbose=0)
    for ours, theirs, before in zip(many.get_weights(), plain.get_weights(), start):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)
        assert not np.allclose(ours, before, atol=1e-3)


def test_the_workers_of_notebook_07_train_another_net(tmp_path):
    module = workers.functions(tmp_path, (12, 8), steps=3, batch_size=64)
    try:
        assert module.build().count_params() < 30_000  # 1.2 million as it stands
        row = workers.measure(module, 1)
    finally:
        module.temporary.cleanup()
    assert row["workers"] == 1 and row["images_a_second"] > 0
    assert row["worker_gib"] is None or 0.1 < row["worker_gib"] < 4


def test_quick_mode_is_timed():
    row = quick.measure(course.notebook("00_start_here"))
    assert row["name"] == "00_start_here" and row["seconds"] > 0


@pytest.mark.parametrize(("gib", "done"), [(2.0, True), (0.3, False)])
def test_a_machine_is_small(gib, done):
    try:
        row = small_machine.measure("00_start_here", int(2**30 * gib), quick=True)
    except PermissionError as error:
        pytest.skip(str(error))
    assert row["done"] is done


def test_the_overview_says_what_another_machine_measured(monkeypatch):
    load = results.load
    small = results.machine() | {"cores": 2, "memory_gib": 24, "keras": "3.15.1"}

    def elsewhere(name):
        found = load(name) | {"machine": small}
        for row in found["rows"]:
            large = row.get("notebook") == "03_denoising"
            row["machine"] = small | {"cores": 1000 if large else 2}
        return found

    monkeypatch.setattr(results, "load", elsewhere)
    said = "Measured on 2 cores, 24 GiB of memory, Keras 3.15.1; 03_denoising on 1000 cores"
    assert said in overview.table()


def test_numbers_in_words():
    assert overview._span(["00", "01", "02"]) == "00 to 02"
    assert overview._span(["00", "02", "03", "07"]) == "00, 02 to 03, 07"


def test_the_stored_ratios():
    found = results.load("speed")
    for row in found["rows"]:
        ratios = [run["ratio"] for run in row["runs"]]
        assert row["ratio"] == (None if None in ratios else np.median(ratios))
        for run in row["runs"]:
            assert (run["our_loss"] <= run["peer_loss"]) == (run["ratio"] is not None)


def test_the_operations_of_a_step_are_those_of_the_model():
    from aehelpers import models

    vanilla = models.vanilla(32)
    operations, flops = limits.kernels(vanilla, batch_size=4)
    assert len(operations) == 5  # two layers, and no gradient with respect to the images
    assert flops == 2 * 4 * (2 * 784 * 32 + 3 * 32 * 784)

    convolutional = models.convolutional(None, filters=(2, 3))
    operations, flops = limits.kernels(convolutional, batch_size=4)
    shapes = [tuple(operation().shape) for operation in operations]
    kernels = [
        tuple(weight.shape) for weight in convolutional.trainable_weights if weight.ndim == 4
    ]
    assert all(kernel in shapes for kernel in kernels)
    assert shapes[0] == (4, 14, 14, 2)
    # Places times numbers in the kernel; the first layer has no gradient of its input.
    products = 2 * 14 * 14 * 18 + 3 * (7 * 7 * 54 + 7 * 7 * 81 + 14 * 14 * 54 + 28 * 28 * 18)
    assert flops == 2 * 4 * products


def test_the_limit_is_measured():
    row = limits.measure("dense", tiny=True)
    assert 0 < row["limit_ms"] < 10 * row["step_ms"]


def test_a_kernel_shows_the_digits():
    assert starting.kernel_to_output(starting.DIGITS) > 0


@pytest.mark.skipif(not SMAPS.exists(), reason="needs Linux")
def test_a_class_of_two():
    row = classroom.class_of(2, epochs=1)
    assert row["memory_gib"] > row["largest_gib"] > 0.3
    assert row["training_seconds"] > 0


@pytest.mark.skipif(not find_chromium(), reason="needs Chromium")
def test_pages_are_visited_and_weighed(tmp_path, monkeypatch):
    live = "<p>Hello</p><div class=course-live data-ready>alive</div><script src=a.js></script>"
    (tmp_path / "notebooks").mkdir()
    for name in ("index.html", f"notebooks/{site.CHAPTER}.html"):
        Path(tmp_path, name).write_text(live)
        Path(tmp_path, name).with_name("a.js").write_text("/*" + 20_000 * " " + "*/")
    monkeypatch.setattr(
        site, "export", lambda folder: Path(folder, f"{site.CHAPTER}.html").write_text("<p>Hello")
    )
    rows, _ = site.measure(tmp_path, repeats=1)
    assert [row["requests"] for row in rows] == [2, 2, 1]
    assert [row["kilobytes"] for row in rows] == [20, 20, 0]
    assert [row["first_widget_seconds"] is None for row in rows] == [False, False, True]
    assert all(row["first_picture_seconds"] > 0 for row in rows)


def test_what_is_no_site_is_refused(tmp_path):
    with pytest.raises(SystemExit, match="with the course's index.html. Received: "):
        site.main(["--site", str(tmp_path)])
