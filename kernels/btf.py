"""Kernels of `btf`: dense tensors from Binary Tensor Format files.

``btf.read_dense_tensor.<type>.<rank>`` takes the file's path, relative to the current folder, and the
position of the tensor in the file. Reference: ``backends/cpu/lib/ops/test/btf_kernels.cc`` in
tensorflow/runtime.
"""

from __future__ import annotations

from tfrt.executor.dtype import DType
from tfrt.executor.kernel_registry import kernel
from tfrt.executor.tensor import DenseHostTensor
from tfrt.executor.tensor_files import read_btf
from tfrt.executor.values import CHAIN, Chain


def _register(suffix: str, dtype: DType, rank: int) -> None:
    @kernel(f"btf.read_dense_tensor.{suffix}.{rank}", blocking=True)
    def read_dense_tensor(path: str, index: int, chain: Chain = CHAIN) -> DenseHostTensor:
        return read_btf(path, index, dtype, rank)


for _dtype in (DType.F32, DType.I32, DType.I64, DType.I8, DType.UI8):
    for _rank in range(5):
        _register(_dtype.mlir, _dtype, _rank)
