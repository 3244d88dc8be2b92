"""Ops of `tfrt_test` that make tensors of their attributes, or sparse tensors of dense ones.

Metadata and messages: ``backends/common/lib/ops/test/metadata/test_ops.cc`` in tensorflow/runtime.
"""

from __future__ import annotations

from typing import Any

from tfrt.executor.declarations.annotations import ResultMetadata
from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op_attrs import OpAttr
from tfrt.executor.declarations.op_registry import cpu_op
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.dtype import DType
from tfrt.executor.values.tensor import CooHostTensor, DenseHostTensor, ScalarHostTensor, elements
from tfrt.kernels.tfrt_test.op_attributes import sizes

ATTRIBUTE_TYPES = {
    "BOOL": DType.I1,
    **{name: DType[name] for name in ("UI8", "UI16", "UI32", "UI64", "I8", "I16", "I32", "I64", "F32", "F64")},
}
"""Element types by the type of the attribute that holds elements."""


def _create_from_scalar_metadata(*, shape: OpAttr | None = None, value: OpAttr | None = None) -> TensorMetadata:
    if (dimensions := sizes(shape)) is None:
        raise KernelError("tfrt_test.create_from_scalar must have 'shape' attribute")
    if value is None or value.is_array or value.type == "CHAR":
        raise KernelError("tfrt_test.create_from_scalar must have 'value' attribute")
    return _metadata("tfrt_test.create_from_scalar", value, dimensions)


@cpu_op("tfrt_test.create_from_scalar", metadata=_create_from_scalar_metadata)
def create_from_scalar(*, value: bool | int | float, metadata: ResultMetadata) -> ScalarHostTensor:
    """A tensor of `shape` whose elements are all `value`; the attribute's type is the element type."""
    (result,) = metadata
    return ScalarHostTensor(result.dtype, result.shape, value)


def _create_dense_tensor_metadata(*, shape: OpAttr | None = None, values: OpAttr | None = None) -> TensorMetadata:
    if (dimensions := sizes(shape)) is None:
        raise KernelError("missing 'shape' attribute")
    if values is None:
        raise KernelError("missing 'values' attribute")
    if not values.is_array:
        raise KernelError("'values' attribute should be an array of values")
    metadata = _metadata("tfrt_test.create_dense_tensor", values, dimensions)
    if len(values.value) not in (1, metadata.element_count):
        raise KernelError("size of 'values' must either be 1 or match num of elements.")
    return metadata


@cpu_op("tfrt_test.create_dense_tensor", metadata=_create_dense_tensor_metadata)
def create_dense_tensor(*, values: tuple[Any, ...], metadata: ResultMetadata) -> DenseHostTensor:
    """A tensor of `shape` with those values, in row-major order, or with the only one everywhere."""
    (result,) = metadata
    tensor = DenseHostTensor.uninitialized(result.dtype, result.shape)
    tensor.array.reshape(-1)[...] = elements(values, result.dtype)
    return tensor


def _create_coo_tensor_metadata(
    indices: TensorMetadata, values: TensorMetadata, *, shape: OpAttr | None = None
) -> TensorMetadata:
    if indices.rank != 2:
        raise KernelError("tfrt_test.create_coo_tensor indices input must be rank 2")
    if values.rank != 1:
        raise KernelError("tfrt_test.create_coo_tensor values input must be rank 1")
    if (dimensions := sizes(shape)) is None:
        raise KernelError("tfrt_test.create_coo_tensor must have 'shape' attribute")
    if indices.shape[1] != len(dimensions):
        raise KernelError("each test.create_coo_tensor index must have the same size as shape attribute")
    return TensorMetadata(values.dtype, dimensions)


@cpu_op("tfrt_test.create_coo_tensor", metadata=_create_coo_tensor_metadata)
def create_coo_tensor(indices: DenseHostTensor, values: DenseHostTensor, metadata: ResultMetadata) -> CooHostTensor:
    """A sparse tensor of `shape`: `indices` has one row of i64 coordinates for each of the `values`."""
    (result,) = metadata
    return CooHostTensor(result.shape, result.dtype, indices, values)


def _metadata(op: str, attr: OpAttr, shape: tuple[int, ...]) -> TensorMetadata:
    if attr.type not in ATTRIBUTE_TYPES:
        raise KernelError(f"{op} unsupported dtype")
    return TensorMetadata(ATTRIBUTE_TYPES[attr.type], shape)
