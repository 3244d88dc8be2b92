"""What the ops do. Registers hold the integers that stand for the numbers."""

import numpy as np

import tfrt

ONE = 1 << 16
LEAST, MOST = -(1 << 31), (1 << 31) - 1


def saturate(number: int) -> int:
    """The nearest integer that stands for a number."""
    return max(LEAST, min(number, MOST))


@tfrt.kernel("fixed.constant", constant=True)
def constant(*, value: tfrt.F64) -> int:
    return saturate(round(value * ONE))


@tfrt.kernel("fixed.multiply", inline=f"max({LEAST}, min(({{0}}) * ({{1}}) >> 16, {MOST}))")
def multiply(x: int, y: int) -> int:
    return saturate(x * y >> 16)


@tfrt.kernel("fixed.shift", pure=True)
def shift(x: int, *, bits: tfrt.I32) -> int:
    if not -31 <= bits <= 31:
        raise tfrt.KernelError(f"cannot shift by {bits} bits")
    return saturate(x << bits if bits > 0 else x >> -bits)


@tfrt.kernel("fixed.to_f32", pure=True)
def to_f32(x: int) -> float:
    return x / ONE


def scale_metadata(x: tfrt.TensorMetadata, *, factor: float) -> tfrt.TensorMetadata:
    """The result's shape and element type are the input's; only f32 will do."""
    if x.dtype is not tfrt.DType.F32:
        raise tfrt.KernelError(f"fixed.Scale takes f32 tensors, not {x.dtype.label}")
    return x


@tfrt.cpu_op("fixed.Scale", metadata=scale_metadata)
def scale(x: tfrt.DenseHostTensor, *, factor: float) -> tfrt.DenseHostTensor:
    """Every element times `factor`, as fixed-point numbers."""
    return tfrt.DenseHostTensor(from_fixed(scaled(to_fixed(x.array), factor)), tfrt.DType.F32)


def to_fixed(array: np.ndarray) -> np.ndarray:
    """The integers that stand for the nearest numbers; zero for what is no number."""
    scaled = np.rint(np.nan_to_num(array.astype(np.float64), nan=0.0) * ONE)
    return np.clip(scaled, LEAST, MOST).astype(np.int32)


def from_fixed(numbers: np.ndarray) -> np.ndarray:
    """The nearest single-precision numbers."""
    return (numbers / ONE).astype(np.float32)


def scaled(numbers: np.ndarray, factor: float) -> np.ndarray:
    """Each number times a factor, which is rounded first."""
    by = saturate(round(float(factor) * ONE))
    return np.clip(numbers.astype(np.int64) * by >> 16, LEAST, MOST).astype(np.int32)
