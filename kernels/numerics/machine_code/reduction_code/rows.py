"""Writing rows whose elements are combined."""

from __future__ import annotations

from collections.abc import Sequence

from tfrt.kernels.numerics.chains.reduction import Reduction
from tfrt.kernels.numerics.machine_code.reduction_code.writer import WAYS, Writer
from tfrt.kernels.numerics.machine_code.vectors.code import Value
from tfrt.kernels.numerics.machine_code.vectors.lanes import from_place
from tfrt.kernels.numerics.machine_code.vectors.types import Vector, address, load, spread, store

LONG = 1 << 14
"""How many elements of a row are combined before that is combined with what came before."""

MOST_KEPT = 1 << 16
"""How many bytes of a row are kept on the stack, at most."""


class Rows(Writer):
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
