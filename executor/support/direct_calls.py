"""Machine code of arrays as a built-in function of Python's, which costs a tenth of what a call by `ctypes` does.

It is given the arguments as Python has them, looks itself whether they are arrays of the right type, with as many
elements as the code takes, in C order, and returns one of them: so it reads no memory that is not theirs. It keeps the
interpreter lock, so it is for what takes some microseconds.

This is for CPython with its lock: https://docs.python.org/3/c-api/structures.html#c.METH_FASTCALL.
"""

from __future__ import annotations

import ctypes
import sys
import sysconfig
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

from tfrt.executor.support.machine_code import DATA_OFFSET, CannotAssemble, address_of

UNFIT = np.empty(0)
"""What a function returns that has done nothing, for an argument is not as it should be. An array, so that code that is
given it sees what the type of arrays is."""

_WORD = ctypes.sizeof(ctypes.c_void_p)
_TYPE_OFFSET = object.__basicsize__ - _WORD
"""Where an object's type is."""

_RANK_OFFSET, _SHAPE_OFFSET, _DTYPE_OFFSET, _FLAGS_OFFSET = (DATA_OFFSET + _WORD * number for number in (1, 2, 5, 6))
"""Where in an array these are: after its elements. Strides, and what the array is a view of, lie between."""

_ORDER_OFFSET, _NUMBER_OFFSET = 26, 28
"""Where in an array's type the order of its bytes is, and its number."""

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

    arrays: list[np.ndarray] = [
        np.zeros((3, 4)),
        np.zeros((3, 4))[:, ::2],
        np.zeros(0),
        np.zeros((3, 4)).T,
        np.zeros(()),
    ]
    arrays += [np.frombuffer(b"12345678"), np.zeros((1, 4))[:, 1:], np.zeros((3, 4), np.int32)[:, 1:]]
    arrays += [np.zeros((2, 3, 5), np.float32), np.zeros(3, ">f4")]
    return all(map(_is_seen, arrays))


def _is_seen(array: np.ndarray) -> bool:
    begin, dtype = id(array), id(array.dtype)
    pointers = [ctypes.c_size_t.from_address(begin + offset).value for offset in (_TYPE_OFFSET, _DTYPE_OFFSET)]
    shape = ctypes.c_size_t.from_address(begin + _SHAPE_OFFSET).value
    return (
        pointers == [id(np.ndarray), dtype]
        and ctypes.c_int.from_address(begin + _RANK_OFFSET).value == array.ndim
        and tuple((ctypes.c_ssize_t * array.ndim).from_address(shape) if array.ndim else ()) == array.shape
        and (ctypes.c_int.from_address(begin + _FLAGS_OFFSET).value & _IN_ORDER) == array.flags.c_contiguous
        and ctypes.c_char.from_address(dtype + _ORDER_OFFSET).value == array.dtype.byteorder.encode()
        and ctypes.c_int.from_address(dtype + _NUMBER_OFFSET).value == array.dtype.num
    )


def directly(
    text: str,
    name: str,
    sizes: Sequence[int],
    dtype: np.dtype | Sequence[np.dtype],
    numbers: Sequence[int],
    result: int,
) -> Callable[..., Any]:
    """A function of arrays that runs one of a module in LLVM's intermediate representation, and returns one of them, or
    `UNFIT`.

    Args:
        name: the function's, which is given the arrays and these numbers.
        sizes: how many elements each array has at least.
        dtype: the type of all of them, or that of each.
        result: which of the arrays to return.

    Raises:
        CannotAssemble: there is no machine code for it, or Python is another one.
    """
    if not is_possible():
        raise CannotAssemble("this Python takes no machine code as a function")
    dtypes = [dtype] * len(sizes) if isinstance(dtype, np.dtype) else dtype
    address = address_of(_entry(text, name, sizes, dtypes, numbers, result), _NAME)
    method = _Method(name.encode(), address, _FASTCALL, None)
    _kept.append(method)
    new = ctypes.pythonapi.PyCFunction_NewEx
    new.argtypes, new.restype = [ctypes.POINTER(_Method), ctypes.py_object, ctypes.c_void_p], ctypes.py_object
    made: Callable[..., Any] = new(ctypes.byref(method), UNFIT, None)
    return made


def _entry(
    text: str, name: str, sizes: Sequence[int], dtypes: Sequence[np.dtype], numbers: Sequence[int], result: int
) -> str:
    """The module with the function that Python calls: of itself, where the arguments are, and how many.

    `UNFIT` is itself. References are counted, of which neither has so many that they would be for ever.
    """
    head = f"define void @{name}("
    if head not in text:
        raise CannotAssemble(f"there is no function '{name}'")
    looks = "".join(
        _look(number, size, dtype, f"look{number + 1}" if number + 1 < len(sizes) else "work")
        for number, (size, dtype) in enumerate(zip(sizes, dtypes, strict=True))
    )
    given = [*(f"ptr %a{number}" for number in range(len(sizes))), *(f"i64 {number}" for number in numbers)]
    unfit = ", ".join(
        f"[ %self, %{block}{number} ]" for number in range(len(sizes)) for block in ("look", "type", "size")
    )
    # The function that is called comes first.
    return f"""define ptr @{_NAME}(ptr %self, ptr %arguments, i64 %count) nounwind "no-builtins" {{
entry:
  %typep = getelementptr i8, ptr %self, i64 {_TYPE_OFFSET}
  %array = load ptr, ptr %typep
  %right = icmp eq i64 %count, {len(sizes)}
  br i1 %right, label %look0, label %leave
{looks}
work:
  call void @{name}({", ".join(given)})
  br label %leave
leave:
  %found = phi ptr [ %self, %entry ], {unfit}, [ %a{result}, %work ]
  %references = load i64, ptr %found
  %more = add i64 %references, 1
  store i64 %more, ptr %found
  ret ptr %found
}}
define internal i64 @elements(ptr %array) nounwind {{
entry:
  %rankp = getelementptr i8, ptr %array, i64 {_RANK_OFFSET}
  %rank = load i32, ptr %rankp
  %shapep = getelementptr i8, ptr %array, i64 {_SHAPE_OFFSET}
  %shape = load ptr, ptr %shapep
  br label %next
next:
  %axis = phi i32 [ 0, %entry ], [ %following, %take ]
  %product = phi i64 [ 1, %entry ], [ %larger, %take ]
  %more = icmp slt i32 %axis, %rank
  br i1 %more, label %take, label %done
take:
  %dimp = getelementptr i64, ptr %shape, i32 %axis
  %dim = load i64, ptr %dimp
  %larger = mul i64 %product, %dim
  %following = add i32 %axis, 1
  br label %next
done:
  ret i64 %product
}}
{text.replace(head, f"define internal void @{name}(", 1)}"""


def _look(n: int, size: int, dtype: np.dtype, then: str) -> str:
    """The blocks that leave where an argument is no array, or not one of that type, in C order and of that size."""
    return f"""look{n}:
  %p{n} = getelementptr ptr, ptr %arguments, i64 {n}
  %a{n} = load ptr, ptr %p{n}
  %tp{n} = getelementptr i8, ptr %a{n}, i64 {_TYPE_OFFSET}
  %t{n} = load ptr, ptr %tp{n}
  %array{n} = icmp eq ptr %t{n}, %array
  br i1 %array{n}, label %type{n}, label %leave
type{n}:
  %dp{n} = getelementptr i8, ptr %a{n}, i64 {_DTYPE_OFFSET}
  %d{n} = load ptr, ptr %dp{n}
  %np{n} = getelementptr i8, ptr %d{n}, i64 {_NUMBER_OFFSET}
  %n{n} = load i32, ptr %np{n}
  %op{n} = getelementptr i8, ptr %d{n}, i64 {_ORDER_OFFSET}
  %o{n} = load i8, ptr %op{n}
  %fp{n} = getelementptr i8, ptr %a{n}, i64 {_FLAGS_OFFSET}
  %f{n} = load i32, ptr %fp{n}
  %number{n} = icmp eq i32 %n{n}, {dtype.num}
  %order{n} = icmp eq i8 %o{n}, {ord(dtype.byteorder)}
  %bit{n} = and i32 %f{n}, {_IN_ORDER}
  %lies{n} = icmp ne i32 %bit{n}, 0
  %typed{n} = and i1 %number{n}, %order{n}
  %both{n} = and i1 %typed{n}, %lies{n}
  br i1 %both{n}, label %size{n}, label %leave
size{n}:
  %s{n} = call i64 @elements(ptr %a{n})
  %all{n} = icmp sge i64 %s{n}, {size}
  br i1 %all{n}, label %{then}, label %leave
"""
