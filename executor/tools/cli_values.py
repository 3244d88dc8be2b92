"""Values on the command line: how ``bef-run`` reads inputs and expected outputs, and shows results.

The syntax is that of ``iree-run-module``::

    3   -1.5   true                     a scalar; its type is the function's
    f32=1.5                             a scalar with its type
    2x3xf32=1 2 3 4 5 6                 a tensor: dimensions, element type, elements in row-major order
    2x2xi32=[[1 2][3 4]]                brackets may show the nesting; commas may separate elements
    4xf32=0                             one element stands for all; none at all for zeros
    @x.npy                              what the file holds

A function's signature says what an argument must be: a scalar (``i32``, ``f32``, …), a string
(``!tfrt.string``, taken literally), a tensor (a type whose name ends in ``tensor``), or an array
(``memref<2x3xf32>``), whose type and shape need not be written again: ``[[1 2][3 4]]``, ``0``. Files may hold the
elements of arrays as `tfrt.executor.values.stored_types` says. Chains are not written; see `is_implicit`.
`show` writes values in the same syntax, so that what one run prints the next one reads.
"""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Iterator
from numbers import Number
from typing import Any

import numpy as np

from tfrt.executor.support.errors import KernelError, UsageError
from tfrt.executor.values.arguments import array_converter, array_type, shown_array_type
from tfrt.executor.values.array_files import read_array
from tfrt.executor.values.dtype import DType
from tfrt.executor.values.scalars import MisfitError, round_to_bf16, shown_integer
from tfrt.executor.values.stored_types import to_stored
from tfrt.executor.values.tensor import DenseHostTensor, StringHostTensor, elements
from tfrt.executor.values.tensor_files import read_any_npy

FORMS = "VALUE, TYPE=VALUE, DIMxDIMxTYPE=ELEMENTS or @FILE.npy"
"""The forms a value may have, for error messages."""

SHOWN_ELEMENTS = 1024
"""How many elements of a tensor are shown before the list is cut short."""

SHOWN_ARRAY, SHOWN_BEGINNING = 256, 16
"""How many elements an array has at most that is shown as a whole, and how many are shown of a larger one."""

_SHOWN_CHARACTERS = 200

_NUMBERS = {
    dtype.mlir: dtype
    for dtype in DType
    if not DType.STRING <= dtype <= DType.QI32  # strings, resources, variants and quantized types have no literals
}
_STRINGS = ("!tfrt.string", "!corert.string")
_CHAIN = "!tfrt.chain"

_TYPED = re.compile(r"\s*((?:\d{1,18}\s*x\s*)*)([a-z]+[0-9]*(?:E[0-9A-Z]+|<f(?:32|64)>)?)\s*(?:=(.*))?$", re.DOTALL)
_TOKEN = re.compile(r"[\[\]]|[^\[\]\s,]+")
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
_INTEGER = re.compile(r"[+-]?(?:\d+|0[xX][0-9a-fA-F]+)")


def is_implicit(type_name: str) -> bool:
    """Whether values of the type are supplied, and not compared: chains carry no data."""
    return type_name == _CHAIN


def parse_value(text: str, type_name: str) -> Any:
    """The value that `text` stands for, as a register of MLIR type `type_name` holds it.

    Raises:
        UsageError: the text is malformed, or says something else than a value of that type.
    """
    if type_name in _STRINGS:
        return text
    if type_name.startswith("memref<"):
        return _array(text, type_name)
    dtype = _NUMBERS.get(type_name)
    if dtype is None and not type_name.endswith("tensor"):
        raise UsageError(f"a value of type {type_name} cannot be written on the command line")
    if dtype is not None and "=" not in text and not text.startswith("@"):
        return _number(text.strip(), dtype, text, len(text) - len(text.lstrip()))
    tensor = _load(text[1:]) if text.startswith("@") else _parse_typed(text)
    if dtype is None:
        return tensor
    if tensor.shape != () or tensor.dtype is not dtype:
        raise UsageError(f"{_quoted(text)} is of type {_type_of(tensor)}, but {type_name} is wanted")
    return _decoded(tensor).item()


def show(value: Any, type_name: str, limit: int = SHOWN_ELEMENTS) -> str | None:
    """The value of a register of MLIR type `type_name`, as `parse_value` reads it.

    None where it has no such form. Tensors and arrays of more than `limit` elements, and arrays of more than
    `SHOWN_ARRAY`, are cut short; an array without dimensions is shown as a number.
    """
    if isinstance(value, StringHostTensor | str):
        return str(value)
    if isinstance(value, np.ndarray):
        tensor = _tensor_of(value)
        most = limit if value.size <= SHOWN_ARRAY else SHOWN_BEGINNING
        return show(tensor, "", most) if value.ndim else _literal(_decoded(tensor).reshape(-1)[0])
    if isinstance(value, DenseHostTensor):
        flat = [_literal(v) for v in _decoded(value).reshape(-1)[:limit]]
        shown = f"{' '.join(flat)} ..." if value.array.size > limit else _nested(flat, value.shape)
        return f"{_type_of(value)}={shown}"
    dtype = _NUMBERS.get(type_name)
    if dtype is None or not isinstance(value, Number):
        return None
    return _literal(_decoded(DenseHostTensor(elements([value], dtype), dtype))[0])


def difference(expected: Any, actual: Any, tolerance: float) -> str | None:
    """What distinguishes two values of one MLIR type, perhaps nothing to add to the values themselves; None
    where they agree.

    Integers and strings must be equal. Floats agree where they differ by at most `tolerance`, relative to
    expected values beyond 1; NaN agrees with NaN.
    """
    if isinstance(expected, str):
        return None if expected == actual else ""
    if isinstance(expected, Number):
        if not isinstance(actual, Number):
            return "the types differ"
        return None if _close(np.asarray(expected), np.asarray(actual), tolerance) else ""
    expected, actual = _tensor_of(expected), _tensor_of(actual)
    if not isinstance(actual, DenseHostTensor) or _type_of(expected) != _type_of(actual):
        return "the types differ"
    wrong = ~_close(_decoded(expected), _decoded(actual), tolerance)
    if not wrong.any():
        return None
    first = [int(i) for i in np.unravel_index(int(np.argmax(wrong)), wrong.shape)]
    return f"{np.count_nonzero(wrong)} of {wrong.size} elements differ, the first one at {first}"


def to_numpy(value: Any) -> np.ndarray | None:
    """The value as an array to be saved; None where it has no such form.

    Elements of a bf16 tensor are saved as f32; those of an array as `tfrt.executor.values.stored_types` says.
    """
    match value:
        case np.ndarray():
            return to_stored(value)
        case DenseHostTensor():
            return _decoded(value)
        case StringHostTensor():
            return np.array(value.strings, np.str_).reshape(value.shape)
        case Number() | str():
            return np.asarray(value)
    return None


def _parse_typed(text: str) -> DenseHostTensor:
    match = _TYPED.match(text)
    if match is None:
        raise UsageError(f"{_quoted(text)} is no tensor; expected {FORMS}, as in '2x3xf32=1 2 3 4 5 6'")
    dtype = _NUMBERS.get(match[2])
    if dtype is None:
        raise UsageError(f"{_quoted(text)}: unknown element type '{match[2]}'; expected one of {', '.join(_NUMBERS)}")
    shape = tuple(int(dim) for dim in match[1].replace("x", " ").split())
    if match[3] is None:
        return _filled(text, [], shape, dtype)
    return _tensor(text, match.start(3), shape, dtype)


def _array(text: str, type_name: str) -> np.ndarray:
    """The array of a type that a text, or the file that it names, stands for."""
    known = array_type(type_name)
    convert = array_converter(type_name)
    if known is None or convert is None:
        raise UsageError(f"a value of type {type_name} cannot be written on the command line")
    dtype, shape = known
    try:
        if text.startswith("@"):
            found = read_array(text[1:], dtype)
        elif "=" in text or ((typed := _TYPED.match(text)) is not None and typed[2] in _NUMBERS):
            found = _parse_typed(text).array
        else:
            found = _tensor(text, 0, _with_sizes(text, type_name, shape), dtype).array
        array: np.ndarray = convert(found)
    except MisfitError as error:
        raise UsageError(f"{_quoted(text)}{error}") from None
    return array


def _with_sizes(text: str, type_name: str, shape: tuple[int, ...] | None) -> tuple[int, ...]:
    """A shape with the size that is not known, which follows from the number of elements."""
    if shape is not None and -1 not in shape:
        return shape
    if shape is None or shape.count(-1) > 1:
        unknown = "no known rank" if shape is None else "several unknown sizes"
        shown = shown_array_type(type_name)
        raise UsageError(f"{_quoted(text)}: {shown} has {unknown}; write all sizes, as in '2x3xf32=1 2 3 4 5 6'")
    count = sum(token[0] not in ("[", "]") for token in _TOKEN.finditer(text))
    known = math.prod(size for size in shape if size >= 0)
    return tuple(count // (known or 1) if size == -1 else size for size in shape)


def _tensor(text: str, start: int, shape: tuple[int, ...], dtype: DType) -> DenseHostTensor:
    """The tensor whose elements, or whose one element for all, follow `start`."""
    numbers, count = list(_elements(text, start, shape, dtype)), math.prod(shape)
    if not numbers and count:
        wanted = shown_integer(count)
        raise UsageError(f"{_quoted(text)}: expected {wanted} elements, or one for all of them, got 0")
    return _filled(text, numbers, shape, dtype)


def _filled(text: str, numbers: list[Any], shape: tuple[int, ...], dtype: DType) -> DenseHostTensor:
    """The tensor of these elements, of one for all, or of zeros where there are none."""
    count = math.prod(shape)
    if len(numbers) not in (0, 1, count):
        wanted = shown_integer(count)
        raise UsageError(f"{_quoted(text)}: expected {wanted} elements, or one for all of them, got {len(numbers)}")
    try:
        if len(numbers) != count:
            filler = elements(numbers or [False], dtype)
            return DenseHostTensor(np.full(shape, filler[0], filler.dtype), dtype)
        return DenseHostTensor(elements(numbers, dtype).reshape(shape), dtype)
    except (MemoryError, ValueError, OverflowError):
        raise UsageError(f"{_quoted(text)}: a tensor of this shape does not fit into memory") from None


def _elements(text: str, start: int, shape: tuple[int, ...], dtype: DType) -> Iterator[Any]:
    """The elements that follow `start`; brackets must nest as the shape does, or not be there at all."""
    depth, deepest = 0, 0
    tokens = list(_TOKEN.finditer(text, start))
    for token in tokens:
        depth += {"[": 1, "]": -1}.get(token[0], 0)
        deepest = max(deepest, depth)
        if depth < 0:
            raise _syntax_error(text, token.start(), "']' without '['")
    if depth > 0:
        raise _syntax_error(text, len(text), "expected ']'")
    # The outermost brackets may be left out, so the nesting may be one level less than the rank.
    if deepest not in (0, len(shape), len(shape) - 1):
        raise UsageError(f"{_quoted(text)}: brackets nest {deepest} deep, but the shape has {len(shape)} dimensions")
    counts = [0] * (deepest + 1)
    for token in tokens:
        if token[0] == "[":
            depth += 1
            counts[depth] = 0
        elif token[0] == "]":
            wanted = shape[len(shape) - deepest + depth - 1]
            if counts[depth] != wanted:
                message = f"expected {wanted} elements within these brackets, got {counts[depth]}"
                raise _syntax_error(text, token.start(), message)
            depth -= 1
            counts[depth] += 1
        elif depth != deepest:
            raise _syntax_error(text, token.start(), "an element outside the innermost brackets")
        else:
            counts[depth] += 1
            yield _number(token[0], dtype, text, token.start())
    if deepest and deepest == len(shape) - 1 and counts[0] != shape[0]:
        raise UsageError(f"{_quoted(text)}: expected {shape[0]} groups of brackets, got {counts[0]}")


def _number(token: str, dtype: DType, text: str, position: int) -> Any:
    try:
        value = _convert(token, dtype)
    except ValueError:
        message = f"{_quoted(token)} is not a value of type {dtype.mlir}"
        if token == text.strip():
            raise UsageError(f"{message}; expected {FORMS}") from None
        raise _syntax_error(text, position, message) from None
    if value is None:
        raise _syntax_error(text, position, f"{_quoted(token)[1:-1]} does not fit {dtype.mlir}")
    return value


def _convert(token: str, dtype: DType) -> Any:
    """The number as a register holds it; None where the type cannot represent it, ValueError for no number."""
    if "_" in token:  # Python's own separator of digits
        raise ValueError
    if dtype is DType.I1 and token in _BOOLEANS:
        return _BOOLEANS[token]
    if dtype in (DType.COMPLEX64, DType.COMPLEX128):
        with np.errstate(over="ignore"):
            found = dtype.numpy.type(complex(token)).item()
        return found if _is_as_infinite_as(token, found.real, found.imag) else None
    if dtype in (DType.F16, DType.F32, DType.F64, DType.BF16):
        exact = float(token)
        with np.errstate(over="ignore"):
            rounded = round_to_bf16(exact) if dtype is DType.BF16 else float(dtype.numpy.type(exact))
        return rounded if _is_as_infinite_as(token, rounded) else None
    if dtype >= DType.F4E2M1FN:
        return _small_float(float(token), dtype)
    if dtype is DType.I1 or not _INTEGER.fullmatch(token):
        raise ValueError
    value = int(token, 16 if "x" in token.lower() else 10)
    limits = _iinfo(dtype)
    return value if limits.min <= value <= limits.max else None


def _iinfo(dtype: DType) -> Any:
    if dtype < DType.STRING:
        return np.iinfo(dtype.numpy)
    import ml_dtypes

    return ml_dtypes.iinfo(dtype.numpy)


def _small_float(exact: float, dtype: DType) -> float | None:
    """The nearest number of a type of 8 bits or less; some of these have no infinity, no NaN, or no zero."""
    import ml_dtypes

    if math.isfinite(exact) and abs(exact) > float(ml_dtypes.finfo(dtype.numpy).max):
        return None
    rounded = float(np.float64(exact).astype(dtype.numpy))
    is_kept = math.isnan(rounded) if math.isnan(exact) else math.isinf(rounded) == math.isinf(exact)
    return rounded if is_kept and not (math.isnan(rounded) and not math.isnan(exact)) else None


def _is_as_infinite_as(token: str, *parts: float) -> bool:
    """Whether a number's parts are only infinite where the text says so, and not because they are too large."""
    return sum(map(math.isinf, parts)) <= token.lower().count("inf")


def _decoded(tensor: DenseHostTensor) -> np.ndarray:
    """The elements as numpy knows them; floats of few bits as the f32 with the same value."""
    if tensor.dtype is DType.BF16:
        return (tensor.array.view(np.uint16).astype(np.uint32) << 16).view(np.float32)
    if tensor.dtype >= DType.I2:
        return tensor.array.astype(np.float32 if tensor.dtype >= DType.F4E2M1FN else np.int8)
    return tensor.array


def _tensor_of(value: Any) -> Any:
    """An array as a tensor; other values as they are."""
    return DenseHostTensor(value, DType.of(value)) if isinstance(value, np.ndarray) else value


def _load(path: str) -> DenseHostTensor:
    try:
        # numpy says something about headers that are unusual, which is nothing to a user.
        with open(path, "rb") as stream, warnings.catch_warnings(action="ignore"):
            return read_any_npy(stream, f"'{path}'")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        raise UsageError(f"cannot read '{path}': {reason or error}") from error
    except KernelError as error:
        raise UsageError(str(error)) from None


def _type_of(tensor: DenseHostTensor) -> str:
    return "x".join([*map(str, tensor.shape), tensor.dtype.mlir])


def _literal(element: np.generic) -> str:
    """The shortest spelling that reads back as the same value."""
    return str(int(element)) if isinstance(element, np.bool_) else str(element).strip("()")


def _nested(flat: list[str], shape: tuple[int, ...]) -> str:
    """Elements in brackets, without the outermost pair."""
    groups = flat
    for dim in reversed(shape[1:]):
        separator = " " if groups is flat else ""
        groups = [f"[{separator.join(groups[i : i + dim])}]" for i in range(0, len(groups), dim or 1)]
    return ("" if len(shape) > 1 else " ").join(groups)


def _close(expected: np.ndarray, actual: np.ndarray, tolerance: float) -> Any:
    if expected.dtype.kind not in "fc":
        return expected == actual
    with np.errstate(all="ignore"):
        margin = tolerance * np.maximum(np.abs(expected), 1)
        near = np.abs(expected - actual) <= margin
    both_nan = np.isnan(expected) & np.isnan(actual)
    return (expected == actual) | both_nan | (near & np.isfinite(expected))


def _quoted(text: str) -> str:
    """What the command line says, for messages, which are one line and not very long."""
    shown = text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}..."
    return f"'{shown}'" if shown.isprintable() else repr(shown)


def _syntax_error(text: str, position: int, message: str) -> UsageError:
    return UsageError(f"{_quoted(text)}, character {position + 1}: {message}")
