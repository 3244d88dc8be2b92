"""Machine code of arrays as a built-in function of Python's, which costs a tenth of what a call by `ctypes` does.

It is given the arguments as Python has them, looks itself whether they are arrays that the code takes, makes the result
where it is given none, and returns it: so it reads no memory that is not theirs. What takes some microseconds keeps the
interpreter lock; what takes longer releases it.

This is for CPython with its lock: https://docs.python.org/3/c-api/structures.html#c.METH_FASTCALL.
"""

from __future__ import annotations

import ctypes
import sys
import sysconfig
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from tfrt.executor.support.machine_code import DATA_OFFSET, STRIDES_OFFSET, CannotAssemble, address_of


@dataclass(frozen=True, slots=True)
class Whole:
    """Arrays with at least so many elements, in C order."""

    size: int
    dtype: np.dtype


@dataclass(frozen=True, slots=True)
class Shaped:
    """Arrays of a shape, whose elements along the last dimension lie together, if it has several; other strides may be
    any."""

    shape: tuple[int, ...]
    dtype: np.dtype


Takes = Whole | Shaped
"""What an array must be."""


@dataclass(frozen=True, slots=True)
class Signature:
    """What a function in machine code takes, and what of it Python's arguments are.

    It is given arrays and then numbers. Python gives it all arrays but the result, and then that or nothing: what it is
    not given is made.

    Attributes:
        takes: what each array must be; the types are C's.
        numbers: these.
        result: which of the arrays is the result.
        shape: that of a result that is made.
        releases_lock: whether other threads run Python meanwhile.
    """

    takes: Sequence[Takes]
    numbers: Sequence[int]
    result: int
    shape: tuple[int, ...]
    releases_lock: bool = False


def _new_array() -> int:
    """The address of numpy's function that makes an array, ``PyArray_New``; 0 where that is not to be seen."""
    capsule = getattr(getattr(getattr(np, "_core", None), "multiarray", None), "_ARRAY_API", None)
    if type(capsule).__name__ != "PyCapsule":
        return 0
    pointer = ctypes.pythonapi.PyCapsule_GetPointer
    pointer.argtypes, pointer.restype = [ctypes.py_object, ctypes.c_char_p], ctypes.c_void_p
    table = (ctypes.c_size_t * (_NEW + 1)).from_address(pointer(capsule, None))
    return table[_NEW] if table[_ARRAY_TYPE] == id(np.ndarray) else 0


_ARRAY_TYPE, _NEW = 2, 93
"""Where in the table of numpy's interface for C these are: https://numpy.org/doc/stable/reference/c-api/array.html."""


def _functions() -> list[int]:
    """The addresses of what makes an array, releases the interpreter lock, and takes it again."""
    if sys.implementation.name != "cpython":
        return [0, 0, 0]
    lock = [getattr(ctypes.pythonapi, name) for name in ("PyEval_SaveThread", "PyEval_RestoreThread")]
    return [_new_array(), *(ctypes.cast(each, ctypes.c_void_p).value or 0 for each in lock)]


UNFIT = np.array(_functions(), np.uintp)
"""What a function returns that has done nothing, for an argument is not as it should be. An array, so that code that is
given it sees what the type of arrays is, and in it where the functions are that it calls."""

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
    return not sysconfig.get_config_var("Py_GIL_DISABLED") and bool(UNFIT.all()) and _can_see_flags()


def _can_see_flags() -> bool:
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


def directly(text: str, name: str, signature: Signature) -> Callable[..., Any]:
    """A function of arrays that runs the one of that name in a module of LLVM's intermediate representation, and
    returns its result, or `UNFIT`.

    Raises:
        CannotAssemble: there is no machine code for it, or Python is another one.
    """
    if not is_possible():
        raise CannotAssemble("this Python takes no machine code as a function")
    address = address_of(_entry(text, name, signature), _NAME)
    method = _Method(name.encode(), address, _FASTCALL, None)
    _kept.append(method)
    new = ctypes.pythonapi.PyCFunction_NewEx
    new.argtypes, new.restype = [ctypes.POINTER(_Method), ctypes.py_object, ctypes.c_void_p], ctypes.py_object
    made: Callable[..., Any] = new(ctypes.byref(method), UNFIT, None)
    return made


def _entry(text: str, name: str, signature: Signature) -> str:
    """The module with the function that Python calls: of itself, where the arguments are, and how many.

    `UNFIT` is itself. References are counted, of which neither has so many that they would be for ever.
    """
    takes, result, shape = signature.takes, signature.result, signature.shape
    head = f"define void @{name}("
    if head not in text:
        raise CannotAssemble(f"there is no function '{name}'")
    inputs = [place for place in range(len(takes)) if place != result]
    blocks = [*(f"look{place}" for place in inputs), "found"]
    looks = "".join(
        _look(place, given, takes[place], then)
        for given, (place, then) in enumerate(zip(inputs, blocks[1:], strict=True))
    )
    arrays = ["ptr %result" if place == result else f"ptr %a{place}" for place in range(len(takes))]
    arguments = ", ".join([*arrays, *(f"i64 {number}" for number in signature.numbers)])
    unfit = ", ".join(
        f"[ %self, %{block}{place} ]" for place in range(len(takes)) for block in ("look", "type", "size")
    )
    sizes = ", ".join(f"i64 {size}" for size in shape) or "i64 0"
    kind = f"i32 {len(shape)}, ptr @shape, i32 {takes[result].dtype.num}"
    release, restore = (_RELEASE, _RESTORE) if signature.releases_lock else ("", "")
    # The function that is called comes first.
    return f"""@shape = private constant [{max(1, len(shape))} x i64] [{sizes}]
define ptr @{_NAME}(ptr %self, ptr %arguments, i64 %count) nounwind "no-builtins" {{
entry:
  %typep = getelementptr i8, ptr %self, i64 {_TYPE_OFFSET}
  %array = load ptr, ptr %typep
  %alone = icmp eq i64 %count, {len(inputs)}
  %with = icmp eq i64 %count, {len(takes)}
  %right = or i1 %alone, %with
  br i1 %right, label %{blocks[0]}, label %leave
{looks}
found:
  br i1 %alone, label %make, label %look{result}
{_look(result, len(inputs), takes[result], "work")}
make:
  %knownp = getelementptr i8, ptr %self, i64 {DATA_OFFSET}
  %known = load ptr, ptr %knownp
  %new = load ptr, ptr %known
  %made = call ptr %new(ptr %array, {kind}, ptr null, ptr null, i32 0, i32 0, ptr null)
  %none = icmp eq ptr %made, null
  br i1 %none, label %failed, label %work
failed:
  ret ptr null
work:
  %result = phi ptr [ %made, %make ], [ %a{result}, %size{result} ]
{release}  call void @{name}({arguments})
{restore}  br i1 %alone, label %hand, label %leave
hand:
  ret ptr %result
leave:
  %found.it = phi ptr [ %self, %entry ], {unfit}, [ %result, %work ]
  %references = load i64, ptr %found.it
  %more = add i64 %references, 1
  store i64 %more, ptr %found.it
  ret ptr %found.it
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


_RELEASE = f"""  %placep = getelementptr i8, ptr %self, i64 {DATA_OFFSET}
  %place = load ptr, ptr %placep
  %savep = getelementptr ptr, ptr %place, i64 1
  %save = load ptr, ptr %savep
  %state = call ptr %save()
"""
_RESTORE = """  %restorep = getelementptr ptr, ptr %place, i64 2
  %restore = load ptr, ptr %restorep
  call void %restore(ptr %state)
"""


def _look(n: int, given: int, takes: Takes, then: str) -> str:
    """The blocks that leave where an argument is no array, or not as it must be.

    Args:
        n: the array's number, which is the argument's of number `given`.
    """
    dtype = takes.dtype
    return f"""look{n}:
  %p{n} = getelementptr ptr, ptr %arguments, i64 {given}
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
  %number{n} = icmp eq i32 %n{n}, {dtype.num}
  %order{n} = icmp eq i8 %o{n}, {ord(dtype.byteorder)}
  %typed{n} = and i1 %number{n}, %order{n}
{_lies(n, takes)}
  %both{n} = and i1 %typed{n}, %lies{n}
  br i1 %both{n}, label %size{n}, label %leave
size{n}:
{_is_large(n, takes)}
  br i1 %all{n}, label %{then}, label %leave
"""


def _lies(n: int, takes: Takes) -> str:
    """Whether elements lie in C order; of arrays of a shape, whether there are as many dimensions."""
    if isinstance(takes, Shaped):
        return f"""  %rp{n} = getelementptr i8, ptr %a{n}, i64 {_RANK_OFFSET}
  %r{n} = load i32, ptr %rp{n}
  %lies{n} = icmp eq i32 %r{n}, {len(takes.shape)}"""
    return f"""  %fp{n} = getelementptr i8, ptr %a{n}, i64 {_FLAGS_OFFSET}
  %f{n} = load i32, ptr %fp{n}
  %bit{n} = and i32 %f{n}, {_IN_ORDER}
  %lies{n} = icmp ne i32 %bit{n}, 0"""


def _is_large(n: int, takes: Takes) -> str:
    """Whether there are enough elements; of arrays of a shape, whether it is that, and last elements lie together."""
    if isinstance(takes, Whole):
        return f"""  %s{n} = call i64 @elements(ptr %a{n})
  %all{n} = icmp sge i64 %s{n}, {takes.size}"""
    last = len(takes.shape) - 1
    lines = [
        f"  %shp{n} = getelementptr i8, ptr %a{n}, i64 {_SHAPE_OFFSET}",
        f"  %sh{n} = load ptr, ptr %shp{n}",
        f"  %stp{n} = getelementptr i8, ptr %a{n}, i64 {STRIDES_OFFSET}",
        f"  %st{n} = load ptr, ptr %stp{n}",
        f"  %lp{n} = getelementptr i64, ptr %st{n}, i64 {last}",
        f"  %l{n} = load i64, ptr %lp{n}",
        f"  %next{n} = icmp eq i64 %l{n}, {takes.dtype.itemsize}",
        f"  %e{n}x0 = or i1 %next{n}, {str(takes.shape[-1] == 1).lower()}",
    ]
    for axis, size in enumerate(takes.shape):
        lines += [
            f"  %sp{n}x{axis} = getelementptr i64, ptr %sh{n}, i64 {axis}",
            f"  %s{n}x{axis} = load i64, ptr %sp{n}x{axis}",
            f"  %c{n}x{axis} = icmp eq i64 %s{n}x{axis}, {size}",
            f"  %e{n}x{axis + 1} = and i1 %e{n}x{axis}, %c{n}x{axis}",
        ]
    return "\n".join([*lines, f"  %all{n} = or i1 %e{n}x{last + 1}, false"])
