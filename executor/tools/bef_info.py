"""`bef-info`: what is in a BEF file, and what it needs to run; nothing of it runs.

Exit codes: 0; 1 where ``--verify`` found something wrong; 2 for bad usage or a file that is none of BEF.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from tfrt.executor.bef import BefFile, FunctionRecord, KernelRecord, open_bef, read_bef
from tfrt.executor.bef.format import SECTIONS, AttributeType
from tfrt.executor.bef.named_attributes import ANY, array_ops, named
from tfrt.executor.declarations.kernel_registry import BUILTIN
from tfrt.executor.declarations.op_attrs import read_metadata
from tfrt.executor.declarations.op_registry import CPU_OPS
from tfrt.executor.engines.program import Program
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support import cli
from tfrt.executor.support.diagnostics import Diagnostic
from tfrt.executor.support.errors import BefError, LoadError, UsageError
from tfrt.executor.support.location import position
from tfrt.executor.tools.kernel_modules import import_kernels
from tfrt.executor.values.attributes import Stored
from tfrt.executor.values.dtype import DType
from tfrt.executor.values.weights import weights_of

_TOOL = "bef-info"

_EXAMPLES = """\
  bef-info model.bef
  tfrt-translate -O2 model.mlir | bef-info
  bef-info model.bef --json | jq .kernels
  bef-info model.bef --verify --kernels my_kernels.py --weights weights.safetensors"""

_WIDTH = 100

_LISTED = 12
"""Constants and weights that are shown one by one, the largest first."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns its exit code."""
    return cli.run(_TOOL, _main, argv)


def _main(argv: Sequence[str]) -> int:
    options = _parser().parse(argv)
    for module in options.kernels:
        import_kernels(module)
    bef, size = _read(options.file)
    found = describe(bef, size)
    problems = verify(bef, options.weights) if options.verify else []
    if options.json:
        report = found | ({"problems": [problem.headline() for problem in problems]} if options.verify else {})
        cli.write_text("-", json.dumps(report, indent=2) + "\n")
    else:
        cli.write_text("-", "".join(f"{line}\n" for line in _lines(found, options.file)))
        cli.report(problems)
        if options.verify and not problems:
            cli.write_text("-", "\nverified: it can be loaded here\n")
    return cli.FAILED if problems else cli.OK


def _read(path: str) -> tuple[BefFile, int]:
    try:
        if os.path.isfile(path):
            return open_bef(path), os.path.getsize(path)
        content = cli.read_bytes(path)
        return read_bef(content), len(content)
    except BefError as error:
        raise UsageError(f"'{path}': {error}") from error


def describe(bef: BefFile, size: int) -> dict[str, Any]:
    """What is in a file of `size` bytes, as what JSON can hold; all sizes are in bytes.

    ``bytes``, ``producer`` (None, or ``tool``, ``source`` and ``passes``), ``sections`` (``id``, ``name``, ``bytes``),
    ``functions`` (those with names: ``name``, ``kind``, ``arguments`` and ``results`` as names with types, ``kernels``,
    ``location``), ``regions`` (how many functions have no name), ``kernels`` and ``ops`` (those that kernels run for
    arrays: ``name``, ``uses``, ``known``, whether this process has them), ``constants`` (``type``, ``bytes``, ``uses``)
    and ``weights`` (``name``, ``type``, ``bytes``).
    """
    kernels = [kernel for function in bef.functions for kernel in function.kernels[1:]]
    ops = [op for function in bef.functions for _, op in array_ops(bef, function)]
    producer = bef.producer
    made_by = producer and {"tool": producer.tool, "source": producer.source, "passes": producer.passes}
    return {
        "bytes": size,
        "producer": made_by,
        "sections": [
            {"id": int(section.id), "name": section.id.title, "bytes": bef.section(section.id).remaining}
            for section in SECTIONS
            if bef.has(section.id)
        ],
        "functions": [_function(bef, function) for function in bef.functions if function.name],
        "regions": sum(not function.name for function in bef.functions),
        "kernels": [
            {"name": name, "uses": uses, "known": BUILTIN.get(name) is not None}
            for name, uses in _most_used(kernel.name for kernel in kernels)
        ],
        "ops": [{"name": name, "uses": uses, "known": CPU_OPS.get(name) is not None} for name, uses in _most_used(ops)],
        "constants": _constants(bef, kernels),
        "weights": _weights(bef),
    }


def verify(bef: BefFile, weights: str | None = None) -> list[Diagnostic]:
    """What keeps a file from being loaded by this process: attributes and locations that are corrupt, kernels that are
    missing, functions that do not fit the kernels that run them, weights that are missing or do not fit.

    Args:
        weights: the file of weights, for a program that was compiled without them.

    Raises:
        UsageError: the file of weights cannot be read.
    """
    problems = [Diagnostic("error", text) for text in _corrupt(bef)]
    if problems:
        return problems
    try:
        Program(bef, HostContext(), weights_of(weights))
    except LoadError as error:
        return list(error.diagnostics)
    return []


def _corrupt(bef: BefFile) -> Iterator[str]:
    offsets: Iterable[int] = () if bef.attribute_types is None else bef.attribute_types.offsets
    for offset in offsets:
        try:
            bef.attribute(offset, ANY)
        except BefError as error:
            yield str(error)
    places = {kernel.location for function in bef.functions for kernel in function.kernels[1:]}
    for place in sorted(places | {function.location for function in bef.functions}):
        try:
            bef.location(place)
        except BefError as error:
            yield str(error)


# -- what is in it --------------------------------------------------------------------------------------------------


def _function(bef: BefFile, function: FunctionRecord) -> dict[str, Any]:
    return {
        "name": function.name,
        "kind": function.kind.name.lower(),
        "arguments": _signature(function.argument_names, function.argument_types),
        "results": _signature(function.result_names, function.result_types),
        "kernels": max(0, len(function.kernels) - 1),
        "location": _place(bef, function),
    }


def _signature(names: Sequence[str], types: Sequence[str]) -> list[dict[str, str]]:
    return [{"name": name, "type": type} for name, type in zip(names or [""] * len(types), types, strict=True)]


def _place(bef: BefFile, function: FunctionRecord) -> str | None:
    try:
        at = position(bef.location(function.location))
    except BefError:
        return None
    return None if at is None else f"{at.filename}:{at.line}:{at.column}"


def _most_used(names: Iterable[str]) -> list[tuple[str, int]]:
    return sorted(Counter(names).items(), key=lambda item: (-item[1], item[0]))


def _constants(bef: BefFile, kernels: Iterable[KernelRecord]) -> list[dict[str, Any]]:
    """Arrays in the file, the largest first."""
    recorded = bef.attribute_types
    if recorded is None:
        return []
    uses = Counter(offset for kernel in kernels for offset in kernel.attributes)
    found = []
    for offset, count in uses.items():
        if recorded.get(offset) != AttributeType.DENSE:
            continue
        try:
            array = bef.attribute(offset, Stored("dense"))
        except BefError:
            continue
        type = "x".join([*map(str, array.shape), DType.of(array.dtype).mlir])
        found.append({"type": type, "bytes": array.nbytes, "uses": count})
    return sorted(found, key=lambda constant: -constant["bytes"])


def _weights(bef: BefFile) -> list[dict[str, Any]]:
    """What the program was compiled without, each once."""
    found = {}
    for function in bef.functions:
        for kernel, name in named(bef, function, "name"):
            if kernel.name == "cpu.weight" and isinstance(name, str):
                found[name] = kernel.attributes[0]
    return [{"name": name} | _array_of(bef, offset) for name, offset in found.items()]


def _array_of(bef: BefFile, metadata: int) -> dict[str, Any]:
    """An array's type and size; nothing in the place of what cannot be read."""
    try:
        (known,) = read_metadata(bef.attribute(metadata, Stored("typed_aggregate")))
        if not isinstance(known.dtype, DType):
            raise ValueError
        # Sizes that are none fail here.
        size = int(known.element_count) * known.dtype.numpy.itemsize
    except (BefError, ValueError, TypeError):
        return {"type": "?", "bytes": 0}
    return {"type": "x".join([*map(str, known.shape), known.dtype.mlir]), "bytes": size}


# -- as text --------------------------------------------------------------------------------------------------------


def _lines(found: dict[str, Any], name: str) -> Iterator[str]:
    yield f"{name}: {_size(found['bytes'])}"
    producer = found["producer"]
    if producer is None:
        yield "  made without passes, or by a tool that does not say"
    else:
        yield f"  made by {producer['tool']} of {producer['source']}"
        yield from _wrapped("  passes: ", producer["passes"].split(","))
    yield from _table("sections", ((_size(s["bytes"]), s["name"]) for s in found["sections"]))
    regions = f", and {found['regions']} of regions" if found["regions"] else ""
    yield f"\nfunctions ({len(found['functions'])}{regions})"
    for function in found["functions"]:
        yield from _function_lines(function)
    yield from _table("kernels", map(_use, found["kernels"]))
    if found["ops"]:
        yield from _table("ops on arrays", map(_use, found["ops"]))
    for what in ("constants", "weights"):
        yield from _array_lines(what, found[what])


def _function_lines(function: dict[str, Any]) -> Iterator[str]:
    kind = "" if function["kind"] == "async" else f"{function['kind']} "
    place = f"  {function['location']}" if function["location"] else ""
    yield f"  {kind}{function['name']}: {function['kernels']} kernels{place}"
    for what, shown in (("takes", function["arguments"]), ("returns", function["results"])):
        for value in shown:
            yield f"    {what:8}{value['name'] and value['name'] + ': '}{value['type']}"


def _use(kernel: dict[str, Any]) -> tuple[str, str]:
    return str(kernel["uses"]), kernel["name"] + ("" if kernel["known"] else "  MISSING HERE")


def _array_lines(what: str, arrays: list[dict[str, Any]]) -> Iterator[str]:
    if not arrays:
        return
    total = _size(sum(array["bytes"] for array in arrays))
    shown = sorted(arrays, key=lambda array: -array["bytes"])[:_LISTED]
    rows = ((_size(a["bytes"]), a["type"], a.get("name", "")) for a in shown)
    yield from _table(f"{what} ({len(arrays)}, {total})", rows)
    if len(arrays) > len(shown):
        yield f"  … and {len(arrays) - len(shown)} smaller ones"


def _table(title: str, rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A title, then columns: numbers in the first one, text in the others."""
    columns = list(zip(*rows, strict=True))
    if not columns:
        return
    widths = [max(map(len, column)) for column in columns]
    yield f"\n{title}"
    for first, *others in zip(*columns, strict=True):
        padded = "  ".join(f"{text:{width}}" for text, width in zip(others, widths[1:], strict=True))
        yield f"  {first:>{widths[0]}}  {padded}".rstrip()


def _wrapped(prefix: str, words: Sequence[str]) -> Iterator[str]:
    line = prefix
    for number, word in enumerate(words):
        text = word + ("," if number + 1 < len(words) else "")
        if len(line) + len(text) > _WIDTH and line.strip():
            yield line
            line = " " * len(prefix)
        line += text
    yield line


def _size(size: int) -> str:
    return f"{size:,} B" if size < 10**5 else f"{size / 1e3:,.1f} kB" if size < 10**8 else f"{size / 1e6:,.1f} MB"


def _parser() -> cli.OptionParser:
    parser = cli.OptionParser(_TOOL, "Show what is in a BEF file, and what it needs to run.", _EXAMPLES)
    add = parser.add_argument
    add("file", nargs="?", default="-", metavar="FILE", help="the BEF file (default: stdin)")
    add("--json", action="store_true", help="as JSON, all of it, with sizes in bytes")
    add(
        "--verify", action="store_true",
        help="also read every attribute and location, and load the program here; exit with 1 if something is wrong",
    )  # fmt: skip
    add(
        "--kernels", action="extend", type=cli.comma_separated, default=[], metavar="MODULE",
        help="import a module, or a .py file, that registers kernels",
    )  # fmt: skip
    add("--weights", metavar="FILE", help="with --verify: what the program was compiled without")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
