"""The description of the format is true: read by nothing else, files come out as the reader sees them."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.executor.bef.described import Interpreter
from tfrt.executor.bef import BefFile, FunctionKind, read_bef
from tfrt.executor.bef.document import BEGIN, renew, tables
from tfrt.executor.bef.format import (
    ATTRIBUTE_HEADER,
    ATTRIBUTE_LAYOUTS,
    DENSE_HEADER,
    KERNEL,
    KERNEL_ENTRY,
    KERNEL_HEADER,
    LOCATION_LAYOUTS,
    RECORDS,
    REQUIRED,
    SECTIONS,
    LocationTag,
    SectionId,
)

ROOT = Path(__file__).parents[3]
GOLDEN = sorted((ROOT / "tests" / "golden").glob("*.bef"))


def interpret(bef: BefFile) -> dict[SectionId, dict[str, Any]]:
    """Each section's payload, read to its end."""
    bodies = [f for f in bef.functions if f.kind is not FunctionKind.NATIVE]
    outside = {
        "results": [len(f.result_types) for f in bodies],
        "attributes": [sum(len(k.attributes) for k in f.kernels) for f in bodies],
    }
    found = {}
    for section in SECTIONS:
        if bef.has(section.id):
            cursor = bef.section(section.id)
            found[section.id] = Interpreter(outside).read(cursor, section.payload)
            assert cursor.remaining == 0
    return found


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_files_are_as_described(path):
    bef = read_bef(path.read_bytes())
    found = interpret(bef)
    assert set(REQUIRED) <= found.keys()
    offsets, at = {}, 0
    for text in found[SectionId.STRINGS]["strings"]:
        offsets[at] = text.decode()
        at += len(text) + 1
    assert tuple(offsets[n] for n in found[SectionId.KERNELS]["names"]) == bef.kernel_names
    types = [offsets[n] for n in found[SectionId.TYPES]["names"]]
    assert tuple(types) == bef.types
    bodies = iter(found[SectionId.FUNCTIONS]["bodies"])
    for function, entry in zip(bef.functions, found[SectionId.FUNCTION_INDEX]["functions"], strict=True):
        assert (offsets[entry["name"]], entry["kind"]) == (function.name, function.kind)
        assert tuple(types[t] for t in entry["argument types"]) == function.argument_types
        assert tuple(types[t] for t in entry["result types"]) == function.result_types
        if function.kind is FunctionKind.NATIVE:
            continue
        body = next(bodies)
        assert tuple(body["use counts"]) == function.use_counts
        assert tuple(body["result registers"]) == function.result_registers
        for kernel, entry, data in zip(function.kernels, body["kernel table"], body["kernels"], strict=True):
            assert (entry["operands"], entry["stream"]) == (kernel.operand_count, kernel.stream)
            assert kernel.name in ("", bef.kernel_names[data["code"] % len(bef.kernel_names)])
            for name in ("arguments", "attributes", "functions", "results"):
                assert tuple(data[name]) == getattr(kernel, name)
            assert data["users"] == [user for users in kernel.users for user in users]
    if SectionId.ATTRIBUTE_TYPES in found:
        assert bef.attribute_types is not None
        for entry in found[SectionId.ATTRIBUTE_TYPES]["types"]:
            assert bef.attribute_types.get(entry["offset"]) == entry["type"]


def test_all_sections_are_described_in_order():
    assert [section.id for section in SECTIONS] == list(SectionId)
    assert [section.id.title for section in SECTIONS][3:5] == ["Types", "FunctionIndex"]
    assert list(LOCATION_LAYOUTS) == list(LocationTag)


def test_sizes():
    assert (KERNEL_HEADER.least_bytes, KERNEL_HEADER.struct().size, KERNEL.least_bytes) == (24, 24, 24)
    assert KERNEL_ENTRY.least_bytes == 3
    assert ATTRIBUTE_HEADER.struct().format == "<BBHI"
    assert DENSE_HEADER.struct().size == 20


def test_the_document_is_up_to_date():
    document = (ROOT / "docs" / "bef.md").read_text(encoding="utf-8")
    assert renew(document) == document


def test_the_tables_hold_everything():
    text = tables()
    for section in SECTIONS:
        assert f"| {int(section.id)} | {section.id.title} | " in text
    for record in (*RECORDS.values(), *ATTRIBUTE_LAYOUTS):
        assert f"#### {record.title}\n" in text


def test_documents_without_marks_are_refused():
    with pytest.raises(ValueError, match=r"^the document does not mark where its tables go$"):
        renew("# Nothing")


@pytest.mark.parametrize("arguments", [[], [str(ROOT / "docs" / "bef.md")]])
def test_command_line(arguments, capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["document", *arguments])
    monkeypatch.delitem(sys.modules, "tfrt.executor.bef.document")
    runpy.run_module("tfrt.executor.bef.document", run_name="__main__")
    out = capsys.readouterr().out
    assert BEGIN in out
    assert out.startswith("# The Binary") == bool(arguments)
