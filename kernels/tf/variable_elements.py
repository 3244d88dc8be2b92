"""Elements of variables: reading, and replacing, slices of what they hold.

Source of the semantics: ``tensorflow/core/ops/resource_variable_ops.cc`` and ``core/kernels/resource_variable_ops.cc``,
on the CPU: an index out of range is an error, and updates of one element are done in the order of the indices.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op import ArrayForm
from tfrt.executor.declarations.op_registry import array_op
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.variable import Variable
from tfrt.kernels.numerics.scattering import combine_at
from tfrt.kernels.tf.indexing import COMBINATIONS, Combine, gather_along, gather_nd, require_in_range, scattered
from tfrt.kernels.tf.reshaping import sizes
from tfrt.kernels.tf.slicing import strided_index
from tfrt.kernels.tf.variables import EFFECTS


def _divide(target: np.ndarray, at: Any, updates: np.ndarray) -> None:
    if target.dtype.kind not in "iu":
        np.divide.at(target, at, updates)
        return
    if (updates == 0).any():
        raise KernelError("Integer division by zero", code="INVALID_ARGUMENT")
    # Of integers, toward zero, as often as an index says so.
    magnitudes, signs = np.abs(target), np.sign(target)
    np.floor_divide.at(magnitudes, at, np.abs(updates))
    np.multiply.at(signs, at, np.sign(updates))
    np.multiply(magnitudes, signs, target)


_COMBINATIONS: dict[str, Combine] = {**COMBINATIONS, "Mul": partial(combine_at, np.multiply), "Div": _divide}


def _scatter(name: str, combine: Combine) -> None:
    op = f"tf.ResourceScatter{name}"

    @array_op(op, flags=EFFECTS)
    def form(handle: TensorMetadata, indices: TensorMetadata, updates: TensorMetadata) -> ArrayForm:
        def run(variable: Variable, indices: np.ndarray, updates: np.ndarray) -> tuple[()]:
            def changed(held: np.ndarray) -> np.ndarray:
                wanted = (*indices.shape, *held.shape[1:])
                if updates.shape not in ((), wanted):
                    raise KernelError(
                        f"{op}: updates must be a scalar or of shape {list(wanted)}, got {list(updates.shape)}",
                        code="INVALID_ARGUMENT",
                    )
                require_in_range(indices, held.shape[0] if held.ndim else 0, op)
                new = held.copy()
                combine(new, indices, updates)
                return new

            variable.update(changed)
            return ()

        return run


def _scatter_nd(name: str, combine: Combine) -> None:
    op = f"tf.ResourceScatterNd{name}"

    @array_op(op, flags=EFFECTS)
    def form(handle: TensorMetadata, indices: TensorMetadata, updates: TensorMetadata) -> ArrayForm:
        def run(variable: Variable, indices: np.ndarray, updates: np.ndarray) -> tuple[()]:
            variable.update(lambda held: scattered(held.copy(), indices, updates, combine, op))
            return ()

        return run


for _name, _combine in _COMBINATIONS.items():
    _scatter(_name, _combine)
    if _name in COMBINATIONS:
        _scatter_nd(_name, _combine)


@array_op("tf.ResourceStridedSliceAssign", flags=EFFECTS)
def strided_slice_assign(
    handle: TensorMetadata,
    begin: TensorMetadata,
    end: TensorMetadata,
    strides: TensorMetadata,
    value: TensorMetadata,
    *,
    begin_mask: int = 0,
    end_mask: int = 0,
    ellipsis_mask: int = 0,
    new_axis_mask: int = 0,
    shrink_axis_mask: int = 0,
) -> ArrayForm:
    """Has a variable hold the same but for a part, which `tf.StridedSlice` would give."""
    masks = (begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask)

    def run(
        variable: Variable, begin: np.ndarray, end: np.ndarray, strides: np.ndarray, value: np.ndarray
    ) -> tuple[()]:
        def changed(held: np.ndarray) -> np.ndarray:
            new = held.copy()
            try:
                new[strided_index(sizes(begin), sizes(end), sizes(strides), masks)] = value
            except (IndexError, ValueError) as error:
                raise KernelError(f"tf.ResourceStridedSliceAssign: {error}", code="INVALID_ARGUMENT") from None
            return new

        variable.update(changed)
        return ()

    return run


@array_op("tf.ResourceGather", flags=EFFECTS)
def resource_gather(
    handle: TensorMetadata, indices: TensorMetadata, *, batch_dims: int = 0, validate_indices: bool = True
) -> ArrayForm:
    """Slices of what a variable holds, at indices, along the dimension after the first `batch_dims`."""

    def run(variable: Variable, indices: np.ndarray) -> np.ndarray:
        return gather_along(variable.read(), indices, batch_dims, batch_dims, "tf.ResourceGather")

    return run


@array_op("tf.ResourceGatherNd", flags=EFFECTS)
def resource_gather_nd(handle: TensorMetadata, indices: TensorMetadata) -> ArrayForm:
    """Slices of what a variable holds, at index vectors."""
    found = gather_nd(handle, indices)
    return lambda variable, indices: found(variable.read(), indices)
