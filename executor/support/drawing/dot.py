"""Graphs as Graphviz text: ``dot -Tpdf program.dot``. Functions and regions are clusters, and so are streams."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tfrt.executor.support.drawing.graph import Graph, Vertex

_SHAPES = {"op": "box", "argument": "ellipse", "constant": "plaintext"}


def dot(graphs: Sequence[Graph], title: str) -> str:
    """The text of one Graphviz graph that has all of them."""
    lines = [
        f"digraph {_quoted(title)} {{",
        "  compound=true;",
        '  node [fontname="monospace", fontsize=11];',
        '  edge [fontname="monospace", fontsize=9];',
    ]
    for number, graph in enumerate(graphs):
        lines += _graph(graph, f"g{number}", "  ")
    return "\n".join([*lines, "}"]) + "\n"


def _graph(graph: Graph, name: str, indent: str) -> Iterator[str]:
    yield f"{indent}subgraph cluster_{name} {{"
    inner = indent + "  "
    yield f"{inner}label={_quoted(graph.name + graph.signature)};"
    if graph.title:
        yield f"{inner}tooltip={_quoted(graph.title)};"
    streams = dict.fromkeys(vertex.stream for vertex in graph.vertices)
    for stream in streams:
        numbered = [(n, vertex) for n, vertex in enumerate(graph.vertices) if vertex.stream == stream]
        if stream is None or len(streams) == 1:
            for number, vertex in numbered:
                yield from _vertex(vertex, f"{name}_{number}", inner)
            continue
        yield f"{inner}subgraph cluster_{name}_s{stream} {{"
        yield f'{inner}  label="stream {stream}"; style=dotted;'
        for number, vertex in numbered:
            yield from _vertex(vertex, f"{name}_{number}", inner + "  ")
        yield f"{inner}}}"
    for edge in dict.fromkeys(graph.edges):
        style = ", style=dashed" if edge.is_order else ""
        yield f"{inner}{name}_{edge.source} -> {name}_{edge.target} [tooltip={_quoted(edge.name)}{style}];"
    if graph.left_out:
        yield f"{inner}{name}_more [shape=plaintext, label={_quoted(f'… and {graph.left_out} more')}];"
    yield f"{indent}}}"


def _vertex(vertex: Vertex, name: str, indent: str) -> Iterator[str]:
    label = _quoted("\n".join((vertex.label, *vertex.details)))
    text = f"{name} [shape={_SHAPES[vertex.kind]}, label={label}, tooltip={_quoted(vertex.title)}];"
    if not vertex.bodies:
        yield indent + text
        return
    yield f"{indent}subgraph cluster_{name} {{"
    yield f'{indent}  label=""; style=rounded;'
    yield f"{indent}  {text}"
    for number, body in enumerate(vertex.bodies):
        yield from _graph(body, f"{name}_{number}", indent + "  ")
    yield f"{indent}}}"


def _quoted(text: str) -> str:
    """A string of Graphviz's, in which only quotes and backslashes mean something; lines are centered."""
    shown = "".join(c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in text)
    escaped = shown.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", " ")
    return f'"{escaped}"'
