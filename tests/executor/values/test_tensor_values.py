"""Tensors and buffers: what they share, how they print, what they refuse."""

import numpy as np
import pytest

from tfrt.executor.declarations.kernel_registry import BUILTIN
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.dtype import DType
from tfrt.executor.values.tensor import (
    DenseHostTensor,
    HostBuffer,
    StringHostTensor,
    dense_from_numpy,
    elements,
    expect,
)


@pytest.mark.parametrize(
    ("array", "text"),
    [
        (np.array([[7, -7]], np.int32), "DenseHostTensor dtype = i32, shape = [1, 2], values = [7, -7]"),
        (np.array(2, np.int64), "DenseHostTensor dtype = i64, shape = [], values = [2]"),
        (np.zeros((0, 3), np.uint8), "DenseHostTensor dtype = u8, shape = [0, 3], values = []"),
        (np.array([-1], np.int8), "DenseHostTensor dtype = i8, shape = [1], values = [-1]"),
        (np.array([True, False]), "DenseHostTensor dtype = i1, shape = [2], values = [1, 0]"),
        (
            np.array([0.1, -2.5, 1e10], np.float32),
            "DenseHostTensor dtype = f32, shape = [3], values = [1.000000e-01, -2.500000e+00, 1.000000e+10]",
        ),
        (np.array([1e-300]), "DenseHostTensor dtype = f64, shape = [1], values = [1.000000e-300]"),
        (
            np.array([np.inf, -np.inf, np.nan]),
            "DenseHostTensor dtype = f64, shape = [3], values = [INF, -INF, nan]",
        ),
        (
            np.array([1 - 2j], np.complex64),
            "DenseHostTensor dtype = complex64, shape = [1], values = [(1.000000e+00,-2.000000e+00)]",
        ),
        (np.array([1.0], np.float16), "DenseHostTensor dtype = f16, shape = [1], values = [fp16(15360)]"),
        (
            np.arange(16, dtype=np.uint32),
            "DenseHostTensor dtype = u32, shape = [16], "
            "values = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]",
        ),
        (
            np.arange(17, dtype=np.uint64),
            "DenseHostTensor dtype = u64, shape = [17], "
            "values = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, ... ]",
        ),
    ],
)
def test_dense_tensors_print_as_the_reference_does(array, text):
    assert str(dense_from_numpy(array)) == text


def test_types_without_a_numpy_dtype_of_their_own_print_their_label():
    quantized = DenseHostTensor(np.array([2], np.uint8), DType.QUI8)
    assert str(quantized) == "DenseHostTensor dtype = qu8, shape = [1], values = [qu8(2)]"
    half = DenseHostTensor(elements([1.0, -2.0], DType.BF16), DType.BF16)
    assert str(half) == "DenseHostTensor dtype = bf16, shape = [2], values = [bf16(16256), bf16(49152)]"


def test_string_tensors_print_sixteen_strings():
    assert str(StringHostTensor((2,), ("a", "b"))) == 'StringHostTensor shape = [2], values = ["a", "b"]'
    many = str(StringHostTensor((33,), tuple("x" * 33)))
    assert many.count('"x"') == 16
    assert many.endswith('"x", ... ]')
    assert not str(StringHostTensor((32,), tuple("x" * 32))).endswith("... ]")


def test_a_tensor_shares_memory_with_its_array_and_its_buffer():
    array = np.arange(6, dtype=np.int32).reshape(2, 3)
    tensor = dense_from_numpy(array)
    assert tensor.numpy() is tensor.array
    tensor.buffer.memory[:4] = np.frombuffer(np.int32(-5).tobytes(), np.uint8)
    assert array[0, 0] == -5
    again = DenseHostTensor.of_buffer(tensor.buffer.slice(12, 12), DType.I32, (3,))
    again.array[...] = 9
    assert array.tolist() == [[-5, 1, 2], [9, 9, 9]]


def test_arrays_in_another_order_become_row_major_and_native():
    column_major = np.asfortranarray([[1, 2], [3, 4]], np.int32)
    tensor = dense_from_numpy(column_major)
    assert tensor.array.flags.c_contiguous
    assert tensor.array.tolist() == [[1, 2], [3, 4]]
    big_endian = dense_from_numpy(np.array([1, 2], ">i4"))
    assert big_endian.array.dtype == np.int32
    assert big_endian.array.dtype.isnative
    assert big_endian.array.tolist() == [1, 2]


def test_arrays_that_hold_no_numbers_are_no_tensors():
    with pytest.raises(TypeError, match=r"^numpy dtype object has no element type$"):
        dense_from_numpy(np.array([None]))


@pytest.mark.parametrize("alignment", [1, 2, 8, 64, 4096])
def test_buffers_are_aligned_as_asked(alignment):
    buffer = HostBuffer.allocate(100, alignment)
    assert buffer.size == 100
    address = buffer.memory.ctypes.data
    assert address % alignment == 0
    assert str(buffer) == f"HostBuffer<pointer={hex(address)}, size=100>"


@pytest.mark.parametrize(
    ("size", "alignment", "message"),
    [
        (8, 3, "buffer alignment must be a power of two, got 3"),
        (8, 0, "buffer alignment must be a power of two, got 0"),
        (-1, 8, "Cannot allocate host buffer of -1 bytes"),
        (1 << 62, 8, "Cannot allocate host buffer of 4611686018427387904 bytes"),
        (1 << 63, 8, "Cannot allocate host buffer of 9223372036854775808 bytes"),
    ],
)
def test_impossible_buffers(size, alignment, message):
    with pytest.raises(KernelError) as caught:
        HostBuffer.allocate(size, alignment)
    assert str(caught.value) == message


@pytest.mark.parametrize(("offset", "size"), [(-1, 4), (0, 9), (8, 1), (9, -1), (4, -1)])
def test_slices_stay_within_their_buffer(offset, size):
    with pytest.raises(KernelError) as caught:
        HostBuffer.allocate(8, 8).slice(offset, size)
    assert str(caught.value) == (f"slice of {size} bytes at offset {offset} does not lie within the buffer of 8 bytes")


@pytest.mark.parametrize("shape", [(-1,), (1 << 40, 1 << 40), (1 << 62,), (1 << 70,)])
def test_impossible_tensors(shape):
    with pytest.raises(KernelError) as caught:
        DenseHostTensor.uninitialized(DType.F32, shape)
    assert str(caught.value) == f"Cannot allocate tensor of shape {list(shape)}"


def test_kernels_check_element_type_and_rank():
    tensor = dense_from_numpy(np.zeros((2, 2), np.uint8))
    assert expect(tensor, DType.UI8, 2) is tensor.array
    with pytest.raises(KernelError, match=r"^expected a tensor of dtype f32, got u8$"):
        expect(tensor, DType.F32)
    with pytest.raises(KernelError, match=r"^expected a tensor of rank 1, got shape \[2, 2\]$"):
        expect(tensor, DType.UI8, 1)


def test_new_memory_holds_nothing_of_the_process():
    """Memory that has just been given back is what the next one of that size gets."""
    create = BUILTIN.get("tfrt_dht.create_uninitialized_tensor.i8.1").function
    allocate = BUILTIN.get("tfrt_dht.allocate_buffer").function
    for size in (16, 4096):
        for make in (lambda size: create(shape=(size,)).array, lambda size: allocate(size, 1).memory):
            found = make(size)
            found[:] = 0x55
            del found
            assert not make(size).any()
