"""Writing products of matrices as machine code, for more rows than few.

A tile of the result, some rows by some vectors of columns, stays in registers while all products are added to it. A
panel of the right matrix, as many columns as a tile has, is in no order to be read again and again: the first tile that
needs it reads it where it lies, and copies it on the way, which costs nothing, for what it waits for is the arithmetic.
Tiles have the processor fetch the next panel meanwhile, each some rows of it, now and then: these are too far apart
for it to foresee, and more at a time than it keeps track of would hold up what a tile itself reads.
A tile has few enough rows that those of the left matrix do not keep one another out of the nearest cache, wherever they
lie. Long sums are made in parts, so that a part of a panel, and those of all others, are in reach. How large all of
these are, `product_tiling` says.

Work comes in units, a block of rows by a panel of columns, of which any range can be done by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from math import prod

from tfrt.executor.support.machine_code import DATA_OFFSET
from tfrt.kernels.numerics.machine_code.product_tiling import Product, Tiling
from tfrt.kernels.numerics.machine_code.vectors.code import LINE_BYTES, Code, Value, written_once
from tfrt.kernels.numerics.machine_code.vectors.expressions import evaluate
from tfrt.kernels.numerics.machine_code.vectors.lanes import transposed
from tfrt.kernels.numerics.machine_code.vectors.steps import write_steps

LEAST_FETCHED = 1 << 18
"""Results of so many bytes are not in the second cache any more when the next call writes them."""


@written_once
def write(p: Product, t: Tiling) -> str:
    """The function ``multiply`` as a module: of arrays (the two matrices, the result, others), and the first and the
    last unit to do."""
    code = Code(p.dtype, t.lanes)
    names = ["x", "y", "made", *(f"o{number}" for number in range(len(p.others)))]
    # On the stack, some tens of kilobytes.
    memory = code.memory(t.depth * t.width if t.together > 1 or p.by_columns else 1)
    x, y, made, *others = (code.elements_of(f"%{name}", DATA_OFFSET) for name in names)
    writer = _Writer(code, p, t, x, y, made, tuple(others), memory)
    if t.blocks == 1:
        writer.block(0, "%first", "%last")
    else:
        begin = code.value(f"udiv i64 %first, {t.panels}")
        end = code.value(f"udiv i64 {code.add('%last', t.panels - 1)}, {t.panels}")
        with code.loop(begin, end) as block:
            before = code.times(block, t.panels)
            low = code.greatest(code.subtract("%first", before), 0)
            writer.block(block, low, code.least(code.subtract("%last", before), t.panels))
    return code.module("multiply", [*(f"ptr %{name}" for name in names), "i64 %first", "i64 %last"])


@dataclass(frozen=True, slots=True)
class _Part:
    """Some of the products that are added up: from `start` on, to `end`."""

    start: Value
    end: Value


@dataclass(frozen=True, slots=True)
class _Ahead:
    """The part of a panel that comes next: where it begins, and how many rows it has."""

    begin: str
    rows: Value


@dataclass(frozen=True, slots=True)
class _Writer:
    """What the parts of a function have in common: where its arrays' elements begin, and memory for a panel's part."""

    code: Code
    p: Product
    t: Tiling
    x: str
    y: str
    made: str
    others: tuple[str, ...]
    memory: str

    @property
    def apart(self) -> int:
        """How many elements a line of memory has."""
        return LINE_BYTES // self.p.dtype.itemsize

    def block(self, block: Value, first: Value, last: Value) -> None:
        """Do some panels of a block of rows."""
        code, p, t = self.code, self.p, self.t
        whole, some = divmod(p.columns, t.width)
        full, few = divmod(some, t.lanes)
        with code.loop(0, p.inner, t.depth) as start:
            part = _Part(start, p.inner if t.depth == p.inner else code.least(code.add(start, t.depth), p.inner))
            with code.loop(first, last) as panel:
                ahead = self.ahead(first, last, panel, part)
                if whole:
                    with code.when(code.value(f"icmp slt i64 {panel}, {whole}")):
                        self.panel(block, code.times(panel, t.width), [t.lanes] * t.vectors, part, ahead)
                if some:
                    with code.when(code.value(f"icmp eq i64 {panel}, {whole}")):
                        self.panel(block, whole * t.width, [t.lanes] * full + [few] * bool(few), part, ahead)

    def ahead(self, first: Value, last: Value, panel: Value, part: _Part) -> _Ahead | None:
        """What comes after a panel's part: the next panel's, or the next part of the first one."""
        code, p, t = self.code, self.p, self.t
        if p.by_columns or (t.panels == 1 and t.depth == p.inner):
            return None
        following = code.add(panel, 1)
        is_last = code.value(f"icmp eq i64 {following}, {last}")
        column = code.value(f"select i1 {is_last}, i64 {first}, i64 {following}")
        row = code.value(f"select i1 {is_last}, i64 {part.end}, i64 {part.start}")
        place = code.add(code.times(row, p.columns), code.times(column, t.width))
        return _Ahead(code.at(self.y, place), code.least(code.subtract(p.inner, row), t.depth))

    def panel(self, block: Value, column: Value, lanes: Sequence[int], part: _Part, ahead: _Ahead | None) -> None:
        """Do a block's tiles of a panel, whose vectors have so many lanes."""
        code, p, t = self.code, self.p, self.t
        tiles = -(-p.rows // t.height)
        whole = tiles - (t.rest != t.height)
        source = self.y if p.by_columns else code.at(self.y, column)

        def in_place(number: Value, height: int, copies: bool) -> None:
            self.tile(number, height, source, p.columns, column, lanes, part, copies, ahead)

        def of_copy(number: Value, height: int) -> None:
            begin = code.at(self.memory, code.times(part.start, -t.width))
            self.tile(number, height, begin, t.width, column, lanes, part, False, ahead)

        if p.by_columns:
            self.transpose(column, sum(lanes), part)
            first = code.times(block, t.together)
            if whole:
                with code.loop(
                    first, whole if t.blocks == 1 else code.least(code.add(first, t.together), whole)
                ) as number:
                    of_copy(number, t.height)
            if whole < tiles:
                with ExitStack() as stack:
                    if t.blocks > 1:
                        stack.enter_context(code.when(code.value(f"icmp eq i64 {block}, {t.blocks - 1}")))
                    of_copy(whole, t.rest)
        elif tiles == 1:
            in_place(0, t.rest, False)
        elif t.blocks == 1:
            in_place(0, t.height, True)
            if whole > 1:
                with code.loop(1, whole) as number:
                    of_copy(number, t.height)
            if whole < tiles:
                of_copy(whole, t.rest)
        else:
            first = code.times(block, t.together)
            with code.when(code.value(f"icmp slt i64 {first}, {whole}")):
                in_place(first, t.height, True)
            with code.loop(code.add(first, 1), code.least(code.add(first, t.together), whole)) as number:
                of_copy(number, t.height)
            if whole < tiles:
                # The last block's last tile, which may be its only one.
                with code.when(code.value(f"icmp eq i64 {block}, {t.blocks - 1}")):
                    if whole % t.together:
                        of_copy(whole, t.rest)
                    else:
                        in_place(whole, t.rest, False)

    def transpose(self, column: Value, count: int, part: _Part) -> None:
        """Copy a part of a panel, of so many columns, whose elements lie together; others are zero."""
        code, p, t = self.code, self.p, self.t
        whole, some = divmod(p.inner, t.lanes)
        for n in range(-(-count // t.lanes)):
            numbers = range(n * t.lanes, min((n + 1) * t.lanes, count))
            columns = [code.at(self.y, code.times(code.add(column, number), p.inner)) for number in numbers]

            def copy(k: Value, used: int, n: int = n, columns: Sequence[str] = columns) -> None:
                found = [code.load(code.at(begin, k), used) for begin in columns]
                found += [code.constant(0)] * (t.lanes - len(found))
                row = code.times(code.subtract(k, part.start), t.width)
                for number, vector in enumerate(transposed(code, found)[:used]):
                    code.store(code.at(self.memory, code.add(row, number * t.width + n * t.lanes)), vector, t.lanes)

            if whole:
                end = whole * t.lanes
                with code.loop(part.start, end if t.depth == p.inner else code.least(part.end, end), t.lanes) as k:
                    copy(k, t.lanes)
            if some:
                with ExitStack() as stack:
                    if t.depth < p.inner:
                        stack.enter_context(code.when(code.value(f"icmp eq i64 {part.end}, {p.inner}")))
                    copy(whole * t.lanes, some)

    def tile(
        self,
        number: Value,
        height: int,
        of: str,
        apart: int,
        column: Value,
        lanes: Sequence[int],
        part: _Part,
        copies: bool,
        ahead: _Ahead | None,
    ) -> None:
        """Add a part of the products to a tile, the last part with what follows.

        Args:
            number: which tile of the result's it is in its panel.
            of: where the panel begins.
            apart: elements from a row of the panel to the next.
            copies: whether to copy the panel.
            ahead: what to fetch a share of.
        """
        code, p, t = self.code, self.p, self.t
        row = code.times(number, t.height)
        sums = [[code.variable(code.constant(0)) for _ in lanes] for _ in range(height)]
        down, along = (1, p.rows) if p.turned else (p.inner, 1)
        x = code.at(self.x, code.times(row, down))

        def vectors(k: Value) -> list[str]:
            here = code.at(of, code.times(k, apart))
            # A copy has whole vectors.
            used = lanes if apart == p.columns and not p.by_columns else [t.lanes] * len(lanes)
            values = [code.load(code.at(here, n * t.lanes), count) for n, count in enumerate(used)]
            if copies:
                there = code.at(self.memory, code.times(code.subtract(k, part.start), t.width))
                for n, value in enumerate(values):
                    code.store(code.at(there, n * t.lanes), value, t.lanes)
            return values

        def element(number: int, k: Value) -> str:
            return code.at(code.at(x, code.times(k, along)), number * down)

        is_even = p.inner % WRITTEN_OUT == 0 and t.depth % WRITTEN_OUT == 0
        if ahead is None:
            add_products(code, sums, part.start, part.end, vectors, element, is_even=is_even)
        else:
            step = self.rhythm
            with code.loop(part.start, part.end, step) as k:
                done = code.subtract(k, part.start)
                self.fetch(ahead, number, done)
                if prod(p.result) * p.dtype.itemsize >= LEAST_FETCHED:
                    self.fetch_results(number, column, done)
                end = code.add(k, step)
                if p.inner % step or t.depth % step:
                    end = code.least(end, part.end)
                add_products(code, sums, k, end, vectors, element, is_even=is_even and step % WRITTEN_OUT == 0)
        self._add_before(sums, row, column, lanes, part)
        found = [[code.get(variable) for variable in row] for row in sums]
        self._finish(found, row, column, lanes, part)

    @property
    def rhythm(self) -> int:
        """After so many products, a power of two, a tile fetches a row: all of a block fetch a panel's part."""
        return min(1 << self.t.together.bit_length() - 1, 1 << self.t.depth.bit_length() - 1)

    def fetch(self, ahead: _Ahead, number: Value, done: Value) -> None:
        """Fetch a row, for a tile that so many products have been added to.

        A panel may begin within a line, which the one before it has had fetched: what is fetched are the lines that
        have a vector's last element.
        """
        code, p, t = self.code, self.p, self.t
        turn = number if t.blocks == 1 else code.value(f"urem i64 {number}, {t.together}")
        row = code.add(code.times(turn, self.times), code.divided(done, self.rhythm))
        with code.when(code.value(f"icmp slt i64 {row}, {ahead.rows}")):
            self._fetch_row(code.at(ahead.begin, code.times(row, p.columns)))

    def fetch_results(self, number: Value, column: Value, done: Value) -> None:
        """Fetch a row of what the next tile is going to write, or some where a tile fetches seldom: the nearest cache
        writes whole lines, and reads them before."""
        code, p, t = self.code, self.p, self.t
        each = -(-t.height // self.times)
        first = code.times(code.divided(done, self.rhythm), each)
        with code.when(code.value(f"icmp slt i64 {first}, {t.height}")):
            row = code.add(code.times(number, t.height), t.height, first)
            begin = code.at(self.made, code.add(code.times(row, p.columns), column))
            for further in range(each):
                self._fetch_row(code.at(begin, further * p.columns), is_written=True)

    @property
    def times(self) -> int:
        """How many times a tile fetches something."""
        return -(-self.t.depth // self.rhythm)

    def _fetch_row(self, begin: str, is_written: bool = False) -> None:
        for line in range(-(-self.t.width // self.apart)):
            self.code.prefetch(self.code.at(begin, (line + 1) * self.apart - 1), is_written)

    def _add_before(
        self, sums: Sequence[Sequence[str]], row: Value, column: Value, lanes: Sequence[int], part: _Part
    ) -> None:
        """Add what parts before have given to a tile's variables: not before the products, which would wait for what
        the tile before writes, where that is a multiple of a page away."""
        code, p, t = self.code, self.p, self.t
        if t.depth == p.inner:
            return
        begin = code.at(self.made, code.add(code.times(row, p.columns), column))
        with code.when(code.value(f"icmp ne i64 {part.start}, 0")):
            for number, vectors in enumerate(sums):
                for n, used in enumerate(lanes):
                    before = code.load(code.at(begin, number * p.columns + n * t.lanes), used)
                    code.set(vectors[n], evaluate(code, "{0} + {1}", [code.get(vectors[n]), before]))

    def _finish(
        self, sums: Sequence[Sequence[str]], row: Value, column: Value, lanes: Sequence[int], part: _Part
    ) -> None:
        """Write a tile, and after the last part do the steps to it."""
        code, p, t = self.code, self.p, self.t
        begin = code.add(code.times(row, p.columns), column)
        is_whole = t.depth == p.inner
        if is_whole and len(p.steps) <= SHORT:
            for number, vectors in enumerate(sums):
                for n, used in enumerate(lanes):
                    place = code.add(begin, number * p.columns + n * t.lanes)
                    finish(code, p, vectors[n], self.made, place, code.add(column, n * t.lanes), used, self.others)
            return
        for number, vectors in enumerate(sums):
            for n, used in enumerate(lanes):
                code.store(code.at(self.made, code.add(begin, number * p.columns + n * t.lanes)), vectors[n], used)
        if not p.steps:
            return
        with ExitStack() as stack:
            if not is_whole:
                stack.enter_context(code.when(code.value(f"icmp eq i64 {part.end}, {p.inner}")))
            with code.loop(0, len(sums)) as each:
                at = code.add(begin, code.times(each, p.columns))
                for n, used in enumerate(lanes):
                    place = code.add(at, n * t.lanes)
                    value = code.load(code.at(self.made, place), used)
                    finish(code, p, value, self.made, place, code.add(column, n * t.lanes), used, self.others)


WRITTEN_OUT = 4
"""So many products of each sum are written out: what counts them takes instructions, too."""


def add_products(
    code: Code,
    sums: Sequence[Sequence[str]],
    start: Value,
    end: Value,
    vectors: Callable[[Value], list[str]],
    element: Callable[[int, Value], str],
    is_even: bool = False,
) -> None:
    """Add products to a tile's variables, for each number from `start` to `end`.

    Args:
        vectors: gives a number's vectors.
        element: gives the address of what they are multiplied by, for a row of the tile and a number.
        is_even: whether there are `WRITTEN_OUT`, or a multiple of these, where the two are not numbers.
    """
    if isinstance(start, int) and isinstance(end, int):
        is_even = (end - start) % WRITTEN_OUT == 0
    count = WRITTEN_OUT if is_even else 1
    with code.loop(start, end, count) as first:
        for k in [code.add(first, number) for number in range(count)]:
            values = vectors(k)
            for number, row in enumerate(sums):
                spread = code.spread(element(number, k))
                for value, variable in zip(values, row, strict=True):
                    code.set(variable, code.fma(spread, value, code.get(variable)))


SHORT = 3
"""So many steps are written out for each vector of a tile; more of them once for all rows."""


def finish(
    code: Code, p: Product, value: str, made: str, place: Value, column: Value, used: int, others: Sequence[str]
) -> None:
    """Do the steps to a vector of the result, and write it.

    Args:
        place: where it is in the result.
        column: in which column it begins.
        used: how many of its lanes there are.
    """
    values = [value]
    for other, shape in zip(others, p.others, strict=True):
        if prod(shape) == 1:
            values.append(code.spread(other))
        else:
            values.append(code.load(code.at(other, place if shape == p.result else column), used))
    code.store(code.at(made, place), write_steps(code, p.steps, values), used)
