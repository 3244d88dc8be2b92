"""Writing functions in LLVM's intermediate representation: loops, vectors of floats, and elementwise steps on them.

Values are names, such as ``%v7``, or numbers. Vectors that are added up in loops are variables (`variable`), of which
LLVM makes registers. Code never contracts or reorders what it is not told to: only `fma` rounds once for two steps.
"""

from __future__ import annotations

import ast
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np

Value = str | int


class Code:
    """A function that is being written.

    Attributes:
        element: the type of elements, ``float`` or ``double``.
        lanes: how many elements a vector has.
    """

    def __init__(self, dtype: np.dtype, lanes: int):
        self.element = {4: "float", 8: "double"}[dtype.itemsize]
        self.itemsize, self.lanes = dtype.itemsize, lanes
        self.vector = f"<{lanes} x {self.element}>"
        self._lines: list[str] = []
        self._variables: list[str] = []
        self._block, self._count = "entry", 0
        self._declared: dict[str, str] = {}

    def module(self, name: str, parameters: Sequence[str]) -> str:
        """The whole module, with a function of these parameters (types and names)."""
        body = "\n".join([*self._variables, *self._lines])
        declared = "\n".join(self._declared.values())
        # Loops are not to become calls of C's library, which the code would have to find.
        head = f'define void @{name}({", ".join(parameters)}) nounwind "no-builtins"'
        return f"{declared}\n{head} {{\nentry:\n{body}\n  ret void\n}}\n"

    def line(self, text: str) -> None:
        self._lines.append(f"  {text}")

    def value(self, text: str) -> str:
        """A name for what an instruction gives."""
        self._count += 1
        name = f"%v{self._count}"
        self.line(f"{name} = {text}")
        return name

    def _call(self, result: str, function: str, *arguments: tuple[str, Value]) -> str:
        types = ", ".join(type for type, _ in arguments)
        self._declared[function] = f"declare {result} @{function}({types})"
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
        for start, lanes in self._parts(count):
            self.store(self.at(to, start), self.load(self.at(source, start), lanes), lanes)

    def in_line(self, address: str, count: int) -> str:
        """Where so many elements are that begin at a line of the cache: these, or a copy on the stack."""
        memory = self.memory(count)
        number = self.value(f"ptrtoint ptr {address} to i64")
        apart = self.value(f"icmp ne i64 {self.value(f'and i64 {number}, 63')}, 0")
        with self.when(apart):
            self.copy(memory, address, count)
        return self.value(f"select i1 {apart}, ptr {memory}, ptr {address}")

    def clear(self, to: str, count: int) -> None:
        """Set so many elements to zero."""
        for start, lanes in self._parts(count):
            self.store(self.at(to, start), self.constant(0), lanes)

    def _parts(self, count: int) -> Iterator[tuple[Value, int]]:
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
        self._count += 1
        number, head, body = self._count, f"head{self._count}", f"body{self._count}"
        latch, done = f"latch{number}", f"done{number}"
        self.line(f"br label %{head}")
        self._lines.append(f"{head}:")
        self.line(f"%i{number} = phi i64 [ {start}, %{self._block} ], [ %n{number}, %{latch} ]")
        self.line(f"%c{number} = icmp slt i64 %i{number}, {end}")
        self.line(f"br i1 %c{number}, label %{body}, label %{done}")
        self._enter(body)
        yield f"%i{number}"
        self.line(f"br label %{latch}")
        self._lines.append(f"{latch}:")
        self.line(f"%n{number} = add i64 %i{number}, {step}")
        self.line(f"br label %{head}")
        self._enter(done)

    @contextmanager
    def when(self, condition: str) -> Iterator[None]:
        self._count += 1
        then, done = f"then{self._count}", f"after{self._count}"
        self.line(f"br i1 {condition}, label %{then}, label %{done}")
        self._enter(then)
        yield
        self.line(f"br label %{done}")
        self._enter(done)

    def _enter(self, block: str) -> None:
        self._lines.append(f"{block}:")
        self._block = block

    def memory(self, count: int) -> str:
        """The address of memory for so many elements, on the stack."""
        self._count += 1
        name = f"%m{self._count}"
        self._variables.append(f"  {name} = alloca [{count} x {self.element}], align 64")
        return name

    # Vectors.

    def variable(self, start: str) -> str:
        """A variable for a vector."""
        self._count += 1
        name = f"%a{self._count}"
        self._variables.append(f"  {name} = alloca {self.vector}")
        self.set(name, start)
        return name

    def get(self, variable: str) -> str:
        return self.value(f"load {self.vector}, ptr {variable}")

    def set(self, variable: str, vector: str) -> None:
        self.line(f"store {self.vector} {vector}, ptr {variable}")

    def constant(self, number: float) -> str:
        """A vector of one number."""
        bits = struct.unpack("<Q", struct.pack("<d", number))[0]
        return f"<{', '.join([f'{self.element} 0x{bits:016X}'] * self.lanes)}>"

    def load(self, address: str, lanes: int) -> str:
        """A vector of which so many lanes are read, and the others are zero."""
        if lanes == self.lanes:
            return self.value(f"load {self.vector}, ptr {address}, align {self.itemsize}")
        function = f"llvm.masked.load.v{self.lanes}f{self.itemsize * 8}.p0"
        mask, zero = (f"<{self.lanes} x i1>", self._mask(lanes)), (self.vector, "zeroinitializer")
        return self.value(self._call(self.vector, function, ("ptr", f"align {self.itemsize} {address}"), mask, zero))

    def store(self, address: str, vector: str, lanes: int) -> None:
        """Write so many lanes of a vector."""
        if lanes == self.lanes:
            self.line(f"store {self.vector} {vector}, ptr {address}, align {self.itemsize}")
            return
        function = f"llvm.masked.store.v{self.lanes}f{self.itemsize * 8}.p0"
        mask = (f"<{self.lanes} x i1>", self._mask(lanes))
        self.line(
            self._call("void", function, (self.vector, vector), ("ptr", f"align {self.itemsize} {address}"), mask)
        )

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
        bits = struct.unpack("<Q", struct.pack("<d", number))[0]
        return f"0x{bits:016X}"

    def put(self, address: str, element: str) -> None:
        self.line(f"store {self.element} {element}, ptr {address}, align {self.itemsize}")

    def sum_of(self, vector: str) -> str:
        """The sum of a vector's elements, in any order."""
        function = f"llvm.vector.reduce.fadd.v{self.lanes}f{self.itemsize * 8}"
        call = self._call(self.element, function, (self.element, self.number(-0.0)), (self.vector, vector))
        return self.value(call.replace("call ", "call reassoc ", 1))

    def greatest_of(self, vector: str) -> str:
        """The greatest of a vector's elements that are numbers."""
        function = f"llvm.vector.reduce.fmax.v{self.lanes}f{self.itemsize * 8}"
        return self.value(self._call(self.element, function, (self.vector, vector)))

    def spread_element(self, element: str) -> str:
        """A vector of one element."""
        one = self.value(f"insertelement {self.vector} poison, {self.element} {element}, i64 0")
        order = f"<{self.lanes} x i32> zeroinitializer"
        return self.value(f"shufflevector {self.vector} {one}, {self.vector} poison, {order}")

    def fma(self, x: str, y: str, z: str) -> str:
        """``x * y + z``, rounded once."""
        function = f"llvm.fma.v{self.lanes}f{self.itemsize * 8}"
        return self.value(self._call(self.vector, function, (self.vector, x), (self.vector, y), (self.vector, z)))

    def nearest(self, x: str) -> str:
        """The nearest integers, as numbers."""
        function = f"llvm.nearbyint.v{self.lanes}f{self.itemsize * 8}"
        return self.value(self._call(self.vector, function, (self.vector, x)))

    def scaled(self, x: str, power: str, steps: int) -> str:
        """Singles times two to a power, a whole number; in two steps the result may be denormal or infinite."""
        assert self.element == "float"
        integers = f"<{self.lanes} x i32>"

        def all_of(number: int) -> str:
            return f"<{', '.join([f'i32 {number}'] * self.lanes)}>"

        whole = self.value(f"fptosi {self.vector} {power} to {integers}")
        parts = [whole]
        if steps == 2:
            half = self.value(f"ashr {integers} {whole}, {all_of(1)}")
            parts = [half, self.value(f"sub {integers} {whole}, {half}")]
        for part in parts:
            biased = self.value(f"add {integers} {part}, {all_of(127)}")
            bits = self.value(f"shl {integers} {biased}, {all_of(23)}")
            x = self.value(f"fmul {self.vector} {x}, {self.value(f'bitcast {integers} {bits} to {self.vector}')}")
        return x

    def _compare(self, how: str, x: str, y: str) -> str:
        return self.value(f"fcmp {how} {self.vector} {x}, {y}")

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

    def select(self, condition: str, x: str, y: str) -> str:
        """The elements of one vector where bits are set, and those of another elsewhere."""
        chosen = (f"<{self.lanes} x i1> {condition}", f"{self.vector} {x}", f"{self.vector} {y}")
        return self.value(f"select {', '.join(chosen)}")

    # Elementwise steps.

    def evaluate(self, expression: str, operands: Sequence[str]) -> str:
        """What the native form of an op (see `tfrt.executor.declarations.op.OpEntry`) gives for vectors.

        Raises:
            NotImplementedError: it has something that vectors do not have.
        """
        names = {f"o{number}": operand for number, operand in enumerate(operands)}
        tree = ast.parse(expression.format(*names), mode="eval").body
        return self._expression(tree, {**names, "zero": self.constant(0), "one": self.constant(1)})

    def _expression(self, tree: ast.expr, names: dict[str, str]) -> str:
        def of(each: ast.expr) -> str:
            return self._expression(each, names)

        match tree:
            case ast.Name(id=name) if name in names:
                return names[name]
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
                return self.value(f"{_BINARY[type(op)]} {self.vector} {of(left)}, {of(right)}")
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return self.value(f"fneg {self.vector} {of(operand)}")
            case ast.Call(func=ast.Name(id=function), args=[operand]) if function in _FUNCTIONS:
                called = f"llvm.{_FUNCTIONS[function]}.v{self.lanes}f{self.itemsize * 8}"
                return self.value(self._call(self.vector, called, (self.vector, of(operand))))
            case ast.IfExp(test=test, body=body, orelse=other):
                return self.select(self._condition(test, names), of(body), of(other))
        raise NotImplementedError(f"no vector of {ast.unparse(tree)}")

    def _condition(self, tree: ast.expr, names: dict[str, str]) -> str:
        match tree:
            case ast.BoolOp(op=op, values=values):
                found, *others = [self._condition(value, names) for value in values]
                for other in others:
                    found = self.value(f"{_LOGICAL[type(op)]} <{self.lanes} x i1> {found}, {other}")
                return found
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARISONS:
                how = _COMPARISONS[type(op)]
                return self._compare(how, self._expression(left, names), self._expression(right, names))
        raise NotImplementedError(f"no vector of {ast.unparse(tree)}")


_BINARY: dict[type, str] = {ast.Add: "fadd", ast.Sub: "fsub", ast.Mult: "fmul", ast.Div: "fdiv"}
_FUNCTIONS = {"sqrt": "sqrt", "abs": "fabs"}
_LOGICAL: dict[type, str] = {ast.And: "and", ast.Or: "or"}
_COMPARISONS: dict[type, str] = {
    ast.Gt: "ogt",
    ast.Lt: "olt",
    ast.GtE: "oge",
    ast.LtE: "ole",
    ast.Eq: "oeq",
    ast.NotEq: "une",
}
"""As Python compares: only ``!=`` holds for NaN."""
