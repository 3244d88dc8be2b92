"""Groups of element types that ops accept."""

from __future__ import annotations

from tfrt.executor.values.dtype import DType

INTEGERS = frozenset({DType.UI8, DType.UI16, DType.UI32, DType.UI64, DType.I8, DType.I16, DType.I32, DType.I64})
HALVES = frozenset({DType.F16, DType.BF16})
"""Floats of 16 bits: sums and products of several are taken in single precision, and then rounded."""
FLOATS = frozenset({DType.F32, DType.F64}) | HALVES
REAL = INTEGERS | FLOATS
COMPLEX = frozenset({DType.COMPLEX64, DType.COMPLEX128})
NUMERIC = REAL | COMPLEX
