"""Loops that halve what is left of a sorted line, as JAX writes `searchsorted`, are searches."""

from __future__ import annotations

import numpy as np
import pytest

import tfrt
from tfrt.executor.values.dtype import DType

BEFORE = {
    "left": ["%p = stablehlo.compare LE, %q, %found, KIND"],
    "right": ["%o = stablehlo.compare LE, %found, %q, KIND", "%p = stablehlo.not %o : MASK"],
}
"""What is true where the element in the middle does not come before a number: of integers."""
OF_FLOATS = {
    "left": [
        "%o = stablehlo.compare LE, %q, %found, FLOAT",
        "%n = stablehlo.compare NE, %found, %found, FLOAT",
        "%p = stablehlo.or %o, %n : MASK",
    ],
    "right": [
        "%o = stablehlo.compare LE, %found, %q, FLOAT",
        "%n = stablehlo.compare NE, %q, %q, FLOAT",
        "%r = stablehlo.or %o, %n : MASK",
        "%p = stablehlo.not %r : MASK",
    ],
}


def program(side, dtype, size, count, *, steps=None, lines=None, first=0, half=2, gives="%places"):
    """The loop, whose upper ends are converted to signed integers."""
    table, queries, numbers = f"tensor<{size}x{dtype.mlir}>", f"tensor<{count}x{dtype.mlir}>", f"tensor<{count}xui32>"
    mask, is_float = f"tensor<{count}xi1>", dtype.numpy.kind == "f"
    lines = (OF_FLOATS if is_float else BEFORE)[side] if lines is None else lines
    kind = "UNSIGNED" if dtype.numpy.kind == "u" else "SIGNED"
    compared = "\n".join(
        f"{line} : ({queries}, {queries}) -> {mask}" if "compare" in line else line for line in lines
    ).replace("KIND", kind).replace("MASK", mask)  # fmt: skip
    return f"""func.func @main(%x: {table}, %y: {queries}) -> tensor<{count}xi32> {{
      %first = stablehlo.constant dense<0> : tensor<i32>
      %steps = stablehlo.constant dense<{size.bit_length() if steps is None else steps}> : tensor<i32>
      %one = stablehlo.constant dense<1> : tensor<i32>
      %two = stablehlo.constant dense<{half}> : {numbers}
      %start = stablehlo.constant dense<{first}> : {numbers}
      %end = stablehlo.constant dense<{size}> : {numbers}
      %r:5 = stablehlo.while(%t = %x, %q = %y, %i = %first, %low = %start, %high = %end)
        : {table}, {queries}, tensor<i32>, {numbers}, {numbers} cond {{
        %more = stablehlo.compare LT, %i, %steps, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
        stablehlo.return %more : tensor<i1>
      }} do {{
        %width = stablehlo.subtract %high, %low : {numbers}
        %half = stablehlo.divide %width, %two : {numbers}
        %middle = stablehlo.add %low, %half : {numbers}
        %at = stablehlo.reshape %middle : ({numbers}) -> tensor<{count}x1xui32>
        %found = "stablehlo.gather"(%t, %at) <{{dimension_numbers = #stablehlo.gather<collapsed_slice_dims = [0],
          start_index_map = [0], index_vector_dim = 1>, slice_sizes = array<i64: 1>}}>
          : ({table}, tensor<{count}x1xui32>) -> {queries}
        {compared}
        %new_low = stablehlo.select %p, %low, %middle : {mask}, {numbers}
        %new_high = stablehlo.select %p, %middle, %high : {mask}, {numbers}
        %next = stablehlo.add %i, %one : tensor<i32>
        stablehlo.return %t, %q, %next, %new_low, %new_high
          : {table}, {queries}, tensor<i32>, {numbers}, {numbers}
      }}
      %lows = stablehlo.convert %r#3 : ({numbers}) -> tensor<{count}xi32>
      %places = stablehlo.convert %r#4 : ({numbers}) -> tensor<{count}xi32>
      return {gives} : tensor<{count}xi32>
    }}"""


def compiled(text):
    """As it is written, and optimized."""
    return [tfrt.compile(text, "search.mlir", opt_level=level) for level in (0, 2)]


@pytest.mark.parametrize("dtype", [DType.F32, DType.F64, DType.F16, DType.I32, DType.UI8])
@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize(("size", "count"), [(1, 5), (2, 9), (31, 40), (32, 40), (100, 1)])
def test_places_are_those_of_the_loop(size, count, side, dtype):
    """In sorted lines and in others, and with numbers of all kinds."""
    written, optimized = compiled(program(side, dtype, size, count))
    assert b"nn.search" in bytes(optimized)
    expected, found = (tfrt.load(each)["main"] for each in (written, optimized))
    rng = np.random.default_rng(size)
    for seed in range(6):
        x, y = (rng.integers(0, 30, n).astype(dtype.numpy) for n in (size, count))
        if dtype.numpy.kind == "f":
            for values in (x, y):
                values[rng.random(values.size) < 0.2] = rng.choice([np.nan, -np.nan, -0.0, np.inf, -np.inf])
        for line in (np.sort(x), np.sort(x)[::-1].copy(), x)[: 3 if seed % 2 else 2]:
            places = found(line, y)
            assert places.dtype == np.int32
            np.testing.assert_array_equal(places, expected(line, y))
            if seed % 2 == 0 and not np.isnan(line.astype(np.float64)).any() and (line[1:] >= line[:-1]).all():
                np.testing.assert_array_equal(places, np.searchsorted(line, y, side))


@pytest.mark.parametrize(
    "lines",
    [
        ["%p = stablehlo.compare LT, %q, %found, KIND"],
        ["%p = stablehlo.compare GT, %found, %q, KIND"],
        ["%p = stablehlo.compare GE, %found, %q, KIND"],
    ],
)
def test_integers_may_be_compared_in_any_way(lines):
    written, optimized = compiled(program("", DType.I32, 20, 50, lines=lines))
    assert b"nn.search" in bytes(optimized)
    x, y = (np.random.default_rng(0).integers(0, 9, n).astype(np.int32) for n in (20, 50))
    x.sort()
    np.testing.assert_array_equal(tfrt.load(optimized)["main"](x, y), tfrt.load(written)["main"](x, y))


FLOATS_ONLY_LE = ["%p = stablehlo.compare LE, %q, %found, FLOAT"]
OTHER_NAN = [*OF_FLOATS["left"][:1], "%n = stablehlo.compare NE, %q, %q, FLOAT", OF_FLOATS["left"][2]]


@pytest.mark.parametrize(
    "other",
    [
        {"steps": 3},
        {"steps": 9},
        {"first": 1},
        {"half": 3},
        {"gives": "%lows"},
        {"lines": FLOATS_ONLY_LE},
        {"lines": OTHER_NAN},
        {"lines": ["%p = stablehlo.compare EQ, %q, %found, FLOAT"]},
        {"count": 3000},
    ],
)
def test_other_loops_stay_loops(other):
    given = {"size": 20, "count": 50} | other
    written, optimized = compiled(program("left", DType.F32, **given))
    assert b"nn.search" not in bytes(optimized)
    x, y = (np.random.default_rng(0).integers(0, 9, given[n]).astype(np.float32) for n in ("size", "count"))
    y[:2] = np.nan
    x.sort()
    np.testing.assert_array_equal(tfrt.load(optimized)["main"](x, y), tfrt.load(written)["main"](x, y))
