"""The benchmark of unknown shapes runs, and refuses ways that disagree. Nothing here looks at times."""

import runpy
from pathlib import Path

import numpy as np
import pytest

FILE = Path(__file__).parents[2] / "benchmarks" / "unknown_shapes.py"


@pytest.fixture
def names():
    return runpy.run_path(str(FILE))


def test_a_case(names, capsys):
    names["show"]("small", (2, 3, 2), 1)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "small"
    assert len(lines) == 9


def test_ways_that_disagree_are_refused(names, monkeypatch):
    monkeypatch.setitem(
        names["show"].__globals__, "ways_of", lambda *_: {"a": lambda: np.zeros(2), "b": lambda: np.ones(2)}
    )
    with pytest.raises(ValueError, match=r"^small: b differs from a$"):
        names["show"]("small", (2, 3, 2), 1)
