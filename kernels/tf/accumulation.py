"""Reductions, and sums and products that accumulate along an axis.

The axes of reductions are an input, of which negative ones count from the end. Sums of halves are taken in single
precision; integers wrap around. Source of the semantics: ``tensorflow/core/ops/math_ops.cc``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tfrt.executor.declarations.annotations import ResultMetadata
from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op import ArrayForm
from tfrt.executor.declarations.op_registry import array_op
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.dtype import DType
from tfrt.kernels.numerics.arithmetic.halves import is_half
from tfrt.kernels.numerics.extremes import first_extremes
from tfrt.kernels.numerics.quiet import quiet
from tfrt.kernels.numerics.reductions.ufuncs import reduce_many
from tfrt.kernels.tf.reshaping import axis_of, sizes


def summed(x: np.ndarray, *, axis: tuple[int, ...] | None = None, keepdims: bool = False) -> np.ndarray:
    """The sums along dimensions, by default of all, of halves in single precision."""
    wide = x.astype(np.float32, copy=False) if is_half(x.dtype) else x
    axes = tuple(range(x.ndim)) if axis is None else axis
    found = reduce_many(np.add, wide, np.zeros((), wide.dtype), axes)
    return np.expand_dims(found, axes) if keepdims else found


def _prod(x: np.ndarray, **how: Any) -> Any:
    return np.prod(x, dtype=np.float32 if is_half(x.dtype) else x.dtype, **how)


def _max(x: np.ndarray, **how: Any) -> Any:
    return np.max(x, initial=-np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min, **how)


def _min(x: np.ndarray, **how: Any) -> Any:
    return np.min(x, initial=np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).max, **how)


def _norm(x: np.ndarray, **how: Any) -> Any:
    return np.sqrt(summed(np.square(np.abs(x)), **how))


_REDUCTIONS: dict[str, Callable[..., Any]] = {
    "All": np.all,
    "Any": np.any,
    "EuclideanNorm": _norm,
    "Max": _max,
    "Min": _min,
    "Prod": _prod,
    "Sum": summed,
}


def _register_reduction(name: str, reduce: Callable[..., Any]) -> None:
    op = f"tf.{name}"

    def metadata(
        operand: TensorMetadata | np.ndarray, axes: TensorMetadata | np.ndarray, *, keep_dims: bool = False
    ) -> TensorMetadata | None:
        if not isinstance(operand, TensorMetadata) or isinstance(axes, TensorMetadata):
            return None
        reduced = {axis_of(axis, operand.rank, op) for axis in sizes(axes)}
        kept = [1 if d in reduced else size for d, size in enumerate(operand.shape) if keep_dims or d not in reduced]
        return TensorMetadata(operand.dtype, tuple(kept))

    @array_op(op, constant_metadata=metadata)
    def form(operand: TensorMetadata, axes: TensorMetadata, *, keep_dims: bool = False) -> ArrayForm:
        def run(x: np.ndarray, axes: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
            reduced = tuple({axis_of(axis, x.ndim, op): None for axis in sizes(axes)})
            found = quiet.call(reduce, x, axis=reduced, keepdims=keep_dims)
            return np.asarray(found).astype(x.dtype, copy=False)

        return run


for _name, _reduce in _REDUCTIONS.items():
    _register_reduction(_name, _reduce)


def _register_place(name: str, *, greatest: bool) -> None:
    @array_op(f"tf.{name}", shaped_by=(1,))
    def form(
        operand: TensorMetadata,
        dimension: TensorMetadata,
        metadata: ResultMetadata,
        *,
        output_type: DType | None = None,
    ) -> ArrayForm:
        known = metadata[0].dtype if metadata and metadata[0] is not None else None
        dtype = (output_type or known or DType.I64).numpy

        def run(x: np.ndarray, dimension: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
            axis = axis_of(int(dimension), x.ndim, f"tf.{name}")
            if not x.shape[axis]:
                raise KernelError(f"Reduction axis {axis} is empty in shape {list(x.shape)}")
            return np.asarray(first_extremes(x, axis, greatest=greatest)).astype(dtype)

        return run


_register_place("ArgMax", greatest=True)
_register_place("ArgMin", greatest=False)


def _log_sum_exp(x: np.ndarray, axis: int) -> np.ndarray:
    return np.logaddexp.accumulate(x, axis)


_CUMULATIVE: dict[str, tuple[Callable[..., np.ndarray], float]] = {
    "Cumprod": (np.cumprod, 1),
    "Cumsum": (np.cumsum, 0),
    "CumulativeLogsumexp": (_log_sum_exp, -np.inf),
}


def _register_cumulative(name: str, accumulate: Callable[..., np.ndarray], start: float) -> None:
    @array_op(f"tf.{name}", shaped_by=(1,))
    def form(
        operand: TensorMetadata, axis: TensorMetadata, *, exclusive: bool = False, reverse: bool = False
    ) -> ArrayForm:
        def run(x: np.ndarray, axis: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
            at = axis_of(int(axis), x.ndim, f"tf.{name}")
            values = np.flip(x, at) if reverse else x
            wide = values.astype(np.float32) if is_half(x.dtype) else values
            if exclusive:
                first = np.full_like(wide[(slice(None),) * at + (slice(1),)], start)
                wide = np.concatenate([first, wide[(slice(None),) * at + (slice(-1),)]], at)
            found = quiet.call(accumulate, wide, at).astype(x.dtype, copy=False)
            return np.flip(found, at).copy() if reverse else found

        return run


for _name, (_accumulate, _start) in _CUMULATIVE.items():
    _register_cumulative(_name, _accumulate, _start)


@array_op("tf.L2Loss", shaped_by=())
def l2_loss(operand: TensorMetadata) -> ArrayForm:
    """Half the sum of squares."""
    return lambda x, out=None: np.asarray(summed(np.square(x)) / 2).astype(x.dtype)
