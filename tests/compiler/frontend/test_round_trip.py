"""Text to IR to text: the goldens and random modules come back the same, and no damage to a text is a crash."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfrt.compiler.frontend import parse_module
from tfrt.compiler.locations import location_of
from tfrt.compiler.printer import print_module
from tfrt.executor.support.errors import CompileError

GOLDENS = sorted((Path(__file__).parents[2] / "golden").glob("*.mlir"))


def test_there_are_goldens():
    assert len(GOLDENS) >= 13


@pytest.mark.parametrize("generic", [False, True])
@pytest.mark.parametrize("path", GOLDENS, ids=lambda path: path.stem)
def test_goldens(path, generic):
    module = parse_module(path.read_text(encoding="utf-8"), path.name, allow_unregistered=True)
    text = print_module(module, generic=generic, locations=True)
    again = parse_module(text, "printed.mlir", allow_unregistered=True)
    assert print_module(again, generic=generic, locations=True) == text
    assert [location_of(op.location) for op in again.walk()] == [location_of(op.location) for op in module.walk()]


names = st.sampled_from(["a", "b.c", "loc", "i32", "x y", "tfrt.call", "true", "é"])
types = st.sampled_from(
    ["i32", "ui8", "f32", "bf16", "index", "!tfrt.chain", "!d.t<a <b>>", "!d<a>", "tensor<2x?xf32>", "(i1) -> ()"]
)
constants = st.sampled_from(
    ["true", "unit", "@f", '@"x y"::@g', "dense<[1, 2]> : tensor<2xi8>", "#corert.shape<1x?>", "loc(unknown)"]
)
leaves = st.one_of(
    st.integers(-(2**31), 2**31 - 1).map(lambda value: f"{value} : i32"),
    st.integers(0, 255).map(lambda value: f"{value} : ui8"),
    st.floats(width=32, allow_nan=False, allow_infinity=False).map(lambda value: f"{value:.17e} : f32"),
    st.integers(0, 2**16 - 1).filter(lambda bits: bits & 0x7F80 != 0x7F80).map(lambda bits: f"0x{bits:04X} : bf16"),
    st.binary(max_size=6).map(lambda data: '"' + "".join(f"\\{byte:02X}" for byte in data) + '"'),
    constants,
    types,
)
attributes = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
        st.dictionaries(names, inner, max_size=3).map(
            lambda items: "{" + ", ".join(f'"{key}" = {value}' for key, value in items.items()) + "}"
        ),
    ),
    max_leaves=6,
)


@st.composite
def modules(draw: st.DrawFn) -> str:
    """A module of unregistered ops: packs, uses of earlier values, attributes, nested regions."""
    counter = iter(range(10**6))

    def ops(visible: list[tuple[str, str]], depth: int) -> list[str]:
        visible = list(visible)
        lines = []
        for _ in range(draw(st.integers(0, 4))):
            uses = draw(st.lists(st.sampled_from(visible), max_size=3)) if visible else []
            results = draw(st.lists(types, max_size=3))
            dictionary = draw(st.dictionaries(names, attributes, max_size=2))
            regions = ""
            if depth and draw(st.booleans()):
                regions = "({\n" + "\n".join(ops(visible, depth - 1)) + "\n})"
            name = f"%v{next(counter)}"
            head = "" if not results else f"{name} = " if len(results) == 1 else f"{name}:{len(results)} = "
            entries = ", ".join(f'"{key}" = {value}' for key, value in dictionary.items())
            lines.append(
                f'{head}"x.op"({", ".join(value for value, _ in uses)}) {regions} {{{entries}}} : '
                f"({', '.join(type for _, type in uses)}) -> ({', '.join(results)})"
            )
            shown = [name] if len(results) == 1 else [f"{name}#{i}" for i in range(len(results))]
            visible += zip(shown, results, strict=True)
        return lines

    return "\n".join(ops([], 3))


@settings(max_examples=40)
@given(modules())
def test_random_modules(text):
    module = parse_module(text, "t.mlir", allow_unregistered=True)
    for generic in (False, True):
        printed = print_module(module, generic=generic)
        again = parse_module(printed, "t.mlir", allow_unregistered=True)
        assert again.is_structurally_equivalent(module)
        assert print_module(again, generic=generic) == printed


TOKEN = re.compile(r'\s+|[%@#!^]?[\w.$]+|"[^"\n]*"|.', re.DOTALL)
PIECES = [TOKEN.findall(path.read_text(encoding="utf-8")) for path in GOLDENS]
EVERY_PIECE = sorted({piece for pieces in PIECES for piece in pieces})


@given(st.sampled_from(PIECES), st.data())
def test_damaged_texts_are_refused_or_read(pieces, data):
    damaged = list(pieces)
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(damaged) - 1))
        damaged[place] = data.draw(st.sampled_from(["", *EVERY_PIECE]))
    text = "".join(damaged)
    try:
        parse_module(text, "t.mlir", allow_unregistered=True)
    except CompileError as error:
        lines = text.split("\n")
        for diagnostic in error.diagnostics:
            at = diagnostic.location
            assert 1 <= at.line <= len(lines)
            assert 1 <= at.column <= len(lines[at.line - 1]) + 1


@given(st.text(alphabet='%@#!^"(){}[]<>=,:-?*.x0 \n\\/é'))
def test_noise_is_refused_or_read(text):
    try:
        parse_module(text, "t.mlir", allow_unregistered=True)
    except CompileError as error:
        assert error.diagnostics


def test_threads_may_read_at_once():
    texts = [path.read_text(encoding="utf-8") for path in GOLDENS] * 3

    def read(text: str) -> str:
        return print_module(parse_module(text, "t.mlir", allow_unregistered=True))

    expected = [read(text) for text in texts]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(read, texts)) == expected
