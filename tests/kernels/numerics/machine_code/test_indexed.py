"""Gathers and scatters as machine code give what numpy does, bit for bit, and both what updates one by one do."""

from __future__ import annotations

from math import prod

import numpy as np
import pytest

from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op_registry import CPU_OPS
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.machine_code import is_available
from tfrt.executor.values.dtype import DType
from tfrt.kernels.numerics.machine_code.indexed import Along, along, are_known, describe

LLVM = pytest.mark.skipif(not is_available(), reason="needs llvmlite")
ROWS = {"inserted_window_dims": [0], "scatter_dims_to_operand_dims": [0], "index_vector_dim": 1}
FLOATS = [DType.F32, DType.F64, DType.F16, DType.BF16]
INTEGERS = [DType.I8, DType.I32, DType.I64, DType.UI16]
SPECIAL = [0.0, 1.0, -1.5, np.inf, -np.inf, np.nan, 3e4, 0.1]
COMBINED = {
    "add": np.add,
    "multiply": np.multiply,
    "maximum": np.maximum,
    "minimum": np.minimum,
    "and": np.bitwise_and,
    "or": np.bitwise_or,
    "xor": np.bitwise_xor,
}
SECOND = [2, [], [1]]


@pytest.fixture(scope="module", params=["s", "mstd:2"])
def host(request):
    with HostContext(request.param, native=True) as made:
        yield made


def in_both(name, host, arrays, result, **attributes):
    """The op with numpy, and as machine code."""
    known = tuple(TensorMetadata(DType.of(x), x.shape) for x in arrays)
    given = (TensorMetadata(DType.of(result), result.shape),)
    return [CPU_OPS.get(name).arrays(known, attributes, each, given) for each in (None, host)]


def some(random, shape, dtype):
    if dtype in INTEGERS:
        return random.integers(0, 100, shape).astype(dtype.numpy)
    return random.choice(SPECIAL, shape).astype(dtype.numpy)


def one_by_one(function, x, rows, updates):
    """Halves are rounded after each update."""
    result = x.copy()
    with np.errstate(all="ignore"):
        for row, update in zip(rows.tolist(), updates, strict=True):
            if 0 <= row < len(x):
                result[row] = update if function is None else function(result[row], update).astype(x.dtype)
    return result


def require_same(found, expected):
    assert found.dtype == expected.dtype and found.shape == expected.shape
    kind = np.float64 if found.dtype.kind in "fV" else found.dtype
    np.testing.assert_array_equal(found.astype(kind), expected.astype(kind))


@LLVM
@pytest.mark.parametrize("width", [(), (1,), (3,), (7,), (16,), (130,), (520,)])
@pytest.mark.parametrize("name", [*COMBINED, "second"])
def test_updates_of_rows(host, name, width):
    random = np.random.default_rng(0)
    for number, dtype in enumerate(INTEGERS if name in ("and", "or", "xor") else [*FLOATS, *INTEGERS]):
        count = [40, 600][number % 2]
        x, updates = some(random, (20, *width), dtype), some(random, (count, *width), dtype)
        rows = random.integers(-3, 22, count).astype([np.int32, np.int64, np.int8][number % 3])
        body = SECOND if name == "second" else f"stablehlo.{name}"
        dims = [1] if width else []
        forms = in_both("stablehlo.scatter", host, [x, rows, updates], x, body=body, update_window_dims=dims, **ROWS)
        expected = one_by_one(COMBINED.get(name), x, rows, updates)
        before = x.copy()
        for form in forms:
            require_same(form(x, rows, updates), expected)
            require_same(form(np.asfortranarray(x), rows, np.asfortranarray(updates)), expected)
            out = x.copy()
            assert form(out, rows, updates, out=out) is out
            require_same(out, expected)
            require_same(x, before)


@LLVM
def test_updates_of_columns(host):
    random = np.random.default_rng(0)
    x, columns, updates = random.normal(size=(6, 5, 9)), random.integers(0, 6, 40), random.normal(size=(6, 40, 9))
    numbers = {
        "update_window_dims": [0, 2],
        "inserted_window_dims": [1],
        "scatter_dims_to_operand_dims": [1],
        "index_vector_dim": 1,
    }
    forms = in_both("stablehlo.scatter", host, [x, columns, updates], x, body="stablehlo.add", **numbers)
    expected = one_by_one(np.add, x.swapaxes(0, 1), columns, updates.swapaxes(0, 1)).swapaxes(0, 1)
    for form in forms:
        np.testing.assert_array_equal(form(x, columns, updates), expected)


@LLVM
def test_windows_that_overlap(host):
    random = np.random.default_rng(0)
    x, at, updates = random.normal(size=(9, 40)), random.integers(-1, 9, (50, 2)), random.normal(size=(50, 2, 33))
    numbers = {"update_window_dims": [1, 2], "scatter_dims_to_operand_dims": [0, 1], "index_vector_dim": 1}
    forms = in_both("stablehlo.scatter", host, [x, at, updates], x, body="stablehlo.add", **numbers)
    expected = x.copy()
    for (row, column), update in zip(at.tolist(), updates, strict=True):
        if 0 <= row <= 7 and 0 <= column <= 7:
            expected[row : row + 2, column : column + 33] += update
    for form in forms:
        np.testing.assert_array_equal(form(x, at, updates), expected)


@LLVM
@pytest.mark.parametrize(
    "dtype", [DType.I1, DType.I8, DType.BF16, DType.F32, DType.COMPLEX64, DType.COMPLEX128, DType.I4]
)
@pytest.mark.parametrize("kind", [np.int8, np.uint16, np.int64, np.uint64])
def test_gathers(host, dtype, kind):
    random = np.random.default_rng(0)
    x = random.integers(0, 2, (7, 5, 33)).astype(dtype.numpy)
    at = random.integers(0 if np.dtype(kind).kind == "u" else -3, 9, (300, 2)).astype(kind)
    at[0] = np.iinfo(kind).max
    near = np.minimum(np.maximum(at.astype(object), 0), [6, 4]).astype(int)
    problems = [
        (x[near[:, 0], near[:, 1]], at, [1, 1, 33], {"collapsed_slice_dims": [0, 1], "start_index_map": [0, 1]}),
        (x[near[:, 0]], at[:, 0], [1, 5, 33], {"collapsed_slice_dims": [0], "start_index_map": [0]}),
        (x[:, near[:, 1]], at[:, 1], [7, 1, 33], {"collapsed_slice_dims": [1], "start_index_map": [1]}),
        (x[:, near[:, 1], 2][:, :, None], at[:, 1], [7, 1, 1], {"collapsed_slice_dims": [1], "start_index_map": [1]}),
    ]
    dims = [[1], [1, 2], [0, 2], [0, 2]]
    for (expected, indices, window, numbers), offset in zip(problems, dims, strict=True):
        given = {**numbers, "slice_sizes": window, "offset_dims": offset, "index_vector_dim": 1}
        taken = x[:, :, 2:3] if window[2] == 1 else x
        for form in in_both("stablehlo.gather", host, [taken, indices], expected, **given):
            for operand in (np.ascontiguousarray(taken), taken, np.asfortranarray(taken)):
                assert np.array_equal(form(operand, indices), expected)
            out = np.zeros_like(expected)
            assert form(taken, indices, out=out) is out and np.array_equal(out, expected)
            assert np.array_equal(form(taken, indices[::-1][::-1]), expected)


@LLVM
def test_many_gathered_on_several_threads(host):
    random = np.random.default_rng(0)
    x, rows = random.normal(size=(300, 500)), random.integers(0, 300, 2000)
    given = {"slice_sizes": [1, 500], "offset_dims": [1], "collapsed_slice_dims": [0], "start_index_map": [0]}
    for form in in_both("stablehlo.gather", host, [x, rows], x[rows], index_vector_dim=1, **given):
        assert np.array_equal(form(x, rows), x[rows])


def test_numbers_are_places():
    random = np.random.default_rng(0)
    for _ in range(50):
        sizes = random.integers(1, 5, random.integers(0, 4)).tolist()
        strides = random.choice([0, 1, 4, 12, 20], len(sizes)).tolist()
        if random.integers(2):
            strides = [prod(sizes[axis + 1 :]) * 3 for axis in range(len(sizes))]
        found = along(sizes, strides)
        for number, place in enumerate(np.ndindex(*sizes)):
            parts = [number // each.inner % each.size * each.stride for each in found]
            assert sum(parts) == sum(n * stride for n, stride in zip(place, strides, strict=True))
    assert along([4, 5], [5, 1]) == (Along(1, 20, 1),)


def test_what_there_is_no_machine_code_for():
    i32, f32 = np.dtype(np.int32), np.dtype(np.float32)
    assert are_known(i32, f32, "add") and are_known(i32, np.dtype(bool), "replace")
    assert not are_known(i32, f32, "bitwise_or") and not are_known(i32, f32, "") and not are_known(f32, f32, "add")
    assert not are_known(i32, np.dtype(bool), "add") and not are_known(i32, np.dtype(complex), "replace")
    assert not are_known(DType.I4.numpy, f32, "add")
    rows = {"window_dims": [1], "inserted": [0], "batching_dims": [], "indices_batching_dims": [], "targets": [0]}
    assert describe([9, 4], [5], [5, 4], i32, index_vector_dim=1, **rows) is not None
    assert describe([9, 4], [1, 5], [5, 4], i32, index_vector_dim=0, **rows) is None
    assert describe([9, 4], [1], [1, 4], i32, index_vector_dim=1, **rows) is None
    assert describe([9, 0], [5], [5, 0], i32, index_vector_dim=1, **rows) is None
