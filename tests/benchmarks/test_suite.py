"""The benchmark suite runs, and all ways to run a program agree. Nothing here looks at times."""

import json
import runpy
import sys
from pathlib import Path

import pytest

RUN = Path(__file__).parents[2] / "benchmarks" / "run.py"


@pytest.fixture
def main(monkeypatch):
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    monkeypatch.setattr(sys, "path", list(sys.path))
    return runpy.run_path(str(RUN))["main"]


def test_all_rows(main, tmp_path, capsys):
    assert main(["--size", "20", "--rounds", "1", "--rows", "", "--json", str(tmp_path / "times.json")]) == 0
    shown = capsys.readouterr().out
    times = json.loads((tmp_path / "times.json").read_text())
    assert {name.split(" ")[0] for name in times} >= {"fib(5)", "chain", "repeat", "total"}
    for name, ways in times.items():
        assert name in shown
        assert all(len(found) == 1 for found in ways.values())


def test_some_rows(main, capsys):
    assert main(["--size", "20", "--rounds", "1", "--rows", "repeat"]) == 0
    assert "chain" not in capsys.readouterr().out


def test_ways_that_disagree_are_refused(main):
    from suite.row import Row, measure

    with pytest.raises(ValueError, match=r"^wrong: b gives 2, a gives 1$"):
        measure(Row("wrong", {"a": lambda: 1, "b": lambda: 2}, "a"), 1)
