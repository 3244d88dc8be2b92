"""The benchmark of pools runs, and its ways agree. Nothing here looks at times."""

import runpy
from pathlib import Path

import pytest

FILE = Path(__file__).parents[2] / "benchmarks" / "pools.py"


@pytest.mark.parametrize("function", ["maximum", "add"])
def test_a_case(function, capsys):
    runpy.run_path(str(FILE))["show"]("small", (2, 9, 2, 6, 3, 2, 2), function, 1)
    assert capsys.readouterr().out.startswith("small   ")
