"""The benchmark of products runs, and refuses ways that disagree. Nothing here looks at times."""

import runpy
from pathlib import Path

import numpy as np
import pytest

FILE = Path(__file__).parents[2] / "benchmarks" / "products.py"


@pytest.fixture
def names():
    return runpy.run_path(str(FILE))


def test_a_case(names, monkeypatch, capsys):
    monkeypatch.setitem(names["main"].__globals__, "SIZES", [(2, 70, 60)])
    monkeypatch.setitem(names["main"].__globals__, "TOGETHER", 1 << 15)
    assert names["main"](["--cases", "2 x 70 x 60", "--rounds", "1"]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown[1].startswith("2 x 70 x 60 ") and ", 1.00)" in shown[1]


def test_ways_that_disagree_are_refused(names, monkeypatch):
    ways = {"OpenBLAS": lambda: [np.zeros(2)], "numpy": lambda: [np.ones(2)]}
    monkeypatch.setitem(names["show"].__globals__, "ways_of", lambda *_: ways)
    with pytest.raises(ValueError, match=r"^small: numpy differs from OpenBLAS$"):
        names["show"]("small", (1, 1, 1), 1)
