"""Ops that read and write elements at indices: examples, edges, and loops written from the specification."""

from itertools import product
from math import prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tfrt
from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op_registry import CPU_OPS
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.machine_code import is_available
from tfrt.executor.values.dtype import DType

A = np.arange(12, dtype=np.int32).reshape(3, 4)


def scalar(value, dtype=np.int32):
    return np.array(value, dtype)


# Starts, and the starts they become for slices of 2 x 2 of an array of 3 x 4.
STARTS = [((0, 1), (0, 1)), ((-5, 3), (0, 2)), ((7, -1), (1, 0)), ((2**31 - 1, -(2**31)), (1, 0))]


@pytest.mark.parametrize(("starts", "moved"), STARTS)
def test_slices_are_moved_into_the_operand(starts, moved, array, in_program):
    operands = [A, *map(scalar, starts)]
    expected = A[moved[0] : moved[0] + 2, moved[1] : moved[1] + 2].tolist()
    assert array("stablehlo.dynamic_slice", *operands, slice_sizes=[2, 2]).tolist() == expected
    text = "stablehlo.dynamic_slice %0, %1, %2, sizes = [2, 2]"
    assert in_program(text, "tensor<3x4xi32>, tensor<i32>, tensor<i32> -> tensor<2x2xi32>", *operands).tolist() == (
        expected
    )


@pytest.mark.parametrize(("starts", "moved"), STARTS)
def test_updates_are_moved_into_the_operand(starts, moved, array, in_program):
    update = np.full((2, 2), -1, np.int32)
    operands = [A, update, *map(scalar, starts)]
    expected = A.copy()
    expected[moved[0] : moved[0] + 2, moved[1] : moved[1] + 2] = update
    assert array("stablehlo.dynamic_update_slice", *operands).tolist() == expected.tolist()
    types = "tensor<3x4xi32>, tensor<2x2xi32>, tensor<i32>, tensor<i32> -> tensor<3x4xi32>"
    assert in_program("stablehlo.dynamic_update_slice %0, %1, %2, %3", types, *operands).tolist() == expected.tolist()


def test_slices_of_all_sizes(array):
    assert array("stablehlo.dynamic_slice", scalar(3), slice_sizes=[]).tolist() == 3
    assert array("stablehlo.dynamic_slice", A[0], scalar(9, np.uint64), slice_sizes=[0]).tolist() == []
    assert array("stablehlo.dynamic_slice", A[0], scalar(2**64 - 1, np.uint64), slice_sizes=[1]).tolist() == [3]
    assert array("stablehlo.dynamic_update_slice", scalar(3), scalar(4)).tolist() == 4
    assert array("stablehlo.dynamic_update_slice", A[0], A[0, :0], scalar(1)).tolist() == A[0].tolist()


def form_of(name, operands, results, host=None, **attributes):
    known = tuple(TensorMetadata(DType.of(x), x.shape) for x in operands)
    return CPU_OPS.get(name).arrays(
        known, attributes, host, tuple(TensorMetadata(DType.of(r), r.shape) for r in results)
    )


@pytest.fixture(scope="module")
def native():
    """A host with machine code, where there is some."""
    with HostContext("mstd:2", native=True if is_available() else None) as host:
        yield host


def test_updates_in_place():
    x, update, start = np.arange(6), np.array([-1, -2]), scalar(3)
    form = form_of("stablehlo.dynamic_update_slice", [x, update, start], [x])
    assert CPU_OPS.get("stablehlo.dynamic_update_slice").in_place
    x.flags.writeable = False
    assert form(x, update, start).tolist() == [0, 1, 2, -1, -2, 5]
    out = np.zeros_like(x)
    assert form(x, update, start, out=out) is out
    assert out.tolist() == [0, 1, 2, -1, -2, 5]
    assert form(out[:], out[:2], scalar(1), out=out) is out
    assert out.tolist() == [0, 0, 1, -1, -2, 5]
    # The update is where the result shall be.
    assert form(x, out[3:5], start, out=out).tolist() == [0, 1, 2, -1, -2, 5]


def test_a_loop_updates_its_state_in_place():
    text = """
      func.func @main(%x: tensor<1000xf32>, %n: tensor<i32>) -> tensor<1000xf32> {
        %zero = stablehlo.constant dense<0> : tensor<i32>
        %one = stablehlo.constant dense<1> : tensor<i32>
        %r:2 = stablehlo.while(%i = %zero, %a = %x) : tensor<i32>, tensor<1000xf32>
        cond {
          %c = stablehlo.compare LT, %i, %n : (tensor<i32>, tensor<i32>) -> tensor<i1>
          stablehlo.return %c : tensor<i1>
        } do {
          %f = stablehlo.convert %i : (tensor<i32>) -> tensor<f32>
          %u = stablehlo.reshape %f : (tensor<f32>) -> tensor<1xf32>
          %b = stablehlo.dynamic_update_slice %a, %u, %i
              : (tensor<1000xf32>, tensor<1xf32>, tensor<i32>) -> tensor<1000xf32>
          %j = stablehlo.add %i, %one : tensor<i32>
          stablehlo.return %j, %b : tensor<i32>, tensor<1000xf32>
        }
        return %r#1 : tensor<1000xf32>
      }"""
    x = np.full(1000, -1, np.float32)
    for opt_level in (0, 2):
        found = tfrt.load(tfrt.compile(text, opt_level=opt_level))["main"](x, scalar(400))
        assert found.tolist() == [*range(400), *[-1] * 600]
    assert x.tolist() == [-1] * 1000


@pytest.mark.parametrize("columns", [3, 5000], ids=["copies", "views"])
def test_a_loop_swaps_rows_of_its_state(columns):
    """A row is still read after the state's memory has been written to."""
    row = f"tensor<1x{columns}xf32>"
    state = f"tensor<4x{columns}xf32>"
    update = f"({state}, {row}, tensor<i32>, tensor<i32>) -> {state}"
    part = f"({state}, tensor<i32>, tensor<i32>) -> {row}"
    text = f"""
      func.func @main(%x: {state}, %n: tensor<i32>) -> {state} {{
        %zero = stablehlo.constant dense<0> : tensor<i32>
        %one = stablehlo.constant dense<1> : tensor<i32>
        %r:2 = stablehlo.while(%i = %zero, %a = %x) : tensor<i32>, {state}
        cond {{
          %c = stablehlo.compare LT, %i, %n : (tensor<i32>, tensor<i32>) -> tensor<i1>
          stablehlo.return %c : tensor<i1>
        }} do {{
          %j = stablehlo.add %i, %one : tensor<i32>
          %p = stablehlo.dynamic_slice %a, %i, %zero, sizes = [1, {columns}] : {part}
          %q = stablehlo.dynamic_slice %a, %j, %zero, sizes = [1, {columns}] : {part}
          %b = stablehlo.dynamic_update_slice %a, %q, %i, %zero : {update}
          %c = stablehlo.dynamic_update_slice %b, %p, %j, %zero : {update}
          stablehlo.return %j, %c : tensor<i32>, {state}
        }}
        return %r#1 : {state}
      }}"""
    x = np.repeat(np.arange(4, dtype=np.float32)[:, np.newaxis], columns, axis=1)
    for opt_level in (0, 2):
        found = tfrt.load(tfrt.compile(text, opt_level=opt_level))["main"](x, scalar(3))
        assert found.tolist() == x[[1, 2, 3, 0]].tolist()
    assert x[:, 0].tolist() == [0, 1, 2, 3]


# Gathers.


def gather_by_the_specification(x, indices, slice_sizes, numbers):
    """What the specification says, element by element."""
    offset_dims, vector = numbers["offset_dims"], numbers["index_vector_dim"]
    hidden = {*numbers["collapsed_slice_dims"], *numbers["operand_batching_dims"]}
    batch_sizes = [n for d, n in enumerate(indices.shape) if d != vector]
    offset_sizes = [n for d, n in enumerate(slice_sizes) if d not in hidden]
    rank = len(batch_sizes) + len(offset_sizes)
    batch_dims = [d for d in range(rank) if d not in offset_dims]
    sizes = [0] * rank
    for d, n in zip([*batch_dims, *offset_dims], [*batch_sizes, *offset_sizes], strict=True):
        sizes[d] = n
    result = np.empty(sizes, x.dtype)
    for place in np.ndindex(*sizes):
        batch = [place[d] for d in batch_dims]
        at = start_at(indices, batch, vector)
        start = [0] * x.ndim
        for d_start, d in enumerate(numbers["start_index_map"]):
            start[d] = min(max(at[d_start], 0), x.shape[d] - slice_sizes[d])
        for d, d_start in zip(numbers["operand_batching_dims"], numbers["start_indices_batching_dims"], strict=True):
            start[d] = batch[d_start - (d_start > vector)]
        offsets = iter([place[d] for d in offset_dims])
        result[place] = x[tuple(start[d] + (0 if d in hidden else next(offsets)) for d in range(x.ndim))]
    return result


def start_at(indices, batch, vector):
    if vector == indices.ndim:
        return [int(indices[tuple(batch)])]
    return [int(v) for v in indices[(*batch[:vector], slice(None), *batch[vector:])]]


@st.composite
def index_problems(draw):
    """An operand's shape, windows, indices, and dimension numbers in the words of gathers."""
    rank = draw(st.integers(1, 3))
    shape = draw(st.lists(st.integers(1, 4), min_size=rank, max_size=rank))
    roles = draw(st.lists(st.sampled_from(["kept", "collapsed", "batching"]), min_size=rank, max_size=rank))
    batching = [d for d in range(rank) if roles[d] == "batching"]
    window = [draw(st.integers(0, n)) if role == "kept" else 1 for n, role in zip(shape, roles, strict=True)]
    if draw(st.booleans()):
        window = [n if role == "kept" else 1 for n, role in zip(shape, roles, strict=True)]
    mapped = draw(st.permutations([d for d in range(rank) if roles[d] != "batching"]))
    mapped = mapped[: draw(st.integers(0, len(mapped)))]
    # Batching dimensions of indices come in any order, between others.
    others = draw(st.lists(st.integers(0, 3), max_size=2))
    axes = draw(st.permutations([*[("batching", d) for d in batching], *[("other", n) for n in others]]))
    sizes = [shape[n] if kind == "batching" else n for kind, n in axes]
    vector = draw(st.integers(0, len(sizes)))
    if len(mapped) == 1 and draw(st.booleans()):
        vector = len(sizes)
        index_shape, places = sizes, list(range(len(sizes)))
    else:
        index_shape = [*sizes[:vector], len(mapped), *sizes[vector:]]
        places = [i + (i >= vector) for i in range(len(sizes))]
    where = {n: place for (kind, n), place in zip(axes, places, strict=True) if kind == "batching"}
    count = prod(index_shape)
    values = draw(st.lists(st.integers(-3, 6), min_size=count, max_size=count))
    dtype = draw(st.sampled_from([np.int32, np.int64, np.int8]))
    window_rank = roles.count("kept")
    window_dims = sorted(draw(st.permutations(range(len(sizes) + window_rank)))[:window_rank])
    numbers = {
        "offset_dims": window_dims,
        "collapsed_slice_dims": [d for d in range(rank) if roles[d] == "collapsed"],
        "operand_batching_dims": batching,
        "start_indices_batching_dims": [where[d] for d in batching],
        "start_index_map": mapped,
        "index_vector_dim": vector,
    }
    return shape, window, np.array(values, dtype).reshape(index_shape), numbers, draw(st.booleans())


@settings(max_examples=150)
@given(problem=index_problems())
def test_gather_is_what_the_specification_says(native, problem):
    shape, window, indices, numbers, is_strided = problem
    x = np.arange(prod(shape)).reshape(shape)
    if is_strided:
        x = np.array(x, order="F")[..., ::-1]
    expected = gather_by_the_specification(x, indices, window, numbers)
    for host in (None, native):
        form = form_of("stablehlo.gather", [x, indices], [expected], host, slice_sizes=window, **numbers)
        found = form(x, indices)
        assert (found.dtype, found.shape) == (x.dtype, expected.shape)
        assert found.tolist() == expected.tolist()
        assert not np.shares_memory(found, x)
        out = np.empty_like(expected)
        assert form(x, indices, out=out) is out
        assert out.tolist() == expected.tolist()


ROWS = {"offset_dims": [1], "collapsed_slice_dims": [0], "start_index_map": [0], "index_vector_dim": 1}
ROWS_TEXT = "offset_dims = [1], collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1"


def test_rows_of_a_table(array, in_program):
    indices = np.array([2, -1, 7, 0], np.int32)
    expected = A[[2, 0, 2, 0]].tolist()
    assert array("stablehlo.gather", A, indices, slice_sizes=[1, 4], **ROWS).tolist() == expected
    assert array("stablehlo.dynamic_gather", A, indices, np.array([1, 4]), **ROWS).tolist() == expected
    numbers = f"dimension_numbers = #stablehlo.gather<{ROWS_TEXT}>"
    text = f'"stablehlo.gather"(%0, %1) <{{{numbers}, slice_sizes = array<i64: 1, 4>}}>'
    assert in_program(text, "tensor<3x4xi32>, tensor<4xi32> -> tensor<4x4xi32>", A, indices).tolist() == expected
    text = f'"stablehlo.dynamic_gather"(%0, %1, %2) <{{{numbers}}}>'
    types = "tensor<3x4xi32>, tensor<4xi32>, tensor<2xi32> -> tensor<4x?xi32>"
    for width in (4, 2, 4):
        found = in_program(text, types, A, indices, np.array([1, width], np.int32))
        assert found.tolist() == [row[:width] for row in expected]


@pytest.mark.parametrize("dtype", [DType.UI8, DType.UI64, DType.I8, DType.I4, DType.UI2])
def test_indices_of_all_types(dtype, array):
    indices = np.array([[0, 1, 3]]).astype(dtype.numpy)
    wide = np.arange(300)
    numbers = {"collapsed_slice_dims": [0], "start_index_map": [0], "index_vector_dim": 2}
    assert array("stablehlo.gather", wide, indices, slice_sizes=[1], **numbers).tolist() == [[0, 1, 3]]
    numbers = {"inserted_window_dims": [0], "scatter_dims_to_operand_dims": [0], "index_vector_dim": 2}
    found = array("stablehlo.scatter", wide * 0, indices, np.ones((1, 3), int), body="stablehlo.add", **numbers)
    assert np.flatnonzero(found).tolist() == [0, 1, 3]


def test_unsigned_indices_beyond_signed_ones(array):
    far = np.array([2**64 - 1], np.uint64)
    numbers = {"collapsed_slice_dims": [0], "start_index_map": [0], "index_vector_dim": 1}
    assert array("stablehlo.gather", A[0], far, slice_sizes=[1], **numbers).tolist() == [3]
    numbers = {"inserted_window_dims": [0], "scatter_dims_to_operand_dims": [0], "index_vector_dim": 1}
    found = array("stablehlo.scatter", A[0], far, A[0, :1], body="stablehlo.add", **numbers)
    assert found.tolist() == A[0].tolist()


@pytest.mark.parametrize("kind", [np.bool_, np.complex64, DType.BF16.numpy, DType.F8E5M2.numpy, DType.I4.numpy])
def test_gathered_elements_of_all_kinds(kind, array):
    x = np.array([[0, 1], [1, 0], [1, 1]]).astype(kind)
    found = array("stablehlo.gather", x, np.array([1, 2]), slice_sizes=[1, 2], **ROWS)
    assert (found.dtype, found.tolist()) == (x.dtype, x[1:].tolist())


# Scatters.


def scatter_by_the_specification(x, indices, updates, numbers, combine):
    """What the specification says, in the order of indices; a window that does not fit is left out, as XLA does it."""
    windows, vector = numbers["update_window_dims"], numbers["index_vector_dim"]
    hidden = {*numbers["inserted_window_dims"], *numbers["input_batching_dims"]}
    scatter_dims = [d for d in range(updates.ndim) if d not in windows]
    sizes = iter([updates.shape[d] for d in windows])
    extent = [1 if d in hidden else next(sizes) for d in range(x.ndim)]
    result = x.copy()
    for batch in np.ndindex(*[updates.shape[d] for d in scatter_dims]):
        at = start_at(indices, list(batch), vector)
        start = [0] * x.ndim
        for d_start, d in enumerate(numbers["scatter_dims_to_operand_dims"]):
            start[d] = at[d_start]
        for d, d_start in zip(numbers["input_batching_dims"], numbers["scatter_indices_batching_dims"], strict=True):
            start[d] = batch[d_start - (d_start > vector)]
        if not all(0 <= s <= n - e for s, n, e in zip(start, x.shape, extent, strict=True)):
            continue
        for offset in product(*map(range, extent)):
            place = tuple(s + o for s, o in zip(start, offset, strict=True))
            within = iter([o for d, o in enumerate(offset) if d not in hidden])
            scattered = iter(batch)
            source = tuple(next(within if d in windows else scattered) for d in range(updates.ndim))
            result[place] = combine(result[place], updates[source])
    return result


SECOND = [2, [], [1]]
TWICE_FIRST_PLUS_SECOND = [
    2,
    [["stablehlo.add", [0, 0], [], [DType.I64]], ["stablehlo.add", [2, 1], [], [DType.I64]]],
    [3],
]
BODIES = {
    "add": ("stablehlo.add", lambda a, b: a + b),
    "maximum": ("stablehlo.maximum", max),
    "xor": ("stablehlo.xor", lambda a, b: a ^ b),
    "subtract": ("stablehlo.subtract", lambda a, b: a - b),
    "second": (SECOND, lambda a, b: b),
    "first": ([2, [], [0]], lambda a, b: a),
    "other": (TWICE_FIRST_PLUS_SECOND, lambda a, b: 2 * a + b),
}


@settings(max_examples=150)
@given(problem=index_problems(), body=st.sampled_from(sorted(BODIES)))
def test_scatter_is_what_the_specification_says(native, problem, body):
    shape, window, indices, numbers, is_strided = problem
    numbers = {
        "update_window_dims": numbers["offset_dims"],
        "inserted_window_dims": numbers["collapsed_slice_dims"],
        "input_batching_dims": numbers["operand_batching_dims"],
        "scatter_indices_batching_dims": numbers["start_indices_batching_dims"],
        "scatter_dims_to_operand_dims": numbers["start_index_map"],
        "index_vector_dim": numbers["index_vector_dim"],
    }
    hidden = {*numbers["inserted_window_dims"], *numbers["input_batching_dims"]}
    sizes = [n for d, n in enumerate(window) if d not in hidden]
    batch = [n for d, n in enumerate(indices.shape) if d != numbers["index_vector_dim"]]
    for d, n in zip(numbers["update_window_dims"], sizes, strict=True):
        batch.insert(d, n)
    x = np.arange(prod(shape)).reshape(shape)
    updates = 1 + np.arange(prod(batch)).reshape(batch) % 7
    if is_strided:
        x, updates = np.array(x, order="F"), np.array(updates, order="F")
    spelled, combine = BODIES[body]
    expected = scatter_by_the_specification(x, indices, updates, numbers, combine)
    before = x.copy()
    x.flags.writeable = False
    for host in (None, native):
        form = form_of("stablehlo.scatter", [x, indices, updates], [x], host, body=spelled, **numbers)
        assert form(x, indices, updates).tolist() == expected.tolist()
        assert x.tolist() == before.tolist()
        out = np.zeros_like(x)
        assert form(x, indices, updates, out=out) is out
        assert out.tolist() == expected.tolist()
        out[...] = x
        assert form(out, indices, updates, out=out) is out
        assert out.tolist() == expected.tolist()


POINTS = {"inserted_window_dims": [0], "scatter_dims_to_operand_dims": [0], "index_vector_dim": 1}
POINTS_TEXT = "inserted_window_dims = [0], scatter_dims_to_operand_dims = [0], index_vector_dim = 1"


def scatter_text(body, arguments=("i32", "i32"), operands=3):
    blocks = ", ".join(f"%{name}: tensor<{type}>" for name, type in zip("abcd", arguments, strict=False))
    given = ", ".join(f"%{i}" for i in range(operands))
    return (
        f'"stablehlo.scatter"({given}) <{{scatter_dimension_numbers = #stablehlo.scatter<{POINTS_TEXT}>}}> '
        f"({{ ^bb0({blocks}): {body} }})"
    )


@pytest.mark.parametrize(
    ("body", "eager", "expected"),
    [
        ("%r = stablehlo.add %a, %b : tensor<i32>\n stablehlo.return %r : tensor<i32>", "stablehlo.add", [11, 1, 7, 3]),
        ("stablehlo.return %b : tensor<i32>", SECOND, [6, 1, 5, 3]),
        ("stablehlo.return %a : tensor<i32>", [2, [], [0]], [0, 1, 2, 3]),
        (
            "%r = stablehlo.subtract %a, %b : tensor<i32>\n stablehlo.return %r : tensor<i32>",
            "stablehlo.subtract",
            [-11, 1, -3, 3],
        ),
        (
            "%r = stablehlo.subtract %b, %a : tensor<i32>\n stablehlo.return %r : tensor<i32>",
            [2, [["stablehlo.subtract", [1, 0], [], [DType.I32]]], [2]],
            [1, 1, 3, 3],
        ),
    ],
)
def test_bodies(body, eager, expected, array, in_program):
    indices, updates = np.array([0, 2, 0, 4, -1], np.int32), np.array([5, 5, 6, 7, 8], np.int32)
    found = array("stablehlo.scatter", A[0], indices, updates, body=eager, **POINTS)
    assert found.tolist() == expected
    types = "tensor<4xi32>, tensor<5xi32>, tensor<5xi32> -> tensor<4xi32>"
    assert in_program(scatter_text(body), types, A[0], indices, updates).tolist() == expected


def test_bodies_use_values_around_them():
    body = """
      %s = stablehlo.multiply %b, %3 : tensor<i32>
      %r = stablehlo.subtract %a, %s : tensor<i32>
      stablehlo.return %r : tensor<i32>"""
    types = "(tensor<4xi32>, tensor<3xi32>, tensor<3xi32>) -> tensor<4xi32>"
    text = f"""
      func.func @main(%0: tensor<4xi32>, %1: tensor<3xi32>, %2: tensor<3xi32>, %3: tensor<i32>) -> tensor<4xi32> {{
        %r = {scatter_text(body)} : {types}
        return %r : tensor<4xi32>
      }}"""
    program = tfrt.load(tfrt.compile(text))
    indices, updates = np.array([1, 1, 3], np.int32), np.array([1, 2, 3], np.int32)
    assert program["main"](A[0], indices, updates, scalar(10)).tolist() == [0, -29, 2, -27]


def test_several_inputs(run):
    text = """
      func.func @main(%x: tensor<3xi32>, %y: tensor<3xf32>, %i: tensor<4xi32>, %u: tensor<4xi32>, %v: tensor<4xf32>)
          -> (tensor<3xi32>, tensor<3xf32>) {
        %r:2 = "stablehlo.scatter"(%x, %y, %i, %u, %v)
            <{scatter_dimension_numbers = #stablehlo.scatter<NUMBERS>}> ({
          ^bb0(%a: tensor<i32>, %b: tensor<f32>, %c: tensor<i32>, %d: tensor<f32>):
            %p = stablehlo.compare LT, %b, %d : (tensor<f32>, tensor<f32>) -> tensor<i1>
            %s = stablehlo.select %p, %c, %a : tensor<i1>, tensor<i32>
            %t = stablehlo.select %p, %d, %b : tensor<i1>, tensor<f32>
            stablehlo.return %s, %t : tensor<i32>, tensor<f32>
        }) : (tensor<3xi32>, tensor<3xf32>, tensor<4xi32>, tensor<4xi32>, tensor<4xf32>)
            -> (tensor<3xi32>, tensor<3xf32>)
        return %r#0, %r#1 : tensor<3xi32>, tensor<3xf32>
      }""".replace("NUMBERS", POINTS_TEXT)
    x, y = np.zeros(3, np.int32), np.zeros(3, np.float32)
    indices, u = np.array([0, 2, 0, 2], np.int32), np.array([1, 2, 3, 4], np.int32)
    v = np.array([5, 1, 2, 9], np.float32)
    found = tfrt.load(tfrt.compile(text))["main"](x, y, indices, u, v)
    assert [each.tolist() for each in found] == [[1, 0, 4], [5, 0, 9]]
    replaced = run("stablehlo.scatter", x, y, indices, u, v, body=[4, [], [2, 3]], **POINTS)
    assert [each.array.tolist() for each in replaced] == [[3, 0, 4], [2, 0, 9]]


def test_bodies_of_wider_types(in_program):
    body = "%r = stablehlo.add %a, %b : tensor<i32>\n stablehlo.return %r : tensor<i32>"
    types = "tensor<2xi8>, tensor<3xi32>, tensor<3xi8> -> tensor<2xi32>"
    x, indices, updates = np.array([100, 1], np.int8), np.array([0, 0, 1], np.int32), np.array([100, 100, 1], np.int8)
    found = in_program(scatter_text(body), types, x, indices, updates)
    assert (found.dtype, found.tolist()) == (np.int32, [300, 2])


@pytest.mark.parametrize(
    ("kind", "body", "x", "updates", "expected"),
    [
        (np.bool_, "stablehlo.add", [True, False], [False, True], [True, True]),
        (np.bool_, "stablehlo.multiply", [True, True], [False, True], [False, True]),
        (np.uint8, "stablehlo.add", [250, 0], [10, 1], [4, 1]),
        (np.int8, "stablehlo.minimum", [-5, 5], [-6, 6], [-6, 5]),
        (np.complex64, "stablehlo.multiply", [1j, 2], [1j, 1j], [-1, 2j]),
        (np.float32, "stablehlo.maximum", [1, np.nan], [np.nan, 1], [np.nan, np.nan]),
        (np.float32, "stablehlo.add", [3e38, 0], [3e38, 1], [np.inf, 1]),
        (DType.BF16.numpy, "stablehlo.add", [256, 1], [1, 1], [256, 2]),
        (DType.I4.numpy, "stablehlo.add", [7, 1], [1, 1], [-8, 2]),
    ],
)
@pytest.mark.parametrize("unique_indices", [False, True])
def test_scattered_elements_of_all_kinds(kind, body, x, updates, expected, unique_indices, array):
    x, updates = np.array(x).astype(kind), np.array(updates).astype(kind)
    found = array("stablehlo.scatter", x, np.arange(2), updates, body=body, unique_indices=unique_indices, **POINTS)
    assert found.dtype == kind
    np.testing.assert_array_equal(found.astype(np.complex128), np.array(expected, np.complex128))


def test_halves_are_rounded_after_each_update(array):
    x, updates = np.zeros(1, DType.BF16.numpy), np.array([256, 1, 1]).astype(DType.BF16.numpy)
    found = array("stablehlo.scatter", x, np.zeros(3, int), updates, body="stablehlo.add", **POINTS)
    assert found.tolist() == [256]


@pytest.mark.parametrize("width", [1, 3])
@pytest.mark.parametrize(
    "rows",
    [[3, 1, 0, 2], [0, 1, 0, 1, 2, 0], [*range(8)] * 7, [*range(40), *[5] * 90, *range(40)], [7] * 50],
    ids=["unique", "some twice", "all often", "one very often", "only one"],
)
def test_many_updates_of_a_row(rows, width, array):
    """Updates of a row come in their order, however many there are."""
    numbers = {"update_window_dims": [1], "inserted_window_dims": [0], "scatter_dims_to_operand_dims": [0]}
    indices, updates = np.array(rows), (1 + np.arange(width * len(rows)) % 5).reshape(len(rows), width)
    x = np.zeros((40, width), int)
    expected = {name: x.copy() for name in ("subtract", "second", "other")}
    for row, update in zip(rows, updates, strict=True):
        for name, result in expected.items():
            result[row] = [BODIES[name][1](a, b) % 2**40 for a, b in zip(result[row].tolist(), update, strict=True)]
    for name, result in expected.items():
        found = array("stablehlo.scatter", x, indices, updates, body=BODIES[name][0], index_vector_dim=1, **numbers)
        assert (found % 2**40).tolist() == (result % 2**40).tolist()
    summed = x.copy()
    np.add.at(summed, indices, updates)
    found = array("stablehlo.scatter", x, indices, updates, body="stablehlo.add", index_vector_dim=1, **numbers)
    assert found.tolist() == summed.tolist()


def test_the_last_update_stays_whatever_the_strides():
    x, indices, updates = np.zeros(3, int), np.array([0, 0, 0, 1, 1])[::-1], np.arange(1, 6)[::-1]
    form = form_of("stablehlo.scatter", [x, indices, updates], [x], body=SECOND, **POINTS)
    assert form(x, indices, updates).tolist() == [1, 4, 0]


def test_sums_of_rows_are_in_the_order_of_updates(array):
    """Rounding shows the order."""
    numbers = {"update_window_dims": [1], "inserted_window_dims": [0], "scatter_dims_to_operand_dims": [0]}
    updates = np.repeat(np.array([2**24, 1, 1, -(2**24), 1, 1, 3], np.float32)[:, np.newaxis], 2, axis=1)
    expected = np.zeros(2, np.float32)
    for update in updates:
        expected += update
    found = array(
        "stablehlo.scatter", np.zeros((1, 2), np.float32), np.zeros(7, int), updates,
        body="stablehlo.add", index_vector_dim=1, **numbers,
    )  # fmt: skip
    assert found.tolist() == [expected.tolist()]


def test_scatters_of_nothing(array):
    empty = np.zeros((0,), np.int32)
    assert array("stablehlo.scatter", A[0], empty, empty, body="stablehlo.add", **POINTS).tolist() == A[0].tolist()
    assert array("stablehlo.scatter", empty, np.zeros(2, int), A[0, :2], body=SECOND, **POINTS).tolist() == []
    whole = {"update_window_dims": [0], "index_vector_dim": 0}
    found = array("stablehlo.scatter", A[0], empty, A[1], body="stablehlo.add", **whole)
    assert found.tolist() == (A[0] + A[1]).tolist()
    found = array("stablehlo.scatter", scalar(5), empty, scalar(6), body="stablehlo.add", index_vector_dim=0)
    assert found.tolist() == 11


def test_a_window_that_does_not_fit_is_left_out(array):
    numbers = {"update_window_dims": [1], "scatter_dims_to_operand_dims": [0], "index_vector_dim": 1}
    updates = np.array([[1, 1], [2, 2], [4, 4]], np.int32)
    indices = np.array([3, -1, 1])
    found = array("stablehlo.scatter", A[0] * 0, indices, updates, body="stablehlo.add", **numbers)
    assert found.tolist() == [0, 4, 4, 0]


@pytest.mark.parametrize(
    ("message", "op", "operands", "attributes"),
    [
        ("(C4) expects slice_sizes from 0 to 4 in dimension 1, but got 5", "dynamic_slice", [A, scalar(0), scalar(0)],
         {"slice_sizes": [1, 5]}),
        ("(C2) expects as many start_indices as dimensions of the operand, 2, but got 1", "dynamic_slice",
         [A, scalar(0)], {"slice_sizes": [1, 1]}),
        ("(C3) expects start_indices to be integers of one type, but got i32 [], i64 []", "dynamic_slice",
         [A, scalar(0), scalar(0, np.int64)], {"slice_sizes": [1, 1]}),
        ("(C5) expects start_indices to be integers of one type, but got f32 []", "dynamic_update_slice",
         [A[0], A[0], scalar(0, np.float32)], {}),
        ("(C2) expects an update of i32 elements, but got f64", "dynamic_update_slice",
         [A[0], np.ones(1), scalar(0)], {}),
        ("(C6) expects an update of at most 4 in dimension 0, but got 5", "dynamic_update_slice",
         [A[0], np.zeros(5, np.int32), scalar(0)], {}),
        ("(I2) expects start_indices to be integers, but got f64 [2]", "gather", [A, np.ones(2)],
         {"slice_sizes": [1, 4], **ROWS}),
        ("(C21) expects slice_sizes from 0 to 4 in dimension 1, but got 5", "gather", [A, np.array([0])],
         {"slice_sizes": [1, 5], **ROWS}),
        ("missing attribute 'slice_sizes' of op 'stablehlo.gather'", "gather", [A, np.array([0])], ROWS),
        ("(C20) expects slice_sizes to be a vector of 2 integers, but got i64 [1]", "dynamic_gather",
         [A, np.array([0]), np.array([0])], ROWS),
        ("(C5) expects 1 inputs, indices and 1 updates for a body with 1 results, but got 2 operands", "scatter",
         [A[0], np.array([0])], {"body": "stablehlo.add", **POINTS}),
        ("(I2) expects scatter_indices to be integers, but got f64 [1]", "scatter", [A[0], np.ones(1), A[0, :1]],
         {"body": "stablehlo.add", **POINTS}),
        ("(C6) expects updates of i32 elements, but got f64", "scatter", [A[0], np.array([0]), np.ones(1)],
         {"body": "stablehlo.add", **POINTS}),
        ("(C4) expects updates with the dimensions [2] of scatter_indices, but got [1]", "scatter",
         [A[0], np.array([0, 1]), A[0, :1]], {"body": "stablehlo.add", **POINTS}),
        ("the CPU has no op 'stablehlo.nothing' that works on arrays", "scatter", [A[0], np.array([0]), A[0, :1]],
         {"body": "stablehlo.nothing", **POINTS}),
    ],
)  # fmt: skip
def test_what_is_refused(message, op, operands, attributes, fails):
    fails(message, f"stablehlo.{op}", *operands, **attributes)
