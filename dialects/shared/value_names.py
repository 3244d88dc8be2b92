"""The names under which an xDSL printer prints values.

xDSL has no public way to choose or to find out a name: a printer takes one from a value's hint when it first prints it.
But regions re-declare operands as their arguments, and MLIR numbers values in orders of its own, so names must be set.
This is the only module that knows where a printer keeps them.
"""

from __future__ import annotations

from xdsl.ir import SSAValue
from xdsl.printer import Printer


def value_names(printer: Printer) -> dict[SSAValue, str]:
    """The names of the values that `printer` has printed or will print, without the ``%``; they may be set."""
    return printer._ssa_values
