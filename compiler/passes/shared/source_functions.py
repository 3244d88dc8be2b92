"""Functions of frameworks' programs, and the dialects that they are written in."""

from __future__ import annotations

from xdsl.dialects.func import FuncOp

from tfrt.dialects.check import CHECK
from tfrt.dialects.chlo import CHLO
from tfrt.dialects.mhlo import MHLO
from tfrt.dialects.nn import NN
from tfrt.dialects.onnx import ONNX
from tfrt.dialects.sdy import SDY
from tfrt.dialects.stablehlo import STABLEHLO

SOURCES = frozenset(dialect.name for dialect in (CHECK, CHLO, MHLO, NN, ONNX, SDY, STABLEHLO))
"""The dialects whose ops kernels take the place of."""


def is_source(function: FuncOp) -> bool:
    """Whether a function is one of a framework: it ends in ``func.return``, and its kernels need not run in order."""
    return ends_in(function, "func.return") and "tfrt.sync" not in function.attributes


def ends_in(function: FuncOp, name: str) -> bool:
    """Whether the last op of a function's first block has that name."""
    last = function.body.blocks[0].last_op if function.body.blocks else None
    return last is not None and last.name == name
