"""Writing functions in LLVM's intermediate representation: loops, vectors of numbers, and elementwise steps on them.

Values are names, such as ``%v7``, or numbers. Vectors that are added up in loops are variables (`variable`), of which
LLVM makes registers. Code never contracts or reorders what it is not told to: only `fma` rounds once for two steps.
Integers wrap around.
"""

from __future__ import annotations

import ast
import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from tfrt.executor.support.machine_code import processor

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
    """

    def __init__(self, dtype: np.dtype, lanes: int, text: _Text | None = None):
        self.dtype, self.itemsize, self.lanes = dtype, dtype.itemsize, lanes
        self._kind = _KINDS[dtype.kind]
        self._bits = 1 if dtype.kind == "b" else 8 * dtype.itemsize
        self.element = {32: "float", 64: "double"}[self._bits] if self._kind.is_float else f"i{self._bits}"
        self.vector = f"<{lanes} x {self.element}>"
        self._suffix = f"v{lanes}{'f' if self._kind.is_float else 'i'}{self._bits}"
        self._text = _Text() if text is None else text

    def of(self, dtype: np.dtype) -> Code:
        """The same function, with vectors of as many elements of another type."""
        return self if dtype == self.dtype else Code(dtype, self.lanes, self._text)

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

    def _call(self, result: str, function: str, *arguments: tuple[str, Value]) -> str:
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

    def subtract(self, one: Value, other: Value) -> Value:
        """The difference of 64-bit integers."""
        if isinstance(one, int) and isinstance(other, int):
            return one - other
        return one if other == 0 else self.value(f"sub i64 {one}, {other}")

    def least(self, one: Value, other: Value) -> str:
        return self.value(self._call("i64", "llvm.smin.i64", ("i64", one), ("i64", other)))

    def greatest(self, one: Value, other: Value) -> str:
        return self.value(self._call("i64", "llvm.smax.i64", ("i64", one), ("i64", other)))

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
        function = f"llvm.masked.load.{self._suffix}.p0"
        mask, zero = (f"<{self.lanes} x i1>", self._mask(lanes)), (self.vector, "zeroinitializer")
        return self.value(self._call(self.vector, function, ("ptr", f"align {self.itemsize} {address}"), mask, zero))

    def store(self, address: str, vector: str, lanes: int) -> None:
        """Write so many lanes of a vector."""
        if lanes == self.lanes:
            self.line(f"store {self.vector} {vector}, ptr {address}, align {self.itemsize}")
            return
        if not self._kind.is_float:
            self.store_in_parts(address, vector, lanes)
            return
        function = f"llvm.masked.store.{self._suffix}.p0"
        mask = (f"<{self.lanes} x i1>", self._mask(lanes))
        self.line(
            self._call("void", function, (self.vector, vector), ("ptr", f"align {self.itemsize} {address}"), mask)
        )

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

    def transposed(self, vectors: Sequence[str]) -> list[str]:
        """As many vectors as these, which are as many as each has elements: the first elements of all, and so on."""
        assert len(vectors) == self.lanes
        found, half = list(vectors), self.lanes // 2
        orders = []
        for begin in (0, half):
            pairs = [number for lane in range(begin, begin + half) for number in (lane, self.lanes + lane)]
            orders.append(f"<{self.lanes} x i32> <{', '.join(f'i32 {number}' for number in pairs)}>")
        turns = half
        # Each turn rotates the bits of an element's number, rows first, by one.
        while turns:
            found = [
                self.value(f"shufflevector {self.vector} {x}, {self.vector} {y}, {order}")
                for x, y in zip(found[:half], found[half:], strict=True)
                for order in orders
            ]
            turns //= 2
        return found

    def from_place(self, vector: str, count: int) -> str:
        """So many of a vector's elements, from that place on; the others are any.

        All of them in a circle would do as well, but LLVM 22 takes the last of several such sums of doubles for that of
        an element with itself.
        """
        order = ", ".join(f"i32 {count + lane if lane < count else 'poison'}" for lane in range(self.lanes))
        return self.value(f"shufflevector {self.vector} {vector}, {self.vector} poison, <{self.lanes} x i32> <{order}>")

    def spread_first(self, vector: str) -> str:
        """A vector of the first element of another one."""
        order = f"<{self.lanes} x i32> zeroinitializer"
        return self.value(f"shufflevector {self.vector} {vector}, {self.vector} poison, {order}")

    def prefetch(self, address: str) -> None:
        """Have what lies there brought into the second cache, if it lies anywhere."""
        how = (("ptr", address), ("i32", 0), ("i32", 2), ("i32", 1))
        self.line(self._call("void", "llvm.prefetch.p0", *how))

    def filled(self, vector: str, lanes: int, other: str) -> str:
        """A vector whose elements after the first so many are those of another one."""
        if lanes == self.lanes:
            return vector
        chosen = (f"<{self.lanes} x i1> {self._mask(lanes)}", f"{self.vector} {vector}", f"{self.vector} {other}")
        return self.value(f"select {', '.join(chosen)}")

    # Single elements, which are names or numbers.

    def number(self, number: float) -> str:
        """An element that is a number."""
        if not self._kind.is_float:
            return str(int(number))
        bits = struct.unpack("<Q", struct.pack("<d", number))[0]
        return f"0x{bits:016X}"

    def put(self, address: str, element: str) -> None:
        self.line(f"store {self.element} {element}, ptr {address}, align {self.itemsize}")

    def sum_of(self, vector: str) -> str:
        """The sum of a vector's elements, in any order."""
        function = f"llvm.vector.reduce.fadd.{self._suffix}"
        call = self._call(self.element, function, (self.element, self.number(-0.0)), (self.vector, vector))
        return self.value(call.replace("call ", "call reassoc ", 1))

    def greatest_of(self, vector: str) -> str:
        """The greatest of a vector's elements that are numbers."""
        function = f"llvm.vector.reduce.fmax.{self._suffix}"
        return self.value(self._call(self.element, function, (self.vector, vector)))

    def spread_element(self, element: str) -> str:
        """A vector of one element."""
        return self.spread_first(self.value(f"insertelement {self.vector} poison, {self.element} {element}, i64 0"))

    def fma(self, x: str, y: str, z: str) -> str:
        """``x * y + z``, rounded once."""
        function = f"llvm.fma.{self._suffix}"
        return self.value(self._call(self.vector, function, (self.vector, x), (self.vector, y), (self.vector, z)))

    def scaled(self, x: str, power: str, shifted: str) -> str:
        """Singles times two to a power between -150 and 150, a whole number, or NaN where they are; the result may be
        denormal or infinite.

        Args:
            shifted: the power and 1.5 * 2**23, whose last bits are those of the power.
        """
        assert self.element == "float"
        integers, flags = f"<{self.lanes} x i32>", f"<{self.lanes} x i1>"
        if self.lanes * self.itemsize == 64 and processor().vector_bytes == 64:
            kept = (self.vector, "zeroinitializer"), ("i16", -1), ("i32", 4)
            function = "llvm.x86.avx512.mask.scalef.ps.512"
            return self.value(self._call(self.vector, function, (self.vector, x), (self.vector, power), *kept))

        def all_of(number: int) -> str:
            return f"<{', '.join([f'i32 {number}'] * self.lanes)}>"

        bits = self.value(f"bitcast {self.vector} {shifted} to {integers}")
        whole = self.value(f"sub {integers} {bits}, {all_of(0x4B400000)}")
        # In one step neither what is denormal could be reached, nor what is infinite.
        half = self.value(f"ashr {integers} {whole}, {all_of(1)}")
        found = x
        for part in (half, self.value(f"sub {integers} {whole}, {half}")):
            biased = self.value(f"add {integers} {part}, {all_of(127)}")
            scale = self.value(f"shl {integers} {biased}, {all_of(23)}")
            scale = self.value(f"bitcast {integers} {scale} to {self.vector}")
            found = self.value(f"fmul {self.vector} {found}, {scale}")
        # Of what is no number, the bits that the power is made of are any.
        unknown = self.value(f"fcmp uno {self.vector} {x}, {x}")
        return self.value(f"select {flags} {unknown}, {self.vector} {x}, {self.vector} {found}")

    def bits(self, x: str, to: Code) -> str:
        """The bits of elements as those of a type of the same size."""
        return self.value(f"bitcast {self.vector} {x} to {to.vector}")

    def number_of(self, integers: str, to: Code) -> str:
        """Integers, or truth values, as the nearest floats."""
        return self.value(f"{self._kind.letter}itofp {self.vector} {integers} to {to.vector}")

    def saturated(self, x: str, to: Code) -> str:
        """Floats as integers of another type, toward zero: the nearest that there is, and 0 for what is no number."""
        if to.itemsize > 2:
            function = f"llvm.fpto{to._kind.letter}i.sat.{to._suffix}.{self._suffix}"
            return self.value(self._call(to.vector, function, (self.vector, x)))
        # LLVM does these one by one, or in more steps.
        low, high = np.iinfo(to.dtype).min, np.iinfo(to.dtype).max
        bounded = self.evaluate("{0} if {0} > {1} else {1}", [x, self.constant(low)])
        bounded = self.evaluate("{0} if {0} < {1} else {1}", [bounded, self.constant(high)])
        if low:
            bounded = self.evaluate("{0} if {1} == {1} else zero", [bounded, x])
        wide = self.value(f"fptosi {self.vector} {bounded} to <{self.lanes} x i32>")
        return self.value(f"trunc <{self.lanes} x i32> {wide} to {to.vector}")

    def has_unknown(self, x: str) -> str:
        """Whether any element is no number."""
        unknown = self.value(f"fcmp uno {self.vector} {x}, {x}")
        bits = self.value(f"bitcast <{self.lanes} x i1> {unknown} to i{self.lanes}")
        return self.value(f"icmp ne i{self.lanes} {bits}, 0")

    def load_flags(self, address: str, lanes: int) -> str:
        """Which of so many bytes are not zero, as a vector of bits; the others are not set."""
        bytes_, bits = f"<{self.lanes} x i8>", f"<{self.lanes} x i1>"
        if lanes == self.lanes:
            loaded = self.value(f"load {bytes_}, ptr {address}, align 1")
        else:
            mask, zero = (bits, self._mask(lanes)), (bytes_, "zeroinitializer")
            function = f"llvm.masked.load.v{self.lanes}i8.p0"
            loaded = self.value(self._call(bytes_, function, ("ptr", f"align 1 {address}"), mask, zero))
        return self.value(f"icmp ne {bytes_} {loaded}, zeroinitializer")

    def spread_flag(self, address: str) -> str:
        """A vector of bits, which are set where a byte is not zero."""
        one = self.value(f"icmp ne i8 {self.value(f'load i8, ptr {address}, align 1')}, 0")
        bits = f"<{self.lanes} x i1>"
        return self.value(
            f"shufflevector {bits} {self.value(f'insertelement {bits} poison, i1 {one}, i64 0')}, {bits} poison, "
            f"<{self.lanes} x i32> zeroinitializer"
        )

    def select(self, condition: str, x: str, y: str) -> str:
        """The elements of one vector where bits are set, and those of another elsewhere."""
        chosen = (f"<{self.lanes} x i1> {condition}", f"{self.vector} {x}", f"{self.vector} {y}")
        return self.value(f"select {', '.join(chosen)}")

    # Elementwise steps.

    def evaluate(self, expression: str, operands: Sequence[str]) -> str:
        """What the native form of an op (see `tfrt.executor.declarations.op.OpEntry`) gives for vectors of this type.
        A condition may be a vector of bits.

        Raises:
            NotImplementedError: it has something that vectors do not have.
        """
        return self._expression(*self._parsed(expression, operands))

    def holds(self, condition: str, operands: Sequence[str]) -> str:
        """For which elements of vectors of this type a condition holds, as a vector of bits; see `evaluate`."""
        return self._condition(*self._parsed(condition, operands))

    def _parsed(self, expression: str, operands: Sequence[str]) -> tuple[ast.expr, dict[str, str]]:
        names = {f"o{number}": operand for number, operand in enumerate(operands)}
        tree = ast.parse(expression.format(*names), mode="eval").body
        return tree, {**names, "zero": self.constant(0), "one": self.constant(1)}

    def _expression(self, tree: ast.expr, names: dict[str, str]) -> str:
        def of(each: ast.expr) -> str:
            return self._expression(each, names)

        match tree:
            case ast.Name(id=name) if name in names:
                return names[name]
            case ast.BinOp(left=left, op=op, right=right) if type(op) in self._kind.binary:
                return self._binary(self._kind.binary[type(op)], of(left), of(right))
            case ast.BinOp(left=left, op=ast.Div(), right=right) if self._kind.is_integer:
                return self._divided(of(left), of(right))[0]
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return self._negated(of(operand))
            case ast.UnaryOp(op=ast.Invert(), operand=operand) if not self._kind.is_float:
                return self._binary("xor", of(operand), self.constant(-1 if self._kind.is_integer else 1))
            case ast.Call(func=ast.Name(id=function), args=arguments) if function in self._kind.functions:
                called = f"llvm.{self._kind.functions[function]}.{self._suffix}"
                given = [(self.vector, of(argument)) for argument in arguments]
                more = [("i1", "false")] if function in _TELL_ZERO and not self._kind.is_float else []
                return self.value(self._call(self.vector, called, *given, *more))
            case ast.Call(func=ast.Name(id=function), args=arguments) if function in _WRITTEN:
                return self._expression(*self._parsed(_WRITTEN[function], [of(argument) for argument in arguments]))
            case ast.Call(func=ast.Name(id=function), args=arguments) if function in _METHODS and self._kind.is_integer:
                return _METHODS[function](self, *[of(argument) for argument in arguments])
            case ast.Compare() if self.dtype.kind == "b":
                return self._condition(tree, names)
            case ast.IfExp(test=test, body=body, orelse=other):
                return self.select(self._condition(test, names), of(body), of(other))
        raise NotImplementedError(f"no vector of {ast.unparse(tree)}")

    def _condition(self, tree: ast.expr, names: dict[str, str]) -> str:
        match tree:
            case ast.Name(id=name) if name in names:
                return names[name]
            case ast.BoolOp(op=op, values=values):
                found, *others = [self._condition(value, names) for value in values]
                for other in others:
                    found = self.value(f"{_LOGICAL[type(op)]} <{self.lanes} x i1> {found}, {other}")
                return found
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARISONS:
                how = self._kind.comparison(*_COMPARISONS[type(op)])
                x, y = self._expression(left, names), self._expression(right, names)
                return self.value(f"{how} {self.vector} {x}, {y}")
        raise NotImplementedError(f"no vector of {ast.unparse(tree)}")

    def _binary(self, instruction: str, x: str, y: str) -> str:
        return self.value(f"{instruction} {self.vector} {x}, {y}")

    def _negated(self, x: str) -> str:
        if self._kind.is_float:
            return self.value(f"fneg {self.vector} {x}")
        return self._binary("sub", self.constant(0), x)

    def _divided(self, dividend: str, divisor: str) -> tuple[str, str]:
        """Quotients of integers, toward zero, and what is left. By zero all bits of the quotient are one, and all is
        left; the least integer by -1 is itself."""
        zero, letter = self.constant(0), self._kind.letter
        by_zero = self.holds("{0} == zero", [divisor])
        if self.itemsize < 8:
            # Vectors of integers are divided one by one; floats of twice as many bits give the same quotients.
            wide = self.of(np.dtype(np.float64 if self.itemsize == 4 else np.float32))
            x, y = (self.number_of(each, wide) for each in (dividend, divisor))
            exact = wide.evaluate("{0} / ({1} if {2} != zero else one)", [x, y, y])
            # The least integer by -1 is one too many.
            long = f"<{self.lanes} x i{max(32, 16 * self.itemsize)}>"
            whole = self.value(f"fptosi {wide.vector} {exact} to {long}")
            quotient = whole if long == self.vector else self.value(f"trunc {long} {whole} to {self.vector}")
        else:
            fits = self.select(by_zero, self.constant(1), divisor)
            if letter == "s":
                is_minus = self.holds("{0} == {1}", [divisor, self.constant(-1)])
                quotient = self._binary("sdiv", dividend, self.select(is_minus, self.constant(1), fits))
                quotient = self.select(is_minus, self._negated(dividend), quotient)
            else:
                quotient = self._binary("udiv", dividend, fits)
        rest = self.select(by_zero, dividend, self.evaluate("{0} - {1} * {2}", [dividend, quotient, divisor]))
        return self.select(by_zero, self.evaluate("~{0}", [zero]), quotient), rest

    def _remainder(self, dividend: str, divisor: str) -> str:
        return self._divided(dividend, divisor)[1]

    def _shift_left(self, bits: str, amount: str) -> str:
        return self._shifted("shl", bits, amount, self.constant(0))

    def _shift_right_logical(self, bits: str, amount: str) -> str:
        return self._shifted("lshr", bits, amount, self.constant(0))

    def _shift_right_arithmetic(self, bits: str, amount: str) -> str:
        sign = self._binary("ashr", bits, self.constant(self._bits - 1))
        return self._shifted("ashr", bits, amount, sign)

    def _shifted(self, instruction: str, bits: str, amount: str, beyond: str) -> str:
        """Bits moved by amounts without sign; past the width there is something else."""
        is_less = self.value(f"icmp ult {self.vector} {amount}, {self.constant(self._bits)}")
        return self.select(is_less, self._binary(instruction, bits, amount), beyond)


@dataclass(frozen=True)
class _Kind:
    """What is written for elements of a kind.

    Attributes:
        letter: what LLVM puts before instructions for integers, with a sign or without.
        binary: instructions by Python's operators.
        functions: intrinsics, by the names that expressions have for them.
    """

    letter: str
    binary: dict[type, str]
    functions: dict[str, str]
    is_float: bool = False
    is_integer: bool = False

    def comparison(self, of_floats: str, of_integers: str) -> str:
        """The instruction that compares."""
        if self.is_float:
            return f"fcmp {of_floats}"
        return f"icmp {of_integers if of_integers in ('eq', 'ne') else self.letter + of_integers}"


_BITWISE: dict[type, str] = {ast.BitAnd: "and", ast.BitOr: "or", ast.BitXor: "xor"}
_ON_FLOATS: dict[type, str] = {ast.Add: "fadd", ast.Sub: "fsub", ast.Mult: "fmul", ast.Div: "fdiv"}
_ON_INTEGERS: dict[type, str] = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", **_BITWISE}
_OF_FLOATS = {
    **{name: name for name in ("ceil", "floor", "sqrt", "trunc")},
    "abs": "fabs",
    "nearest": "nearbyint",
    "nearest_away": "round",
}
_OF_INTEGERS = {"leading_zeros": "ctlz", "ones": "ctpop"}
_KINDS = {
    "f": _Kind("", _ON_FLOATS, _OF_FLOATS, is_float=True),
    "i": _Kind("s", _ON_INTEGERS, {**_OF_INTEGERS, "abs": "abs"}, is_integer=True),
    "u": _Kind("u", _ON_INTEGERS, _OF_INTEGERS, is_integer=True),
    # Sums of truth values are `or`, products `and`.
    "b": _Kind("u", {ast.Add: "or", ast.Mult: "and", **_BITWISE}, {}),
}
_TELL_ZERO = ("abs", "leading_zeros")
"""Functions of integers that LLVM asks about whether something may be left open. Nothing is."""

_WRITTEN = {
    "maximum": "{0} if {0} > {1} or {0} != {0} else {1}",
    "minimum": "{0} if {0} < {1} or {0} != {0} else {1}",
}
_METHODS: dict[str, Callable[..., str]] = {
    "remainder": Code._remainder,
    "shift_left": Code._shift_left,
    "shift_right_arithmetic": Code._shift_right_arithmetic,
    "shift_right_logical": Code._shift_right_logical,
}
_LOGICAL: dict[type, str] = {ast.And: "and", ast.Or: "or"}
_COMPARISONS: dict[type, tuple[str, str]] = {
    ast.Gt: ("ogt", "gt"),
    ast.Lt: ("olt", "lt"),
    ast.GtE: ("oge", "ge"),
    ast.LtE: ("ole", "le"),
    ast.Eq: ("oeq", "eq"),
    ast.NotEq: ("une", "ne"),
}
"""As Python compares: only ``!=`` holds for NaN."""
