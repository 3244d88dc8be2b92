"""Corrupt files: each is refused with section and offset, or is fully usable. Nothing crashes, hangs or eats memory.

Five thousand files here, in a process with limits; ``python -m tests.robustness.fuzz bef`` does a hundred thousand, and
looks closer. Besides, prefixes of every reference file.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.robustness.bef_campaign import ACCEPTED, REFUSED, read, read_unmeasured, use
from tests.robustness.workers import HAS_LIMITS, run
from tfrt.executor.bef import read_bef

LARGE = 1500
"""Bytes."""

GOLDEN = sorted((Path(__file__).parents[1] / "golden").glob("*.bef"))


@pytest.mark.skipif(not HAS_LIMITS, reason="this system does not limit what a process takes")
def test_five_thousand_corrupt_files():
    report = run("tests.robustness.bef_campaign", "BefCampaign", range(5000), options=("16", "16", "100"))
    assert not report.failures, str(report)
    assert report.outcomes.total() == 5000 and set(report.outcomes) == {ACCEPTED, REFUSED}


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_the_files_themselves_are_usable(path):
    data = path.read_bytes()
    bef = read(data)
    assert bef is not None
    use(bef, len(data))


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_prefixes(path):
    data = path.read_bytes()
    # Of large files not all, as the time that they take grows with the square of their size.
    tried = range(0, len(data), 1 if len(data) < LARGE else 5)
    # Counting memory takes ten times as long as reading.
    lengths = [n for n in tried if (read if n % 64 == 0 else read_unmeasured)(data[:n]) is not None]
    # Only optional sections can be missing at the end: three of them, and two of locations.
    assert len(lengths) <= 5
    for length in lengths[:1]:
        use(read_bef(data[:length]), length)
