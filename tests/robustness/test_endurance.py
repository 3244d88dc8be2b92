"""Twenty thousand calls of all kinds leave nothing behind; ``python -m tests.robustness.endurance`` makes a million."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.robustness.endurance import BLOCKS, RESIDENT, Sizes, growth
from tests.robustness.workers import HAS_LIMITS, ROOT

pytestmark = pytest.mark.skipif(not HAS_LIMITS, reason="this system does not say what a process has")


def test_twenty_thousand_calls():
    # Other tests of this process come and go with threads of theirs.
    command = [sys.executable, "-m", "tests.robustness.endurance", "--calls", "20000"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.endswith("\nok\n"), done.stdout + done.stderr
    assert done.returncode == 0


def test_what_grows_is_told():
    first = Sizes(1 << 20, 5, 3, 4)
    assert growth([first, first]) == []
    assert growth([first, Sizes(first.resident + RESIDENT + 1, 6 + BLOCKS, 5, 5)]) == [
        f"memory has grown from 1048576 to {(1 << 20) + RESIDENT + 1} bytes",
        f"Python's blocks of memory have grown from 5 to {6 + BLOCKS}",
        "there are 5 threads instead of 3",
        "there are 5 open files instead of 4",
    ]
