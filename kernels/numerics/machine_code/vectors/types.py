"""Vectors of all types of elements that machine code knows: how they are read and written, and converted.

Floats of 16 bits are in registers as singles, rounded; truth values are bits there, and bytes in memory. Conversions
give what `tfrt.kernels.numerics.arithmetic.conversions` says, element by element.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfrt.kernels.numerics.arithmetic.halves import is_half
from tfrt.kernels.numerics.machine_code.vectors.code import Code
from tfrt.kernels.numerics.machine_code.vectors.expressions import evaluate, holds

F32 = np.dtype(np.float32)
_BYTE, _SHORT, _WORD = (np.dtype(f"u{size}") for size in (1, 2, 4))


@dataclass(frozen=True, slots=True)
class Vector:
    """The name of a vector, and the type that its elements have in the program."""

    name: str
    dtype: np.dtype


def is_known(dtype: np.dtype) -> bool:
    """Whether there are vectors of that type."""
    # Some floats of 8 bits are of kind "f", too.
    return dtype.kind in "biu" or dtype.name in ("float16", "bfloat16", "float32", "float64")


def in_registers(dtype: np.dtype) -> np.dtype:
    """The type that elements have in registers."""
    return F32 if is_half(dtype) else dtype


def address(code: Code, array: str, index: str | int, dtype: np.dtype) -> str:
    """That of an element of an array."""
    return code.of(_in_memory(dtype)).at(array, index)


def _in_memory(dtype: np.dtype) -> np.dtype:
    return _SHORT if is_half(dtype) else _BYTE if dtype.kind == "b" else dtype


def load(code: Code, place: str, dtype: np.dtype, lanes: int) -> Vector:
    """So many elements from an address on; the others are zero."""
    return Vector(_read(code, code.of(_in_memory(dtype)).load(place, lanes), dtype), dtype)


def spread(code: Code, place: str, dtype: np.dtype) -> Vector:
    """The element at an address, in all places."""
    return Vector(_read(code, code.of(_in_memory(dtype)).spread(place), dtype), dtype)


def _read(code: Code, loaded: str, dtype: np.dtype) -> str:
    """What is in registers, of elements as they are in memory."""
    if dtype.kind == "b":
        return holds(code.of(_BYTE), "{0} != zero", [loaded])
    if not is_half(dtype):
        return loaded
    if dtype == np.float16:
        return _extended(code, loaded)
    words = code.of(_WORD)
    wide = code.value(f"zext {code.of(_SHORT).vector} {loaded} to {words.vector}")
    return words.bits(evaluate(words, "shift_left({0}, {1})", [wide, words.constant(16)]), code.of(F32))


def store(code: Code, place: str, vector: Vector, lanes: int) -> None:
    """Write so many elements to an address."""
    dtype, memory = vector.dtype, code.of(_in_memory(vector.dtype))
    name = vector.name
    if dtype.kind == "b":
        name = code.value(f"zext {code.of(dtype).vector} {name} to {memory.vector}")
    elif dtype == np.float16:
        name = _truncated(code, name)
    elif is_half(dtype):
        words = code.of(_WORD)
        bits = evaluate(words, "shift_right_logical({0}, {1})", [code.of(F32).bits(name, words), words.constant(16)])
        name = code.value(f"trunc {words.vector} {bits} to {memory.vector}")
    memory.store_in_parts(place, name, lanes)


def rounded(code: Code, name: str, dtype: np.dtype) -> Vector:
    """A vector as it is computed, of singles where elements are of 16 bits, as one of that type."""
    if not is_half(dtype):
        return Vector(name, dtype)
    if dtype == np.float16:
        return Vector(_extended(code, _truncated(code, name)), dtype)
    singles, words = code.of(F32), code.of(_WORD)
    bits = singles.bits(name, words)
    # To the nearest, of two the even one: half of the last place, less where that is even, is carried over.
    odd = evaluate(words, "shift_right_logical({0}, {1}) & one", [bits, words.constant(16)])
    near = evaluate(words, "({0} + {1} + {2}) & {3}", [bits, odd, words.constant(0x7FFF), words.constant(0xFFFF0000)])
    quiet = evaluate(words, "({0} & {1}) | {2}", [bits, words.constant(0x80000000), words.constant(0x7FC00000)])
    is_nan = holds(singles, "{0} != {0}", [name])
    return Vector(words.bits(words.select(is_nan, quiet, near), singles), dtype)


def _extended(code: Code, shorts: str) -> str:
    halves = f"<{code.lanes} x half>"
    bits = code.value(f"bitcast {code.of(_SHORT).vector} {shorts} to {halves}")
    return code.value(f"fpext {halves} {bits} to {code.of(F32).vector}")


def _truncated(code: Code, singles: str) -> str:
    halves, shorts = f"<{code.lanes} x half>", code.of(_SHORT)
    found = code.value(f"fptrunc {code.of(F32).vector} {singles} to {halves}")
    return code.value(f"bitcast {halves} {found} to {shorts.vector}")


def converted(code: Code, vector: Vector, dtype: np.dtype) -> Vector:
    """Elements in another type, as ``stablehlo.convert`` has it: the nearest that there is; toward zero where a float
    becomes an integer, and NaN 0; integers wrap around. What is not zero is true."""
    source, target = code.of(in_registers(vector.dtype)), code.of(in_registers(dtype))
    name = vector.name
    if vector.dtype == dtype:
        return vector
    if dtype.kind == "b":
        return Vector(holds(source, "{0} != zero", [name]), dtype)
    if source.dtype.kind == "f" and target.dtype.kind == "f":
        return rounded(code, _resized(source, name, target, to_odd=is_half(dtype)), dtype)
    if source.dtype.kind == "f":
        return Vector(_saturated(source, name, target), dtype)
    if target.dtype.kind == "f":
        return rounded(code, source.number_of(name, target), dtype)
    if source.itemsize == target.itemsize and source.dtype.kind != "b":
        return Vector(name, dtype)
    is_wider = target.itemsize > source.itemsize or source.dtype.kind == "b"
    how = ("sext" if source.dtype.kind == "i" else "zext") if is_wider else "trunc"
    return Vector(code.value(f"{how} {source.vector} {name} to {target.vector}"), dtype)


def _resized(source: Code, name: str, target: Code, to_odd: bool) -> str:
    """Floats as those of single or double precision.

    Args:
        to_odd: doubles become those of two singles whose last bit is one, unless they are singles, so that rounding
            once more is rounding once; see `tfrt.kernels.numerics.arithmetic.conversions.to_odd`.
    """
    if source.dtype == target.dtype:
        return name
    if target.itemsize > source.itemsize:
        return source.value(f"fpext {source.vector} {name} to {target.vector}")
    near = source.value(f"fptrunc {source.vector} {name} to {target.vector}")
    if not to_odd:
        return near
    wide = source.value(f"fpext {target.vector} {near} to {source.vector}")
    is_exact = holds(source, "{0} == {1} or {0} != {0}", [name, wide])
    is_beyond = holds(source, "abs({1}) > abs({0})", [name, wide])
    words = source.of(_WORD)
    less = words.select(is_beyond, words.constant(1), words.constant(0))
    odd = evaluate(words, "({0} - {1}) | one", [target.bits(near, words), less])
    return target.select(is_exact, near, words.bits(odd, target))


def _saturated(code: Code, x: str, to: Code) -> str:
    """Floats as integers of another type, toward zero: the nearest that there is, and 0 for what is no number."""
    if to.itemsize > 2:
        return _saturated_to_words(code, x, to)
    low, high = np.iinfo(to.dtype).min, np.iinfo(to.dtype).max
    bounded = evaluate(code, "{0} if {0} > {1} else {1}", [x, code.constant(low)])
    bounded = evaluate(code, "{0} if {0} < {1} else {1}", [bounded, code.constant(high)])
    if low:
        bounded = evaluate(code, "{0} if {1} == {1} else zero", [bounded, x])
    wide = code.value(f"fptosi {code.vector} {bounded} to <{code.lanes} x i32>")
    return code.value(f"trunc <{code.lanes} x i32> {wide} to {to.vector}")


def _saturated_to_words(code: Code, x: str, to: Code) -> str:
    """The same for integers of 32 and 64 bits, of which the greatest is no float."""
    info = np.iinfo(to.dtype)
    # LLVM has functions for this, but does them one by one.
    bounded = evaluate(code, "{0} if {0} > {1} else {1}", [x, code.constant(info.min)])
    is_beyond = holds(code, "{0} >= {1}", [bounded, code.constant(float(code.dtype.type(info.max)))])
    inside = code.select(is_beyond, code.constant(0), bounded)
    found = code.value(f"fpto{to.sign}i {code.vector} {inside} to {to.vector}")
    found = to.select(is_beyond, to.constant(info.max), found)
    if not info.min:
        return found
    return to.select(holds(code, "{0} == {0}", [x]), found, to.constant(0))
