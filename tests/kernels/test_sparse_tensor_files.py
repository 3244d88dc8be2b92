"""Sparse tensors in BTF files: what a file lists is read, and nothing that does not fit."""

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

import tfrt
from tfrt.executor.declarations.kernel_registry import BUILTIN
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.dtype import DType
from tfrt.executor.values.tensor import dense_from_numpy, to_coo, to_dense
from tfrt.executor.values.tensor_files import read_btf_coo, write_btf

CODES = {DType.I8: 0, DType.I32: 2, DType.F32: 4}


def encode(shape, indices, values, layout=1):
    """A file with one tensor of that layout, whose payload is that of a sparse one."""
    rows, count = np.asarray(indices, np.int64), np.asarray(values)
    header = struct.pack("<QBB6x", len(shape), CODES[DType.of(count)], layout)
    payload = [
        np.array(shape, np.uint64),
        np.array(rows.shape, np.uint64),
        rows,
        np.array(count.shape, np.uint64),
        count,
    ]
    data = struct.pack("<2Q", 1, 16) + header + b"".join(part.tobytes() for part in payload)
    return data + bytes(-len(data) % 8)


FILE = encode((3, 2), [[0, 1], [2, 0]], np.array([5, 6], np.int32))


def refused(message, tmp_path, data, dtype=DType.I32, rank=2):
    path = tmp_path / "x.btf"
    path.write_bytes(data)
    with pytest.raises(KernelError) as caught:
        read_btf_coo(path, 0, dtype, rank)
    assert str(caught.value) == message


@pytest.mark.parametrize("rank", range(5))
@pytest.mark.parametrize("dtype", CODES)
@given(data=st.data())
@settings(max_examples=10, deadline=None)
def test_the_kernels_read_what_files_list(tmp_path_factory, dtype, rank, data):
    shape = data.draw(st.tuples(*[st.integers(0, 3)] * rank))
    array = data.draw(npst.arrays(dtype.numpy, shape, fill=st.just(0)))
    sparse = to_coo(dense_from_numpy(array))
    path = tmp_path_factory.mktemp("btf") / "sparse.btf"
    path.write_bytes(encode(array.shape, sparse.indices.array, sparse.values.array))
    tensor = BUILTIN.get(f"btf.read_coo_tensor.{dtype.mlir}.{rank}").function(str(path), 0)
    assert (tensor.dtype, tensor.shape) == (dtype, array.shape)
    np.testing.assert_array_equal(tensor.indices.array, sparse.indices.array)
    np.testing.assert_array_equal(to_dense(tensor).array, array)


def test_a_program_reads_a_sparse_tensor(tmp_path, host):
    path = tmp_path / "sparse.btf"
    path.write_bytes(FILE)
    text = f"""func.func @main() {{
  %ch0 = tfrt.new.chain
  %path = "tfrt_test.get_string"() {{value = "{path}"}} : () -> !tfrt.string
  %i = tfrt.constant.i32 0
  %t = "btf.read_coo_tensor.i32.2"(%path, %i) : (!tfrt.string, i32) -> !tfrt_tensor.tensor
  %ch1 = tfrt_dht.print_tensor %t, %ch0
  tfrt.return
}}"""
    tfrt.load(tfrt.compile(text), host=host)["main"]()
    host.quiesce()
    assert host.printed == "CooHostTensor dtype = i32, shape = [3, 2], indices = [0, 1, 2, 0], values = [5, 6]\n\n"


def test_tensors_are_those_expected(tmp_path):
    refused("unexpected tensor dtype i32. Expected dtype is f32", tmp_path, FILE, DType.F32)
    refused("unexpected tensor rank 2. Expected rank is 3", tmp_path, FILE, rank=3)
    write_btf(tmp_path / "dense.btf", [np.zeros((1, 1), np.int32)])
    dense = (tmp_path / "dense.btf").read_bytes()
    refused("unexpected tensor layout Row-Major Dense tensor", tmp_path, dense)
    with pytest.raises(KernelError) as caught:
        read_btf_coo(tmp_path / "dense.btf", 1, DType.I32, 2)
    assert str(caught.value).startswith("invalid tensor index 1 to read tensor from path ")


@pytest.mark.parametrize(
    ("size", "message"),
    [
        (40, "failed to read tensor dims at offset 16"),
        (56, "failed to read tensor dims at offset 48"),
        (95, "failed to read tensor data from stream at offset 48"),
        (96, "failed to read tensor dims at offset 96"),
        (111, "failed to read tensor data from stream at offset 96"),
    ],
)
def test_truncated_files(tmp_path, size, message):
    assert len(FILE) == 112
    refused(message, tmp_path, FILE[:size])


def test_parts_that_do_not_fit_together(tmp_path):
    values = np.array([5, 6], np.int32)
    message = (
        "the tensor is not corectly formatted, the indices and values tensors do not match in size "
        "COOrdinate list sparse tensor"
    )
    refused(message, tmp_path, encode((3, 2), [[0, 1]], values))
    message = "a coo tensor of shape [3, 2] with 2 values needs indices of shape [2, 2], got [4, 1]"
    refused(message, tmp_path, encode((3, 2), [[0], [1], [0], [1]], values))


@pytest.mark.parametrize(("index", "element", "limit"), [((1, 2), 2, 2), ((3, 0), 3, 3), ((-1, 0), (1 << 64) - 1, 3)])
def test_indices_outside_the_shape(tmp_path, index, element, limit):
    column = 1 if limit == 2 else 0
    message = (
        f"the indices tensor has an element at position 1, {column} that bigger than the respective dimension. "
        f"Element: {element}, limit: {limit}"
    )
    refused(message, tmp_path, encode((3, 2), [(0, 0), index], np.array([5, 6], np.int32)))


@given(position=st.integers(0, len(FILE) - 1), value=st.integers(0, 255))
@settings(max_examples=200, deadline=None)
def test_mutated_files_are_read_or_refused(tmp_path_factory, position, value):
    path = tmp_path_factory.mktemp("btf") / "x.btf"
    path.write_bytes(FILE[:position] + bytes([value]) + FILE[position + 1 :])
    try:
        tensor = read_btf_coo(path, 0, DType.I32, 2)
    except KernelError:
        return
    assert tensor.indices.array.nbytes + tensor.values.array.nbytes <= len(FILE)
