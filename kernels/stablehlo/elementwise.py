"""Ops that do the same to each element, or to each pair or triple of elements."""

from __future__ import annotations

import numpy as np

from tfrt.executor.declarations import stablehlo_shapes as shapes
from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op import ArrayForm
from tfrt.executor.declarations.op_registry import array_op
from tfrt.kernels.numerics.quiet import quiet


def _same_metadata(lhs: TensorMetadata, rhs: TensorMetadata) -> TensorMetadata:
    shapes.require_same([lhs.shape, rhs.shape], "C1", "operands")
    return lhs


@array_op("stablehlo.add", metadata=_same_metadata, elementwise=lambda dtype: np.add)
def add(lhs: TensorMetadata, rhs: TensorMetadata) -> ArrayForm:
    return lambda x, y, out=None: np.asarray(quiet.call(np.add, x, y, out=out))
