"""Writing columns whose elements are combined, a panel of them at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tfrt.kernels.numerics.machine_code.reduction_code.writer import WAYS, Writer
from tfrt.kernels.numerics.machine_code.vectors.code import Value
from tfrt.kernels.numerics.machine_code.vectors.types import Vector, address, load, spread, store

MANY_ROWS = 1 << 8
"""How many rows are combined before that is combined with what came before."""


class Columns(Writer):
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

            def read(n: int, place: Value = place, length: int = length) -> Vector:
                return self._read(n, starts[n], place, length)

            for n in numbers:
                vector = self.evaluate(n, known, read)
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
