"""The tables of `docs/models.md` and `docs/onnx.md` are those of the code, and say of each op what runs it."""

import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NAMES = runpy.run_path(str(ROOT / "docs" / "operations.py"))


@pytest.mark.parametrize(("page", "tables"), list(zip(NAMES["PAGES"], (4, 1), strict=True)))
def test_the_page_is_up_to_date(page, tables):
    text = page.read_text(encoding="utf-8")
    assert text.count("<!-- table: ") == tables
    assert text == NAMES["renewed"](text), "python docs/operations.py writes the tables anew"


def test_each_op_runs_and_is_tested_or_is_refused():
    ops = list(NAMES["definitions"]())
    assert len(ops) > 150
    refused = [op for op in ops if NAMES["is_refused"](op)]
    assert {op.name for op in refused} >= {"stablehlo.all_reduce", "stablehlo.uniform_quantize"}
    running = [op.name for op in ops if op not in refused]
    assert [name for name in running if NAMES["runs_in"](name) is None] == []
    assert [name for name in running if NAMES["tested_in"](name) is None] == []


@pytest.mark.parametrize(("dialect", "least"), [("tf", 300), ("onnx", 150)])
def test_each_op_of_an_open_dialect_runs_and_is_tested(dialect, least):
    names = NAMES["names_of"](dialect)
    assert len(names) > least
    assert [name for name in names if NAMES["runs_in"](name) is None] == []
    assert [name for name in names if NAMES["tested_in"](name) is None] == []
