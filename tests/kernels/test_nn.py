"""Layers along one dimension."""

import json

import ml_dtypes
import numpy as np
import pytest

import tfrt
from tests.kernels.stablehlo.bodied_ops import arrays

X = np.float32([[1, 2, 4], [-3, 0, 100]])


@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16, np.float32, np.float64])
@pytest.mark.parametrize("dimension", [0, 1])
def test_softmax(array, dtype, dimension):
    x = X.astype(dtype).astype(np.float64)
    exponentials = np.exp(x - x.max(dimension, keepdims=True))
    found = array("nn.softmax", X.astype(dtype), dimension=dimension)
    assert found.dtype == dtype
    tolerance = 1e-6 if np.dtype(dtype).itemsize > 2 else 1e-2
    expected = exponentials / exponentials.sum(dimension, keepdims=True)
    np.testing.assert_allclose(found.astype(np.float64), expected, rtol=tolerance, atol=1e-6)


def test_softmax_of_infinities(array):
    found = array("nn.softmax", np.float32([[-np.inf, 0], [np.inf, 0], [-np.inf, -np.inf]]), dimension=1)
    np.testing.assert_array_equal(found, np.float32([[0, 1], [np.nan, np.nan], [np.nan, np.nan]]))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("dimension", [0, 1])
def test_normalize(array, dtype, dimension):
    x = X.astype(np.float64)
    found = array("nn.normalize", X.astype(dtype), dimension=dimension, epsilon=0.5)
    assert found.dtype == dtype
    expected = (x - x.mean(dimension, keepdims=True)) / np.sqrt(x.var(dimension, keepdims=True) + 0.5)
    np.testing.assert_allclose(found, expected, rtol=1e-5 if dtype != np.float16 else 1e-2)


@pytest.mark.parametrize("op", ["nn.softmax", "nn.normalize"])
def test_dimensions_that_are_not_there(fails, op):
    fails(f"{op}: dimension 2 is not in [0, 2)", op, X, dimension=2)
    text = f"""func.func @main(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {{
  %y = {op} %x {{dimension = 2 : i64, epsilon = 0.5 : f64}} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}}"""
    with pytest.raises(tfrt.CompileError) as info:
        tfrt.compile(text, "t.mlir")
    assert info.value.diagnostics[0].headline() == (
        f"t.mlir:2:8: error: '{op}' op expects a dimension in [0, 2), but got 2"
    )


@pytest.mark.parametrize("level", [0, 2])
def test_programs(level):
    text = """func.func @main(%x: tensor<2x3xf32>) -> (tensor<2x3xf32>, tensor<2x3xf32>) {
  %y = nn.softmax %x {dimension = 1 : i64} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %z = nn.normalize %y {dimension = 0 : i64, epsilon = 0.5 : f64} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %y, %z : tensor<2x3xf32>, tensor<2x3xf32>
}"""
    y, z = tfrt.load(tfrt.compile(text, opt_level=level))["main"](X)
    np.testing.assert_allclose(y.sum(1), [1, 1], rtol=1e-6)
    np.testing.assert_allclose(z.sum(0), np.zeros(3), atol=1e-6)


QUERY, KEYS, VALUES = np.float32([[1, 0]]), np.float32([[0, 1], [0, 2]]), np.float32([[1, 2, 3], [3, 4, 5]])


@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16, np.float32, np.float64])
def test_attention(array, dtype):
    query, keys, values = (x.astype(dtype) for x in (QUERY, KEYS, VALUES))
    found = array("nn.attention", query, keys, values, key_parts=1, value_parts=1, scale=0.5)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, np.array([[2, 3, 4]], dtype))
    one = [part.astype(dtype) for part in (VALUES[:1], VALUES[1:])]
    mask = np.array([[0, -np.inf]], dtype)
    found = array("nn.attention", query, keys, *one, mask, key_parts=1, value_parts=2, scores=[["add"]])
    np.testing.assert_array_equal(found, one[0])


def test_the_order_of_dimensions(array, fails):
    """Heads come after queries, as those that follow want them."""
    rng = np.random.default_rng(0)
    query, keys, values = (rng.standard_normal((3, n, 2)).astype(np.float32) for n in (4, 5, 5))
    given = {"key_parts": 1, "value_parts": 1}
    expected = array("nn.attention", query, keys, values, **given).transpose(1, 0, 2)
    found = array("nn.attention", query, keys, values, **given, order=(1, 0, 2))
    assert found.flags.c_contiguous
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    for order in ((0, 2, 1), (0, 1), (0, 0, 2)):
        message = f"(C9) expects an order of 3 dimensions with the last one last, but got {list(order)}"
        fails(message, "nn.attention", query, keys, values, **given, order=order)
        text = f"""func.func @main(%q: tensor<3x4x2xf32>, %k: tensor<3x5x2xf32>) -> tensor<4x3x2xf32> {{
  %y = nn.attention %q, %k, %k {{key_parts = 1 : i64, value_parts = 1 : i64, scale = 1.0 : f64, \
order = array<i64: {", ".join(map(str, order))}>}}
    : (tensor<3x4x2xf32>, tensor<3x5x2xf32>, tensor<3x5x2xf32>) -> tensor<4x3x2xf32>
  return %y : tensor<4x3x2xf32>
}}"""
        with pytest.raises(tfrt.CompileError) as info:
            tfrt.compile(text, "t.mlir")
        assert info.value.diagnostics[0].headline() == f"t.mlir:2:8: error: 'nn.attention' op {message}"


def test_attention_of_nothing(array):
    none = np.zeros((0, 2), np.float32)
    found = array("nn.attention", QUERY, none, none, key_parts=1, value_parts=1)
    np.testing.assert_array_equal(found, [[0, 0]])


@pytest.mark.parametrize(
    ("operands", "message"),
    [
        (
            [QUERY, KEYS],
            "(C2) expects a query, 1 parts of keys and 1 of values, but got 2 operands",
        ),
        (
            [QUERY[0], KEYS, VALUES],
            "(C3) expects operands of one rank of at least 2, but got shapes [2], [2, 2], [2, 3]",
        ),
        (
            [QUERY, KEYS, VALUES[:1]],
            "(C3) expects keys and values for each other and for the query, but got shapes [1, 2], [2, 2], [1, 3]",
        ),
        (
            [QUERY, KEYS, VALUES, np.float32([[1, 2, 3]])],
            "(C4) expects a mask that broadcasts to [1, 2], but got shape [1, 3]",
        ),
        (
            [QUERY, KEYS, VALUES.astype(np.float64)],
            "(C1) expects one element type, or several of at most 32 bits, but got f32, f32, f64",
        ),
    ],
)
def test_operands_that_do_not_fit_attention(fails, operands, message):
    changes = [["add"]] * (len(operands) - 3)
    fails(message, "nn.attention", *operands, key_parts=1, value_parts=1, scores=changes)
    types = [f"tensor<{'x'.join(map(str, x.shape))}x{'f64' if x.dtype == np.float64 else 'f32'}>" for x in operands]
    arguments = ", ".join(f"%{number}: {type}" for number, type in enumerate(types))
    text = f"""func.func @main({arguments}) -> tensor<1x3xf32> {{
  %y = nn.attention {", ".join(f"%{n}" for n in range(len(types)))} {{key_parts = 1 : i64, value_parts = 1 : i64, \
scale = 1.0 : f64, scores = [{'["add"]' if changes else ""}]}} : ({", ".join(types)}) -> tensor<1x3xf32>
  return %y : tensor<1x3xf32>
}}"""
    with pytest.raises(tfrt.CompileError) as info:
        tfrt.compile(text, "t.mlir")
    said = info.value.diagnostics[0].headline()
    assert said.startswith(f"t.mlir:2:8: error: 'nn.attention' op {message}")


def test_masks_of_booleans(array):
    """Masks change scores one after the other; rows that are masked as a whole are what numbers make of them."""
    given = {"key_parts": 1, "value_parts": 1}
    mask, lowest = np.array([[True, False]]), [["select", -np.inf]]
    found = array("nn.attention", QUERY, KEYS, VALUES, mask, **given, scores=lowest)
    np.testing.assert_array_equal(found, VALUES[:1])
    keys = np.float32([[0, 1], [np.nan, 2]])
    found = array("nn.attention", QUERY, keys, VALUES, mask, **given, scores=[["select", -1e9]])
    np.testing.assert_array_equal(found, VALUES[:1])
    none = np.array([[False, False]])
    found = array("nn.attention", QUERY, KEYS, VALUES, none, **given, scores=lowest)
    np.testing.assert_array_equal(found, np.full((1, 3), np.nan))
    for more in ({"shares": [["replace_nan", 0.0]]}, {"zeroes_masked": True}):
        found = array("nn.attention", QUERY, KEYS, VALUES, none, **given, scores=lowest, **more)
        np.testing.assert_array_equal(found, np.zeros((1, 3)))
    found = array("nn.attention", QUERY, KEYS, VALUES, none, **given, scores=[["select", -1e9]])
    np.testing.assert_array_equal(found, np.float32([[2, 3, 4]]))
    added = np.float32([[0, 100]])
    found = array("nn.attention", QUERY, KEYS, VALUES, mask, added, **given, scores=[["select", 0.0], ["add"]])
    np.testing.assert_array_equal(found, VALUES[1:])


def test_a_score_that_nothing_is_mixed_by(array):
    sink = np.float32([[np.log(2)]])
    found = array("nn.attention", QUERY, KEYS, VALUES, sink, key_parts=1, value_parts=1, has_sink=True)
    np.testing.assert_allclose(found, VALUES.sum(0, keepdims=True) / 4, rtol=1e-6)


def test_floats_of_several_types(array):
    query, keys = QUERY, KEYS.astype(np.float16)
    found = array("nn.attention", query, keys, VALUES.astype(ml_dtypes.bfloat16), key_parts=1, value_parts=1)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, np.float32([[2, 3, 4]]))


CHANGES = "add, subtract, multiply, divide, maximum, minimum, select, tanh, replace_nan"


@pytest.mark.parametrize(
    ("changes", "masks", "message"),
    [
        ([["floor"]], 0, f"(C6) expects changes of {CHANGES}, with their numbers, but got ['floor']"),
        ([["tanh", 1.0]], 0, f"(C6) expects changes of {CHANGES}, with their numbers, but got ['tanh', 1.0]"),
        ([["select"]], 1, f"(C6) expects changes of {CHANGES}, with their numbers, but got ['select']"),
        ([["select", np.nan]], 1, f"(C6) expects changes of {CHANGES}, with their numbers, but got ['select', nan]"),
        ([["select", 0.0], ["add"]], 1, "(C6) expects a mask of floats for 'add'"),
        ([["add"]], 1, "(C6) expects a mask of floats for 'add'"),
        ([["select", 0.0]], 0, "(C6) expects a mask of booleans for 'select'"),
        ([["add", 1.0]], 1, "(C6) expects a change for each mask, but 1 are left"),
    ],
)
def test_changes_that_are_none(fails, changes, masks, message):
    mask = [np.array([[True, False]])] * masks
    fails(message, "nn.attention", QUERY, KEYS, VALUES, *mask, key_parts=1, value_parts=1, scores=changes)
    numbers = {np.nan: "0x7FF8000000000000"}
    spelled = ", ".join(
        f"[{', '.join([json.dumps(name), *[f'{numbers.get(n, n)} : f64' for n in given]])}]" for name, *given in changes
    )
    properties = f"key_parts = 1 : i64, value_parts = 1 : i64, scale = 1.0 : f64, scores = [{spelled}]"
    text = f"""func.func @main(%q: tensor<1x2xf32>, %k: tensor<2x2xf32>, %mask: tensor<1x2xi1>) -> tensor<1x2xf32> {{
  %y = nn.attention %q, %k, %k{", %mask" * masks} {{{properties}}}
    : (tensor<1x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>{", tensor<1x2xi1>" * masks}) -> tensor<1x2xf32>
  return %y : tensor<1x2xf32>
}}"""
    with pytest.raises(tfrt.CompileError) as info:
        tfrt.compile(text, "t.mlir")
    assert info.value.diagnostics[0].headline() == f"t.mlir:2:8: error: 'nn.attention' op {message}"


def test_spelling_of_changes_and_a_sink_of_another_shape(fails):
    text = """func.func @main(%q: tensor<1x2xf32>, %k: tensor<2x2xf32>) -> tensor<1x2xf32> {
  %y = nn.attention %q, %k, %k {key_parts = 1 : i64, value_parts = 1 : i64, scale = 1.0 : f64, scores = [[1 : i64]]}
    : (tensor<1x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<1x2xf32>
  return %y : tensor<1x2xf32>
}"""
    with pytest.raises(tfrt.CompileError) as info:
        tfrt.compile(text, "t.mlir")
    assert info.value.diagnostics[0].headline() == (
        "t.mlir:2:8: error: 'nn.attention' op (C6) expects a change to be a name, and perhaps numbers, but got "
        "[1 : i64]"
    )
    message = "(C7) expects a sink that broadcasts to [1, 1], but got shape [1, 2]"
    fails(message, "nn.attention", QUERY, KEYS, VALUES, QUERY, key_parts=1, value_parts=1, has_sink=True)


@pytest.mark.parametrize("seed", range(4))
def test_attention_is_what_it_is_made_of(seed):
    """Programs of random sizes are the same without passes and with them."""
    rng = np.random.default_rng(seed)
    n, m, h, d = (int(size) for size in rng.integers(1, 7, 4))
    text = f"""func.func @main(
  %q: tensor<{n}x{h}x{d}xf32>, %old: tensor<{h}x{m}x{d}xf32>, %new: tensor<{h}x1x{d}xf32>, %mask: tensor<{m + 1}xf32>
) -> tensor<{h}x{n}x{d}xf32> {{
  %k = stablehlo.concatenate %old, %new, dim = 1
    : (tensor<{h}x{m}x{d}xf32>, tensor<{h}x1x{d}xf32>) -> tensor<{h}x{m + 1}x{d}xf32>
  %0 = stablehlo.dot_general %q, %k, batching_dims = [1] x [0], contracting_dims = [2] x [2]
    : (tensor<{n}x{h}x{d}xf32>, tensor<{h}x{m + 1}x{d}xf32>) -> tensor<{h}x{n}x{m + 1}xf32>
  %scale = stablehlo.constant dense<0.3> : tensor<{h}x{n}x{m + 1}xf32>
  %1 = stablehlo.multiply %0, %scale : tensor<{h}x{n}x{m + 1}xf32>
  %2 = stablehlo.broadcast_in_dim %mask, dims = [2] : (tensor<{m + 1}xf32>) -> tensor<{h}x{n}x{m + 1}xf32>
  %3 = stablehlo.add %1, %2 : tensor<{h}x{n}x{m + 1}xf32>
  %4 = nn.softmax %3 {{dimension = 2 : i64}} : (tensor<{h}x{n}x{m + 1}xf32>) -> tensor<{h}x{n}x{m + 1}xf32>
  %5 = stablehlo.dot_general %4, %k, batching_dims = [0] x [0], contracting_dims = [2] x [1]
    : (tensor<{h}x{n}x{m + 1}xf32>, tensor<{h}x{m + 1}x{d}xf32>) -> tensor<{h}x{n}x{d}xf32>
  return %5 : tensor<{h}x{n}x{d}xf32>
}}"""
    shapes = [(n, h, d), (h, m, d), (h, 1, d), (m + 1,)]
    inputs = [rng.standard_normal(shape).astype(np.float32) for shape in shapes]
    inputs[3][rng.random(m + 1) < 0.3] = -np.inf
    if seed == 3:
        inputs[1][0, 0, 0] = np.nan
    found, expected = (tfrt.load(tfrt.compile(text, opt_level=level))["main"](*inputs) for level in (2, 0))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.int64])
@pytest.mark.parametrize("after", [False, True])
def test_search(dtype, after):
    """Places of numbers of any shape, in memory that is given or not; in a line without elements all are 0."""
    rng = np.random.default_rng(0)
    for size in (0, 1, 50):
        line, numbers = np.sort(rng.integers(0, 9, size)).astype(dtype), rng.integers(0, 9, (3, 4)).astype(dtype)
        expected = np.searchsorted(line, numbers, "right" if after else "left")
        (found,) = arrays("nn.search", line, numbers, after=after)
        np.testing.assert_array_equal(found, expected)
        np.testing.assert_array_equal(arrays("nn.search", line, numbers.T, after=after)[0], expected.T)


@pytest.mark.parametrize(
    ("line", "numbers", "message"),
    [
        (np.zeros((2, 2)), np.zeros(2), "got f64 [2, 2] for f64 [2]"),
        (np.zeros(2), np.zeros(2, np.int32), "got f64 [2] for i32 [2]"),
    ],
)
def test_what_search_refuses(line, numbers, message):
    with pytest.raises(tfrt.KernelError) as caught:
        arrays("nn.search", line, numbers)
    assert caught.value.message == f"nn.search: expects a line of the numbers' type, but {message}"


@pytest.mark.parametrize(
    ("line", "result", "message"),
    [
        ("4xf64", "2xi32", "(C1) expects one element type, but got 'tensor<4xf64>', 'tensor<2xf32>'"),
        ("2x2xf32", "2xi32", "(C2) expects a line of one dimension, but got 2"),
        ("4xf32", "3xi32", "(C3) expects a result of shape [2], but got 'tensor<3xi32>'"),
    ],
)
def test_what_the_verifier_says_of_searches(line, result, message):
    text = f"""func.func @main(%x: tensor<{line}>, %y: tensor<2xf32>) -> tensor<{result}> {{
  %0 = nn.search %x, %y : (tensor<{line}>, tensor<2xf32>) -> tensor<{result}>
  return %0 : tensor<{result}>
}}"""
    with pytest.raises(tfrt.CompileError) as info:
        tfrt.compile(text, "t.mlir")
    assert info.value.diagnostics[0].headline() == f"t.mlir:2:8: error: 'nn.search' op {message}"
