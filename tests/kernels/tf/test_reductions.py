"""`tf.Mean`: values against sums written out, messages word for word."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

INTEGERS = [np.uint8, np.uint16, np.uint32, np.uint64, np.int8, np.int16, np.int32, np.int64]
FLOATS = [np.float16, np.float32, np.float64]


def mean(value, axes, keep_dims, exact):
    """The mean along non-negative `axes`; integers are divided toward zero."""
    kept = [1 if axis in axes else size for axis, size in enumerate(value.shape)]
    sums, count = np.zeros(kept, object), 1
    for axis in axes:
        count *= value.shape[axis]
    for index in np.ndindex(*value.shape):
        target = tuple(0 if axis in axes else i for axis, i in enumerate(index))
        sums[target] += value[index].item()
    means = np.array([total / count if exact else int(total / count) for total in sums.reshape(-1)])
    return means.reshape(kept if keep_dims else [size for axis, size in enumerate(value.shape) if axis not in axes])


@pytest.mark.parametrize("dtype", [*INTEGERS, *FLOATS])
@pytest.mark.parametrize("keep_dims", [False, True])
def test_mean(array, dtype, keep_dims):
    value = (np.arange(24) % 5).reshape(2, 3, 4).astype(dtype)
    for rank in range(4):
        for axes in itertools.combinations(range(3), rank):
            result = array("tf.Mean", value, np.array(axes, np.int32), keep_dims=keep_dims)
            assert result.dtype == dtype
            np.testing.assert_allclose(result, mean(value, axes, keep_dims, dtype in FLOATS), rtol=1e-3)


@pytest.mark.parametrize("dtype", INTEGERS)
@pytest.mark.parametrize("count", [1, 2, 10, 255, 256, 257, 70000])
def test_means_of_many_and_of_large_integers(array, dtype, count):
    axis, limits = np.array([0], np.int32), np.iinfo(dtype)
    assert array("tf.Mean", np.ones(count, dtype), axis).tolist() == 1
    if limits.bits < 64:
        for value in (limits.min, limits.max, limits.max - 1):
            assert array("tf.Mean", np.full((count, 2), value, dtype), axis).tolist() == [value, value]


def test_sums_of_64_bits_wrap_around(array):
    axis = np.array([0], np.int32)
    assert array("tf.Mean", np.array([2**62, 2**62]), axis).tolist() == -(2**62)
    assert array("tf.Mean", np.array([2**63, 2**63], np.uint64), axis).tolist() == 0


@given(
    npst.arrays(np.int32, npst.array_shapes(min_dims=1, max_dims=4, max_side=3), elements=st.integers(-99, 99)),
    st.data(),
)
def test_mean_of_integers_and_of_floats(array, value, data):
    axes = data.draw(st.lists(st.integers(0, value.ndim - 1), unique=True))
    signed = [axis - data.draw(st.sampled_from([0, value.ndim])) for axis in axes]
    indices = np.array(signed, data.draw(st.sampled_from([np.int32, np.int64])))
    keep_dims = data.draw(st.booleans())
    np.testing.assert_array_equal(
        array("tf.Mean", value, indices, keep_dims=keep_dims), mean(value, axes, keep_dims, False)
    )
    np.testing.assert_allclose(
        array("tf.Mean", value.astype(np.float32), indices, keep_dims=keep_dims),
        mean(value, axes, keep_dims, True),
        rtol=1e-6,
    )


def test_sums_of_halves_are_taken_in_single_precision(array):
    value = np.full(4096, 1000, np.float16)
    assert array("tf.Mean", value, np.array([0], np.int32)).tolist() == 1000


def test_mean_of_nothing(array, fails):
    nothing = np.zeros((2, 0), np.float32)
    assert np.isnan(array("tf.Mean", nothing, np.array([1], np.int32))).tolist() == [True, True]
    fails("tf.Mean of no integers: Divide by zero", "tf.Mean", nothing.astype(int), np.array([1], np.int32))


@pytest.mark.parametrize(
    ("message", "value", "indices"),
    [
        ("tf.Mean reduction index must be in [-input_rank, input_rank) range", np.zeros((2, 2)), [2]),
        ("tf.Mean reduction index must be in [-input_rank, input_rank) range", np.zeros((2, 2)), [-3]),
        ("tf.Mean reduction index must be in [-input_rank, input_rank) range", np.array(1.0), [0]),
        ("tf.Mean reduction indices must be unique", np.zeros((2, 2)), [1, -1]),
        ("unsupported dtype for TfMeanOp", np.zeros(2, bool), [0]),
    ],
)
def test_bad_means(fails, message, value, indices):
    fails(message, "tf.Mean", value, np.array(indices, np.int32))


def test_indices_are_integers(fails):
    fails("tf.Mean reduction indices must be of i32 or i64, not f32", "tf.Mean", np.zeros(1), np.zeros(1, np.float32))
