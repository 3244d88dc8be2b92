"""Kernels of `btf`: tensors from Binary Tensor Format files.

``btf.read_dense_tensor.<type>.<rank>`` and ``btf.read_coo_tensor.<type>.<rank>`` take the file's path, relative to
the current folder, and the position of the tensor in the file. Reference:
``backends/cpu/lib/ops/test/btf_kernels.cc`` and ``coo_host_tensor_kernels.cc`` in tensorflow/runtime.
"""

from __future__ import annotations

from tfrt.executor.declarations.kernel_registry import kernel
from tfrt.executor.support.files import ALL_FILES, Files
from tfrt.executor.values.chain import CHAIN, Chain
from tfrt.executor.values.dtype import DType
from tfrt.executor.values.tensor import CooHostTensor, DenseHostTensor
from tfrt.executor.values.tensor_files import read_btf, read_btf_coo

DENSE_TYPES = (DType.F32, DType.I32, DType.I64, DType.I8, DType.UI8)
SPARSE_TYPES = (DType.F32, DType.I32, DType.I8)
RANKS = range(5)


def _register_dense(dtype: DType, rank: int) -> None:
    @kernel(f"btf.read_dense_tensor.{dtype.mlir}.{rank}", blocking=True)
    def read_dense_tensor(path: str, index: int, chain: Chain = CHAIN, *, files: Files = ALL_FILES) -> DenseHostTensor:
        return read_btf(path, index, dtype, rank, files)


def _register_sparse(dtype: DType, rank: int) -> None:
    @kernel(f"btf.read_coo_tensor.{dtype.mlir}.{rank}", blocking=True)
    def read_coo_tensor(path: str, index: int, chain: Chain = CHAIN, *, files: Files = ALL_FILES) -> CooHostTensor:
        return read_btf_coo(path, index, dtype, rank, files)


for _rank in RANKS:
    for _dtype in DENSE_TYPES:
        _register_dense(_dtype, _rank)
    for _dtype in SPARSE_TYPES:
        _register_sparse(_dtype, _rank)
