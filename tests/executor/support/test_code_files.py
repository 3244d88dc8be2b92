"""Files of machine code: what is written is read, and what is damaged is refused."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from tfrt.executor.support.code_files import read_code, write_code
from tfrt.executor.support.errors import UsageError
from tfrt.executor.support.processor_levels import LEVELS

CODES = {"a" * 64: b"\xc3" * 100, "b" * 64: bytes(range(256))}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "model.code"
    write_code(path, LEVELS[1], CODES)
    return path


def refused(path: Path) -> str:
    with pytest.raises(UsageError) as error:
        read_code(path)
    return str(error.value).replace(str(path), "FILE")


def test_what_is_written_is_read(path):
    file = read_code(path)
    assert (file.path, file.level, len(file)) == (str(path), LEVELS[1], 2)
    assert {name: file.find(name) for name in CODES} == CODES
    assert file.find("c" * 64) is None and file.find("machine_code.json") is None


def test_the_same_code_makes_the_same_file(path, tmp_path):
    write_code(tmp_path / "other.code", LEVELS[1], dict(reversed(CODES.items())))
    assert (tmp_path / "other.code").read_bytes() == path.read_bytes()


def test_the_file_may_go_while_it_is_used(path):
    file = read_code(path)
    path.unlink()
    assert file.find("a" * 64) == CODES["a" * 64]


@pytest.mark.parametrize(
    ("head", "message"),
    [
        (None, "'FILE' is no file of machine code: there is no 'machine_code.json' in it"),
        ("[]", "'FILE' has been made by another version of tfrt: make it anew"),
        ('{"version": 2}', "'FILE' has been made by another version of tfrt: make it anew"),
        (
            '{"version": 1, "level": "armv8"}',
            "'FILE': there is no processor level 'armv8'; there are 'x86-64-v4' and 'x86-64-v3'",
        ),
        ("{", "'FILE' is damaged: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
    ],
)
def test_other_archives(tmp_path, head, message):
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("else" if head is None else "machine_code.json", head or "")
    assert refused(tmp_path / "other.zip") == message


def test_other_files(tmp_path):
    (tmp_path / "text").write_text("text")
    assert refused(tmp_path / "text") == "'FILE' is no file of machine code: File is not a zip file"
    assert refused(tmp_path / "none") == "cannot read 'FILE': No such file or directory"
    assert refused(tmp_path) == "cannot read 'FILE': Is a directory"


def test_what_is_not_what_was_written_is_refused(tmp_path):
    path = tmp_path / "plain.code"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("machine_code.json", json.dumps({"version": 1, "level": "x86-64-v3"}))
        archive.writestr("a" * 64, b"the code")
    path.write_bytes(path.read_bytes().replace(b"the code", b"bad code"))
    assert refused(path) == f"'FILE' is damaged: '{'a' * 64}' is not what was written"


def test_any_damage_is_refused_or_does_no_harm(path):
    content = path.read_bytes()
    for place in range(len(content)):
        path.write_bytes(content[:place] + bytes([content[place] ^ 0x55]) + content[place + 1 :])
        try:
            file = read_code(path)
        except UsageError:
            continue
        assert all(file.find(name) in (None, code) for name, code in CODES.items())
    for size in range(len(content)):
        path.write_bytes(content[:size])
        with pytest.raises(UsageError):
            read_code(path)


def test_a_file_that_cannot_be_written(tmp_path):
    with pytest.raises(UsageError) as error:
        write_code(tmp_path / "none" / "model.code", LEVELS[0], CODES)
    assert str(error.value) == f"cannot write '{tmp_path}/none/model.code': No such file or directory"
