"""Discrete Fourier transforms over the last dimensions.

Source of the semantics: ``tensorflow/core/ops/spectral_ops.cc``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op import ArrayForm
from tfrt.executor.declarations.op_registry import array_op
from tfrt.executor.values.dtype import DType
from tfrt.kernels.tf.reshaping import sizes

_COMPLEX: dict[str, Callable[..., Any]] = {"FFT": np.fft.fftn, "IFFT": np.fft.ifftn}
_WITH_LENGTH: dict[str, Callable[..., Any]] = {"RFFT": np.fft.rfftn, "IRFFT": np.fft.irfftn}


def _register_complex(name: str, transform: Callable[..., Any], dimensions: int) -> None:
    @array_op(name, shaped_by=())
    def form(operand: TensorMetadata) -> ArrayForm:
        axes = tuple(range(-dimensions, 0))
        return lambda x, out=None: np.asarray(transform(x, axes=axes)).astype(x.dtype, copy=False)


def _register_with_length(name: str, transform: Callable[..., Any], dimensions: int) -> None:
    @array_op(name, shaped_by=(1,))
    def form(operand: TensorMetadata, length: TensorMetadata) -> ArrayForm:
        axes = tuple(range(-dimensions, 0))
        is_wide = operand.dtype in (DType.F64, DType.COMPLEX128)
        is_real = operand.dtype in (DType.F32, DType.F64)
        dtype = ("c16" if is_wide else "c8") if is_real else ("f8" if is_wide else "f4")
        return lambda x, length, out=None: np.asarray(transform(x, s=sizes(length), axes=axes)).astype(dtype)


for _suffix, _dimensions in (("", 1), ("2D", 2), ("3D", 3)):
    for _name, _transform in _COMPLEX.items():
        _register_complex(f"tf.{_name}{_suffix}", _transform, _dimensions)
    for _name, _transform in _WITH_LENGTH.items():
        _register_with_length(f"tf.{_name}{_suffix}", _transform, _dimensions)
