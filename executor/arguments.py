"""Checking and converting what a caller passes for a function's arguments, by their MLIR types."""

from __future__ import annotations

import re
import struct
import sys
from collections.abc import Sequence
from typing import Any

from tfrt.executor.async_value import AsyncValue
from tfrt.executor.errors import UsageError
from tfrt.executor.values import CHAIN

_INTEGER = re.compile(r"(|s|u)i([1-9][0-9]*)")
_TENSOR_TYPES = ("!tfrt_tensor.tensor", "!t.tensor", "!tfrt_dht.tensor")


def convert_arguments(function: str, types: Sequence[str], arguments: Sequence[Any]) -> list[Any]:
    """The values that a function's registers hold for these arguments.

    Python and numpy scalars fit scalar types; f32, f16 and bf16 are rounded to their precision. numpy arrays become
    dense host tensors that share their memory. Chains may be given as None. Values of other types, and `AsyncValue`s,
    are passed on as they are.

    Raises:
        UsageError: the number of arguments is wrong, or one does not fit its type.
    """
    if len(arguments) != len(types):
        takes = f"{len(types)} argument{'' if len(types) == 1 else 's'}"
        listed = f" ({', '.join(types)})" if types else ""
        raise UsageError(f"function '{function}' takes {takes}{listed} and is given {len(arguments)}")
    return [
        _convert(value, type, f"argument {number} of function '{function}'")
        for number, (value, type) in enumerate(zip(arguments, types, strict=True))
    ]


def round_to_f32(value: float) -> float:
    """`value` in single precision; infinity where it is too large."""
    return _round_to("<f", value)


def _round_to(code: str, value: float) -> float:
    try:
        rounded: float = struct.unpack(code, struct.pack(code, value))[0]
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")
    return rounded


def _convert(value: Any, type: str, where: str) -> Any:
    if isinstance(value, AsyncValue):
        return value
    if type == "!tfrt.chain":
        return CHAIN if value is None else value
    # Whoever passes numpy's values has imported it; who does not need not pay for it.
    np = sys.modules.get("numpy")
    if np is not None:
        if type in _TENSOR_TYPES and isinstance(value, np.ndarray):
            from tfrt.executor.tensor import dense_from_numpy

            return dense_from_numpy(value)
        if isinstance(value, np.generic):
            value = value.item()
    if type == "i1":
        return _truth(value, where)
    integer = _INTEGER.fullmatch(type)
    if integer is not None:
        return _integer(value, type, integer[1] != "u", integer[1] != "s", int(integer[2]), where)
    if type in ("f16", "bf16", "f32", "f64"):
        return _float(value, type, where)
    if type.startswith("complex<"):
        if not isinstance(value, complex | float | int):
            raise _misfit(value, type, where)
        return complex(value)
    return value


def _truth(value: Any, where: str) -> bool:
    if value is True or value is False or value in (0, 1):
        return bool(value)
    raise _misfit(value, "i1", where)


def _integer(value: Any, type: str, signed: bool, unsigned: bool, bits: int, where: str) -> int:
    if not isinstance(value, int):
        raise _misfit(value, type, where)
    low = -(1 << bits - 1) if signed else 0
    # A signless integer has no sign of its own: callers may give either reading of its bits.
    high = (1 << bits) - 1 if unsigned and not signed else (1 << bits - 1) - 1
    if not low <= value <= high:
        raise UsageError(f"{where}: {value} is out of range for {type}, which holds {low} to {high}")
    return int(value)


def _float(value: Any, type: str, where: str) -> float:
    if not isinstance(value, int | float):
        raise _misfit(value, type, where)
    match type:
        case "f64":
            return float(value)
        case "f32":
            return round_to_f32(value)
        case "f16":
            return _round_to("<e", value)
    return struct.unpack("<f", b"\0\0" + struct.pack("<f", round_to_f32(value))[2:])[0]


def _misfit(value: Any, type: str, where: str) -> UsageError:
    return UsageError(f"{where} must be {type}, got {_named(value)}")


def _named(value: Any) -> str:
    return f"{type(value).__name__} {value!r}" if isinstance(value, int | float | str) else type(value).__name__
