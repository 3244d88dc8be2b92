"""The reference of our passes, made of their docstrings.

``python -m tfrt.compiler.pipelines.document > docs/passes.md`` writes it again.
"""

from __future__ import annotations

import dataclasses
import inspect
import json

from tfrt.compiler.passes import PASSES, anchor_of, get_passes
from tfrt.compiler.pipelines.pipeline import LOWERING, PIPELINES, REFINE, REFINE_GIVEN, SIMPLIFY, TENSORFLOW

_HEAD = """\
# Passes

`tfrt-opt -p canonicalize,cse` runs passes, `-O0` to `-O3` named pipelines; so do `tfrt-translate` and
`tfrt.compile(text, opt_level=2)`. A pipeline is written as in MLIR, with options in braces and passes under the ops
that they run on: `builtin.module(inline{threshold=10},func.func(canonicalize,cse))`. `--print-ir-after-all`, `--timing`
and `--pass-statistics` show what happens, `--reproducer FILE` keeps the program on which a pass fails.

No pass changes what can be seen of a program whose effects are ordered: results, what it prints, and errors with their
locations. xDSL's own passes can be named, too; they promise less.

This page is made of the passes' docstrings: `python -m tfrt.compiler.pipelines.document > docs/passes.md`.
"""


def document() -> str:
    """The page as Markdown."""
    levels = [
        f"| `-O{number}` | {f'`{pipeline}`' if pipeline else 'nothing'} |" for number, pipeline in enumerate(PIPELINES)
    ]
    parts = [_HEAD, "\n".join(["| level | runs |", "|---|---|", *levels]) + "\n"]
    parts.append(
        f"Programs of frameworks, whose functions end in `return`, get `{LOWERING}` before all else; at `-O1` and above"
        f" `{SIMPLIFY}` comes before it, and `{REFINE}` before that where shapes are not known. TensorFlow's get"
        f" `{TENSORFLOW}` first. With `--input-shape` all levels begin with `refine-arguments`, and get"
        f" `{REFINE_GIVEN}` before the others.\n"
    )
    parts += [_section(name) for name in PASSES]
    return "\n".join(parts)


def _section(name: str) -> str:
    found = get_passes()[name]()
    text = inspect.getdoc(found) or ""
    said, _, arguments = text.partition("\n\nArgs:\n")
    lines = [f"## {name}\n", f"{said}\n", f"Runs on `{anchor_of(found)}`.\n"]
    defaults = {field.name: field.default for field in dataclasses.fields(found)}
    for line in inspect.cleandoc(arguments).splitlines():
        option, _, meaning = line.strip().partition(": ")
        lines.append(f"* `{option.replace('_', '-')}` (default {_spelled(defaults[option])}): {meaning}\n")
    return "\n".join(lines)


def _spelled(default: object) -> str:
    return json.dumps(default) if isinstance(default, str) else str(default)


if __name__ == "__main__":
    print(document(), end="")
