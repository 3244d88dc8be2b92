"""Constants and ops about shapes."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from tfrt.executor.values.dtype import DType
from tfrt.executor.values.tensor import DenseHostTensor, ScalarHostTensor, StringHostTensor, to_coo

WORDS = StringHostTensor((2, 1), ("a", "b"))
NO_STRING = (1,), ("1",)


def vector(*values, dtype=np.int32):
    return np.array(values, dtype)


@given(
    npst.arrays(npst.boolean_dtypes() | npst.integer_dtypes() | npst.floating_dtypes(), npst.array_shapes(min_dims=0))
)
def test_const(array, value):
    result = array("tf.Const", value=value)
    np.testing.assert_array_equal(result, value)
    assert not np.shares_memory(result, value)


def test_the_type_of_a_constant(array, fails):
    value = vector(1, 2)
    assert array("tf.Const", value=value, dtype=DType.I32).tolist() == [1, 2]
    fails("dtype attribute mismatch with expected tensor dtype", "tf.Const", value=value, dtype=DType.F32)
    fails("tf.Const needs a `value` dense attribute", "tf.Const")
    fails("tf.Const needs a `value` dense attribute", "tf.Const", value=1)


@pytest.mark.parametrize("dtype", [DType.UI8, DType.I64, DType.F16, DType.F32, DType.F64])
def test_zeros_like_is_a_scalar_tensor(run, dtype):
    result = run("tf.ZerosLike", vector(1, 2), T=dtype)
    assert isinstance(result, ScalarHostTensor)
    assert (result.dtype, result.shape, result.value) == (dtype, (2,), 0)
    assert str(result).endswith("value = 0") or dtype not in (DType.UI8, DType.I64)


def test_zeros_like_takes_the_operands_type(run, fails):
    assert run("tf.ZerosLike", np.ones((3, 0))).dtype is DType.F64
    fails("unsupported dtype", "tf.ZerosLike", vector(1), T=DType.I1)
    fails("unsupported dtype", "tf.ZerosLike", vector(1), T=DType.COMPLEX64)


@pytest.mark.parametrize(("out_type", "dtype"), [(DType.I32, np.int32), (DType.I64, np.int64)])
@pytest.mark.parametrize(
    "operand",
    [
        np.zeros((2, 3, 0)),
        ScalarHostTensor(DType.F32, (2, 3, 0), 1.0),
        StringHostTensor((2, 3, 0), ()),
        to_coo(DenseHostTensor(np.zeros((2, 3, 0), np.float32), DType.F32)),
    ],
)
def test_shape(array, operand, out_type, dtype):
    result = array("tf.Shape", operand, out_type=out_type)
    assert (result.tolist(), result.dtype) == ([2, 3, 0], dtype)


def test_other_shapes(array, fails):
    assert array("tf.Shape", np.zeros((4, 5))).tolist() == [4, 5]
    assert array("tf.Shape", np.array(1.0)).shape == (0,)
    fails("Unsupported `out_type` value: f32", "tf.Shape", vector(1), out_type=DType.F32)


@pytest.mark.parametrize("axis", range(-4, 4))
@pytest.mark.parametrize("dtype", [np.int32, np.int64])
def test_expand_dims(array, axis, dtype):
    value = np.arange(24).reshape(2, 3, 4)
    result = array("tf.ExpandDims", value, vector(axis, dtype=dtype))
    np.testing.assert_array_equal(result, np.expand_dims(value, axis))
    assert np.shares_memory(result, value)


def test_expand_dims_of_strings(run):
    result = run("tf.ExpandDims", WORDS, np.array(1))
    assert (result.shape, result.strings) == ((2, 1, 1), WORDS.strings)


def test_bad_axes(fails):
    value = np.zeros((2, 2))
    fails("Failed to expand axis 3 for tensor of rank 2", "tf.ExpandDims", value, vector(3))
    fails("Failed to expand axis -4 for tensor of rank 2", "tf.ExpandDims", value, vector(-4))
    fails("Axis must be a scalar tensor", "tf.ExpandDims", value, vector(1, 1))
    fails("Unsupported axis data type", "tf.ExpandDims", value, np.zeros(1))
    fails("Unsupported axis data type", "tf.ExpandDims", value, StringHostTensor(*NO_STRING))


def tiled(value, multiples):
    result = np.empty([size * count for size, count in zip(value.shape, multiples, strict=True)], value.dtype)
    for index in np.ndindex(*result.shape):
        result[index] = value[tuple(i % size for i, size in zip(index, value.shape, strict=True))]
    return result


@given(npst.arrays(np.int16, npst.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=3)), st.data())
def test_tile(array, value, data):
    counts = data.draw(st.lists(st.integers(0, 3), min_size=value.ndim, max_size=value.ndim))
    dtype = data.draw(st.sampled_from([np.int32, np.int64]))
    np.testing.assert_array_equal(array("tf.Tile", value, vector(*counts, dtype=dtype)), tiled(value, counts))


def test_tile_of_flags_and_strings(array, run):
    assert array("tf.Tile", np.array([True, False]), vector(2)).tolist() == [True, False] * 2
    result = run("tf.Tile", WORDS, vector(2, 3))
    assert result.shape == (4, 3)
    assert result.strings == tuple("aaabbbaaabbb")
    assert run("tf.Tile", WORDS, vector(0, 1)).strings == ()


def test_bad_tiles(fails):
    value = np.zeros((2, 2))
    fails("Tile multiples must be a vector", "tf.Tile", value, np.array(1))
    fails("Unsupported multiples data type", "tf.Tile", value, np.zeros(2))
    fails("Unsupported multiples data type", "tf.Tile", value, StringHostTensor(*NO_STRING))
    fails("Tile multiples must have the same size as input rank", "tf.Tile", value, vector(1))
    fails("Tile multiples must not be negative, got [1, -1]", "tf.Tile", value, vector(1, -1))


@given(npst.arrays(np.int16, npst.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=3)), st.data())
def test_pad(array, value, data):
    borders = data.draw(
        st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=value.ndim, max_size=value.ndim)
    )
    dtype = data.draw(st.sampled_from([np.int32, np.int64]))
    result = array("tf.Pad", value, np.array(borders, dtype).reshape(value.ndim, 2))
    assert result.shape == tuple(b + size + a for size, (b, a) in zip(value.shape, borders, strict=True))
    for index in np.ndindex(*result.shape):
        inside = tuple(i - before for i, (before, _) in zip(index, borders, strict=True))
        known = all(0 <= i < size for i, size in zip(inside, value.shape, strict=True))
        assert result[index] == (value[inside] if known else 0)


@pytest.mark.parametrize(
    ("message", "value", "paddings"),
    [
        ("tf.Pad input rank over 8 is not supported. Given value: 9", np.zeros((1,) * 9), np.zeros((9, 2), np.int32)),
        (
            "tf.Pad paddings must be a matrix with 2 columns. Actual shape: [2, 3]",
            np.zeros(2),
            np.zeros((2, 3), np.int32),
        ),
        ("tf.Pad paddings must be a matrix with 2 columns. Actual shape: [2]", np.zeros(2), vector(0, 0)),
        (
            "For tf.Pad operation, the first dimension of paddings must equal to the rank of inputs. "
            "Input shape: [4]. Paddings shape: [2, 2]",
            np.zeros(4),
            np.zeros((2, 2), np.int32),
        ),
        (
            "tf.Pad paddings type must be either int32 or int64. Actual type is: f32",
            np.zeros(4),
            np.zeros((1, 2), np.float32),
        ),
        ("tf.Pad paddings must be non-negative.", np.zeros(4), np.array([[0, -1]], np.int32)),
    ],
)
def test_bad_pads(fails, message, value, paddings):
    fails(message, "tf.Pad", value, paddings)


@pytest.mark.parametrize("perm", list(itertools.permutations(range(3))))
@pytest.mark.parametrize("dtype", [np.int32, np.int64])
def test_transpose(array, perm, dtype):
    value = np.arange(24).reshape(2, 3, 4)
    result = array("tf.Transpose", value, vector(*perm, dtype=dtype))
    assert result.shape == tuple(value.shape[axis] for axis in perm)
    for index in np.ndindex(*result.shape):
        source = [0, 0, 0]
        for axis, i in zip(perm, index, strict=True):
            source[axis] = i
        assert result[index] == value[tuple(source)]


def test_transpose_of_rank_0(array):
    assert array("tf.Transpose", np.array(3), vector()).tolist() == 3


def test_bad_transposes(fails):
    value = np.zeros((2, 3))
    fails("tf.Transpose `perm` must size must match input rank", "tf.Transpose", value, vector(0))
    fails("tf.Transpose `perm` must be of i32 or i64, not f64", "tf.Transpose", value, np.zeros(2))
    fails(
        "tf.Transpose `perm` must be a permutation of the 2 dimensions, got [1, 1]",
        "tf.Transpose",
        value,
        vector(1, 1),
    )
