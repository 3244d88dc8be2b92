"""Writing functions in LLVM's intermediate representation: addresses, loops, and vectors of numbers.

Values are names, such as ``%v7``, or numbers. Vectors that are added up in loops are variables (`variable`), of which
LLVM makes registers. Code never contracts or reorders what it is not told to: only `fma` rounds once for two steps.
Integers wrap around.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

Value = str | int

LINE_BYTES = 64
"""How many bytes a cache fetches at a time."""

written_once = lru_cache(maxsize=16)
"""For functions that write a module: layers of a network that are alike are bound one after the other."""


@dataclass
class _Text:
    """What has been written of a function."""

    lines: list[str] = field(default_factory=list)
    variables: list[str] = field(default_factory=list)
    declared: dict[str, str] = field(default_factory=dict)
    block: str = "entry"
    count: int = 0


class Code:
    """A function that is being written, with vectors of one type of elements; see `of`.

    Attributes:
        dtype: the type of elements: floats of single or double precision, integers, or truth values.
        element: what LLVM calls it: ``float``, ``double``, ``i8``, …, or ``i1``.
        lanes: how many elements a vector has.
        is_float: whether they are floats.
        vector: what LLVM calls a vector, and...
        suffix: ...what it calls one in the names of functions of its own.
        sign: what LLVM puts before instructions for integers: ``s`` where they have a sign, ``u`` where not.
    """

    def __init__(self, dtype: np.dtype, lanes: int, text: _Text | None = None):
        self.dtype, self.itemsize, self.lanes = dtype, dtype.itemsize, lanes
        self.is_float = dtype.kind == "f"
        self.sign = "" if self.is_float else "s" if dtype.kind == "i" else "u"
        bits = 1 if dtype.kind == "b" else 8 * dtype.itemsize
        self.element = {32: "float", 64: "double"}[bits] if self.is_float else f"i{bits}"
        self.vector = f"<{lanes} x {self.element}>"
        self.suffix = f"v{lanes}{'f' if self.is_float else 'i'}{bits}"
        self._text = _Text() if text is None else text

    def of(self, dtype: np.dtype) -> Code:
        """The same function, with vectors of as many elements of another type."""
        return self.with_lanes(dtype, self.lanes)

    def with_lanes(self, dtype: np.dtype, lanes: int) -> Code:
        """The same function, with vectors of so many elements of a type."""
        return self if (dtype, lanes) == (self.dtype, self.lanes) else Code(dtype, lanes, self._text)

    def module(self, name: str, parameters: Sequence[str]) -> str:
        """The whole module, with a function of these parameters (types and names)."""
        body = "\n".join([*self._text.variables, *self._text.lines])
        declared = "\n".join(self._text.declared.values())
        # Loops are not to become calls of C's library, which the code would have to find.
        head = f'define void @{name}({", ".join(parameters)}) nounwind "no-builtins"'
        return f"{declared}\n{head} {{\nentry:\n{body}\n  ret void\n}}\n"

    def line(self, text: str) -> None:
        self._text.lines.append(f"  {text}")

    def value(self, text: str) -> str:
        """A name for what an instruction gives."""
        self._text.count += 1
        name = f"%v{self._text.count}"
        self.line(f"{name} = {text}")
        return name

    def call(self, result: str, function: str, *arguments: tuple[str, Value]) -> str:
        types = ", ".join(type for type, _ in arguments)
        self._text.declared[function] = f"declare {result} @{function}({types})"
        return f"call {result} @{function}({', '.join(f'{type} {value}' for type, value in arguments)})"

    # Integers and addresses.

    def add(self, *terms: Value) -> Value:
        """The sum of 64-bit integers."""
        number = sum(term for term in terms if isinstance(term, int))
        total: Value = number
        for term in [term for term in terms if not isinstance(term, int)]:
            total = term if total == 0 else self.value(f"add i64 {total}, {term}")
        return total

    def times(self, value: Value, factor: int) -> Value:
        if isinstance(value, int):
            return value * factor
        return 0 if factor == 0 else value if factor == 1 else self.value(f"mul i64 {value}, {factor}")

    def divided(self, value: Value, divisor: int) -> Value:
        """A 64-bit integer that is not negative, divided by one."""
        if isinstance(value, int):
            return value // divisor
        return value if divisor == 1 else self.value(f"udiv i64 {value}, {divisor}")

    def subtract(self, one: Value, other: Value) -> Value:
        """The difference of 64-bit integers."""
        if isinstance(one, int) and isinstance(other, int):
            return one - other
        return one if other == 0 else self.value(f"sub i64 {one}, {other}")

    def least(self, one: Value, other: Value) -> str:
        return self.value(self.call("i64", "llvm.smin.i64", ("i64", one), ("i64", other)))

    def greatest(self, one: Value, other: Value) -> str:
        return self.value(self.call("i64", "llvm.smax.i64", ("i64", one), ("i64", other)))

    def at(self, address: str, index: Value) -> str:
        """The address of an element."""
        return address if index == 0 else self.value(f"getelementptr {self.element}, ptr {address}, i64 {index}")

    def elements_of(self, array: str, offset: int) -> str:
        """The address of an array's elements, which the object has at an offset of so many bytes."""
        return self.value(f"load ptr, ptr {self.value(f'getelementptr i8, ptr {array}, i64 {offset}')}")

    def integer(self, address: str, index: int) -> str:
        """One of the 64-bit integers at an address."""
        return self.value(f"load i64, ptr {self.value(f'getelementptr i64, ptr {address}, i64 {index}')}")

    def product(self, one: Value, other: Value) -> Value:
        """The product of 64-bit integers."""
        if isinstance(one, int):
            return self.times(other, one)
        return self.times(one, other) if isinstance(other, int) else self.value(f"mul i64 {one}, {other}")

    def moved(self, address: str, count: Value) -> str:
        """The address so many bytes on."""
        return address if count == 0 else self.value(f"getelementptr i8, ptr {address}, i64 {count}")

    def copy(self, to: str, source: str, count: int) -> None:
        """Copy so many elements."""
        for start, lanes in self.parts(count):
            self.store(self.at(to, start), self.load(self.at(source, start), lanes), lanes)

    def in_line(self, address: str, count: int) -> str:
        """Where so many elements are that begin at a line of the cache: these, or a copy on the stack."""
        memory = self.memory(count)
        number = self.value(f"ptrtoint ptr {address} to i64")
        apart = self.value(f"icmp ne i64 {self.value(f'and i64 {number}, {LINE_BYTES - 1}')}, 0")
        with self.when(apart):
            self.copy(memory, address, count)
        return self.value(f"select i1 {apart}, ptr {memory}, ptr {address}")

    def clear(self, to: str, count: int) -> None:
        """Set so many elements to zero."""
        for start, lanes in self.parts(count):
            self.store(self.at(to, start), self.constant(0), lanes)

    def parts(self, count: int) -> Iterator[tuple[Value, int]]:
        """Where vectors of so many elements begin, and their lanes: in a loop, and what is left."""
        whole = count // self.lanes * self.lanes
        if whole:
            with self.loop(0, whole, self.lanes) as start:
                yield start, self.lanes
        if count > whole:
            yield whole, count - whole

    # Control.

    @contextmanager
    def loop(self, start: Value, end: Value, step: int = 1) -> Iterator[Value]:
        """The body for each number from `start` to `end`."""
        if isinstance(start, int) and isinstance(end, int) and end - start <= step:
            if start < end:
                yield start
                return
            raise ValueError("a loop that is never run")
        self._text.count += 1
        number, head, body = self._text.count, f"head{self._text.count}", f"body{self._text.count}"
        latch, done = f"latch{number}", f"done{number}"
        self.line(f"br label %{head}")
        self._text.lines.append(f"{head}:")
        self.line(f"%i{number} = phi i64 [ {start}, %{self._text.block} ], [ %n{number}, %{latch} ]")
        self.line(f"%c{number} = icmp slt i64 %i{number}, {end}")
        self.line(f"br i1 %c{number}, label %{body}, label %{done}")
        self._enter(body)
        yield f"%i{number}"
        self.line(f"br label %{latch}")
        self._text.lines.append(f"{latch}:")
        self.line(f"%n{number} = add i64 %i{number}, {step}")
        self.line(f"br label %{head}")
        self._enter(done)

    @contextmanager
    def when(self, condition: str) -> Iterator[None]:
        self._text.count += 1
        then, done = f"then{self._text.count}", f"after{self._text.count}"
        self.line(f"br i1 {condition}, label %{then}, label %{done}")
        self._enter(then)
        yield
        self.line(f"br label %{done}")
        self._enter(done)

    def _enter(self, block: str) -> None:
        self._text.lines.append(f"{block}:")
        self._text.block = block

    def memory(self, count: int) -> str:
        """The address of memory for so many elements, on the stack."""
        self._text.count += 1
        name = f"%m{self._text.count}"
        self._text.variables.append(f"  {name} = alloca [{count} x {self.element}], align 64")
        return name

    # Vectors.

    def variable(self, start: str) -> str:
        """A variable for a vector."""
        self._text.count += 1
        name = f"%a{self._text.count}"
        self._text.variables.append(f"  {name} = alloca {self.vector}")
        self.set(name, start)
        return name

    def get(self, variable: str) -> str:
        return self.value(f"load {self.vector}, ptr {variable}")

    def set(self, variable: str, vector: str) -> None:
        self.line(f"store {self.vector} {vector}, ptr {variable}")

    def constant(self, number: float) -> str:
        """A vector of one number."""
        return f"<{', '.join([f'{self.element} {self.number(number)}'] * self.lanes)}>"

    def load(self, address: str, lanes: int) -> str:
        """A vector of which so many lanes are read, and the others are zero."""
        if lanes == self.lanes:
            return self.value(f"load {self.vector}, ptr {address}, align {self.itemsize}")
        function = f"llvm.masked.load.{self.suffix}.p0"
        mask, zero = (f"<{self.lanes} x i1>", self._mask(lanes)), (self.vector, "zeroinitializer")
        return self.value(self.call(self.vector, function, ("ptr", f"align {self.itemsize} {address}"), mask, zero))

    def store(self, address: str, vector: str, lanes: int) -> None:
        """Write so many lanes of a vector."""
        if lanes == self.lanes:
            self.line(f"store {self.vector} {vector}, ptr {address}, align {self.itemsize}")
            return
        if not self.is_float:
            self.store_in_parts(address, vector, lanes)
            return
        function = f"llvm.masked.store.{self.suffix}.p0"
        mask = (f"<{self.lanes} x i1>", self._mask(lanes))
        self.line(self.call("void", function, (self.vector, vector), ("ptr", f"align {self.itemsize} {address}"), mask))

    def store_in_parts(self, address: str, vector: str, lanes: int) -> None:
        """Write so many lanes without a mask: under one, LLVM writes what has just been made shorter as long as it
        was."""
        if lanes == self.lanes:
            self.store(address, vector, lanes)
            return
        start = 0
        while start < lanes:
            count = 1 << (lanes - start).bit_length() - 1
            part = ", ".join(f"i32 {lane}" for lane in range(start, start + count))
            chosen = f"{self.vector} {vector}, {self.vector} poison, <{count} x i32> <{part}>"
            few = self.value(f"shufflevector {chosen}")
            place = self.at(address, start)
            self.line(f"store <{count} x {self.element}> {few}, ptr {place}, align {self.itemsize}")
            start += count

    def _mask(self, lanes: int) -> str:
        return f"<{', '.join(f'i1 {int(lane < lanes)}' for lane in range(self.lanes))}>"

    def spread(self, address: str) -> str:
        """A vector of one element."""
        return self.spread_element(self.value(f"load {self.element}, ptr {address}, align {self.itemsize}"))

    def spread_first(self, vector: str) -> str:
        """A vector of the first element of another one."""
        order = f"<{self.lanes} x i32> zeroinitializer"
        return self.value(f"shufflevector {self.vector} {vector}, {self.vector} poison, {order}")

    def prefetch(self, address: str, is_written: bool = False) -> None:
        """Have what lies there, if it lies anywhere, brought into the second cache, or where it can be written."""
        how = (("ptr", address), ("i32", int(is_written)), ("i32", 2), ("i32", 1))
        self.line(self.call("void", "llvm.prefetch.p0", *how))

    def filled(self, vector: str, lanes: int, other: str) -> str:
        """A vector whose elements after the first so many are those of another one."""
        if lanes == self.lanes:
            return vector
        chosen = (f"<{self.lanes} x i1> {self._mask(lanes)}", f"{self.vector} {vector}", f"{self.vector} {other}")
        return self.value(f"select {', '.join(chosen)}")

    # Single elements, which are names or numbers.

    def number(self, number: float) -> str:
        """An element that is a number."""
        if not self.is_float:
            return str(int(number))
        bits = struct.unpack("<Q", struct.pack("<d", number))[0]
        return f"0x{bits:016X}"

    def put(self, address: str, element: str) -> None:
        self.line(f"store {self.element} {element}, ptr {address}, align {self.itemsize}")

    def spread_element(self, element: str) -> str:
        """A vector of one element."""
        return self.spread_first(self.value(f"insertelement {self.vector} poison, {self.element} {element}, i64 0"))

    def first(self, vector: str) -> str:
        """A vector's first element."""
        return self.value(f"extractelement {self.vector} {vector}, i64 0")

    def fma(self, x: str, y: str, z: str) -> str:
        """``x * y + z``, rounded once."""
        function = f"llvm.fma.{self.suffix}"
        return self.value(self.call(self.vector, function, (self.vector, x), (self.vector, y), (self.vector, z)))

    def bits(self, x: str, to: Code) -> str:
        """The bits of elements as those of a type of the same size."""
        return self.value(f"bitcast {self.vector} {x} to {to.vector}")

    def number_of(self, integers: str, to: Code) -> str:
        """Integers, or truth values, as the nearest floats."""
        return self.value(f"{self.sign}itofp {self.vector} {integers} to {to.vector}")

    def select(self, condition: str, x: str, y: str) -> str:
        """The elements of one vector where bits are set, and those of another elsewhere."""
        chosen = (f"<{self.lanes} x i1> {condition}", f"{self.vector} {x}", f"{self.vector} {y}")
        return self.value(f"select {', '.join(chosen)}")
