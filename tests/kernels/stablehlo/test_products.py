"""`dot_general` and `dot`: values by the specification's definition, element types, edges and refusals."""

from itertools import product

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfrt.executor.declarations.annotations import RowEpilogue
from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op_registry import CPU_OPS
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.dtype import DType
from tfrt.kernels.numerics.carriers import carrier, is_halved
from tfrt.kernels.numerics.stacked_products import matrices

MATRICES = {"lhs_contracting_dimensions": [1], "rhs_contracting_dimensions": [0]}


def by_definition(lhs, rhs, batch, summed, dtype):
    """Sums of products, element by element, in Python's numbers."""
    arrays = (lhs, rhs)
    free = [
        [axis for axis in range(array.ndim) if axis not in (*batch[side], *summed[side])]
        for side, array in enumerate(arrays)
    ]
    shapes = [
        [array.shape[axis] for axis in axes]
        for array, axes in ((lhs, batch[0]), (lhs, free[0]), (rhs, free[1]), (lhs, summed[0]))
    ]
    result = np.zeros([size for shape in shapes[:3] for size in shape], dtype)
    for b, *rows in product(*(list(np.ndindex(*shape)) for shape in shapes[:3])):
        total = 0
        for k in np.ndindex(*shapes[3]):
            factors = []
            for side, array in enumerate(arrays):
                index = dict(zip((*batch[side], *free[side], *summed[side]), (*b, *rows[side], *k), strict=True))
                factors.append(array[tuple(index[axis] for axis in range(array.ndim))].item())
            total += factors[0] * factors[1]
        result[(*b, *rows[0], *rows[1])] = np.array(total).astype(dtype)
    return result


@st.composite
def contractions(draw):
    """Two shapes and which of their dimensions belong together."""
    sizes = st.integers(0, 3)
    batch, summed = draw(st.lists(sizes, max_size=2)), draw(st.lists(sizes, max_size=2))
    shapes, axes = [], []
    for _ in range(2):
        free = draw(st.lists(sizes, max_size=2))
        given_sizes = [*batch, *summed, *free]
        places = draw(st.permutations(range(len(given_sizes))))
        shape = [0] * len(places)
        for place, size in zip(places, given_sizes, strict=True):
            shape[place] = size
        shapes.append(tuple(shape))
        axes.append((tuple(places[: len(batch)]), tuple(places[len(batch) : len(batch) + len(summed)])))
    return shapes, (axes[0][0], axes[1][0]), (axes[0][1], axes[1][1])


@given(contractions(), st.sampled_from(["int8", "int32", "float64", "complex64"]), st.integers(0, 99))
def test_any_dimensions(array, dimensions, kind, seed):
    (left, right), batch, summed = dimensions
    random = np.random.default_rng(seed)
    lhs, rhs = (random.integers(-9, 9, shape).astype(kind) for shape in (left, right))
    if kind == "complex64":
        lhs, rhs = lhs * np.complex64(1 - 2j), rhs + np.complex64(1j)
    found = array(
        "stablehlo.dot_general",
        lhs,
        rhs,
        lhs_batching_dimensions=batch[0],
        rhs_batching_dimensions=batch[1],
        lhs_contracting_dimensions=summed[0],
        rhs_contracting_dimensions=summed[1],
    )
    np.testing.assert_array_equal(found, by_definition(lhs, rhs, batch, summed, kind))


def test_an_example_in_a_program(in_program):
    lhs = np.arange(12, dtype=np.float32).reshape(2, 2, 3)
    rhs = np.arange(24, dtype=np.float32).reshape(3, 4, 2)
    found = in_program(
        "stablehlo.dot_general %0, %1, batching_dims = [0] x [2], contracting_dims = [2] x [0]",
        "tensor<2x2x3xf32>, tensor<3x4x2xf32> -> tensor<2x2x4xf32>",
        lhs,
        rhs,
    )
    np.testing.assert_array_equal(found[0, 0], [40, 46, 52, 58])
    np.testing.assert_array_equal(found, np.einsum("bmk,knb->bmn", lhs, rhs))


def test_large_products_with_others_after_them(in_program):
    random = np.random.default_rng(0)
    lhs, rhs = random.standard_normal((9, 70)), random.standard_normal((40, 70))
    found = in_program(
        "stablehlo.dot_general %0, %1, contracting_dims = [1] x [1]",
        "tensor<9x70xf64>, tensor<40x70xf64> -> tensor<9x40xf64>",
        lhs,
        rhs,
    )
    np.testing.assert_allclose(found, lhs @ rhs.T)


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ([3.0], [[2.0, 4.0]], [6, 12]),
        ([[1.0, 2.0]], [3.0, 4.0], [11]),
        ([1.0, 2.0], [3.0, 4.0], 11),
        ([[1.0], [2.0]], [[3.0]], [[3], [6]]),
    ],
)
def test_dot_of_vectors_and_matrices(array, left, right, expected):
    found = array("stablehlo.dot", np.array(left, np.float32), np.array(right, np.float32))
    np.testing.assert_array_equal(found, expected)
    assert found.shape == np.shape(expected)


def test_sums_of_nothing_are_zero(array):
    found = array("stablehlo.dot_general", np.ones((2, 0), np.float32), np.ones((0, 3), np.float32), **MATRICES)
    np.testing.assert_array_equal(found, np.zeros((2, 3)))


def test_scalars(array):
    assert array("stablehlo.dot_general", np.array(3, np.int32), np.array(-5, np.int32)) == -15


def test_not_a_number_and_infinities_spread(array):
    left = np.array([[np.inf, 1], [np.nan, 1]], np.float32)
    found = array("stablehlo.dot_general", left, np.array([[1, 0], [1, 1]], np.float32), **MATRICES)
    np.testing.assert_array_equal(found, [[np.inf, np.nan], [np.nan, np.nan]])


@pytest.mark.parametrize("kind", ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"])
def test_integers_wrap_around(array, kind):
    limits = np.iinfo(kind)
    lhs = np.array([[limits.max, limits.min, 3]], kind)
    rhs = np.array([[limits.max], [limits.max], [limits.max]], kind)
    total = sum(int(a) * int(b) for a, b in zip(lhs[0], rhs[:, 0], strict=True))
    found = array("stablehlo.dot_general", lhs, rhs, **MATRICES)
    assert found.dtype == kind
    assert int(found[0, 0]) % (1 << limits.bits) == total % (1 << limits.bits)


@pytest.mark.parametrize("kind", ["int2", "int4", "uint2", "uint4"])
def test_integers_of_less_than_a_byte_wrap_around(array, kind):
    dtype = np.dtype(getattr(ml_dtypes, kind))
    bits = int(kind[-1])
    lhs, rhs = np.ones((1, 3)).astype(dtype), np.ones((3, 1)).astype(dtype)
    assert int(array("stablehlo.dot_general", lhs, rhs, **MATRICES)[0, 0]) % (1 << bits) == 3 % (1 << bits)


def test_results_may_be_wider(array, in_program):
    lhs, rhs = np.full((2, 300), -128, np.int8), np.full((300, 2), 127, np.int8)
    found = array("stablehlo.dot_general", lhs, rhs, dtype=DType.I32, **MATRICES)
    np.testing.assert_array_equal(found, np.full((2, 2), -128 * 127 * 300, np.int32))
    program = in_program(
        "stablehlo.dot_general %0, %1, contracting_dims = [1] x [0]",
        "tensor<2x300xi8>, tensor<300x2xi8> -> tensor<2x2xi32>",
        lhs,
        rhs,
    )
    np.testing.assert_array_equal(program, found)
    assert program.dtype == np.int32


def test_truth_values(array):
    lhs = np.array([[True, True], [False, False], [True, False]])
    found = array("stablehlo.dot_general", lhs, np.array([[False], [True]]), **MATRICES)
    np.testing.assert_array_equal(found, [[True], [False], [False]])


@pytest.mark.parametrize("kind", [np.float16, ml_dtypes.bfloat16, ml_dtypes.float8_e4m3fn, ml_dtypes.float8_e5m2])
def test_narrow_floats_are_rounded_once(array, kind):
    # Each product is too small to change the sum of the first two in the type itself; all together are not.
    lhs = np.array([[1] + [0.125] * 64]).astype(kind)
    rhs = np.array([[1]] + [[0.03125]] * 64).astype(kind)
    found = array("stablehlo.dot_general", lhs, rhs, **MATRICES)
    assert found.dtype == kind
    assert float(found[0, 0]) == 1.25


def test_narrow_floats_may_give_wide_ones(array):
    lhs = np.array([[1, 2**-8]]).astype(ml_dtypes.bfloat16)
    found = array("stablehlo.dot_general", lhs, lhs.T.copy(), dtype=DType.F32, **MATRICES)
    assert found.dtype == np.float32
    assert found[0, 0] == np.float32(1 + 2**-16)


@pytest.mark.parametrize(
    ("types", "terms", "expected"),
    [
        ("I8 I8 I32", 1024, np.float32),
        ("I8 I8 I32", 1025, np.float64),
        ("I16 I16 I32", 1 << 23, np.float64),
        ("I16 I16 I32", (1 << 23) + 1, np.int32),
        ("UI8 UI8 UI8", 256, np.float32),
        ("I64 I64 I64", 1, np.int64),
        ("I4 I4 I4", 1 << 20, np.float64),
        ("BF16 BF16 F64", 1, np.float64),
        ("F16 F16 F16", 1, np.float32),
        ("F32 F32 F32", 1, np.float32),
        ("COMPLEX64 COMPLEX64 COMPLEX64", 1, np.complex64),
    ],
)
def test_what_products_are_computed_in(types, terms, expected):
    """Floats carry integers only as far as they hold all sums."""
    assert carrier(*(DType[name] for name in types.split()), terms) == expected


@pytest.mark.parametrize("kind", ["int32", "uint32"])
def test_many_integers_wrap_around(array, kind):
    """Products that are worth taking apart."""
    random = np.random.default_rng(0)
    limits = np.iinfo(kind)
    lhs = random.integers(limits.min, limits.max, (30, 400), kind, endpoint=True)
    rhs = random.integers(limits.min, limits.max, (400, 20), kind, endpoint=True)
    lhs[0], rhs[:, 0] = limits.min, limits.max
    assert is_halved(*[DType.of(lhs)] * 3, 400, 30 * 400 * 20)
    expected = lhs.astype(object) @ rhs.astype(object) % (1 << 32)
    found = array("stablehlo.dot_general", lhs, rhs, **MATRICES)
    assert found.dtype == kind
    np.testing.assert_array_equal(found.astype(object) % (1 << 32), expected)


@pytest.mark.parametrize(
    ("types", "terms", "work"),
    [
        ("I32 I32 I32", 100, 1 << 10),
        ("I32 I32 I64", 100, 1 << 20),
        ("I64 I64 I64", 100, 1 << 20),
        ("I8 I8 I32", 100, 1 << 20),
        ("I32 I32 I32", (1 << 21) + 1, 1 << 22),
        ("F32 F32 F32", 100, 1 << 20),
    ],
)
def test_what_is_not_taken_apart(types, terms, work):
    assert not is_halved(*(DType[name] for name in types.split()), terms, work)


def test_transposed_operands_are_not_copied():
    stored = np.ones((3, 4), np.float32)
    assert np.shares_memory(matrices(stored, (1, 0), (4, 3)), stored)
    batched = np.ones((2, 5, 3, 4), np.float32)
    assert np.shares_memory(matrices(batched, (0, 2, 1, 3), (2, 3, 5, 4)), batched)


def test_operands_of_any_strides(array):
    """Broadcast ones, whose strides are 0, and ones that may not be written to."""
    lhs = np.broadcast_to(np.float32(2), (2, 3))
    rhs = np.arange(24, dtype=np.float32).reshape(3, 8)[:, ::-4]
    rhs.flags.writeable = False
    np.testing.assert_array_equal(array("stablehlo.dot_general", lhs, rhs, **MATRICES), [[90, 66], [90, 66]])


@pytest.mark.parametrize("dtype", [DType.F32, DType.I32, DType.COMPLEX64, DType.BF16])
def test_results_are_written_where_asked_for(dtype):
    kind = dtype.numpy
    lhs, rhs = np.arange(6).reshape(2, 3).astype(kind), np.arange(6).reshape(3, 2).astype(kind)
    known = [TensorMetadata(dtype, array.shape) for array in (lhs, rhs)]
    attrs = {name: tuple(axes) for name, axes in MATRICES.items()}
    with HostContext("s") as host:
        form = CPU_OPS.get("stablehlo.dot_general").arrays(tuple(known), attrs, host, (TensorMetadata(dtype, (2, 2)),))
        for out in (np.empty((2, 2), kind), np.empty((2, 4), kind)[:, ::2]):
            assert form(lhs, rhs, out=out) is out
            np.testing.assert_array_equal(out.astype(complex), [[10, 13], [28, 40]])


@pytest.mark.parametrize("dtype", [DType.F32, DType.F16])
@pytest.mark.parametrize("rhs_axis", [0, None])
def test_what_is_done_to_results_sees_rows_of_their_last_dimension(dtype, rhs_axis):
    """An epilogue: also where the last dimension is not the matrices' columns alone."""
    kind = dtype.numpy
    lhs, rhs = np.ones((4, 3), kind), np.ones((3, 2, 5) if rhs_axis == 0 else (3,), kind)
    known = tuple(TensorMetadata(dtype, array.shape) for array in (lhs, rhs))
    attrs = {"lhs_contracting_dimensions": (1,), "rhs_contracting_dimensions": (0,)}
    shape = (4, 2, 5) if rhs_axis == 0 else (4,)
    seen = []

    def epilogue(rows, bias):
        seen.append(rows.shape[1])
        rows += bias

    with HostContext("s") as host:
        form = CPU_OPS.get("stablehlo.dot_general").arrays(
            known, attrs, host, (TensorMetadata(dtype, shape),), epilogue
        )
        found = form(lhs, rhs, np.arange(shape[-1]).astype(kind))
    np.testing.assert_array_equal(found, np.broadcast_to(3 + np.arange(shape[-1]), shape))
    assert set(seen) == {shape[-1]}


@pytest.mark.parametrize(
    ("left", "right", "axes", "message"),
    [
        ((2,), (2,), ([0], [], [], []), "(C1) expects as many lhs_batching_dimensions as rhs_batching_dimensions, 0,"),
        ((2,), (2,), ([], [], [], [0]), "(C2) expects as many lhs_contracting_dimensions as rhs_contracting_dimensi"),
        (
            (2, 2),
            (2, 2),
            ([], [], [1, 1], [0, 1]),
            "(C3) expects batching and contracting dimensions of lhs to be uniq",
        ),
        ((2,), (2, 2), ([], [], [0], [2]), "(C8) expects rhs_contracting_dimensions in [0, 2), but got 2"),
        (
            (2, 3),
            (2, 3),
            ([], [], [1], [0]),
            "(C10) expects contracting dimensions of equal sizes, but got [3] and [2]",
        ),
    ],
)
def test_dimensions_that_do_not_fit(run, left, right, axes, message):
    sides = ("lhs_batching", "rhs_batching", "lhs_contracting", "rhs_contracting")
    attrs = {f"{side}_dimensions": given for side, given in zip(sides, axes, strict=True)}
    with pytest.raises(KernelError) as error:
        run("stablehlo.dot_general", np.ones(left, np.float32), np.ones(right, np.float32), **attrs)
    assert error.value.message.startswith(message)
    assert error.value.code == "INVALID_ARGUMENT"


def test_operands_of_two_element_types(run):
    with pytest.raises(KernelError) as error:
        run("stablehlo.dot_general", np.ones((1, 1), np.float32), np.ones((1, 1), np.int32), **MATRICES)
    assert error.value.message == "(C13) expects operands of one element type, but got f32 and i32"


def test_dot_of_something_else(run):
    with pytest.raises(KernelError) as error:
        run("stablehlo.dot", np.ones((1, 1, 1), np.float32), np.ones(1, np.float32))
    assert error.value.message == "(C1) expects vectors or matrices, but got ranks 3 and 1"


def test_large_products_take_epilogues():
    """Whether there is such a function is asked without a host; it goes over blocks of rows."""
    known = TensorMetadata(DType.F32, (300, 300))
    finish = RowEpilogue(lambda rows, row: np.add(rows, row, out=rows), ((300,),))
    entry = CPU_OPS.get("stablehlo.dot_general")
    attrs = {**MATRICES, "lhs_batching_dimensions": [], "rhs_batching_dimensions": []}
    assert entry.arrays((known, known), attrs, None, (known,), finish) is not None
    random = np.random.default_rng(0)
    x, y = (random.integers(-9, 9, (300, 300)).astype(np.float32) for _ in range(2))
    row = np.arange(300, dtype=np.float32)
    for queue in ("s", "mstd:2"):
        with HostContext(queue, native=False) as host:
            run = entry.arrays((known, known), attrs, host, (known,), finish)
            np.testing.assert_array_equal(run(x, y, row), x @ y + row)
