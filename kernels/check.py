"""Ops of `check`: what tests of StableHLO programs expect of values, with the reference interpreter's tolerances.

Semantics follow `stablehlo/tests/CheckOps.cpp` of StableHLO. A check that does not hold fails, and names the first
element that is not as expected.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op import ArrayForm
from tfrt.executor.declarations.op_registry import array_op
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.tensor import DenseHostTensor
from tfrt.kernels.numerics.nearness import equal, ulps_between, within

_TOLERANCE = 1e-4


def _no_results(*inputs: TensorMetadata) -> tuple[()]:
    if any(known != inputs[0] for known in inputs):
        raise KernelError(f"expects tensors of one type, but got {' and '.join(map(str, inputs))}")
    return ()


def _expect(good: np.ndarray, got: np.ndarray, expected: np.ndarray, what: str) -> tuple[()]:
    """Raises unless all is good; `what` says how elements must be to one another."""
    if good.all():
        return ()
    index = tuple(map(int, np.argwhere(~good)[0]))
    raise KernelError(f"expected {expected[index]!s}{what} at index {list(index)}, but got {got[index]!s}")


def _of_constant(lhs: TensorMetadata, value: DenseHostTensor | np.ndarray) -> np.ndarray:
    array = np.asarray(getattr(value, "array", value))
    if array.shape != lhs.shape or array.dtype != lhs.dtype.numpy:
        raise KernelError(f"expects a constant of the operand's type, {lhs}, but got {array.dtype} {list(array.shape)}")
    return array


@array_op("check.expect_eq", metadata=_no_results)
def expect_eq(lhs: TensorMetadata, rhs: TensorMetadata) -> ArrayForm:
    _no_results(lhs, rhs)
    return _equal


def _equal(got: np.ndarray, expected: np.ndarray) -> tuple[()]:
    return _expect(equal(got, expected), got, expected, "")


@array_op("check.expect_eq_const", metadata=lambda lhs: ())
def expect_eq_const(lhs: TensorMetadata, *, value: DenseHostTensor) -> ArrayForm:
    expected = _of_constant(lhs, value)
    return lambda got: _equal(got, expected)


def _almost(tolerance: float) -> Callable[[np.ndarray, np.ndarray], tuple[()]]:
    def run(got: np.ndarray, expected: np.ndarray) -> tuple[()]:
        return _expect(within(got, expected, tolerance), got, expected, f" within {tolerance:g}")

    return run


@array_op("check.expect_almost_eq", metadata=_no_results)
def expect_almost_eq(lhs: TensorMetadata, rhs: TensorMetadata, *, tolerance: float = _TOLERANCE) -> ArrayForm:
    _no_results(lhs, rhs)
    return _almost(tolerance)


@array_op("check.expect_almost_eq_const", metadata=lambda lhs: ())
def expect_almost_eq_const(lhs: TensorMetadata, *, value: DenseHostTensor, tolerance: float = _TOLERANCE) -> ArrayForm:
    expected, run = _of_constant(lhs, value), _almost(tolerance)
    return lambda got: run(got, expected)


@array_op("check.expect_close", metadata=_no_results)
def expect_close(
    actual: TensorMetadata, expected: TensorMetadata, *, max_ulp_difference: int = 1, min_ulp_difference: int = 0
) -> ArrayForm:
    _no_results(actual, expected)
    bounds = f"{min_ulp_difference} to {max_ulp_difference}"

    def run(got: np.ndarray, wanted: np.ndarray) -> tuple[()]:
        ulps = ulps_between(got, wanted)
        good = (ulps >= np.uint64(min_ulp_difference)) & (ulps <= np.uint64(max_ulp_difference))
        return _expect(good, got, wanted, f" with a difference of {bounds} ulp")

    return run
