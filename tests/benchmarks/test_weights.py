"""The benchmark of converted weights runs. Nothing here looks at times."""

import runpy
from pathlib import Path

FILE = Path(__file__).parents[2] / "benchmarks" / "weights.py"


def test_it_runs(capsys):
    assert runpy.run_path(str(FILE))["main"](["--rounds", "1", "--cases", "1 row, weights of i8"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["MLP,", "1", "row,", "weights", "of", "i8", "median", "least", "ratio"]
    assert [line[:38].strip() for line in lines[1:4]] == ["numpy", "tfrt", "each call"]
