"""Writing elementwise functions and reductions in one pass as machine code.

What is combined are rows, or columns that go by a row at a time, as many columns as lie on the stack. Values between
steps are in registers; where elements are gone over several times, what took a function to compute is kept on the
stack, and all else computed again. Long sums are sums of sums, so that few digits are lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import prod

import numpy as np

from tfrt.executor.declarations.broadcasting import Shape
from tfrt.executor.support.machine_code import DATA_OFFSET, processor
from tfrt.kernels.numerics.chains.reduction import Reduction, ReductionChain
from tfrt.kernels.numerics.machine_code.vectors.code import Code, Value
from tfrt.kernels.numerics.machine_code.vectors.expressions import evaluate
from tfrt.kernels.numerics.machine_code.vectors.lanes import from_place
from tfrt.kernels.numerics.machine_code.vectors.steps import write_typed
from tfrt.kernels.numerics.machine_code.vectors.types import Vector, address, in_registers, load, spread, store

WAYS = 4
"""How many vectors, or rows, are combined side by side: what is combined waits for one another."""

LONG = 1 << 14
"""How many elements of a row are combined before that is combined with what came before."""

MANY_ROWS = 1 << 8
"""The same of rows."""

PANEL = 1 << 8
"""How many columns are worked on at a time, at most."""

MOST_KEPT = 1 << 16
"""How many bytes of a row are kept on the stack, at most."""


@dataclass(frozen=True)
class Work:
    """What is done, and in which parts.

    Attributes:
        chain: one that reduces the last dimension but one; the last one are columns, those before lines.
        whole: what is to be done. The chain is that, or gives what others combine.
        parts: how many parts the reduced dimension is gone through in.
        leaving: the values that are written.
    """

    chain: ReductionChain
    whole: ReductionChain
    parts: int
    leaving: tuple[int, ...]

    @property
    def lines(self) -> int:
        return prod(self.chain.shape[:-2])

    @property
    def size(self) -> int:
        """How many elements are combined."""
        return self.chain.shape[-2]

    @property
    def columns(self) -> int:
        return self.chain.shape[-1]

    @property
    def is_apart(self) -> bool:
        """Whether others combine what is written."""
        return self.parts > 1 or self.chain is not self.whole

    @property
    def lanes(self) -> int:
        """How many elements are worked on at a time: as many of the largest type as a vector has room for."""
        return processor().vector_bytes // max(in_registers(dtype).itemsize for dtype in self.chain.dtypes)

    @property
    def part(self) -> int:
        """How many elements a part combines, but for the last one."""
        return -(-self.size // self.parts)

    @property
    def panel(self) -> int:
        """How many columns are worked on at a time, but for the last ones."""
        if self.columns <= PANEL:
            return self.columns
        panels = -(-self.columns // PANEL)
        vectors = -(-self.columns // (panels * self.lanes))
        return vectors * self.lanes

    @property
    def panels(self) -> int:
        return -(-self.columns // self.panel)

    @property
    def units(self) -> int:
        return self.lines * self.parts * self.panels

    def elements(self, value: int) -> int:
        """How many elements an input has, or an array that is written."""
        chain = self.chain
        if value < chain.first_step:
            return prod(chain.inputs[value])
        return prod(chain.shape) if chain.is_wide(value) else self.lines * self.parts * self.columns


def in_order(work: Work) -> Sequence[int]:
    """The values that are written; the first result comes first."""
    return sorted(work.leaving, key=lambda n: (not work.chain.is_wide(n), work.leaving.index(n)))


_FLOAT_EXTREME = "{{0}} if {{0}} {0} {{1}} or {{0}} != {{0}} else {{1}}"

COMBINE: dict[np.ufunc, str] = {
    np.add: "{0} + {1}",
    np.multiply: "{0} * {1}",
    np.maximum: "{0} if {0} > {1} else {1}",
    np.minimum: "{0} if {0} < {1} else {1}",
    np.logical_or: "{0} | {1}",
    np.logical_and: "{0} & {1}",
}
"""The native forms of what combines elements; of floats, extremes are those of `_OF_FLOATS`."""

_START: dict[np.ufunc, int] = {np.add: 0, np.multiply: 1, np.logical_or: 0, np.logical_and: 1}
"""What combining begins with, but for extremes."""

_OF_FLOATS: dict[np.ufunc, str] = {np.maximum: _FLOAT_EXTREME.format(">"), np.minimum: _FLOAT_EXTREME.format("<")}
"""What is not a number stays."""


def write(work: Work) -> str:
    """The function ``work`` as a module: of arrays (the inputs, what is written, the first result last) and the first
    and the last unit to do.

    Raises:
        NotImplementedError: a step has no form for vectors.
    """
    chain = work.chain
    code = Code(np.dtype(np.float32), work.lanes)
    first, *others = in_order(work)
    numbers = [*range(chain.first_step), *others, first]
    names = [f"%a{number}x" for number in range(len(numbers))]
    places = {n: code.elements_of(name, DATA_OFFSET) for n, name in zip(numbers, names, strict=True)}
    writer = (_Rows if work.columns == 1 else _Columns)(work, code, places)
    with code.loop("%start", "%end") as unit:
        rest, panel = _parted(code, unit, work.panels)
        # There are parts only where there is one line.
        line, part = (rest, 0) if work.parts == 1 else (0, rest)
        lines: list[Value] = []
        for size in reversed(chain.shape[1:-2]):
            line, index = _parted(code, line, size)
            lines.insert(0, index)
        lines.insert(0, line)
        for columns in _sizes(code, panel, work.panels, work.panel, work.columns):
            for count in _sizes(code, part, work.parts, work.part, work.size):
                place = (*lines, code.times(part, work.part), code.times(panel, work.panel))
                starts = {n: _start(code, strides, place) for n, strides in writer.strides.items()}
                writer.do(starts, code.add(code.times(rest, work.columns), place[-1]), count, columns)
    return code.module("work", [*[f"ptr {name}" for name in names], "i64 %start", "i64 %end"])


def _parted(code: Code, index: Value, size: int) -> tuple[Value, Value]:
    """Which of several pieces of that size an index is in, and where there."""
    if size == 1:
        return index, 0
    return code.value(f"udiv i64 {index}, {size}"), code.value(f"urem i64 {index}, {size}")


def _start(code: Code, strides: Shape, place: Sequence[Value]) -> Value:
    """Where an array's elements begin that are worked on."""
    return code.add(*(code.times(index, stride) for index, stride in zip(place, strides, strict=True)))


def _sizes(code: Code, index: Value, count: int, size: int, whole: int) -> Iterator[int]:
    """The size of a piece, of so many that a whole consists of: the last one may be smaller."""
    last = whole - (count - 1) * size
    if last == size:
        yield size
        return
    for length, how in ((size, "slt"), (last, "eq")):
        with code.when(code.value(f"icmp {how} i64 {index}, {count - 1}")):
            yield length


class _Writer:
    """What rows and columns have in common: values of steps, and how they are combined."""

    def __init__(self, work: Work, code: Code, places: dict[int, str]):
        self.work, self.code, self.places, self.chain = work, code, places, work.chain
        chain = self.chain
        strides = [_strides(shape) for shape in chain.inputs]
        self.strides = dict(enumerate(strides))
        self.strides.update({n: _strides(chain.shape) for n in work.leaving if chain.is_wide(n)})
        self.numbers = range(chain.first_step, len(chain.dtypes))
        self.reductions = {
            n: step for n in self.numbers if isinstance(step := chain.steps[n - chain.first_step], Reduction)
        }
        ends = [chain.passes[step.operand] for step in self.reductions.values()]
        ends += [chain.passes[n] for n in work.leaving if chain.is_wide(n)]
        self.passes = range(max(ends, default=0) + 1)

    def combined_in(self, turn: int) -> list[int]:
        """The reductions whose operands are known in a pass over the elements."""
        return [n for n, step in self.reductions.items() if self.chain.passes[step.operand] == turn]

    def written_in(self, turn: int) -> list[int]:
        """The wide values that are written in a pass."""
        chain = self.chain
        return [n for n in self.work.leaving if chain.is_wide(n) and chain.passes[n] == turn]

    def narrow_of(self, turn: int) -> list[int]:
        """The narrow values of steps that are known before a pass."""
        chain = self.chain
        wanted = self._needed_narrow
        return [
            n
            for n in self.numbers
            if n in wanted and not chain.is_wide(n) and n not in self.reductions and chain.passes[n] == turn
        ]

    @property
    def _needed_narrow(self) -> set[int]:
        """The values that are needed at all: those at the end are others' business where there are parts."""
        needed = set(self.work.leaving) | set(self.reductions)
        for n in reversed(self.numbers):
            if n in needed:
                needed.update(self.chain.steps[n - self.chain.first_step].operands)
        return needed

    def start_of(self, number: int) -> str:
        """A vector of what a reduction begins with."""
        function, code = self.reductions[number].function, self.typed(number)
        if function in _START:
            return code.constant(_START[function])
        is_greatest = function is np.maximum
        if self.chain.dtypes[number].kind == "f":
            return code.constant(-np.inf if is_greatest else np.inf)
        limits = np.iinfo(self.chain.dtypes[number])
        return code.constant(limits.min if is_greatest else limits.max)

    def combine(self, number: int, one: str, other: str) -> str:
        function, code = self.reductions[number].function, self.typed(number)
        form = COMBINE[function]
        if self.chain.dtypes[number].kind == "f":
            form = _OF_FLOATS.get(function, form)
        return evaluate(code, form, [one, other])

    def typed(self, number: int) -> Code:
        return self.code.of(self.chain.dtypes[number])

    def evaluate(self, number: int, known: dict[int, Vector], read: Callable[[int], Vector]) -> Vector:
        """A value; those that were computed on the way are known from then on.

        Args:
            read: gives an input's vector.
        """
        if number not in known:
            chain = self.chain
            if number < chain.first_step:
                known[number] = read(number)
            else:
                step = chain.steps[number - chain.first_step]
                assert not isinstance(step, Reduction)
                operands = [self.evaluate(operand, known, read) for operand in step.operands]
                alone = replace(step, operands=tuple(range(len(operands))), dtype=chain.dtypes[number])
                known[number] = write_typed(self.code, [alone], operands, chain.dtypes[number])
        return known[number]


def _strides(shape: Shape) -> tuple[int, ...]:
    """How far elements are apart along each dimension; 0 along those of size 1."""
    return tuple(prod(shape[d + 1 :]) if size > 1 else 0 for d, size in enumerate(shape))


class _Rows(_Writer):
    """Rows whose elements are combined."""

    def do(self, starts: dict[int, Value], target: Value, count: int, columns: int) -> None:
        """Do a row.

        Args:
            starts: where in the inputs, and in what is written of this size, it begins.
            target: the place of what it is combined to.
        """
        code, chain = self.code, self.chain
        same: dict[int, Vector] = {}
        for n in range(chain.first_step):
            if not self.strides[n][-2]:
                same[n] = spread(code, address(code, self.places[n], starts[n], chain.dtypes[n]), chain.dtypes[n])
        kept: dict[int, str] = {}
        keeping = self._keeping(count)
        for turn in self.passes:
            self._narrow(turn, same)
            now = {n: memory for n, memory in keeping.items() if chain.passes[n] == turn}
            same.update(self._go(turn, count, starts, same, kept, now))
            kept.update(now)
        for turn in range(len(self.passes), max(chain.passes) + 1):
            self._narrow(turn, same)
        for n in self.work.leaving:
            if not chain.is_wide(n):
                store(code, address(code, self.places[n], target, chain.dtypes[n]), same[n], 1)

    def _narrow(self, turn: int, same: dict[int, Vector]) -> None:
        for n in self.narrow_of(turn):
            self.evaluate(n, same, lambda _: _never())

    def _keeping(self, count: int) -> dict[int, str]:
        """Memory for wide values that take a function and are needed in several passes."""
        chain = self.chain
        uses: dict[int, set[int]] = {n: set() for n in self.numbers}
        for turn in self.passes:
            waiting = [self.reductions[n].operand for n in self.combined_in(turn)] + self.written_in(turn)
            while waiting:
                n = waiting.pop()
                if n >= chain.first_step and chain.is_wide(n) and turn not in uses[n]:
                    uses[n].add(turn)
                    waiting += chain.steps[n - chain.first_step].operands
        found = {}
        for n, turns in uses.items():
            step = chain.steps[n - chain.first_step]
            size = count * chain.dtypes[n].itemsize
            if len(turns) > 1 and not isinstance(step, Reduction) and step.native is None and size <= MOST_KEPT:
                found[n] = self.typed(n).memory(-(-count // self.code.lanes) * self.code.lanes)
        return found

    def _go(
        self,
        turn: int,
        count: int,
        starts: dict[int, Value],
        same: dict[int, Vector],
        kept: dict[int, str],
        keeping: dict[int, str],
    ) -> dict[int, Vector]:
        """Go over the elements once; returns what they are combined to."""
        code, chain, lanes = self.code, self.chain, self.code.lanes
        combined, written = self.combined_in(turn), self.written_in(turn)
        ways = WAYS if len(combined) <= 2 else 2
        step = ways * lanes
        whole = count // step * step
        sums = {n: [self.typed(n).variable(self.start_of(n)) for _ in range(ways if whole else 1)] for n in combined}

        def do(column: Value, way: int, length: int) -> None:
            known = dict(same)
            for n, memory in kept.items():
                known[n] = Vector(self.typed(n).load(self.typed(n).at(memory, column), lanes), chain.dtypes[n])

            def read(n: int) -> Vector:
                place = address(code, self.places[n], code.add(starts[n], column), chain.dtypes[n])
                return load(code, place, chain.dtypes[n], length)

            for n, memory in keeping.items():
                vector = self.evaluate(n, known, read)
                self.typed(n).store(self.typed(n).at(memory, column), vector.name, lanes)
            for n in written:
                vector = self.evaluate(n, known, read)
                store(code, address(code, self.places[n], code.add(starts[n], column), vector.dtype), vector, length)
            for n in combined:
                vector = self.evaluate(self.reductions[n].operand, known, read)
                term = self.typed(n).filled(vector.name, length, self.start_of(n))
                variable = sums[n][way]
                self.typed(n).set(variable, self.combine(n, term, self.typed(n).get(variable)))

        def do_whole(start: Value, end: Value) -> None:
            with code.loop(start, end, step) as column:
                for way in range(ways):
                    do(code.add(column, way * lanes), way, lanes)

        totals = dict[int, str]()
        block = LONG // step * step
        if combined and whole >= 2 * block:
            totals = {n: self.typed(n).variable(self.start_of(n)) for n in combined}
            done = whole // block * block
            with code.loop(0, done, block) as first:
                do_whole(first, code.add(first, block))
                for n in combined:
                    self._fold(n, sums[n], totals[n])
            if done < whole:
                do_whole(done, whole)
        elif whole:
            do_whole(0, whole)
        for column in range(whole, count, lanes):
            do(column, 0, min(lanes, count - column))
        found = {}
        for n in combined:
            if n in totals:
                self._fold(n, sums[n], totals[n])
                vector = self.typed(n).get(totals[n])
            else:
                vector = self._added(n, sums[n])
            found[n] = Vector(self._of_all_lanes(n, vector), chain.dtypes[n])
        return found

    def _added(self, number: int, variables: Sequence[str]) -> str:
        """What several vectors combine to."""
        vectors = [self.typed(number).get(variable) for variable in variables]
        while len(vectors) > 1:
            pairs = zip(vectors[::2], vectors[1::2], strict=True)
            vectors = [self.combine(number, one, other) for one, other in pairs]
        return vectors[0]

    def _fold(self, number: int, variables: Sequence[str], total: str) -> None:
        """Combine vectors with a total, and begin anew."""
        typed = self.typed(number)
        typed.set(total, self.combine(number, self._added(number, variables), typed.get(total)))
        for variable in variables:
            typed.set(variable, self.start_of(number))

    def _of_all_lanes(self, number: int, vector: str) -> str:
        """What a vector's elements combine to, in all places."""
        typed, count = self.typed(number), self.code.lanes // 2
        while count:
            vector = self.combine(number, vector, from_place(typed, vector, count))
            count //= 2
        return typed.spread_first(vector)


def _never() -> Vector:
    raise AssertionError("what is read is known")


class _Columns(_Writer):
    """Columns whose elements are combined, a panel of them at a time."""

    def do(self, starts: dict[int, Value], target: Value, count: int, columns: int) -> None:
        """Do so many columns of as many rows.

        Args:
            starts: where in the inputs, and in what is written of this size, they begin.
            target: the place of what the first column is combined to.
        """
        code, chain = self.code, self.chain
        memory: dict[int, str] = {}
        room = -(-columns // code.lanes) * code.lanes
        for turn in (*self.passes, *range(len(self.passes), max(chain.passes) + 1)):
            self._narrow(turn, columns, room, starts, memory)
            if turn in self.passes:
                self._go(turn, count, columns, room, starts, memory)
        for n in self.work.leaving:
            if not chain.is_wide(n):
                for place, length in code.parts(columns):
                    vector = Vector(self.typed(n).load(self.typed(n).at(memory[n], place), code.lanes), chain.dtypes[n])
                    where = address(code, self.places[n], code.add(target, place), chain.dtypes[n])
                    store(code, where, vector, length)

    def _narrow(self, turn: int, columns: int, room: int, starts: dict[int, Value], memory: dict[int, str]) -> None:
        """Compute the narrow values that are known before a pass."""
        code, numbers = self.code, self.narrow_of(turn)
        if not numbers:
            return
        made = {n: self.typed(n).memory(room) for n in numbers}
        for place, length in code.parts(columns):
            known = self._known(place, memory)
            for n in numbers:
                vector = self.evaluate(n, known, lambda n: self._read(n, starts[n], place, length))  # noqa: B023
                self.typed(n).store(self.typed(n).at(made[n], place), vector.name, code.lanes)
        memory.update(made)

    def _known(self, place: Value, memory: dict[int, str]) -> dict[int, Vector]:
        """The narrow values of some columns."""
        lanes, dtypes = self.code.lanes, self.chain.dtypes
        return {
            n: Vector(self.typed(n).load(self.typed(n).at(where, place), lanes), dtypes[n])
            for n, where in memory.items()
        }

    def _read(self, number: int, start: Value, place: Value, length: int) -> Vector:
        code, dtype = self.code, self.chain.dtypes[number]
        if not self.strides[number][-1]:
            return spread(code, address(code, self.places[number], start, dtype), dtype)
        return load(code, address(code, self.places[number], code.add(start, place), dtype), dtype, length)

    def _go(
        self, turn: int, count: int, columns: int, room: int, starts: dict[int, Value], memory: dict[int, str]
    ) -> None:
        """Go over the rows once; what columns are combined to is in memory from then on."""
        code = self.code
        combined = self.combined_in(turn)
        sums = {n: self.typed(n).memory(room) for n in combined}
        self._begin(sums, room)
        is_long = bool(combined) and count >= 2 * MANY_ROWS
        totals = {n: self.typed(n).memory(room) for n in combined} if is_long else {}
        self._begin(totals, room)

        def rows(first: Value, last: Value, at_once: int) -> None:
            with code.loop(first, last, at_once) as row:
                for place, length in self._places(columns):
                    self._some(turn, [code.add(row, n) for n in range(at_once)], place, length, starts, memory, sums)

        done = count // MANY_ROWS * MANY_ROWS if is_long else 0
        if is_long:
            with code.loop(0, done, MANY_ROWS) as first:
                rows(first, code.add(first, MANY_ROWS), WAYS)
                self._fold(sums, totals, room)
        whole = done + (count - done) // WAYS * WAYS
        if done < whole:
            rows(done, whole, WAYS)
        if whole < count:
            rows(whole, count, 1)
        if is_long:
            self._fold(sums, totals, room)
        memory.update(totals or sums)

    def _places(self, columns: int) -> Iterator[tuple[Value, int]]:
        """Where vectors begin, and their lanes; where there are few, what they are combined to is in registers."""
        lanes = self.code.lanes
        if columns > WAYS * lanes:
            yield from self.code.parts(columns)
            return
        for place in range(0, columns, lanes):
            yield place, min(lanes, columns - place)

    def _begin(self, sums: dict[int, str], room: int) -> None:
        for n, where in sums.items():
            for place, lanes in self._places(room):
                self.typed(n).store(self.typed(n).at(where, place), self.start_of(n), lanes)

    def _fold(self, sums: dict[int, str], totals: dict[int, str], room: int) -> None:
        """Combine sums with totals, and begin anew."""
        for n, where in sums.items():
            typed = self.typed(n)
            for place, lanes in self._places(room):
                own, total = typed.at(where, place), typed.at(totals[n], place)
                typed.store(total, self.combine(n, typed.load(own, lanes), typed.load(total, lanes)), lanes)
                typed.store(own, self.start_of(n), lanes)

    def _some(
        self,
        turn: int,
        rows: Sequence[Value],
        place: Value,
        length: int,
        starts: dict[int, Value],
        memory: dict[int, str],
        sums: dict[int, str],
    ) -> None:
        """Go over some columns of some rows."""
        code = self.code
        narrow = self._known(place, memory)
        terms: dict[int, list[str]] = {n: [] for n in sums}
        for row in rows:
            known = dict(narrow)
            begins = {n: code.add(start, code.times(row, self.strides[n][-2])) for n, start in starts.items()}

            def read(n: int, begins: dict[int, Value] = begins) -> Vector:
                return self._read(n, begins[n], place, length)

            for n in self.written_in(turn):
                vector = self.evaluate(n, known, read)
                store(code, address(code, self.places[n], code.add(begins[n], place), vector.dtype), vector, length)
            for n in sums:
                terms[n].append(self.evaluate(self.reductions[n].operand, known, read).name)
        for n, where in sums.items():
            own = self.typed(n).at(where, place)
            vectors = terms[n]
            while len(vectors) > 1:
                vectors = [self.combine(n, *pair) for pair in zip(vectors[::2], vectors[1::2], strict=True)]
            found = self.combine(n, vectors[0], self.typed(n).load(own, code.lanes))
            self.typed(n).store(own, found, code.lanes)
