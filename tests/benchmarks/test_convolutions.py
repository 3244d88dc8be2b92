"""The benchmark of convolutions runs, and refuses ways that disagree. Nothing here looks at times."""

import runpy
from pathlib import Path

import numpy as np
import pytest

FILE = Path(__file__).parents[2] / "benchmarks" / "convolutions.py"


@pytest.fixture
def names():
    return runpy.run_path(str(FILE))


@pytest.mark.parametrize("case", [(2, 5, 2, 6, 3, 2, 1), (1, 5, 4, 4, 3, 1, 4)])
def test_a_case(names, case, capsys):
    names["show"]("small", case, 1)
    assert capsys.readouterr().out.startswith("small   ")


def test_ways_that_disagree_are_refused(names, monkeypatch):
    ways = {"numpy": lambda: np.zeros(2), "products": lambda: np.ones(2)}
    monkeypatch.setitem(names["show"].__globals__, "ways_of", lambda *_: ways)
    with pytest.raises(ValueError, match=r"^small: products differs from numpy$"):
        names["show"]("small", (1, 1, 1, 1, 1, 1, 1), 1)
