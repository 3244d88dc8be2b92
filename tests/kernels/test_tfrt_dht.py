"""Kernels of `tfrt_dht` and `tfrt_dht_sync`, called as the executor calls them."""

import io
import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from tests.kernels.direct_calls import call, fails
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.values.chain import CHAIN
from tfrt.executor.values.dtype import DType
from tfrt.executor.values.tensor import DenseHostTensor, HostBuffer, StringHostTensor, dense_from_numpy

TYPES = {
    "ui8": DType.UI8,
    "ui16": DType.UI16,
    "ui32": DType.UI32,
    "ui64": DType.UI64,
    "i8": DType.I8,
    "i32": DType.I32,
    "i64": DType.I64,
    "bool": DType.I1,
    "f32": DType.F32,
    "f64": DType.F64,
    "complex64": DType.COMPLEX64,
    "complex128": DType.COMPLEX128,
}
PARTS = {DType.COMPLEX64: DType.F32, DType.COMPLEX128: DType.F64}
HALVES = {"f16": DType.F16, "bf16": DType.BF16}
ULPS = {"": 2, "3ulp.": 3, "1000ulp.": 1000, "2000ulp.": 2000, "100000ulp.": 100000}


@pytest.fixture
def out():
    return io.StringIO()


@pytest.fixture
def host(out):
    with HostContext("s", out=out) as context:
        yield context


def i32(values):
    return dense_from_numpy(np.array(values, np.int32))


def f32(values):
    return dense_from_numpy(np.array(values, np.float32))


@pytest.mark.parametrize("dialect", ["tfrt_dht", "tfrt_dht_sync"])
@pytest.mark.parametrize(("suffix", "dtype"), (TYPES | HALVES).items())
def test_creating_and_setting(dialect, suffix, dtype):
    chains = [CHAIN] if dialect == "tfrt_dht" else []
    for rank in range(6):
        shape = (2, 1, 3, 1, 1)[:rank]
        tensor = call(f"{dialect}.create_uninitialized_tensor.{suffix}.{rank}", shape=shape)
        assert (tensor.dtype, tensor.shape) == (dtype, shape)
    tensor = call(f"{dialect}.create_uninitialized_tensor.{suffix}.2", shape=(2, 1))
    parts = (1.0, -2.0, 0.5, 4.0) if dtype in PARTS else (1, 0)
    result = call(f"{dialect}.set_tensor_with_constant_values.{suffix}", tensor, *chains, values=parts)
    assert result is (CHAIN if chains else None)
    assert tensor.array.tolist() == ([[1 - 2j], [0.5 + 4j]] if dtype in PARTS else [[1], [0]])


@pytest.mark.parametrize(("suffix", "dtype"), TYPES.items())
def test_filling(suffix, dtype):
    tensor = DenseHostTensor.uninitialized(dtype, (2, 2))
    value = (1.5, -1.0) if dtype in PARTS else 1
    assert call(f"tfrt_dht.fill_tensor_with_constant.{suffix}", tensor, CHAIN, value=value) is CHAIN
    assert (tensor.array == (1.5 - 1j if dtype in PARTS else 1)).all()
    scalar = DenseHostTensor.uninitialized(dtype, ())
    call(f"tfrt_dht.fill_tensor_with_constant.{suffix}", scalar, CHAIN, value=value)
    assert scalar.array == tensor.array[0, 0]


def test_sixteen_bit_floats():
    for suffix, dtype in HALVES.items():
        tensor = DenseHostTensor.uninitialized(dtype, (2,))
        call(f"tfrt_dht.fill_tensor_with_constant.{suffix}", tensor, CHAIN, value=-1.5)
        bits = {DType.F16: 0xBE00, DType.BF16: 0xBFC0}[dtype]
        assert tensor.array.view(np.uint16).tolist() == [bits, bits]
        call(f"tfrt_dht.set_tensor_with_values.{suffix}", tensor, CHAIN, 0.0, -1.5)
        assert tensor.array.view(np.uint16).tolist() == [0, bits]


def test_complex_constants_have_two_parts():
    tensor = DenseHostTensor.uninitialized(DType.COMPLEX64, (1,))
    fails(
        "a complex constant has a real and an imaginary part, got 1 numbers",
        "tfrt_dht.fill_tensor_with_constant.complex64",
        tensor,
        CHAIN,
        value=(1.0,),
    )


@pytest.mark.parametrize(("suffix", "dtype"), TYPES.items())
def test_setting_from_operands(suffix, dtype):
    tensor = DenseHostTensor.uninitialized(dtype, (3,))
    values = [True, False, True] if dtype is DType.I1 else [1, 0, 100]
    assert call(f"tfrt_dht.set_tensor_with_values.{suffix}", tensor, CHAIN, *values) is CHAIN
    assert tensor.array.tolist() == values


def test_the_number_of_values_must_fit():
    tensor = i32([0, 0, 0])
    message = "Incorrect number of values for the tensor: 2, but expected 3"
    fails(message, "tfrt_dht.set_tensor_with_constant_values.i32", tensor, CHAIN, values=(1, 2))
    fails(message, "tfrt_dht_sync.set_tensor_with_constant_values.i32", tensor, values=(1, 2))
    fails(message, "tfrt_dht.set_tensor_with_values.i32", tensor, CHAIN, 1, 2)
    fails(
        "Incorrect number of real and imaginary values for the complex tensor: 3, but expected 4",
        "tfrt_dht.set_tensor_with_constant_values.complex64",
        dense_from_numpy(np.zeros(2, np.complex64)),
        CHAIN,
        values=(1.0, 2.0, 3.0),
    )


def test_the_element_type_must_fit():
    message = "expected a tensor of dtype f32, got i32"
    fails(message, "tfrt_dht.fill_tensor_with_constant.f32", i32([0]), CHAIN, value=1.0)
    fails(message, "tfrt_dht.set_tensor_with_constant_values.f32", i32([0]), CHAIN, values=(1.0,))
    fails(message, "tfrt_dht.set_tensor_with_values.f32", i32([0]), CHAIN, 1.0)


@pytest.mark.parametrize(("suffix", "dtype"), (TYPES | HALVES).items())
def test_tensors_of_buffers(suffix, dtype):
    size = 6 * dtype.numpy.itemsize
    buffer = call("tfrt_dht.allocate_buffer", size, 64)
    buffer.memory[...] = 0
    tensor, chain = call(f"tfrt_dht.make_tensor.{suffix}", buffer, (2, 3), CHAIN)
    assert chain is CHAIN
    assert (tensor.dtype, tensor.array.tolist()) == (dtype, [[0] * 3] * 2)
    twin = call(f"tfrt_dht_sync.make_tensor.{suffix}", buffer, (6,))
    twin.array[5] = 1
    assert tensor.array[1, 2] == 1

    fails(
        f"dht.make_tensor failed: buffer_size ({size}) is not equal to the number of elements in shape ([7]) "
        f"times element size ({dtype.numpy.itemsize})",
        f"tfrt_dht.make_tensor.{suffix}",
        buffer,
        (7,),
        CHAIN,
    )
    fails(
        f"tfrt_dht_sync.make_tensor failed: buffer_size ({size}) is not equal to the number of elements in "
        f"shape ([]) times element size ({dtype.numpy.itemsize})",
        f"tfrt_dht_sync.make_tensor.{suffix}",
        buffer,
        (),
    )


def test_buffers(host, out):
    tensor = i32([1, 2, 3, 4])
    buffer, chain = call("tfrt_dht.get_buffer", tensor, CHAIN)
    assert chain is CHAIN
    for dialect in ("tfrt_dht", "tfrt_dht_sync"):
        part = call(f"{dialect}.get_buffer_slice", buffer, 8, 4)
        assert part.memory.view(np.int32).tolist() == [3]
        assert isinstance(call(f"{dialect}.allocate_buffer", 16, 8), HostBuffer)
    fails(
        "slice of 12 bytes at offset 8 does not lie within the buffer of 16 bytes",
        "tfrt_dht.get_buffer_slice",
        buffer,
        8,
        12,
    )
    assert call("tfrt_dht.print_buffer", part, CHAIN, host) is CHAIN
    assert out.getvalue() == f"HostBuffer<pointer={tensor.array.ctypes.data + 8:#x}, size=4>\n"


def test_printing_and_shapes(host, out):
    tensor = i32([[1, 2]])
    assert call("tfrt_dht.print_tensor", tensor, CHAIN, host) is CHAIN
    assert call("tfrt_dht_sync.print_tensor", StringHostTensor((1,), ("a",)), host) is None
    assert call("tfrt_dht.print_tensor_shape", tensor, CHAIN, host) is CHAIN
    assert call("tfrt_dht.no_op_ht", tensor, CHAIN) is CHAIN
    assert call("tfrt_dht.no_op_ht", tensor) is CHAIN
    assert out.getvalue() == (
        "DenseHostTensor dtype = i32, shape = [1, 2], values = [1, 2]\n"
        'StringHostTensor shape = [1], values = ["a"]\n'
        "[1, 2]\n"
    )
    for dialect in ("tfrt_dht", "tfrt_dht_sync"):
        assert call(f"{dialect}.get_tensor_shape", tensor) == (1, 2)


@pytest.mark.parametrize(("suffix", "dtype"), TYPES.items())
def test_comparing(suffix, dtype):
    a, b, c = (dense_from_numpy(np.array(v, dtype.numpy)) for v in ([1, 0], [1, 0], [1, 1]))
    reshaped = dense_from_numpy(b.array.reshape(1, 2))
    other = dense_from_numpy(np.array([1, 0], np.int16))
    names = [f"tensor_equal.{suffix}", *(f"tensor_allclose.{infix}{suffix}" for infix in ULPS)]
    for name in names:
        assert call(f"tfrt_dht.{name}", a, b, CHAIN) == (True, CHAIN)
        for different in (c, reshaped, other):
            assert call(f"tfrt_dht.{name}", a, different, CHAIN) == (False, CHAIN)


def test_nan_and_infinity_are_close_to_nothing():
    for value in (np.nan, np.inf):
        tensor = f32([value])
        assert call("tfrt_dht.tensor_equal.f32", tensor, tensor, CHAIN)[0] is (value == np.inf)
        assert call("tfrt_dht.tensor_allclose.f32", tensor, tensor, CHAIN)[0] is False


@pytest.mark.parametrize(("infix", "ulps"), ULPS.items())
@pytest.mark.parametrize(("suffix", "dtype"), [("f32", np.float32), ("f64", np.float64)])
def test_tolerance_is_in_units_of_the_last_place(infix, ulps, suffix, dtype):
    # Relative to the sum: twice the tolerance in the elements' own units.
    one, eps = dtype(1), np.finfo(dtype).eps
    for steps, close in ((2 * ulps, True), (3 * ulps, False)):
        tensors = [dense_from_numpy(np.array([value])) for value in (one, dtype(one + steps * eps))]
        assert call(f"tfrt_dht.tensor_allclose.{infix}{suffix}", *tensors, CHAIN)[0] is close
    for this, other in itertools.product((1, 1j), repeat=2):
        pair = [dense_from_numpy(np.array([v], "complex64")) for v in (this, other)]
        assert call(f"tfrt_dht.tensor_allclose.{infix}complex64", *pair, CHAIN)[0] is (this == other)


def test_subnormal_differences_are_close():
    tensors = f32([1e-39]), f32([0.0])
    assert call("tfrt_dht.tensor_allclose.f32", *tensors, CHAIN)[0] is True
    assert call("tfrt_dht.tensor_equal.f32", *tensors, CHAIN)[0] is False


@given(npst.arrays(np.float32, st.integers(0, 8)), npst.arrays(np.float32, st.integers(0, 8)))
def test_equal_agrees_with_numpy(a, b):
    found, _ = call("tfrt_dht.tensor_equal.f32", dense_from_numpy(a), dense_from_numpy(b), CHAIN)
    assert found is np.array_equal(a, b)
    if found and np.isfinite(a).all() and (np.abs(a) < 1e38).all():
        assert call("tfrt_dht.tensor_allclose.f32", dense_from_numpy(a), dense_from_numpy(b), CHAIN)[0]


def test_string_tensors():
    tensor = call("tfrt_sht.create_tensor", shape=(2, 1), values=("a", "b"))
    assert str(tensor) == 'StringHostTensor shape = [2, 1], values = ["a", "b"]'
    fails("Shape mismatch", "tfrt_sht.create_tensor", shape=(3,), values=("a", "b"))


def test_synchronous_shapes():
    shape = call("ts_sync.build_shape", value=(2, 3))
    assert call("ts_sync.get_num_elements", shape) == 6
    partial = call("ts_sync.to_partial_shape", shape)
    assert call("ts_sync.to_shape", partial) == shape
    fails(
        "Unknown dimensions at following indices = [0]",
        "ts_sync.to_shape",
        call("ts_sync.build_partial_shape", value=(-1, 3)),
    )
