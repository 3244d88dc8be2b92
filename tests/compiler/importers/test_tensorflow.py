"""TensorFlow's models as programs; what needs TensorFlow itself is skipped without it."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import tfrt
from tests.models.reference import Model, require_same
from tfrt.compiler.importers.tensorflow.programs import named, with_variables, without_weights
from tfrt.compiler.importers.tensorflow.support import require_supported

FROZEN = Path(__file__).parents[2] / "models" / "tf" / "mlp_frozen.json"
HAS_TENSORFLOW = importlib.util.find_spec("tensorflow") is not None


def test_a_text_with_a_signatures_names_and_weights_of_its_own():
    model = Model.read(FROZEN)
    text = named(model.path.read_text(), "serving_default", ["images"], ["scores"])
    text, weights = without_weights(text, 200)
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


def test_weights_have_the_names_of_variables():
    text = """module {
  func.func @f(%arg0: tensor<2xf32>) -> tensor<2xf32> attributes {} {
    %0 = "tf.Const"() <{value = dense<[1.5, 2.5]> : tensor<2xf32>}> : () -> tensor<2xf32> loc(#loc1)
    %1 = "tf.AddV2"(%arg0, %0) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32> loc(#loc2)
    return %1 : tensor<2xf32>
  }
}
#loc1 = loc("unknown_7")
#loc2 = loc("layer/add")
"""
    text = named(text, "serving_default", ["x"], ["y"], {"unknown_7": "layer/bias"})
    text, arrays = without_weights(text, 4)
    assert list(arrays) == ["layer/bias"]
    message = "^layer/bias: error: the program was compiled without its weights: load it with weights=..., or run it "
    with pytest.raises(tfrt.LoadError, match=message):
        tfrt.load(tfrt.compile(text))


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


def graph(*nodes):
    """A ``GraphDef`` of nodes: an op, a node's name, and whether its tensors hold strings."""

    def made(op, name, has_strings):
        return SimpleNamespace(op=op, name=name, attr={"T": SimpleNamespace(type=7 * has_strings, list=NO_TYPES)})

    return SimpleNamespace(node=[made(*node) for node in nodes], library=SimpleNamespace(function=[]))


NO_TYPES = SimpleNamespace(type=[])


def test_strings_are_refused_where_something_needs_them():
    require_supported(
        graph(("Const", "c", True), ("Identity", "i", True), ("Assert", "a", True), ("PrintV2", "p", True))
    )
    with pytest.raises(tfrt.CompileError) as caught:
        require_supported(
            graph(
                ("Placeholder", "x", True), ("Identity", "i", True), ("GatherV2", "g", True), ("StringLower", "l", True)
            )
        )
    assert [d.message for d in caught.value.diagnostics] == [
        "'tf.Placeholder' op of node 'x' is not supported: its tensors hold strings",
        "'tf.GatherV2' op of node 'g' is not supported: its tensors hold strings",
        "'tf.StringLower' op of node 'l' is not supported",
    ]


def test_switches_and_merges_are_refused_by_their_nodes():
    with pytest.raises(tfrt.CompileError) as caught:
        require_supported(graph(("Switch", "cond/Switch", False), ("Add", "sum", False), ("Merge", "cond/m", False)))
    what = (
        "is not supported: the model's control flow is of dead tokens; build it again after "
        "tf.compat.v1.enable_control_flow_v2(), or by tf.function"
    )
    assert [d.message for d in caught.value.diagnostics] == [
        f"'tf.Switch' op of node 'cond/Switch' {what}",
        f"'tf.Merge' op of node 'cond/m' {what}",
    ]


PADDED = """
    %cst = "tf.Const"() <{value = dense<[[1, 1], [0, 2]]> : tensor<2x2xi32>}> : () -> tensor<2x2xi32> loc("pads")
    %w = "tf.Const"() <{value = dense<[1.5, 2.5]> : tensor<2xf32>}> : () -> tensor<2xf32> loc("w")
"""


def test_a_few_integers_are_no_weights():
    text, arrays = without_weights(PADDED, 0)
    assert {name: array.tolist() for name, array in arrays.items()} == {"w": [1.5, 2.5]}
    assert text.splitlines() == [
        *PADDED.splitlines()[:2],
        '    %w = "tf.Weight"() <{name = "w"}> : () -> tensor<2xf32> loc("w")',
    ]


@pytest.mark.parametrize("size", ["-5", "x", "2X"])
def test_a_size_that_is_none(tool, size):
    done = tool("tfrt-import", "model.onnx", f"--larger-than={size}")
    message = f"tfrt-import: argument --larger-than: '{size}' is no size, such as 1024, 4KiB or 1MB\n"
    assert (done.code, done.err) == (2, message)


@pytest.mark.parametrize("name", ["folder", "model.keras", "model.onnx"])
def test_a_file_that_is_not_there(tool, name):
    done = tool("tfrt-import", name)
    assert (done.code, done.err) == (2, f"tfrt-import: cannot read '{name}': No such file or directory\n")


COUNTER = """#loc = loc(unknown)
module {
  func.func @step(%arg0: tensor<2xf32>, %arg1: tensor<*x!tf_type.resource>, %arg2: tensor<*x!tf_type.resource>) -> tensor<2xf32> attributes {} {
    "tf.AssignAddVariableOp"(%arg1, %arg0) : (tensor<*x!tf_type.resource>, tensor<2xf32>) -> ()
    %0 = "tf.ReadVariableOp"(%arg1) : (tensor<*x!tf_type.resource>) -> tensor<2xf32>
    %1 = "tf.ReadVariableOp"(%arg2) : (tensor<*x!tf_type.resource>) -> tensor<i1>
    %2 = "tf.SelectV2"(%1, %0, %arg0) : (tensor<i1>, tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
    return %2 : tensor<2xf32>
  }
}
"""  # noqa: E501


@pytest.mark.parametrize("larger_than", [None, 4], ids=["in the text", "beside it"])
def test_variables_that_a_signature_changes(larger_than):
    variables = [("v", np.float32([1, 2])), ("v", np.array(True))]
    text, arrays = with_variables(COUNTER, variables, larger_than)
    assert list(arrays) == ([] if larger_than is None else ["v"])
    text = named(text, "serving_default", ["x"], ["y"])
    program = tfrt.load(tfrt.compile(text, opt_level=2), weights=arrays)
    assert program["serving_default"](x=np.float32([1, 1])).tolist() == [2, 3]
    assert program["serving_default"](x=np.float32([1, 1])).tolist() == [3, 4]
    assert program.resources.get("v").read().tolist() == [3, 4]


@pytest.mark.skipif(not HAS_TENSORFLOW, reason="needs TensorFlow")
def test_a_module_that_counts(tmp_path):
    import tensorflow as tf

    class Counter(tf.Module):
        def __init__(self):
            self.count = tf.Variable(1.5, name="count")
            self.scale = tf.Variable([2.0, 3.0], name="scale")

        @tf.function(input_signature=[tf.TensorSpec([], tf.float32, name="x")])
        def step(self, x):
            self.count.assign_add(x)
            return {"y": self.count * self.scale}

    tf.saved_model.save(counter := Counter(), folder := str(tmp_path / "model"), signatures=counter.step)
    weights = tmp_path / "w.safetensors"
    program = tfrt.load(tfrt.compile(tfrt.import_tensorflow(folder, weights=weights, larger_than=4)), weights=weights)
    for x in (1.0, 2.0):
        assert program["serving_default"](x=x).tolist() == counter.step(tf.constant(x))["y"].numpy().tolist()
    (tmp_path / "model" / "variables" / "variables.index").unlink()
    with pytest.raises(tfrt.UsageError, match=r"lacks its variables: there is no .*index.; copy the whole folder"):
        tfrt.import_tensorflow(folder)


@pytest.mark.skipif(not HAS_TENSORFLOW, reason="needs TensorFlow")
def test_a_module_with_cases(tmp_path):
    import tensorflow as tf

    class Cases(tf.Module):
        def __init__(self):
            self.w = tf.Variable([2.0, 3.0], name="w")

        @tf.function(input_signature=[tf.TensorSpec([], tf.int32, name="i"), tf.TensorSpec([2], tf.float32, name="x")])
        def run(self, i, x):
            inner = [lambda: x - self.w, lambda: tf.sin(x)]
            return tf.switch_case(i, [lambda: x * self.w, lambda: x + self.w, lambda: tf.switch_case(i - 2, inner)])

    tf.saved_model.save(cases := Cases(), folder := str(tmp_path), signatures=cases.run)
    function = tfrt.load(tfrt.compile(tfrt.import_tensorflow(folder)))["serving_default"]
    x = np.float32([0.5, -1])
    for i in range(-1, 4):
        np.testing.assert_allclose(function(i=i, x=x), cases.run(tf.constant(i), x), rtol=1e-6)


@pytest.mark.skipif(not HAS_TENSORFLOW, reason="needs TensorFlow")
def test_a_signature_of_tensorflow_1_names_arguments_its_own_way(tmp_path):
    import tensorflow as tf

    folder = str(tmp_path / "model")
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        a, b = (tf.compat.v1.placeholder(tf.float32, [2], name=name) for name in "ab")
        tf.compat.v1.saved_model.simple_save(session, folder, {"b": a, "a": b}, {"y": a - 2 * b})
    function = tfrt.load(tfrt.compile(tfrt.import_tensorflow(folder)))["serving_default"]
    assert function(b=np.float32([5, 7]), a=np.float32([1, 2])).tolist() == [3, 3]
