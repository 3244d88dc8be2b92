"""Damaged programs are refused with located diagnostics, or are programs that print, read back, compile and show again.

Every program in `tests/` and `examples/` is a seed. One mutation exchanges names, numbers, types, ops or attributes for
others of their kind, so that most of the text still reads; the other drops, doubles and inserts tokens. Whatever comes
out, nothing but a `CompileError` may be raised, and none that says that a pass has failed.

``TFRT_MUTATED_TEXTS=5000 TFRT_MUTATED_TEXTS_FROM=1000`` runs so many from that seed on.
"""

from __future__ import annotations

import os
import random
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp

from tfrt.compiler import compile
from tfrt.compiler.bef_to_mlir import disassemble
from tfrt.compiler.frontend import parse_module
from tfrt.compiler.tfrt_opt import _check_roundtrip
from tfrt.executor.bef import read_bef
from tfrt.executor.support.errors import CompileError
from tfrt.executor.support.location import position

COUNT = int(os.environ.get("TFRT_MUTATED_TEXTS", "120"))
FIRST = int(os.environ.get("TFRT_MUTATED_TEXTS_FROM", "0"))
BATCH = 25

ROOT = Path(__file__).parents[2]
TOKEN = re.compile(r'\s+|//[^\n]*|[%@#!^]?[\w.$]+|"(?:[^"\\\n]|\\.)*"|->|::|.', re.DOTALL)
SEPARATOR = "// -----"
KINDS = {
    "value": re.compile(r"%[\w.$]+"),
    "symbol": re.compile(r"@[\w.$]+"),
    "string": re.compile(r'".*"', re.DOTALL),
    "number": re.compile(r"-?[0-9][0-9.]*"),
    "type": re.compile(r"(?:i|f|ui|bf)[0-9]+|![\w.$]+"),
    "op": re.compile(r"[a-z_]+\.[\w.]+"),
    "word": re.compile(r"#?\w+"),
}
ODD = (
    "-1", "0x7F", "99999999999999999999", "1.e400", "-0.0", "i0", "i129", "index", "none", "tensor<*xf32>", "tuple<>",
    "vector<1xf32>", "complex<f32>", "memref<?xf32>", "()->()", "dense<>", 'dense<"0x00">', "array<i8:1>", "{a}",
    "{-#", "#-}", "%0#1", "%x:2", "^bb0", "!x", "#x", "module", "func.func", "tfrt.return", "return", "call", "private",
    "attributes", "loc(unknown)", 'loc("f":1:2)', 'loc("f":1:2 to :3)', '"\\FF"', '@"\\FF"', '"\\00"', "é", "?", "\0",
    '"', "<", ">", "(", ")", "[", "]", "{", "}",
)  # fmt: skip


def kind_of(token: str) -> str | None:
    return next((name for name, pattern in KINDS.items() if pattern.fullmatch(token)), None)


@cache
def seeds() -> tuple[list[str], ...]:
    """The tokens of every program."""
    files = sorted([*(ROOT / "tests").rglob("*.mlir"), *(ROOT / "examples").rglob("*.mlir")])
    parts = [part for file in files for part in file.read_text(encoding="utf-8").split(SEPARATOR)]
    return tuple(TOKEN.findall(part) for part in parts)


@cache
def tokens_of_all() -> tuple[str, ...]:
    return tuple(sorted({token for tokens in seeds() for token in tokens if len(token) < 80}))


@cache
def tokens_by_kind() -> dict[str, list[str]]:
    return {kind: [token for token in tokens_of_all() if kind_of(token) == kind] for kind in KINDS}


def mutated(seed: int) -> str:
    draw = random.Random(seed)
    tokens = list(draw.choice(seeds()))
    change = exchange if draw.random() < 0.6 else damage
    for _ in range(draw.choice([1, 1, 2, 3])):
        change(draw, tokens)
    return "".join(tokens)


def exchange(draw: random.Random, tokens: list[str]) -> None:
    """Put another token of its kind in place of one, or of all that are like it."""
    places = [i for i, token in enumerate(tokens) if kind_of(token)]
    if not places:
        return
    old = tokens[draw.choice(places)]
    kind = kind_of(old)
    assert kind is not None
    own = [token for token in tokens if kind_of(token) == kind]
    new = draw.choice(own if draw.random() < 0.7 else tokens_by_kind()[kind])
    everywhere = draw.random() < 0.4
    for i in [i for i, token in enumerate(tokens) if token == old][: None if everywhere else 1]:
        tokens[i] = new


def damage(draw: random.Random, tokens: list[str]) -> None:
    """Drop, double, exchange or insert a few tokens, whatever they are."""
    start = draw.randrange(len(tokens) + 1)
    end = start + draw.choice([0, 1, 1, 2, 3, 8, 20])
    match draw.randrange(5):
        case 0:
            del tokens[start:end]
        case 1:
            tokens[start:start] = tokens[start:end]
        case 2:
            tokens[start : start + 1] = [draw.choice(tokens_of_all())]
        case 3:
            tokens[start : start + draw.randrange(2)] = [draw.choice(ODD), " "]
        case _:
            other = draw.choice(seeds())
            at = draw.randrange(len(other) + 1)
            tokens[start:start] = other[at : at + draw.choice([1, 3, 10, 40])]


def check(text: str, levels: Sequence[int]) -> None:
    lines = text.count("\n") + 1
    try:
        module = parse_module(text, "t.mlir", allow_unregistered=True)
    except CompileError as error:
        places = [position(diagnostic.location) for diagnostic in error.diagnostics]
        # The text itself says where some of its ops are.
        assert all(1 <= place.line <= lines for place in places if place is not None and place.filename == "t.mlir")
        return
    _check_roundtrip(module, True)
    for level in levels:
        try:
            bef = compile(text, "t.mlir", opt_level=level)
        except CompileError as error:
            # That is how a pass that raised something is reported.
            assert "failed: " not in str(error)
            continue
        file = read_bef(bef)
        disassemble(file, generic=False)
        shown = disassemble(file)
        names = [function.name for function in file.functions if function.name]
        # Files have no modules in modules, which may have functions of one name; and of ops outside of functions they
        # have the types and attributes only.
        if len(set(names)) == len(names) and holds_functions_only(module):
            assert compile(shown, "t.mlir") == bef


def holds_functions_only(module: ModuleOp) -> bool:
    return all(holds_functions_only(op) if isinstance(op, ModuleOp) else isinstance(op, FuncOp) for op in module.ops)


@pytest.mark.parametrize("first", range(FIRST, FIRST + COUNT, BATCH))
def test_mutated_texts(first: int) -> None:
    for seed in range(first, min(first + BATCH, FIRST + COUNT)):
        text = mutated(seed)
        try:
            check(text, (0, 1 + seed % 3))
        except Exception as error:
            # As ASCII: what reports it may not know bytes that are no UTF-8.
            error.add_note(f"seed {seed}:\n{text.encode('ascii', 'backslashreplace').decode()}")
            raise


# Those say what is wrong with them; this one needs the dialect of a package that has tests of its own.
ELSEWHERE = {ROOT / "tests" / "filecheck" / "errors", ROOT / "examples" / "plugin"}
PROGRAMS = sorted(
    path for folder in ("tests", "examples") for path in (ROOT / folder).rglob("*.mlir") if path.parent not in ELSEWHERE
)


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_program_prints_as_it_was_read(path: Path) -> None:
    for part in path.read_text(encoding="utf-8").split(SEPARATOR):
        _check_roundtrip(parse_module(part, path.name, allow_unregistered=True), True)
