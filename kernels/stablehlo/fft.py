"""Fourier transforms of the last dimensions."""

from __future__ import annotations

from typing import cast

import numpy as np

from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op import ArrayForm
from tfrt.executor.declarations.op_registry import array_op
from tfrt.executor.declarations.stablehlo_shapes import require
from tfrt.executor.declarations.stablehlo_window_shapes import fft as result_shape
from tfrt.executor.values.dtype import DType
from tfrt.kernels.numerics.fourier import TRANSFORMS, transform

_COMPLEX = {DType.F32: DType.COMPLEX64, DType.F64: DType.COMPLEX128}
_REAL = {made: real for real, made in _COMPLEX.items()}


def _fft_metadata(operand: TensorMetadata, *, fft_type: str, fft_length: tuple[int, ...]) -> TensorMetadata:
    require(fft_type in TRANSFORMS, "I2", f"expects fft_type to be one of {', '.join(TRANSFORMS)}, but got {fft_type}")
    wanted = _COMPLEX if fft_type == "RFFT" else _REAL
    what = "floats" if fft_type == "RFFT" else "complex numbers"
    require(operand.dtype in wanted, "C2", f"expects an operand of {what} for {fft_type}, but got {operand.dtype.mlir}")
    shape = cast(tuple[int, ...], result_shape(operand.shape, fft_type, fft_length))
    dtype = operand.dtype if fft_type in ("FFT", "IFFT") else wanted[operand.dtype]
    return TensorMetadata(dtype, shape)


@array_op("stablehlo.fft", metadata=_fft_metadata)
def fft(operand: TensorMetadata, *, fft_type: str, fft_length: tuple[int, ...]) -> ArrayForm:
    """The discrete transform ``FFT``, its inverse ``IFFT``, or those of real numbers, ``RFFT`` and ``IRFFT``."""
    _, shape = _fft_metadata(operand, fft_type=fft_type, fft_length=fft_length)

    def run(x: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        return transform(fft_type, x, shape, len(fft_length), out)

    return run
