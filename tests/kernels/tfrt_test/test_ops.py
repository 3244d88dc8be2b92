"""Ops of `tfrt_test`, executed through the core runtime as from Python: values, printed forms and errors."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

import tfrt
from tfrt.executor.core_runtime.core_runtime import CoreRuntime
from tfrt.executor.declarations.op_attrs import OpAttr
from tfrt.executor.declarations.op_registry import CPU_OPS
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.dtype import DType
from tfrt.executor.values.tensor import (
    CooHostTensor,
    DenseHostTensor,
    ScalarHostTensor,
    StringHostTensor,
    dense_from_numpy,
    to_coo,
)

ADDITIONS = ("tfrt_test.add", "tfrt_test.add.denseonly", "tfrt_test.add.denseonly2", "tfrt_test.add.denseonly3")
INTEGERS = ("u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8")

I32S = {"type": "I32", "is_array": True}


OPS = """
add add.denseonly add.denseonly2 add.denseonly3 argmax async.noop async.noop_no_md broadcast cast create_coo_tensor
create_dense_tensor create_from_scalar equal error.tensor identity identity_dense_only odd_collector print
print_address reduce_mean relu
"""


@pytest.mark.parametrize("op", OPS.split())
def test_the_op_exists(op):
    assert CPU_OPS.get(f"tfrt_test.{op}") is not None


@pytest.fixture
def runtime(any_host):
    return CoreRuntime.of(any_host)


def execute(runtime, op, *inputs, **attrs):
    """The tensor that an op has as its only result."""
    (handle,) = runtime.execute(op, *inputs, **attrs)
    return handle.result()


def fails(message, runtime, op, *inputs, **attrs):
    """Whether found at once or with the result: the op fails with that message."""
    with pytest.raises(KernelError) as caught:
        execute(runtime, op, *inputs, **attrs)
    assert caught.value.message == message


def i32(values):
    return np.array(values, np.int32)


def scalar(value, shape=(2, 2), dtype=DType.I32):
    return ScalarHostTensor(dtype, shape, value)


@pytest.mark.parametrize(
    ("attr", "printed"),
    [
        (OpAttr("I32", 5), "i32, shape = [2, 2], value = 5"),
        (OpAttr("UI8", 255), "u8, shape = [2, 2], value = 255"),
        (OpAttr("BOOL", True), "i1, shape = [2, 2], value = 1"),
        (OpAttr("F64", 0.5), "f64, shape = [2, 2], value = 5.000000e-01"),
        (7, "i64, shape = [2, 2], value = 7"),
        (1.5, "f32, shape = [2, 2], value = 1.500000e+00"),
    ],
)
def test_create_from_scalar(runtime, attr, printed):
    (handle,) = runtime.execute("tfrt_test.create_from_scalar", shape=(2, 2), value=attr)
    assert handle.shape == (2, 2)
    assert str(handle.result()) == f"ScalarHostTensor dtype = {printed}"


def test_create_from_scalar_needs_its_attributes(runtime):
    op = "tfrt_test.create_from_scalar"
    for attrs in ({"value": 1}, {"value": 1, "shape": 2}, {"value": 1, "shape": (2.5,)}):
        fails("tfrt_test.create_from_scalar must have 'shape' attribute", runtime, op, **attrs)
    for attrs in ({}, {"value": (1, 2)}, {"value": "text"}):
        fails("tfrt_test.create_from_scalar must have 'value' attribute", runtime, op, shape=(2,), **attrs)
    for value in (DType.I32, OpAttr("F16", 1.0), i32([1])):
        fails("tfrt_test.create_from_scalar unsupported dtype", runtime, op, shape=(2,), value=value)


def test_create_dense_tensor(runtime):
    op = "tfrt_test.create_dense_tensor"
    tensor = execute(runtime, op, shape=(2, 3), values=OpAttr(value=(1, 2, 3, 4, 5, 6), **I32S))
    assert str(tensor) == "DenseHostTensor dtype = i32, shape = [2, 3], values = [1, 2, 3, 4, 5, 6]"
    tensor = execute(runtime, op, shape=(1, 3), values=(0.5,))
    assert str(tensor).endswith("f32, shape = [1, 3], values = [5.000000e-01, 5.000000e-01, 5.000000e-01]")
    assert execute(runtime, op, shape=(), values=(True,)).array.tolist() is True
    assert execute(runtime, op, shape=(0,), values=()).array.tolist() == []


def test_create_dense_tensor_needs_its_attributes(runtime):
    op = "tfrt_test.create_dense_tensor"
    fails("missing 'shape' attribute", runtime, op, values=(1,))
    fails("missing 'values' attribute", runtime, op, shape=(1,))
    fails("'values' attribute should be an array of values", runtime, op, shape=(1,), values=1)
    message = "size of 'values' must either be 1 or match num of elements."
    fails(message, runtime, op, shape=(3,), values=(1, 2))
    dtypes = OpAttr("DTYPE", (DType.I32,), True)
    fails("tfrt_test.create_dense_tensor unsupported dtype", runtime, op, shape=(1,), values=dtypes)
    fails("Cannot allocate tensor of shape [-1]", runtime, op, shape=(-1,), values=(1,))


def test_create_coo_tensor(runtime):
    indices = np.array([[0, 1], [2, 0]])
    sparse = execute(runtime, "tfrt_test.create_coo_tensor", indices, i32([5, 6]), shape=(3, 2))
    assert isinstance(sparse, CooHostTensor)
    assert str(sparse) == "CooHostTensor dtype = i32, shape = [3, 2], indices = [0, 1, 2, 0], values = [5, 6]\n"
    dense = execute(runtime, "tfrt_test.identity_dense_only", sparse)
    assert dense.array.tolist() == [[0, 5], [0, 0], [6, 0]]


def test_create_coo_tensor_checks_what_it_is_given(runtime):
    op, indices, values = "tfrt_test.create_coo_tensor", np.array([[0, 1]]), i32([5])
    fails("tfrt_test.create_coo_tensor indices input must be rank 2", runtime, op, np.array([0]), values, shape=(3, 2))
    fails("tfrt_test.create_coo_tensor values input must be rank 1", runtime, op, indices, i32([[5]]), shape=(3, 2))
    fails("tfrt_test.create_coo_tensor must have 'shape' attribute", runtime, op, indices, values)
    message = "each test.create_coo_tensor index must have the same size as shape attribute"
    fails(message, runtime, op, indices, values, shape=(3,))
    fails("expected a tensor of dtype i64, got i32", runtime, op, i32([[0, 1]]), values, shape=(3, 2))
    message = "a coo tensor of shape [3, 2] with 2 values needs indices of shape [2, 2], got [1, 2]"
    fails(message, runtime, op, indices, i32([5, 6]), shape=(3, 2))
    outside = execute(runtime, op, indices, values, shape=(3, 1))
    message = "index 1 is outside dimension 1 of a coo tensor of shape [3, 1]"
    fails(message, runtime, "tfrt_test.identity", outside)


@pytest.mark.parametrize("op", ADDITIONS)
@given(data=st.data())
def test_additions_agree_with_numpy(op, data):
    dtype = np.dtype(data.draw(st.sampled_from([*INTEGERS, "?", "f4", "f8"])))
    shape = data.draw(npst.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4))
    lhs, rhs = (data.draw(npst.arrays(dtype, shape)) for _ in range(2))
    with HostContext("mstd:2") as host, np.errstate(all="ignore"):
        result = execute(CoreRuntime.of(host), op, lhs, rhs)
        assert isinstance(result, DenseHostTensor)
        np.testing.assert_array_equal(result.array, np.add(lhs, rhs))
    assert result.array.dtype == dtype


@pytest.mark.parametrize("op", ADDITIONS)
@pytest.mark.parametrize("shape", [(2, 2), (), (0,)])
def test_adding_scalar_tensors(runtime, op, shape):
    five, array = scalar(5, shape), np.full(shape, 7, np.int32)
    for pair in ((five, array), (array, five)):
        result = execute(runtime, op, *pair)
        assert isinstance(result, DenseHostTensor)
        assert result.array.tolist() == np.full(shape, 12).tolist()
    result = execute(runtime, op, five, five)
    assert isinstance(result, ScalarHostTensor if op == "tfrt_test.add" else DenseHostTensor)
    assert execute(runtime, "tfrt_test.identity", result).array.tolist() == np.full(shape, 10).tolist()


def test_sums_of_scalars_wrap_around(runtime):
    for dtype, value, expected in [
        (DType.I8, 100, -56),
        (DType.UI8, 200, 144),
        (DType.I64, 2**62, -(2**63)),
        (DType.I1, True, True),
        (DType.F32, 3e38, np.inf),
    ]:
        assert execute(runtime, "tfrt_test.add", *[scalar(value, dtype=dtype)] * 2).value == expected


@pytest.mark.parametrize("op", ADDITIONS)
def test_additions_that_cannot_be(runtime, op):
    fails("incompatible dtypes for test.add", runtime, op, i32([1]), np.array([1]))
    fails("arguments of test.add must have same shape", runtime, op, i32([1]), i32([1, 2]))
    fails("unsupported dtype for test.add", runtime, op, *[np.array([1], np.float16)] * 2)


def test_sparse_operands_are_made_dense(runtime):
    sparse = to_coo(dense_from_numpy(i32([[0, 1], [2, 0]])))
    for op in ADDITIONS:
        assert execute(runtime, op, sparse, sparse).array.tolist() == [[0, 2], [4, 0]]


@given(
    npst.arrays(
        st.sampled_from([np.dtype(name) for name in (*INTEGERS, "f2", "f4", "f8")]),
        npst.array_shapes(min_dims=0, max_dims=3, max_side=4),
    )
)
def test_relu(array):
    with HostContext("s") as host:
        result = execute(CoreRuntime.of(host), "tfrt_test.relu", array)
    np.testing.assert_array_equal(result.array, np.maximum(array, 0))
    assert result.dtype is DType.of(array)


@given(data=st.data())
def test_equal(data):
    shape = data.draw(npst.array_shapes(min_dims=0, max_dims=3, max_side=3))
    dtype = data.draw(st.sampled_from([np.dtype(name) for name in (*INTEGERS, "f2", "f4", "f8")]))
    lhs, rhs = (data.draw(npst.arrays(dtype, shape, elements=st.sampled_from([0, 1, 2]))) for _ in range(2))
    with HostContext("s") as host:
        result = execute(CoreRuntime.of(host), "tfrt_test.equal", lhs, rhs)
    assert result.array.dtype == dtype
    np.testing.assert_array_equal(result.array, lhs == rhs)


def test_operands_of_equal_must_match(runtime):
    fails("incompatible dtypes for element-wise op", runtime, "tfrt_test.equal", i32([1]), np.array([1]))
    message = "arguments to element-wise op must have identical shapes"
    fails(message, runtime, "tfrt_test.equal", i32([1]), i32([1, 2]))


@pytest.mark.parametrize(("type", "dtype"), [("f32", np.float32), ("f16", np.float16)])
def test_cast(runtime, type, dtype):
    for source in (i32([1, -2]), np.array([1.1, 1e9]), np.array([0.1], np.float16), np.array(3, np.uint8)):
        result = execute(runtime, "tfrt_test.cast", source, type=type)
        assert result.array.dtype == dtype
        with np.errstate(all="ignore"):
            np.testing.assert_array_equal(result.array, source.astype(dtype))


def test_cast_relu_cast_prints_as_in_the_reference(runtime):
    half = execute(runtime, "tfrt_test.cast", np.array([[-1]], np.float32), type="f16")
    positive = execute(runtime, "tfrt_test.relu", half)
    assert str(positive) == "DenseHostTensor dtype = f16, shape = [1, 1], values = [fp16(0)]"
    back = execute(runtime, "tfrt_test.cast", positive, type="f32")
    assert str(back) == "DenseHostTensor dtype = f32, shape = [1, 1], values = [0.000000e+00]"


def test_cast_needs_a_type_it_knows(runtime):
    fails("missing 'type' attribute", runtime, "tfrt_test.cast", i32([1]))
    fails("missing 'type' attribute", runtime, "tfrt_test.cast", i32([1]), type=1)
    fails("only casting to f32/f16 is supported", runtime, "tfrt_test.cast", i32([1]), type="i32")


def test_broadcast(runtime):
    result = execute(runtime, "tfrt_test.broadcast", i32([1, 2, 3]), shape=(2, 3))
    assert str(result) == "DenseHostTensor dtype = i32, shape = [2, 3], values = [1, 2, 3, 1, 2, 3]"
    assert execute(runtime, "tfrt_test.broadcast", np.float32([1]), shape=(0, 1)).array.shape == (0, 1)


def test_broadcasts_that_cannot_be(runtime):
    op = "tfrt_test.broadcast"
    fails("missing 'shape' attribute", runtime, op, i32([1]))
    fails("result shape must be 2 dimensional (for now)", runtime, op, i32([1]), shape=(1, 1, 1))
    fails("input dimension and target shape mismatch", runtime, op, i32([1]), shape=(2, 2))
    for operand in (i32(1), i32([[1]])):
        fails("only 1-D tensor is supported", runtime, op, operand, shape=(1, 1))
    fails("Cannot allocate tensor of shape [-1, 1]", runtime, op, i32([1]), shape=(-1, 1))


def test_argmax(runtime):
    result = execute(runtime, "tfrt_test.argmax", i32([[1, 3, 3], [5, -1, 2]]), axis=1)
    assert str(result) == "DenseHostTensor dtype = i32, shape = [2], values = [1, 0]"
    cube = np.arange(12, dtype=np.float32).reshape(2, 3, 2)
    assert execute(runtime, "tfrt_test.argmax", cube, axis=1).array.tolist() == [[2, 2], [2, 2]]
    nan = np.array([[np.nan, -1, 2], [np.nan, np.nan, np.nan]])
    assert execute(runtime, "tfrt_test.argmax", nan, axis=1).array.tolist() == [2, 0]


def test_reduce_mean(runtime):
    result = execute(runtime, "tfrt_test.reduce_mean", i32([[1, -3], [2, -4]]), axis=0)
    assert str(result) == "DenseHostTensor dtype = i32, shape = [2], values = [1, -3]"
    result = execute(runtime, "tfrt_test.reduce_mean", np.array([1, 2], np.float32), axis=0)
    assert str(result) == "DenseHostTensor dtype = f32, shape = [], values = [1.500000e+00]"
    assert np.isnan(execute(runtime, "tfrt_test.reduce_mean", np.zeros(0, np.float32), axis=0).array)


@given(npst.arrays(st.sampled_from([np.dtype(name) for name in INTEGERS]), st.tuples(st.integers(1, 300), st.just(2))))
def test_means_of_integers_wrap_around_and_round_toward_zero(array):
    with HostContext("s") as host:
        result = execute(CoreRuntime.of(host), "tfrt_test.reduce_mean", array, axis=0)
    assert result.array.dtype == array.dtype
    with np.errstate(all="ignore"):
        totals = array.sum(axis=0, dtype=array.dtype).tolist()
    expected = [abs(total) // len(array) * (1 if total >= 0 else -1) for total in totals]
    # Only the mean of one smallest integer, which has no positive counterpart, can be out of range. Integers that need
    # 64 bits with a sign and without, in one array, would become floats.
    assert result.array.tolist() == [np.array(mean).astype(array.dtype).item() for mean in expected]


@pytest.mark.parametrize(("op", "axis", "other"), [("argmax", 1, 0), ("reduce_mean", 0, 1)])
def test_axes_that_cannot_be(runtime, op, axis, other):
    matrix = i32([[1, 2]])
    fails("missing 'axis' attribute", runtime, f"tfrt_test.{op}", matrix)
    fails("missing 'axis' attribute", runtime, f"tfrt_test.{op}", matrix, axis="1")
    for outside in (2, -1):
        fails("axis must less than input rank", runtime, f"tfrt_test.{op}", matrix, axis=outside)
    fails(f"unsupported axis for {op}", runtime, f"tfrt_test.{op}", matrix, axis=other)


def test_reductions_of_nothing(runtime):
    message = "argmax of rows without elements: shape [2, 0]"
    fails(message, runtime, "tfrt_test.argmax", np.zeros((2, 0)), axis=1)
    message = "reduce_mean of integers without elements"
    fails(message, runtime, "tfrt_test.reduce_mean", np.zeros((0, 2), int), axis=0)


@pytest.mark.parametrize(
    ("op", "inputs", "attrs"),
    [
        ("relu", 1, {}),
        ("equal", 2, {}),
        ("cast", 1, {"type": "f32"}),
        ("broadcast", 1, {"shape": (2, 2)}),
        ("argmax", 1, {"axis": 1}),
        ("reduce_mean", 1, {"axis": 0}),
    ],
)
def test_element_types_that_are_not_supported(runtime, op, inputs, attrs):
    operand = np.ones(2 if op == "broadcast" else (2, 2), np.complex64)
    fails(f"unsupported dtype for {op}", runtime, f"tfrt_test.{op}", *[operand] * inputs, **attrs)


@given(values=st.lists(st.integers(-(2**31), 2**31 - 1)))
def test_odd_collector(values):
    with HostContext("s") as host:
        result = execute(CoreRuntime.of(host), "tfrt_test.odd_collector", i32(values))
    assert result.array.tolist() == [value for value in values if value % 2]


def test_odd_collector_takes_vectors_of_i32(runtime):
    fails("expected a 1D tensor input", runtime, "tfrt_test.odd_collector", i32([[1]]))
    fails("expected a i32 element type", runtime, "tfrt_test.odd_collector", np.array([1]))


def test_print_takes_every_kind(any_host):
    runtime = CoreRuntime.of(any_host)
    tensors = [
        i32([1, 2]),
        scalar(5),
        StringHostTensor((2,), ("alpha", "beta")),
        to_coo(dense_from_numpy(i32([0, 7]))),
    ]
    for tensor in tensors:
        assert runtime.execute("tfrt_test.print", tensor) == ()
    any_host.quiesce()
    assert any_host.printed == (
        "DenseHostTensor dtype = i32, shape = [2], values = [1, 2]\n"
        "ScalarHostTensor dtype = i32, shape = [2, 2], value = 5\n"
        'StringHostTensor shape = [2], values = ["alpha", "beta"]\n'
        "CooHostTensor dtype = i32, shape = [2], indices = [1], values = [7]\n\n"
    )


def test_print_address(any_host):
    runtime, array = CoreRuntime.of(any_host), i32([1])
    for tensor in (array, scalar(5), to_coo(dense_from_numpy(array))):
        assert runtime.execute("tfrt_test.print_address", tensor) == ()
    any_host.quiesce()
    assert any_host.printed == (
        f"DenseHostTensor: buffer={array.ctypes.data:#x}\nUnsupported tensor type\nUnsupported tensor type\n"
    )


@pytest.mark.parametrize("op", ["tfrt_test.identity", "tfrt_test.identity_dense_only"])
def test_identity(runtime, op):
    array = i32([1, 2])
    assert execute(runtime, op, array).array is array
    assert execute(runtime, op, scalar(5, (2,))).array.tolist() == [5, 5]


@pytest.mark.parametrize("op", ["tfrt_test.async.noop", "tfrt_test.async.noop_no_md"])
def test_async_noop_copies(runtime, op):
    array = i32([1, 2])
    (handle,) = runtime.execute(op, array)
    copy = handle.result().array
    assert copy.tolist() == [1, 2]
    assert not np.shares_memory(copy, array)
    assert handle.shape == (2,)
    assert str(execute(runtime, op, scalar(1))) == "ScalarHostTensor dtype = i32, shape = [2, 2], value = 1"
    (again,) = runtime.execute("tfrt_test.add", handle, handle)
    assert again.numpy().tolist() == [2, 4]


def test_metadata_of_async_noop(host):
    """Known at once with the metadata function, and with the tensor without."""
    runtime = CoreRuntime.of(host)
    (known,) = runtime.execute("tfrt_test.async.noop", i32([1]))
    (unknown,) = runtime.execute("tfrt_test.async.noop_no_md", i32([1]))
    assert not known.is_available
    assert not unknown.is_available
    assert re.fullmatch("future TensorHandle with metadata .*", str(known))
    assert str(unknown) == "fully future TensorHandle with unresolved metadata"
    host.quiesce()
    assert str(known) == str(unknown) == "DenseHostTensor dtype = i32, shape = [1], values = [1]"


def test_error_tensor_has_metadata(runtime):
    (handle,) = runtime.execute("tfrt_test.error.tensor", scalar(1))
    assert handle.shape == (2, 2)
    assert handle.error.message == "error from test.error.tensor implementation"
    fails("error from test.error.tensor implementation", runtime, "tfrt_test.add", handle, handle)


@pytest.mark.parametrize("op", ["identity", "identity_dense_only", "odd_collector", "async.noop_no_md"])
def test_strings_have_no_dense_form(runtime, op):
    strings = StringHostTensor((1,), ("a",))
    fails("Cannot implictly convert StringHost to DenseHost", runtime, f"tfrt_test.{op}", strings)


def test_print_address_does_not_take_strings(any_host):
    """The op has no result that could fail: the error is reported."""
    reported = []
    any_host.diagnostic_handler = reported.append
    CoreRuntime.of(any_host).execute("tfrt_test.print_address", StringHostTensor((1,), ("a",)))
    any_host.quiesce()
    assert any_host.printed == ""
    assert [d.message for d in reported] == ["runtime error: Cannot implictly convert StringHost to DenseHost"]


def test_ops_in_a_program(any_host):
    program = tfrt.load(
        tfrt.compile(
            """
func.func @main() -> !tfrt.chain {
  %ch0 = tfrt.new.chain
  %null = "corert.create_null_op_handler"() : () -> !corert.ophandler
  %cpu = "corert.create_cpu_op_handler"(%null) : (!corert.ophandler) -> !corert.ophandler
  %indices = corert.executeop(%cpu) "tfrt_test.create_dense_tensor"() {shape = [2, 2], values = [0, 1, 1, 0]} : 1
  %values = corert.executeop(%cpu) "tfrt_test.create_dense_tensor"() {shape = [2], values = [5 : i32, -6 : i32]} : 1
  %sparse = corert.executeop(%cpu) "tfrt_test.create_coo_tensor"(%indices, %values) {shape = [2, 2]} : 1
  %ch1 = corert.executeop.seq(%cpu, %ch0) "tfrt_test.print"(%sparse) : 0
  %sum = corert.executeop(%cpu) "tfrt_test.add.denseonly3"(%sparse, %sparse) : 1
  %relu = corert.executeop(%cpu) "tfrt_test.relu"(%sum) : 1
  %later = corert.executeop(%cpu) "tfrt_test.async.noop_no_md"(%relu) : 1
  %mean = corert.executeop(%cpu) "tfrt_test.reduce_mean"(%later) {axis = 0 : i32} : 1
  %odd = corert.executeop(%cpu) "tfrt_test.odd_collector"(%mean) : 1
  %rows = corert.executeop(%cpu) "tfrt_test.broadcast"(%odd) {shape = [3, 1]} : 1
  %half = corert.executeop(%cpu) "tfrt_test.cast"(%rows) {type = "f16"} : 1
  %ch2 = corert.executeop.seq(%cpu, %ch1) "tfrt_test.print"(%half) : 0
  %byte = corert.executeop(%cpu) "tfrt_test.create_from_scalar"() {shape = [1], value = 200 : ui8} : 1
  %wrapped = corert.executeop(%cpu) "tfrt_test.add"(%byte, %byte) : 1
  %ch3 = corert.executeop.seq(%cpu, %ch2) "tfrt_test.print"(%wrapped) : 0
  tfrt.return %ch3 : !tfrt.chain
}
"""
        ),
        host=any_host,
    )
    program["main"]()
    assert any_host.printed == (
        "CooHostTensor dtype = i32, shape = [2, 2], indices = [0, 1, 1, 0], values = [5, -6]\n\n"
        "DenseHostTensor dtype = f16, shape = [3, 1], values = [fp16(17664), fp16(17664), fp16(17664)]\n"
        "ScalarHostTensor dtype = u8, shape = [1], value = 144\n"
    )
