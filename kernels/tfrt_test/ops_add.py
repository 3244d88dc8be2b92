"""The ops ``tfrt_test.add``: one addition, dispatched in as many ways as an op can be.

``add`` takes scalar tensors as they are. The others take dense tensors only, so that other kinds are converted
for them; they return the sum at once (``denseonly``), as an available `AsyncValue` (``denseonly2``), or as one
that becomes available when the work queue has added all blocks (``denseonly3``). Integers wrap around.
Source of the semantics: ``backends/cpu/lib/ops/test/example_ops.cc`` in tensorflow/runtime.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise

import numpy as np

from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op import OpFlags
from tfrt.executor.declarations.op_registry import cpu_op
from tfrt.executor.runtime.failures import fulfilling
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.async_value import AsyncValue
from tfrt.executor.values.dtype import DType
from tfrt.executor.values.tensor import DenseHostTensor, ScalarHostTensor, elements, numbers
from tfrt.kernels.tfrt_test.work import enqueue_work

ADDABLE_TYPES = frozenset(
    {
        *(DType.UI8, DType.UI16, DType.UI32, DType.UI64, DType.I1),
        *(DType.I8, DType.I16, DType.I32, DType.I64, DType.F32, DType.F64),
    }
)


def _add_metadata(lhs: TensorMetadata, rhs: TensorMetadata) -> TensorMetadata:
    if lhs.dtype is not rhs.dtype:
        raise KernelError("incompatible dtypes for test.add")
    if lhs.shape != rhs.shape:
        raise KernelError("arguments of test.add must have same shape")
    if lhs.dtype not in ADDABLE_TYPES:
        raise KernelError("unsupported dtype for test.add")
    return lhs


@cpu_op("tfrt_test.add", metadata=_add_metadata, flags=OpFlags.ALLOWS_SCALAR)
def add(
    lhs: DenseHostTensor | ScalarHostTensor, rhs: DenseHostTensor | ScalarHostTensor
) -> DenseHostTensor | ScalarHostTensor:
    """The sum; two scalar tensors give a scalar tensor."""
    if isinstance(lhs, ScalarHostTensor) and isinstance(rhs, ScalarHostTensor):
        (value,) = numbers(_sum(_operand(lhs), _operand(rhs)), lhs.dtype)
        return ScalarHostTensor(lhs.dtype, lhs.shape, value)
    dest = DenseHostTensor.uninitialized(lhs.dtype, lhs.shape)
    dest.array.reshape(-1)[...] = _sum(_operand(lhs), _operand(rhs))
    return dest


@cpu_op("tfrt_test.add.denseonly", metadata=_add_metadata)
def add_dense_only(lhs: DenseHostTensor, rhs: DenseHostTensor) -> DenseHostTensor:
    """The sum."""
    dest = DenseHostTensor.uninitialized(lhs.dtype, lhs.shape)
    _adder(lhs, rhs, dest)(0, dest.array.size)
    return dest


@cpu_op("tfrt_test.add.denseonly2", metadata=_add_metadata)
def add_dense_only_available(lhs: DenseHostTensor, rhs: DenseHostTensor) -> AsyncValue:
    """The sum, as an `AsyncValue`."""
    return AsyncValue.of(add_dense_only(lhs, rhs))


@cpu_op("tfrt_test.add.denseonly3", metadata=_add_metadata)
def add_dense_only_in_blocks(lhs: DenseHostTensor, rhs: DenseHostTensor, host: HostContext) -> AsyncValue:
    """The sum, of which every thread of the work queue adds a block."""
    dest = DenseHostTensor.uninitialized(lhs.dtype, lhs.shape)
    add_block = _adder(lhs, rhs, dest)
    count = min(dest.array.size, host.parallelism)
    bounds = [dest.array.size * block // max(count, 1) for block in range(count + 1)]
    blocks = [enqueue_work(host, partial(add_block, begin, end)) for begin, end in pairwise(bounds)]
    result = AsyncValue()
    host.run_when_ready(
        blocks, fulfilling([result], lambda: [next((block for block in blocks if block.is_error), dest)])
    )
    return result


def _operand(tensor: DenseHostTensor | ScalarHostTensor) -> np.ndarray:
    """The elements as a vector; a single one for all of them where they are equal."""
    if isinstance(tensor, ScalarHostTensor):
        return elements([tensor.value], tensor.dtype)
    return tensor.array.reshape(-1)


def _sum(lhs: np.ndarray, rhs: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):
        return np.add(lhs, rhs)


def _adder(lhs: DenseHostTensor, rhs: DenseHostTensor, dest: DenseHostTensor) -> Callable[[int, int], None]:
    """A function that adds the elements of a range of positions in row-major order."""
    a, b, c = (tensor.array.reshape(-1) for tensor in (lhs, rhs, dest))

    def add_block(begin: int, end: int) -> None:
        c[begin:end] = _sum(a[begin:end], b[begin:end])

    return add_block
