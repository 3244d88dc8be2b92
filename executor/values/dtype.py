"""Element types: their number in BEF files, their MLIR spelling, their numpy twin.

numpy is imported when its dtypes are asked for: programs without tensors start faster without it.

The numbers are part of the file format (``include/tfrt/dtype/dtype.def`` in tensorflow/runtime).
"""

from __future__ import annotations

import sys
from enum import IntEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np


class DType(IntEnum):
    """An element type; the value is its number in BEF attribute headers and attribute types."""

    UI8 = 1
    UI16 = 2
    UI32 = 3
    UI64 = 4
    I1 = 5
    I8 = 6
    I16 = 7
    I32 = 8
    I64 = 9
    F32 = 10
    F64 = 11
    COMPLEX64 = 12
    COMPLEX128 = 13
    F16 = 14
    BF16 = 15
    STRING = 16
    RESOURCE = 17
    VARIANT = 18
    QUI8 = 19
    QUI16 = 20
    QI8 = 21
    QI16 = 22
    QI32 = 23
    # The rest is ours: types that StableHLO has. The numbers are no element types of the reference implementation.
    I2 = 32
    I4 = 33
    UI2 = 34
    UI4 = 35
    F4E2M1FN = 40
    F6E2M3FN = 41
    F6E3M2FN = 42
    F8E3M4 = 43
    F8E4M3 = 44
    F8E4M3B11FNUZ = 45
    F8E4M3FN = 46
    F8E4M3FNUZ = 47
    F8E5M2 = 48
    F8E5M2FNUZ = 49
    F8E8M0FNU = 50

    @property
    def mlir(self) -> str:
        """The type's MLIR spelling: ``i32``, ``complex<f32>``, ``!corert.string``."""
        return _MLIR.get(self, self.name.lower())

    @property
    def label(self) -> str:
        """The name in printed tensors, as the reference spells it: ``u8``, ``i32``, ``complex64``, ``str``."""
        return _LABELS.get(self, self.name.lower())

    @property
    def numpy(self) -> np.dtype:
        """The numpy dtype that holds one element.

        Those of bf16, of floats of at most 8 bits and of integers of less than 8 are the ``ml_dtypes`` package's, which
        is imported when one is asked for.

        Raises:
            TypeError: the type has no fixed-size elements (strings, resources, variants).
        """
        found = _NUMPY_DTYPES.get(self)
        return self._find_numpy() if found is None else found

    @property
    def little_endian(self) -> np.dtype:
        """The numpy dtype of elements in files, the lowest byte first; `numpy` where the machine has it so, not one
        that is equal to it but no dtype of numpy's own.

        Raises:
            TypeError: see `numpy`.
        """
        return self.numpy if sys.byteorder == "little" else self.numpy.newbyteorder("<")

    def _find_numpy(self) -> np.dtype:
        import numpy as np

        if self in _ML_DTYPES:
            found = _ml_dtype(_ML_DTYPES[self])
        elif self in _NUMPY:
            found = np.dtype(_NUMPY[self])
        else:
            raise TypeError(f"{self.mlir} has no numpy dtype")
        _NUMPY_DTYPES[self] = found
        return found

    @staticmethod
    def of(array: np.ndarray | np.dtype) -> DType:
        """The element type of a numpy array or dtype.

        Raises:
            TypeError: no element type corresponds to it.
        """
        dtype: Any = getattr(array, "dtype", array)
        found = _DTYPES.get(dtype)
        if found is not None:
            return found
        try:
            found = _OF_NUMPY[dtype.newbyteorder("=").name if dtype.isbuiltin == 1 else dtype.name]
        except KeyError:
            raise TypeError(f"numpy dtype {dtype} has no element type") from None
        _DTYPES[dtype] = found
        return found


_ML_DTYPES = {
    DType.BF16: "bfloat16",
    DType.I2: "int2",
    DType.I4: "int4",
    DType.UI2: "uint2",
    DType.UI4: "uint4",
    DType.F4E2M1FN: "float4_e2m1fn",
    DType.F6E2M3FN: "float6_e2m3fn",
    DType.F6E3M2FN: "float6_e3m2fn",
    DType.F8E3M4: "float8_e3m4",
    DType.F8E4M3: "float8_e4m3",
    DType.F8E4M3B11FNUZ: "float8_e4m3b11fnuz",
    DType.F8E4M3FN: "float8_e4m3fn",
    DType.F8E4M3FNUZ: "float8_e4m3fnuz",
    DType.F8E5M2: "float8_e5m2",
    DType.F8E5M2FNUZ: "float8_e5m2fnuz",
    DType.F8E8M0FNU: "float8_e8m0fnu",
}

_MLIR = {
    **{dtype: f"f{dtype.name[1:]}" for dtype in DType if dtype.name[:2] in ("F4", "F6", "F8") and "E" in dtype.name},
    DType.COMPLEX64: "complex<f32>",
    DType.COMPLEX128: "complex<f64>",
    DType.STRING: "!corert.string",
    DType.RESOURCE: "!corert.resource",
    DType.VARIANT: "!corert.variant",
    DType.QUI8: "!corert.quint8",
    DType.QUI16: "!corert.quint16",
    DType.QI8: "!corert.qint8",
    DType.QI16: "!corert.qint16",
    DType.QI32: "!corert.qint32",
}

_LABELS = {
    DType.UI8: "u8",
    DType.UI16: "u16",
    DType.UI32: "u32",
    DType.UI64: "u64",
    DType.STRING: "str",
    DType.QUI8: "qu8",
    DType.QUI16: "qu16",
}

_NUMPY = {
    DType.UI8: "uint8",
    DType.UI16: "uint16",
    DType.UI32: "uint32",
    DType.UI64: "uint64",
    DType.I1: "bool",
    DType.I8: "int8",
    DType.I16: "int16",
    DType.I32: "int32",
    DType.I64: "int64",
    DType.F16: "float16",
    DType.F32: "float32",
    DType.F64: "float64",
    DType.COMPLEX64: "complex64",
    DType.COMPLEX128: "complex128",
    DType.QUI8: "uint8",
    DType.QUI16: "uint16",
    DType.QI8: "int8",
    DType.QI16: "int16",
    DType.QI32: "int32",
}

# What has been found once: numpy takes microseconds to name or make a dtype.
_NUMPY_DTYPES: dict[DType, np.dtype] = {}
_DTYPES: dict[np.dtype, DType] = {}

_OF_NUMPY = {name: dtype for dtype, name in _NUMPY.items() if not dtype.name.startswith("Q")}
_OF_NUMPY |= {name: dtype for dtype, name in _ML_DTYPES.items()}


def _ml_dtype(name: str) -> np.dtype:
    import ml_dtypes
    import numpy as np

    return np.dtype(getattr(ml_dtypes, name))
