"""Checking all functions of a file at once, with numpy, which takes a small part of the time of decoding them.

What is accepted here is accepted by `tfrt.executor.bef.decoding`, too, and means the same. What is not may still be a
valid file: whoever decodes its functions one by one finds out, and says what is wrong with it and where.

Kernels, registers and words are numbered through the whole file here, so that one operation does something for all of
them. Each function with a body has a register more than it says, its last one: the pseudo register. (Records are named
tuples here, since these start faster than data classes.)
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tfrt.executor.bef.bulk_headers import (
    WORD_BYTES,
    Doubt,
    Headers,
    as_numbers,
    first_numbers,
    firsts,
    read_headers,
    require,
    runs,
)
from tfrt.executor.bef.cursor import Cursor
from tfrt.executor.bef.format import KERNEL_HEADER, PSEUDO_KERNEL_CODE, PSEUDO_KERNEL_LOCATION, SectionId
from tfrt.executor.bef.function_index import Tables, function_cursors
from tfrt.executor.bef.model import FunctionSignature
from tfrt.executor.bef.vbr_arrays import Numbers, vbr_array
from tfrt.executor.support.errors import BefError

HEADER_WORDS = KERNEL_HEADER.least_bytes // WORD_BYTES


class CheckedBodies(NamedTuple):
    """The bodies of a file's functions, checked and not decoded; those of native functions are empty.

    Attributes:
        words: the file's.
        end_words: the word after each function's last one.
        first_kernels: the number of each function's first kernel, then that of all kernels.
        first_registers: the number of each function's first register, then that of all, pseudo registers aside.
        first_results: where in `result_registers` those of each function are, then the number of all.
        first_attributes: the number of the first attribute of each function's kernels, then that of all.
        starts: each kernel's first word.
        operands, streams: of each kernel, as the table of kernels has them.
        use_counts: of each register.
        result_registers: those that functions return.
        register_types: the number of each register's type, or None where the file has none.
        attribute_names: the offset of each attribute's name, likewise.
        callees: the functions that each function refers to.
    """

    words: Numbers
    end_words: Numbers
    first_kernels: Numbers
    first_registers: Numbers
    first_results: Numbers
    first_attributes: Numbers
    starts: Numbers
    operands: Numbers
    streams: Numbers
    use_counts: Numbers
    result_registers: Numbers
    register_types: Numbers | None
    attribute_names: Numbers | None
    callees: tuple[tuple[int, ...], ...]


def check_functions(tables: Tables) -> tuple[list[FunctionSignature], CheckedBodies] | None:
    """The functions of a file, if there is certainly nothing wrong with them."""
    try:
        cursors = function_cursors(tables.sections)
        headers = read_headers(tables, cursors)
        data = cursors.bodies.data
        words = np.frombuffer(data, "<u4", len(data) // WORD_BYTES)
        kernels = _lay_out(headers, words, tables.sections.range(SectionId.FUNCTIONS))
        callees = _check_references(tables, headers, kernels)
        _check_dataflow(headers, kernels)
        first_attributes = firsts(kernels.attributes)[kernels.first]
        return headers.signatures, CheckedBodies(
            words=words,
            end_words=kernels.ends[kernels.first[1:] - 1],
            first_kernels=kernels.first,
            first_registers=firsts(as_numbers(headers.register_counts)),
            first_results=firsts(as_numbers(headers.result_counts)),
            first_attributes=first_attributes,
            starts=kernels.starts,
            operands=as_numbers(headers.table)[1::3].copy(),
            streams=as_numbers(headers.table)[2::3].copy(),
            use_counts=as_numbers(headers.use_counts),
            result_registers=as_numbers(headers.result_registers),
            register_types=_check_types(tables, cursors.registers, headers),
            attribute_names=_check_names(tables, cursors.names, headers, np.diff(first_attributes)),
            callees=callees,
        )
    except (Doubt, BefError):
        return None


# -- kernels --------------------------------------------------------------------------------------------------------


class _Kernels(NamedTuple):
    """Where everything is in the words of a file.

    Attributes:
        first: the number of each function's first kernel, then that of all.
        owner: each kernel's function.
        pseudo: the pseudo kernels.
        starts: where each kernel starts; its user counts come after its header.
        arguments, attributes, callees, results, users: how many words of these each kernel has, in this order.
        user_counts: of each result.
    """

    words: Numbers
    first: Numbers
    owner: Numbers
    pseudo: Numbers
    starts: Numbers
    ends: Numbers
    arguments: Numbers
    attributes: Numbers
    callees: Numbers
    results: Numbers
    user_counts: Numbers


def _lay_out(headers: Headers, words: Numbers, section: tuple[int, int]) -> _Kernels:
    # Files without any are soon read one by one.
    require(headers.table)
    has_body = as_numbers(headers.has_body).astype(bool)
    first = firsts(as_numbers(headers.kernel_counts))
    owner = np.repeat(np.arange(len(has_body)), as_numbers(headers.kernel_counts))
    end_words = _end_words(headers, has_body, section)
    offsets = as_numbers(headers.table)[::3]
    require(not (offsets % WORD_BYTES).any() and not offsets[first[:-1][has_body]].any())
    require(offsets.max(initial=0) <= section[1])
    starts = offsets // WORD_BYTES + (as_numbers(headers.kernel_positions) // WORD_BYTES)[owner]
    ends = np.append(starts, 0)[1:]
    ends[first[1:][has_body] - 1] = end_words[has_body]
    # All kernels have their headers, so all are in front of the ones after them, and the last one in front of the end.
    require((ends - starts).min(initial=HEADER_WORDS) >= HEADER_WORDS)
    arguments, attributes, callees, results = [words[starts + place].astype(np.int64) for place in range(2, 6)]
    left = ends - starts - HEADER_WORDS - arguments - attributes - callees - 2 * results
    require(left.min(initial=0) >= 0)
    user_counts = words[runs(starts + HEADER_WORDS, results)].astype(np.int64)
    require((np.diff(firsts(user_counts)[firsts(results)]) == left).all())
    return _Kernels(
        words=words,
        first=first,
        owner=owner,
        pseudo=first[:-1][has_body],
        starts=starts,
        ends=ends,
        arguments=arguments,
        attributes=attributes,
        callees=callees,
        results=results,
        user_counts=user_counts,
    )


def _end_words(headers: Headers, has_body: Numbers, section: tuple[int, int]) -> Numbers:
    """The word after the last one of each body, where the next one must start."""
    positions = as_numbers(headers.positions)
    starts, ends = positions[has_body], np.zeros_like(positions)
    if len(starts):
        require(starts[0] == section[0])
    else:
        require(section[0] == section[1])
    ends[has_body] = np.append(starts, section[1])[1:]
    require(not (ends % WORD_BYTES).any())
    return ends // WORD_BYTES


def _check_references(tables: Tables, headers: Headers, kernels: _Kernels) -> tuple[tuple[int, ...], ...]:
    """Check what kernels say of other parts of the file; returns the functions that each function refers to."""
    words, starts, pseudo = kernels.words, kernels.starts, kernels.pseudo
    codes = words[starts]
    require((codes[pseudo] == PSEUDO_KERNEL_CODE).all() and (words[starts[pseudo] + 1] == PSEUDO_KERNEL_LOCATION).all())
    codes[pseudo] = 0
    require(len(pseudo) == len(starts) or codes.max() < len(tables.kernel_names))
    for count in (kernels.arguments, kernels.attributes, kernels.callees):
        require(not count[pseudo].any())
    require(np.array_equal(as_numbers(headers.table)[1::3], kernels.arguments))
    at = starts + HEADER_WORDS + kernels.results + kernels.arguments
    attributes = words[runs(at, kernels.attributes)]
    require(attributes.max(initial=0) < tables.sections.size(SectionId.ATTRIBUTES) or not len(attributes))
    callees = words[runs(at + kernels.attributes, kernels.callees)].astype(np.int64)
    functions = len(headers.signatures)
    require(callees.max(initial=0) < functions or not len(callees))
    found: dict[int, list[int]] = {}
    for pair in sorted(set((np.repeat(kernels.owner, kernels.callees) * functions + callees).tolist())):
        caller, callee = divmod(pair, functions)
        found.setdefault(caller, []).append(callee)
    return tuple([tuple(found.get(number, ())) for number in range(functions)])


# -- registers ------------------------------------------------------------------------------------------------------


def _check_dataflow(headers: Headers, kernels: _Kernels) -> None:
    """As `tfrt.executor.bef.dataflow` has it: registers are written once, and before they are read, and so on."""
    has_body, counts = as_numbers(headers.has_body), as_numbers(headers.register_counts)
    first = firsts(counts + has_body)
    writers, registers = _check_writes(headers, kernels, first)
    reads = _check_reads(headers, kernels, first, writers)
    users = _check_users(kernels, registers)
    # Each kernel that reads a register is announced to be its user as often as it reads it.
    reads.sort()
    users.sort()
    require(np.array_equal(reads, users))
    # The last register of each function with a body is the pseudo register, which has no count of uses.
    is_counted = np.ones(first[-1], bool)
    is_counted[first[1:][has_body.astype(bool)] - 1] = False
    uses = np.bincount(reads // len(kernels.starts), minlength=first[-1])
    returned = as_numbers(headers.result_registers) + np.repeat(first[:-1], as_numbers(headers.result_counts))
    uses += np.bincount(returned, minlength=first[-1])
    require(np.array_equal(uses[is_counted], as_numbers(headers.use_counts)))


def _check_writes(headers: Headers, kernels: _Kernels, first: Numbers) -> tuple[Numbers, Numbers]:
    """Check that each register is written once; returns the kernel that writes each, and what kernels write."""
    counts, arguments = as_numbers(headers.register_counts), as_numbers(headers.argument_counts)
    has_body = as_numbers(headers.has_body).astype(bool)
    require((kernels.results[kernels.pseudo] == arguments[has_body] + 1).all())
    before = kernels.arguments + kernels.attributes + kernels.callees + kernels.results
    written = kernels.words[runs(kernels.starts + HEADER_WORDS + before, kernels.results)].astype(np.int64)
    of_pseudo = firsts(kernels.results)[kernels.pseudo]
    require((written[of_pseudo] == counts[has_body]).all())
    require(np.array_equal(written[runs(of_pseudo + 1, arguments[has_body])], runs(0 * arguments, arguments)))
    require((written <= np.repeat(counts[kernels.owner], kernels.results)).all())
    written += np.repeat(first[kernels.owner], kernels.results)
    require(len(written) == first[-1] and (np.bincount(written, minlength=first[-1]) == 1).all())
    writers = np.empty(first[-1], np.int64)
    writers[written] = np.repeat(np.arange(len(kernels.starts)), kernels.results)
    return writers, written


def _check_reads(headers: Headers, kernels: _Kernels, first: Numbers, writers: Numbers) -> Numbers:
    """Check that what kernels read has been written; returns a number for each register with a kernel that reads it."""
    counts = as_numbers(headers.register_counts)
    read = kernels.words[runs(kernels.starts + HEADER_WORDS + kernels.results, kernels.arguments)].astype(np.int64)
    require((read < np.repeat(counts[kernels.owner], kernels.arguments)).all())
    read += np.repeat(first[kernels.owner], kernels.arguments)
    readers = np.repeat(np.arange(len(kernels.starts)), kernels.arguments)
    require((writers[read] < readers).all())
    read *= len(kernels.starts)
    read += readers
    # Kernels without arguments read their function's pseudo register.
    without = kernels.arguments == 0
    without[kernels.pseudo] = False
    (without,) = np.nonzero(without)
    pseudo_registers = (first[1:] - 1)[kernels.owner[without]]
    return np.concatenate([read, pseudo_registers * len(kernels.starts) + without])


def _check_users(kernels: _Kernels, written: Numbers) -> Numbers:
    """Check that the users of what kernels write are kernels; returns the same numbers for them."""
    of_results = firsts(kernels.user_counts)[firsts(kernels.results)]
    counts = np.diff(of_results)
    users = kernels.words[runs(kernels.ends - counts, counts)].astype(np.int64)
    require((users < np.repeat(np.diff(kernels.first)[kernels.owner], counts)).all())
    users += np.repeat(kernels.first[kernels.owner], counts)
    users += np.repeat(written * len(kernels.starts), kernels.user_counts)
    return users


# -- sections for tools ---------------------------------------------------------------------------------------------


def _split(cursor: Cursor, has_body: Numbers, counts: Numbers) -> tuple[Numbers, Numbers]:
    """What a section has for each function with a body: an integer, which comes first, and then so many."""
    data = cursor.data[cursor.position : cursor.end]
    numbers = vbr_array(data, int(has_body.sum() + counts.sum()))
    if numbers is None:
        raise Doubt
    is_first = np.zeros(len(numbers), bool)
    is_first[firsts(counts + has_body)[:-1][has_body.astype(bool)]] = True
    return numbers[is_first], numbers[~is_first]


def _check_types(tables: Tables, cursor: Cursor | None, headers: Headers) -> Numbers | None:
    """The number of each register's type; those of arguments and results must be the function's."""
    if cursor is None:
        return None
    has_body, counts = as_numbers(headers.has_body), as_numbers(headers.register_counts)
    said, types = _split(cursor, has_body, counts)
    require(np.array_equal(said, counts[has_body.astype(bool)]))
    require(types.max(initial=0) < len(tables.types) or not len(types))
    number_of = first_numbers(tables.types)
    first_of = np.array([number_of[type] for type in tables.types], np.int64)
    first = firsts(counts)[:-1]
    arguments = runs(first, as_numbers(headers.argument_counts))
    require(np.array_equal(first_of[types[arguments]], as_numbers(headers.argument_types)))
    results = as_numbers(headers.result_registers) + np.repeat(first, as_numbers(headers.result_counts))
    require(np.array_equal(first_of[types[results]], as_numbers(headers.result_types)))
    return types


def _check_names(tables: Tables, cursor: Cursor | None, headers: Headers, attributes: Numbers) -> Numbers | None:
    """The offset of each attribute's name, given how many attributes the kernels of each function have."""
    if cursor is None:
        return None
    has_body, counts = as_numbers(headers.has_body), as_numbers(headers.kernel_counts)
    said, names = _split(cursor, has_body, attributes)
    require(np.array_equal(said, counts[has_body.astype(bool)]))
    size = tables.sections.size(SectionId.STRINGS)
    require(names.max(initial=0) < size)
    is_named = np.zeros(size, bool)
    is_named[names] = True
    for offset in np.flatnonzero(is_named).tolist():
        require(tables.strings.find(offset) is not None)
    return names
