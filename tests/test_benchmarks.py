import importlib.util

import numpy as np
import pytest

from benchmarks import classroom, limits, results, speed, starting


def test_every_pair_of_recipes_runs():
    for name in speed.BENCHMARKS:
        row = speed.compare(name, seeds=[0], tiny=True)
        assert row["runs"][0]["peer_seconds"] > 0
        assert row["runs"][0]["our_loss"] < 1


@pytest.mark.parametrize("benchmark", [speed, limits])
def test_unknown_name(benchmark):
    with pytest.raises(SystemExit, match="Expected .* among.*Received: .'nonsense'"):
        benchmark.main(["--only", "nonsense"])


def test_bundled_digits_are_refused():
    with pytest.raises(SystemExit, match="Received: the bundled digits"):
        speed.main([])


def test_readme_shows_the_speed():
    found = results.load("speed")
    assert speed.table(found) in (results.ROOT / "README.md").read_text(encoding="utf-8")
    for row in found["rows"]:
        assert row["ratio"] == np.median([run["ratio"] for run in row["runs"]])
        for run in row["runs"]:
            assert run["our_loss"] <= run["peer_loss"]


@pytest.mark.parametrize(
    ("benchmark", "page"),
    [(limits, "docs/speed.md"), (starting, "docs/speed.md"), (classroom, "docs/teaching.md")],
)
def test_pages_show_the_results(benchmark, page):
    name = benchmark.__name__.split(".")[-1]
    if not (results.RESULTS / f"{name}.json").exists():
        pytest.skip(f"benchmarks/{name}.py has not been run on a quiet machine yet")
    found = results.load(name)
    assert benchmark.table(found) in (results.ROOT / page).read_text(encoding="utf-8")


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


@pytest.mark.skipif(not importlib.util.find_spec("resource"), reason="needs Linux")
def test_a_class_of_two():
    row = classroom.class_of(2, epochs=1)
    assert row["memory_gib"] > row["largest_gib"] > 0.3
    assert row["training_seconds"] > 0


def test_results_without_their_place(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("no markers")
    with pytest.raises(ValueError, match="page.md must hold the markers <!-- speed: "):
        results.render(page, "speed", "")
