"""TensorFlow's models as programs; what needs TensorFlow itself is skipped without it."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

import tfrt
from tests.models.reference import Model, require_same
from tfrt.compiler.importers.tensorflow.programs import named, without_weights

FROZEN = Path(__file__).parents[2] / "models" / "tf" / "mlp_frozen.json"
HAS_TENSORFLOW = importlib.util.find_spec("tensorflow") is not None


def test_a_text_with_a_signatures_names_and_weights_of_its_own():
    model = Model.read(FROZEN)
    text = named(model.path.read_text(), "serving_default", ["images"], ["scores"])
    text, weights = without_weights(text, 200, {})
    assert {array.shape for array in weights.values()} == {(12, 16)}
    assert '"tf.Weight"() <{name = "constant"}> : () -> tensor<12x16xf32>' in text
    program = tfrt.load(tfrt.compile(text, opt_level=2), weights=weights)
    for case in model.cases:
        require_same(program["serving_default"](images=case.arguments[0]), case.results, model.rtol, model.atol)
    with pytest.raises(tfrt.UsageError):
        program["serving_default"](pixels=case.arguments[0])


def test_nodes_names_are_locations():
    text = """module {
  func.func @f(%arg0: tensor<2xf32>) -> tensor<2xf32> attributes {tf.entry_function = {}} {
    %0 = "tf.Tanh"(%arg0) {device = ""} : (tensor<2xf32>) -> tensor<2xf32> loc(#loc2)
    return %0 : tensor<2xf32> loc(#loc)
  } loc(#loc)
} loc(#loc)
#loc = loc(unknown)
#loc1 = loc("Tanh:")
#loc2 = loc(fused[#loc1, #loc3])
#loc3 = loc("layer/Tanh")
"""
    found = named(text, "of two.words", ["x"], ["y"])
    assert 'func.func @"of two.words"(%arg0: tensor<2xf32>' in found
    assert '-> tensor<2xf32> loc("layer/Tanh")\n' in found
    assert "#loc" not in found


@pytest.mark.skipif(HAS_TENSORFLOW, reason="TensorFlow is there")
def test_without_tensorflow():
    with pytest.raises(tfrt.UsageError, match=r"TensorFlow's models need it: pip install 'tfrt\[tensorflow\]'"):
        tfrt.import_tensorflow("a_folder")


@pytest.mark.skipif(not HAS_TENSORFLOW, reason="needs TensorFlow")
def test_a_model_of_keras(tmp_path):
    import tensorflow as tf

    tf.keras.utils.set_random_seed(0)
    layers = [tf.keras.Input((8, 8, 1)), tf.keras.layers.Conv2D(4, 3), tf.keras.layers.Flatten()]
    model = tf.keras.Sequential([*layers, tf.keras.layers.Dense(3)])
    x = np.random.default_rng(0).standard_normal((2, 8, 8, 1)).astype(np.float32)
    weights = tmp_path / "w.safetensors"
    program = tfrt.load(tfrt.compile(tfrt.import_tensorflow(model, weights=weights, larger_than=64)), weights=weights)
    np.testing.assert_allclose(program["serving_default"](x), model(x).numpy(), rtol=1e-5, atol=1e-6)
    with pytest.raises(tfrt.UsageError, match="has no signature 'other'"):
        tfrt.import_tensorflow(model, signature="other")
