"""Safetensors files: what is written is read, mapped, and what is wrong with a file is said."""

from __future__ import annotations

import json
import os
import random
import struct
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

from tfrt.executor.support.errors import UsageError
from tfrt.executor.values.array_files import open_arrays
from tfrt.executor.values.safetensors import TYPES, write_safetensors

ARRAYS = {
    "b": np.float32([[1, 2, 3], [4, 5, 6]]),
    "flags": np.array([True, False, True]),
    "scalar": np.array(7, np.int64),
    "empty": np.zeros((0, 4), np.float16),
    "é": np.array([1.5, -2], ml_dtypes.bfloat16),
    "small": np.array([0.5], ml_dtypes.float8_e4m3fn),
    "turned": np.arange(6, dtype=np.uint16).reshape(2, 3).T,
    "swapped": np.array([1, 2], ">i4"),
}


def file_of(path: Path, header: object, elements: bytes = b"") -> Path:
    """A file of a header, as JSON or as it is, and elements."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + elements)
    return path


def entry(dtype: object = "F32", shape: object = (2,), offsets: object = (0, 8)) -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


def message(path: Path) -> str:
    with pytest.raises(UsageError) as caught:
        open_arrays(path)
    return str(caught.value).replace(str(path), "FILE")


def test_what_is_written_is_read(tmp_path):
    path = tmp_path / "w.safetensors"
    write_safetensors(path, ARRAYS)
    found = open_arrays(path)
    assert sorted(found) == sorted(ARRAYS)
    for name, array in ARRAYS.items():
        assert found[name].dtype == array.dtype.newbyteorder("=")
        np.testing.assert_array_equal(found[name], array)
        assert found[name].shape == array.shape
        assert found[name].flags.aligned
        assert not found[name].flags.writeable


def test_every_element_type(tmp_path):
    path = tmp_path / "w.safetensors"
    arrays = {name: np.zeros(2, dtype.numpy) for name, dtype in TYPES.items()}
    write_safetensors(path, arrays)
    assert {name: array.dtype for name, array in open_arrays(path).items()} == {n: a.dtype for n, a in arrays.items()}
    content = path.read_bytes()
    (length,) = struct.unpack_from("<Q", content)
    header = json.loads(content[8 : 8 + length])
    assert length % 8 == 0
    assert {name: told["dtype"] for name, told in header.items()} == {name: name for name in TYPES}


def test_arrays_are_views_of_the_file(tmp_path):
    path = tmp_path / "w.safetensors"
    write_safetensors(path, {"x": np.zeros(4, np.int32)})
    (first, second) = (open_arrays(path)["x"], open_arrays(path)["x"])
    with path.open("r+b") as file:
        file.seek(-4, os.SEEK_END)
        file.write(struct.pack("<i", 9))
    assert first.tolist() == second.tolist() == [0, 0, 0, 9]


def test_a_file_that_is_written_anew_leaves_the_old_one_to_who_has_it(tmp_path):
    path = tmp_path / "w.safetensors"
    write_safetensors(path, {"x": np.zeros(4, np.int32)})
    old = open_arrays(path)["x"]
    write_safetensors(path, {"x": np.ones(2, np.int32)})
    assert old.tolist() == [0, 0, 0, 0]
    assert open_arrays(path)["x"].tolist() == [1, 1]


def test_elements_at_odd_places_are_copied(tmp_path):
    header = {"a": entry("U8", [1], [0, 1]), "b": entry("I32", [1], [1, 5])}
    found = open_arrays(file_of(tmp_path / "w", header, b"\1" + struct.pack("<i", -5)))
    assert (found["a"].tolist(), found["b"].tolist()) == ([1], [-5])
    assert found["b"].flags.aligned


def test_what_is_for_people_is_passed_over(tmp_path):
    path = file_of(tmp_path / "w", {"__metadata__": {"made_by": "hand"}, "x": entry()}, bytes(8))
    assert list(open_arrays(path)) == ["x"]
    assert not open_arrays(file_of(tmp_path / "w", {}))


NO = "'FILE' is not a safetensors file: "
FIELDS = f"{NO}its header must say dtype, shape and data_offsets of 'x', and nothing else"
CUT, UTF_8 = "it may be cut short", "invalid start byte"
NUMBERS = f"{NO}the shape or the offsets of 'x' are not numbers"


@pytest.mark.parametrize(
    ("header", "elements", "expected"),
    [
        ([], b"", f"{NO}its header is not a JSON object"),
        (b"\xff", b"", f"{NO}its header is not JSON: 'utf-8' codec can't decode byte 0xff in position 0: {UTF_8}"),
        (b"[", b"", f"{NO}its header is not JSON: Expecting value: line 1 column 2 (char 1)"),
        (b'{"x": {}, "x": {}}', b"", f"{NO}its header is not JSON: a name is there twice"),
        ({"x": 1}, b"", FIELDS),
        ({"x": {"dtype": "F32", "shape": []}}, b"", FIELDS),
        ({"x": {**entry(), "more": 1}}, bytes(8), FIELDS),
        ({"x": entry("F4")}, bytes(8), f"{NO}'x' has the element type 'F4'; known are {', '.join(TYPES)}"),
        ({"x": entry(dtype=[])}, bytes(8), f"{NO}'x' has the element type []; known are {', '.join(TYPES)}"),
        ({"x": entry(shape=[-2])}, bytes(8), NUMBERS),
        ({"x": entry(shape=[True])}, bytes(8), NUMBERS),
        ({"x": entry(shape=2)}, bytes(8), NUMBERS),
        ({"x": entry(offsets=[0])}, bytes(8), NUMBERS),
        ({"x": entry(offsets=[0, 1 << 70])}, bytes(8), NUMBERS),
        ({"x": entry(offsets=[0, 8])}, bytes(7), f"{NO}'x' lies from 0 to 8, but there are 7 bytes; {CUT}"),
        ({"x": entry(offsets=[8, 0])}, bytes(8), f"{NO}'x' lies from 8 to 0, but there are 8 bytes; {CUT}"),
        ({"x": entry(shape=[3])}, bytes(8), f"{NO}'x' has 8 bytes, which is no 3xf32"),
        ({"x": entry(shape=[1 << 62, 1 << 62])}, bytes(8), f"{NO}'x' has 8 bytes, which is no {1 << 62}x{1 << 62}xf32"),
        ({"x": entry(), "y": entry(offsets=[4, 12])}, bytes(12), f"{NO}'y' and 'x' overlap"),
        ({"x": entry(), "y": entry()}, bytes(8), f"{NO}'y' and 'x' overlap"),
        ({"x": entry(offsets=[4, 12])}, bytes(12), f"{NO}the bytes from 0 to 4 are no array's"),
        ({"x": entry()}, bytes(9), f"{NO}the bytes from 8 to 9 are no array's"),
        ({"x": entry("BOOL", [2], [0, 2])}, b"\1\2", f"{NO}'x' holds a byte that is no truth value"),
    ],
)  # fmt: skip
def test_headers_that_are_wrong(tmp_path, header, elements, expected):
    assert message(file_of(tmp_path / "w", header, elements)) == expected


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "it is too short"),
        (b"\1\0\0\0\0\0\0", "it is too short"),
        (struct.pack("<Q", 3) + b"{}", "its header would have 3 bytes"),
        (struct.pack("<Q", 1 << 63), f"its header would have {1 << 63} bytes"),
    ],
)
def test_files_that_are_cut_short(tmp_path, content, expected):
    (tmp_path / "w").write_bytes(content)
    assert message(tmp_path / "w") == NO + expected


def test_files_of_any_content(tmp_path):
    """Everything is read, or refused in one line."""
    path = tmp_path / "w"
    write_safetensors(path, ARRAYS)
    content = path.read_bytes()
    for seed in range(300):
        chosen, mutated = random.Random(seed), bytearray(content)
        for _ in range(chosen.randint(1, 4)):
            mutated[chosen.randrange(min(len(mutated), 700))] = chosen.randrange(256)
        path.write_bytes(bytes(mutated[: chosen.choice([len(mutated), chosen.randrange(len(mutated))])]))
        try:
            for array in open_arrays(path).values():
                array.tobytes()
        except UsageError as error:
            assert "\n" not in str(error)


def test_what_files_cannot_hold(tmp_path):
    with pytest.raises(UsageError) as caught:
        write_safetensors("w", {"x": np.zeros(1, ml_dtypes.int4)})
    assert str(caught.value) == "'w' cannot hold 'x': safetensors files have no element type i4"
    with pytest.raises(UsageError) as caught:
        write_safetensors(tmp_path / "none" / "w", ARRAYS)
    assert str(caught.value) == f"cannot write '{tmp_path}/none/w': No such file or directory"
