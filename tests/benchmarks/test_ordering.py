"""The benchmark of sorts and searches runs, and its ways agree. Nothing here looks at times."""

import runpy
from pathlib import Path

FILE = Path(__file__).parents[2] / "benchmarks" / "ordering.py"


def test_it_runs(capsys):
    main = runpy.run_path(str(FILE))["main"]
    assert main(["--rounds", "1", "--cases", "columns"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["us", "a", "call", "least", "p50", "ratio"]
    assert (len(lines) - 1) // 3 in (2, 3)
    assert [line[20:28].strip() for line in lines[1:3]] == ["numpy", "tfrt"]
