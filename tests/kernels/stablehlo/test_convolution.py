"""`convolution` and `dynamic_conv`: values by the specification's definition, element types, edges and refusals."""

from itertools import product
from math import prod

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfrt.executor.declarations.annotations import RowEpilogue
from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op_registry import CPU_OPS
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.dtype import DType

NAMES = (
    ("input_batch_dimension", "input_feature_dimension", "input_spatial_dimensions"),
    ("kernel_output_feature_dimension", "kernel_input_feature_dimension", "kernel_spatial_dimensions"),
    ("output_batch_dimension", "output_feature_dimension", "output_spatial_dimensions"),
)


def numbers(orders):
    """Dimension numbers: of each array, where its batches (or outputs), features and spatial dimensions are."""
    given = {}
    for names, order in zip(NAMES, orders, strict=True):
        given |= dict(zip(names, (order[0], order[1], tuple(order[2:])), strict=True))
    return given


def usual(spatial):
    """Batches and features first."""
    return numbers([range(spatial + 2)] * 3)


def stored(array, order):
    """An array of batches, features and spatial dimensions with these at other places."""
    places = np.argsort(order)
    return np.ascontiguousarray(array.transpose(places))


def by_definition(lhs, rhs, *, strides, padding, lhs_dilation, rhs_dilation, reversal, feature_groups, batch_groups):
    """The convolution of (batch, feature, …) and (output, input, …), element by element, in Python's numbers."""
    batches, _, *sizes = lhs.shape
    outputs, inputs, *extents = rhs.shape
    counts = []
    for i, (size, extent) in enumerate(zip(sizes, extents, strict=True)):
        grown = sum(padding[i]) + ((size - 1) * lhs_dilation[i] + 1 if size else 0)
        window = (extent - 1) * rhs_dilation[i] + 1 if extent else 0
        counts.append(0 if grown <= 0 or window > grown else (grown - window) // strides[i] + 1)
    result = np.zeros((batches // batch_groups, outputs, *counts), object)
    for b, o in product(range(result.shape[0]), range(outputs)):
        batch = b + (o // max(1, outputs // batch_groups)) * result.shape[0]
        first = (o // max(1, outputs // feature_groups)) * inputs
        for place in np.ndindex(*counts):
            total = 0
            for tap in np.ndindex(*extents):
                at = []
                for i, (p, t) in enumerate(zip(place, tap, strict=True)):
                    t = extents[i] - 1 - t if reversal[i] else t
                    position = p * strides[i] + t * rhs_dilation[i] - padding[i][0]
                    inside = position % lhs_dilation[i] == 0 and 0 <= position // lhs_dilation[i] < sizes[i]
                    at.append(position // lhs_dilation[i] if inside else None)
                if None not in at:
                    for f in range(inputs):
                        total += lhs[(batch, first + f, *at)].item() * rhs[(o, f, *tap)].item()
            result[(b, o, *place)] = total
    return result


def orders(rank):
    """Any orders of dimensions, or that in which input and result have channels before the rest."""
    any_order = st.permutations(range(rank))
    first = st.just(list(range(rank)))
    return st.one_of(st.tuples(any_order, any_order, any_order), st.tuples(first, any_order, first))


@st.composite
def convolutions(draw):
    spatial = draw(st.integers(0, 3))

    def each(low, high):
        return draw(st.lists(st.integers(low, high), min_size=spatial, max_size=spatial))

    most = {0: 9, 1: 6, 2: 4, 3: 2}[spatial]
    feature_groups, batch_groups = draw(st.sampled_from([(1, 1), (1, 1), (2, 1), (3, 1), (1, 2)]))
    inputs = draw(st.integers(0 if feature_groups == 1 else 1, 2))
    lhs = (draw(st.integers(0, 2)) * batch_groups, inputs * feature_groups, *each(0, most))
    rhs = (draw(st.integers(1, 2)) * feature_groups * batch_groups, inputs, *each(0, min(3, most)))
    return {
        "lhs": lhs,
        "rhs": rhs,
        "orders": draw(orders(spatial + 2)),
        "strides": each(1, 3),
        "padding": [(draw(st.integers(-2, 2)), draw(st.integers(-1, 2))) for _ in range(spatial)],
        "lhs_dilation": each(1, 2),
        "rhs_dilation": each(1, 2),
        "reversal": draw(st.lists(st.booleans(), min_size=spatial, max_size=spatial)),
        "feature_groups": feature_groups,
        "batch_groups": batch_groups,
    }


@given(convolutions(), st.sampled_from(["int8", "int32", "float32", "complex64"]), st.integers(0, 99))
def test_any_dimensions(array, case, kind, seed):
    random = np.random.default_rng(seed)
    lhs, rhs = (random.integers(-5, 5, case[name]).astype(kind) for name in ("lhs", "rhs"))
    lhs_order, rhs_order, result_order = case["orders"]
    settings = {name: case[name] for name in case if name not in ("lhs", "rhs", "orders")}
    expected = stored(by_definition(lhs, rhs, **settings), result_order)
    found = array(
        "stablehlo.convolution",
        stored(lhs, lhs_order),
        stored(rhs, rhs_order),
        **numbers(case["orders"]),
        window_strides=case["strides"],
        padding=[number for pair in case["padding"] for number in pair],
        lhs_dilation=case["lhs_dilation"],
        rhs_dilation=case["rhs_dilation"],
        window_reversal=case["reversal"],
        feature_group_count=case["feature_groups"],
        batch_group_count=case["batch_groups"],
    )
    assert found.dtype == kind
    np.testing.assert_array_equal(found, expected.astype(np.int64 if kind == "int8" else kind).astype(kind))


def test_an_example_in_a_program(in_program):
    images = np.arange(2 * 3 * 4, dtype=np.float32).reshape(2, 3, 4, 1)
    filters = np.ones((2, 2, 1, 2), np.float32)
    found = in_program(
        "stablehlo.convolution(%0, %1) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, f, 0, 1],"
        " window = {stride = [1, 2], pad = [[0, 1], [0, 0]]}"
        " {batch_group_count = 1 : i64, feature_group_count = 1 : i64}",
        "tensor<2x3x4x1xf32>, tensor<2x2x1x2xf32> -> tensor<2x2x3x2xf32>",
        images,
        filters,
    )
    np.testing.assert_array_equal(found[0, 0], [[10, 18], [26, 34], [17, 21]])
    np.testing.assert_array_equal(found[:, 0], found[:, 1])


def test_padding_that_is_known_later(in_program, array):
    images, filters = np.arange(4, dtype=np.int32).reshape(1, 1, 4), np.array([[[1, 10]]], np.int32)
    text = (
        '"stablehlo.dynamic_conv"(%0, %1, %2) <{dimension_numbers = #stablehlo.conv<[b, f, 0]x[o, i, 0]->[b, f, 0]>,'
        " batch_group_count = 1 : i64, feature_group_count = 1 : i64}>"
    )
    signature = "tensor<1x1x4xi32>, tensor<1x1x2xi32>, tensor<1x2xi64> -> tensor<1x1x?xi32>"
    for padding, expected in (([1, 0], [0, 10, 21, 32]), ([0, 2], [10, 21, 32, 3, 0]), ([-1, -1], [21])):
        pairs = np.array([padding])
        np.testing.assert_array_equal(in_program(text, signature, images, filters, pairs), [[expected]])
        np.testing.assert_array_equal(array("stablehlo.dynamic_conv", images, filters, pairs, **usual(1)), [[expected]])


def test_results_may_be_wider(array):
    images, filters = np.full((1, 2, 5), -128, np.int8), np.full((1, 2, 5), -128, np.int8)
    found = array("stablehlo.convolution", images, filters, dtype=DType.I32, **usual(1))
    np.testing.assert_array_equal(found, np.array([[[163840]]], np.int32))
    np.testing.assert_array_equal(array("stablehlo.convolution", images, filters, **usual(1)), [[[0]]])


@pytest.mark.parametrize("kind", [np.float16, ml_dtypes.bfloat16, ml_dtypes.float8_e4m3fn])
def test_narrow_floats_are_rounded_once(array, kind):
    images, filters = np.full((1, 1, 65), 0.125).astype(kind), np.full((1, 1, 65), 0.03125).astype(kind)
    images[..., 0] = filters[..., 0] = 1
    assert float(array("stablehlo.convolution", images, filters, **usual(1))[0, 0, 0]) == 1.25


def test_truth_values(array):
    images, filters = np.array([[[True, False, False, True]]]), np.array([[[False, True]]])
    found = array("stablehlo.convolution", images, filters, **usual(1))
    np.testing.assert_array_equal(found, [[[False, False, True]]])


def test_not_a_number_reaches_the_windows_that_see_it(array):
    images, filters = np.array([[[np.nan, 1, 2, np.inf]]], np.float32), np.array([[[1, 0]]], np.float32)
    found = array("stablehlo.convolution", images, filters, padding=[1, 0], **usual(1))
    np.testing.assert_array_equal(found, [[[np.nan, np.nan, 1, np.nan]]])


@pytest.mark.parametrize("groups", [1, 2, 4])
@pytest.mark.parametrize("channels_last", [True, False])
def test_results_are_written_where_asked_for(groups, channels_last):
    random = np.random.default_rng(1)
    order = (0, 3, 1, 2) if channels_last else (0, 1, 2, 3)
    images, filters = random.standard_normal((3, 4, 5, 6)), random.standard_normal((8, 4 // groups, 3, 3))
    x, w = stored(images, order), stored(filters, order)
    attrs = {**numbers([order] * 3), "feature_group_count": groups}
    settings = {"strides": (1, 1), "padding": [(0, 0)] * 2, "lhs_dilation": (1, 1), "rhs_dilation": (1, 1)}
    expected = stored(
        by_definition(images, filters, **settings, reversal=(0, 0), feature_groups=groups, batch_groups=1), order
    )
    known = (TensorMetadata(DType.F64, x.shape), TensorMetadata(DType.F64, w.shape))
    with HostContext("mstd:2") as host:
        form = CPU_OPS.get("stablehlo.convolution").arrays(
            known, attrs, host, (TensorMetadata(DType.F64, expected.shape),)
        )
        for out in (np.empty(expected.shape), np.empty((*expected.shape, 2))[..., 0]):
            assert form(x, w, out=out) is out
            np.testing.assert_allclose(out, expected.astype(float))


@pytest.mark.parametrize(("size", "groups"), [(1, 1), (3, 1), (3, 2), (3, 4)])
def test_what_is_done_to_results_sees_pixels(size, groups):
    """An epilogue, for products with pixels, patches, groups and single channels."""
    x, w = np.ones((2, 5, 5, 4), np.float32), np.ones((size, size, 4 // groups, 8), np.float32)
    order = ((0, 3, 1, 2), (3, 2, 0, 1), (0, 3, 1, 2))
    known = (TensorMetadata(DType.F32, x.shape), TensorMetadata(DType.F32, w.shape))
    shape = (2, 6 - size, 6 - size, 8)
    attrs = {**numbers(order), "feature_group_count": groups}

    def epilogue(pixels, bias):
        pixels += bias

    with HostContext("s") as host:
        form = CPU_OPS.get("stablehlo.convolution").arrays(
            known, attrs, host, (TensorMetadata(DType.F32, shape),), RowEpilogue(epilogue, ((8,),))
        )
        found = form(x, w, np.arange(8, dtype=np.float32))
    np.testing.assert_array_equal(found, np.broadcast_to(size * size * 4 // groups + np.arange(8), shape))
    assert prod(found.shape) == found.size


@pytest.mark.parametrize(
    ("left", "right", "attrs", "message"),
    [
        (
            (1, 1, 4),
            (1, 1, 2),
            {"padding": [0]},
            "(C4) expects as many numbers in padding as ends of spatial dimensions, 2",
        ),
        ((1, 1, 4), (1, 1, 2), {"window_strides": [0]}, "(C3) expects window_strides of at least 1, but got 0"),
        ((1, 1, 4), (1, 1, 2), {"rhs_dilation": [1, 1]}, "(C7) expects as many rhs_dilation as spatial dimensions, 1,"),
        (
            (1, 3, 4),
            (2, 1, 2),
            {"feature_group_count": 2},
            "(C11) expects the input's features, 3, to be a multiple of 2",
        ),
        ((1, 3, 4), (1, 2, 2), {}, "(C14) expects a kernel for 3 input features, but got 2"),
    ],
)
def test_what_does_not_fit(run, left, right, attrs, message):
    with pytest.raises(KernelError) as error:
        run("stablehlo.convolution", np.ones(left, np.float32), np.ones(right, np.float32), **usual(1), **attrs)
    assert error.value.message.startswith(message)
    assert error.value.code == "INVALID_ARGUMENT"


def test_operands_of_two_element_types(run):
    with pytest.raises(KernelError) as error:
        run("stablehlo.convolution", np.ones((1, 1), np.float32), np.ones((1, 1), np.float64), **usual(0))
    assert error.value.message == "(C27) expects operands of one element type, but got f32 and f64"


def test_padding_of_another_shape(run):
    with pytest.raises(KernelError) as error:
        run("stablehlo.dynamic_conv", *[np.ones((1, 1, 1), np.float32)] * 2, np.zeros(2, np.int64), **usual(1))
    assert error.value.message == "(C4) expects padding of shape [1, 2], but got [2]"
