"""Kernels of `tfrt_test` on tensors, and `eigen`: values against numpy, messages word for word."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from tests.kernels.direct_calls import call, fails
from tfrt.executor.values.chain import CHAIN
from tfrt.executor.values.tensor import dense_from_numpy

DTYPES = {"f32": np.float32, "i32": np.int32, "i64": np.int64}
SMALLEST = np.finfo(np.float32).tiny


def f32(values):
    return dense_from_numpy(np.array(values, np.float32))


def i32(values):
    return dense_from_numpy(np.array(values, np.int32))


def i64(values):
    return dense_from_numpy(np.array(values, np.int64))


def zeros(*shape, dtype=np.float32):
    return dense_from_numpy(np.zeros(shape, dtype))


def same_shape_pairs():
    """(suffix, two arrays of that type and of one shape), any bit patterns."""

    def arrays(suffix, shape):
        one = npst.arrays(DTYPES[suffix], shape)
        return st.tuples(st.just(suffix), one, one)

    shapes = npst.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)
    return st.tuples(st.sampled_from(sorted(DTYPES)), shapes).flatmap(lambda drawn: arrays(*drawn))


@given(same_shape_pairs())
def test_elementwise_kernels_agree_with_numpy(drawn):
    suffix, a, b = drawn
    with np.errstate(all="ignore"):
        binary = {"add": a + b, "equal": (a == b).astype(a.dtype)}
        masked = b * (a > 0).astype(a.dtype)
    for name, expected in binary.items():
        result = dense_from_numpy(np.empty_like(a))
        lhs, rhs = dense_from_numpy(a), dense_from_numpy(b)
        assert call(f"tfrt_test.{name}.{suffix}", lhs, rhs, result, CHAIN) is CHAIN
        np.testing.assert_array_equal(result.array, expected)
        in_place = dense_from_numpy(b.copy())
        assert call(f"tfrt_test.{name}_inplace.{suffix}", lhs, in_place, CHAIN) is CHAIN
        np.testing.assert_array_equal(in_place.array, expected)

    result = dense_from_numpy(np.empty_like(a))
    in_place = dense_from_numpy(a.copy())
    assert call(f"tfrt_test.relu.{suffix}", dense_from_numpy(a), result, CHAIN) is CHAIN
    assert call(f"tfrt_test.relu_inplace.{suffix}", in_place, CHAIN) is CHAIN
    for found in (result.array, in_place.array):
        np.testing.assert_array_equal(found, np.maximum(a, 0))

    gradient = dense_from_numpy(b.copy())
    assert call(f"tfrt_test.relu_grad_inplace.{suffix}", dense_from_numpy(a), gradient, CHAIN) is CHAIN
    np.testing.assert_array_equal(gradient.array, masked)


def test_integers_wrap_around():
    result = zeros(1, dtype=np.int32)
    call("tfrt_test.add.i32", i32([2**31 - 1]), i32([1]), result, CHAIN)
    assert result.array.tolist() == [-(2**31)]


@pytest.mark.parametrize("suffix", DTYPES)
def test_shapes_must_match(suffix):
    a, b = zeros(2, dtype=DTYPES[suffix]), zeros(3, dtype=DTYPES[suffix])
    for name in ("add", "equal"):
        fails("tensor shape mismatch: [2] vs. [3] vs. [2]", f"tfrt_test.{name}.{suffix}", a, b, a, CHAIN)
    for name in ("add_inplace", "equal_inplace", "relu", "relu_grad_inplace"):
        fails("tensor shape mismatch: [2] vs. [3]", f"tfrt_test.{name}.{suffix}", a, b, CHAIN)


def test_element_types_must_match():
    fails("expected a tensor of dtype f32, got i32", "tfrt_test.relu_inplace.f32", i32([1]), CHAIN)


@pytest.mark.parametrize("suffix", DTYPES)
def test_broadcast(suffix):
    row = dense_from_numpy(np.array([1, 2], DTYPES[suffix]))
    assert call(f"tfrt_test.broadcast.{suffix}.2", row, (3, 2)).array.tolist() == [[1, 2]] * 3
    assert call(f"tfrt_test.broadcast.{suffix}.3", row, (2, 1, 2), CHAIN).array.tolist() == [[[1, 2]]] * 2
    fails(
        "broadcast input tensor dimension and target shape mismatch: [2] vs. [3, 4]",
        f"tfrt_test.broadcast.{suffix}.2",
        row,
        (3, 4),
    )
    fails("expected a shape of rank 3, got [3, 2]", f"tfrt_test.broadcast.{suffix}.3", row, (3, 2))


@pytest.mark.parametrize("suffix", DTYPES)
def test_argmax(suffix):
    tensor = dense_from_numpy(np.array([[1, 3, 3], [-1, -2, -3]], DTYPES[suffix]))
    found = call(f"tfrt_test.argmax.{suffix}.2", tensor, CHAIN)
    assert str(found) == "DenseHostTensor dtype = i32, shape = [2], values = [1, 0]"
    assert str(call(f"tfrt_test.argmax.{suffix}.2", tensor)) == str(found)
    empty = zeros(2, 0, dtype=DTYPES[suffix])
    fails("argmax of rows without elements: shape [2, 0]", f"tfrt_test.argmax.{suffix}.2", empty)


@pytest.mark.parametrize(
    ("suffix", "values", "mean"),
    [
        ("f32", [1, 2, 4], np.float32(7) / np.float32(3)),
        ("i32", [-1, -2, -4], -2),
        ("i32", [2**31 - 1, 1], -(2**30)),
        ("i64", [5, 2], 3),
    ],
)
def test_reduce_mean(suffix, values, mean):
    tensor = dense_from_numpy(np.array(values, DTYPES[suffix]))
    for found in (
        call(f"tfrt_test.reduce_mean.{suffix}.1", tensor, CHAIN),
        call(f"tfrt_test.reduce_mean.{suffix}.1", tensor),
    ):
        assert (found.shape, found.dtype, found.array) == ((), tensor.dtype, mean)


def test_mean_of_nothing():
    assert np.isnan(call("tfrt_test.reduce_mean.f32.1", zeros(0)).array)
    fails("reduce_mean of integers without elements", "tfrt_test.reduce_mean.i32.1", zeros(0, dtype=np.int32))


@pytest.mark.parametrize("suffix", DTYPES)
def test_slice(suffix):
    tensor = dense_from_numpy(np.arange(24, dtype=DTYPES[suffix]).reshape(2, 3, 4))
    result = zeros(1, 2, 2, dtype=DTYPES[suffix])
    name = f"tfrt_test.slice_inplace.{suffix}.3"
    assert call(name, tensor, i64([1, 0, 2]), CHAIN, result) is CHAIN
    assert result.array.tolist() == [[[14, 15], [18, 19]]]
    fails(
        "the size of 'begin_index' should match the input tensor rank",
        name,
        tensor,
        i64([1, 0]),
        CHAIN,
        result,
    )
    for begin in ([1, 2, 2], [-1, 0, 0], [2**63 - 1, 0, 0]):
        fails(
            f"slice of shape [1, 2, 2] at {begin} does not lie within the input shape [2, 3, 4]",
            name,
            tensor,
            i64(begin),
            CHAIN,
            result,
        )


def test_cast():
    result = zeros(2)
    assert call("tfrt_test.cast.i32_to_f32", i32([-3, 2**24 + 1]), result, CHAIN) is CHAIN
    assert result.array.tolist() == [-3.0, 2.0**24]
    fails("tensor shape mismatch: [1] vs. [2]", "tfrt_test.cast.i32_to_f32", i32([1]), result, CHAIN)


def test_training_steps():
    result = f32([1.0, 2.0])
    assert call("tfrt_test.subtract_inplace.f32", f32([0.25, 3.0]), result, CHAIN) is CHAIN
    assert result.array.tolist() == [0.75, -1.0]
    assert call("tfrt_test.gradient_descent.f32", f32([1.0, -2.0]), f32([0.5]), result, CHAIN) is CHAIN
    assert result.array.tolist() == [0.25, 0.0]
    fails(
        "GradientDescent lr should have only one element",
        "tfrt_test.gradient_descent.f32",
        result,
        zeros(2),
        result,
        CHAIN,
    )
    fails("tensor shape mismatch: [3] vs. [2]", "tfrt_test.subtract_inplace.f32", zeros(3), result, CHAIN)
    fails(
        "tensor shape mismatch: [3] vs. [2]",
        "tfrt_test.gradient_descent.f32",
        zeros(3),
        zeros(1),
        result,
        CHAIN,
    )


def test_softmax_is_over_all_elements():
    tensor = f32([[0.0, 1.0], [2.0, 3.0]])
    assert call("tfrt_test.softmax_inplace.f32", tensor, CHAIN) is CHAIN
    weights = np.exp([[0.0, 1.0], [2.0, 3.0]])
    np.testing.assert_allclose(tensor.array, weights / weights.sum(), rtol=1e-6)
    huge = f32([1000.0, 0.0])
    call("tfrt_test.softmax_inplace.f32", huge, CHAIN)
    assert str(huge).endswith("values = [nan, 0.000000e+00]")
    call("tfrt_test.softmax_inplace.f32", zeros(0), CHAIN)


def test_matrix_helpers():
    matrix = f32([[1, 2, 3], [4, 5, 6]])
    mean, transposed, repeated = zeros(3), zeros(3, 2), zeros(2, 1, 2, 3)
    assert call("tfrt_test.mean_axis_zero.f32", matrix, mean, CHAIN) is CHAIN
    assert mean.array.tolist() == [2.5, 3.5, 4.5]
    assert call("tfrt_test.tensor_transpose.f32", matrix, transposed, CHAIN) is CHAIN
    assert transposed.array.tolist() == [[1, 4], [2, 5], [3, 6]]
    assert call("tfrt_test.broadcast_2d.f32", matrix, repeated, CHAIN) is CHAIN
    assert repeated.array.tolist() == [[[[1, 2, 3]] * 2], [[[4, 5, 6]] * 2]]
    tail = "does not match the input shape [2, 3]"
    fails(f"MeanAxisZero output shape [2] {tail}", "tfrt_test.mean_axis_zero.f32", matrix, zeros(2), CHAIN)
    fails(
        f"TensorTranspose output shape [2, 3] {tail}",
        "tfrt_test.tensor_transpose.f32",
        matrix,
        matrix,
        CHAIN,
    )
    fails(
        f"Broadcast2D output shape [2, 1, 2, 2] {tail}",
        "tfrt_test.broadcast_2d.f32",
        matrix,
        zeros(2, 1, 2, 2),
        CHAIN,
    )


def test_flatten():
    result = zeros(1, 4)
    assert call("tfrt_test.flatten.f32", f32([[[1, 2], [3, 4]]]), result, CHAIN) is CHAIN
    assert result.array.tolist() == [[1, 2, 3, 4]]
    fails(
        "Flatten output shape [1, 4] does not match the input shape [2, 2]",
        "tfrt_test.flatten.f32",
        zeros(2, 2),
        result,
        CHAIN,
    )


def test_zero_padding():
    images, result = f32([[[[1], [2]]]]), zeros(1, 3, 6, 1)
    name = "tfrt_test.zero_padding.f32"
    assert call(name, images, result, CHAIN, padding=(1, 2)) is CHAIN
    assert result.array[0, :, :, 0].tolist() == [[0] * 6, [0, 0, 1, 2, 0, 0], [0] * 6]
    fails("ZeroPadding expects padding of length 2", name, images, result, CHAIN, padding=(1,))
    fails(
        "ZeroPadding expects padding that is not negative, got [-1, 2]",
        name,
        images,
        result,
        CHAIN,
        padding=(-1, 2),
    )
    fails(
        "ZeroPadding output shape [1, 3, 6, 1] does not match the expected output shape [1, 5, 6, 1]",
        name,
        images,
        result,
        CHAIN,
        padding=(2, 2),
    )


def test_global_average_pooling():
    images, result = f32([[[[1, 2], [3, 4]], [[5, 6], [7, 9]]]]), zeros(1, 2)
    assert call("tfrt_test.global_average_pooling.f32", images, result, CHAIN) is CHAIN
    assert result.array.tolist() == [[4.0, 5.25]]
    fails(
        "GlobalAveragePooling output shape [2, 2] does not match the expected output shape [1, 2]",
        "tfrt_test.global_average_pooling.f32",
        images,
        zeros(2, 2),
        CHAIN,
    )


def windows_by_hand(images, out_shape, pool, strides, offsets):
    """Max pooling, one window at a time."""
    result = np.empty(out_shape, np.float32)
    for row in range(out_shape[1]):
        for column in range(out_shape[2]):
            top, left = row * strides[0] - offsets[0], column * strides[1] - offsets[1]
            window = images[:, max(top, 0) : max(top + pool[0], 0), max(left, 0) : max(left + pool[1], 0)]
            result[:, row, column] = window.max(axis=(1, 2), initial=SMALLEST)
    return result


@pytest.mark.parametrize(
    ("padding", "pool", "strides", "out", "offsets"),
    [
        ("valid", (3, 3), (3, 3), (1, 1), (0, 0)),
        ("valid", (2, 1), (1, 2), (3, 2), (0, 0)),
        ("same", (3, 3), (2, 2), (2, 2), (0, 1)),
        ("same", (2, 3), (1, 1), (4, 3), (0, 1)),
        ("same", (1, 1), (3, 2), (2, 2), (0, 0)),
    ],
)
def test_max_pooling(padding, pool, strides, out, offsets):
    images = np.random.default_rng(0).standard_normal((2, 4, 3, 5), np.float32)
    result = zeros(2, *out, 5)
    call(
        "tfrt_test.max_pooling_2d.f32",
        dense_from_numpy(images),
        result,
        CHAIN,
        padding=padding,
        pool_size=pool,
        strides=strides,
    )
    np.testing.assert_array_equal(result.array, windows_by_hand(images, result.shape, pool, strides, offsets))


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"padding": "invalid"}, "MaxPool2D padding 'invalid' is not recognized"),
        ({"pool_size": (3,)}, "MaxPool2D expects pool_size to have 2 elements"),
        ({"strides": (3, 3, 3)}, "MaxPool2D expects strides to have 2 elements"),
        ({"strides": (3, 0)}, "MaxPool2D expects positive pool_size and strides, got [3, 3] and [3, 0]"),
        (
            {"pool_size": (4, 3)},
            "MaxPool2D output shape [2, 1, 1, 6] does not match the expected output shape [2, 0, 1, 6]",
        ),
    ],
)
def test_bad_max_pooling(attributes, message):
    given_attributes = {"padding": "valid", "pool_size": (3, 3), "strides": (3, 3)} | attributes
    name = "tfrt_test.max_pooling_2d.f32"
    fails(message, name, zeros(2, 3, 3, 6), zeros(2, 1, 1, 6), CHAIN, **given_attributes)


@pytest.mark.parametrize(("alpha", "beta"), [(1, 0), (1, 1), (2, 0), (3, -1)])
@pytest.mark.parametrize(("suffix", "dtype"), [("f32", np.float32), ("i32", np.int32)])
def test_matmul(suffix, dtype, alpha, beta):
    rng = np.random.default_rng(0)
    a, b, c = (rng.integers(-9, 9, shape).astype(dtype) for shape in ((3, 4), (4, 2), (3, 2)))
    result = dense_from_numpy(c.copy())
    operands = alpha, dense_from_numpy(a), dense_from_numpy(b), beta, result
    assert call(f"eigen.matmul.{suffix}", *operands, CHAIN) is CHAIN
    np.testing.assert_array_equal(result.array, alpha * (a @ b) + beta * c)


def test_matmul_with_beta_zero_ignores_what_was_there():
    result = f32([[np.nan]])
    call("eigen.matmul.f32", 1.0, f32([[2]]), f32([[3]]), 0.0, result, CHAIN)
    assert result.array.tolist() == [[6.0]]


def test_matmul_of_integers_wraps_around():
    result = zeros(1, 1, dtype=np.int32)
    call("eigen.matmul.i32", 3, i32([[2**30]]), i32([[2]]), 0, result, CHAIN)
    assert result.array.tolist() == [[-(2**31)]]


def test_bad_matmul():
    fails(
        "MatMul input tensors inner dimension mismatch: [2, 3] vs. [2, 3]",
        "eigen.matmul.f32",
        1.0,
        zeros(2, 3),
        zeros(2, 3),
        0.0,
        zeros(2, 3),
        CHAIN,
    )
    fails(
        "MatMul output shape [2, 2] does not match product shape of inputs: [2, 3] * [3, 4]",
        "eigen.matmul.f32",
        1.0,
        zeros(2, 3),
        zeros(3, 4),
        0.0,
        zeros(2, 2),
        CHAIN,
    )
    fails(
        "expected a tensor of rank 2, got shape [2]",
        "eigen.matmul.f32",
        1.0,
        zeros(2),
        zeros(2, 2),
        0.0,
        zeros(2, 2),
        CHAIN,
    )
