"""ONNX models become programs: names, sizes that come with arrays, weights, control flow, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

import tfrt
from tests.compiler.importers.onnx_models import BOOL, FLOAT, INT64, main, model, node

onnx = pytest.importorskip("onnx")

f32 = np.float32


def linear():
    return model(
        [node("Gemm", ["x", "w", "b"], ["h"], transB=1), node("Relu", ["h"], ["y"])],
        [("x", FLOAT, ["batch", 3])],
        [("y", FLOAT, ["batch", 2])],
        {"w": f32([[1, 2, 3], [-1, -1, -1]]), "b": f32([1, 2])},
    )


@pytest.mark.parametrize("opt_level", [0, 2])
def test_names_and_a_batch_whose_size_has_one(opt_level):
    run = main(linear(), opt_level)
    assert (run.argument_names, run.result_names) == (("x",), ("y",))
    for rows in (1, 4):
        assert run(x=np.ones((rows, 3), f32)).tolist() == [[7, 0]] * rows


def test_known_sizes_are_stablehlo():
    given = model(
        [node("Add", ["x", "b"], ["s"]), node("MatMul", ["s", "w"], ["y"])],
        [("x", FLOAT, [1, 2])],
        [("y", FLOAT, [1, 1])],
        {"b": f32(1), "w": f32([[1], [2]])},
    )
    text = tfrt.import_onnx(given)
    assert "onnx." not in text
    assert 'loc("the MatMul")' in text
    assert main(given)(f32([[1, 2]])).tolist() == [[8]]


def test_weights_in_a_file(tmp_path):
    file, weight = tmp_path / "weights.safetensors", np.arange(600, dtype=f32).reshape(300, 2)
    given = model([node("MatMul", ["x", "w"], ["y"])], [("x", FLOAT, [1, 300])], [("y", FLOAT, [1, 2])], {"w": weight})
    text = tfrt.import_onnx(given, weights=file)
    assert '"onnx.Weight"() <{name = "w"}>' in text
    assert len(text) < 1000
    found = tfrt.load(tfrt.compile(text, opt_level=2), weights=file)["main"](np.ones((1, 300), f32))
    np.testing.assert_allclose(found, weight.sum(0, keepdims=True))


def test_what_follows_from_sizes_is_worked_out():
    given = model(
        [
            node("Shape", ["x"], ["s"]),
            node("Gather", ["s", "zero"], ["n"]),
            node("Unsqueeze", ["n", "zero1"], ["n1"]),
            node("Concat", ["n1", "rest"], ["shape"], axis=0),
            node("Reshape", ["x", "shape"], ["y"]),
        ],
        [("x", FLOAT, [2, 3, 4])],
        [("y", FLOAT, None)],
        {"zero": np.int64(0), "zero1": np.int64([0]), "rest": np.int64([-1])},
    )
    text = tfrt.import_onnx(given)
    assert text.count(" = ") == text.count("stablehlo.reshape") + text.count("tfrt.name = ")
    assert main(given)(np.zeros((2, 3, 4), f32)).shape == (2, 12)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"strides": [2, 3]},
        {"strides": [2, 2], "pads": [1, 0, 1, 1]},
        {"strides": [2, 2], "output_padding": [1, 0]},
        {"strides": [3, 2], "auto_pad": "SAME_UPPER"},
        {"strides": [2, 2], "auto_pad": "SAME_LOWER"},
        {"strides": [2, 2], "auto_pad": "VALID"},
        {"strides": [2, 2], "output_shape": [9, 8]},
        {"dilations": [2, 1]},
        {"strides": [1, 2], "dilations": [2, 2], "pads": [1, 1, 0, 0]},
    ],
)
def test_transposed_convolutions(given):
    """Of known sizes they are StableHLO's, and give what the kernel gives, which those of unknown sizes become."""
    random = np.random.default_rng(0)
    weights = {"w": random.integers(-3, 4, (2, 3, 3, 2)).astype(f32), "b": f32([1, 2, 3])}
    transposed = node("ConvTranspose", ["x", "w", "b"], ["y"], **given)
    known, unknown = (
        model([transposed], [("x", FLOAT, [rows, 2, 4, 5])], [("y", FLOAT, None)], weights) for rows in (2, "rows")
    )
    assert "onnx." not in tfrt.import_onnx(known) and "onnx.ConvTranspose" in tfrt.import_onnx(unknown)
    x = random.integers(-3, 4, (2, 2, 4, 5)).astype(f32)
    expected = main(unknown)(x)
    for opt_level in (0, 2):
        np.testing.assert_array_equal(main(known, opt_level)(x), expected)


@pytest.mark.parametrize(
    ("given", "is_repeated"),
    [
        ({"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}, True),
        ({"coordinate_transformation_mode": "asymmetric", "nearest_mode": "ceil"}, False),
        ({"nearest_mode": "round_prefer_ceil"}, True),
        ({}, True),
        ({"nearest_mode": "floor"}, False),
        ({"coordinate_transformation_mode": "align_corners"}, False),
        ({"keep_aspect_ratio_policy": "not_larger"}, False),
        ({"mode": "linear"}, False),
    ],
)
@pytest.mark.parametrize("sizes", [[2, 3, 8, 15], [2, 6, 4, 5], [2, 3, 6, 5]])
def test_nearest_neighbours_are_copies(given, is_repeated, sizes):
    shape = (2, 3, 4, 5)
    resized = node("Resize", ["x", "", "", "sizes"], ["y"], **given)
    known, unknown = (
        model([resized], [("x", FLOAT, [rows, *shape[1:]])], [("y", FLOAT, None)], {"sizes": np.array(sizes)}, opset=18)
        for rows in (2, "rows")
    )
    is_whole = all(new % old == 0 for new, old in zip(sizes, shape, strict=True))
    assert ("onnx.Resize" not in tfrt.import_onnx(known)) == (is_repeated and is_whole)
    x = np.arange(np.prod(shape), dtype=f32).reshape(shape)
    np.testing.assert_array_equal(main(known)(x), main(unknown)(x))


def branches():
    then = onnx.helper.make_graph([node("Add", ["x", "x"], ["a"])], "then", [], [value("a")])
    other = onnx.helper.make_graph([node("Concat", ["x", "x"], ["b"], axis=0)], "else", [], [value("b")])
    return node("If", ["c"], ["y"], then_branch=then, else_branch=other)


def value(name, type=FLOAT, shape=None):
    return onnx.helper.make_tensor_value_info(name, type, shape)


def test_branches_of_different_sizes():
    run = main(model([branches()], [("c", BOOL, []), ("x", FLOAT, [2])], [("y", FLOAT, None)]))
    assert run(True, f32([1, 2])).tolist() == [2, 4]
    assert run(False, f32([1, 2])).tolist() == [1, 2, 1, 2]


def test_a_branch_that_is_known():
    text = tfrt.import_onnx(model([branches()], [("x", FLOAT, [2])], [("y", FLOAT, None)], {"c": np.array(True)}))
    assert "stablehlo.if" not in text
    assert "stablehlo.concatenate" not in text


@pytest.mark.parametrize("opt_level", [0, 2])
def test_loops(opt_level):
    body = onnx.helper.make_graph(
        [
            node("Add", ["state", "x"], ["next"]),
            node("Less", ["next", "limit"], ["goes_on"]),
            node("Identity", ["next"], ["row"]),
        ],
        "body",
        [value("i", INT64, []), value("on", BOOL, []), value("state", FLOAT, [])],
        [value("goes_on", BOOL, []), value("next", FLOAT, []), value("row", FLOAT, [])],
    )
    given = model(
        [node("Loop", ["most", "on0", "start"], ["last", "rows"], body=body)],
        [("x", FLOAT, [])],
        [("last", FLOAT, []), ("rows", FLOAT, [None])],
        {"most": np.int64(4), "on0": np.array(True), "start": f32(0), "limit": f32(5)},
    )
    last, rows = main(given, opt_level)(f32(2))
    assert (last.item(), rows.tolist()) == (6, [2, 4, 6])
    last, rows = main(given, opt_level)(f32(1))
    assert (last.item(), rows.tolist()) == (4, [1, 2, 3, 4])


def test_a_loop_that_does_not_run():
    body = onnx.helper.make_graph(
        [node("Identity", ["on"], ["on1"]), node("Concat", ["s", "s"], ["t"], axis=0)],
        "body",
        [value("i", INT64, []), value("on", BOOL, []), value("s", FLOAT, None)],
        [value("on1", BOOL, []), value("t", FLOAT, None)],
    )
    given = model([node("Loop", ["most", "", "x"], ["y"], body=body)], [("most", INT64, []), ("x", FLOAT, [1])],
                  [("y", FLOAT, None)])  # fmt: skip
    run = main(given)
    assert [run(np.int64(count), f32([3])).tolist() for count in (0, 1, 2)] == [[3], [3] * 2, [3] * 4]


def test_scans():
    body = onnx.helper.make_graph(
        [node("Add", ["s", "row"], ["t"]), node("Identity", ["t"], ["out"])],
        "body",
        [value("s", FLOAT, [2]), value("row", FLOAT, [2])],
        [value("t", FLOAT, [2]), value("out", FLOAT, [2])],
    )
    scan = node("Scan", ["s0", "x"], ["s", "y"], body=body, num_scan_inputs=1, scan_input_directions=[1],
                scan_output_axes=[1], scan_output_directions=[1])  # fmt: skip
    given = model([scan], [("s0", FLOAT, [2]), ("x", FLOAT, ["n", 2])], [("s", FLOAT, [2]), ("y", FLOAT, [2, "n"])])
    last, rows = main(given)(f32([0, 10]), f32([[1, 2], [3, 4]]))
    assert (last.tolist(), rows.tolist()) == ([4, 16], [[4, 3], [16, 14]])


def test_functions_are_inlined():
    function = onnx.helper.make_function(
        "local", "Twice", ["a"], ["b"], [onnx.helper.make_node("Add", ["a", "a"], ["b"])],
        [onnx.helper.make_opsetid("", 17)],
    )  # fmt: skip
    twice = onnx.helper.make_node("Twice", ["x"], ["y"], domain="local")
    given = model([twice], [("x", FLOAT, [2])], [("y", FLOAT, [2])], functions=[function])
    assert main(given)(f32([1, 2])).tolist() == [2, 4]


def test_operators_that_others_define():
    nodes = [node("MeanVarianceNormalization", ["x"], ["m"], axes=[0]), node("HardSwish", ["m"], ["y"])]
    found = main(model(nodes, [("x", FLOAT, [2])], [("y", FLOAT, [2])]))(f32([1, 3]))
    np.testing.assert_allclose(found, [-1 / 3, 2 / 3], rtol=1e-5)


def test_old_models_are_converted():
    nodes = [node("Squeeze", ["x"], ["s"], axes=[0]), node("Softmax", ["s"], ["y"], axis=1)]
    found = main(model(nodes, [("x", FLOAT, [1, 1, 2])], [("y", FLOAT, [1, 2])], opset=11))(f32([[[0, 0]]]))
    assert found.tolist() == [[0.5, 0.5]]


def test_all_that_is_not_supported_is_told_at_once():
    nodes = [
        node("StringNormalizer", ["t"], ["u"]),
        node("Relu", ["x"], ["r"]),
        onnx.helper.make_node("Fold", ["r"], ["f"], domain="local", name="my fold"),
        node("SequenceConstruct", ["f", "f"], ["y"]),
    ]
    inputs = [("t", onnx.TensorProto.STRING, [1]), ("x", FLOAT, [2])]
    with pytest.raises(tfrt.CompileError) as info:
        tfrt.import_onnx(model(nodes, inputs, [("y", FLOAT, None)]))
    assert [diagnostic.message for diagnostic in info.value.diagnostics] == [
        "input 't' is not supported: it holds strings, not a tensor of numbers",
        "operator 'StringNormalizer' of node 'the StringNormalizer' is not supported",
        "operator 'local.Fold' of node 'my fold' is not supported",
        "operator 'SequenceConstruct' of node 'the SequenceConstruct' is not supported",
    ]


def test_files_that_are_no_models(tmp_path):
    file = tmp_path / "model.onnx"
    with pytest.raises(tfrt.UsageError, match=r"cannot read '.*model.onnx': No such file or directory"):
        tfrt.import_onnx(file)
    file.write_bytes(b"\x00\x01nonsense")
    with pytest.raises(tfrt.UsageError, match=r"'.*model.onnx' is no ONNX model"):
        tfrt.import_onnx(file)


def test_the_command_line(tool, tmp_path):
    onnx.save(linear(), tmp_path / "model.onnx")
    done = tool("tfrt-import", tmp_path / "model.onnx", "-o", tmp_path / "model.mlir")
    assert (done.code, done.err) == (0, "")
    assert (tmp_path / "model.mlir").read_text() == tfrt.import_onnx(linear())
    bad = model([node("SequenceConstruct", ["x"], ["y"])], [("x", FLOAT, [2])], [("y", FLOAT, None)])
    onnx.save(bad, tmp_path / "bad.onnx")
    done = tool("tfrt-import", tmp_path / "bad.onnx")
    assert done.code == 1
    assert done.err == "error: operator 'SequenceConstruct' of node 'the SequenceConstruct' is not supported\n"


@pytest.mark.parametrize("key", ["x", "0", 0])
def test_shapes_of_inputs(key):
    text = tfrt.import_onnx(linear(), input_shapes={key: (4, 3)})
    assert "onnx." not in text
    assert "-> tensor<4x2xf32>" in text
    run = tfrt.load(tfrt.compile(text, opt_level=2))["main"]
    assert run(x=np.ones((4, 3), f32)).tolist() == [[7, 0]] * 4


def test_a_size_with_a_name_is_the_same_everywhere():
    add = model(
        [node("Add", ["x", "y"], ["z"])],
        [("x", FLOAT, ["n", "m"]), ("y", FLOAT, ["n", 1])],
        [("z", FLOAT, ["n", "m"])],
    )
    assert "tensor<2x3xf32>" in (text := tfrt.import_onnx(add, input_shapes={"x": "2x3xf32"}))
    assert "tensor<2x1xf32>" in text
    with pytest.raises(tfrt.UsageError) as caught:
        tfrt.import_onnx(add, input_shapes={"x": (2, 3), "y": (3, 1)})
    assert str(caught.value) == "input 'y' is of type tensor<?x1xf32>, not 3x1"


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        ({"z": (1, 3)}, "no input is called 'z'; there are x"),
        ({"x": (1, 4)}, "input 'x' is of type tensor<?x3xf32>, not 1x4"),
        ({"x": (1, 3, 1)}, "input 'x' is of type tensor<?x3xf32>, not 1x3x1"),
        ({"x": "1x3xf64"}, "input 'x' is of type tensor<?x3xf32>, not 1x3xf64"),
    ],
)
def test_shapes_that_inputs_cannot_have(shapes, message):
    with pytest.raises(tfrt.UsageError) as caught:
        tfrt.import_onnx(linear(), input_shapes=shapes)
    assert str(caught.value) == message


def test_shapes_on_the_command_line(tool, tmp_path):
    onnx.save(linear(), tmp_path / "model.onnx")
    done = tool("tfrt-import", tmp_path / "model.onnx", "--input-shape", "x=4x3")
    assert (done.code, done.err) == (0, "")
    assert done.out == tfrt.import_onnx(linear(), input_shapes={"x": (4, 3)})


def test_the_backend():
    from tfrt import onnx_backend

    assert onnx_backend.supports_device("CPU") and not onnx_backend.supports_device("CUDA")
    x = np.ones((1, 3), f32)
    assert onnx_backend.run_model(linear(), [x]).y.tolist() == [[7, 0]]
    assert onnx_backend.prepare(linear()).run({"x": x})[0].tolist() == [[7, 0]]


@pytest.mark.parametrize("larger_than", [0, 1024])
def test_sizes_are_no_weights(tmp_path, larger_than):
    given = model(
        [node("Reshape", ["x", "shape"], ["r"]), node("Mul", ["r", "w"], ["y"])],
        [("x", FLOAT, ["n", 4])],
        [("y", FLOAT, ["n", 2, 2])],
        {"shape": np.int64([-1, 2, 2]), "w": f32([2, 3])},
    )
    weights = tmp_path / "w.safetensors"
    text = tfrt.import_onnx(given, weights=weights, larger_than=larger_than)
    assert text.count("onnx.Weight") == (larger_than == 0)
    assert "dense<[-1, 2, 2]>" in text
    run = tfrt.load(tfrt.compile(text, opt_level=2), weights=weights)["main"]
    assert run(x=f32([[1, 2, 3, 4]])).tolist() == [[[2, 6], [6, 12]]]


def test_models_that_are_not_valid(tmp_path):
    """What cannot be translated since the model is not one is said as onnx says it, not as a traceback of ours."""
    given = model(
        [node("Add", ["x", "w"], ["y"])], [("x", FLOAT, [2])], [("y", FLOAT, [2])], {"w": np.zeros(2, np.float32)}
    )
    given.graph.initializer[0].dims[0] = 7
    with pytest.raises(
        tfrt.UsageError, match=r"^the model is not valid ONNX: .*w.*; translating it failed: ValueError: "
    ):
        tfrt.import_onnx(given)
    lacking = model([branches()], [("x", FLOAT, [2])], [("y", FLOAT, [2])], {"c": np.array(True)})
    del lacking.graph.node[0].attribute[1]
    (tmp_path / "lacking.onnx").write_bytes(lacking.SerializeToString())
    with pytest.raises(tfrt.UsageError, match=r"^the model is not valid ONNX: .*(then|else)_branch"):
        tfrt.import_onnx(tmp_path / "lacking.onnx")


def test_what_fails_on_a_valid_model_is_our_mistake(monkeypatch):
    def fail(*_, **__):
        raise ValueError("ours")

    monkeypatch.setattr("tfrt.compiler.importers.onnx.graphs.translated", fail)
    with pytest.raises(ValueError, match=r"^ours$"):
        tfrt.import_onnx(model([node("Neg", ["x"], ["y"])], [("x", FLOAT, [2])], [("y", FLOAT, [2])]))


ACTIVATIONS = [
    "Celu",
    "Elu",
    "Erf",
    "Gelu",
    "HardSigmoid",
    "HardSwish",
    "Mish",
    "Selu",
    "Softplus",
    "Softsign",
    "Swish",
]
SPECIAL = [-0.0, np.inf, -np.inf, np.nan, 100.0, -100.0, 1e-30]


@pytest.mark.parametrize(
    ("operator", "attributes"),
    [
        *[(name, {}) for name in ACTIVATIONS],
        ("Swish", {}),
        ("ThresholdedRelu", {"alpha": 0.75}),
        ("Celu", {"alpha": 2.0}),
        ("Elu", {"alpha": 0.5}),
        ("Gelu", {"approximate": "tanh"}),
        ("HardSigmoid", {"alpha": 0.3, "beta": 0.4}),
        ("Selu", {"alpha": 1.5, "gamma": 2.0}),
        ("Swish", {"alpha": 0.5}),
    ],
)
def test_activations_are_stablehlo_and_give_what_the_operators_do(operator, attributes):
    x = np.concatenate([np.random.default_rng(0).normal(0, 2, 200), SPECIAL]).astype(f32)
    given = model(
        [node(operator, ["x"], ["y"], **attributes)],
        [("x", FLOAT, list(x.shape))],
        [("y", FLOAT, list(x.shape))],
        opset=24 if operator == "Swish" else 22,
    )
    assert "onnx." not in tfrt.import_onnx(given)
    with tfrt.HostContext() as host, np.errstate(all="ignore"):
        runtime = tfrt.CoreRuntime.of(host)
        expected = runtime.op(f"onnx.{operator}", **attributes)(x)[0].numpy()
    np.testing.assert_allclose(main(given)(x), expected, rtol=2e-6, atol=5e-7)
