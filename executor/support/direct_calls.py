"""Machine code of arrays as a built-in function of Python's, which costs a tenth of what a call by `ctypes` does.

It is given the arrays as Python has them, looks itself whether their elements lie in C order, and returns one of them.
It keeps the interpreter lock, so it is for what takes some microseconds.

This is for CPython with its lock: https://docs.python.org/3/c-api/structures.html#c.METH_FASTCALL.
"""

from __future__ import annotations

import ctypes
import sys
import sysconfig
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from tfrt.executor.support.machine_code import DATA_OFFSET, CannotAssemble, address_of

UNFIT = object()
"""What a function returns that has done nothing, for an array does not lie as it should."""

_FLAGS_OFFSET = DATA_OFFSET + 6 * ctypes.sizeof(ctypes.c_void_p)
"""Where an array's flags are: after its elements, dimensions, shape, strides, base and type."""

_IN_ORDER = 0x1
"""``NPY_ARRAY_C_CONTIGUOUS``."""

_FASTCALL = 0x80
_NAME = "direct"


class _Method(ctypes.Structure):
    """``PyMethodDef``."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("function", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("documentation", ctypes.c_char_p),
    )


_kept: list[_Method] = []
"""Functions refer to these, and do not keep them."""


@cache
def is_possible() -> bool:
    """Whether Python, and arrays, are like those that this is written for."""
    if sys.implementation.name != "cpython" or ctypes.sizeof(ctypes.c_void_p) != 8 or hasattr(sys, "gettotalrefcount"):
        return False
    return not sysconfig.get_config_var("Py_GIL_DISABLED") and _can_see_flags()


def _can_see_flags() -> bool:
    import numpy as np

    arrays = [np.zeros((3, 4)), np.zeros((3, 4))[:, ::2], np.zeros(0), np.zeros((3, 4)).T, np.zeros(())]
    arrays += [np.frombuffer(b"12345678"), np.zeros((1, 4))[:, 1:], np.zeros((3, 4))[:, 1:]]
    return all(
        (ctypes.c_int.from_address(id(array) + _FLAGS_OFFSET).value & _IN_ORDER) == array.flags.c_contiguous
        for array in arrays
    )


def directly(text: str, name: str, arrays: int, numbers: Sequence[int], result: int) -> Callable[..., Any]:
    """A function of as many arrays that runs one of a module in LLVM's intermediate representation, and returns one of
    them, or `UNFIT`.

    Args:
        name: the function's, which is given the arrays and these numbers.
        result: which of the arrays to return.

    Raises:
        CannotAssemble: there is no machine code for it, or Python is another one.
    """
    if not is_possible():
        raise CannotAssemble("this Python takes no machine code as a function")
    address = address_of(_entry(text, name, arrays, numbers, result), _NAME)
    method = _Method(name.encode(), address, _FASTCALL, None)
    _kept.append(method)
    new = ctypes.pythonapi.PyCFunction_NewEx
    new.argtypes, new.restype = [ctypes.POINTER(_Method), ctypes.py_object, ctypes.c_void_p], ctypes.py_object
    made: Callable[..., Any] = new(ctypes.byref(method), UNFIT, None)
    return made


def _entry(text: str, name: str, arrays: int, numbers: Sequence[int], result: int) -> str:
    """The module with the function that Python calls: of itself, where the arguments are, and how many.

    `UNFIT` is itself. References are counted, of which neither has so many that they would be for ever.
    """
    head = f"define void @{name}("
    if head not in text:
        raise CannotAssemble(f"there is no function '{name}'")
    looks, flags = [], "1"
    for number in range(arrays):
        looks += [
            f"%p{number} = getelementptr ptr, ptr %arguments, i64 {number}",
            f"%a{number} = load ptr, ptr %p{number}",
            f"%q{number} = getelementptr i8, ptr %a{number}, i64 {_FLAGS_OFFSET}",
            f"%f{number} = load i32, ptr %q{number}",
            f"%all{number} = and i32 %f{number}, {flags}",
        ]
        flags = f"%all{number}"
    given = ", ".join([*(f"ptr %a{number}" for number in range(arrays)), *(f"i64 {number}" for number in numbers)])
    lines = "\n  ".join(looks)
    # The function that is called comes first.
    return f"""define ptr @{_NAME}(ptr %self, ptr %arguments, i64 %count) nounwind "no-builtins" {{
entry:
  %right = icmp eq i64 %count, {arrays}
  br i1 %right, label %look, label %leave
look:
  {lines}
  %fits = icmp ne i32 {flags}, 0
  br i1 %fits, label %work, label %leave
work:
  call void @{name}({given})
  br label %leave
leave:
  %found = phi ptr [ %self, %entry ], [ %self, %look ], [ %a{result}, %work ]
  %references = load i64, ptr %found
  %more = add i64 %references, 1
  store i64 %more, ptr %found
  ret ptr %found
}}
{text.replace(head, f"define internal void @{name}(", 1)}"""
