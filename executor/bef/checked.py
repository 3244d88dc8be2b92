"""Functions that have been checked, decoded one at a time.

Nothing is checked again, and Python's own loop over kernels is left to `map` and `zip`, so it takes a third of the time
that `tfrt.executor.bef.decoding` takes, with the same outcome.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from itertools import accumulate, islice, pairwise, repeat

import numpy as np

from tfrt.executor.bef.bulk_check import HEADER_WORDS, CheckedBodies, check_functions
from tfrt.executor.bef.bulk_headers import firsts, runs
from tfrt.executor.bef.function_index import Tables
from tfrt.executor.bef.model import FunctionKind, FunctionRecord, FunctionSignature, KernelRecord
from tfrt.executor.bef.vbr_arrays import Numbers

Words = tuple[int, ...]

_FEW = 50
"""So many kernels are decoded one by one in less time than numpy's functions take."""

_new = partial(tuple.__new__, KernelRecord)


def check(tables: Tables) -> CheckedFunctions | None:
    """The functions of a file, if there is certainly nothing wrong with them."""
    found = check_functions(tables)
    return None if found is None else CheckedFunctions(tables, *found)


class CheckedFunctions:
    """The functions of a file.

    Attributes:
        signatures: of each function.
    """

    def __init__(self, tables: Tables, signatures: list[FunctionSignature], bodies: CheckedBodies):
        self.signatures = signatures
        self._tables = tables
        self._bodies = bodies

    def decode(self, signature: FunctionSignature) -> FunctionRecord:
        """All that the file says of a function."""
        bodies, index = self._bodies, signature.index
        is_native = signature.kind is FunctionKind.NATIVE
        kernels = () if is_native else self._all_kernels(index)
        return FunctionRecord(
            index,
            signature.name,
            signature.kind,
            signature.argument_types,
            signature.result_types,
            signature.location,
            tuple(_part(bodies.use_counts, bodies.first_registers, index).tolist()),
            kernels,
            tuple(_part(bodies.result_registers, bodies.first_results, index).tolist()),
            None if is_native else self.register_types(index),
            None if is_native else self._attribute_names(index, kernels),
            argument_names=signature.argument_names,
            result_names=signature.result_names,
        )

    def kernel_names(self, index: int) -> set[str]:
        """The names of a function's kernels."""
        return set(map(self._tables.kernel_names.__getitem__, set(self._codes(index).tolist())))

    def callees(self, index: int) -> tuple[int, ...]:
        """The functions that a function's kernels refer to."""
        return self._bodies.callees[index]

    def register_types(self, index: int) -> tuple[str, ...] | None:
        """The types of a function's registers, or None where the file does not have them."""
        types = self._bodies.register_types
        if types is None:
            return None
        numbers = _part(types, self._bodies.first_registers, index)
        return tuple(map(self._tables.types.__getitem__, numbers.tolist()))

    def kernels_named(self, index: int, names: Iterable[str]) -> tuple[KernelRecord, ...]:
        """The function's kernels that have one of these names."""
        wanted = set(names)
        is_wanted = np.array([name in wanted for name in self._tables.kernel_names], bool)
        return self._kernels(index, np.flatnonzero(is_wanted[self._codes(index)]) + 1)

    def _codes(self, index: int) -> Numbers:
        """What each kernel but the pseudo kernel is, as a number."""
        return self._bodies.words[self._starts(index)[1:]].astype(np.int64)

    def _starts(self, index: int) -> Numbers:
        return _part(self._bodies.starts, self._bodies.first_kernels, index)

    def _all_kernels(self, index: int) -> tuple[KernelRecord, ...]:
        bodies, starts = self._bodies, self._starts(index)
        if len(starts) > _FEW:
            return self._kernels(index, np.arange(len(starts)))
        begin = starts[0]
        words: Words = tuple(bodies.words[begin : bodies.end_words[index]].tolist())
        operands = _part(bodies.operands, bodies.first_kernels, index).tolist()
        streams = _part(bodies.streams, bodies.first_kernels, index).tolist()
        rows = zip((starts - begin).tolist(), operands, streams, strict=True)
        return tuple([_kernel(words, *row, self._tables.kernel_names) for row in rows])

    def _kernels(self, index: int, chosen: Numbers) -> tuple[KernelRecord, ...]:
        """Some of a function's kernels, by their numbers."""
        bodies, words, starts = self._bodies, self._bodies.words, self._starts(index)
        ends = np.append(starts, bodies.end_words[index])[1:][chosen]
        starts = starts[chosen]
        codes = words[starts].astype(np.int64)
        # The pseudo kernel's name comes after all others.
        codes[chosen == 0] = len(self._tables.kernel_names)
        arguments, attributes, callees, results = [words[starts + place].astype(np.int64) for place in range(2, 6)]
        # Counts of users, arguments, attributes, functions, results, users; nearly all kernels have one result.
        at = starts + HEADER_WORDS
        user_counts = words[runs(at, results)]
        at += results
        columns = []
        for counts in (arguments, attributes, callees, results):
            columns.append(_tuples(words, at, counts))
            at += counts
        kernels = list(
            map(
                _new,
                zip(
                    map((*self._tables.kernel_names, "").__getitem__, codes.tolist()),
                    words[starts + 1].tolist(),
                    *columns,
                    zip(_tuples(words, at, ends - at)),
                    _part(bodies.operands, bodies.first_kernels, index)[chosen].tolist(),
                    _part(bodies.streams, bodies.first_kernels, index)[chosen].tolist(),
                    strict=True,
                ),
            )
        )
        first_counts = firsts(results)
        for number in np.flatnonzero(results != 1).tolist():
            users = iter(kernels[number].users[0])
            counts = user_counts[first_counts[number] : first_counts[number + 1]].tolist()
            split = tuple([tuple(islice(users, count)) for count in counts])
            kernels[number] = kernels[number]._replace(users=split)
        return tuple(kernels)

    def _attribute_names(self, index: int, kernels: tuple[KernelRecord, ...]) -> tuple[tuple[str, ...], ...] | None:
        offsets = self._bodies.attribute_names
        if offsets is None:
            return None
        known = self._tables.strings.known
        names = map(known.__getitem__, _part(offsets, self._bodies.first_attributes, index).tolist())
        return tuple([tuple(islice(names, len(kernel.attributes))) if kernel.attributes else () for kernel in kernels])


def _kernel(words: Words, start: int, operands: int, stream: int, names: tuple[str, ...]) -> KernelRecord:
    """The kernel whose words start there; the first one is the pseudo kernel."""
    code, location, *counts = words[start : start + HEADER_WORDS]
    results = counts[-1]
    at = start + HEADER_WORDS
    user_counts = words[at : at + results]
    edges = list(accumulate([*counts, *user_counts], initial=at + results))
    arguments, attributes, callees, written, *users = [words[a:b] for a, b in pairwise(edges)]
    name = names[code] if start else ""
    return KernelRecord(name, location, arguments, attributes, callees, written, tuple(users), operands, stream)


def _tuples(words: Numbers, starts: Numbers, counts: Numbers) -> Iterator[Words]:
    """The words of each of several runs."""
    found = words[runs(starts, counts)].tolist()
    if not found:
        return repeat((), len(counts))
    if len(found) == len(counts) and (counts == 1).all():
        return zip(found)
    edges = firsts(counts).tolist()
    return map(tuple(found).__getitem__, map(slice, edges, edges[1:]))


def _part(items: Numbers, firsts: Numbers, index: int) -> Numbers:
    """The items of a function."""
    return items[firsts[index] : firsts[index + 1]]
