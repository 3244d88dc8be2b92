"""Machine code of a text: that it runs, where it is kept, and what is said of what cannot be made."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest

from tfrt.executor.support import machine_code
from tfrt.executor.support.machine_code import (
    DATA_OFFSET,
    CannotAssemble,
    assemble,
    can_see_arrays,
    is_available,
    processor,
)

LLVM = pytest.mark.skipif(not is_available(), reason="needs llvmlite")
DOUBLE = f"""
define void @double(ptr %array) {{
  %place = getelementptr i8, ptr %array, i64 {DATA_OFFSET}
  %elements = load ptr, ptr %place
  %x = load i64, ptr %elements
  %y = add i64 %x, %x
  store i64 %y, ptr %elements
  ret void
}}
"""


def test_arrays_are_seen():
    assert can_see_arrays()


@LLVM
def test_code_is_kept_and_found_again(monkeypatch, tmp_path):
    monkeypatch.setenv("TFRT_CACHE_DIR", str(tmp_path))
    for _ in range(2):
        value = np.array([21])
        assemble(DOUBLE, "double", [ctypes.py_object])(value)
        assert value[0] == 42
        (kept,) = tmp_path.glob("object_*.o")
        monkeypatch.setattr(machine_code, "_compiled", None)
    # What others may write to is not used.
    kept.chmod(0o666)
    with pytest.raises(CannotAssemble, match="'NoneType' object is not callable"):
        assemble(DOUBLE, "double", [ctypes.py_object])


@LLVM
def test_nothing_is_kept_where_there_is_no_folder(monkeypatch):
    monkeypatch.setattr(machine_code, "cache_folder", lambda: None)
    value = np.array([4])
    assemble(DOUBLE, "double", [ctypes.py_object])(value)
    assert value[0] == 8


@LLVM
@pytest.mark.parametrize("text, message", [("define nonsense", "expected"), ("", "there is no function 'double'")])
def test_what_is_no_code(text, message):
    with pytest.raises(CannotAssemble, match=message):
        assemble(text, "double", [])


@LLVM
@pytest.mark.parametrize(
    "features, expected",
    [
        ({"avx512f": True}, (64, 32, True)),
        ({"avx2": True, "fma": True}, (32, 16, True)),
        ({"avx2": True}, (32, 16, False)),
    ],
)
def test_processors(monkeypatch, features, expected):
    machine = machine_code._target()[0]
    monkeypatch.setattr(machine_code, "_target", lambda: (machine, features))
    found = processor.__wrapped__()
    assert (found.vector_bytes, found.registers, found.fuses) == expected
