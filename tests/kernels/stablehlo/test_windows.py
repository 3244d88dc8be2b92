"""Windows: the specification's examples, pooling and cumulative sums, types, edges and errors, and random windows
against plain loops."""

from __future__ import annotations

from functools import reduce
from itertools import product

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tfrt
from tests.kernels.stablehlo.bodied_ops import (
    BODIES,
    F32,
    I1,
    argument_body,
    array,
    arrays,
    assert_same,
    compare,
    random_arrays,
    step,
    wrapped,
)
from tfrt.executor.values.dtype import DType

NAN, INF = float("nan"), float("inf")
ZERO = np.zeros((), np.int32)
GE, ADD = [2, [compare("GE", 0, 1)], [2]], "stablehlo.add"
"""Bodies as JAX writes them for the gradient of max pooling."""


def test_the_specifications_example():
    text = """func.func @main(%x: tensor<3x2xi64>, %init: tensor<i64>) -> tensor<2x2xi64> {
      %0 = "stablehlo.reduce_window"(%x, %init) <{
        window_dimensions = array<i64: 2, 1>, window_strides = array<i64: 4, 1>, base_dilations = array<i64: 2, 1>,
        window_dilations = array<i64: 3, 1>, padding = dense<[[2, 1], [0, 0]]> : tensor<2x2xi64>
      }> ({
        ^bb0(%a: tensor<i64>, %b: tensor<i64>):
          %1 = stablehlo.add %a, %b : tensor<i64>
          stablehlo.return %1 : tensor<i64>
      }) : (tensor<3x2xi64>, tensor<i64>) -> tensor<2x2xi64>
      return %0 : tensor<2x2xi64>
    }"""
    x = np.array([[1, 2], [3, 4], [5, 6]])
    assert tfrt.load(tfrt.compile(text))["main"](x, np.array(0)).tolist() == [[0, 0], [3, 4]]
    eager = array(
        "stablehlo.reduce_window",
        x,
        np.array(0),
        window_dimensions=(2, 1),
        window_strides=(4, 1),
        base_dilations=(2, 1),
        window_dilations=(3, 1),
        padding=(2, 1, 0, 0),
        body=ADD,
    )
    assert eager.tolist() == [[0, 0], [3, 4]]


def test_pooling_images():
    """The greatest elements and the sums of windows of two by two, two apart, of images with channels last."""
    x = np.arange(32, dtype=np.float32).reshape(1, 4, 4, 2)
    pools = {"window_dimensions": (1, 2, 2, 1), "window_strides": (1, 2, 2, 1)}
    found = array("stablehlo.reduce_window", x, np.array(-INF, np.float32), body="stablehlo.maximum", **pools)
    assert found.tolist() == [[[[10, 11], [14, 15]], [[26, 27], [30, 31]]]]
    found = array("stablehlo.reduce_window", x, np.array(0, np.float32), body=ADD, **pools)
    assert found[..., 0].tolist() == [[[20, 36], [84, 100]]]


@pytest.mark.parametrize(
    ("op", "init", "forward", "backward"),
    [
        ("add", 0, [1, 3, 7, 4], [4, 3, 1, -3]),
        ("multiply", 1, [1, 2, 8, -24], [-24, -24, -12, -3]),
        ("maximum", -9, [1, 2, 4, 4], [4, 4, 4, -3]),
        ("minimum", 9, [1, 1, 1, -3], [-3, -3, -3, -3]),
        ("add", 10, [11, 13, 17, 14], [14, 13, 11, 7]),
    ],
)
@pytest.mark.parametrize("dtype", [np.int32, np.float32, np.float16, ml_dtypes.bfloat16])
def test_sums_of_all_before_and_of_all_after(op, init, forward, backward, dtype):
    x, init = np.array([[1, 2, 4, -3]]).astype(dtype), np.array(init).astype(dtype)
    for padding, expected in (((3, 0), forward), ((0, 3), backward)):
        found = array(
            "stablehlo.reduce_window",
            x,
            init,
            window_dimensions=(1, 4),
            padding=(0, 0, *padding),
            body=f"stablehlo.{op}",
        )
        assert_same(found, [expected])


@pytest.mark.parametrize("size", [5, 100])
@pytest.mark.parametrize("reverse", [False, True])
def test_any_body_of_all_before(size, reverse):
    """Composing functions ``a * x + b`` does not commute."""
    count, body, combine = BODIES["affine"]
    inputs, starts = random_arrays(3, (size,), count), random_arrays(4, (), count)
    padding = (0, size - 1) if reverse else (size - 1, 0)
    found = arrays("stablehlo.reduce_window", *inputs, *starts, window_dimensions=(size,), padding=padding, body=body)
    for place in range(size):
        elements = [tuple(int(x[i]) for x in inputs) for i in (range(place, size) if reverse else range(place + 1))]
        expected = reduce(lambda a, b: wrapped(combine(a, b)), elements, tuple(map(int, starts)))
        assert tuple(int(x[place]) for x in found) == expected


@pytest.mark.parametrize(("size", "expected"), [(600, 256), (1100, 1100)])
def test_sums_of_very_many_halves_are_rounded_once(size, expected):
    """Sums of fewer are rounded at each step, as XLA does: 256 and 1 is 256."""
    x = np.ones((1, size), ml_dtypes.bfloat16)
    zero = np.zeros((), ml_dtypes.bfloat16)
    found = array("stablehlo.reduce_window", x, zero, window_dimensions=(1, size), body=ADD)
    assert_same(found, np.array([[expected]], ml_dtypes.bfloat16))


@pytest.mark.parametrize("dtype", [ml_dtypes.bfloat16, np.float32])
@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("size", [16, 20, 32, 40, 48, 300])
def test_running_sums_are_those_of_blocks(dtype, axis, size):
    """Each is the sum in its block of 16, added to that of all blocks before."""
    x = np.random.default_rng(0).normal(size=(size, 2)).astype(dtype)
    sums, before = np.zeros_like(x), np.zeros_like(x[0])
    blocks = [x[i : i + 16] for i in range(0, size, 16)]
    totals = [np.add.accumulate(block, 0)[-1] for block in blocks]
    for number, block in enumerate(blocks):
        sums[16 * number : 16 * number + 16] = np.add.accumulate(block, 0) + before
        # The totals of more than 16 blocks are themselves summed in blocks.
        before = np.add.accumulate(totals[: number + 1], 0)[-1] if number < 16 else before_last(totals, number)
    if axis == 1:
        x, sums = x.T, sums.T
    window, padding = ((size, 1), (size - 1, 0, 0, 0)) if axis == 0 else ((1, size), (0, 0, size - 1, 0))
    zero = np.zeros((), dtype)
    found = array("stablehlo.reduce_window", x, zero, window_dimensions=window, padding=padding, body=ADD)
    assert_same(found, sums)


def before_last(totals, number):
    first = np.add.accumulate(totals[:16], 0)[-1]
    return np.add.accumulate(totals[16 : number + 1], 0)[-1] + first


@pytest.mark.parametrize("body", [ADD, "stablehlo.maximum", "stablehlo.minimum", "stablehlo.multiply"])
@pytest.mark.parametrize("dtype", [np.float32, np.int32, np.uint8, ml_dtypes.bfloat16])
@pytest.mark.parametrize(
    ("shape", "axis"),
    [((40,), 0), ((3, 20), 1), ((20000,), 0), ((20, 1700), 0), ((20, 1700), 1), ((5000, 5), 0), ((60, 9, 64), 1),
     ((2, 130, 300), 1), ((0, 30), 1), ((30, 0), 0), ((4, 32, 2), 1)],
)  # fmt: skip
def test_running_combinations_of_any_shape(shape, axis, dtype, body):
    """Forwards and backwards, in C order and not, with a number to begin with and with none."""
    rng = np.random.default_rng(sum(shape))
    function = {"add": np.add, "maximum": np.maximum, "minimum": np.minimum, "multiply": np.multiply}[
        body.split(".")[1]
    ]
    x = rng.integers(0, 2 if function is np.multiply else 9, shape).astype(dtype)
    if dtype is ml_dtypes.bfloat16 and function is np.add:
        # So few ones that sums are exact.
        x = (rng.random(shape) < 50 / shape[axis]).astype(dtype)
    neutral = {np.add: 0, np.multiply: 1}.get(function)
    size = shape[axis]
    window = tuple(size if i == axis else 1 for i in range(len(shape)))
    for init in (3, 0 if neutral is None else neutral):
        start = np.array(init, dtype)
        for values in (x, np.asfortranarray(x)):
            for reverse in (False, True):
                pairs = [((0, size - 1) if reverse else (size - 1, 0)) if i == axis else (0, 0) for i in range(x.ndim)]
                found = array(
                    "stablehlo.reduce_window",
                    values,
                    start,
                    window_dimensions=window,
                    padding=tuple(each for pair in pairs for each in pair),
                    body=body,
                )
                along = np.flip(x, axis) if reverse else x
                expected = function(start, function.accumulate(along, axis, dtype))
                assert_same(found, np.flip(expected, axis) if reverse else expected)


@pytest.mark.parametrize("size", [4, 20, 32, 20000])
def test_running_extremes_and_sums_of_special_numbers(size):
    """NaN stays from where it is on; where nothing was before, a sum of -0 and 0 is 0."""
    x = np.full(size, -0.0, np.float32)
    zero = np.zeros((), np.float32)
    given = {"window_dimensions": (size,), "padding": (size - 1, 0)}
    found = array("stablehlo.reduce_window", x, zero, body=ADD, **given)
    assert not found.any()
    assert not np.signbit(found).any()
    assert np.signbit(array("stablehlo.reduce_window", x, -zero, body=ADD, **given)).all()
    x[size // 2] = np.nan
    for body in (ADD, "stablehlo.maximum"):
        found = array("stablehlo.reduce_window", x, zero - np.float32(np.inf), body=body, **given)
        assert np.isnan(found).tolist() == [False] * (size // 2) + [True] * (size - size // 2)


def test_several_operands_of_promoted_types():
    """The greatest element of each window and its place, which is kept in a wider type."""
    x = np.array([1, 5, 5, 2, 7], np.float32)
    numbers = np.arange(5, dtype=np.int32)
    start = np.array(-INF, np.float32), np.array(0, np.int32)
    found = arrays(
        "stablehlo.reduce_window",
        x,
        numbers,
        *start,
        window_dimensions=(3,),
        body=argument_body("GT", DType.F64, DType.I64),
        dtype=(DType.F64, DType.I64),
    )
    assert [each.tolist() for each in found] == [[5, 5, 7], [1, 1, 4]]
    assert [each.dtype for each in found] == [np.float64, np.int64]
    sums = array(
        "stablehlo.reduce_window",
        x.astype(ml_dtypes.bfloat16),
        np.zeros((), ml_dtypes.bfloat16),
        window_dimensions=(2,),
        body=ADD,
        dtype=F32,
    )
    assert (sums.dtype, sums.tolist()) == (np.float32, [6, 10, 7, 9])


@pytest.mark.parametrize("body", [ADD, [2, [step("add", 1, 0)], [2]]])
@pytest.mark.parametrize(
    ("shape", "attributes", "expected"),
    [
        ((), {"window_dimensions": ()}, 7),
        ((0,), {"window_dimensions": (1,)}, []),
        ((0,), {"window_dimensions": (2,), "padding": (1, 1)}, [21]),
        ((2,), {"window_dimensions": (3,)}, []),
        ((3,), {"window_dimensions": (1,), "padding": (-1, 0)}, [8, 9]),
        ((3,), {"window_dimensions": (1,), "padding": (1, -1)}, [14, 7, 8]),
        ((3,), {"window_dimensions": (1,), "padding": (-2, 1), "base_dilations": (2,)}, [8, 14, 9, 14]),
        ((3,), {"window_dimensions": (1,), "padding": (-1, -1), "base_dilations": (3,)}, [14, 14, 8, 14, 14]),
        ((2,), {"window_dimensions": (1,), "padding": (-2, -2)}, []),
    ],
)
def test_windows_of_little(body, shape, attributes, expected):
    """Padding is the initial value, 7, which is also added to each sum."""
    x = np.arange(int(np.prod(shape)), dtype=np.int32).reshape(shape)
    found = array("stablehlo.reduce_window", x, np.array(7, np.int32), body=body, **attributes)
    assert found.tolist() == expected


def padded(x, value, padding, dilations):
    """The specification's `pad`, of numbers in nested loops."""
    sizes = [low + high + ((n - 1) * step + 1 if n else 0)
             for n, (low, high), step in zip(x.shape, padding, dilations, strict=True)]  # fmt: skip
    found = np.full([max(0, size) for size in sizes], value)
    for place in np.ndindex(*x.shape):
        target = tuple(i * step + low for i, step, (low, _) in zip(place, dilations, padding, strict=True))
        if all(0 <= i < n for i, n in zip(target, found.shape, strict=True)):
            found[target] = x[place]
    return found


@st.composite
def windows(draw, *, dilate=True):
    """A shape, and attributes of windows over it."""
    rank = draw(st.integers(0, 3))

    def each(least, most):
        return draw(st.lists(st.integers(least, most), min_size=rank, max_size=rank))

    attributes = {
        "window_dimensions": each(1, 4),
        "window_strides": each(1, 3),
        "padding": draw(st.lists(st.integers(-2 if dilate else -1, 3), min_size=2 * rank, max_size=2 * rank)),
    }
    if dilate:
        attributes |= {"base_dilations": each(1, 3), "window_dilations": each(1, 3)}
    return each(0, 5), attributes


@given(name=st.sampled_from(sorted(BODIES)), case=windows(), seed=st.integers(0, 99))
@settings(max_examples=80, deadline=None)
def test_windows_are_those_of_a_loop(name, case, seed):
    count, body, combine = BODIES[name]
    shape, attributes = case
    inputs, starts = random_arrays(seed, shape, count), random_arrays(seed + 1, (), count)
    found = arrays("stablehlo.reduce_window", *inputs, *starts, body=body, **attributes)
    pairs = list(zip(attributes["padding"][::2], attributes["padding"][1::2], strict=True))
    grown = [padded(x, start, pairs, attributes["base_dilations"]) for x, start in zip(inputs, starts, strict=True)]
    for place in np.ndindex(*found[0].shape):
        steps = [range(0, size * dilation, dilation) for size, dilation in
                 zip(attributes["window_dimensions"], attributes["window_dilations"], strict=True)]  # fmt: skip
        corner = [i * stride for i, stride in zip(place, attributes["window_strides"], strict=True)]
        elements = [
            tuple(int(x[tuple(a + b for a, b in zip(corner, offset, strict=True))]) for x in grown)
            for offset in product(*steps)
        ]
        expected = reduce(lambda a, b: wrapped(combine(a, b)), elements, tuple(map(int, starts)))
        assert tuple(int(x[place]) for x in found) == expected


@pytest.mark.parametrize(
    ("body", "function"),
    [
        (ADD, np.sum),
        ("stablehlo.maximum", lambda part: max(part.max(), 0)),
        ([2, [step("add", 0, 1)], [2]], np.sum),
        ([2, [], [1]], lambda part: part.flat[-1]),
    ],
)
@pytest.mark.parametrize(
    ("shape", "window", "stride"), [((70,), (40,), (1,)), ((70,), (40,), (30,)), ((9, 9), (6, 7), (2, 1))]
)
def test_large_windows_are_those_of_a_loop(body, function, shape, window, stride):
    (x,) = random_arrays(1, shape, 1)
    found = array("stablehlo.reduce_window", x, ZERO, window_dimensions=window, window_strides=stride, body=body)
    for place in np.ndindex(*found.shape):
        part = x[tuple(slice(i * s, i * s + w) for i, s, w in zip(place, stride, window, strict=True))]
        assert found[place] == function(part)


def test_the_specifications_example_of_select_and_scatter():
    text = """func.func @main(%x: tensor<4x2xi64>, %y: tensor<2x2xi64>, %init: tensor<i64>) -> tensor<4x2xi64> {
      %0 = "stablehlo.select_and_scatter"(%x, %y, %init) <{
        window_dimensions = array<i64: 3, 1>, window_strides = array<i64: 2, 1>,
        padding = dense<[[0, 1], [0, 0]]> : tensor<2x2xi64>
      }> ({
        ^bb0(%a: tensor<i64>, %b: tensor<i64>):
          %1 = stablehlo.compare GE, %a, %b : (tensor<i64>, tensor<i64>) -> tensor<i1>
          stablehlo.return %1 : tensor<i1>
      }, {
        ^bb0(%a: tensor<i64>, %b: tensor<i64>):
          %1 = stablehlo.add %a, %b : tensor<i64>
          stablehlo.return %1 : tensor<i64>
      }) : (tensor<4x2xi64>, tensor<2x2xi64>, tensor<i64>) -> tensor<4x2xi64>
      return %0 : tensor<4x2xi64>
    }"""
    x, y = np.array([[1, 5], [2, 5], [3, 6], [4, 4]]), np.array([[5, 6], [7, 8]])
    expected = [[0, 0], [0, 0], [5, 14], [7, 0]]
    assert tfrt.load(tfrt.compile(text))["main"](x, y, np.array(0)).tolist() == expected
    found = array(
        "stablehlo.select_and_scatter",
        x,
        y,
        np.array(0),
        window_dimensions=(3, 1),
        window_strides=(2, 1),
        padding=(0, 1, 0, 0),
        select=GE,
        scatter=ADD,
    )
    assert found.tolist() == expected


# Which of two elements is selected, and how values are combined: as bodies, and on integers.
SELECTS = {
    "greatest": (GE, lambda a, b: a >= b),
    "least": ([2, [compare("LE", 0, 1)], [2]], lambda a, b: a <= b),
    "last": ([2, [step("constant", gives=I1, value=np.array(False))], [2]], lambda a, b: False),
}
SCATTERS = {
    "add": (ADD, lambda a, b: a + b),
    "last": ([2, [], [1]], lambda a, b: b),
    "digits": ([2, [step("add", 0, 0), step("add", 2, 1)], [3]], lambda a, b: 2 * a + b),
}


@given(
    case=windows(dilate=False),
    select=st.sampled_from(sorted(SELECTS)),
    scatter=st.sampled_from(sorted(SCATTERS)),
    seed=st.integers(0, 99),
)
@settings(max_examples=80, deadline=None)
def test_selected_elements_are_those_of_a_loop(case, select, scatter, seed):
    """Value after value, in row-major order of the windows, is combined at the element that its window selects."""
    shape, attributes = case
    (x,) = random_arrays(seed, shape, 1)
    pairs = list(zip(attributes["padding"][::2], attributes["padding"][1::2], strict=True))
    places = padded(np.arange(x.size).reshape(shape), -1, pairs, [1] * len(shape))
    counts = [
        (size - window) // stride + 1 if size >= window else 0
        for size, window, stride in zip(
            places.shape, attributes["window_dimensions"], attributes["window_strides"], strict=True
        )
    ]
    (source,) = random_arrays(seed + 1, counts, 1)
    selects, combine = SELECTS[select][1], SCATTERS[scatter][1]
    expected = [3] * x.size
    for place in np.ndindex(*counts):
        corner = [i * stride for i, stride in zip(place, attributes["window_strides"], strict=True)]
        window = places[tuple(slice(i, i + n) for i, n in zip(corner, attributes["window_dimensions"], strict=True))]
        inside = [i for i in window.flat if i >= 0]
        if inside:
            chosen = reduce(lambda a, b: a if selects(x.flat[a], x.flat[b]) else b, inside)
            expected[chosen] = wrapped([combine(expected[chosen], int(source[place]))])[0]
    found = array(
        "stablehlo.select_and_scatter",
        x,
        source,
        np.array(3, np.int32),
        select=SELECTS[select][0],
        scatter=SCATTERS[scatter][0],
        **attributes,
    )
    assert found.reshape(-1).tolist() == expected


@pytest.mark.parametrize("dtype", [np.float32, np.int64, ml_dtypes.bfloat16, np.int8])
def test_the_gradient_of_pooling_many_elements(dtype):
    x = np.random.default_rng(0).integers(0, 9, (2, 130, 40)).astype(dtype)
    source = np.random.default_rng(1).integers(-9, 9, (2, 65, 40)).astype(dtype)
    found = array(
        "stablehlo.select_and_scatter",
        x,
        source,
        np.zeros((), dtype),
        window_dimensions=(1, 2, 1),
        window_strides=(1, 2, 1),
        select=GE,
        scatter=ADD,
    )
    is_first = x[:, ::2] >= x[:, 1::2]
    assert_same(found[:, ::2], np.where(is_first, source, np.zeros((), dtype)))
    assert_same(found[:, 1::2], np.where(is_first, np.zeros((), dtype), source))


def test_values_scattered_are_promoted_to_the_type_of_the_body():
    x = np.array([1, 2], np.uint8)
    found = array(
        "stablehlo.select_and_scatter",
        x,
        np.array([200, 100], np.uint8),
        np.array(1, np.uint8),
        window_dimensions=(2,),
        window_strides=(1,),
        padding=(0, 1),
        select=[2, [compare("GE", 0, 1, "UNSIGNED")], [2]],
        scatter=ADD,
        dtype=DType.UI32,
    )
    assert (found.dtype, found.tolist()) == (np.uint32, [1, 301])


X = np.zeros((2, 3), np.int32)


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"window_dimensions": (1,)},
         "(C4) expects as many window_dimensions as dimensions of the inputs, 2, but got 1"),
        ({"window_dimensions": (1, 0)}, "(C5) expects window_dimensions of at least 1, but got 0"),
        ({"window_dimensions": (1, 1), "window_strides": (1, 0)},
         "(C7) expects window_strides of at least 1, but got 0"),
        ({"window_dimensions": (1, 1), "padding": (1, 1)},
         "(C12) expects as many pairs in padding as dimensions of the inputs, 2, but got 1"),
        ({"window_dimensions": (1, 1), "padding": (1, 1, 1)},
         "expects two numbers for each dimension in padding, but got 3"),
        ({"window_dimensions": (1, 1), "body": [4, [], [0, 1]]},
         "a body of 2 results combines 2 inputs with 2 init_values"),
    ],
)  # fmt: skip
def test_what_reduce_window_refuses(attributes, message):
    with pytest.raises(tfrt.KernelError) as caught:
        arrays("stablehlo.reduce_window", X, ZERO, **{"body": ADD, **attributes})
    assert caught.value.message == message


@pytest.mark.parametrize(
    ("source", "init", "attributes", "message"),
    [
        (X, ZERO, {"window_dimensions": (2, 3)},
         "(C2) expects a source of shape [1, 1], one value for each window, but got [2, 3]"),
        (X.astype(np.int64), ZERO, {}, "expects elements of one type, but got i32 [2, 3], i64 [2, 3] and i32 []"),
        (X, np.zeros((), np.int8), {}, "expects elements of one type, but got i32 [2, 3], i32 [2, 3] and i8 []"),
        (X, ZERO, {"select": [2, [compare("GE", 0, 5)], [2]]},
         "'stablehlo.compare' in a body has an operand that is not there"),
    ],
)  # fmt: skip
def test_what_select_and_scatter_refuses(source, init, attributes, message):
    with pytest.raises(tfrt.KernelError) as caught:
        arrays("stablehlo.select_and_scatter", X, source, init, **{"select": GE, "scatter": ADD, **attributes})
    assert caught.value.message == message


def test_eager_callers_pool():
    with tfrt.HostContext() as host:
        pool = tfrt.CoreRuntime.of(host).op(
            "stablehlo.reduce_window", window_dimensions=[2, 2], padding=[0, 1, 0, 0], body="stablehlo.maximum"
        )
        found = pool(np.array([[1, 2], [3, 4]], np.float32), np.array(-INF, np.float32))[0]
        assert found.numpy().tolist() == [[4], [4]]
