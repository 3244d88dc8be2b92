"""What a BEF file says, as plain records. See docs/bef.md for the format.

Everything in here has been validated by the reader: registers, kernels, functions and types that a record names
exist, every register is written exactly once, and every operand of every kernel is announced to it exactly once.
An executor that follows the records cannot run out of bounds or wait forever for a value nobody produces.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple


class FunctionKind(IntEnum):
    """How a function runs: as a dataflow graph, as a native callable, or to completion on the calling thread."""

    ASYNC = 0
    NATIVE = 1
    SYNC = 2


class KernelRecord(NamedTuple):
    """One kernel of a function. A tuple, because making many of these is part of loading.

    The kernel at index 0 is a pseudo kernel without a name: its first result is the pseudo register, whose users
    are the kernels without operands, and its further results are the function's arguments.
    """

    name: str
    location: int
    """An offset in the location section, or a virtual offset where the op's location is unknown."""
    arguments: tuple[int, ...]
    """Registers read."""
    attributes: tuple[int, ...]
    """Offsets in the attribute section."""
    functions: tuple[int, ...]
    """Indices of the functions that the kernel refers to."""
    results: tuple[int, ...]
    """Registers written."""
    users: tuple[tuple[int, ...], ...]
    """For each result, the kernels that read it, one entry a use, in the order in which they are woken."""
    operand_count: int
    """Operands to wait for; 0 for kernels that the pseudo register triggers."""
    stream: int


@dataclass(frozen=True, slots=True)
class FunctionSignature:
    """What a file says of a function besides its kernels.

    Attributes:
        index: its place in the file.
        name: empty for the function of a region.
        argument_types, result_types: MLIR's spellings.
        location: an offset in the location section, or a virtual one.
        argument_names, result_names: empty where none has a name; else a name, or nothing, for each.
    """

    index: int
    name: str
    kind: FunctionKind
    argument_types: tuple[str, ...]
    result_types: tuple[str, ...]
    location: int
    argument_names: tuple[str, ...] = field(default=(), kw_only=True)
    result_names: tuple[str, ...] = field(default=(), kw_only=True)


@dataclass(frozen=True, slots=True)
class FunctionRecord(FunctionSignature):
    """One function. `use_counts` and `register_types` are indexed by register, `attribute_names` by kernel."""

    use_counts: tuple[int, ...]
    kernels: tuple[KernelRecord, ...]
    result_registers: tuple[int, ...]
    register_types: tuple[str, ...] | None = None
    attribute_names: tuple[tuple[str, ...], ...] | None = None


@dataclass(frozen=True, slots=True)
class Producer:
    """What compiled a file: the tool with its version, the name of the text, and the passes as a pipeline."""

    tool: str
    source: str
    passes: str
