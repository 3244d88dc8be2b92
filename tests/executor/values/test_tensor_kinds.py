"""The kinds of host tensors: how they print, and conversions between them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.dtype import DType
from tfrt.executor.values.tensor import (
    CooHostTensor,
    DenseHostTensor,
    ScalarHostTensor,
    StringHostTensor,
    convert,
    dense_from_numpy,
    elements,
    numbers,
    to_coo,
    to_dense,
)

NUMBERS = npst.arrays(
    dtype=st.sampled_from([np.dtype(name) for name in ("i1", "u1", "i4", "i8", "u8", "f2", "f4", "f8", "c8", "?")]),
    shape=npst.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4),
)


def dense(values, dtype):
    return dense_from_numpy(np.array(values, dtype))


def coo(shape, indices, values, dtype=np.int32):
    rows = np.array(indices, np.int64).reshape(len(values), len(shape))
    listed = dense(values, dtype)
    return CooHostTensor(shape, listed.dtype, dense_from_numpy(rows), listed)


@pytest.mark.parametrize(
    ("dtype", "value", "printed"),
    [
        (DType.I32, -5, "i32, shape = [2, 3], value = -5"),
        (DType.UI8, 200, "u8, shape = [2, 3], value = 200"),
        (DType.I1, True, "i1, shape = [2, 3], value = 1"),
        (DType.F32, 1.5, "f32, shape = [2, 3], value = 1.500000e+00"),
        (DType.F16, 1.5, "f16, shape = [2, 3], value = fp16(15872)"),
        (DType.BF16, 2.5, "bf16, shape = [2, 3], value = bf16(16416)"),
        (DType.COMPLEX64, 1 - 2j, "complex64, shape = [2, 3], value = (1.000000e+00,-2.000000e+00)"),
    ],
)
def test_printed_scalar_tensor(dtype, value, printed):
    assert str(ScalarHostTensor(dtype, (2, 3), value)) == f"ScalarHostTensor dtype = {printed}"


def test_printed_sparse_tensor_ends_its_line():
    tensor = coo((3, 2), [[0, 1], [2, 0]], [0.5, -1], np.float32)
    assert str(tensor) == (
        "CooHostTensor dtype = f32, shape = [3, 2], indices = [0, 1, 2, 0], values = [5.000000e-01, -1.000000e+00]\n"
    )
    assert str(coo((2,), [], [])) == "CooHostTensor dtype = i32, shape = [2], indices = [], values = []\n"


def test_kinds_have_the_names_of_the_reference():
    kinds = {kind.kind for kind in (DenseHostTensor, StringHostTensor, ScalarHostTensor, CooHostTensor)}
    assert kinds == {"DenseHost", "StringHost", "ScalarHost", "CooHost"}
    assert StringHostTensor((1,), ("a",)).dtype is DType.STRING


@given(array=NUMBERS)
def test_dense_to_sparse_and_back(array):
    tensor = dense_from_numpy(array)
    sparse = to_coo(tensor)
    assert sparse.shape == array.shape
    assert sparse.dtype is tensor.dtype is sparse.values.dtype
    assert sparse.indices.shape == (np.count_nonzero(array), array.ndim)
    assert sparse.values.shape == (np.count_nonzero(array),)
    back = to_dense(sparse)
    assert back.dtype is tensor.dtype
    np.testing.assert_array_equal(back.array, array)


@given(array=NUMBERS)
def test_dense_is_dense_already_and_copied_when_converted(array):
    tensor = dense_from_numpy(array)
    assert to_dense(tensor) is tensor
    copy = convert(tensor, "DenseHost")
    np.testing.assert_array_equal(copy.array, array)
    assert not np.shares_memory(copy.array, tensor.array)


@given(array=NUMBERS.filter(lambda array: array.size))
def test_scalar_to_dense(array):
    dtype = DType.of(array)
    (value,) = numbers(array.reshape(-1)[:1], dtype)
    tensor = convert(ScalarHostTensor(dtype, array.shape, value), "DenseHost")
    assert tensor.dtype is dtype
    np.testing.assert_array_equal(tensor.array, np.full(array.shape, array.reshape(-1)[0]))


@pytest.mark.parametrize("dtype", [DType.BF16, DType.F16, DType.F32, DType.I8, DType.COMPLEX128])
def test_numbers_are_the_inverse_of_elements(dtype):
    assert numbers(elements([0, 1, -2], dtype), dtype) == [0, 1, -2]


def test_scalar_of_any_shape_and_type_becomes_dense():
    assert str(to_dense(ScalarHostTensor(DType.BF16, (2,), 2.5))) == (
        "DenseHostTensor dtype = bf16, shape = [2], values = [bf16(16416), bf16(16416)]"
    )
    assert to_dense(ScalarHostTensor(DType.I32, (), 7)).array.tolist() == 7
    assert to_dense(ScalarHostTensor(DType.I32, (2, 0), 7)).array.tolist() == [[], []]


def test_the_last_of_elements_listed_twice_counts():
    assert to_dense(coo((3,), [1, 1, 2], [5, 6, 7])).array.tolist() == [0, 6, 7]
    assert to_dense(coo((), [], [])).array.tolist() == 0


@pytest.mark.parametrize(
    ("tensor", "value"),
    [
        (coo((2, 2), [], []), 0),
        (coo((0, 2), [], []), 0),
        (coo((1, 1), [[0, 0]], [5]), 5),
        (coo((1,), [0, 0], [5, 6]), 6),
        (coo((1,), [], []), 0),
        (coo((), [[]], [1.5], np.float32), 1.5),
    ],
)
def test_sparse_to_scalar(tensor, value):
    scalar = convert(tensor, "ScalarHost")
    assert isinstance(scalar, ScalarHostTensor)
    assert (scalar.dtype, scalar.shape, scalar.value) == (tensor.dtype, tensor.shape, value)
    assert to_dense(scalar).array.tolist() == to_dense(tensor).array.tolist()


def test_immutable_tensors_are_their_own_copies():
    for tensor in (ScalarHostTensor(DType.I32, (2,), 1), StringHostTensor((1,), ("a",))):
        assert convert(tensor, tensor.kind) is tensor


@pytest.mark.parametrize(
    ("tensor", "kind", "message"),
    [
        (coo((2,), [0], [5]), "ScalarHost", "failed to convert coo tensor to scalar host tensor"),
        (dense([1], np.int32), "ScalarHost", "cannot find conversion function for [DenseHost]->[ScalarHost]"),
        (coo((2,), [0], [5]), "StringHost", "cannot find conversion function for [CooHost]->[StringHost]"),
        (
            StringHostTensor((), ("a",)),
            "DenseHost",
            "cannot find conversion function for [StringHost]->[DenseHost]",
        ),
        (coo((2,), [0], [5]), "Unknown", "cannot find conversion function for [CooHost]->[Unknown]"),
        (ScalarHostTensor(DType.I8, (1 << 60,), 1), "DenseHost", "out of memory copying tensor"),
        (coo((1 << 60,), [], []), "DenseHost", "out of memory converting coo tensor to dht tensor"),
        (coo((1 << 63, 0), [], []), "DenseHost", "out of memory converting coo tensor to dht tensor"),
        (coo(((1 << 64) - 1,), [], []), "DenseHost", "out of memory converting coo tensor to dht tensor"),
        (
            coo((3, 2), [[0, 0], [1, 2]], [5, 6]),
            "DenseHost",
            "index 2 is outside dimension 1 of a coo tensor of shape [3, 2]",
        ),
        (coo((3,), [-1], [5]), "DenseHost", "index -1 is outside dimension 0 of a coo tensor of shape [3]"),
    ],
)
def test_impossible_conversions(tensor, kind, message):
    with pytest.raises(KernelError) as caught:
        convert(tensor, kind)
    assert str(caught.value) == message


def test_strings_have_no_dense_form():
    with pytest.raises(KernelError) as caught:
        to_dense(StringHostTensor((), ("a",)))
    assert str(caught.value) == "cannot find conversion function for [StringHost]->[DenseHost]"


@pytest.mark.parametrize(
    ("indices", "values", "message"),
    [
        (dense([[0]], np.int32), dense([1], np.int32), "expected a tensor of dtype i64, got i32"),
        (dense([0], np.int64), dense([1], np.int32), "expected a tensor of rank 2, got shape [1]"),
        (dense([[0]], np.int64), dense([1], np.int64), "expected a tensor of dtype i32, got i64"),
        (dense([[0]], np.int64), dense([[1]], np.int32), "expected a tensor of rank 1, got shape [1, 1]"),
        (
            dense([[0, 0]], np.int64),
            dense([1, 2], np.int32),
            "a coo tensor of shape [4] with 2 values needs indices of shape [2, 1], got [1, 2]",
        ),
    ],
)
def test_sparse_tensors_that_do_not_fit_together(indices, values, message):
    with pytest.raises(KernelError) as caught:
        CooHostTensor((4,), DType.I32, indices, values)
    assert str(caught.value) == message
