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
"""An attribute of type i1."""

I8 = Annotated[int, Stored("scalar", DType.I8)]
"""An attribute of type i8."""

I16 = Annotated[int, Stored("scalar", DType.I16)]
"""An attribute of type i16."""

I32 = Annotated[int, Stored("scalar", DType.I32)]
"""An attribute of type i32."""

I64 = Annotated[int, Stored("scalar", DType.I64)]
"""An attribute of type i64."""

UI8 = Annotated[int, Stored("scalar", DType.UI8)]
"""An attribute of type ui8."""

UI16 = Annotated[int, Stored("scalar", DType.UI16)]
"""An attribute of type ui16."""

UI32 = Annotated[int, Stored("scalar", DType.UI32)]
"""An attribute of type ui32."""

UI64 = Annotated[int, Stored("scalar", DType.UI64)]
"""An attribute of type ui64."""

BF16 = Annotated[float, Stored("scalar", DType.BF16)]
"""An attribute of type bf16."""

F16 = Annotated[float, Stored("scalar", DType.F16)]
"""An attribute of type f16."""

F32 = Annotated[float, Stored("scalar", DType.F32)]
"""An attribute of type f32."""

F64 = Annotated[float, Stored("scalar", DType.F64)]
"""An attribute of type f64."""

String = Annotated[str, Stored("scalar", DType.STRING)]
"""A string."""

Type = Annotated[DType, Stored("type")]
"""An element type, such as ``f32``."""

I1Array = Annotated[tuple[bool, ...], Stored("array", DType.I1)]
"""An array of attributes of type i1."""

I8Array = Annotated[tuple[int, ...], Stored("array", DType.I8)]
"""An array of attributes of type i8."""

I32Array = Annotated[tuple[int, ...], Stored("array", DType.I32)]
"""An array of attributes of type i32."""

I64Array = Annotated[tuple[int, ...], Stored("array", DType.I64)]
"""An array of attributes of type i64."""

F16Array = Annotated[tuple[float, ...], Stored("array", DType.F16)]
"""An array of attributes of type f16."""

BF16Array = Annotated[tuple[float, ...], Stored("array", DType.BF16)]
"""An array of attributes of type bf16."""

F32Array = Annotated[tuple[float, ...], Stored("array", DType.F32)]
"""An array of attributes of type f32."""

F64Array = Annotated[tuple[float, ...], Stored("array", DType.F64)]
"""An array of attributes of type f64."""

TypeArray = Annotated[tuple[DType, ...], Stored("type_array")]
"""An array of element types."""

Shape = Annotated["tuple[int | None, ...] | None", Stored("shape")]
"""A partial shape: None for an unknown dimension, None in place of the tuple for an unknown rank."""

if TYPE_CHECKING:
    import numpy as np

    Dense = Annotated[np.ndarray, Stored("dense")]
    """A dense elements attribute."""
else:
    # Programs without tensors start without importing numpy.
    Dense = Annotated[Any, Stored("dense")]

Aggregate = Annotated[tuple[Any, ...], Stored("aggregate")]
"""An array of attributes of any kinds."""

TypedAggregate = Annotated[tuple[Any, ...], Stored("typed_aggregate")]
"""Like `Aggregate`, but each element is a `tfrt.executor.bef.attribute_values.TypedAttribute`."""
