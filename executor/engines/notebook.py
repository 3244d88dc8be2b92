"""Programs and functions in notebooks: signatures, kernels, a small picture, and the source where it is at hand.

A source is at hand where the location's file is a text file below the current folder.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tfrt.executor.bef import BefFile, FunctionKind, FunctionRecord, KernelRecord
from tfrt.executor.bef.graphs import function_graph, register_names, signature
from tfrt.executor.support.diagnostics import source_below
from tfrt.executor.support.drawing.graph import Graph, elided
from tfrt.executor.support.drawing.svg import svg
from tfrt.executor.support.location import UnknownLocation, position
from tfrt.executor.support.notebook import code, folded, lines, soft, table

_FUNCTIONS = 20
_LINES = 100
_VERTICES = 40
"""Vertices of a function that are drawn; a picture with more of all functions is folded."""

_GRAPHS = 4
_WIDTH = 860.0
"""How wide rows of a picture may be, in pixels."""

_NAMES = 8
"""Kernels that are named with their numbers."""

_SIGNATURE = 160


def program(bef: BefFile, *, has_threads: bool) -> Iterator[str]:
    """HTML of a program, whose host has threads or not."""
    host = f"on a host with {'threads' if has_threads else 'no threads'}"
    named = [function for function in bef.functions if function.name]
    producer = bef.producer
    made = "" if producer is None else f"{producer.source}, compiled by {producer.tool}"
    about = ", ".join(filter(None, (made, _count(len(named), "function"), host)))
    yield f"<p><b>Program</b> {soft(about)}</p>"
    yield table(
        ("function", "kernels", "where"),
        (
            (_head(function), len(_kernels(bef, function)), soft(_place(bef, function)))
            for function in named[:_FUNCTIONS]
        ),
    )
    if len(named) > _FUNCTIONS:
        yield f"<p>{soft(f'… and {len(named) - _FUNCTIONS} more functions')}</p>"
    if producer is not None and producer.passes:
        yield folded("passes", f"<p>{code(producer.passes.replace(',', ', '))}</p>")
    graphs = [function_graph(bef, record, _VERTICES) for record in named[:_GRAPHS]]
    left_out = f", {_GRAPHS} of {len(named)} functions" if len(named) > _GRAPHS else ""
    yield _picture(f"graph{left_out}", graphs, producer.source if producer else "program")
    yield from _whole_source(bef, named)


def function(bef: BefFile, record: FunctionRecord) -> Iterator[str]:
    """HTML of a function."""
    kernels = _kernels(bef, record)
    about = [_count(len(kernels), "kernel"), _place(bef, record)]
    if record.kind is not FunctionKind.ASYNC:
        about.insert(0, record.kind.name.lower())
    yield f"<p><b>Function</b> {_head(record)}</p>"
    yield f"<p>{soft(', '.join(filter(None, about)))}</p>"
    if kernels:
        counted = Counter(kernel.name for kernel in kernels).most_common()
        rest = [soft(f"… and {len(counted) - _NAMES} more")] if len(counted) > _NAMES else []
        yield f"<p>{', '.join([*(f'{count} {code(name)}' for name, count in counted[:_NAMES]), *rest])}</p>"
        graph = function_graph(bef, record, _VERTICES)
        yield _picture("graph", [graph], graph.name)
        yield _source(bef, record, kernels)


def _head(record: FunctionRecord) -> str:
    name = f"@{record.name}" if record.name else f"region {record.index}"
    return code(f"{name}{elided(signature(record), _SIGNATURE)}")


def _count(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _kernels(bef: BefFile, record: FunctionRecord) -> list[KernelRecord]:
    """The kernels of a function and its regions."""
    found: list[KernelRecord] = []
    seen = {record.index}
    waiting = [record]
    while waiting:
        for kernel in waiting.pop().kernels[1:]:
            found.append(kernel)
            for index in kernel.functions:
                if index not in seen and not bef.functions[index].name:
                    seen.add(index)
                    waiting.append(bef.functions[index])
    return found


def _place(bef: BefFile, record: FunctionRecord) -> str:
    location = bef.location(record.location)
    return "" if isinstance(location, UnknownLocation) else str(location)


def _picture(title: str, graphs: list[Graph], name: str) -> str:
    short = [graph.beginning(_VERTICES) for graph in graphs]
    picture = svg(short, name, alone=False, most=_WIDTH)
    is_small = sum(len(graph.vertices) + graph.left_out for graph in graphs) <= _VERTICES
    return folded(title, f'<div class="tv-scroll">{picture}</div>', is_open=is_small)


def _whole_source(bef: BefFile, named: list[FunctionRecord]) -> Iterator[str]:
    places = (position(bef.location(record.location)) for record in named)
    for filename in dict.fromkeys(at.filename for at in places if at is not None):
        text = source_below(".")(filename)
        if text is not None:
            yield folded(filename, lines(text.splitlines(), 1, _LINES))


def _source(bef: BefFile, record: FunctionRecord, kernels: list[KernelRecord]) -> str:
    """The lines from the function's to its last kernel's; its kernels where the source is not at hand."""
    start = position(bef.location(record.location))
    text = None if start is None else source_below(".")(start.filename)
    if start is None or text is None:
        return folded("kernels", lines(list(_listing(bef, record)), 1, _LINES))
    places = (position(bef.kernel_location(kernel)) for kernel in kernels)
    last = max((at.line for at in places if at is not None and at.filename == start.filename), default=start.line)
    return folded(start.filename, lines(text.splitlines()[start.line - 1 : last + 2], start.line, _LINES))


def _listing(bef: BefFile, record: FunctionRecord) -> Iterator[str]:
    """A line for each kernel."""
    names = register_names(record)
    for kernel in record.kernels[1:]:
        results = ", ".join(names[register] for register in kernel.results)
        operands = ", ".join(names[register] for register in kernel.arguments)
        at = position(bef.kernel_location(kernel))
        yield f"{f'{results} = ' if results else ''}{kernel.name}({operands}){f'  // {at}' if at else ''}"
