"""The table of the benchmark of training in the page."""

from benchmarks import training_page as bench


def test_table():
    rows = [
        {"name": "fused", "seconds": 0.25, "loss": 40.0, "version": ""},
        {"name": "jax", "seconds": 0.75, "loss": 40.2, "version": "1.2"},
        {"name": "keras", "seconds": 0.5, "loss": 40.1, "version": ""},
    ]
    table = bench.table({"rows": rows, "epochs": 6, "machine": {"cores": 2, "keras": "3.15.1"}})
    assert "| the playground, SIMD with fused products and sums | 0.25 | 0.50 | 40.00 |" in table
    assert "| jax-js 1.2, wasm | 0.75 | 1.50 | 40.20 |" in table
    assert "| Keras `fit`, one thread | 0.50 | 1.00 | 40.10 |" in table
    assert "mean loss of epoch 7" in table
    assert "Measured on 2 cores, Keras 3.15.1." in table
