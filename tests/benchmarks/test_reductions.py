"""The benchmark of reductions runs, and refuses ways that disagree. Nothing here looks at times."""

import runpy
from pathlib import Path

import numpy as np
import pytest

FILE = Path(__file__).parents[2] / "benchmarks" / "reductions.py"


def test_it_runs(capsys):
    assert runpy.run_path(str(FILE))["main"](["--rounds", "1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["us", "a", "call", "least", "p50", "ratio"]
    ways = (len(lines) - 1) // 7
    assert ways in (3, 5)
    assert [line[20:38].strip() for line in lines[1:4]] == ["numpy", "tfrt, unfused", "tfrt, fused"]


def test_ways_that_disagree():
    ways = {"numpy": lambda: np.zeros(2), "tfrt, fused": lambda: np.ones(2)}
    with pytest.raises(ValueError, match=r"^case: tfrt, fused differs from the others$"):
        runpy.run_path(str(FILE))["show"]("case", ways, 1)
