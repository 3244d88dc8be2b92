"""Loops as machine code: a function of the state that runs all that an iteration does, again and again.

What an iteration does is parts, each of which gives one value: machine code of kernels that was written for arrays
(`Call`), places in arrays, copies, and numbers. A kernel's function is given objects that have the address of elements
where arrays have it.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from tfrt.executor.support.fork_join_code import declared, forking_functions
from tfrt.executor.support.machine_code import DATA_OFFSET, CannotAssemble, assemble, processor
from tfrt.kernels.numerics.machine_code import few_rows
from tfrt.kernels.numerics.machine_code.vectors.code import LINE_BYTES, Code, Value

RESULT = -1
"""What stands for the result among the arrays of a `Call`."""


@dataclass(frozen=True, slots=True)
class Call:
    """A kernel.

    Attributes:
        text: a module, whose function `name` takes arrays, and the first and the last unit of work.
        arrays: the numbers of values, as that takes them, and `RESULT`.
        into: the number of the array whose memory the result has; None where it has memory of its own.
        size: the result's, in bytes.
        shares: how threads share its units, as `blocks.shares_of` has it; None where one does them all.
    """

    text: str
    name: str
    arrays: tuple[int, ...]
    units: int
    into: int | None
    size: int
    shares: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where in an array something lies: at an index that is moved to between 0 and `last`, `step` bytes each.

    Attributes:
        index: the number of a value; None for the beginning.
    """

    array: int
    index: int | None = None
    last: int = 0
    step: int = 0


@dataclass(frozen=True, slots=True)
class Memory:
    """New memory of so many bytes, the same in each iteration."""

    size: int


@dataclass(frozen=True, slots=True)
class Put:
    """An array whose bytes at a place are copied from another one."""

    place: Place
    source: int
    size: int


@dataclass(frozen=True, slots=True)
class Number:
    """An integer of so many bits, by an op of `NUMBERS`."""

    op: str
    operands: tuple[int, ...]
    bits: int


@dataclass(frozen=True, slots=True)
class Constant:
    """An integer that is always the same."""

    value: int


Part = Call | Place | Memory | Put | Number | Constant


@dataclass(frozen=True, slots=True)
class Panels:
    """A matrix as `few_rows.pack` has it, made before the first iteration.

    Attributes:
        array: the number of the argument that it is.
        lanes: how many elements a vector has.
    """

    array: int
    inner: int
    columns: int
    dtype: np.dtype
    lanes: int

    @property
    def size(self) -> int:
        """How many bytes it has."""
        return self.inner * -(-self.columns // self.lanes) * self.lanes * self.dtype.itemsize


@dataclass(frozen=True, slots=True)
class Loop:
    """What an iteration does.

    Attributes:
        arguments: for each array and number that comes, the bits of the number, or 0.
        panels: values after the arguments'.
        parts: values after these.
        gives: the numbers of the state that is handed on, for the arguments that are state.
        copies: the places in the state whose arrays are copied from what is given, and how many bytes.
    """

    arguments: tuple[int, ...]
    panels: tuple[Panels, ...]
    parts: tuple[Part, ...]
    gives: tuple[int, ...]
    copies: tuple[tuple[int, int], ...]

    @property
    def is_shared(self) -> bool:
        """Whether threads share some of what it does."""
        return any(isinstance(part, Call) and part.shares is not None for part in self.parts)

    @property
    def room(self) -> int:
        """How many bytes the arrays take that it makes."""
        return sum(map(_size, (*self.panels, *self.parts)))


def _size(part: Part | Panels) -> int:
    is_new = isinstance(part, Memory | Panels) or (isinstance(part, Call) and part.into is None)
    size = part.size if is_new else 0  # type: ignore[union-attr]
    return -(-size // LINE_BYTES) * LINE_BYTES


def assembled(loop: Loop) -> Callable[..., None]:
    """The function: of a crew's words if threads share some of it, of the arrays among the arguments, of memory for
    those that it makes, of the numbers among the arguments (64-bit integers, which it changes), and of how many
    iterations to run.

    Raises:
        CannotAssemble: there is no machine code for it.
    """
    arrays = loop.is_shared + sum(not bits for bits in loop.arguments) + 2
    return assemble(write(loop), "loop", [*[ctypes.py_object] * arrays, ctypes.c_int64])


def write(loop: Loop) -> str:
    """The function as a module."""
    code = Code(np.dtype(np.uint8), processor().vector_bytes)
    names = [f"%a{number}" for number, bits in enumerate(loop.arguments) if not bits]
    room, kept = code.elements_of("%room", DATA_OFFSET), code.elements_of("%numbers", DATA_OFFSET)
    crew = code.elements_of("%crew", DATA_OFFSET) if loop.is_shared else ""
    values: list[Value] = []
    counters: dict[int, str] = {}
    for number, bits in enumerate(loop.arguments):
        if bits:
            counters[number] = code.moved(kept, 8 * len(counters))
            values.append(0)
        else:
            values.append(code.elements_of(f"%a{number}", DATA_OFFSET))
    before = 0
    for each in loop.panels:
        packed = code.moved(room, before)
        _pack(code.with_lanes(each.dtype, each.lanes), each, str(values[each.array]), packed)
        values.append(packed)
        before += _size(each)
    with code.loop(0, "%count"):
        for number, counter in counters.items():
            values[number] = code.value(f"load i64, ptr {counter}")
        found, used = list(values), before
        for number, part in enumerate(loop.parts):
            found.append(_written(code, part, found, code.moved(room, used), f"part{number}", crew))
            used += _size(part)
        for place, size in loop.copies:
            code.copy(str(values[place]), str(found[loop.gives[place]]), size)
        for number, counter in counters.items():
            code.line(f"store i64 {found[loop.gives[number]]}, ptr {counter}")
    parameters = [
        *(["ptr %crew"] if crew else []),
        *[f"ptr {name}" for name in names],
        "ptr %room",
        "ptr %numbers",
        "i64 %count",
    ]
    return _together(
        code.module("loop", parameters), [(f"part{n}", p) for n, p in enumerate(loop.parts) if isinstance(p, Call)]
    )


def _pack(code: Code, panels: Panels, matrix: str, to: str) -> None:
    """Put a matrix into panels, the last of which may be narrower and has zeros behind."""
    width = few_rows.UNIT * panels.lanes
    whole, some = divmod(panels.columns, width)

    def copy(panel: Value, row: Value, count: int, wide: int) -> None:
        source = code.at(matrix, code.add(code.times(row, panels.columns), code.times(panel, width)))
        target = code.at(to, code.add(code.times(panel, panels.inner * width), code.times(row, wide)))
        for start in range(0, count, panels.lanes):
            vector = code.load(code.at(source, start), min(panels.lanes, count - start))
            code.store(code.at(target, start), vector, panels.lanes)

    if whole:
        with code.loop(0, whole) as panel, code.loop(0, panels.inner) as row:
            copy(panel, row, width, width)
    if some:
        with code.loop(0, panels.inner) as row:
            copy(whole, row, some, -(-some // panels.lanes) * panels.lanes)


def _written(code: Code, part: Part, values: Sequence[Value], memory: str, name: str, crew: str) -> Value:
    """What a part gives: an address or an integer; `crew` is where the words are by which threads share it."""
    match part:
        case Call():
            result = memory if part.into is None else str(values[part.into])
            given = [result if number == RESULT else str(values[number]) for number in part.arrays]
            objects = ", ".join(f"ptr {_as_array(code, address)}" for address in given)
            if part.shares is None:
                code.line(f"call void @{name}({objects}, i64 0, i64 {part.units})")
                return result
            grain, is_long = part.shares
            by = f"ptr {crew}, ptr @{name}, ptr @call{len(given)}"
            code.line(
                f"call void @fork{len(given)}({by}, {objects}, i64 0, i64 {part.units}, i64 {grain}, i64 {is_long})"
            )
            return result
        case Place():
            return _address(code, part, values)
        case Memory():
            return memory
        case Put():
            code.copy(_address(code, part.place, values), str(values[part.source]), part.size)
            return values[part.place.array]
        case Number():
            return _wrapped(code, NUMBERS[part.op](code, *[values[number] for number in part.operands]), part.bits)
        case Constant():
            return part.value


def _as_array(code: Code, address: str) -> str:
    """An object that has an address where arrays have that of their elements."""
    made = code.memory(DATA_OFFSET + 8)
    code.line(f"store ptr {address}, ptr {code.moved(made, DATA_OFFSET)}")
    return made


def _address(code: Code, place: Place, values: Sequence[Value]) -> str:
    array = str(values[place.array])
    if place.index is None or not place.last:
        return array
    index: Value = values[place.index]
    if isinstance(index, int):
        return code.moved(array, min(max(index, 0), place.last) * place.step)
    return code.moved(array, code.times(code.least(code.greatest(index, 0), place.last), place.step))


def _wrapped(code: Code, number: Value, bits: int) -> Value:
    """Integers are kept with 64 bits, of which the first ones are the sign; truth values are 0 and 1."""
    if bits in (1, 64) or isinstance(number, int):
        return number
    return code.value(f"sext i{bits} {code.value(f'trunc i64 {number} to i{bits}')} to i64")


def _added(code: Code, one: Value, other: Value) -> Value:
    return code.value(f"add i64 {one}, {other}")


def _subtracted(code: Code, one: Value, other: Value) -> Value:
    return code.value(f"sub i64 {one}, {other}")


def _is_less(code: Code, one: Value, other: Value) -> Value:
    return code.value(f"zext i1 {code.value(f'icmp slt i64 {one}, {other}')} to i64")


def _selected(code: Code, which: Value, one: Value, other: Value) -> Value:
    is_first = code.value(f"icmp ne i64 {which}, 0")
    return code.value(f"select i1 {is_first}, i64 {one}, i64 {other}")


NUMBERS: dict[str, Callable[..., Value]] = {
    "add": _added,
    "subtract": _subtracted,
    "minimum": Code.least,
    "maximum": Code.greatest,
    "less": _is_less,
    "select": _selected,
}
"""What is done to integers."""


def _together(text: str, calls: Sequence[tuple[str, Call]]) -> str:
    """A module with the functions that it calls, each of which declares what it needs."""
    needed: dict[str, None] = {}
    bodies = []
    for name, call in [("loop", None), *calls]:
        module = text if call is None else call.text
        if call is not None:
            head = f"define void @{call.name}("
            if head not in module:
                raise CannotAssemble(f"there is no function '{call.name}'")
            module = module.replace(head, f"define internal void @{name}(", 1)
        lines = module.splitlines()
        needed.update(dict.fromkeys(line for line in lines if line.startswith("declare ")))
        bodies += [line for line in lines if not line.startswith("declare ")]
    shared = sorted({len(call.arrays) for _, call in calls if call.shares is not None})
    if shared:
        needed.update(dict.fromkeys(declared().splitlines()))
    bodies += map(forking_functions, shared)
    return "\n".join([*needed, *bodies, ""])
