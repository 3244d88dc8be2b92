"""Printing scalars: `tfrt.print.i32 %value, %chain`."""

from __future__ import annotations

from tfrt.dialects.shared.definitions import OpClass, define_op
from tfrt.dialects.tfrt.types import CHAIN, SCALARS


def _print(suffix: str) -> OpClass:
    return define_op(
        f"tfrt.print.{suffix}",
        operands={"value": SCALARS[suffix], "in_chain": CHAIN},
        results={"out_chain": CHAIN},
        summary="Writes a scalar to standard output.",
    )


PRINT_OPS = tuple(_print(suffix) for suffix in ("i1", "i32", "i64", "f32", "f64"))
