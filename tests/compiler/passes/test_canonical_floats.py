"""Comparisons of floats whose zeros and NaN are replaced, as JAX writes them, are comparisons of numbers."""

from __future__ import annotations

import numpy as np
import pytest

import tfrt
from tfrt.executor.values.dtype import DType

SPECIAL = np.array([np.nan, -np.nan, 0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, 2.0])


def program(direction: str, dtype: DType, *, nan: str, replaced: str = "%y", zero: str = "0.0") -> str:
    """Both are made canonical, but of the second one perhaps only the one or the other is replaced."""
    type, mask = f"tensor<9x9x{dtype.mlir}>", "tensor<9x9xi1>"
    return f"""func.func @main(%x: {type}, %y: {type}) -> {mask} {{
      %zero = stablehlo.constant dense<{zero}> : tensor<{dtype.mlir}>
      %nan = stablehlo.constant dense<{nan}> : tensor<{dtype.mlir}>
      %zeros = stablehlo.broadcast_in_dim %zero, dims = [] : (tensor<{dtype.mlir}>) -> {type}
      %nans = stablehlo.broadcast_in_dim %nan, dims = [] : (tensor<{dtype.mlir}>) -> {type}
      %0 = stablehlo.compare EQ, %x, %zeros, FLOAT : ({type}, {type}) -> {mask}
      %1 = stablehlo.select %0, %zeros, %x : {mask}, {type}
      %2 = stablehlo.compare NE, %x, %x, FLOAT : ({type}, {type}) -> {mask}
      %3 = stablehlo.select %2, %nans, %1 : {mask}, {type}
      %4 = stablehlo.compare EQ, %y, %zeros, FLOAT : ({type}, {type}) -> {mask}
      %5 = stablehlo.select %4, %zeros, {replaced} : {mask}, {type}
      %6 = stablehlo.compare NE, %y, %y, FLOAT : ({type}, {type}) -> {mask}
      %7 = stablehlo.select %6, %nans, %5 : {mask}, {type}
      %8 = stablehlo.compare {direction}, %3, %7, TOTALORDER : ({type}, {type}) -> {mask}
      return %8 : {mask}
    }}"""


NANS = {DType.F32: ("0x7FC00000", "0xFFC00000"), DType.F16: ("0x7E00", "0xFE00"), DType.BF16: ("0x7FC0", "0xFFC0"),
        DType.F64: ("0x7FF8000000000000", "0xFFF8000000000000")}  # fmt: skip


def compare_specials(text: str, dtype: DType) -> bytes:
    """Compares what it gives with what the program gives as it is written; returns the optimized one."""
    x, y = (each.astype(dtype.numpy) for each in np.meshgrid(SPECIAL, SPECIAL))
    x, y = np.ascontiguousarray(x), np.ascontiguousarray(y)
    as_written, optimized = (tfrt.compile(text, opt_level=level) for level in (0, 2))
    np.testing.assert_array_equal(tfrt.load(optimized)["main"](x, y), tfrt.load(as_written)["main"](x, y))
    return bytes(optimized)


@pytest.mark.parametrize("dtype", list(NANS))
@pytest.mark.parametrize("direction", ["LT", "LE", "GT", "GE"])
def test_nothing_is_replaced(direction, dtype):
    optimized = compare_specials(program(direction, dtype, nan=NANS[dtype][0]), dtype)
    assert b"TOTALORDER" not in optimized and b"stablehlo.select" not in optimized


@pytest.mark.parametrize(
    ("direction", "changed"),
    [("EQ", {}), ("LT", {"zero": "-0.0"}), ("LE", {"replaced": "%x"})],
)
def test_what_is_otherwise_stays(direction, changed):
    """Equality, a zero below the other one, and what is taken from another tensor."""
    text = program(direction, DType.F32, **{"nan": NANS[DType.F32][0], **changed})
    assert b"TOTALORDER" in compare_specials(text, DType.F32)


@pytest.mark.parametrize("dtype", list(NANS))
def test_a_nan_that_is_the_least_one_stays(dtype):
    assert b"TOTALORDER" in compare_specials(program("LE", dtype, nan=NANS[dtype][1]), dtype)


@pytest.mark.parametrize(("number", "stays"), [("0.0", False), ("-0.0", True), ("-1.5", False), ("0x7FC00000", False)])
@pytest.mark.parametrize("direction", ["LT", "LE", "GT", "GE"])
def test_comparisons_with_a_constant(number, stays, direction):
    text = program(direction, DType.F32, nan=NANS[DType.F32][0]).replace(
        f"{direction}, %3, %7", f"{direction}, %3, %others"
    )
    constant = f"%others = stablehlo.constant dense<{number}> : tensor<9x9xf32>\n      %8 ="
    optimized = compare_specials(text.replace("%8 =", constant), DType.F32)
    assert (b"TOTALORDER" in optimized) == stays
