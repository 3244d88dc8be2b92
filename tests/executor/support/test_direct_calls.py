"""Machine code as a built-in function: what it is given, what it returns, and that nothing is counted wrongly."""

from __future__ import annotations

import sys
import threading
import time

import numpy as np
import pytest

from tfrt.executor.support import direct_calls
from tfrt.executor.support.direct_calls import UNFIT, Shaped, Signature, Whole, directly
from tfrt.executor.support.machine_code import DATA_OFFSET, CannotAssemble, is_available

LLVM = pytest.mark.skipif(
    not (is_available() and direct_calls.is_possible()), reason="needs llvmlite, and CPython with its lock"
)
I64 = np.dtype(np.int64)
BOTH = (Whole(1, I64), Whole(1, I64))
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
    add = directly(ADD, "add", Signature(BOTH, (2, 0), 1, (1,)))
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
    add = directly(ADD, "add", Signature(BOTH, (2, 0), 1, (1,)))
    before = sys.getrefcount(UNFIT)
    assert add(other, y) is UNFIT and add(y, other) is UNFIT and y[0] == 7
    assert sys.getrefcount(UNFIT) == before


@LLVM
@pytest.mark.parametrize("shape", [(), (1,), (5,), (2, 3), (1, 1, 4), (6, 0)])
@pytest.mark.parametrize("size", [0, 1, 4, 6, 7])
def test_arrays_have_enough_elements(shape, size):
    x, y = np.zeros(shape, np.int64), np.zeros(9, np.int64)
    add = directly(ADD, "add", Signature([Whole(size, I64), Whole(9, I64)], (2, 0), 1, (9,)))
    if x.size:
        assert (add(x, y) is y) == (x.size >= size) and y[0] == 2 * (x.size >= size)


@LLVM
def test_what_does_not_fit_is_left_alone():
    y = np.array([7])
    add = directly(ADD, "add", Signature(BOTH, (2, 0), 1, (1,)))
    apart = np.zeros((3, 2), np.int64)[:, 1:]
    before = sys.getrefcount(UNFIT)
    assert add(apart, y) is UNFIT
    assert add(y, apart) is UNFIT
    assert add() is UNFIT
    assert add(y, y, y) is UNFIT
    assert y[0] == 7 and not apart.any()
    assert sys.getrefcount(UNFIT) == before
    with pytest.raises(TypeError, match="takes no keyword arguments"):
        add(y, y=y)


@LLVM
@pytest.mark.parametrize("shape", [(1,), (1, 1, 1), (3, 2), ()])
def test_what_is_not_given_is_made(shape):
    x = np.array([40])
    add = directly(ADD, "add", Signature(BOTH, (2, 0), 1, shape))
    before = sys.getrefcount(x), sys.getrefcount(UNFIT), sys.getrefcount(I64)
    made = [add(x) for _ in range(3)]
    assert [each.ravel()[0] for each in made] == [42, 42, 42]
    assert all(each.shape == shape and each.dtype == np.int64 for each in made)
    assert all(each.flags.owndata and each.flags.carray and sys.getrefcount(each) == 3 for each in made)
    assert not np.shares_memory(made[0], made[1])
    del made
    assert (sys.getrefcount(x), sys.getrefcount(UNFIT), sys.getrefcount(I64)) == before
    assert add([40]) is UNFIT


@LLVM
def test_arrays_that_numpy_cannot_make():
    add = directly(ADD, "add", Signature(BOTH, (2, 0), 1, (1 << 60,)))
    with pytest.raises(ValueError, match="array is too big"):
        add(np.array([40]))


@LLVM
def test_the_result_may_be_in_the_middle():
    text = ADD.replace("i64 %more, i64 %un", "ptr %z, i64 %more, i64 %un").replace("store i64 %b", "store i64 %a")
    copy = directly(text, "add", Signature((*BOTH, Whole(3, I64)), (2, 0), 1, (1,)))
    x, y, z = np.array([5]), np.array([0]), np.zeros(3, np.int64)
    assert copy(x, z)[0] == 5 and copy(x, z, y) is y and y[0] == 5
    assert copy(x, y) is UNFIT and copy(x, z, z[:0]) is UNFIT and not z.any()


@LLVM
@pytest.mark.parametrize("array, fits", [
    (np.zeros((2, 3), np.int64), True),
    (np.zeros((4, 6), np.int64)[::2, 1:4], True),
    (np.zeros((4, 3), np.int64)[::-2], True),
    (np.broadcast_to(np.zeros(3, np.int64), (2, 3)), True),
    (np.zeros((2, 6), np.int64)[:, ::2], False),
    (np.zeros((3, 2), np.int64).T, False),
    (np.zeros((3, 2), np.int64), False),
    (np.zeros((2, 4), np.int64), False),
    (np.zeros((1, 2, 3), np.int64), False),
    (np.zeros(6, np.int64), False),
    (np.zeros((), np.int64), False),
    (np.zeros((2, 3)), False),
    (7, False),
])  # fmt: skip
def test_arrays_with_strides(array, fits):
    y = np.array([0])
    add = directly(ADD, "add", Signature((Shaped((2, 3), I64), Whole(1, I64)), (2, 0), 1, (1,)))
    assert (add(array, y) is y) == fits and y[0] == 2 * fits
    rows = np.zeros((2, 6), np.int64)[:, :3]
    add = directly(ADD, "add", Signature((Whole(1, I64), Shaped((2, 3), I64)), (2, 0), 1, (2, 3)))
    assert add(np.array([40]), rows) is rows and rows[0, 0] == 42
    assert add(np.array([40]), rows.T) is UNFIT
    add = directly(ADD, "add", Signature((Shaped((2, 1), I64), Whole(1, I64)), (2, 0), 1, (1,)))
    assert add(rows[:, ::2], y) is UNFIT and add(rows[:, ::4], y) is y


@LLVM
def test_other_threads_run_python_meanwhile():
    """The code waits for what the other thread writes; with the interpreter lock it would wait for ever."""
    waits = ADD.replace(
        "  ret void",
        """  br label %look
look:
  %seen = load atomic i64, ptr %elements seq_cst, align 8
  %same = icmp eq i64 %seen, %a
  br i1 %same, label %look, label %done
done:
  ret void""",
    )
    x, y = np.array([40]), np.array([0])
    add = directly(waits, "add", Signature(BOTH, (2, 0), 1, (1,), releases_lock=True))
    found = []
    thread = threading.Thread(target=lambda: found.append(add(x, y)), daemon=True)
    thread.start()
    while y[0] != 42:
        time.sleep(0)
    x[0] = 7
    thread.join(60)
    assert found[0] is y and add([40]) is UNFIT


@LLVM
def test_what_cannot_be_made(monkeypatch):
    with pytest.raises(CannotAssemble, match="there is no function 'subtract'"):
        directly(ADD, "subtract", Signature(BOTH, (2, 0), 1, (1,)))
    monkeypatch.setattr(direct_calls, "is_possible", lambda: False)
    with pytest.raises(CannotAssemble, match="this Python takes no machine code as a function"):
        directly(ADD, "add", Signature(BOTH, (2, 0), 1, (1,)))


@pytest.mark.parametrize(
    "where, name, value",
    [
        (direct_calls.sys.implementation, "name", "pypy"),
        (direct_calls.sysconfig, "get_config_var", lambda _: 1),
        (direct_calls, "_FLAGS_OFFSET", DATA_OFFSET),
        (direct_calls, "UNFIT", np.zeros(3, np.uintp)),
        (direct_calls.ctypes, "sizeof", lambda _: 4),
    ],
)
def test_other_pythons(monkeypatch, where, name, value):
    monkeypatch.setattr(where, name, value)
    assert not direct_calls.is_possible.__wrapped__()
