"""Kernels of `coo`: sparse host tensors as lists of coordinates.

Where an op's name ends in an element type and a rank, its tensor operands must have them. Reference:
``lib/tensor/coo_host_tensor_kernels.cc`` in tensorflow/runtime. There, coordinates are taken apart by the
dimensions in the wrong order, so that they come out right for square tensors only; here they always do.
"""

from __future__ import annotations

from tfrt.executor.declarations.kernel_registry import kernel
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.chain import Chain
from tfrt.executor.values.dtype import DType
from tfrt.executor.values.tensor import CooHostTensor, DenseHostTensor, expect, to_coo, to_dense
from tfrt.kernels.tfrt_dht import tensors_close

RANKS = range(4)


@kernel("coo.print_tensor")
def print_tensor(tensor: CooHostTensor, chain: Chain, host: HostContext) -> Chain:
    host.write(f"{tensor}\n")
    return chain


def _expect_sparse(tensor: CooHostTensor, dtype: DType, rank: int) -> None:
    if tensor.dtype is not dtype:
        raise KernelError(f"expected a tensor of dtype {dtype.label}, got {tensor.dtype.label}")
    if len(tensor.shape) != rank:
        raise KernelError(f"expected a tensor of rank {rank}, got shape {list(tensor.shape)}")


def _register(dtype: DType, rank: int) -> None:
    suffix = f"{dtype.mlir}.{rank}"

    @kernel(f"coo.convert_dht_to_coo.{suffix}")
    def convert_dht_to_coo(tensor: DenseHostTensor, chain: Chain) -> tuple[CooHostTensor, Chain]:
        expect(tensor, dtype, rank)
        return to_coo(tensor), chain

    @kernel(f"coo.convert_coo_to_dht.{suffix}")
    def convert_coo_to_dht(tensor: CooHostTensor, chain: Chain) -> tuple[DenseHostTensor, Chain]:
        _expect_sparse(tensor, dtype, rank)
        return to_dense(tensor), chain

    @kernel(f"coo.tensor_equal.{suffix}")
    def tensor_equal(lhs: CooHostTensor, rhs: CooHostTensor, chain: Chain) -> tuple[bool, Chain]:
        """As in the reference the shapes are not compared, and floats may differ by two units in the last place."""
        for tensor in (lhs, rhs):
            _expect_sparse(tensor, dtype, rank)
        return tensors_close(lhs.values, rhs.values) and tensors_close(lhs.indices, rhs.indices), chain


for _dtype in (DType.F32, DType.I32):
    for _rank in RANKS:
        _register(_dtype, _rank)
