"""The benchmark of chains runs, and refuses ways that disagree. Nothing here looks at times."""

import runpy
from pathlib import Path

import numpy as np
import pytest

FILE = Path(__file__).parents[2] / "benchmarks" / "chains.py"


@pytest.fixture
def names():
    return runpy.run_path(str(FILE))


def test_all_cases(names, capsys):
    names["main"](["--rows", "4", "--rounds", "1"])
    lines = capsys.readouterr().out.splitlines()[1:]
    for case in names["CASES"]:
        assert sum(line.startswith(case) for line in lines) >= 2


def test_ways_that_disagree_are_refused(names):
    ways = {"numpy": lambda: np.zeros(2), "tfrt": lambda: np.ones(2)}
    with pytest.raises(ValueError, match=r"^case: tfrt differs from numpy$"):
        names["show"]("case", ways, 1, 1e-5)
