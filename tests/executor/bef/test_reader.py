"""Every refusal of the reader, with its exact message, on files that are wrong in one place."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from tests.executor.bef.conftest import (
    EMPTY,
    I32,
    OP,
    STRINGS,
    Body,
    F,
    KernelParts,
    Parts,
    build,
    pseudo,
    read_parts,
    vbr,
    words,
)
from tfrt.executor.bef import FunctionKind, dataflow, decoding, open_bef, read_bef
from tfrt.executor.bef.format import HEADER, MAX_NESTING, SectionId
from tfrt.executor.bef.sections import Sections
from tfrt.executor.support.errors import BefError, UsageError
from tfrt.executor.support.location import UNKNOWN, CallSiteLocation, FileLineCol, FusedLocation, NameLocation
from tfrt.executor.values.attributes import Stored

GOOD = build(Parts())
KERNEL = KernelParts(results=(0,), users=[[]])
PSEUDO = pseudo(1, [[1]])
FUNCTION = b"\x00" + vbr(0, F, 0, 1, 0)
NATIVE = b"\x01" + vbr(0, F, 0, 0)


def where(section: SectionId, offset: int = 0, data: bytes = GOOD) -> str:
    """The end of a message: a section, and an offset from the start of its payload."""
    return f" in section {section.title} at offset {read_bef(data).section(section).position + offset}"


def test_the_default_file_is_fine():
    bef = read_bef(GOOD)
    assert bef.kernel_names == ("t.op",)
    assert bef.types == ("i32",)
    (function,) = bef.functions
    assert (function.name, function.kind, function.result_types) == ("f", FunctionKind.ASYNC, ("i32",))
    assert function.kernels[1].name == "t.op"
    assert function.register_types is None
    assert function.attribute_names is None


@pytest.mark.parametrize("buffer", [bytes, bytearray, memoryview])
def test_any_buffer_will_do(buffer):
    assert read_bef(buffer(GOOD)).types == ("i32",)


def test_who_made_a_file():
    bef = read_parts(producer=vbr(F, OP, I32))
    assert bef.producer is not None
    assert (bef.producer.tool, bef.producer.source, bef.producer.passes) == ("f", "t.op", "i32")
    assert read_bef(GOOD).producer is None


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        (vbr(F, OP), "the pipeline is cut off"),
        (vbr(F, OP, 99), "the pipeline refers to offset 99 of Strings, where no string starts"),
        (vbr(F, OP, I32, 0), "1 bytes too many"),
    ],
)
def test_a_producer_that_is_corrupt(payload, message, refused):
    assert message in refused(read_parts, producer=payload)


# -- header and section headers ---------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [b"", b"\x0b", b"module {}", b"\xef\x0b\0"])
def test_magic(data, refused):
    assert refused(read_bef, data) == "it does not start with the bytes 0B EF at offset 0"


@pytest.mark.parametrize("data", [b"\x0b\xef", b"\x0b\xef\x01"])
def test_version(data, refused):
    assert refused(read_bef, data) == "unknown format version at offset 2"


ALL_MISSING = "missing: Strings, Attributes, Kernels, Types, FunctionIndex, Functions"


@pytest.mark.parametrize(
    ("tail", "message", "offset"),
    [
        (b"", ALL_MISSING, 3),
        (b"\x0b\0", "unknown section 11", 3),
        (b"\0", "the length of Strings is cut off", 4),
        (b"\0\x02", "Strings of 1 bytes does not fit into the 0 bytes that are left", 5),
        (b"\0\0\0\0", "Strings appears twice", 5),
        (b"\0\x01", "the alignment of Strings is cut off", 5),
        (b"\0\x01\0", "alignment 0 is not a power of two", 5),
        (b"\0\x01\x03", "alignment 3 is not a power of two", 5),
        (b"\0\x01\x08\xcc", "padding to 8 bytes is cut off", 6),
        (b"\0" + b"\xff" * 10, "the length of Strings is longer than 64 bits", 4),
    ],
)
def test_section_headers(tail, message, offset, refused):
    assert refused(read_bef, HEADER + tail) == f"{message} in section headers at offset {offset}"


@pytest.mark.parametrize("section", list(SectionId)[:6])
def test_required_sections(section, refused):
    data = build(replace(Parts(), **{section.name.lower(): None}))
    assert refused(read_bef, data) == f"missing: {section.title} in section headers at offset {len(data)}"


def test_optional_sections_are_optional_and_asked_for_by_name(refused):
    bef = read_bef(GOOD)
    assert not bef.has(SectionId.LOCATIONS)
    assert refused(bef.section, SectionId.LOCATIONS) == "the Locations section is missing"


# -- strings and tables -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "message", "offset"),
    [
        (b"", "the number of kernels is cut off", 0),
        (vbr(2, 1), "2 kernels do not fit into the 1 bytes that are left", 0),
        (b"\x01\x80", "the offset of the name in Kernels is cut off", 1),
        (vbr(1, 8), "the name in Kernels refers to offset 8 of Strings, where no string starts", 1),
        (vbr(1, 99), "the name in Kernels refers to offset 99 of Strings, where no string starts", 1),
        (vbr(1, len(STRINGS)), "the name in Kernels refers to offset 12 of Strings, where no string starts", 1),
        (vbr(1, OP, 0), "1 bytes too many", 2),
    ],
)
def test_kernel_table(table, message, offset, refused):
    assert refused(read_bef, build(Parts(kernels=table))) == message + where(SectionId.KERNELS, offset)


@pytest.mark.parametrize(
    ("table", "message", "offset"),
    [
        (b"", "the number of types is cut off", 0),
        (vbr(9), "9 types do not fit into the 0 bytes that are left", 0),
        (vbr(1, 4), "the name in Types refers to offset 4 of Strings, where no string starts", 1),
        (vbr(0, 1), "1 bytes too many", 1),
    ],
)
def test_type_table(table, message, offset, refused):
    assert refused(read_bef, build(Parts(types=table))) == message + where(SectionId.TYPES, offset)


def test_the_last_string_must_end(refused):
    data = build(Parts(strings=STRINGS[:-1]))
    assert refused(read_bef, data) == (
        f"the name in Kernels is not terminated in Strings in section Kernels at offset {data.index(vbr(1, OP)) + 1}"
    )


def test_strings_that_are_no_utf8_keep_their_bytes():
    assert read_bef(build(Parts(strings=b"\0\xff\0i32\0t.op\0"))).functions[0].name == "\udcff"


def test_unreferenced_strings():
    bef = read_bef(build(Parts(strings=STRINGS + b"lonely\0\xc3\xa9\0")))
    assert bef.unreferenced_strings() == ["", "lonely", "é"]


# -- function index ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("index", "message", "offset"),
    [
        (b"", "the number of functions is cut off", 0),
        (vbr(2) + FUNCTION, "2 functions do not fit into the 6 bytes that are left", 0),
        (b"\x01\x03" + FUNCTION[1:], "unknown kind of function 3", 1),
        (b"\x01" + b"\x00" + vbr(4, F, 0, 1, 0), "function 0 starts at 4, expected 0", 2),
        (
            b"\x01" + b"\x00" + vbr(0, 2, 0, 1, 0),
            "a function's name refers to offset 2 of Strings, where no string starts",
            3,
        ),
        (
            b"\x01" + b"\x00" + vbr(0, F, 0, 3, 0),
            "3 types of arguments or results do not fit into the 1 bytes that are left",
            5,
        ),
        (b"\x01" + b"\x00" + vbr(0, F, 0, 1, 1), "the type 1 is out of range, there are 1", 6),
        (b"\x01" + FUNCTION + b"\0", "1 bytes too many", 7),
        (b"\x02" + FUNCTION * 2, f"function 1 starts at 0, expected {len(Body().data)}", 8),
        (b"\x01" + b"\x00" + b"\x80" * 5, "a function's offset is cut off", 2),
    ],
)
def test_function_index(index, message, offset, refused):
    assert refused(read_bef, build(Parts(function_index=index))) == message + where(SectionId.FUNCTION_INDEX, offset)


def test_functions_that_are_native_have_no_body():
    bef = read_bef(build(Parts(function_index=b"\x01" + NATIVE, functions=b"")))
    assert bef.functions[0].kind is FunctionKind.NATIVE
    assert bef.functions[0].kernels == ()


def test_bodies_that_belong_to_no_function(refused):
    data = build(Parts(function_index=b"\x01" + NATIVE))
    at = data.index(Body().data)
    assert refused(read_bef, data) == f"{len(Body().data)} bytes too many in section Functions at offset {at}"


# -- function bodies --------------------------------------------------------------------------------------------


def body(**changes: object) -> bytes:
    return Body(**changes).data  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("data", "message", "offset"),
    [
        (b"", "a function's location is cut off", 0),
        (b"\0", "the number of registers is cut off", 1),
        (b"\0\x01" + b"\0" * 8, "1 registers do not fit into the 8 bytes that are left", 1),
        (b"\0\0", "the number of kernels is cut off", 2),
        (b"\0\0\x01" + b"\0" * 26, "1 kernels do not fit into the 26 bytes that are left", 2),
        (b"\0\0\0\0", "a function without a pseudo kernel", 2),
        (body(results=(1,)), "a result register 1 is out of range, there are 1", 14),
        (body(offsets=(4, 40)), "a kernel starts at 4, expected 0", 16),
        (body(offsets=(0, 40)), "a kernel starts at 40, expected 36", 52),
        (body()[:-4], "a kernel's results of 4 bytes does not fit into the 0 bytes that are left", 80),
        (body()[:-8], "a kernel's counts of users of 4 bytes does not fit into the 0 bytes that are left", 76),
        (body()[:-9], "a kernel of 24 bytes does not fit into the 23 bytes that are left", 52),
        (body(kernels=(KERNEL, KERNEL)), "a function does not start with a pseudo kernel", 16),
        (body(kernels=(replace(PSEUDO, location=1), KERNEL)), "a function does not start with a pseudo kernel", 16),
        (body(kernels=(replace(PSEUDO, operands=9), KERNEL)), "a pseudo kernel waits for 9 operands", 16),
        (body(kernels=(replace(PSEUDO, arguments=(0,)), KERNEL)), "a pseudo kernel has results only", 16),
        (body(kernels=(replace(PSEUDO, attributes=(0,)), KERNEL)), "a pseudo kernel has results only", 16),
        (body(kernels=(replace(PSEUDO, functions=(0,)), KERNEL)), "a pseudo kernel has results only", 16),
        (body(kernels=(replace(PSEUDO, results=(), users=()), KERNEL)), "a pseudo kernel has results only", 16),
        (body(kernels=(PSEUDO, replace(KERNEL, code=1))), "kernel 1 is out of range, there are 1", 52),
        (body(kernels=(PSEUDO, replace(KERNEL, functions=(0, 1)))), "function 1 is out of range, there are 1", 52),
        (body(kernels=(PSEUDO, replace(KERNEL, attributes=(8,)))), "attribute offset 8 is out of range", 52),
        (body(kernels=(PSEUDO, replace(KERNEL, operands=2))), "a kernel waits for 2 operands and has 0", 52),
        (body() + b"\0", "1 bytes too many", 84),
    ],
)
def test_bodies(data, message, offset, refused):
    found = build(Parts(attributes=b"12345678", functions=data))
    start, _ = Sections(memoryview(found)).range(SectionId.FUNCTIONS)
    assert refused(read_bef, found) == f"{message} in section Functions at offset {start + offset}"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kernels": (pseudo(2, [[1]]), KERNEL)}, "the pseudo kernel does not provide the function's arguments"),
        (
            {"kernels": (pseudo(1, [[1], []], [0]), KERNEL)},
            "the pseudo kernel does not provide the function's arguments",
        ),
        ({"kernels": (PSEUDO, replace(KERNEL, arguments=(0,)))}, "kernel 1 reads register 0 before it is written"),
        ({"kernels": (PSEUDO, replace(KERNEL, arguments=(1,)))}, "kernel 1 reads register 1 before it is written"),
        ({"kernels": (PSEUDO, replace(KERNEL, results=(1,)))}, "kernel 1 cannot write register 1"),
        ({"kernels": (PSEUDO, replace(KERNEL, results=(9,)))}, "kernel 1 cannot write register 9"),
        ({"kernels": (pseudo(1, [[1, 2]]), KERNEL, KERNEL)}, "kernel 2 cannot write register 0"),
        ({"kernels": (PSEUDO, KernelParts())}, "register 0 is never written"),
        ({"kernels": (pseudo(1, [[]]), KERNEL)}, "the users of register 1 of kernel 0 are not its readers"),
        ({"kernels": (pseudo(1, [[1, 1]]), KERNEL)}, "the users of register 1 of kernel 0 are not its readers"),
        ({"kernels": (pseudo(1, [[2]]), KERNEL)}, "the users of register 1 of kernel 0 are not its readers"),
        (
            {"kernels": (PSEUDO, replace(KERNEL, users=[[1]]))},
            "the users of register 0 of kernel 1 are not its readers",
        ),
        ({"use_counts": (2,)}, "register 0 has 1 uses, not 2"),
        ({"use_counts": (0,)}, "register 0 has 1 uses, not 0"),
    ],
)
def test_dataflow(changes, message, refused):
    data = build(Parts(functions=Body(**changes).data))
    # All of these are reported where the table of kernels starts.
    at = data.index(Body(**changes).data) + 7
    assert refused(read_bef, data) == f"{message} in section Functions at offset {at}"


# -- optional sections ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("section", "payload", "message", "offset"),
    [
        ("attribute_types", b"", "the number of attribute types is cut off", 0),
        ("attribute_types", vbr(2, 0, 8), "2 attribute types do not fit into the 2 bytes that are left", 0),
        ("attribute_types", vbr(1, 8, 8), "the attribute offset 8 is out of range, there are 8", 1),
        ("attribute_types", vbr(1, 0, 256), "the attribute type 256 is out of range, there are 256", 2),
        ("attribute_types", vbr(2, 4, 8, 4, 8), "attribute offset 4 follows 4, they must increase", 3),
        ("attribute_types", vbr(1, 0, 8, 0), "1 bytes too many", 3),
        ("attribute_names", b"", "the number of functions is cut off", 0),
        ("attribute_names", vbr(2), "2 functions, but the function index has 1", 0),
        ("attribute_names", vbr(1, 1), "names for 1 kernels, but the function has 2", 1),
        ("attribute_names", vbr(1, 2), "the offset of an attribute's name is cut off", 2),
        (
            "attribute_names",
            vbr(1, 2, 2),
            "an attribute's name refers to offset 2 of Strings, where no string starts",
            2,
        ),
        ("attribute_names", vbr(1, 2, 0, 0), "1 bytes too many", 3),
        ("register_types", b"", "the number of functions is cut off", 0),
        ("register_types", vbr(0), "0 functions, but the function index has 1", 0),
        ("register_types", vbr(1, 2), "types for 2 registers, but the function has 1", 1),
        ("register_types", vbr(1, 1, 1), "a register's type 1 is out of range, there are 1", 2),
        ("register_types", vbr(1, 1, 0, 0), "1 bytes too many", 3),
    ],
)
def test_optional_sections(section, payload, message, offset, refused):
    kernels = (PSEUDO, replace(KERNEL, attributes=(0,)))
    data = build(Parts(attributes=b"12345678", functions=body(kernels=kernels), **{section: payload}))
    assert refused(read_bef, data) == (
        f"{message} in section {SectionId[section.upper()].title} at offset {len(data) - len(payload) + offset}"
    )


def test_optional_sections_are_read():
    bef = read_bef(
        build(
            Parts(
                attributes=words(7),
                functions=body(kernels=(PSEUDO, replace(KERNEL, attributes=(0,)))),
                attribute_types=vbr(1, 0, 8),
                attribute_names=vbr(1, 2, F),
                register_types=vbr(1, 1, 0),
            )
        )
    )
    assert bef.attribute(0, Stored("any")) == 7
    assert bef.functions[0].attribute_names == ((), ("f",))
    assert bef.functions[0].register_types == ("i32",)
    assert bef.attribute_types is not None
    assert (bef.attribute_types.get(0), bef.attribute_types.get(1)) == (8, None)


# -- locations --------------------------------------------------------------------------------------------------

FILE = b"\x01" + vbr(0, 3, 4)


def located(locations: bytes | None, strings: bytes | None = b"a.mlir\0\xc3\xa9\0") -> bytes:
    return build(Parts(location_strings=strings, locations=locations))


@pytest.mark.parametrize(
    ("locations", "read"),
    [
        (b"\0", UNKNOWN),
        (FILE, FileLineCol("a.mlir", 3, 4)),
        (b"\x02\x07" + FILE, NameLocation("é", FileLineCol("a.mlir", 3, 4))),
        (b"\x03" + FILE + b"\0", CallSiteLocation(FileLineCol("a.mlir", 3, 4), UNKNOWN)),
        (b"\x04\x02\0" + FILE, FusedLocation((UNKNOWN, FileLineCol("a.mlir", 3, 4)))),
        (b"\x04\0", FusedLocation(())),
    ],
)
def test_locations(locations, read):
    bef = read_bef(located(b"\0" + locations))
    assert bef.location(1) == read
    assert bef.location(1 + len(locations)) is UNKNOWN
    assert bef.location(2**32 - 2) is UNKNOWN


@pytest.mark.parametrize(
    ("locations", "message", "offset"),
    [
        (b"\x05", "unknown kind of location 5", 0),
        (b"\x01", "the offset of the location's text is cut off", 1),
        (b"\x01\x01\0\0", "the location's text refers to offset 1 of LocationStrings, where no string starts", 1),
        (b"\x01\0", "the line is cut off", 2),
        (b"\x01\0\0", "the column is cut off", 3),
        (b"\x02\0", "a location is cut off", 2),
        (b"\x03\0", "a location is cut off", 2),
        (b"\x04", "the number of fused locations is cut off", 1),
        (b"\x04\x02\0", "2 fused locations do not fit into the 1 bytes that are left", 1),
        (b"\x02\0" * (MAX_NESTING + 1) + b"\0", "locations are nested too deeply", 2 * (MAX_NESTING + 1)),
    ],
)
def test_wrong_locations(locations, message, offset, refused):
    data = located(locations)
    bef = read_bef(data)
    at = len(data) - len(locations) + offset
    assert refused(bef.location, 0) == f"{message} in section Locations at offset {at}"


def test_locations_may_nest(refused):
    location = read_bef(located(b"\x02\0" * MAX_NESTING + b"\0")).location(0)
    for _ in range(MAX_NESTING):
        assert isinstance(location, NameLocation)
        location = location.child
    assert location is UNKNOWN


def test_location_strings_may_be_missing_or_unterminated(refused):
    data = located(FILE, None)
    assert refused(read_bef(data).location, 0) == (
        "the location's text refers to offset 0 of LocationStrings, where no string starts"
        f" in section Locations at offset {len(data) - 3}"
    )
    data = located(FILE, b"abc")
    assert refused(read_bef(data).location, 0) == (
        f"the location's text is not terminated in LocationStrings in section Locations at offset {len(data) - 3}"
    )


# -- files ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [100, 2_000_000])
@pytest.mark.parametrize("change", ["cut off", "overwritten", "removed"])
def test_files_may_change_once_they_are_loaded(tmp_path, size, change):
    """A mapped file that is cut off ends the process with SIGBUS at the next look."""
    path = tmp_path / "program.bef"
    header = bytes([1, 1]) + (28).to_bytes(2, "little") + words(28 + size) + words(28, size, 1) + words(size, 0)
    path.write_bytes(build(Parts(attributes=header + b"x" * size)))
    bef = open_bef(path)
    if change == "removed":
        path.unlink()
    else:
        path.write_bytes(b"" if change == "cut off" else b"y" * path.stat().st_size)
    value = bef.attribute(0, Stored("dense"))
    assert value.tobytes() == b"x" * size
    assert not value.flags.writeable
    assert bef.location(0) is UNKNOWN


def test_pipes_and_devices_are_not_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (str(tmp_path / "pipe"), "/dev/zero"):
        with pytest.raises(UsageError) as info:
            open_bef(path)
        assert str(info.value) == f"cannot open '{path}': it is not a regular file"


@pytest.mark.parametrize(
    ("registers", "message"),
    [
        (vbr(1, 1, 1), "result 0 of the function is not of its register's type"),
        (vbr(1, 1, 0), None),
    ],
)
def test_types_of_registers_are_those_of_the_function(registers, message, refused):
    data = build(Parts(types=vbr(2, I32, F), register_types=registers))
    if message is None:
        assert read_bef(data).functions[0].register_types == ("i32",)
    else:
        assert refused(read_bef, data).startswith(message)


def test_dense_attributes_view_the_file():
    header = bytes([8, 8]) + (28).to_bytes(2, "little") + words(28 + 8) + words(28, 2, 1) + words(2, 0)
    data = bytearray(build(Parts(attributes=header + words(5, 6))))
    bef = read_bef(data)
    value = bef.attribute(0, Stored("dense"))
    assert value.tolist() == [5, 6]
    assert not value.flags.writeable
    data[data.index(words(5, 6))] = 9
    assert value.tolist() == [9, 6]


def test_files_that_are_not_there(tmp_path):
    with pytest.raises(UsageError) as info:
        open_bef(tmp_path / "no.bef")
    assert str(info.value) == f"cannot open '{tmp_path}/no.bef': No such file or directory"


def test_folders(tmp_path):
    with pytest.raises(UsageError) as info:
        open_bef(tmp_path)
    assert str(info.value) == f"cannot open '{tmp_path}': Is a directory"


def test_empty_files(tmp_path):
    (tmp_path / "empty.bef").touch()
    with pytest.raises(BefError) as info:
        open_bef(str(tmp_path / "empty.bef"))
    assert str(info.value) == "invalid BEF file: it does not start with the bytes 0B EF at offset 0"


def test_functions_of_two_names_and_no_name():
    index = b"\x02" + b"\x00" + vbr(0, EMPTY, 0, 1, 0) + b"\x02" + vbr(len(Body().data), I32, 0, 1, 0)
    bef = read_bef(build(Parts(function_index=index, functions=Body().data * 2)))
    assert [(f.name, f.kind) for f in bef.functions] == [("", FunctionKind.ASYNC), ("i32", FunctionKind.SYNC)]


@pytest.mark.parametrize(
    "path", sorted((Path(__file__).parents[2] / "golden").glob("*.bef")), ids=lambda path: path.stem
)
def test_kernels_are_the_same_either_way(path, monkeypatch):
    """What nearly all kernels are like is read and checked at once, and could be read and checked with care as well."""
    at_once = list(open_bef(path).functions)
    monkeypatch.setattr(decoding, "_KERNEL_WORDS", {})
    monkeypatch.setattr(dataflow, "_is_as_emitted", lambda _: False)
    assert list(open_bef(path).functions) == at_once
