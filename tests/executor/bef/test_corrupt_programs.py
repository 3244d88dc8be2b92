"""Files that read fine and make no program: what disassembling them says."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from tests.executor.bef.conftest import EMPTY, Body, F, KernelParts, Parts, build, pseudo, vbr, words
from tfrt.compiler.bef_to_mlir import disassemble, is_complete
from tfrt.executor.bef import read_bef
from tfrt.executor.bef.writer import Writer


def kernel(**changes: Sequence[int]) -> KernelParts:
    return KernelParts(results=(0,), users=[[]], **changes)  # type: ignore[arg-type]


def nest(count: int, callees: Callable[[int], Sequence[int]]) -> bytes:
    """`count` functions, the last one named ``f``; the op of function i refers to the functions `callees(i)`."""
    index, bodies = Writer(), b""
    index.vbr(count)
    for i in range(count):
        index.data += b"\x00" + vbr(len(bodies), F if i == count - 1 else EMPTY, 0, 1, 0)
        bodies += Body(kernels=(pseudo(1, [[1]]), kernel(functions=callees(i)))).data
    return build(Parts(function_index=bytes(index.data), functions=bodies))


def named(*names: bytes, **parts: bytes) -> bytes:
    """A file with these strings, of which the second is the function, the third its type, the fourth the op."""
    offsets, data = [], b""
    for name in names:
        offsets.append(len(data))
        data += name + b"\0"
    index = b"\x01" + b"\x00" + vbr(0, offsets[1], 0, 1, 0)
    return build(
        Parts(strings=data, types=vbr(1, offsets[2]), kernels=vbr(1, offsets[3]), function_index=index, **parts)  # type: ignore[arg-type]
    )


def test_regions_in_regions():
    text = disassemble(read_bef(nest(20, lambda i: [i - 1] if i else [])))
    assert text.count('"t.op"() ({') == 19


@pytest.mark.parametrize(
    ("count", "callees"),
    [
        (2, lambda i: [0]),
        (3, lambda i: [1 - i] if i < 2 else [0]),
        (2, lambda i: [0, 0] if i else []),
        (3, lambda i: [0] if i else []),
    ],
)
def test_regions_that_are_no_tree(count, callees, refused):
    assert refused(disassemble, read_bef(nest(count, callees))) == "function 0 is the region of several ops"


def test_regions_that_nest_deeply(refused):
    data = nest(2000, lambda i: [i - 1] if i else [])
    assert refused(disassemble, read_bef(data)) == "the program is nested too deeply to be shown as text"


@pytest.mark.parametrize(
    ("type", "spelling"),
    [
        ("", "''"),
        ("42", "'42'"),
        ("@symbol", "'@symbol'"),
        ("i32, i32", "'i32, i32'"),
        ("i32], other = [i32", "'i32], other = [i32'"),
        ("i32 // comment", "'i32 // comment'"),
        ("()->i32", "'()->i32'"),
        ("tensor<", "'tensor<'"),
        ("i32\n", "'i32\\n'"),
        ('it"s', "'it\"s'"),
    ],
)
@pytest.mark.parametrize("others", [[], ["f32"]])
def test_types_that_are_none(type, spelling, others, refused):
    strings = [b"", b"f", type.encode(), b"t.op", *(t.encode() for t in others)]
    data = named(*strings)
    if others:
        offset = sum(len(s) + 1 for s in strings[:-1])
        types = vbr(2, sum(len(s) + 1 for s in strings[:2]), offset)
        data = build(
            Parts(
                strings=b"".join(s + b"\0" for s in strings),
                types=types,
                kernels=vbr(1, sum(len(s) + 1 for s in strings[:3])),
            )
        )
    assert refused(disassemble, read_bef(data)) == f"{spelling} is not a type in section Types"


@pytest.mark.parametrize(
    "op", ["func.func", "builtin.module", "tfrt.if", "tfrt.repeat.i32", "tfrt.constant.i32", "a b", ""]
)
def test_ops_that_are_not_valid_are_shown_in_generic_form(op):
    text = disassemble(read_bef(named(b"", b"f", b"i32", op.encode())), generic=False)
    assert f'"{op}"() : () -> i32' in text


@pytest.mark.parametrize("op", ['quote"', "line\n", "\udcff"])
def test_any_name_can_be_shown(op):
    escaped = {'quote"': "quote\\22", "line\n": "line\\0A", "\udcff": "\\FF"}[op]
    name = op.encode("utf-8", "surrogateescape")
    text = disassemble(read_bef(named(b"", name, b"i32", name)))
    assert f'"{escaped}"() : () -> i32' in text
    assert f'sym_name = "{escaped}"' in text


def with_attributes(offsets: Sequence[int], types: bytes | None, names: bytes, attributes: bytes) -> bytes:
    return build(
        Parts(
            attributes=attributes,
            functions=Body(kernels=(pseudo(1, [[1]]), kernel(attributes=offsets))).data,
            attribute_types=types,
            attribute_names=names,
            register_types=vbr(1, 1, 0),
        )
    )


def test_attributes_of_one_name(refused):
    data = with_attributes((0, 4), vbr(2, 0, 8, 4, 8), vbr(1, 2, F, F), words(5, 6))
    assert refused(disassemble, read_bef(data)) == "'t.op' has several attributes of one name in section AttributeNames"


def test_attributes_of_unrecorded_type(refused):
    data = with_attributes((4,), vbr(1, 0, 8), vbr(1, 2, F), words(5, 6))
    bef = read_bef(data)
    assert is_complete(bef)
    at = data.index(words(5, 6)) + 4
    assert refused(disassemble, bef) == f"the type of an attribute is not recorded in section Attributes at offset {at}"


def test_compilation_units_that_are_no_modules(refused):
    unit = vbr(7, 1, 0, 8) + b"k" + b"nonsense\0"
    data = with_attributes((0,), vbr(1, 0, 29), vbr(1, 2, F), unit)
    assert refused(disassemble, read_bef(data)) == (
        "a compilation unit is not MLIR: compilation unit:1:1: error: custom op 'nonsense' is unknown"
    )


def test_locations_are_checked(refused):
    data = build(Parts(locations=b"\x09", location_strings=b"", functions=Body(location=0).data))
    assert refused(disassemble, read_bef(data)) == (
        f"unknown kind of location 9 in section Locations at offset {len(data) - 1}"
    )
