"""Weights: arrays that programs refer to by name, and that are given when a program is loaded.

They are never written to, so any number of programs may use the same ones; those of a safetensors file are mapped, and
processes share them, too. Whoever gives arrays must not change them while programs that have them run: kernels keep
what they have made of them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.arguments import array_converter, shown_array_type
from tfrt.executor.values.dtype import DType
from tfrt.executor.values.scalars import MisfitError

if TYPE_CHECKING:
    import numpy as np

_LISTED = 8


class Weights:
    """The weights of a program.

    Args:
        arrays: by name; None where none are given.
        source: where they come from, for messages; a path, or nothing.
    """

    def __init__(self, arrays: Mapping[str, Any] | None = None, source: str = ""):
        self._arrays = arrays
        self._source = f"'{source}'" if source else "what was given"
        self._found: dict[tuple[str, DType, tuple[int, ...]], np.ndarray] = {}

    def get(self, name: str, dtype: DType, shape: tuple[int, ...]) -> np.ndarray:
        """The weight of a name, which must be of that type and shape.

        Raises:
            KernelError: there is none, or it is of another type or shape.
        """
        key = (name, dtype, shape)
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = self._look_up(name, f"memref<{'x'.join([*map(str, shape), dtype.mlir])}>", dtype)
        return found

    def _look_up(self, name: str, type: str, dtype: DType) -> np.ndarray:
        if self._arrays is None:
            raise KernelError(
                "the program was compiled without its weights: load it with weights=..., or run it with --weights FILE"
            )
        import numpy as np

        from tfrt.executor.values.stored_types import from_stored

        try:
            given = self._arrays[name]
        except KeyError:
            names = list(self._arrays)
            listed = ", ".join(names[:_LISTED]) + (", ..." if len(names) > _LISTED else "")
            raise KernelError(f"{self._source} has no weight '{name}'; it has: {listed or 'none'}") from None
        convert = array_converter(type)
        if convert is None:
            raise KernelError(f"the weight '{name}' has a type that arrays do not have: {shown_array_type(type)}")
        try:
            found: np.ndarray = convert(from_stored(given, dtype) if isinstance(given, np.ndarray) else given)
        except MisfitError as error:
            raise KernelError(f"the weight '{name}' of {self._source}{error}") from None
        # So that whoever is given it sees that it never changes.
        memory = np.ascontiguousarray(found).reshape(-1).view(np.uint8).data.toreadonly()
        return np.frombuffer(memory, found.dtype).reshape(found.shape)


def weights_of(source: Weights | str | os.PathLike[str] | Mapping[str, Any] | None) -> Weights:
    """Weights from a file (see `tfrt.executor.values.array_files`), or from arrays by name.

    Raises:
        UsageError: the file cannot be read, or is none of arrays.
    """
    if isinstance(source, Weights):
        return source
    if isinstance(source, str | os.PathLike):
        from tfrt.executor.values.array_files import open_arrays

        return Weights(open_arrays(source), os.fspath(source))
    return Weights(source)
