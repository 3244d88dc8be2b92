"""Whatever a case does to its process, it is told, kept, and the cases after it are done."""

from __future__ import annotations

import pytest

from tests.robustness.workers import HAS_LIMITS, Limits, run

pytestmark = pytest.mark.skipif(not HAS_LIMITS, reason="this system does not limit what a process takes")


def test_what_cases_do_is_told(tmp_path):
    report = run("tests.robustness.bad_cases", "Bad", range(9), limits=Limits(0.2, 64, busy=20), keep=tmp_path)
    said = {failure.number: failure.what for failure in report.failures}
    assert sorted(said) == [1, 2, 3, 4, 6, 7]
    assert said[1].endswith("ValueError: plainly wrong\n")
    assert "MemoryError" in said[2]
    assert said[3].startswith("it ended the process, by SIGSEGV")
    assert said[4].startswith("it waited for too long") and "bad_cases.py" in said[4]
    assert said[6].startswith("it computed for too long")
    assert said[7].startswith("it ended the process: 9")
    assert sum(report.outcomes.values()) == 3
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == {
        f"case-{number}.bad": b"case %d" % number for number in said
    }
    assert str(report).startswith("9 cases in ") and "6 failures\ncase 1: Traceback" in str(report)


def test_enough_is_enough(tmp_path):
    report = run("tests.robustness.bad_cases", "Bad", range(1, 9), limits=Limits(1, 64), patience=1)
    assert [failure.number for failure in report.failures] == [1, 2, 3]
