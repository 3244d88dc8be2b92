"""Functions of mathematics, element by element, and constants.

Edges are those of XLA's decompositions; the numbers are nearer to the true ones, see the files in
`tfrt.kernels.numerics.special`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from tfrt.executor.declarations.annotations import ResultMetadata
from tfrt.executor.declarations.metadata import TensorMetadata, same_metadata
from tfrt.executor.declarations.op import ArrayForm, Elementwise
from tfrt.executor.declarations.op_registry import array_op
from tfrt.executor.values.dtype import DType
from tfrt.kernels.numerics.arithmetic import integers
from tfrt.kernels.numerics.special import error_functions, gamma
from tfrt.kernels.numerics.special.approximation import in_blocks
from tfrt.kernels.shared.element_kinds import FLOATS, INTEGERS, Function, bits_of, by_kind, quietly, stored
from tfrt.kernels.stablehlo.conversions import constant_metadata, of_floats, predicate_metadata
from tfrt.kernels.stablehlo.elementwise import analytic, binary_op, unary_op


def _of_doubles(function: Callable[..., np.ndarray]) -> Function:
    """A function of doubles as one of floats."""

    def run(*arrays: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        dtype = arrays[0].dtype
        if out is None:
            out = np.empty(np.broadcast_shapes(*[array.shape for array in arrays]), dtype)
        return in_blocks(function, *arrays, dtype=np.dtype(np.float64), out=out)

    return run


def _special(function: Callable[..., np.ndarray]) -> Elementwise:
    return by_kind(floats=_of_doubles(function))


def _next_after(dtype: DType) -> Function | None:
    if dtype is DType.F16:
        return _next_half
    return np.nextafter if dtype in FLOATS else None


def _next_half(x: np.ndarray, y: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """Of equal halves numpy gives the first, which may have the other sign."""
    return stored(np.where(x == y, y, np.nextafter(x, y)), x.dtype, out)


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
    "chlo.bessel_i1e": _special(error_functions.bessel_i1e),
    "chlo.conj": by_kind(floats=np.positive, complexes=np.conjugate),
    "chlo.cosh": analytic(np.cosh),
    "chlo.digamma": _special(gamma.digamma),
    "chlo.erf": by_kind(floats=error_functions.erf_of_floats),
    "chlo.erf_inv": by_kind(floats=error_functions.erf_inv_of_floats),
    "chlo.erfc": by_kind(floats=error_functions.erfc_of_floats),
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
