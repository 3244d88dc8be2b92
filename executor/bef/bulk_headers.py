"""What is in front of the kernels of all functions, for checking them together; and what such checks have in common."""

from __future__ import annotations

from array import array
from typing import Any

import numpy as np

from tfrt.executor.bef.cursor import Cursor
from tfrt.executor.bef.format import KERNEL_ENTRY, KERNEL_HEADER, REGISTER_BYTES
from tfrt.executor.bef.function_index import FunctionCursors, Tables, read_entry, read_value_names
from tfrt.executor.bef.model import FunctionKind, FunctionSignature
from tfrt.executor.bef.vbr_arrays import Numbers, vbr_array

WORD_BYTES = 4

_FEW = 64
"""Up to so many integers are read faster without numpy."""


class Doubt(Exception):
    """Something may be wrong."""


def firsts(counts: Any) -> Numbers:
    """Where each of several runs of items begins in their sequence, and where the last one ends."""
    found = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=found[1:])
    return found


def runs(starts: Any, counts: Any) -> Numbers:
    """The numbers ``start, start + 1, …`` of each of several runs, one run after the other."""
    before = firsts(counts)
    found = np.repeat(starts - before[:-1], counts)
    found += np.arange(before[-1])
    return found


def require(is_so: Any) -> None:
    """
    Raises:
        Doubt: it is not so.
    """
    if not is_so:
        raise Doubt


def as_numbers(found: array[int]) -> Numbers:
    """The same numbers, viewed."""
    return np.frombuffer(found, np.int64) if found else np.zeros(0, np.int64)


class Headers:
    """The signatures of all functions, and what is in front of their kernels. Native functions have none of that.

    Attributes:
        has_body: 1 for each function that is not native, else 0.
        positions, kernel_positions: where each body starts, and where its kernels do, in bytes of the file.
        kernel_counts, register_counts, argument_counts, result_counts: of each function.
        table: the offset, the operands and the stream of each kernel.
        argument_types, result_types: the numbers of all functions' types, the first one of each spelling.
    """

    def __init__(self) -> None:
        self.signatures: list[FunctionSignature] = []
        self.has_body = array("q")
        self.positions = array("q")
        self.kernel_positions = array("q")
        self.kernel_counts = array("q")
        self.register_counts = array("q")
        self.argument_counts = array("q")
        self.result_counts = array("q")
        self.table = array("q")
        self.use_counts = array("q")
        self.result_registers = array("q")
        self.argument_types = array("q")
        self.result_types = array("q")


def read_headers(tables: Tables, cursors: FunctionCursors) -> Headers:
    """
    Raises:
        BefError, Doubt: something may be wrong.
    """
    headers, signatures = Headers(), cursors.signatures
    start = cursors.bodies.position
    type_numbers = first_numbers(tables.types)
    for number in range(cursors.count):
        entry = read_entry(cursors.index, tables)
        names: list[tuple[str, ...]] = [(), ()]
        is_native = entry.kind is FunctionKind.NATIVE
        headers.has_body.append(not is_native)
        if is_native:
            location = 0
            for listed in (
                headers.positions,
                headers.kernel_positions,
                headers.kernel_counts,
                headers.register_counts,
                headers.argument_counts,
                headers.result_counts,
            ):
                listed.append(0)
        else:
            require(entry.offset <= cursors.bodies.end - start)
            cursors.bodies.position = start + entry.offset
            location = _read_header(headers, cursors.bodies, len(entry.result_types))
            for types, counts, listed in (
                (entry.argument_types, headers.argument_counts, headers.argument_types),
                (entry.result_types, headers.result_counts, headers.result_types),
            ):
                counts.append(len(types))
                listed.extend([type_numbers[type] for type in types])
            if signatures is not None:
                names = [
                    read_value_names(signatures, what, len(types), tables.strings)
                    for what, types in (("argument", entry.argument_types), ("result", entry.result_types))
                ]
        headers.signatures.append(
            FunctionSignature(
                number,
                entry.name,
                entry.kind,
                entry.argument_types,
                entry.result_types,
                location,
                argument_names=names[0],
                result_names=names[1],
            )
        )
    for cursor in (cursors.index, signatures):
        require(cursor is None or not cursor.remaining)
    return headers


def _read_header(headers: Headers, bodies: Cursor, results: int) -> int:
    """Read what is in front of a body's kernels, and return the function's location."""
    headers.positions.append(bodies.position)
    location = bodies.vbr("")
    register_count = bodies.count("", least_bytes=REGISTER_BYTES)
    headers.register_counts.append(register_count)
    _extend(headers.use_counts, bodies, register_count)
    kernel_count = bodies.count("", least_bytes=KERNEL_ENTRY.least_bytes + KERNEL_HEADER.least_bytes)
    require(kernel_count)
    headers.kernel_counts.append(kernel_count)
    _extend(headers.table, bodies, 3 * kernel_count)
    for _ in range(results):
        headers.result_registers.append(bodies.index("", register_count))
    bodies.align(WORD_BYTES)
    headers.kernel_positions.append(bodies.position)
    return location


def _extend(found: array[int], cursor: Cursor, count: int) -> None:
    """Append so many integers at the cursor."""
    if count <= _FEW:
        try:
            found.extend(cursor.vbrs(count, ""))
        except OverflowError:
            raise Doubt from None
        return
    data = cursor.vbr_bytes(count)
    numbers = None if data is None else vbr_array(data, count)
    if data is None or numbers is None:
        raise Doubt
    cursor.position += len(data)
    found.frombytes(numbers.astype(np.int64).tobytes())


def first_numbers(types: tuple[str, ...]) -> dict[str, int]:
    """For each spelling, the number of the first type that has it."""
    return {type: number for number, type in reversed(list(enumerate(types)))}
