"""Tensors in notebooks: shape, element type, device, and the values as far as numpy would print them.

Nothing is waited for, computed or copied between devices.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tfrt.executor.support.notebook import code, escaped, soft, table
from tfrt.executor.values.async_value import AsyncValue
from tfrt.executor.values.device import Device

_ELEMENTS = 200
"""Elements beyond which only those at the edges are shown."""

_EDGE = 3
_COLUMNS = 100
_STRINGS = 12


def tensor(device: Device, value: Any, metadata: Any) -> Iterator[str]:
    """HTML of a tensor's handle.

    Args:
        value, metadata: as the handle has them: what they are, or an `AsyncValue`.
    """
    value, metadata = _now(value), _now(metadata)
    described = metadata if type(metadata) is not AsyncValue else None
    unknown = "not known" if type(metadata) is AsyncValue and metadata.is_error else "not known yet"
    shape = unknown if described is None else str(tuple(described.shape))
    dtype = unknown if described is None else described.dtype.mlir
    rows = [("shape", shape), ("dtype", dtype), ("device", device.name)]
    if type(value) is not AsyncValue:
        rows.append(("kind", getattr(value, "kind", type(value).__name__)))
    yield f"<p><b>TensorHandle</b> {soft(_state(value))}</p>"
    yield table((), ((soft(name), code(text)) for name, text in rows))
    if type(value) is AsyncValue:
        if value.error is not None:
            yield f"<pre>{escaped(value.error)}</pre>"
        return
    yield f"<pre>{escaped(_values(device, value))}</pre>"


def _now(value: Any) -> Any:
    return value.value if type(value) is AsyncValue and value.is_available else value


def _state(value: Any) -> str:
    if type(value) is not AsyncValue:
        return "there"
    return "not there yet" if value.error is None else "failed: there is no tensor"


def _values(device: Device, tensor: Any) -> str:
    from tfrt.executor.values.tensor import (
        CooHostTensor,
        DenseHostTensor,
        ScalarHostTensor,
        StringHostTensor,
    )

    match tensor:
        case DenseHostTensor():
            return _array(tensor.array)
        case ScalarHostTensor():
            return f"{tensor.value}, everywhere"
        case CooHostTensor():
            listed = len(tensor.values.array)
            return f"{listed} listed\nindices\n{_array(tensor.indices.array)}\nvalues\n{_array(tensor.values.array)}"
        case StringHostTensor():
            shown = ", ".join(map(repr, tensor.strings[:_STRINGS]))
            return f"[{shown}{', …' if len(tensor.strings) > _STRINGS else ''}]"
    return f"in the memory of {device.name}: handle.to('cpu') copies it"


def _array(array: Any) -> str:
    import numpy as np

    return np.array2string(array, max_line_width=_COLUMNS, threshold=_ELEMENTS, edgeitems=_EDGE)
