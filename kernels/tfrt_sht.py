"""Kernels of `tfrt_sht`: string host tensors.

Reference: ``lib/tensor/string_host_tensor_kernels.cc`` in tensorflow/runtime.
"""

from __future__ import annotations

import math

from tfrt.executor.declarations.kernel_registry import kernel
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.attributes import Aggregate, I64Array
from tfrt.executor.values.tensor import StringHostTensor


@kernel("tfrt_sht.create_tensor", pure=True)
def create_tensor(*, shape: I64Array, values: Aggregate) -> StringHostTensor:
    if len(values) != math.prod(shape):
        raise KernelError("Shape mismatch")
    return StringHostTensor(shape, values)
