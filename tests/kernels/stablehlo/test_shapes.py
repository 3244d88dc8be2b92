"""Ops that put elements elsewhere by a rule that does not depend on values: examples, edges, and what is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfrt.executor.values.dtype import DType

A = np.arange(6, dtype=np.int32).reshape(2, 3)


def scalar(value, dtype=np.int32):
    return np.array(value, dtype)


# The op in a program, its type, its name and attributes for eager callers, its operands, and its result.
EXAMPLES = [
    (
        "stablehlo.broadcast_in_dim %0, dims = [2, 1]",
        "tensor<1x3xi32> -> tensor<2x3x2xi32>",
        ("stablehlo.broadcast_in_dim", {"broadcast_dimensions": [2, 1], "shape": [2, 3, 2]}),
        [A[:1]],
        [[[0, 0], [1, 1], [2, 2]]] * 2,
    ),
    (
        "stablehlo.broadcast_in_dim %0, dims = [1, 0]",
        "tensor<2x3xi32> -> tensor<3x2xi32>",
        ("stablehlo.broadcast_in_dim", {"broadcast_dimensions": [1, 0], "shape": [3, 2]}),
        [A],
        A.T.tolist(),
    ),
    (
        "stablehlo.broadcast_in_dim %0, dims = []",
        "tensor<i32> -> tensor<2x0xi32>",
        ("stablehlo.broadcast_in_dim", {"shape": [2, 0]}),
        [scalar(7)],
        [[], []],
    ),
    (
        "stablehlo.broadcast %0, sizes = [2, 1]",
        "tensor<3xi32> -> tensor<2x1x3xi32>",
        ("stablehlo.broadcast", {"broadcast_sizes": [2, 1]}),
        [A[1]],
        [[[3, 4, 5]], [[3, 4, 5]]],
    ),
    (
        "stablehlo.reshape %0",
        "tensor<2x3xi32> -> tensor<3x1x2xi32>",
        ("stablehlo.reshape", {"shape": [3, 1, 2]}),
        [A],
        [[[0, 1]], [[2, 3]], [[4, 5]]],
    ),
    (
        "stablehlo.reshape %0",
        "tensor<1x1xi32> -> tensor<i32>",
        ("stablehlo.reshape", {"shape": []}),
        [A[1:, 2:]],
        5,
    ),
    (
        "stablehlo.transpose %0, dims = [1, 0]",
        "tensor<2x3xi32> -> tensor<3x2xi32>",
        ("stablehlo.transpose", {"permutation": [1, 0]}),
        [A],
        [[0, 3], [1, 4], [2, 5]],
    ),
    ("stablehlo.transpose %0, dims = []", "tensor<i32> -> tensor<i32>",
     ("stablehlo.transpose", {"permutation": []}), [scalar(3)], 3),
    (
        "stablehlo.reverse %0, dims = [1]",
        "tensor<2x3xi32> -> tensor<2x3xi32>",
        ("stablehlo.reverse", {"dimensions": [1]}),
        [A],
        [[2, 1, 0], [5, 4, 3]],
    ),
    (
        "stablehlo.slice %0 [1:2, 0:3:2]",
        "tensor<2x3xi32> -> tensor<1x2xi32>",
        ("stablehlo.slice", {"start_indices": [1, 0], "limit_indices": [2, 3], "strides": [1, 2]}),
        [A],
        [[3, 5]],
    ),
    (
        "stablehlo.slice %0 [2:2, 0:3]",
        "tensor<2x3xi32> -> tensor<0x3xi32>",
        ("stablehlo.slice", {"start_indices": [2, 0], "limit_indices": [2, 3], "strides": [1, 1]}),
        [A],
        [],
    ),
    (
        "stablehlo.concatenate %0, %1, %2, dim = 1",
        "tensor<2x3xi32>, tensor<2x0xi32>, tensor<2x1xi32> -> tensor<2x4xi32>",
        ("stablehlo.concatenate", {"dimension": 1}),
        [A, A[:, :0], A[:, :1]],
        [[0, 1, 2, 0], [3, 4, 5, 3]],
    ),
    (
        "stablehlo.pad %0, %1, low = [0, 1], high = [2, 1], interior = [1, 2]",
        "tensor<2x3xi32>, tensor<i32> -> tensor<5x9xi32>",
        (
            "stablehlo.pad",
            {"edge_padding_low": [0, 1], "edge_padding_high": [2, 1], "interior_padding": [1, 2]},
        ),
        [A, scalar(9)],
        [
            [9, 0, 9, 9, 1, 9, 9, 2, 9],
            [9] * 9,
            [9, 3, 9, 9, 4, 9, 9, 5, 9],
            [9] * 9,
            [9] * 9,
        ],
    ),
    (
        # What is between elements is taken away like elements.
        "stablehlo.pad %0, %1, low = [-1, -2], high = [0, -1], interior = [0, 1]",
        "tensor<2x3xi32>, tensor<i32> -> tensor<1x2xi32>",
        (
            "stablehlo.pad",
            {"edge_padding_low": [-1, -2], "edge_padding_high": [0, -1], "interior_padding": [0, 1]},
        ),
        [A, scalar(9)],
        [[4, 9]],
    ),
    (
        "stablehlo.pad %0, %1, low = [3], high = [-1], interior = [5]",
        "tensor<0xi32>, tensor<i32> -> tensor<2xi32>",
        ("stablehlo.pad", {"edge_padding_low": [3], "edge_padding_high": [-1], "interior_padding": [5]}),
        [A[0, :0], scalar(9)],
        [9, 9],
    ),
    (
        "stablehlo.pad %0, %1, low = [-4], high = [3], interior = [0]",
        "tensor<3xi32>, tensor<i32> -> tensor<2xi32>",
        ("stablehlo.pad", {"edge_padding_low": [-4], "edge_padding_high": [3], "interior_padding": [0]}),
        [A[0], scalar(9)],
        [9, 9],
    ),
    (
        "stablehlo.pad %0, %1, low = [], high = [], interior = []",
        "tensor<i32>, tensor<i32> -> tensor<i32>",
        ("stablehlo.pad", {"edge_padding_low": [], "edge_padding_high": [], "interior_padding": []}),
        [scalar(5), scalar(9)],
        5,
    ),
    (
        "stablehlo.get_dimension_size %0, dim = 1",
        "tensor<2x3xi32> -> tensor<i32>",
        ("stablehlo.get_dimension_size", {"dimension": 1}),
        [A],
        3,
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "types", "eager", "operands", "expected"), EXAMPLES)
def test_examples(text, types, eager, operands, expected, array, in_program):
    name, attributes = eager
    found = array(name, *operands, **attributes)
    ran = in_program(text, types, *operands)
    assert (found.tolist(), found.shape) == (expected, ran.shape)
    assert ran.tolist() == expected
    assert found.dtype == ran.dtype


# Elements that are moved keep their bits, whatever they are.
KINDS = [
    np.array([[True, False, True]]),
    np.array([[1 + 2j, -0.0j, np.nan]], np.complex64),
    np.array([[-0.0, np.inf, np.nan]], np.float16),
    np.array([[1, 2, 255]], np.uint8),
    np.array([[1, -8, 7]]).astype(DType.I4.numpy),
    np.array([[1.5, -0.0, np.nan]], np.float32).astype(DType.BF16.numpy),
    np.array([[1.5, -0.0, 448]], np.float32).astype(DType.F8E4M3FN.numpy),
]


@pytest.mark.parametrize("x", KINDS, ids=lambda x: x.dtype.name)
def test_elements_of_all_kinds(x, array):
    value = np.zeros((), x.dtype)
    expected = x.view(np.uint8).reshape(3, -1)
    dimensions = {"start_indices": [0, 1], "limit_indices": [1, 3], "strides": [1, 1]}
    for found, picks in (
        (array("stablehlo.transpose", x, permutation=[1, 0]), [0, 1, 2]),
        (array("stablehlo.reverse", x, dimensions=[1]), [2, 1, 0]),
        (array("stablehlo.slice", x, **dimensions), [1, 2]),
        (array("stablehlo.concatenate", x, x, dimension=0), [0, 1, 2, 0, 1, 2]),
        (array("stablehlo.broadcast", x, broadcast_sizes=[2]), [0, 1, 2, 0, 1, 2]),
        (array("stablehlo.broadcast_in_dim", x, broadcast_dimensions=[0, 1], shape=[2, 3]), [0, 1, 2, 0, 1, 2]),
        (array("stablehlo.broadcast_in_dim", x[:, ::-1], broadcast_dimensions=[0, 1], shape=[2, 3]), [2, 1, 0] * 2),
        (array("stablehlo.dynamic_reshape", x, np.array([3])), [0, 1, 2]),
    ):
        assert found.dtype == x.dtype
        assert found.reshape(-1).view(np.uint8).reshape(len(picks), -1).tolist() == expected[picks].tolist()
    padded = array(
        "stablehlo.pad", x, value, edge_padding_low=[0, -1], edge_padding_high=[0, 1], interior_padding=[0, 0]
    )
    assert padded.dtype == x.dtype
    assert padded.reshape(-1).view(np.uint8).reshape(3, -1)[:2].tolist() == expected[1:].tolist()


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [
        (DType.I32, [0, 1, 2]),
        (DType.UI8, [0, 1, 2]),
        (DType.I4, [0, 1, 2]),
        (DType.F32, [0.0, 1.0, 2.0]),
        (DType.BF16, [0.0, 1.0, 2.0]),
        (DType.COMPLEX64, [0j, 1 + 0j, 2 + 0j]),
    ],
)
def test_iota(dtype, expected, array, in_program):
    found = array("stablehlo.iota", shape=[2, 3], dtype=dtype, iota_dimension=1)
    assert found.dtype == dtype.numpy
    assert [row.tolist() for row in found] == [expected, expected]
    assert array("stablehlo.iota", shape=[3, 2], dtype=dtype, iota_dimension=0).T.tolist() == [expected, expected]
    dynamic = array("stablehlo.dynamic_iota", np.array([2, 3]), dtype=dtype, iota_dimension=1)
    assert (dynamic.dtype, dynamic.tolist()) == (found.dtype, found.tolist())


def test_iota_in_programs(in_program):
    text, sizes = "stablehlo.dynamic_iota %0, dim = 0", np.array([3, 2], np.int32)
    found = in_program(text, "tensor<2xi32> -> tensor<?x2xf32>", sizes)
    assert (found.dtype, found.tolist()) == (np.float32, [[0, 0], [1, 1], [2, 2]])
    assert in_program(text, "tensor<2xi32> -> tensor<3x?xi8>", sizes).tolist() == found.tolist()


def test_results_of_programs_are_memory_of_their_own(in_program):
    x = A.copy()
    found = in_program("stablehlo.transpose %0, dims = [0, 1]", "tensor<2x3xi32> -> tensor<2x3xi32>", x)
    assert not np.shares_memory(found, x)
    found[:] = 0
    assert x.tolist() == A.tolist()


@pytest.mark.parametrize(
    ("text", "types", "eager", "operands", "expected"),
    [
        (
            "stablehlo.dynamic_broadcast_in_dim %0, %1, dims = [1, 2]",
            "tensor<2x1xi32>, tensor<3xi64> -> tensor<?x?x3xi32>",
            ("stablehlo.dynamic_broadcast_in_dim", {"broadcast_dimensions": [1, 2]}),
            [A[:, :1], np.array([2, 2, 3])],
            [[[0, 0, 0], [3, 3, 3]]] * 2,
        ),
        (
            "stablehlo.dynamic_reshape %0, %1",
            "tensor<?x3xi32>, tensor<2xui8> -> tensor<?x?xi32>",
            ("stablehlo.dynamic_reshape", {}),
            [A, np.array([6, 1], np.uint8)],
            [[0], [1], [2], [3], [4], [5]],
        ),
        (
            "stablehlo.real_dynamic_slice %0, %1, %2, %3",
            "tensor<2x3xi32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32> -> tensor<?x?xi32>",
            ("stablehlo.real_dynamic_slice", {}),
            [A, *(np.array(v, np.int32) for v in ([1, 0], [2, 3], [1, 2]))],
            [[3, 5]],
        ),
        (
            "stablehlo.dynamic_pad %0, %1, %2, %3, %4",
            "tensor<2x3xi32>, tensor<i32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32> -> tensor<?x?xi32>",
            ("stablehlo.dynamic_pad", {}),
            [A, scalar(9), *(np.array(v, np.int32) for v in ([-1, 0], [1, 0], [0, 1]))],
            [[3, 9, 4, 9, 5], [9, 9, 9, 9, 9]],
        ),
        (
            "stablehlo.set_dimension_size %0, %1, dim = 1",
            "tensor<2x3xi32>, tensor<i32> -> tensor<2x?xi32>",
            ("stablehlo.set_dimension_size", {"dimension": 1}),
            [A, scalar(2)],
            [[0, 1], [3, 4]],
        ),
    ],
)
def test_sizes_that_are_operands(text, types, eager, operands, expected, array, in_program):
    name, attributes = eager
    assert array(name, *operands, **attributes).tolist() == expected
    assert in_program(text, types, *operands).tolist() == expected


def test_programs_find_out_sizes_anew(in_program):
    import tfrt

    program = tfrt.load(
        tfrt.compile(
            """
            func.func @main(%x: tensor<?x?xf32>, %y: tensor<?x?xf32>) -> (tensor<?x?xf32>, tensor<i32>) {
              %0 = stablehlo.concatenate %x, %y, dim = 0 : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
              %1 = stablehlo.transpose %0, dims = [1, 0] : (tensor<?x?xf32>) -> tensor<?x?xf32>
              %2 = stablehlo.add %1, %1 : tensor<?x?xf32>
              %3 = stablehlo.get_dimension_size %2, dim = 1 : (tensor<?x?xf32>) -> tensor<i32>
              return %2, %3 : tensor<?x?xf32>, tensor<i32>
            }""",
            filename="x.mlir",
        )
    )
    for rows, columns in ((1, 2), (3, 2), (1, 2), (0, 1)):
        found, size = program["main"](np.ones((rows, columns), np.float32), np.ones((2, columns), np.float32))
        assert (found.tolist(), size) == ([[2.0] * (rows + 2)] * columns, rows + 2)
    with pytest.raises(tfrt.KernelError) as caught:
        program["main"](np.ones((1, 2), np.float32), np.ones((2, 3), np.float32))
    assert str(caught.value) == (
        "x.mlir:3:20: (C2) expects operands of one shape but for dimension 0, but got [1, 2], [2, 3]"
    )


@pytest.mark.parametrize(
    ("text", "types", "operands", "message"),
    [
        (
            "stablehlo.add %0, %1",
            "tensor<?xi32>, tensor<?xi32> -> tensor<?xi32>",
            [A[0], A[0, :1]],
            "(C1) expects operands of one shape, but got [3], [1]",
        ),
        (
            "stablehlo.concatenate %0, %1, dim = 0",
            "tensor<?xi32>, tensor<?xi32> -> tensor<5xi32>",
            [A[0], A[0]],
            "op 'stablehlo.concatenate' gives a result of shape [6], but the program says [5]",
        ),
        (
            "stablehlo.concatenate %0, %1, dim = 0",
            "tensor<?x?xi32>, tensor<?x?xi32> -> tensor<?x2xi32>",
            [A, A],
            "op 'stablehlo.concatenate' gives a result of shape [4, 3], but the program says [?, 2]",
        ),
        (
            "stablehlo.reshape %0",
            "tensor<?xi32> -> tensor<2xi32>",
            [A[0]],
            "(C2) expects as many elements in the result as in the operand, 3, but got 2",
        ),
        (
            "stablehlo.dynamic_reshape %0, %1",
            "tensor<3xi32>, tensor<1xi32> -> tensor<?xi32>",
            [A[0], np.array([2], np.int32)],
            "(C2) expects as many elements in the result as in the operand, 3, but got 2",
        ),
        (
            "stablehlo.dynamic_reshape %0, %1",
            "tensor<?xi32>, tensor<2xi32> -> tensor<?x4xi32>",
            [A[0], np.array([1, 3], np.int32)],
            "expects a result of shape [?, 4], but got [1, 3]",
        ),
        (
            "stablehlo.dynamic_iota %0, dim = 0",
            "tensor<1xi32> -> tensor<?xi32>",
            [np.array([-1], np.int32)],
            "expects sizes of at least 0, but got [-1]",
        ),
        (
            "stablehlo.dynamic_broadcast_in_dim %0, %1, dims = [0]",
            "tensor<3xi32>, tensor<1xi32> -> tensor<?xi32>",
            [A[0], np.array([4], np.int32)],
            "(C5) expects dimension 0 of the operand to be 1 or the size of dimension 0 of the result, 4, but got 3",
        ),
        (
            "stablehlo.real_dynamic_slice %0, %1, %2, %3",
            "tensor<3xi32>, tensor<1xi32>, tensor<1xi32>, tensor<1xi32> -> tensor<?xi32>",
            [A[0], *(np.array([v], np.int32) for v in (1, 4, 1))],
            "(C3) expects 0 <= start <= limit <= 3 in dimension 0, but got 1:4",
        ),
        (
            "stablehlo.dynamic_pad %0, %1, %2, %3, %4",
            "tensor<3xi32>, tensor<i32>, tensor<1xi32>, tensor<1xi32>, tensor<1xi32> -> tensor<?xi32>",
            [A[0], scalar(0), *(np.array([v], np.int32) for v in (-3, -1, 0))],
            "(C4) expects a result of at least size 0 in dimension 0, but got -1",
        ),
        (
            "stablehlo.set_dimension_size %0, %1, dim = 0",
            "tensor<3xi32>, tensor<i32> -> tensor<?xi32>",
            [A[0], scalar(4)],
            "expects a size from 0 to 3 of dimension 0, but got 4",
        ),
        (
            "stablehlo.broadcast_in_dim %0, dims = [0]",
            "tensor<3xi32> -> tensor<?xi32>",
            [A[0]],
            "expects a result of known sizes, but got [?]",
        ),
    ],
)
def test_sizes_that_do_not_fit(text, types, operands, message, in_program):
    from tfrt import KernelError

    with pytest.raises(KernelError) as caught:
        in_program(text, types, *operands)
    assert caught.value.message == message


@pytest.mark.parametrize(
    ("message", "op", "operands", "attributes"),
    [
        ("(C1) expects iota_dimension in [0, 1), but got 1", "iota", [],
         {"shape": [2], "dtype": DType.I32, "iota_dimension": 1}),
        ("expects a shape of sizes of at least 0, but got [-2]", "iota", [],
         {"shape": [-2], "dtype": DType.I32, "iota_dimension": 0}),
        ("missing attribute 'dtype' of op 'stablehlo.dynamic_iota'", "dynamic_iota", [np.array([2])],
         {"iota_dimension": 0}),
        ("(C2) expects output_shape to be a vector of integers, but got f32 [1]", "dynamic_iota",
         [np.ones(1, np.float32)], {"iota_dimension": 0, "dtype": DType.I32}),
        ("(C2) expects edge_padding_low to be a vector of 2 integers, but got i64 [1]", "dynamic_pad",
         [A, scalar(0), *[np.array([0])] * 3], {}),
        ("(C4) expects broadcast_dimensions to be unique, but got [0, 0]", "broadcast_in_dim", [A],
         {"broadcast_dimensions": [0, 0], "shape": [2, 3]}),
        ("(C2) expects broadcast_sizes of at least 0, but got -1", "broadcast", [A], {"broadcast_sizes": [-1]}),
        ("missing attribute 'shape' of op 'stablehlo.reshape'", "reshape", [A], {}),
        ("(C2) expects as many elements in the result as in the operand, 6, but got 4", "reshape", [A],
         {"shape": [4]}),
        ("(C2) expects a permutation of the numbers below 2, but got [0, 0]", "transpose", [A],
         {"permutation": [0, 0]}),
        ("(C3) expects dimensions in [0, 2), but got 2", "reverse", [A], {"dimensions": [2]}),
        ("(C4) expects strides of at least 1, but got 0 in dimension 0", "slice", [A],
         {"start_indices": [0, 0], "limit_indices": [1, 1], "strides": [0, 1]}),
        ("(C1) expects one element type, but got i32, f64", "concatenate", [A, np.ones((1, 3))], {"dimension": 0}),
        ("(C1) expects a padding_value of one i32, but got i64 []", "pad", [A, scalar(0, np.int64)],
         {"edge_padding_low": [0, 0], "edge_padding_high": [0, 0], "interior_padding": [0, 0]}),
        ("(C3) expects interior_padding of at least 0, but got -1", "pad", [A, scalar(0)],
         {"edge_padding_low": [0, 0], "edge_padding_high": [0, 0], "interior_padding": [-1, 0]}),
        ("(C1) expects dimension in [0, 2), but got 2", "get_dimension_size", [A], {"dimension": 2}),
        ("(C1) expects dimension in [0, 2), but got -1", "set_dimension_size", [A, scalar(1)], {"dimension": -1}),
    ],
)  # fmt: skip
def test_what_is_refused(message, op, operands, attributes, fails):
    fails(message, f"stablehlo.{op}", *operands, **attributes)


def test_views_are_not_copied():
    """Forms of ops that only look elsewhere give views; a reshape does where strides allow."""
    from tfrt.executor.declarations.metadata import TensorMetadata
    from tfrt.executor.declarations.op_registry import CPU_OPS

    x = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    known = TensorMetadata(DType.F32, x.shape)
    for name, attributes, shape in (
        ("broadcast_in_dim", {"broadcast_dimensions": [0, 2, 3]}, (2, 5, 3, 4)),
        ("broadcast", {"broadcast_sizes": [2]}, (2, 2, 3, 4)),
        ("reshape", {}, (6, 4)),
        ("transpose", {"permutation": [2, 0, 1]}, (4, 2, 3)),
        ("reverse", {"dimensions": [0, 2]}, (2, 3, 4)),
        ("slice", {"start_indices": [0, 1, 0], "limit_indices": [2, 3, 4], "strides": [1, 1, 2]}, (2, 2, 2)),
    ):
        entry = CPU_OPS.get(f"stablehlo.{name}")
        found = entry.arrays((known,), attributes, None, (TensorMetadata(DType.F32, shape),))(x)
        assert (entry.views, found.shape) == (True, shape)
        assert np.shares_memory(found, x), name


PADDINGS = st.tuples(st.integers(0, 4), st.integers(-5, 5), st.integers(-5, 5), st.integers(0, 3))


@settings(max_examples=60)
@given(dims=st.lists(PADDINGS, min_size=1, max_size=2))
def test_pad_is_what_the_specification_says(dims, array):
    sizes, low, high, interior = zip(*dims, strict=True)
    result = [n + lo + max(n - 1, 0) * i + h for n, lo, h, i in zip(sizes, low, high, interior, strict=True)]
    if min(result) < 0:
        return
    x = np.arange(1, 1 + np.prod(sizes)).reshape(sizes)
    expected = np.zeros(result, x.dtype)
    for index in np.ndindex(*sizes):
        place = tuple(lo + i * (between + 1) for lo, i, between in zip(low, index, interior, strict=True))
        if all(0 <= i < size for i, size in zip(place, result, strict=True)):
            expected[place] = x[index]
    found = array(
        "stablehlo.pad",
        x,
        np.zeros((), x.dtype),
        edge_padding_low=low,
        edge_padding_high=high,
        interior_padding=interior,
    )
    assert found.shape == expected.shape
    assert found.tolist() == expected.tolist()
