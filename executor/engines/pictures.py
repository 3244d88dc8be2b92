"""Pictures of loaded programs, imported when somebody wants one."""

from __future__ import annotations

from tfrt.executor.bef import BefFile, FunctionRecord
from tfrt.executor.bef.graphs import function_graph, program_graphs
from tfrt.executor.support.drawing import dot, svg
from tfrt.executor.support.drawing.graph import Graph


def to_svg(bef: BefFile, function: FunctionRecord | None = None) -> str:
    """A picture of a function of a file, or of all that have names."""
    return svg.svg(*_drawn(bef, function))


def to_dot(bef: BefFile, function: FunctionRecord | None = None) -> str:
    """The same as Graphviz text."""
    return dot.dot(*_drawn(bef, function))


def _drawn(bef: BefFile, function: FunctionRecord | None) -> tuple[list[Graph], str]:
    """Graphs, and what they are called."""
    if function is not None:
        graph = function_graph(bef, function)
        return [graph], graph.name
    return program_graphs(bef), "program" if bef.producer is None else bef.producer.source
