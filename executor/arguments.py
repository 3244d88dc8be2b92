"""Checking and converting what a caller passes for a function's arguments, by their MLIR types."""

from __future__ import annotations

import re
import struct
import sys
from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any

from tfrt.executor.async_value import AsyncValue
from tfrt.executor.errors import UsageError
from tfrt.executor.values import CHAIN

_INTEGER = re.compile(r"(|s|u)i([1-9][0-9]*)")
_TENSOR_TYPES = ("!tfrt_tensor.tensor", "!t.tensor", "!tfrt_dht.tensor")


Converter = Callable[[Any], Any]


def converters(types: Sequence[str]) -> tuple[Converter | None, ...]:
    """What converts arguments of these types; None for those that are passed on as they are."""
    return tuple([_converter(type) for type in types])


def convert_arguments(
    function: str, types: Sequence[str], arguments: Sequence[Any], converters: Sequence[Converter | None]
) -> list[Any]:
    """The values that a function's registers hold for these arguments.

    Python and numpy scalars fit scalar types; f32, f16 and bf16 are rounded to their precision. numpy arrays become
    dense host tensors that share their memory. Chains may be given as None. Values of other types, and `AsyncValue`s,
    are passed on as they are.

    Args:
        converters: those of the types.

    Raises:
        UsageError: the number of arguments is wrong, or one does not fit its type.
    """
    if len(arguments) != len(types):
        takes = f"{len(types)} argument{'' if len(types) == 1 else 's'}"
        listed = f" ({', '.join(types)})" if types else ""
        raise UsageError(f"function '{function}' takes {takes}{listed} and is given {len(arguments)}")
    values = list(arguments)
    number = 0
    try:
        for convert in converters:
            if convert is not None:
                values[number] = convert(values[number])
            number += 1
    except _MisfitError as error:
        raise UsageError(f"argument {number} of function '{function}'{error}") from None
    return values


def are_passed_on(arguments: Sequence[Any], values: Sequence[Any], converters: Sequence[Converter | None]) -> bool:
    """Whether `values`, which these arguments were converted to, are the same, and would be for all of their types."""
    if any(convert not in (None, _chain, _tensor) for convert in converters):
        return False
    return all(value is argument for value, argument in zip(values, arguments, strict=True))


class _MisfitError(Exception):
    """What is wrong with an argument: the rest of a sentence that begins with which one it is."""


def round_to_f32(value: float) -> float:
    """`value` in single precision; infinity where it is too large."""
    return _round_to("<f", value)


def _round_to(code: str, value: float) -> float:
    try:
        rounded: float = struct.unpack(code, struct.pack(code, value))[0]
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")
    return rounded


@cache
def _converter(type: str) -> Converter | None:
    """What converts arguments of an MLIR type, or None where any value is passed on as it is."""
    if type == "!tfrt.chain":
        return _chain
    if type in _TENSOR_TYPES:
        return _tensor
    if type == "i1":
        return partial(_scalar, _truth)
    integer = _INTEGER.fullmatch(type)
    if integer is not None:
        return partial(_scalar, _integer(type, integer[1] != "u", integer[1] != "s", int(integer[2])))
    if type in ("f16", "bf16", "f32", "f64"):
        return partial(_scalar, partial(_float, type))
    if type.startswith("complex<"):
        return partial(_scalar, partial(_complex, type))
    return None


def _chain(value: Any) -> Any:
    return CHAIN if value is None else value


def _tensor(value: Any) -> Any:
    if hasattr(value, "kind"):
        # It is a tensor, as a rule; arrays have no such attribute.
        return value
    # Whoever passes numpy's values has imported it; who does not need not pay for it.
    np = sys.modules.get("numpy")
    if np is not None and isinstance(value, np.ndarray):
        from tfrt.executor.tensor import dense_from_numpy

        return dense_from_numpy(value)
    return value


def _scalar(convert: Callable[[Any], Any], value: Any) -> Any:
    if type(value) is AsyncValue:
        return value
    np = sys.modules.get("numpy")
    return convert(value.item() if np is not None and isinstance(value, np.generic) else value)


def _truth(value: Any) -> bool:
    if value is True or value is False or value in (0, 1):
        return bool(value)
    raise _misfit(value, "i1")


def _integer(type: str, signed: bool, unsigned: bool, bits: int) -> Callable[[Any], int]:
    low = -(1 << bits - 1) if signed else 0
    # A signless integer has no sign of its own: callers may give either reading of its bits.
    high = (1 << bits) - 1 if unsigned and not signed else (1 << bits - 1) - 1

    def convert(value: Any) -> int:
        if not isinstance(value, int):
            raise _misfit(value, type)
        if not low <= value <= high:
            raise _MisfitError(f": {value} is out of range for {type}, which holds {low} to {high}")
        return int(value)

    return convert


def _float(type: str, value: Any) -> float:
    if not isinstance(value, int | float):
        raise _misfit(value, type)
    match type:
        case "f64":
            return float(value)
        case "f32":
            return round_to_f32(value)
        case "f16":
            return _round_to("<e", value)
    return struct.unpack("<f", b"\0\0" + struct.pack("<f", round_to_f32(value))[2:])[0]


def _complex(type: str, value: Any) -> complex:
    if not isinstance(value, complex | float | int):
        raise _misfit(value, type)
    return complex(value)


def _misfit(value: Any, type: str) -> _MisfitError:
    return _MisfitError(f" must be {type}, got {_named(value)}")


def _named(value: Any) -> str:
    return f"{type(value).__name__} {value!r}" if isinstance(value, int | float | str) else type(value).__name__
