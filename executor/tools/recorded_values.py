"""Values of kernels, for people: which kernels are meant, what is kept of a value, files of them.

``--dump-kernels`` names kernels by patterns: of their names (``cpu.*``), of the ops that they run for arrays
(``stablehlo.dot*``), or places in the source (``model.mlir:12``, ``model.mlir:12:5``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from numbers import Number
from typing import Any

import numpy as np

from tfrt.executor.bef import BefFile
from tfrt.executor.bef.named_attributes import array_ops
from tfrt.executor.core_runtime.tensor_handle import TensorHandle
from tfrt.executor.runtime.recording import Ran
from tfrt.executor.support.location import Location, position
from tfrt.executor.tools.cli_values import to_numpy
from tfrt.executor.values.tensor import DenseHostTensor


def kept(value: Any) -> Any:
    """A value as it is now: a copy of an array or a dense tensor, numbers and strings as they are; else None."""
    if type(value) is TensorHandle:
        value = value.tensor
    match value:
        case np.ndarray():
            return value.copy()
        case DenseHostTensor():
            return DenseHostTensor(value.array.copy(), value.dtype)
        case Number() | str():
            return value
    return None


def op_names(bef: BefFile) -> Callable[[str, Location], str]:
    """What kernels at places are called: the kernel's name, and those of the ops that it runs for arrays."""
    ops = _ops(bef)

    def name(kernel: str, location: Location) -> str:
        found = ops.get((kernel, location))
        return kernel if found is None else f"{kernel} ({', '.join(found)})"

    return name


def selection(patterns: Sequence[str], bef: BefFile) -> Callable[[str, Location], bool]:
    """Whether patterns mean a kernel at a place; see the module docstring."""
    ops = _ops(bef)

    def is_meant(kernel: str, location: Location) -> bool:
        at = position(location)
        names = [kernel, *ops.get((kernel, location), ())]
        if at is not None:
            names += [f"{at.filename}:{at.line}", str(at)]
        return any(fnmatchcase(name, pattern) for name in names for pattern in patterns)

    return is_meant


def _ops(bef: BefFile) -> dict[tuple[str, Location], list[str]]:
    """The ops that kernels run for arrays, by kernel and place."""
    found: dict[tuple[str, Location], list[str]] = {}
    for function in bef.functions:
        for kernel, op in array_ops(bef, function):
            found.setdefault((kernel.name, bef.kernel_location(kernel)), []).append(op)
    return found


def arrays_of(runs: Sequence[Ran]) -> dict[str, np.ndarray]:
    """The values of runs as arrays by name: ``NUMBER.KERNEL@PLACE.operandN`` and ``….resultN``, in their order."""
    width = len(str(max((run.number for run in runs), default=0)))
    arrays = {}
    for run in runs:
        at = position(run.location)
        head = f"{run.number:0{width}}.{run.kernel}" + ("" if at is None else f"@{at}")
        for what, values in (("operand", run.operands), ("result", run.results)):
            for index, value in enumerate(values):
                array = to_numpy(value)
                if array is not None:
                    # What lies between slashes would be folders in the file.
                    arrays[f"{head}.{what}{index}".replace("/", "_")] = array
    return arrays
