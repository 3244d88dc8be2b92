"""Kernels of `coo`: called as the executor calls them, and in programs."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

import tfrt
from tests.kernels.direct_calls import call, fails
from tfrt.dialects import get_dialects
from tfrt.executor.declarations.kernel_registry import BUILTIN
from tfrt.executor.values.chain import CHAIN
from tfrt.executor.values.dtype import DType
from tfrt.executor.values.tensor import CooHostTensor, DenseHostTensor, dense_from_numpy, to_coo

TYPES = {"f32": np.float32, "i32": np.int32}
RANKS = range(4)


def coo(values, dtype=np.int32):
    return to_coo(dense_from_numpy(np.array(values, dtype)))


def run(body):
    """What `main` prints; `body` gets a chain %ch0."""
    out = io.StringIO()
    with tfrt.HostContext("s", out=out) as host:
        text = f"func.func @main() {{\n  %ch0 = tfrt.new.chain\n{body}\n  tfrt.return\n}}"
        tfrt.load(tfrt.compile(text), host=host)["main"]()
        host.quiesce()
    return out.getvalue()


@pytest.mark.parametrize("rank", RANKS)
@pytest.mark.parametrize("suffix", TYPES)
@given(data=st.data())
def test_conversions_there_and_back(suffix, rank, data):
    shapes = npst.array_shapes(min_dims=rank, max_dims=rank, min_side=0, max_side=4) if rank else st.just(())
    array = data.draw(npst.arrays(TYPES[suffix], shapes, fill=st.just(0)))
    sparse, chain = call(f"coo.convert_dht_to_coo.{suffix}.{rank}", dense_from_numpy(array), CHAIN)
    assert isinstance(sparse, CooHostTensor)
    assert chain is CHAIN
    assert sparse.values.array.tolist() == [v for v in array.reshape(-1).tolist() if v != 0] or np.isnan(array).any()
    assert len(sparse.indices.array) == np.count_nonzero(array)
    dense, chain = call(f"coo.convert_coo_to_dht.{suffix}.{rank}", sparse, CHAIN)
    assert isinstance(dense, DenseHostTensor)
    assert chain is CHAIN
    np.testing.assert_array_equal(dense.array, array)


@pytest.mark.parametrize("rank", RANKS)
@pytest.mark.parametrize("suffix", TYPES)
def test_comparing(suffix, rank):
    name = f"coo.tensor_equal.{suffix}.{rank}"
    shape = (2,) * rank
    a, b, c = (coo(np.full(shape, value), TYPES[suffix]) for value in (1, 1, 2))
    assert call(name, a, b, CHAIN) == (True, CHAIN)
    assert call(name, a, c, CHAIN) == (False, CHAIN)
    empty = coo(np.zeros(shape), TYPES[suffix])
    assert call(name, a, empty, CHAIN) == (False, CHAIN)
    assert call(name, empty, empty, CHAIN) == (True, CHAIN)


def test_comparing_looks_at_what_is_listed_only():
    assert call("coo.tensor_equal.i32.1", coo([0, 7]), coo([7, 0]), CHAIN)[0] is False
    assert call("coo.tensor_equal.i32.1", coo([0, 7]), coo([0, 7, 0]), CHAIN)[0] is True
    one, above, far = (coo([v], np.float32) for v in (1, np.float32(1) + np.float32(2**-23), 1.001))
    assert call("coo.tensor_equal.f32.1", one, above, CHAIN)[0] is True
    assert call("coo.tensor_equal.f32.1", one, far, CHAIN)[0] is False


def test_operands_of_other_types():
    dense = dense_from_numpy(np.zeros((2, 2), np.int32))
    sparse = coo([[0, 1]])
    fails("expected a tensor of dtype f32, got i32", "coo.convert_dht_to_coo.f32.2", dense, CHAIN)
    fails("expected a tensor of rank 1, got shape [2, 2]", "coo.convert_dht_to_coo.i32.1", dense, CHAIN)
    fails("expected a tensor of dtype f32, got i32", "coo.convert_coo_to_dht.f32.2", sparse, CHAIN)
    fails("expected a tensor of rank 3, got shape [1, 2]", "coo.convert_coo_to_dht.i32.3", sparse, CHAIN)
    fails("expected a tensor of dtype f32, got i32", "coo.tensor_equal.f32.2", sparse, sparse, CHAIN)
    fails("expected a tensor of rank 1, got shape [2, 2]", "coo.tensor_equal.i32.1", coo([7]), to_coo(dense), CHAIN)


def test_indices_outside_the_shape_are_found():
    tensor = CooHostTensor(
        (2,), DType.I32, dense_from_numpy(np.array([[2]], np.int64)), dense_from_numpy(np.array([5], np.int32))
    )
    fails("index 2 is outside dimension 0 of a coo tensor of shape [2]", "coo.convert_coo_to_dht.i32.1", tensor, CHAIN)


def test_sparse_tensors_in_a_program():
    printed = run(
        """
  %a = tfrt_dht.create_uninitialized_tensor.i32.2 [2 : i64, 3 : i64]
  %ch1 = tfrt_dht.set_tensor_with_constant_values.i32 %a, %ch0
    [0 : i32, 7 : i32, 0 : i32, 0 : i32, 0 : i32, -8 : i32]
  %s, %ch2 = coo.convert_dht_to_coo.i32.2 %a, %ch1
  %ch3 = "coo.print_tensor"(%s, %ch2) : (!tfrt_tensor.tensor, !tfrt.chain) -> !tfrt.chain
  %ch4 = tfrt_dht.print_tensor %s, %ch3
  %d, %ch5 = coo.convert_coo_to_dht.i32.2 %s, %ch4
  %ch6 = tfrt_dht.print_tensor %d, %ch5
  %same, %ch7 = coo.tensor_equal.i32.2 %s, %s, %ch6
  %ch8 = tfrt.print.i1 %same, %ch7"""
    )
    sparse = "CooHostTensor dtype = i32, shape = [2, 3], indices = [0, 1, 1, 2], values = [7, -8]\n\n"
    assert printed == (
        f"{sparse}{sparse}DenseHostTensor dtype = i32, shape = [2, 3], values = [0, 7, 0, 0, 0, -8]\nint1 = 1\n"
    )


def test_every_op_of_the_dialect_has_a_kernel():
    names = {op.name for op in get_dialects()["coo"]().operations}
    assert {name for name in names if BUILTIN.get(name) is None} == set()
