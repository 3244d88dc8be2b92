"""Convolutions of images with gaps give the same without; numbers are small integers, whose sums are exact."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import tfrt
from tfrt.compiler import compile as compile_text

PASSES = "stablehlo-subpixel,stablehlo-canonicalize,lower-stablehlo"


def tensor(shape, element: str = "f32") -> str:
    return f"tensor<{'x'.join([*map(str, shape), element])}>"


@st.composite
def axes(draw: st.DrawFn) -> dict[str, int]:
    """A dimension of an image, and how windows go over it."""
    gap = draw(st.integers(1, 3))
    found = {"gap": gap, "size": draw(st.integers(1, 4)), "taps": draw(st.integers(1, 5))}
    found["step"], found["dilation"] = (1, 1) if gap > 1 else (draw(st.integers(1, 2)), draw(st.integers(1, 2)))
    found["low"], found["high"] = draw(st.integers(-1, 4)), draw(st.integers(-1, 4))
    found["reversed"] = draw(st.integers(0, 1))
    return found


def count_of(axis: dict[str, int]) -> int:
    grown = (axis["size"] - 1) * axis["gap"] + 1 + axis["low"] + axis["high"]
    return (grown - (axis["taps"] - 1) * axis["dilation"] - 1) // axis["step"] + 1


@settings(max_examples=12)
@given(st.data())
def test_results_stay_the_same(data):
    dims = data.draw(st.lists(axes().filter(lambda axis: count_of(axis) > 0), min_size=1, max_size=2))
    groups, element = data.draw(st.sampled_from([1, 2])), data.draw(st.sampled_from(["f32", "f64", "i32"]))
    rank = len(dims)
    spatial = [str(d) for d in range(rank)]
    order = data.draw(st.permutations(["b", "f", *spatial]))
    made = data.draw(st.permutations(["b", "f", *spatial]))
    sizes = {"b": 2, "f": 2 * groups} | {str(d): axis["size"] for d, axis in enumerate(dims)}
    counts = {"b": 2, "f": 3 * groups} | {str(d): count_of(axis) for d, axis in enumerate(dims)}
    image, result = [sizes[name] for name in order], [counts[name] for name in made]
    filters = [*(axis["taps"] for axis in dims), 2, 3 * groups]
    pads = ", ".join(f"[{axis['low']}, {axis['high']}]" for axis in dims)
    given_as = {"stride": "step", "lhs_dilate": "gap", "rhs_dilate": "dilation", "reverse": "reversed"}
    window = ", ".join(f"{name} = {[axis[key] for axis in dims]}" for name, key in given_as.items())
    names = ", ".join
    x, w, y = (tensor(shape, element) for shape in (image, filters, result))
    text = f"""func.func @main(%x: {x}, %w: {w}) -> {y} {{
  %0 = stablehlo.convolution(%x, %w) dim_numbers = [{names(order)}]x[{names([*spatial, "i", "o"])}]->[{names(made)}],
    window = {{{window}, pad = [{pads}]}} {{batch_group_count = 1 : i64, feature_group_count = {groups} : i64}}
    : ({x}, {w}) -> {y}
  return %0 : {y}
}}"""
    random = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    dtype = {"f32": np.float32, "f64": np.float64, "i32": np.int32}[element]
    arguments = [random.integers(-4, 5, shape).astype(dtype) for shape in (image, filters)]
    expected = tfrt.load(tfrt.compile(text))["main"](*arguments)
    for compiled in (compile_text(text, pipeline=PASSES), compile_text(text, opt_level=2)):
        np.testing.assert_array_equal(tfrt.load(compiled)["main"](*arguments), expected)
