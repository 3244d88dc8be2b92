"""Machine code of a text: that it runs, where it is kept, and what is said of what cannot be made."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest

from tests.executor.support.texts import DOUBLE
from tfrt.executor.support import flat_code, machine_code
from tfrt.executor.support.machine_code import (
    CannotAssemble,
    assemble,
    can_see_arrays,
    is_available,
    processor,
)

LLVM = pytest.mark.skipif(not is_available(), reason="needs llvmlite")


def test_arrays_are_seen():
    assert can_see_arrays()


@LLVM
@pytest.mark.parametrize("flat", [False, True])
def test_code_is_kept_and_found_again(monkeypatch, tmp_path, flat):
    monkeypatch.setenv("TFRT_CACHE_DIR", str(tmp_path))
    if flat and not flat_code.is_possible():
        pytest.skip("another machine")
    monkeypatch.setattr(flat_code, "is_possible", lambda: flat)
    for _ in range(2):
        value = np.array([21])
        assemble(DOUBLE, "double", [ctypes.py_object])(value)
        assert value[0] == 42
        (kept,) = tmp_path.glob("code_*.o" if flat else "object_*.o")
        monkeypatch.setattr(machine_code, "_compiled", None)
    # What others may write to is not used.
    kept.chmod(0o666)
    with pytest.raises(CannotAssemble, match="'NoneType' object is not callable"):
        assemble(DOUBLE, "double", [ctypes.py_object])


FLAT = pytest.mark.skipif(not (is_available() and flat_code.is_possible()), reason="needs llvmlite, on Linux on x86")


@FLAT
def test_what_is_not_whole_is_not_run(monkeypatch, tmp_path):
    monkeypatch.setenv("TFRT_CACHE_DIR", str(tmp_path))
    assemble(DOUBLE, "double", [ctypes.py_object])
    (kept,) = tmp_path.glob("code_*.o")
    content = kept.read_bytes()
    for broken in (content[:-1], content[:-1] + b"?", b""):
        kept.write_bytes(broken)
        value = np.array([21])
        assemble(DOUBLE, "double", [ctypes.py_object])(value)
        assert value[0] == 42


CONSTANT = """
define void @constant(ptr %array) {
  %place = getelementptr i8, ptr %array, i64 16
  %elements = load ptr, ptr %place
  %x = load <4 x float>, ptr %elements, align 4
  %y = fmul <4 x float> %x, <float 1.5, float 2.5, float 3.5, float 4.5>
  store <4 x float> %y, ptr %elements, align 4
  ret void
}
"""


@FLAT
def test_constants_go_along(monkeypatch, tmp_path):
    monkeypatch.setenv("TFRT_CACHE_DIR", str(tmp_path))
    value = np.full(4, 2, np.float32)
    assemble(CONSTANT, "constant", [ctypes.py_object])(value)
    assert value.tolist() == [3, 5, 7, 9]
    assert not list(tmp_path.glob("object_*.o"))


@FLAT
def test_what_needs_others_is_loaded_by_llvm(monkeypatch, tmp_path):
    monkeypatch.setenv("TFRT_CACHE_DIR", str(tmp_path))
    text = """declare double @cos(double)
define void @apply(ptr %array) {
  %place = getelementptr i8, ptr %array, i64 16
  %elements = load ptr, ptr %place
  %x = load double, ptr %elements
  %y = call double @cos(double %x)
  store double %y, ptr %elements
  ret void
}
"""
    value = np.zeros(1)
    assemble(text, "apply", [ctypes.py_object])(value)
    assert value[0] == 1 and list(tmp_path.glob("object_*.o"))


@pytest.mark.parametrize("content", [b"", b"\x7fELF\x01\x01", b"\x7fELF\x02\x01" + bytes(12) + b"\xb7\0" + bytes(64)])
def test_other_files_are_not_flattened(content):
    assert flat_code.flattened(content, "double") is None


def test_memory_that_cannot_be_run(monkeypatch):
    class Library:
        def __init__(self, *_, **__):
            pass

        @staticmethod
        def mprotect(*_):
            return -1

    monkeypatch.setattr(flat_code.ctypes, "CDLL", Library)
    monkeypatch.setattr(Library.mprotect, "argtypes", None, raising=False)
    with pytest.raises(OSError, match="memory cannot be made executable"):
        flat_code.loaded(b"\xc3")


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
        ({"avx512f": True, "avx2": True, "fma": True, "f16c": True}, (64, 32, True)),
        ({"avx2": True, "fma": True, "f16c": True}, (32, 16, True)),
        ({"avx2": True, "fma": True}, (32, 16, False)),
    ],
)
def test_processors(monkeypatch, features, expected):
    machine = machine_code._target()[0]
    monkeypatch.setattr(machine_code, "_target", lambda: (machine, features))
    monkeypatch.setattr(flat_code, "is_possible", lambda: False)
    found = processor.__wrapped__()
    assert (found.vector_bytes, found.registers, found.fuses) == expected
