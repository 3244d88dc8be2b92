"""The benchmark of networks runs, and refuses ways that disagree. Nothing here looks at times."""

import json
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest

MODELS = Path(__file__).parents[2] / "benchmarks" / "models.py"


@pytest.fixture
def names(monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    return runpy.run_path(str(MODELS))


def test_a_network(names, tmp_path, capsys):
    options = ["--networks", "mlp-1", "--ways", "tfrt,numpy", "--threads", "1", "--rounds", "2", "--starts", "1"]
    assert names["main"]([*options, "--json", str(tmp_path / "times.json")]) == 0
    (found,) = json.loads((tmp_path / "times.json").read_text()).values()
    assert {way: len(numbers["starts"]) for way, numbers in found.items()} == {"tfrt": 1, "numpy": 1}
    assert all(len(numbers["calls"]) >= 2 for numbers in found.values())
    assert "mlp-1" in capsys.readouterr().out


def test_each_network_has_the_text_of_its_shapes(names):
    for name, network in names["NETWORKS"].items():
        text = (MODELS.parent / "networks" / "texts" / f"{name}.mlir").read_text(encoding="utf-8")
        (signature,) = [line for line in text.splitlines() if "func.func public @main" in line]
        arguments = signature.partition("->")[0].count("tensor<")
        assert arguments == len(network.weights) + len(network.inputs)


def test_ways_that_disagree_are_refused(names):
    with pytest.raises(ValueError, match=r"^net: b and a disagree$"):
        names["_compare"]({"a": np.zeros(2), "b": np.ones(2)}, "net")
