"""Groups of element types that ops accept."""

from __future__ import annotations

from tfrt.executor.dtype import DType

INTEGERS = frozenset({DType.UI8, DType.UI16, DType.UI32, DType.UI64, DType.I8, DType.I16, DType.I32, DType.I64})
FLOATS = frozenset({DType.F32, DType.F64})
"""Those with transcendental functions."""
REAL = INTEGERS | FLOATS | {DType.F16}
COMPLEX = frozenset({DType.COMPLEX64, DType.COMPLEX128})
NUMERIC = REAL | COMPLEX
