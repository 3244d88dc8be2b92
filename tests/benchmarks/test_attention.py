"""Attention as frameworks write it becomes one kernel and gives JAX's numbers, where JAX is installed."""

import runpy
from pathlib import Path

import numpy as np
import pytest

import tfrt

jax = pytest.importorskip("jax")

FILE = Path(__file__).parents[2] / "benchmarks" / "attention.py"
NAMES = runpy.run_path(str(FILE))
CASES = dict(NAMES["cases"](20))


@pytest.mark.parametrize("name", CASES)
def test_forms_of_jax(name):
    function, arguments = CASES[name]
    lowered = jax.jit(function, keep_unused=True).lower(*arguments)
    expected = np.asarray(lowered.compile()(*arguments)).astype(np.float64)
    made = tfrt.compile(lowered.as_text(), opt_level=2)
    assert b"nn.attention" in made
    found = tfrt.load(made)["main"](*arguments)
    tolerance = 1e-5 if found.dtype.itemsize > 2 else 0.02
    np.testing.assert_allclose(found.astype(np.float64), expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name", NAMES["MODELS"])
def test_models_of_onnx(name, capsys):
    pytest.importorskip("onnxruntime")
    NAMES["main"](["--cases", name, "--rounds", "1", "--size", "16"])
    lines = capsys.readouterr().out.splitlines()[1:]
    assert lines and all(line.startswith(name[:4]) and not line.endswith("apart") for line in lines)


def test_ways_that_disagree_are_refused():
    ways = {"JAX": lambda: np.zeros(2, np.float32), "numpy": lambda: np.ones(2, np.float32)}
    with pytest.raises(ValueError, match=r"^case: numpy differs from JAX$"):
        NAMES["show"]("case", ways, "", 1)
