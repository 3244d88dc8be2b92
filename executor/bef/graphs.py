"""The functions of a file as graphs to be drawn; those of regions are within the kernels that run them.

Arguments have the names that the file has for them; other values are called by their registers' numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tfrt.executor.bef.model import FunctionKind, FunctionRecord, KernelRecord
from tfrt.executor.bef.named_attributes import ANY, array_ops, named
from tfrt.executor.bef.reader import BefFile
from tfrt.executor.support.drawing.graph import Edge, Graph, Vertex, elided
from tfrt.executor.support.errors import BefError
from tfrt.executor.support.location import Location, UnknownLocation

_LISTED = 4
"""Results that a picture lists, and elements of an array."""

_TITLE = 160
"""Characters of an attribute in a title."""

_CHAIN = "!tfrt.chain"


def program_graphs(bef: BefFile) -> list[Graph]:
    """The named functions of a file, in its order."""
    return [function_graph(bef, function) for function in bef.functions if function.name]


def function_graph(bef: BefFile, function: FunctionRecord, most: int | None = None) -> Graph:
    """A function. A region that several kernels run is drawn within the first of them.

    Args:
        most: how many kernels of a function, and of a region, there are in the graph; by default all.
    """
    return _Drawing(bef, most).function(function)


def uses(function: FunctionRecord) -> Iterator[tuple[int, int, int]]:
    """Which kernel of a function makes which register that which kernel takes; arguments are made by kernel 0."""
    for number, kernel in enumerate(function.kernels):
        # The first result of the pseudo kernel only triggers kernels.
        users = kernel.users if number else kernel.users[1:]
        results = kernel.results if number else kernel.results[1:]
        for register, of_register in zip(results, users, strict=True):
            for user in dict.fromkeys(of_register):
                yield number, register, user


def register_names(function: FunctionRecord) -> list[str]:
    """What the values of a function are called: arguments by their names, all others by their registers' numbers."""
    count = len(function.argument_types)
    given = function.argument_names or ("",) * count
    arguments = [f"%{name or f'arg{number}'}" for number, name in enumerate(given)]
    return arguments + [f"%{register}" for register in range(count, len(function.use_counts))]


def signature(function: FunctionRecord) -> str:
    """The arguments and results of a function, with their types."""
    names = register_names(function)
    arguments = ", ".join(f"{name}: {type}" for name, type in zip(names, function.argument_types, strict=False))
    results = ", ".join(function.result_types)
    return f"({arguments})" + (f" -> {results}" if len(function.result_types) == 1 else f" -> ({results})")


class _Drawing:
    def __init__(self, bef: BefFile, most: int | None):
        self._bef = bef
        self._most = most
        self._drawn: set[int] = set()

    def function(self, function: FunctionRecord) -> Graph:
        self._drawn.add(function.index)
        name = f"@{function.name}" if function.name else f"region {function.index}"
        title = [f"{name}{signature(function)}", *_place(self._location(function))]
        if function.kind is not FunctionKind.ASYNC:
            title.append(function.kind.name.lower())
        if function.kind is FunctionKind.NATIVE:
            return Graph(name, signature(function), "\n".join(title), (), ())
        names, types = register_names(function), function.register_types
        ops: dict[int, list[str]] = {}
        for record, op in (*_executed(self._bef, function), *array_ops(self._bef, function)):
            ops.setdefault(id(record), []).append(op)
        count = len(function.argument_types)
        vertices = [_argument(names[n], type) for n, type in enumerate(function.argument_types)]
        kernels = function.kernels[1:]
        shown = kernels if self._most is None else kernels[: self._most]
        for number, kernel in enumerate(shown, 1):
            results = [
                names[register] + ("" if types is None else f": {types[register]}") for register in kernel.results
            ]
            operands = ", ".join(names[register] for register in kernel.arguments)
            made = ops.get(id(kernel), [])
            vertices.append(self._kernel(function, number, kernel, operands, results, made))
        edges = []
        for maker, register, user in uses(function):
            if max(maker, user) <= len(shown):
                source = register if not maker else count + maker - 1
                edges.append(Edge(source, count + user - 1, names[register], self._is_order(function, register)))
        left_out = len(kernels) - len(shown)
        if function.result_registers and not left_out:
            made_by = {r: count + n for n, kernel in enumerate(kernels) for r in kernel.results}
            for register in dict.fromkeys(function.result_registers):
                source = made_by.get(register, register)
                edges.append(Edge(source, len(vertices), names[register], self._is_order(function, register)))
            stream = function.kernels[0].stream
            vertices.append(Vertex("return", (), f"returns {', '.join(function.result_types)}", "op", stream))
        title_text, signed = "\n".join(title), signature(function)
        return Graph(name, signed, title_text, tuple(vertices), tuple(edges), left_out=left_out)

    @staticmethod
    def _is_order(function: FunctionRecord, register: int) -> bool:
        return function.register_types is not None and function.register_types[register] == _CHAIN

    def _kernel(
        self,
        function: FunctionRecord,
        number: int,
        kernel: KernelRecord,
        operands: str,
        results: list[str],
        ops: list[str],
    ) -> Vertex:
        title = [f"{kernel.name}({operands})", *ops, *results]
        values = list(self._attributes(function, number, kernel))
        title += [f"{name} = {elided(text, _TITLE)}" for name, text in values]
        title += [*_place(self._bef.kernel_location(kernel)), f"stream {kernel.stream}"]
        text = "\n".join(title)
        constant = dict(values).get("value")
        is_constant = constant is not None and not kernel.arguments and not kernel.functions
        if is_constant and len(kernel.results) == 1:
            # The type is said by the register.
            name, _, type = results[0].partition(": ")
            label = f"{name} = {constant}" + (f" : {type}" if type else "")
            return Vertex(elided(label), (), text, "constant", kernel.stream)
        callees, bodies = [], []
        for index in kernel.functions:
            called = self._bef.functions[index]
            if called.name or index in self._drawn:
                callees.append(f"@{called.name}" if called.name else f"region {index}")
            else:
                bodies.append(self.function(called))
        details = [elided(line) for line in (*ops, *callees, *results[:_LISTED])]
        if len(results) > _LISTED:
            details.append(f"… and {len(results) - _LISTED} more")
        return Vertex(elided(kernel.name), tuple(details), text, "op", kernel.stream, tuple(bodies))

    def _attributes(self, function: FunctionRecord, number: int, kernel: KernelRecord) -> Iterator[tuple[str, str]]:
        """The names and values of a kernel's attributes, as far as the file says them."""
        if function.attribute_names is None:
            return
        for name, offset in zip(function.attribute_names[number], kernel.attributes, strict=False):
            try:
                yield name, _text(self._bef.attribute(offset, ANY))
            except BefError:
                continue

    def _location(self, function: FunctionRecord) -> Location:
        try:
            return self._bef.location(function.location)
        except BefError:
            return UnknownLocation()


def _executed(bef: BefFile, function: FunctionRecord) -> Iterator[tuple[KernelRecord, str]]:
    """The ops of the core runtime that kernels execute."""
    return ((kernel, op) for kernel, op in named(bef, function, "op_name") if not kernel.name.startswith("cpu."))


def _argument(name: str, type: str) -> Vertex:
    return Vertex(elided(f"{name}: {type}"), (), f"{name}: {type}", "argument")


def _place(location: Location) -> list[str]:
    return [] if isinstance(location, UnknownLocation) else [f"at {location}"]


def _text(value: Any) -> str:
    """An attribute; of a long array only the beginning."""
    if isinstance(value, tuple | list):
        shown = ", ".join(map(_text, value[:_LISTED]))
        return f"[{shown}{', …' if len(value) > _LISTED else ''}]"
    if isinstance(value, str):
        return f'"{value}"'
    elements = getattr(value, "reshape", None)
    if elements is None:
        return str(getattr(value, "value", value))
    # An array of numpy's, which need not be imported for this.
    return f"dense<{_text(elements(-1)[: _LISTED + 1].tolist())}>"
