"""Decoding the functions of a file one by one, with everything checked, and told where and how it is wrong.

The first fault of a file, in this order, is what a reader says of it: function by function, its entry in the index, its
body, the types of its registers, the names of its attributes, its dataflow, the names of its arguments and results;
then what is left of each section.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import replace

from tfrt.executor.bef.cursor import Cursor
from tfrt.executor.bef.dataflow import check_dataflow
from tfrt.executor.bef.format import (
    KERNEL_ENTRY,
    KERNEL_HEADER,
    PSEUDO_KERNEL_CODE,
    PSEUDO_KERNEL_LOCATION,
    REGISTER_BYTES,
    SectionId,
)
from tfrt.executor.bef.function_index import (
    Entry,
    FunctionCursors,
    Tables,
    expect_start,
    function_cursors,
    read_entry,
    read_value_names,
)
from tfrt.executor.bef.model import FunctionKind, FunctionRecord, KernelRecord
from tfrt.executor.bef.sections import Strings

_KERNEL_HEADER = KERNEL_HEADER.struct()

_KERNEL_WORDS = {4 * n: struct.Struct(f"<{n}I").unpack_from for n in range(8, 40)}
"""Unpackers of a kernel with one result, by its bytes."""

_U32 = [struct.Struct(f"<{n}I") for n in range(64)]
"""Unpackers of n words; kernels rarely have more."""

_new = tuple.__new__


def decode_functions(tables: Tables) -> tuple[FunctionRecord, ...]:
    """The functions of a file.

    Raises:
        BefError: something is wrong with them.
    """
    cursors = function_cursors(tables.sections)
    functions = tuple(_function(number, cursors, tables) for number in range(cursors.count))
    cursors.expect_end()
    return functions


def _function(number: int, cursors: FunctionCursors, tables: Tables) -> FunctionRecord:
    entry = read_entry(cursors.index, tables)
    kind, _, _, name, arguments, results = entry
    if kind is FunctionKind.NATIVE:
        return FunctionRecord(number, name, kind, arguments, results, 0, (), (), ())
    start = tables.sections.range(SectionId.FUNCTIONS)[0]
    expect_start(cursors.index, entry, number, cursors.bodies.position - start)
    return _body(number, entry, cursors, tables)


def _body(number: int, entry: Entry, cursors: FunctionCursors, tables: Tables) -> FunctionRecord:
    cursor = cursors.bodies
    location = cursor.vbr("a function's location")
    register_count = cursor.count("registers", least_bytes=REGISTER_BYTES)
    use_counts = tuple(cursor.vbrs(register_count, "a use count"))
    at = cursor.position
    kernel_count = cursor.count("kernels", least_bytes=KERNEL_ENTRY.least_bytes + KERNEL_HEADER.least_bytes)
    table = cursor.vbrs(3 * kernel_count, "a kernel's offset", "a number of operands", "a stream")
    if not table:
        cursor.fail("a function without a pseudo kernel", at)
    result_registers = tuple([cursor.index("a result register", register_count) for _ in entry.result_types])
    cursor.align(4)
    kernels = _kernels(cursor, table, cursors.count, tables)
    types = _register_types(cursors.registers, entry, result_registers, register_count, tables.types)
    names = _attribute_names(cursors.names, kernels, tables.strings)
    record = FunctionRecord(
        number,
        entry.name,
        entry.kind,
        entry.argument_types,
        entry.result_types,
        location,
        use_counts,
        tuple(kernels),
        result_registers,
        types,
        names,
    )
    check_dataflow(record, cursor, at)
    signatures = cursors.signatures
    if signatures is None:
        return record
    argument_names = read_value_names(signatures, "argument", len(entry.argument_types), tables.strings)
    result_names = read_value_names(signatures, "result", len(entry.result_types), tables.strings)
    return replace(record, argument_names=argument_names, result_names=result_names)


def _kernels(cursor: Cursor, table: Sequence[int], functions: int, tables: Tables) -> list[KernelRecord]:
    """The kernels that follow at the cursor, of which the table has the offset, the operands and the stream."""
    start, data = cursor.position, cursor.data
    names, limit = tables.kernel_names, cursor.end - start
    attributes_end = tables.sections.size(SectionId.ATTRIBUTES)
    layouts: dict[tuple[int, ...], tuple[int, int, int, int]] = {}
    kernels: list[KernelRecord] = []
    position = 0
    for offset, operands, stream, end in zip(table[::3], table[1::3], table[2::3], (*table[3::3], 0), strict=True):
        if offset != position:
            cursor.fail(f"a kernel starts at {offset}, expected {position}", start + position)
        unpack = _KERNEL_WORDS.get(end - offset)
        if unpack is not None and kernels and end <= limit:
            # Nearly all are like that; any other, and what is wrong with one, takes its time.
            words = unpack(data, start + offset)
            counts = words[2:7]
            layout = layouts.get(counts)
            if layout is None:
                layout = layouts[counts] = _layout(*counts)
            attributes_at, callees_at, results_at, size = layout
            code, attributes, callees = words[0], words[attributes_at:callees_at], words[callees_at:results_at]
            if (
                size == len(words)
                and counts[0] == operands
                and code < len(names)
                and not (attributes and max(attributes) >= attributes_end)
                and not (callees and max(callees) >= functions)
            ):
                results, users = words[results_at : results_at + 1], (words[results_at + 1 :],)
                arguments = words[7:attributes_at]
                found = (names[code], words[1], arguments, attributes, callees, results, users, operands, stream)
                kernels.append(_new(KernelRecord, found))
                position = end
                continue
        cursor.position = start + position
        kernels.append(_kernel(cursor, not kernels, operands, stream, functions, tables))
        position = cursor.position - start
    cursor.position = start + position
    return kernels


def _layout(arguments: int, attributes: int, functions: int, results: int, users: int) -> tuple[int, int, int, int]:
    """Where the attributes, functions and results of a kernel with one result are, and how many words it has.

    No kernel has as many as those with more results, or none, are said to have.
    """
    attributes_at = 7 + arguments
    functions_at = attributes_at + attributes
    results_at = functions_at + functions
    return attributes_at, functions_at, results_at, results_at + 1 + users if results == 1 else 0


def _kernel(
    cursor: Cursor, is_pseudo: bool, operands: int, stream: int, functions: int, tables: Tables
) -> KernelRecord:
    at = cursor.take(_KERNEL_HEADER.size, "a kernel")
    code, location, n_arguments, n_attributes, n_functions, n_results = _KERNEL_HEADER.unpack_from(cursor.data, at)
    user_counts = _words(cursor, n_results, "a kernel's counts of users")
    arguments = _words(cursor, n_arguments, "a kernel's arguments")
    attributes = _words(cursor, n_attributes, "a kernel's attributes")
    callees = _words(cursor, n_functions, "a kernel's functions")
    results = _words(cursor, n_results, "a kernel's results")
    users = tuple([_words(cursor, count, "a result's users") for count in user_counts])
    if is_pseudo:
        if (code, location) != (PSEUDO_KERNEL_CODE, PSEUDO_KERNEL_LOCATION):
            cursor.fail("a function does not start with a pseudo kernel", at)
        if arguments or attributes or callees or not results:
            cursor.fail("a pseudo kernel has results only", at)
        if operands:
            cursor.fail(f"a pseudo kernel waits for {operands} operands", at)
        return KernelRecord("", location, (), (), (), results, users, operands, stream)
    names = tables.kernel_names
    if code >= len(names):
        cursor.fail(f"kernel {code} is out of range, there are {len(names)}", at)
    if callees and max(callees) >= functions:
        cursor.fail(f"function {max(callees)} is out of range, there are {functions}", at)
    if attributes and max(attributes) >= tables.sections.size(SectionId.ATTRIBUTES):
        cursor.fail(f"attribute offset {max(attributes)} is out of range", at)
    if operands != len(arguments):
        cursor.fail(f"a kernel waits for {operands} operands and has {len(arguments)}", at)
    return KernelRecord(names[code], location, arguments, attributes, callees, results, users, operands, stream)


def _words(cursor: Cursor, count: int, what: str) -> tuple[int, ...]:
    if not count:
        return ()
    start = cursor.take(4 * count, what)
    unpack: Callable[..., tuple[int, ...]]
    unpack = _U32[count].unpack_from if count < len(_U32) else struct.Struct(f"<{count}I").unpack_from
    return unpack(cursor.data, start)


def _register_types(
    cursor: Cursor | None, entry: Entry, result_registers: tuple[int, ...], registers: int, all_types: tuple[str, ...]
) -> tuple[str, ...] | None:
    if cursor is None:
        return None
    at = cursor.position
    count = cursor.vbr("the number of registers")
    if count != registers:
        cursor.fail(f"types for {count} registers, but the function has {registers}", at)
    start = cursor.position
    indices = cursor.vbrs(count, "a register's type")
    if indices and max(indices) >= len(all_types):
        cursor.position = start
        for _ in range(count):
            cursor.index("a register's type", len(all_types))
    types = tuple([all_types[index] for index in indices])
    for what, found, wanted in (
        ("argument", types[: len(entry.argument_types)], entry.argument_types),
        ("result", tuple([types[register] for register in result_registers]), entry.result_types),
    ):
        if found != wanted:
            number = next(n for n, type in enumerate(wanted) if found[n : n + 1] != (type,))
            cursor.fail(f"{what} {number} of the function is not of its register's type", at)
    return types


def _attribute_names(
    cursor: Cursor | None, kernels: list[KernelRecord], strings: Strings
) -> tuple[tuple[str, ...], ...] | None:
    if cursor is None:
        return None
    at = cursor.position
    count = cursor.vbr("the number of kernels")
    if count != len(kernels):
        cursor.fail(f"names for {count} kernels, but the function has {len(kernels)}", at)
    what = "an attribute's name"
    return tuple(
        [() if not k.attributes else tuple([strings.read(cursor, what) for _ in k.attributes]) for k in kernels]
    )
