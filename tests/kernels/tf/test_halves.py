"""Ops on f16 and bf16: the values of single precision, rounded once."""

import numpy as np
import pytest

from tfrt.executor.values.dtype import DType

HALVES = [DType.F16, DType.BF16]
UNARY = [
    "Exp",
    "Log",
    "Log1p",
    "Rsqrt",
    "Sigmoid",
    "Sqrt",
    "Tanh",
    "Abs",
    "Neg",
    "Square",
    "Relu",
    "Softmax",
    "LogSoftmax",
]
BINARY = ["Add", "AddV2", "Sub", "Mul", "RealDiv", "Maximum", "Minimum", "BiasAdd"]
COMPARISONS = ["Less", "LessEqual", "Greater", "GreaterEqual", "Equal", "NotEqual"]


def every_half(dtype):
    return np.arange(1 << 16, dtype=np.uint16).view(dtype.numpy)


@pytest.fixture
def check(array):
    """Runs an op on halves and on the same numbers in single precision, and compares the results bit by bit."""

    def run(op, *operands, **attrs):
        found = array(op, *operands, **attrs)
        half = operands[0].dtype
        wide = [o.astype(np.float32) if o.dtype == half else o for o in operands]
        with np.errstate(all="ignore"):
            expected = array(op, *wide, **attrs)
            expected = expected if expected.dtype == bool else expected.astype(half)
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found.astype(np.float32), expected.astype(np.float32))
        return found

    return run


@pytest.mark.parametrize("op", UNARY)
@pytest.mark.parametrize("dtype", HALVES)
def test_functions_of_every_number(check, dtype, op):
    values = every_half(dtype).reshape(-1, 64)
    check(f"tf.{op}", values)


@pytest.mark.parametrize("op", [*BINARY, *COMPARISONS])
@pytest.mark.parametrize("dtype", HALVES)
def test_functions_of_two_numbers(check, dtype, op):
    values = every_half(dtype)[:: 1 << 6]
    check(f"tf.{op}", np.repeat(values[:, None], values.size, 1), values)


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("dtype", HALVES)
def test_products(check, dtype, transposed):
    rng = np.random.default_rng(0)
    a, b = (rng.normal(size=shape).astype(dtype.numpy) for shape in ((5, 300), (300, 7)))
    b = np.ascontiguousarray(b.T) if transposed else b
    check("tf.MatMul", a, b, transpose_a=False, transpose_b=transposed)


@pytest.mark.parametrize("dtype", HALVES)
def test_sums_do_not_stall(array, dtype):
    ones = np.ones((1, 5000), dtype.numpy)
    assert array("tf.MatMul", ones, ones.T.copy(), transpose_a=False, transpose_b=False).astype(float) == float(
        np.array(5000).astype(dtype.numpy)
    )
    assert array("tf.Mean", ones, np.array([1], np.int32)).astype(float).tolist() == [1]


@pytest.mark.parametrize("layout", ["NHWC", "NCHW"])
@pytest.mark.parametrize("dtype", HALVES)
def test_images(check, run, dtype, layout):
    rng = np.random.default_rng(1)
    images, filters = (rng.normal(size=s).astype(dtype.numpy) for s in ((2, 4, 4, 4), (3, 3, 4, 2)))
    attrs = {"padding": "SAME", "data_format": layout}
    check("tf.Conv2D", images, filters, **attrs)
    check("tf.MaxPool", images, ksize=(2, 2), strides=(2, 2), **attrs)
    moments = [np.linspace(0.5, 2, 4, dtype=np.float32)] * 4
    found = run("tf.FusedBatchNormV3", images, *moments, data_format=layout)[0]
    expected = run("tf.FusedBatchNormV3", images.astype(np.float32), *moments, data_format=layout)[0]
    assert found.dtype is dtype
    assert found.array.tobytes() == expected.array.astype(dtype.numpy).tobytes()


@pytest.mark.parametrize("dtype", HALVES)
def test_zeros_like(run, dtype):
    zeros = run("tf.ZerosLike", np.ones(3, dtype.numpy))
    assert (zeros.dtype, zeros.shape, zeros.value) == (dtype, (3,), 0.0)


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("activation", ["Relu", "Relu6", "Elu"])
@pytest.mark.parametrize("dtype", HALVES)
def test_fused_ops_round_once(check, dtype, activation, transposed):
    rng = np.random.default_rng(2)
    fused = {"fused_ops": ("BiasAdd", activation)}
    a, b, bias = (rng.normal(size=shape).astype(dtype.numpy) for shape in ((5, 300), (300, 7), 7))
    b = np.ascontiguousarray(b.T) if transposed else b
    check("tf._FusedMatMul", a, b, bias, transpose_a=False, transpose_b=transposed, **fused)
    images, filters = (rng.normal(size=s).astype(dtype.numpy) for s in ((2, 4, 4, 4), (3, 3, 2, 7)))
    filters = filters[..., :6] if transposed else np.concatenate([filters, filters], axis=2)
    check("tf._FusedConv2D", images, filters, bias[: filters.shape[3]], padding="SAME", **fused)


@pytest.mark.parametrize("op", ["tf.MatMul", "tf._FusedMatMul"])
def test_overflow_of_halves_is_infinite_and_warns_of_nothing(array, op):
    large = np.full((1, 1), 60000, np.float16)
    fused = {"fused_ops": ("BiasAdd", "Relu")} if op == "tf._FusedMatMul" else {}
    operands = (large, large, large[0]) if fused else (large, large)
    assert array(op, *operands, transpose_a=False, transpose_b=False, **fused).tolist() == [[np.inf]]
