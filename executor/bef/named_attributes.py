"""What kernels say by their attributes' names: which ops they run for arrays, for instance.

Nothing is known of kernels in files that leave out the names of attributes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tfrt.executor.bef.model import FunctionRecord, KernelRecord
from tfrt.executor.bef.reader import BefFile
from tfrt.executor.support.errors import BefError
from tfrt.executor.values.attributes import Stored

ANY = Stored("any")
"""Whatever type the file records for an attribute."""


def named(bef: BefFile, function: FunctionRecord, name: str) -> Iterator[tuple[KernelRecord, Any]]:
    """The kernels of a function that have an attribute of that name, with its value where it can be read."""
    if function.attribute_names is None:
        return
    for kernel, names in zip(function.kernels, function.attribute_names, strict=True):
        if name in names:
            try:
                yield kernel, bef.attribute(kernel.attributes[names.index(name)], ANY)
            except BefError:
                continue


def array_ops(bef: BefFile, function: FunctionRecord) -> Iterator[tuple[KernelRecord, str]]:
    """The ops that a function's kernels run for arrays, with their kernels.

    There are none where the file leaves out the names of attributes.
    """
    for kernel, op in named(bef, function, "op_name"):
        if kernel.name.startswith("cpu.") and isinstance(op, str):
            yield kernel, op
    for kernel, steps in named(bef, function, "steps"):
        # Kernels of anybody may have attributes of that name.
        for step in steps if isinstance(steps, tuple) else ():
            if isinstance(step, tuple) and step and isinstance(step[0], str):
                yield kernel, step[0]
