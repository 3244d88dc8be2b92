"""Ops that make tensors of sizes and limits that they are given.

Source of the semantics: TensorFlow's op definitions (``tensorflow/core/ops/array_ops.cc``, ``math_ops.cc``).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from tfrt.executor.declarations.metadata import TensorMetadata, same_metadata
from tfrt.executor.declarations.op import ArrayForm
from tfrt.executor.declarations.op_registry import array_op
from tfrt.executor.support.errors import InvalidArgumentError, KernelError
from tfrt.executor.values.dtype import DType
from tfrt.kernels.tf.reshaping import axis_of, sizes


@array_op("tf.Fill", views=True, shaped_by=(0,), shape_input=0)
def fill(dims: TensorMetadata, value: TensorMetadata) -> ArrayForm:
    """A tensor of these sizes whose elements are all one value."""

    def run(dims: np.ndarray, value: np.ndarray) -> np.ndarray:
        shape = sizes(dims)
        if min(shape, default=0) < 0:
            raise KernelError(f"tf.Fill: sizes must be non-negative, got {list(shape)}")
        return np.broadcast_to(value, shape)

    return run


@array_op("tf.Placeholder")
def placeholder(*, dtype: DType, shape: Any = None) -> ArrayForm:
    """What a graph is to be given there. A program that runs it was not given it: its functions' arguments are."""

    def run() -> NoReturn:
        raise InvalidArgumentError(
            f"You must feed a value for placeholder tensor of dtype {dtype.label}: make it an argument of the function"
        )

    return run


@array_op("tf.OnesLike", metadata=same_metadata)
def ones_like(operand: TensorMetadata) -> ArrayForm:
    """Ones of the operand's shape and type."""
    return lambda x, out=None: np.ones_like(x, order="C")


@array_op("tf.Empty", shaped_by=(0,), shape_input=0)
def empty(shape: TensorMetadata, *, dtype: DType, init: bool = False) -> ArrayForm:
    """A tensor of that shape and type. Its elements are zeros, though only `init` asks for them."""
    return lambda shape, out=None: np.zeros(sizes(shape), dtype.numpy)


@array_op("tf.Range", shaped_by=(0, 1, 2))
def range_(start: TensorMetadata, limit: TensorMetadata, delta: TensorMetadata) -> ArrayForm:
    """The numbers from `start` on in steps of `delta`, before `limit`."""

    def run(start: np.ndarray, limit: np.ndarray, delta: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        first, end, step = start.item(), limit.item(), delta.item()
        if step == 0:
            raise KernelError("tf.Range: Requires delta != 0")
        if (end - first) * step < 0:
            raise KernelError(f"tf.Range: Requires start <= limit when delta > 0, got {first}, {end} and delta {step}")
        count = int(np.ceil((end - first) / step)) if start.dtype.kind == "f" else -((first - end) // step)
        return (first + np.arange(count) * step).astype(start.dtype)

    return run


@array_op("tf.LinSpace", shaped_by=(2,))
def lin_space(start: TensorMetadata, stop: TensorMetadata, num: TensorMetadata) -> ArrayForm:
    """`num` numbers in equal steps from `start` to `stop`, both included."""

    def run(start: np.ndarray, stop: np.ndarray, num: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        if num.item() < 1:
            raise KernelError(f"tf.LinSpace: Requires num > 0, got {num.item()}")
        return np.linspace(start.item(), stop.item(), num.item()).astype(start.dtype)

    return run


@array_op("tf.OneHot", shaped_by=(1,))
def one_hot(
    indices: TensorMetadata, depth: TensorMetadata, on: TensorMetadata, off: TensorMetadata, *, axis: int = -1
) -> ArrayForm:
    """`on` where a new axis' index is the element of `indices`, and `off` everywhere else."""
    at = axis_of(axis, indices.rank + 1, "tf.OneHot")

    def run(
        indices: np.ndarray, depth: np.ndarray, on: np.ndarray, off: np.ndarray, out: np.ndarray | None = None
    ) -> np.ndarray:
        count = depth.item()
        if count < 0:
            raise KernelError(f"tf.OneHot: depth must be non-negative, got {count}")
        places = np.arange(count).reshape([-1 if d == at else 1 for d in range(indices.ndim + 1)])
        return np.where(np.expand_dims(indices, at) == places, on, off)

    return run


@array_op("tf.MatrixBandPart", shaped_by=())
def matrix_band_part(operand: TensorMetadata, lower: TensorMetadata, upper: TensorMetadata) -> ArrayForm:
    """Matrices with zeros outside of a band: so many diagonals below and above the main one, all where negative."""

    def run(x: np.ndarray, lower: np.ndarray, upper: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        rows, columns = np.ogrid[: x.shape[-2], : x.shape[-1]]
        below, above = lower.item(), upper.item()
        band = (below < 0 or rows - columns <= below) & (above < 0 or columns - rows <= above)
        return np.where(band, x, np.zeros((), x.dtype))

    return run


@dataclass(frozen=True)
class _Diagonals:
    """Which diagonals of matrices an op is about, from the lowest on, and how shorter ones are put in rows."""

    low: int
    high: int
    align: str

    @staticmethod
    def of(k: np.ndarray, align: str) -> _Diagonals:
        numbers = sizes(k)
        return _Diagonals(numbers[0], numbers[-1], align)

    def places(self, rows: int, columns: int) -> Iterator[tuple[int, int, int, int]]:
        """For each diagonal, the highest first: its number among them, where it starts, and its length in a row that is
        as long as the longest: row number, first place, length, diagonal."""
        lengths = {k: min(rows + min(k, 0), columns - max(k, 0)) for k in range(self.low, self.high + 1)}
        if min(lengths.values()) <= 0:
            raise KernelError(f"k [{self.low}, {self.high}] is out of range for matrices of {rows} x {columns}")
        longest = max(lengths.values())
        for row, k in enumerate(range(self.high, self.low - 1, -1)):
            upper, lower = self.align.split("_")
            to_right = (upper if k >= 0 else lower) == "RIGHT"
            yield row, longest - lengths[k] if to_right else 0, lengths[k], k

    @property
    def is_one(self) -> bool:
        return self.low == self.high


def _diagonal_index(k: int, length: int) -> tuple[np.ndarray, np.ndarray]:
    steps = np.arange(length)
    return steps - min(k, 0), steps + max(k, 0)


def _take_diagonals(x: np.ndarray, which: _Diagonals, padding: Any) -> np.ndarray:
    places = list(which.places(*x.shape[-2:]))
    longest = max(length for _, _, length, _ in places)
    result = np.full((*x.shape[:-2], len(places), longest), padding, x.dtype)
    for row, first, length, k in places:
        rows, columns = _diagonal_index(k, length)
        result[..., row, first : first + length] = x[..., rows, columns]
    return result[..., 0, :] if which.is_one else result


def _put_diagonals(target: np.ndarray, diagonals: np.ndarray, which: _Diagonals) -> np.ndarray:
    given = diagonals[..., None, :] if which.is_one else diagonals
    for row, first, length, k in which.places(*target.shape[-2:]):
        rows, columns = _diagonal_index(k, length)
        target[..., rows, columns] = given[..., row, first : first + length]
    return target


_MAIN = _Diagonals(0, 0, "RIGHT_LEFT")


@array_op("tf.MatrixDiag", shaped_by=())
def matrix_diag(diagonal: TensorMetadata) -> ArrayForm:
    """Square matrices with these diagonals, and zeros elsewhere."""
    return lambda x, out=None: np.where(np.eye(x.shape[-1], dtype=bool), x[..., None], np.zeros((), x.dtype))


@array_op("tf.MatrixDiagV3", shaped_by=(1, 2, 3))
def matrix_diag_v3(
    diagonal: TensorMetadata,
    k: TensorMetadata,
    rows: TensorMetadata,
    columns: TensorMetadata,
    padding: TensorMetadata,
    *,
    align: str = "RIGHT_LEFT",
) -> ArrayForm:
    """Matrices with these diagonals, from number `k[0]` to `k[-1]`, and `padding` elsewhere; as large as they must be
    where `rows` or `columns` is -1."""

    def run(
        x: np.ndarray, k: np.ndarray, rows: np.ndarray, columns: np.ndarray, padding: np.ndarray, out: object = None
    ) -> np.ndarray:
        which = _Diagonals.of(k, align)
        length = x.shape[-1]
        least = (length - min(which.high, 0), length + max(which.low, 0))
        height, width = rows.item(), columns.item()
        if height == -1 and width == -1:
            height = width = max(least)
        height, width = least[0] if height == -1 else height, least[1] if width == -1 else width
        batch = x.shape[:-1] if which.is_one else x.shape[:-2]
        return _put_diagonals(np.full((*batch, height, width), padding, x.dtype), x, which)

    return run


@array_op("tf.Diag", shaped_by=())
def diag(diagonal: TensorMetadata) -> ArrayForm:
    """A tensor of twice the rank, with zeros where its index is not one of the operand's twice over."""

    def run(x: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        result = np.zeros((x.size, x.size), x.dtype)
        np.fill_diagonal(result, x.reshape(-1))
        return result.reshape(x.shape * 2)

    return run


@array_op("tf.DiagPart", shaped_by=())
def diag_part(operand: TensorMetadata) -> ArrayForm:
    """The elements whose index is one of half the rank twice over."""
    half = operand.shape[: operand.rank // 2]
    if not half or half * 2 != operand.shape:
        raise KernelError(f"tf.DiagPart: expects each dimension twice, in the same order, got {operand}")
    return lambda x, out=None: np.diagonal(x.reshape(math.prod(half), -1)).reshape(half).copy()


@array_op("tf.MatrixDiagPart", views=True, shaped_by=())
def matrix_diag_part(operand: TensorMetadata) -> ArrayForm:
    """The main diagonals of matrices."""
    return lambda x: np.diagonal(x, axis1=-2, axis2=-1)


@array_op("tf.MatrixDiagPartV3", shaped_by=(1,))
def matrix_diag_part_v3(
    operand: TensorMetadata, k: TensorMetadata, padding: TensorMetadata, *, align: str = "RIGHT_LEFT"
) -> ArrayForm:
    """The diagonals of matrices from number `k[0]` to `k[-1]`, the highest first, in rows filled up with `padding`."""
    return lambda x, k, padding, out=None: _take_diagonals(x, _Diagonals.of(k, align), padding)


@array_op("tf.MatrixSetDiag", shaped_by=())
def matrix_set_diag(operand: TensorMetadata, diagonal: TensorMetadata) -> ArrayForm:
    """Matrices with other main diagonals."""
    return lambda x, diagonal, out=None: _put_diagonals(x.copy(order="C"), diagonal, _MAIN)


@array_op("tf.MatrixSetDiagV3", shaped_by=(2,))
def matrix_set_diag_v3(
    operand: TensorMetadata, diagonal: TensorMetadata, k: TensorMetadata, *, align: str = "RIGHT_LEFT"
) -> ArrayForm:
    """Matrices with other diagonals from number `k[0]` to `k[-1]`."""
    return lambda x, d, k, out=None: _put_diagonals(x.copy(order="C"), d, _Diagonals.of(k, align))
