"""A module as graphs to be drawn: its functions, with regions within the ops that have them.

Values have the names that they have in the source. Streams are those that compiling would choose, so functions of
frameworks, whose ops have no kernels, have none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import StringIO

from xdsl.dialects.builtin import (
    ArrayAttr,
    DenseArrayBase,
    DenseIntOrFPElementsAttr,
    DenseResourceAttr,
    ModuleOp,
    StringAttr,
    SymbolRefAttr,
)
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, Block, BlockArgument, Operation, SSAValue

from tfrt.compiler.locations import location_of
from tfrt.compiler.printer import MlirPrinter, attribute_text, type_text
from tfrt.compiler.streams import analyse_streams
from tfrt.dialects import get_dialects
from tfrt.dialects.shared.definitions import SourceDialect
from tfrt.dialects.shared.walking import is_unregistered
from tfrt.executor.support.drawing.dot import dot
from tfrt.executor.support.drawing.graph import Edge, Graph, Outer, Vertex, elided
from tfrt.executor.support.drawing.svg import svg
from tfrt.executor.support.location import UnknownLocation

_LISTED = 4
"""Results that a picture lists, and elements of an array."""

_TITLE = 160
"""Characters of an attribute in a title."""

_ORDERS = ("tfrt.chain", "stablehlo.token")
"""Types of values that only say what comes first."""


def module_graphs(module: ModuleOp) -> list[Graph]:
    """The functions of a module, in its order; first a graph of what stands beside them, if there is anything."""
    namer = _Namer(stream=StringIO())
    namer.print_op(module)
    drawing = _Drawing(namer.names)
    functions = [graph for op in module.ops for graph in drawing.functions(op)]
    others = [op for op in module.ops if not isinstance(op, FuncOp | ModuleOp)]
    if not others:
        return functions
    vertices = tuple(drawing.vertex(op, None, ()) for op in others)
    return [Graph("module", "", "", vertices, ()), *functions]


def module_to_svg(module: ModuleOp, title: str = "module") -> str:
    """A picture of a module's functions as graphs, with regions within their ops, as text of one file.

    Args:
        title: what is shown, for those who do not see it.
    """
    return svg(module_graphs(module), title)


def module_to_dot(module: ModuleOp, title: str = "module") -> str:
    """The same as Graphviz text, for ``dot -Tpdf``."""
    return dot(module_graphs(module), title)


class _Namer(MlirPrinter):
    """Gives values their names; attributes, which may be long, do not matter to these."""

    def print_attribute(self, attribute: Attribute) -> None:
        pass


@dataclass
class _Drawing:
    names: dict[SSAValue, str]
    source_dialects: frozenset[str] = field(
        default_factory=lambda: frozenset(
            name for name, load in get_dialects().items() if isinstance(load(), SourceDialect)
        )
    )

    def functions(self, op: Operation) -> Iterator[Graph]:
        """The graphs of a function, or of those in a module."""
        if isinstance(op, FuncOp):
            yield self.function(op)
        elif isinstance(op, ModuleOp):
            for inner in op.ops:
                yield from self.functions(inner)

    def function(self, op: FuncOp) -> Graph:
        if op.is_declaration:
            types = ", ".join(map(type_text, op.function_type.inputs))
        else:
            types = ", ".join(f"{self.name(a)}: {type_text(a.type)}" for a in op.body.blocks[0].args)
        results = ", ".join(map(type_text, op.function_type.outputs))
        signature = f"({types})" + (f" -> {results}" if len(op.function_type.outputs) == 1 else f" -> ({results})")
        title = "\n".join([f"@{op.sym_name.data}{signature}", *_attributes(op, "function_type"), *_place(op)])
        blocks = [] if op.is_declaration else list(op.body.blocks)
        if len(blocks) < 2:
            return self.graph(blocks[0] if blocks else None, f"@{op.sym_name.data}", signature, title)[0]
        bodies = tuple(self.graph(b, f"^bb{n}", self.block_signature(b), "")[0] for n, b in enumerate(blocks))
        return Graph(f"@{op.sym_name.data}", signature, title, (Vertex("blocks", bodies=bodies),), ())

    def block_signature(self, block: Block) -> str:
        return f"({', '.join(f'{self.name(a)}: {type_text(a.type)}' for a in block.args)})"

    def graph(self, block: Block | None, name: str, signature: str, title: str) -> tuple[Graph, list[SSAValue]]:
        """The graph of a block, and the values of others that it takes."""
        if block is None:
            return Graph(name, signature, title, (), ()), []
        streams = self.streams(block)
        vertices: list[Vertex] = []
        edges, outer = [], []
        made: dict[SSAValue, int] = {}
        captured: dict[SSAValue, None] = {}
        for argument in block.args:
            made[argument] = len(vertices)
            label = f"{self.name(argument)}: {type_text(argument.type)}"
            vertices.append(Vertex(elided(label), title=label, kind="argument"))
        for op in block.ops:
            bodies, within = self.bodies(op)
            number = len(vertices)
            vertices.append(self.vertex(op, streams.get(op), bodies))
            for value in dict.fromkeys([*op.operands, *within]):
                if value in made:
                    edges.append(Edge(made[value], number, self.name(value), value.type.name in _ORDERS))
                else:
                    captured[value] = None
                    outer.append(Outer(number, self.name(value)))
            made.update((result, number) for result in op.results)
        return Graph(name, signature, title, tuple(vertices), tuple(edges), tuple(outer)), list(captured)

    def bodies(self, op: Operation) -> tuple[tuple[Graph, ...], list[SSAValue]]:
        """The graphs of an op's regions, and the values that these take from outside."""
        found, captured = [], []
        for region, name in zip(op.regions, self.region_names(op), strict=True):
            for number, block in enumerate(region.blocks):
                shown = name if len(region.blocks) == 1 else f"{name} ^bb{number}"
                graph, within = self.graph(block, shown, self.block_signature(block), "")
                found.append(graph)
                captured += within
        # Of several blocks one may take what another makes.
        inner = {block for region in op.regions for block in region.blocks}
        return tuple(found), [value for value in captured if _block_of(value) not in inner]

    def region_names(self, op: Operation) -> list[str]:
        """What the op's definition calls its regions, else numbers."""
        definition = getattr(op, "get_irdl_definition", None)
        names = [name for name, _ in definition().regions] if definition is not None else []
        if len(names) == len(op.regions):
            return [name.removesuffix("_region") for name in names]
        return ["body"] if len(op.regions) == 1 else [f"region {number}" for number in range(len(op.regions))]

    def streams(self, block: Block) -> dict[Operation, int]:
        if any(_name_of(op).partition(".")[0] in self.source_dialects for op in block.ops):
            return {}
        return analyse_streams(block).by_op

    def vertex(self, op: Operation, stream: int | None, bodies: Sequence[Graph]) -> Vertex:
        name = _name_of(op)
        values = {**op.properties, **op.attributes}
        results = [f"{self.name(result)}: {type_text(result.type)}" for result in op.results]
        named = [*_ops_within(values)]
        named += [f"@{value.string_value()}" for value in values.values() if isinstance(value, SymbolRefAttr)]
        operands = ", ".join(map(self.name, op.operands))
        title = [f"{name}({operands})", *results, *_attributes(op), *_place(op)]
        if stream is not None:
            title.append(f"stream {stream}")
        if not op.operands and not bodies and len(op.results) == 1 and "value" in values:
            label = f"{self.name(op.results[0])} = {_value_text(values['value'])}"
            return Vertex(elided(label), title="\n".join(title), kind="constant", stream=stream)
        details = [elided(text) for text in (*named, *results[:_LISTED])]
        if len(results) > _LISTED:
            details.append(f"… and {len(results) - _LISTED} more")
        return Vertex(elided(name), tuple(details), "\n".join(title), "op", stream, tuple(bodies))

    def name(self, value: SSAValue) -> str:
        return f"%{self.names.get(value, '?')}"


def _name_of(op: Operation) -> str:
    return op.op_name.data if is_unregistered(op) else op.name


def _block_of(value: SSAValue) -> Block | None:
    return value.block if isinstance(value, BlockArgument) else value.owner.parent_block()


def _ops_within(values: Mapping[str, Attribute]) -> Iterator[str]:
    """The ops that a kernel runs, one after the other, and what a custom call calls."""
    for name in ("op_name", "call_target_name"):
        match values.get(name):
            case StringAttr() as text:
                yield text.data
    match values.get("steps"):
        case ArrayAttr() as steps:
            yield from (step.data[0].data for step in steps if _is_step(step))


def _is_step(step: Attribute) -> bool:
    return isinstance(step, ArrayAttr) and bool(step.data) and isinstance(step.data[0], StringAttr)


def _place(op: Operation) -> list[str]:
    location = location_of(op.location)
    return [] if isinstance(location, UnknownLocation) else [f"at {location}"]


def _attributes(op: Operation, *hidden: str) -> list[str]:
    values = {**op.properties, **op.attributes}
    return [
        f"{name} = {elided(_value_text(value), _TITLE)}"
        for name, value in sorted(values.items())
        if name not in ("sym_name", "op_name__", *hidden)
    ]


def _value_text(value: Attribute) -> str:
    """An attribute, but of a long array only the type."""
    match value:
        case DenseIntOrFPElementsAttr() if len(value) > _LISTED and not value.is_splat():
            return f"dense<…> : {type_text(value.get_type())}"
        case DenseResourceAttr():
            return f"dense_resource<{value.resource_handle.data}> : {type_text(value.type)}"
        case DenseArrayBase() if len(value) > _LISTED:
            return f"array<{type_text(value.elt_type)}: …>"
        case ArrayAttr() if len(value) > _LISTED:
            first = attribute_text(ArrayAttr(value.data[:_LISTED])).removesuffix("]")
            return f"{first}, … and {len(value) - _LISTED} more]"
    return attribute_text(value)
