"""BTF and .npy files: what is written is read, and nothing else is."""

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from tfrt.executor.declarations.kernel_registry import BUILTIN
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.dtype import DType
from tfrt.executor.values.tensor import dense_from_numpy, to_coo, to_dense
from tfrt.executor.values.tensor_files import read_any_npy, read_btf, read_btf_coo, read_npy, write_btf

ARRAYS = npst.arrays(
    dtype=st.sampled_from([np.dtype(f"{kind}{size}") for kind in "iu" for size in (1, 2, 4, 8)])
    | st.sampled_from([np.dtype("f4"), np.dtype("f8"), np.dtype(">i4")]),
    shape=npst.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5),
)


@given(arrays=st.lists(ARRAYS, max_size=4))
@settings(max_examples=50, deadline=None)
def test_btf_round_trip(tmp_path_factory, arrays):
    path = tmp_path_factory.mktemp("btf") / "tensors.btf"
    write_btf(path, arrays)
    for index, array in enumerate(arrays):
        tensor = read_btf(path, index, DType.of(array), array.ndim)
        assert tensor.dtype is DType.of(array)
        assert tensor.array.flags.writeable
        np.testing.assert_array_equal(tensor.array, array)


@given(array=ARRAYS)
@settings(max_examples=50, deadline=None)
def test_npy_round_trip(tmp_path_factory, array):
    path = tmp_path_factory.mktemp("npy") / "tensor.npy"
    for order in ("C", "F"):
        np.save(path, np.asarray(array, order=order))
        tensor = read_npy(path, DType.of(array), array.ndim)
        np.testing.assert_array_equal(tensor.array, array)


@pytest.mark.parametrize("rank", range(5))
@pytest.mark.parametrize("suffix", ["i1", "ui8", "i8", "i32", "i64", "f32", "f64"])
def test_the_kernels_read_their_type_and_rank(tmp_path, suffix, rank):
    dtype = next(dtype for dtype in DType if dtype.mlir == suffix)
    shape = (2, 1, 3, 2)[:rank]
    array = np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(dtype.numpy)
    np.save(tmp_path / "x.npy", array)
    tensor = BUILTIN.get(f"tfrt_npy.read_dense_tensor.{suffix}.{rank}").function(str(tmp_path / "x.npy"))
    assert (tensor.dtype, tensor.shape, tensor.array.tolist()) == (dtype, array.shape, array.tolist())
    if suffix in ("i1", "f64"):
        return
    write_btf(tmp_path / "x.btf", [np.zeros(3, np.float32), array])
    tensor = BUILTIN.get(f"btf.read_dense_tensor.{suffix}.{rank}").function(str(tmp_path / "x.btf"), 1)
    assert (tensor.dtype, tensor.shape, tensor.array.tolist()) == (dtype, array.shape, array.tolist())


# [[1, 2], [3, 4]] as i32, then [0.5] as f32 and the header of a sparse tensor without content.
BTF = b"".join(
    [
        struct.pack("<4Q", 3, 32, 80, 112),
        struct.pack("<QBB6x2Q4i", 2, 2, 0, 2, 2, 1, 2, 3, 4),
        struct.pack("<QBB6xQf4x", 1, 4, 0, 1, 0.5),
        struct.pack("<QBB6x", 1, 4, 1),
    ]
)


def btf_file(tmp_path, data=BTF):
    path = tmp_path / "x.btf"
    path.write_bytes(data)
    return path


def test_btf_layout_is_that_of_the_reference(tmp_path):
    path = btf_file(tmp_path)
    assert read_btf(path, 0, DType.I32, 2).array.tolist() == [[1, 2], [3, 4]]
    assert read_btf(path, 1, DType.F32, 1).array.tolist() == [0.5]
    dense = tmp_path / "dense.btf"
    write_btf(dense, [np.array([[1, 2], [3, 4]], np.int32), np.array([0.5], np.float32)])
    assert dense.read_bytes() == struct.pack("<3Q", 2, 24, 72) + BTF[32:112]


@pytest.mark.parametrize(
    ("index", "dtype", "rank", "message"),
    [
        (3, DType.I32, 2, "invalid tensor index 3 to read tensor from path {path} which contains 3 tensors"),
        (
            -1,
            DType.I32,
            2,
            "invalid tensor index -1 to read tensor from path {path} which contains 3 tensors",
        ),
        (0, DType.F32, 2, "unexpected tensor dtype i32. Expected dtype is f32"),
        (0, DType.I32, 3, "unexpected tensor rank 2. Expected rank is 3"),
        (2, DType.F32, 1, "unexpected tensor layout COOrdinate list sparse tensor"),
    ],
)
def test_btf_tensors_are_those_expected(tmp_path, index, dtype, rank, message):
    path = btf_file(tmp_path)
    with pytest.raises(KernelError) as caught:
        read_btf(path, index, dtype, rank)
    assert str(caught.value) == message.format(path=path)


@pytest.mark.parametrize(
    ("size", "message"),
    [
        (0, "failed to read tensor num_tensors from path {path}"),
        (7, "failed to read tensor num_tensors from path {path}"),
        (12, "failed to read tensor offset from {path} for tensor index 0"),
        (40, "failed to read tensor header from stream at offset 32"),
        (56, "failed to read tensor dims at offset 32"),
        (76, "failed to read tensor data from stream at offset 32"),
    ],
)
def test_truncated_btf_files(tmp_path, size, message):
    path = btf_file(tmp_path, BTF[:size])
    with pytest.raises(KernelError) as caught:
        read_btf(path, 0, DType.I32, 2)
    assert str(caught.value) == message.format(path=path)


@pytest.mark.parametrize(
    ("offset", "value", "message"),
    [
        (
            8,
            struct.pack("<Q", 1 << 63),
            "failed to read tensor header from stream at offset 9223372036854775808",
        ),
        (40, b"\x0a", "unexpected tensor dtype BadDtype(10). Expected dtype is i32"),
        (41, b"\x09", "unexpected tensor layout Unknown"),
        (48, struct.pack("<Q", 1 << 62), "failed to read tensor data from stream at offset 32"),
        (48, struct.pack("<QQ", 0, 1 << 63), "failed to read tensor data from stream at offset 32"),
    ],
)
def test_corrupt_btf_files(tmp_path, offset, value, message):
    path = btf_file(tmp_path, BTF[:offset] + value + BTF[offset + len(value) :])
    with pytest.raises(KernelError) as caught:
        read_btf(path, 0, DType.I32, 2)
    assert str(caught.value) == message


@given(position=st.integers(0, len(BTF) - 1), value=st.integers(0, 255))
@settings(max_examples=200, deadline=None)
def test_mutated_btf_files_are_read_or_refused(tmp_path_factory, position, value):
    path = btf_file(tmp_path_factory.mktemp("btf"), BTF[:position] + bytes([value]) + BTF[position + 1 :])
    try:
        tensor = read_btf(path, 0, DType.I32, 2)
    except KernelError:
        return
    assert tensor.array.nbytes <= len(BTF)


def test_files_that_are_not_there(tmp_path):
    missing = tmp_path / "missing"
    for read in (lambda: read_btf(missing, 0, DType.F32, 1), lambda: read_npy(missing, DType.F32, 1)):
        with pytest.raises(KernelError) as caught:
            read()
        assert str(caught.value) == f"failed to open file {missing} for reading"


def test_complex_tensors_have_no_code_in_btf(tmp_path):
    with pytest.raises(TypeError, match=r"^tensors of complex<f32> cannot be written to a BTF file$"):
        write_btf(tmp_path / "x.btf", [np.zeros(1, np.complex64)])


def npy_file(tmp_path, array):
    path = tmp_path / "x.npy"
    np.save(path, array)
    return path


def test_npy_tensors_are_those_expected(tmp_path):
    path = npy_file(tmp_path, np.zeros((2, 3), np.float32))
    with pytest.raises(KernelError, match=r"^unexpected tensor dtype f32\. Expected dtype is i32$"):
        read_npy(path, DType.I32, 2)
    with pytest.raises(KernelError, match=r"^unexpected tensor rank 2\. Expected rank is 1$"):
        read_npy(path, DType.F32, 1)


def test_npy_files_that_are_cut_short(tmp_path):
    path = npy_file(tmp_path, np.zeros(100, np.float32))
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    with pytest.raises(KernelError) as caught:
        read_npy(path, DType.F32, 1)
    assert str(caught.value) == f"failed to read tensor data from {path}: the file is cut short"
    for size in range(128):
        path.write_bytes(whole[:size])
        with pytest.raises(KernelError):
            read_npy(path, DType.F32, 1)


def test_files_that_are_not_npy(tmp_path):
    path = tmp_path / "x.npy"
    path.write_bytes(b"PK\x03\x04 no array in here")
    with pytest.raises(KernelError) as caught:
        read_npy(path, DType.F32, 1)
    assert str(caught.value) == f"{path} is an archive; an .npy file holds one array"
    path.write_bytes(b"no array in here")
    with pytest.raises(KernelError) as caught:
        read_npy(path, DType.F32, 1)
    assert str(caught.value).startswith(f"{path} is not an .npy file of numbers: the magic string is not correct")
    path.write_bytes(b"\x93NUMPY\x09\x00")
    with pytest.raises(KernelError) as caught:
        read_npy(path, DType.F32, 1)
    assert str(caught.value) == f"{path} is not an .npy file of numbers: version 9.0 is not supported"


def npy_bytes(header: str, version: bytes = b"\1\0", elements: bytes = b"") -> bytes:
    encoded = header.encode("latin1")
    length = len(encoded).to_bytes(2 if version == b"\1\0" else 4, "little")
    return b"\x93NUMPY" + version + length + encoded + elements


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (-1, -4)}", "a dimension is negative"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (2.0,)}", "shape is not valid: (2.0,)"),
        ("{'descr': [()], 'fortran_order': False, 'shape': ()}", None),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': " + "(" * 300 + ")" * 300 + "}", None),
        ("{'descr': '<f4'}\n\n", None),
        ("{{}: 1}", None),
        ("1 +", None),
        ("\0", None),
        ("'", None),
        ("[" * 9000, None),
        ("  x\n y", None),
        ("{'descr': ('<f4', (2,)), 'fortran_order': False, 'shape': (1,)}", None),
        (
            "{'descr': 'M8[ns]', 'fortran_order': False, 'shape': (1,)}",
            "numpy dtype datetime64[ns] has no element type",
        ),
    ],
)
def test_headers_that_make_no_sense(tmp_path, header, reason):
    path = tmp_path / "x.npy"
    path.write_bytes(npy_bytes(header))
    with pytest.raises(KernelError) as caught:
        read_npy(path, DType.F32, 1)
    message = str(caught.value)
    assert message.startswith(f"{path} is not an .npy file of numbers: ")
    assert "\n" not in message and len(message) < 400
    if reason is not None:
        assert message == f"{path} is not an .npy file of numbers: {reason}"


@pytest.mark.parametrize(
    "shape", ["(2**62,)", "(4611686018427387904,)", "(0, 4611686018427387904, 99)", f"({'1, ' * 70})"]
)
def test_shapes_that_nobody_can_hold(tmp_path, shape):
    path = tmp_path / "x.npy"
    path.write_bytes(npy_bytes(f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}}}", elements=bytes(16)))
    with open(path, "rb") as stream, pytest.raises(KernelError):
        read_any_npy(stream, path)


def test_npy_files_of_bf16(tmp_path):
    path = tmp_path / "x.npy"
    np.save(path, np.array([[1, -2.5]]).astype(DType.BF16.numpy))
    with open(path, "rb") as stream:
        tensor = read_any_npy(stream, path)
    assert (tensor.dtype, tensor.array.dtype, tensor.array.tolist()) == (DType.BF16, DType.BF16.numpy, [[1, -2.5]])
    assert read_npy(path, DType.BF16, 2).array.tolist() == [[1, -2.5]]


def test_npy_files_of_objects_are_refused(tmp_path):
    path = tmp_path / "x.npy"
    np.save(path, np.array([{}]), allow_pickle=True)
    with pytest.raises(KernelError) as caught:
        read_npy(path, DType.F32, 1)
    assert str(caught.value) == (f"{path} is not an .npy file of numbers: numpy dtype object has no element type")


@pytest.mark.parametrize("dtype", [np.float32, np.int8, np.uint64])
def test_sparse_tensors_are_written_and_read(tmp_path, dtype):
    dense = np.zeros((3, 5), dtype)
    dense[0, 4], dense[2, 1], dense[2, 2] = 7, 1, 3
    element = DType.of(dense)
    write_btf(tmp_path / "t.btf", [to_coo(dense_from_numpy(dense)), dense])
    found = read_btf_coo(tmp_path / "t.btf", 0, element, 2)
    assert found.values.array.tolist() == [7, 1, 3]
    assert to_dense(found).array.tolist() == dense.tolist()
    assert read_btf(tmp_path / "t.btf", 1, element, 2).array.tolist() == dense.tolist()
