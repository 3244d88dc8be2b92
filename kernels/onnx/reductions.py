"""Operators that combine elements along axes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from tfrt.kernels.numerics.extremes import first_extremes
from tfrt.kernels.shared.operators import axes_of, axis_of, operator

Array = np.ndarray
Axes = tuple[int, ...]


def _least(dtype: np.dtype) -> float | int | bool:
    if dtype.kind == "b":
        return False
    return -np.inf if dtype.kind not in "iu" else int(np.iinfo(dtype).min)


def _greatest(dtype: np.dtype) -> float | int | bool:
    if dtype.kind == "b":
        return True
    return np.inf if dtype.kind not in "iu" else int(np.iinfo(dtype).max)


def _log_sum_exp(x: Array, axes: Axes, keepdims: bool) -> Array:
    wide = x.astype(np.float64)
    top = np.max(wide, axes, keepdims=True, initial=-np.inf)
    shift = np.where(np.isfinite(top), top, 0)
    found = np.log(np.sum(np.exp(wide - shift), axes, keepdims=True)) + shift
    return found if keepdims else np.squeeze(found, axes)


_REDUCE: dict[str, Callable[[Array, Axes, bool], Array]] = {
    "ReduceL1": lambda x, axes, keep: np.sum(np.abs(x), axes, keepdims=keep),
    "ReduceL2": lambda x, axes, keep: np.sqrt(np.sum(np.square(x.astype(np.float64)), axes, keepdims=keep)),
    "ReduceLogSum": lambda x, axes, keep: np.log(np.sum(x, axes, keepdims=keep)),
    "ReduceLogSumExp": _log_sum_exp,
    "ReduceMax": lambda x, axes, keep: np.max(x, axes, keepdims=keep, initial=_least(x.dtype)),
    "ReduceMean": lambda x, axes, keep: np.mean(x, axes, keepdims=keep),
    "ReduceMin": lambda x, axes, keep: np.min(x, axes, keepdims=keep, initial=_greatest(x.dtype)),
    "ReduceProd": lambda x, axes, keep: np.prod(x, axes, keepdims=keep),
    "ReduceSum": lambda x, axes, keep: np.sum(x, axes, keepdims=keep),
    "ReduceSumSquare": lambda x, axes, keep: np.sum(np.square(x), axes, keepdims=keep),
}


def _register(name: str, function: Callable[[Array, Axes, bool], Array]) -> None:
    @operator(name, in_single=True, shaped_by=(1,))
    def reduce(
        x: Array,
        places: Array | None = None,
        *,
        axes: Sequence[int] = (),
        keepdims: int = 1,
        noop_with_empty_axes: int = 0,
    ) -> Array:
        """The axes are an input, or, up to opset 17, an attribute; all of them where none are given."""
        chosen = axes if places is None else places
        if noop_with_empty_axes and not len(chosen):
            # What is done to each element is done nevertheless.
            return np.asarray(function(x[np.newaxis], (0,), False)).astype(x.dtype)
        found = function(x, axes_of(chosen, x.ndim), bool(keepdims))
        return np.asarray(found).astype(x.dtype)


for _name, _function in _REDUCE.items():
    _register(_name, _function)


def _argument(name: str, *, greatest: bool) -> None:
    @operator(name)
    def run(x: Array, *, axis: int = 0, keepdims: int = 1, select_last_index: int = 0) -> Array:
        """The index of the greatest or least element, the first or the last of equal ones."""
        place = axis_of(axis, x.ndim)
        found = first_extremes(np.flip(x, place) if select_last_index else x, place, greatest=greatest)
        if select_last_index:
            found = x.shape[place] - 1 - found
        return (np.expand_dims(found, place) if keepdims else found).astype(np.int64)


_argument("ArgMax", greatest=True)
_argument("ArgMin", greatest=False)


def _cumulative(name: str, accumulate: Callable[..., Array], neutral: int) -> None:
    @operator(name)
    def run(x: Array, axis: Array, *, exclusive: int = 0, reverse: int = 0) -> Array:
        """Each element combined with those before it along an axis, without itself if `exclusive`."""
        place = axis_of(int(axis.reshape(())), x.ndim)
        given = np.flip(x, place) if reverse else x
        found = accumulate(given, place, dtype=x.dtype)
        if exclusive:
            first = np.full([1 if i == place else size for i, size in enumerate(x.shape)], neutral, x.dtype)
            found = np.concatenate([first, np.take(found, np.arange(x.shape[place] - 1), place)], place)
        return np.flip(found, place) if reverse else found


_cumulative("CumSum", np.cumsum, 0)
_cumulative("CumProd", np.cumprod, 1)


def _softmax(x: Array, axis: int) -> Array:
    powers = np.exp(x - np.max(x, axis, keepdims=True))
    return np.asarray(powers / np.sum(powers, axis, keepdims=True))


@operator("Softmax", in_single=True)
def softmax(x: Array, *, axis: int = -1) -> Array:
    return _softmax(x, axis) if x.size else x


@operator("LogSoftmax", in_single=True)
def log_softmax(x: Array, *, axis: int = -1) -> Array:
    if not x.size:
        return x
    shifted = x - np.max(x, axis, keepdims=True)
    return np.asarray(shifted - np.log(np.sum(np.exp(shifted), axis, keepdims=True)))


@operator("Hardmax")
def hardmax(x: Array, *, axis: int = -1) -> Array:
    """One at the first greatest element along an axis, zero elsewhere."""
    result = np.zeros_like(x)
    np.put_along_axis(result, np.expand_dims(np.argmax(x, axis), axis), 1, axis)
    return result
