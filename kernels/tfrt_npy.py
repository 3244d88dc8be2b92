"""Kernels of `tfrt_npy`: dense tensors from numpy's ``.npy`` files.

``tfrt_npy.read_dense_tensor.<type>.<rank>`` takes the file's path, relative to the current folder. The
reference has no such kernels; names and errors follow those of `btf`.
"""

from __future__ import annotations

from tfrt.executor.declarations.kernel_registry import kernel
from tfrt.executor.support.files import ALL_FILES, Files
from tfrt.executor.values.chain import CHAIN, Chain
from tfrt.executor.values.dtype import DType
from tfrt.executor.values.tensor import DenseHostTensor
from tfrt.executor.values.tensor_files import read_npy


def _register(suffix: str, dtype: DType, rank: int) -> None:
    @kernel(f"tfrt_npy.read_dense_tensor.{suffix}.{rank}", blocking=True)
    def read_dense_tensor(path: str, chain: Chain = CHAIN, *, files: Files = ALL_FILES) -> DenseHostTensor:
        return read_npy(path, dtype, rank, files)


for _dtype in (DType.F32, DType.F64, DType.I32, DType.I64, DType.I8, DType.UI8, DType.I1):
    for _rank in range(5):
        _register(_dtype.mlir, _dtype, _rank)
