"""Machine code as a built-in function: what it is given, what it returns, and that nothing is counted wrongly."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from tfrt.executor.support import direct_calls
from tfrt.executor.support.direct_calls import UNFIT, directly
from tfrt.executor.support.machine_code import DATA_OFFSET, CannotAssemble, is_available

LLVM = pytest.mark.skipif(
    not (is_available() and direct_calls.is_possible()), reason="needs llvmlite, and CPython with its lock"
)
I64 = np.dtype(np.int64)
ADD = f"""
define void @add(ptr %x, ptr %y, i64 %more, i64 %unused) {{
  %place = getelementptr i8, ptr %x, i64 {DATA_OFFSET}
  %elements = load ptr, ptr %place
  %other.place = getelementptr i8, ptr %y, i64 {DATA_OFFSET}
  %others = load ptr, ptr %other.place
  %a = load i64, ptr %elements
  %b = add i64 %a, %more
  store i64 %b, ptr %others
  ret void
}}
"""


@LLVM
def test_arrays_and_numbers():
    x, y = np.array([40]), np.array([0])
    add = directly(ADD, "add", (1, 1), I64, (2, 0), result=1)
    for _ in range(3):
        before = [sys.getrefcount(each) for each in (x, y, UNFIT)]
        assert add(x, y) is y
        assert y[0] == 42
        assert [sys.getrefcount(each) for each in (x, y, UNFIT)] == before
    assert add.__name__ == "add"


@LLVM
@pytest.mark.parametrize(
    "other",
    [
        7,
        None,
        "text",
        b"bytes" * 9,
        [7],
        np.int64(7),
        np.zeros(2),
        np.zeros(2, np.int32),
        np.zeros(2, ">i8"),
        np.zeros((0, 3), np.int64),
        np.zeros((2, 3), np.int64).T,
        np.zeros(3, np.int64).view(np.recarray),
    ],
)
def test_what_is_no_such_array_is_left_alone(other):
    y = np.array([7])
    add = directly(ADD, "add", (1, 1), I64, (2, 0), result=1)
    before = sys.getrefcount(UNFIT)
    assert add(other, y) is UNFIT and add(y, other) is UNFIT and y[0] == 7
    assert sys.getrefcount(UNFIT) == before


@LLVM
@pytest.mark.parametrize("shape", [(), (1,), (5,), (2, 3), (1, 1, 4), (6, 0)])
@pytest.mark.parametrize("size", [0, 1, 4, 6, 7])
def test_arrays_have_enough_elements(shape, size):
    x, y = np.zeros(shape, np.int64), np.zeros(9, np.int64)
    add = directly(ADD, "add", (size, 9), I64, (2, 0), result=1)
    if x.size:
        assert (add(x, y) is y) == (x.size >= size) and y[0] == 2 * (x.size >= size)


@LLVM
def test_what_does_not_fit_is_left_alone():
    y = np.array([7])
    add = directly(ADD, "add", (1, 1), I64, (2, 0), result=1)
    apart = np.zeros((3, 2), np.int64)[:, 1:]
    before = sys.getrefcount(UNFIT)
    assert add(apart, y) is UNFIT
    assert add(y, apart) is UNFIT
    assert add(y) is UNFIT
    assert add(y, y, y) is UNFIT
    assert y[0] == 7 and not apart.any()
    assert sys.getrefcount(UNFIT) == before
    with pytest.raises(TypeError, match="takes no keyword arguments"):
        add(y, y=y)


@LLVM
def test_what_cannot_be_made(monkeypatch):
    with pytest.raises(CannotAssemble, match="there is no function 'subtract'"):
        directly(ADD, "subtract", (1, 1), I64, (2, 0), result=1)
    monkeypatch.setattr(direct_calls, "is_possible", lambda: False)
    with pytest.raises(CannotAssemble, match="this Python takes no machine code as a function"):
        directly(ADD, "add", (1, 1), I64, (2, 0), result=1)


@pytest.mark.parametrize(
    "where, name, value",
    [
        (direct_calls.sys.implementation, "name", "pypy"),
        (direct_calls.sysconfig, "get_config_var", lambda _: 1),
        (direct_calls, "_FLAGS_OFFSET", DATA_OFFSET),
        (direct_calls.ctypes, "sizeof", lambda _: 4),
    ],
)
def test_other_pythons(monkeypatch, where, name, value):
    monkeypatch.setattr(where, name, value)
    assert not direct_calls.is_possible.__wrapped__()
