"""Biases, softmax and batch normalization: values against formulas written out, messages word for word."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

REAL = [np.uint8, np.uint16, np.uint32, np.uint64, np.int8, np.int16, np.int32, np.int64, np.float16, np.float32]


@pytest.mark.parametrize("dtype", [*REAL, np.float64])
@pytest.mark.parametrize("rank", range(1, 6))
def test_bias_add(array, dtype, rank):
    value = np.arange(3 * 2 ** (rank - 1)).reshape((2,) * (rank - 1) + (3,)).astype(dtype)
    bias = np.array([1, 5, 7], dtype)
    result = array("tf.BiasAdd", value, bias, data_format="NHWC")
    for index in np.ndindex(*value.shape):
        assert result[index] == value[index] + bias[index[-1]]


@pytest.mark.parametrize(
    ("message", "value", "bias", "attrs"),
    [
        ("incompatible dtypes for tf.BiasAdd", np.zeros((2, 3)), np.zeros(3, np.float32), {}),
        ("invalid data format. Currently only support NHWC", np.zeros((2, 3)), np.zeros(3), {"data_format": "NCHW"}),
        ("bias must be 1-D", np.zeros((2, 3)), np.zeros((1, 3)), {}),
        ("bias must has the size of the last dimension of value", np.zeros((2, 3)), np.zeros(2), {}),
        ("bias must has the size of the last dimension of value", np.array(0.0), np.zeros(1), {}),
        ("unsupported dtype for TfBiasAddOp", np.zeros((2, 3), bool), np.zeros(3, bool), {}),
    ],
)
def test_bad_biases(fails, message, value, bias, attrs):
    fails(message, "tf.BiasAdd", value, bias, **attrs)


def softmax(row):
    exponentials = [math.exp(x - max(row)) for x in row]
    return [x / sum(exponentials) for x in exponentials]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@given(
    npst.arrays(
        np.float32,
        npst.array_shapes(min_dims=1, max_dims=4, max_side=4),
        elements=st.floats(-500, 500, width=32),
    )
)
def test_softmax(array, dtype, logits):
    logits = logits.astype(dtype)
    rows = [softmax(row) for row in logits.reshape(-1, logits.shape[-1]).tolist()]
    expected = np.array(rows).reshape(logits.shape)
    tolerance = {"rtol": 1e-5, "atol": 1e-30}
    result, logarithm = array("tf.Softmax", logits), array("tf.LogSoftmax", logits)
    assert result.dtype == logarithm.dtype == dtype
    np.testing.assert_allclose(result, expected, **tolerance)
    np.testing.assert_allclose(np.exp(logarithm.astype(float)), expected, rtol=1e-3, atol=1e-30)


def test_log_softmax_keeps_what_softmax_cannot(array):
    assert array("tf.LogSoftmax", np.array([[0, 1000]], np.float32)).tolist() == [[-1000, 0]]
    assert array("tf.Softmax", np.array([[0, 1000]], np.float32)).tolist() == [[0, 1]]


@pytest.mark.parametrize("shape", [(0,), (2, 0), (0, 3)])
@pytest.mark.parametrize("op", ["tf.Softmax", "tf.LogSoftmax"])
def test_softmax_of_nothing(array, fails, op, shape):
    assert array(op, np.zeros(shape)).shape == shape


def test_softmax_of_a_number(array):
    assert array("tf.Softmax", np.array(3.0)).tolist() == 1
    assert array("tf.LogSoftmax", np.array(3.0)).tolist() == 0


@pytest.mark.parametrize("op", ["tf.Softmax", "tf.LogSoftmax"])
def test_softmax_needs_floats(fails, op):
    fails("unsupported dtype", op, np.zeros(2, np.int32))
    fails("unsupported dtype", op, np.zeros(2, np.complex64))


@pytest.fixture
def operands():
    rng = np.random.default_rng(1)
    value = rng.normal(size=(2, 3, 4, 5)).astype(np.float32)
    scale, offset, mean, variance = (rng.uniform(0.5, 2, 5).astype(np.float32) for _ in range(4))
    return value, scale, offset, mean, variance


def normalized(value, scale, offset, mean, variance, epsilon):
    result = np.empty_like(value)
    for index in np.ndindex(*value.shape):
        c = index[-1]
        result[index] = scale[c] * (value[index] - mean[c]) / math.sqrt(variance[c] + epsilon) + offset[c]
    return result


def test_batch_norm(run, operands):
    results = run("tf.FusedBatchNormV3", *operands, epsilon=0.25, is_training=False)
    np.testing.assert_allclose(results[0].array, normalized(*operands, 0.25), rtol=1e-5, atol=1e-6)
    for result, expected in zip(results[1:5], [*operands[3:], *operands[3:]], strict=True):
        np.testing.assert_array_equal(result.array, expected)
    assert results[5].shape == (0,)


def test_batch_norm_with_the_channel_second(run, operands):
    value, *parameters = operands
    results = run("tf.FusedBatchNormV3", value.transpose(0, 3, 1, 2).copy(), *parameters, data_format="NCHW")
    expected = normalized(value, *parameters, 1e-4).transpose(0, 3, 1, 2)
    np.testing.assert_allclose(results[0].array, expected, rtol=1e-5, atol=1e-6)


def test_bad_batch_norms(fails, operands):
    def check(message, *changed, **attrs):
        fails(message, "tf.FusedBatchNormV3", *changed, **attrs)

    value, scale, offset, mean, variance = operands
    check("BatchNorm training not currently supported", *operands, is_training=True)
    check(
        "Mean, variance, bias, and scale are expected to have the same shape",
        value, scale, offset, mean, variance[:2],
    )  # fmt: skip
    check("parameter does not match the input channel number", value, *[p[:2] for p in operands[1:]])
    check("parameter does not match the input channel number", *operands, data_format="NCHW")
    check("tf.FusedBatchNormV3 input must have rank 4. Actual shape: [5]", *[p[:] for p in (scale, *operands[1:])])
    check(
        "Invalid data format string: NHCW; 'data_format' must be NHWC or NCHW",
        *operands, data_format="NHCW",
    )  # fmt: skip
    check("tf.FusedBatchNormV3 operands must be of f32", value.astype(float), *operands[1:])
