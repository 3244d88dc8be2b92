"""A short stress run; `benchmarks/stress.py --seconds 1200` is a long one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

STRESS = Path(__file__).parents[2] / "benchmarks" / "stress.py"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.parametrize("seed", [1, 2])
def test_a_short_stress_run(seed):
    done = subprocess.run(
        [sys.executable, STRESS, "--steps", "30", "--seed", str(seed)], capture_output=True, text=True, check=False
    )
    assert done.stdout.endswith("\nok\n"), done.stdout + done.stderr[-10_000:]
    assert done.returncode == 0
