"""The three batch norms: the specification's decompositions, its examples, and refusals."""

import ml_dtypes
import numpy as np
import pytest

import tfrt
from tfrt.executor.support.errors import KernelError

OPERAND = np.array([[[1, 2], [3, 4]], [[3, 4], [1, 2]]], np.float64)
ONES = np.ones(2)


def along(vector, x, axis):
    return vector.reshape([-1 if i == axis else 1 for i in range(x.ndim)])


def others(x, axis):
    return tuple(i for i in range(x.ndim) if i != axis)


def gradients(x, scale, gradient, epsilon, axis):
    """Of a batch norm's operand, scale and offset, by differences of sums in which each is moved a little."""

    def loss(operand, factors, added):
        mean = operand.mean(others(x, axis), keepdims=True)
        variance = ((operand - mean) ** 2).mean(others(x, axis), keepdims=True)
        found = along(factors, x, axis) * (operand - mean) / np.sqrt(variance + epsilon) + along(added, x, axis)
        return (gradient * found).sum()

    inputs = [x, scale, np.zeros_like(scale)]
    found = []
    for number, values in enumerate(inputs):
        slopes = np.zeros_like(values)
        for index in np.ndindex(*values.shape):
            ends = []
            for step in (1e-5, -1e-5):
                moved = values.copy()
                moved[index] += step
                ends.append(loss(*inputs[:number], moved, *inputs[number + 1 :]))
            slopes[index] = (ends[0] - ends[1]) / 2e-5
        found.append(slopes)
    return found


def test_the_example_of_inference(array):
    found = array(
        "stablehlo.batch_norm_inference", OPERAND, ONES, ONES, np.array([2.0, 3.0]), ONES, epsilon=0.0, feature_index=2
    )
    np.testing.assert_array_equal(found, [[[0, 0], [2, 2]], [[2, 2], [0, 0]]])


def test_the_example_of_training(run):
    output, mean, variance = run("stablehlo.batch_norm_training", OPERAND, ONES, ONES, epsilon=0.0, feature_index=2)
    np.testing.assert_array_equal(output.array, [[[0, 0], [2, 2]], [[2, 2], [0, 0]]])
    np.testing.assert_array_equal(mean.array, [2, 3])
    np.testing.assert_array_equal(variance.array, [1, 1])


def test_the_example_of_gradients(run):
    of_operand, of_scale, of_offset = run(
        "stablehlo.batch_norm_grad",
        OPERAND,
        ONES,
        np.array([2.0, 3.0]),
        ONES,
        np.full(OPERAND.shape, 0.1),
        epsilon=0.0,
        feature_index=2,
    )
    np.testing.assert_allclose(of_operand.array, np.zeros(OPERAND.shape), atol=1e-15)
    np.testing.assert_allclose(of_scale.array, [0, 0], atol=1e-15)
    np.testing.assert_allclose(of_offset.array, [0.4, 0.4])


@pytest.mark.parametrize("axis", [0, 1, 3])
def test_features_in_any_dimension(run, axis):
    random = np.random.default_rng(0)
    x, gradient = random.standard_normal((2, 3, 2, 3)), random.standard_normal((2, 3, 2, 3))
    scale, offset = random.standard_normal((2, x.shape[axis]))
    output, mean, variance = (
        found.array
        for found in run("stablehlo.batch_norm_training", x, scale, offset, epsilon=0.25, feature_index=axis)
    )
    np.testing.assert_allclose(mean, x.mean(others(x, axis)))
    np.testing.assert_allclose(variance, x.var(others(x, axis)))
    given = run("stablehlo.batch_norm_inference", x, scale, offset, mean, variance, epsilon=0.25, feature_index=axis)
    np.testing.assert_allclose(output, given.array)
    expected = along(scale, x, axis) * (x - along(mean, x, axis)) / np.sqrt(along(variance, x, axis) + 0.25)
    np.testing.assert_allclose(output, expected + along(offset, x, axis))
    found = run("stablehlo.batch_norm_grad", x, scale, mean, variance, gradient, epsilon=0.25, feature_index=axis)
    for tensor, slopes in zip(found, gradients(x, scale, gradient, 0.25, axis), strict=True):
        np.testing.assert_allclose(tensor.array, slopes, rtol=1e-5, atol=1e-7)


def test_narrow_floats_are_rounded_once(run):
    x = (np.arange(8) / 8).reshape(4, 2).astype(ml_dtypes.bfloat16)
    ones = np.ones(2, ml_dtypes.bfloat16)
    output, mean, variance = run("stablehlo.batch_norm_training", x, ones, ones, epsilon=0.0, feature_index=1)
    wide = x.astype(np.float32)
    for found, expected in (
        (mean, wide.mean(0)),
        (variance, wide.var(0)),
        (output, (wide - wide.mean(0)) / np.sqrt(wide.var(0)) + 1),
    ):
        np.testing.assert_array_equal(found.array, expected.astype(ml_dtypes.bfloat16))
    found = run("stablehlo.batch_norm_inference", x, ones, ones, ones, ones, epsilon=0.0, feature_index=1)
    np.testing.assert_array_equal(found.array, x)


def test_programs_do_the_same(run):
    text = """
        func.func @main(%x: tensor<2x2x2xf64>, %s: tensor<2xf64>, %g: tensor<2x2x2xf64>) -> (tensor<2x2x2xf64>, tensor<2xf64>, tensor<2xf64>, tensor<2x2x2xf64>) {
          %y, %m, %v = "stablehlo.batch_norm_training"(%x, %s, %s) <{epsilon = 0.5 : f32, feature_index = 1 : i64}>
            : (tensor<2x2x2xf64>, tensor<2xf64>, tensor<2xf64>) -> (tensor<2x2x2xf64>, tensor<2xf64>, tensor<2xf64>)
          %a, %b, %c = "stablehlo.batch_norm_grad"(%x, %s, %m, %v, %g) <{epsilon = 0.5 : f32, feature_index = 1 : i64}>
            : (tensor<2x2x2xf64>, tensor<2xf64>, tensor<2xf64>, tensor<2xf64>, tensor<2x2x2xf64>) -> (tensor<2x2x2xf64>, tensor<2xf64>, tensor<2xf64>)
          %z = "stablehlo.batch_norm_inference"(%x, %s, %s, %m, %v) <{epsilon = 0.5 : f32, feature_index = 1 : i64}>
            : (tensor<2x2x2xf64>, tensor<2xf64>, tensor<2xf64>, tensor<2xf64>, tensor<2xf64>) -> tensor<2x2x2xf64>
          return %a, %b, %c, %z : tensor<2x2x2xf64>, tensor<2xf64>, tensor<2xf64>, tensor<2x2x2xf64>
        }"""  # noqa: E501
    scale, gradient = np.array([2.0, -1.0]), OPERAND[::-1] ** 2
    found = tfrt.load(tfrt.compile(text, opt_level=2))["main"](OPERAND, scale, gradient.copy())
    options = {"epsilon": 0.5, "feature_index": 1}
    output, mean, variance = run("stablehlo.batch_norm_training", OPERAND, scale, scale, **options)
    expected = run("stablehlo.batch_norm_grad", OPERAND, scale, mean, variance, gradient, **options)
    again = run("stablehlo.batch_norm_inference", OPERAND, scale, scale, mean, variance, **options)
    for one, other in zip(found, (*expected, again), strict=True):
        np.testing.assert_array_equal(one, other.array)
    # With the moments of the batch, inference is training but for rounding.
    np.testing.assert_allclose(again.array, output.array, rtol=1e-14)


@pytest.mark.parametrize("epsilon", [1e-3, 0.0])
def test_inference_on_what_is_not_finite(array, epsilon):
    """It reaches what it reaches in the specification's expression."""
    values = np.array([np.inf, -np.inf, np.nan, 0.0, 1.5, -3e38])
    x = np.repeat(values[:, np.newaxis], 6, axis=1).astype(np.float32)
    scale, offset, mean, variance = np.array(
        [[1, -2, 0, np.nan, 1, 1], [0, 1, 2, 0, 0, np.inf], [0, 5, 1, 0, np.inf, 2], [1, 4, 1, 1, 1, np.inf]],
        np.float32,
    )
    found = array("stablehlo.batch_norm_inference", x, scale, offset, mean, variance, epsilon=epsilon, feature_index=1)
    with np.errstate(all="ignore"):
        expected = (x - mean) / np.sqrt(variance + np.float32(epsilon)) * scale + offset
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("op", "shapes", "index", "message"),
    [
        ("training", [(2, 2), (2,), (2,)], 2, "(C1) expects feature_index in [0, 2), but got 2"),
        (
            "training",
            [(2, 2), (2,), (3,)],
            1,
            "(C4) expects one value for each of 2 features, but got a tensor of shape [3]",
        ),
        (
            "inference",
            [(2, 2), (2,), (2,), (2,), (1,)],
            1,
            "(C6) expects one value for each of 2 features, but got a tensor of shape [1]",
        ),
        (
            "grad",
            [(2, 2), (2,), (2,), (2,), (2, 3)],
            1,
            "(C3) expects operand and grad_output of one shape, but got [2, 2], [2, 3]",
        ),
    ],
)
def test_what_does_not_fit(run, op, shapes, index, message):
    with pytest.raises(KernelError) as error:
        run(f"stablehlo.batch_norm_{op}", *[np.ones(s, np.float32) for s in shapes], epsilon=0.0, feature_index=index)
    assert error.value.message == message


@pytest.mark.parametrize(("op", "count"), [("training", 3), ("grad", 5)])
def test_operands_of_two_element_types(run, op, count):
    operands = [np.ones((2, 2), np.float32), *[np.ones(2, np.float32)] * (count - 2)]
    odd = np.ones((2, 2)) if op == "grad" else np.ones(2)
    with pytest.raises(KernelError) as error:
        run(f"stablehlo.batch_norm_{op}", *operands, odd, epsilon=0.0, feature_index=1)
    assert error.value.message == "(C2) expects operands of one element type, but got f32 and f64"
