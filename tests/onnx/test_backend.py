"""Node tests of the package ``onnx`` that pass go on passing: every fortieth of them, and all with ``TFRT_ONNX=1``."""

from __future__ import annotations

import os
from functools import cache
from typing import Any

import pytest

pytest.importorskip("onnx")

from tests.onnx import suite

STEP = 1 if os.environ.get("TFRT_ONNX") else 40


@cache
def cases() -> dict[str, Any]:
    return {case.name: case for case in suite.cases()}


@pytest.mark.parametrize("name", suite.listed()[::STEP])
def test_what_passes_goes_on_passing(name):
    case = cases().get(name)
    if case is None:
        pytest.skip("this version of onnx has no such test")
    assert suite.failure(case) is None


def test_at_least_so_many_of_what_is_in_scope_are_listed():
    rest = [case for case in cases().values() if suite.out_of_scope(case) is None]
    assert len({case.name for case in rest} & set(suite.listed())) >= 0.95 * len(rest)
