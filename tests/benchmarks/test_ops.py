"""The benchmark of single ops runs, where JAX is installed. Nothing here looks at times."""

import runpy
from pathlib import Path

import pytest

FILE = Path(__file__).parents[2] / "benchmarks" / "ops.py"


def test_it_runs(capsys):
    pytest.importorskip("jax")
    main = runpy.run_path(str(FILE))["main"]
    assert main(["--small", "--rounds", "1", "--cases", "sum of"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:3] == ["us", "a", "call"]
    assert [line[:22].strip() for line in lines[1:]] == ["sum of rows", "sum of columns"]
