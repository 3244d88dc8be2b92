"""Recurrent layers of ONNX become loops that give what the operators' own ops do."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import tfrt
from tests.compiler.importers.onnx_models import FLOAT, main, model, node
from tfrt.kernels.onnx import recurrent

STEPS, BATCH, WIDTH, SIZE = 5, 2, 3, 20
GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}
OWN = {"RNN": recurrent.rnn, "GRU": recurrent.gru, "LSTM": recurrent.lstm}


def layer(operator, *, are_inputs=False, has_bias=True, has_state=True, lengths=None, outputs=None, **attributes):
    """A model of one layer, its inputs, and what the operator's op gives."""
    rng = np.random.default_rng(0)
    directions = 2 if attributes.get("direction") == "bidirectional" else 1
    wide, states = GATES[operator] * SIZE, 2 if operator == "LSTM" else 1

    def random(*shape):
        return (rng.standard_normal(shape) / 3).astype(np.float32)

    def laid_out(array):
        return array.swapaxes(0, 1) if attributes.get("layout") else array

    x = laid_out(random(STEPS, BATCH, WIDTH))
    given = {"w": random(directions, wide, WIDTH), "r": random(directions, wide, SIZE)}
    if has_bias:
        given["b"] = random(directions, 2 * wide)
    if lengths is not None:
        given["lengths"] = np.array(lengths, np.int32)
    if has_state:
        given |= {name: laid_out(random(directions, BATCH, SIZE)) for name in ("h", "c")[:states]}
    names = ["x", "w", "r", "b" if has_bias else "", "lengths" if lengths is not None else ""]
    names += ["h", "c"][:states] if has_state else []
    outputs = ["y", "yh", "yc"][: 1 + states] if outputs is None else outputs
    first = [("x", FLOAT, list(x.shape))]
    arguments = {name: array for name, array in given.items() if are_inputs or name in ("h", "c")}
    kinds = [(name, FLOAT if a.dtype == np.float32 else 6, list(a.shape)) for name, a in arguments.items()]
    shapes = [
        laid_out(np.empty((STEPS, directions, BATCH, SIZE))).shape
        if not attributes.get("layout")
        else (BATCH, STEPS, directions, SIZE),
        *[laid_out(np.empty((directions, BATCH, SIZE))).shape] * states,
    ]
    made = model(
        [node(operator, names, outputs, hidden_size=SIZE, **attributes)],
        [*first, *kinds],
        [(name, FLOAT, list(shape)) for name, shape in zip(outputs, shapes, strict=False) if name],
        {name: array for name, array in given.items() if name not in arguments},
        opset=14,
    )
    options = dict(attributes)
    if "activations" in options:
        options["activations"] = ",".join(options["activations"])
    operands = [x, given["w"], given["r"], given.get("b"), given.get("lengths"), *map(given.get, ("h", "c")[:states])]
    expected = OWN[operator](*operands, hidden_size=SIZE, **options)
    return made, [x, *arguments.values()], [e for e, name in zip(expected, outputs, strict=False) if name]


def check(given, expected, made, native=False):
    text = tfrt.import_onnx(made)
    assert '"stablehlo.while"' in text
    assert "onnx." not in text
    with tfrt.HostContext("s", native=native) as host:
        found = main(made, host=host)(*given)
    found = found if isinstance(found, tuple) else (found,)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-5, atol=2e-6)


KINDS = [
    ("RNN", {}),
    ("RNN", {"activations": ["Relu"]}),
    ("LSTM", {}),
    ("GRU", {}),
    ("GRU", {"linear_before_reset": 1}),
]


@pytest.mark.parametrize(("operator", "attributes"), KINDS)
@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
def test_layers(operator, attributes, direction):
    if "activations" in attributes and direction == "bidirectional":
        attributes = {"activations": attributes["activations"] * 2}
    for layout, are_inputs in itertools.product((0, 1), (False, True)):
        made, given, expected = layer(operator, are_inputs=are_inputs, direction=direction, layout=layout, **attributes)
        check(given, expected, made)


@pytest.mark.parametrize("operator", GATES)
def test_what_may_be_left_out(operator):
    made, given, expected = layer(operator, has_bias=False, has_state=False)
    check(given, expected, made)
    made, given, expected = layer(operator, lengths=[STEPS] * BATCH, outputs=["", "yh"])
    check(given, expected, made)


def test_weights_have_names_of_their_own(tmp_path):
    """They are in the file in the order in which they are read."""
    made, given, expected = layer("GRU", direction="bidirectional")
    file = tmp_path / "weights.safetensors"
    text = tfrt.import_onnx(made, weights=file, larger_than=64)
    assert 'name = "r.T1.40"' in text
    found = tfrt.load(tfrt.compile(text, opt_level=2), weights=file)["main"](*given)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize(
    ("operator", "options"),
    [
        ("LSTM", {"clip": 0.5}),
        ("LSTM", {"input_forget": 1}),
        ("LSTM", {"activations": ["HardSigmoid", "Tanh", "Tanh"]}),
        ("GRU", {"activations": ["Sigmoid", "Relu"]}),
        ("RNN", {"activations": ["Softsign"]}),
        ("RNN", {"lengths": [STEPS, 2]}),
    ],
)
def test_other_layers_are_the_operators(operator, options):
    made, given, expected = layer(operator, **options)
    assert f'"onnx.{operator}"' in tfrt.import_onnx(made)
    found = main(made)(*given)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-5, atol=2e-6)


def test_lengths_that_come_are_the_operators():
    made = model(
        [node("RNN", ["x", "w", "r", "", "lengths"], ["y"], hidden_size=1)],
        [("x", FLOAT, [2, 1, 1]), ("lengths", 6, [1])],
        [("y", FLOAT, [2, 1, 1, 1])],
        {"w": np.ones((1, 1, 1), np.float32), "r": np.ones((1, 1, 1), np.float32)},
        opset=14,
    )
    found = main(made)(np.zeros((2, 1, 1), np.float32), np.int32([1]))
    assert found.tolist() == [[[[0]]], [[[0]]]]
