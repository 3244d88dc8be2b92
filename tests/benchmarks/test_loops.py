"""The benchmark of loops runs, and refuses ways that disagree. Nothing here looks at times."""

import runpy
from pathlib import Path

import numpy as np
import pytest

FILE = Path(__file__).parents[2] / "benchmarks" / "loops.py"


@pytest.fixture
def names():
    return runpy.run_path(str(FILE))


@pytest.mark.parametrize("case", ["collect", "fibonacci", "cache"])
def test_a_case(names, case, capsys):
    names["main"](["--cases", case, "--rounds", "1"])
    lines = capsys.readouterr().out.splitlines()[1:]
    assert lines and all(line.startswith(case) for line in lines)


def test_ways_that_disagree_are_refused(names):
    ways = {"numpy": lambda: np.zeros(2), "tfrt": lambda: np.ones(2)}
    with pytest.raises(ValueError, match=r"^case: tfrt differs from numpy$"):
        names["show"]("case", ways, 1, 1)
