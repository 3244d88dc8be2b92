"""Operators in programs: attributes of every kind, inputs that are left out, several results, unknown sizes."""

import numpy as np
import pytest

import tfrt
from tests.kernels.onnx.running import check_program

f32 = np.float32
X = np.arange(6, dtype=f32).reshape(2, 3)


@pytest.mark.parametrize(
    ("name", "inputs", "expected", "attrs"),
    [
        ("Concat", [X, X], [np.concatenate([X, X], 1)], {"axis": 1}),
        ("LeakyRelu", [-X], [-X / 2], {"alpha": 0.5}),
        ("Transpose", [X], [X.T], {"perm": (1, 0)}),
        ("BitShift", [np.uint8([1]), np.uint8([2])], [np.uint8([4])], {"direction": "LEFT"}),
        ("ConstantOfShape", [np.array([2])], [np.array([7, 7])], {"value": np.array([7])}),
        ("Clip", [X, f32(2)], [np.minimum(X, 2)], {"absent": (1,)}),
        ("TopK", [f32([1, 3, 2]), np.array([1])], [np.array([1])], {"outputs": (1,)}),
        ("Split", [X], [X[:, :2], X[:, 2:]], {"axis": 1, "outputs": (0, 1)}),
        ("NonZero", [f32([0, 1])], [np.array([[1]])], {}),
        ("RNN", [f32([[[1]]]), f32([[[1]]]), f32([[[1]]])], [f32([[[3]]])],
         {"hidden_size": 1, "activations": "Affine", "activation_alpha": (2.0,), "activation_beta": (1.0,),
          "outputs": (1,)}),
    ],
)  # fmt: skip
def test_attributes(name, inputs, expected, attrs):
    check_program(name, inputs, *expected, **attrs)


def test_sizes_that_are_not_known():
    text = """func.func @main(%x: tensor<?x3xf32> {tfrt.name = "x"}) -> (tensor<?x3xf32> {tfrt.name = "y"}) {
      %0 = "onnx.Softmax"(%x) <{axis = 0 : i64}> : (tensor<?x3xf32>) -> tensor<?x3xf32>
      func.return %0 : tensor<?x3xf32>
    }"""
    main = tfrt.load(tfrt.compile(text, opt_level=2))["main"]
    for rows in (1, 2, 5):
        np.testing.assert_allclose(main(x=np.ones((rows, 3), f32)), np.full((rows, 3), 1 / rows), rtol=1e-6)


def test_weights_are_given_when_a_program_is_loaded():
    text = """func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
      %0 = "onnx.Weight"() <{name = "layer.bias"}> : () -> tensor<2xf32>
      %1 = stablehlo.add %x, %0 : tensor<2xf32>
      func.return %1 : tensor<2xf32>
    }"""
    bef = tfrt.compile(text, opt_level=2)
    assert tfrt.load(bef, weights={"layer.bias": f32([1, 2])})["main"](f32([10, 20])).tolist() == [11, 22]
    with pytest.raises(tfrt.LoadError, match=r"has no weight 'layer.bias'"):
        tfrt.load(bef, weights={"other": f32([1, 2])})


def test_an_operator_that_is_not_known():
    text = """func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
      %0 = "onnx.Fold"(%x) : (tensor<2xf32>) -> tensor<2xf32>
      func.return %0 : tensor<2xf32>
    }"""
    with pytest.raises(tfrt.CompileError, match=r"'onnx.Fold' op is not supported: the CPU has no op 'onnx.Fold'"):
        tfrt.compile(text)
