"""Ops of `chlo`: functions of mathematics, and ops of `stablehlo` that broadcast.

Edges are those of XLA's decompositions; the numbers are nearer to the true ones, see `tfrt.kernels.numerics.special`
and `tfrt.kernels.numerics.gamma`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from tfrt.executor.declarations import stablehlo_shapes as shapes
from tfrt.executor.declarations.annotations import ResultMetadata
from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op import ArrayForm, Elementwise
from tfrt.executor.declarations.op_registry import CPU_OPS, array_op
from tfrt.executor.values.dtype import DType
from tfrt.kernels.numerics import gamma, integers, special
from tfrt.kernels.numerics.approximation import in_blocks
from tfrt.kernels.shared.element_kinds import FLOATS, INTEGERS, Function, bits_of, by_kind, quietly
from tfrt.kernels.stablehlo.conversions import constant_metadata, of_floats, predicate_metadata
from tfrt.kernels.stablehlo.elementwise import analytic, binary_op, require_one_dtype, same_metadata, unary_op


def _of_doubles(function: Callable[..., np.ndarray], of_singles: Callable[..., np.ndarray] | None = None) -> Function:
    """A function of doubles as one of floats; `of_singles` computes what is rounded to single precision or less."""

    def run(*arrays: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        dtype = arrays[0].dtype
        if out is None:
            out = np.empty(np.broadcast_shapes(*[array.shape for array in arrays]), dtype)
        chosen = of_singles if of_singles is not None and dtype == np.float32 else function
        return in_blocks(chosen, *arrays, out=out)

    return run


def _special(function: Callable[..., np.ndarray], of_singles: Callable[..., np.ndarray] | None = None) -> Elementwise:
    return by_kind(floats=_of_doubles(function, of_singles))


def _next_after(dtype: DType) -> Function | None:
    return np.nextafter if dtype in FLOATS else None


def _multiply_high(dtype: DType) -> Function | None:
    function = partial(integers.multiply_high, bits=bits_of(dtype)) if dtype in INTEGERS else None
    return None if function is None else by_kind(integers=function)(dtype)


_UNARY: dict[str, Elementwise] = {
    "chlo.acos": analytic(np.arccos),
    "chlo.acosh": analytic(np.arccosh),
    "chlo.asin": analytic(np.arcsin),
    "chlo.asinh": analytic(np.arcsinh),
    "chlo.atan": analytic(np.arctan),
    "chlo.atanh": analytic(np.arctanh),
    "chlo.bessel_i1e": _special(special.bessel_i1e),
    "chlo.conj": by_kind(floats=np.positive, complexes=np.conjugate),
    "chlo.cosh": analytic(np.cosh),
    "chlo.digamma": _special(gamma.digamma),
    "chlo.erf": _special(special.erf, partial(special.erf, is_single=True)),
    "chlo.erf_inv": _special(special.erf_inv, partial(special.erf_inv, is_single=True)),
    "chlo.erfc": _special(special.erfc, partial(special.erfc, is_single=True)),
    "chlo.lgamma": _special(gamma.lgamma),
    "chlo.sinh": analytic(np.sinh),
    "chlo.square": by_kind(floats=np.square, complexes=np.square),
    "chlo.tan": analytic(np.tan),
}
_BINARY: dict[str, Elementwise] = {
    "chlo.mulhi": _multiply_high,
    "chlo.next_after": _next_after,
    "chlo.polygamma": _special(gamma.polygamma),
    "chlo.zeta": _special(gamma.zeta),
}
_PREDICATES: dict[str, Function] = {
    "chlo.is_inf": np.isinf,
    "chlo.is_neg_inf": np.isneginf,
    "chlo.is_pos_inf": np.isposinf,
}


def _register_predicate(name: str, function: Function) -> None:
    @array_op(name, metadata=predicate_metadata)
    def form(operand: TensorMetadata) -> ArrayForm:
        return quietly(of_floats(name, function, operand.dtype))


for _name, _choose in _UNARY.items():
    unary_op(_name, _choose, "{0} * {0}" if _name == "chlo.square" else None)
for _name, _choose in _BINARY.items():
    binary_op(_name, _choose)
for _name, _predicate in _PREDICATES.items():
    _register_predicate(_name, _predicate)


@array_op("chlo.constant", metadata=constant_metadata, views=True)
def constant(*, value: np.ndarray) -> ArrayForm:
    return lambda: value


@array_op("chlo.constant_like", metadata=same_metadata, views=True)
def constant_like(operand: TensorMetadata, *, value: Any, metadata: ResultMetadata) -> ArrayForm:
    element = np.array(value).astype(metadata[0].dtype.numpy)
    return lambda like: np.broadcast_to(element, like.shape)


def _broadcast_form(
    name: str, operands: Sequence[TensorMetadata], dims: Sequence[int] | None, metadata: Any, **attributes: Any
) -> ArrayForm:
    """The array form of an op whose operands are broadcast: that of the op, of operands of one rank."""
    entry = CPU_OPS.get(name)
    assert entry is not None
    run = entry.arrays(tuple(operands), attributes, None, metadata)
    rank = max(operand.rank for operand in operands)
    if all(operand.rank == rank for operand in operands):
        return run
    indices = [_widening(operand.rank, rank, dims) for operand in operands]
    return lambda *arrays, out=None: run(*[a[i] for a, i in zip(arrays, indices, strict=True)], out=out)


def _widening(rank: int, wide: int, dims: Sequence[int] | None) -> tuple[Any, ...]:
    """What indexes an array so that it has `wide` dimensions."""
    kept = range(wide - rank, wide) if dims is None or rank == wide else dims
    return tuple(slice(None) if dim in kept else np.newaxis for dim in range(wide))


def _broadcast(lhs: Sequence[int], rhs: Sequence[int], dims: Sequence[int] | None = None) -> tuple[int, ...]:
    found = shapes.broadcast_shapes(tuple(lhs), tuple(rhs), dims)
    return tuple(size for size in found if size is not None)


def _register_broadcasting(name: str, inner: str) -> None:
    def result(lhs: TensorMetadata, rhs: TensorMetadata, *, broadcast_dimensions: Any = None) -> TensorMetadata:
        require_one_dtype([lhs, rhs], "C2")
        shape = _broadcast(lhs.shape, rhs.shape, broadcast_dimensions)
        entry = CPU_OPS.get(inner)
        assert entry is not None
        known = TensorMetadata(lhs.dtype, shape)
        (found,) = entry.run_metadata((known, known), {}) or ()
        return found

    @array_op(name, metadata=result)
    def form(
        lhs: TensorMetadata, rhs: TensorMetadata, *, metadata: ResultMetadata, broadcast_dimensions: Any = None
    ) -> ArrayForm:
        return _broadcast_form(inner, (lhs, rhs), broadcast_dimensions, metadata)


for _name in ("next_after", "polygamma", "zeta"):
    _register_broadcasting(f"chlo.broadcast_{_name}", f"chlo.{_name}")
for _name in (
    "add", "and", "atan2", "complex", "divide", "maximum", "minimum", "multiply", "or", "power", "remainder",
    "shift_left", "shift_right_arithmetic", "shift_right_logical", "subtract", "xor",
):  # fmt: skip
    _register_broadcasting(f"chlo.broadcast_{_name}", f"stablehlo.{_name}")


def _compare_metadata(lhs: TensorMetadata, rhs: TensorMetadata, *, broadcast_dimensions: Any = None) -> TensorMetadata:
    require_one_dtype([lhs, rhs], "C2")
    return TensorMetadata(DType.I1, _broadcast(lhs.shape, rhs.shape, broadcast_dimensions))


@array_op("chlo.broadcast_compare", metadata=_compare_metadata)
def broadcast_compare(
    lhs: TensorMetadata,
    rhs: TensorMetadata,
    *,
    metadata: ResultMetadata,
    comparison_direction: str,
    compare_type: str = "NOTYPE",
    broadcast_dimensions: Any = None,
) -> ArrayForm:
    return _broadcast_form(
        "stablehlo.compare",
        (lhs, rhs),
        broadcast_dimensions,
        metadata,
        comparison_direction=comparison_direction,
        compare_type=compare_type,
    )


def _select_metadata(pred: TensorMetadata, on_true: TensorMetadata, on_false: TensorMetadata) -> TensorMetadata:
    dtype = require_one_dtype([on_true, on_false], "C2")
    shape = _broadcast(on_true.shape, on_false.shape)
    return TensorMetadata(dtype, _broadcast(pred.shape, shape))


@array_op("chlo.broadcast_select", metadata=_select_metadata)
def broadcast_select(
    pred: TensorMetadata, on_true: TensorMetadata, on_false: TensorMetadata, *, metadata: ResultMetadata
) -> ArrayForm:
    return _broadcast_form("stablehlo.select", (pred, on_true, on_false), None, metadata)
