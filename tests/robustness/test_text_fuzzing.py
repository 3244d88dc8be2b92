"""Every program prints as it was read, and damaged ones are refused where they are wrong, or are programs.

``python -m tests.robustness.fuzz text`` does more of the latter, at all levels, with all tools.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.robustness.text_campaign import COMPILED
from tests.robustness.text_inputs import ROOT, SEPARATOR
from tests.robustness.workers import HAS_LIMITS, run
from tfrt.compiler.frontend import parse_module
from tfrt.compiler.tfrt_opt import _check_roundtrip


@pytest.mark.skipif(not HAS_LIMITS, reason="this system does not limit what a process takes")
def test_damaged_texts() -> None:
    report = run("tests.robustness.text_campaign", "TextCampaign", range(120), options=("2", "40"))
    assert not report.failures, str(report)
    assert report.outcomes.total() == 120 and COMPILED in report.outcomes


# Those say what is wrong with them; this one needs the dialect of a package that has tests of its own.
ELSEWHERE = {ROOT / "tests" / "filecheck" / "errors", ROOT / "examples" / "plugin"}
PROGRAMS = sorted(
    path for folder in ("tests", "examples") for path in (ROOT / folder).rglob("*.mlir") if path.parent not in ELSEWHERE
)


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_program_prints_as_it_was_read(path: Path) -> None:
    for part in path.read_text(encoding="utf-8").split(SEPARATOR):
        _check_roundtrip(parse_module(part, path.name, allow_unregistered=True), True)
