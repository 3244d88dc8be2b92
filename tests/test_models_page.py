"""The tables of `docs/models.md` are those of the code, and say of each op what runs it."""

import runpy
from pathlib import Path

ROOT = Path(__file__).parents[1]
NAMES = runpy.run_path(str(ROOT / "docs" / "operations.py"))


def test_the_page_is_up_to_date():
    text = NAMES["PAGE"].read_text(encoding="utf-8")
    assert text.count("<!-- table: ") == 3
    assert text == NAMES["renewed"](text), "python docs/operations.py writes the tables anew"


def test_each_op_runs_and_is_tested_or_is_refused():
    ops = list(NAMES["definitions"]())
    assert len(ops) > 150
    refused = [op for op in ops if NAMES["is_refused"](op)]
    assert {op.name for op in refused} >= {"stablehlo.all_reduce", "stablehlo.uniform_quantize"}
    running = [op.name for op in ops if op not in refused]
    assert [name for name in running if NAMES["runs_in"](name) is None] == []
    assert [name for name in running if NAMES["tested_in"](name) is None] == []
