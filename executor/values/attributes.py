"""Annotations that tell how a kernel's attribute is stored in a BEF file.

A file holds attributes as bare bytes; the executor decodes each as the kernel that reads it declares::

    @kernel("tfrt.constant.i32")
    def constant_i32(*, value: I32) -> int: ...

To a type checker they are the Python type that arrives. Arrays arrive as tuples, dense attributes as read-only
numpy arrays that view the file. A plain annotation (``int``, ``str``, ``np.ndarray``, …) takes the type that
the file's optional attribute-type section records.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from tfrt.executor.values.dtype import DType


@dataclass(frozen=True, slots=True)
class Stored:
    """How an attribute is stored.

    `kind` is ``scalar`` (of `dtype`), ``array`` (of scalars of `dtype`), ``type``, ``type_array``, ``shape``,
    ``dense``, ``aggregate`` (attributes of any kind), ``typed_aggregate`` (with their types) or ``any`` (as the
    file's attribute types say).
    """

    kind: str
    dtype: DType | None = None


I1 = Annotated[bool, Stored("scalar", DType.I1)]
I8 = Annotated[int, Stored("scalar", DType.I8)]
I16 = Annotated[int, Stored("scalar", DType.I16)]
I32 = Annotated[int, Stored("scalar", DType.I32)]
I64 = Annotated[int, Stored("scalar", DType.I64)]
UI8 = Annotated[int, Stored("scalar", DType.UI8)]
UI16 = Annotated[int, Stored("scalar", DType.UI16)]
UI32 = Annotated[int, Stored("scalar", DType.UI32)]
UI64 = Annotated[int, Stored("scalar", DType.UI64)]
BF16 = Annotated[float, Stored("scalar", DType.BF16)]
F16 = Annotated[float, Stored("scalar", DType.F16)]
F32 = Annotated[float, Stored("scalar", DType.F32)]
F64 = Annotated[float, Stored("scalar", DType.F64)]
String = Annotated[str, Stored("scalar", DType.STRING)]
Type = Annotated[DType, Stored("type")]

I1Array = Annotated[tuple[bool, ...], Stored("array", DType.I1)]
I8Array = Annotated[tuple[int, ...], Stored("array", DType.I8)]
I32Array = Annotated[tuple[int, ...], Stored("array", DType.I32)]
I64Array = Annotated[tuple[int, ...], Stored("array", DType.I64)]
F16Array = Annotated[tuple[float, ...], Stored("array", DType.F16)]
BF16Array = Annotated[tuple[float, ...], Stored("array", DType.BF16)]
F32Array = Annotated[tuple[float, ...], Stored("array", DType.F32)]
F64Array = Annotated[tuple[float, ...], Stored("array", DType.F64)]
TypeArray = Annotated[tuple[DType, ...], Stored("type_array")]

Shape = Annotated["tuple[int | None, ...] | None", Stored("shape")]
"""A partial shape: None for an unknown dimension, None in place of the tuple for an unknown rank."""

if TYPE_CHECKING:
    import numpy as np

    Dense = Annotated[np.ndarray, Stored("dense")]
else:
    # Programs without tensors start without importing numpy.
    Dense = Annotated[Any, Stored("dense")]
Aggregate = Annotated[tuple[Any, ...], Stored("aggregate")]
TypedAggregate = Annotated[tuple[Any, ...], Stored("typed_aggregate")]
"""Like `Aggregate`, but each element is a `tfrt.executor.bef.attribute_values.TypedAttribute`."""
