"""Files that programs name: only regular ones, only by a path, only where the host allows it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

import tfrt
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.diagnostics import Diagnostic, source_below
from tfrt.executor.support.files import MAX_SOURCE_BYTES, Files, Refused, open_regular
from tfrt.executor.support.location import FileLineCol


def test_a_number_is_no_path() -> None:
    """Python's ``open`` takes it for a descriptor, and closes it afterwards."""
    reading, writing = os.pipe()
    for number in (reading, writing, True):
        with pytest.raises(Refused, match=f"^a path is a string, not {type(number).__name__}$"):
            open_regular(number)
    os.write(writing, b"still open")
    assert os.read(reading, 10) == b"still open"
    os.close(reading)
    os.close(writing)


def test_what_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", "/dev/zero"):
        with pytest.raises(Refused, match=r"^it is not a regular file$"):
            open_regular(path)
    with pytest.raises(IsADirectoryError):
        open_regular(tmp_path)
    for path in ("nul\0", Path("nul\0")):
        with pytest.raises(Refused, match=r"^a path has no null byte$"):
            open_regular(path)
    with pytest.raises(OSError, match=r"surrogates not allowed|No such file"):
        open_regular("\ud800")


KERNELS = [
    ("tfrt_test.read_string_from_file", "%x", "", "!tfrt.string", "failed to read from file"),
    ("btf.read_dense_tensor.f32.2", "%x, %i", ", i32", "!t.tensor", "failed to open file"),
    ("btf.read_coo_tensor.f32.2", "%x, %i", ", i32", "!t.tensor", "failed to open file"),
    ("tfrt_npy.read_dense_tensor.f32.2", "%x", "", "!t.tensor", "failed to open file"),
]


@pytest.mark.parametrize(("name", "operands", "types", "result", "message"), KERNELS)
def test_kernels_take_paths_only(name: str, operands: str, types: str, result: str, message: str) -> None:
    text = f"""func.func @main(%x: i32, %i: i32) -> {result} {{
      %r = "{name}"({operands}) : (i32{types}) -> {result}
      tfrt.return %r : {result} }}"""
    error = run(text, 1, 0)
    assert error.startswith(f"{message} 1")
    assert error.endswith(": a path is a string, not int")
    os.fstat(1)


@pytest.mark.parametrize(("name", "operands", "types", "result", "message"), KERNELS)
def test_a_host_that_opens_no_files(
    name: str, operands: str, types: str, result: str, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "file"
    path.write_text("content")
    error = run(reading(name, operands, types, result, path), 0, files=False)
    assert error.startswith(f"{message} {path}")
    assert error.endswith(": this host does not let programs open files")


@pytest.mark.parametrize(("name", "operands", "types", "result", "message"), KERNELS)
def test_a_host_that_opens_files_below_a_folder(
    name: str, operands: str, types: str, result: str, message: str, tmp_path: Path
) -> None:
    inside, outside = tmp_path / "in", tmp_path / "in-not"
    inside.mkdir()
    outside.write_text("content")
    (inside / "link").symlink_to(outside)
    for path in (outside, inside / ".." / "in-not", inside / "link"):
        error = run(reading(name, operands, types, result, path), 0, files=inside)
        assert error == f"{message} {path}{' for reading' * ('open' in message)}: " + (
            f"this host lets programs open files below '{os.path.realpath(inside)}' only"
        )


def test_files_below_a_folder_can_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("content")
    monkeypatch.chdir(tmp_path)
    for path in (tmp_path / "file", Path("file")):
        text = reading("tfrt_test.read_string_from_file", "%x", "", "!tfrt.string", path)
        with HostContext(files=str(tmp_path)) as host:
            assert tfrt.load(tfrt.compile(text), host=host)["main"](0) == "content"


def test_kernels_of_ones_own_get_the_files(tmp_path: Path) -> None:
    registry = tfrt.KernelRegistry()

    def size(*, files: tfrt.Files) -> int:
        with files.open(str(tmp_path / "file")) as file:
            return len(file.read())

    from tfrt.executor.declarations.kernel import Kernel

    registry.register(Kernel("t.size", size))
    (tmp_path / "file").write_text("content")
    text = 'func.func @main() -> i32 { %r = "t.size"() : () -> i32 tfrt.return %r : i32 }'
    with HostContext(registry=registry, files=tmp_path) as host:
        assert tfrt.load(tfrt.compile(text), host=host)["main"]() == 7


def reading(name: str, operands: str, types: str, result: str, path: Path) -> str:
    return f"""func.func @main(%i: i32) -> {result} {{
      %x = "tfrt_test.get_string"() {{value = "{path}"}} : () -> !tfrt.string
      %r = "{name}"({operands}) : (!tfrt.string{types}) -> {result}
      tfrt.return %r : {result} }}"""


def run(text: str, *arguments: Any, files: Any = True) -> str:
    """The message with which ``main`` fails."""
    with HostContext(files=files) as host:
        with pytest.raises(tfrt.KernelError) as caught:
            tfrt.load(tfrt.compile(text), host=host)["main"](*arguments)
        return caught.value.message


# -- the source lines of diagnostics


def shown(folder: Path, name: str, line: int = 1, column: int = 3) -> list[str]:
    return Diagnostic("error", "no", FileLineCol(name, line, column)).render(source_below(str(folder))).split("\n")[1:]


def test_lines_of_files_below_the_folder(tmp_path: Path) -> None:
    (tmp_path / "f.mlir").write_text("one\ntwo\n")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "g.mlir").write_text("three\n")
    assert shown(tmp_path, "f.mlir", 2) == ["two", "  ^"]
    assert shown(tmp_path, str(tmp_path / "f.mlir")) == ["one", "  ^"]
    assert shown(tmp_path, "sub/g.mlir") == ["three", "  ^"]
    assert shown(tmp_path / "sub", "g.mlir") == ["three", "  ^"]


def test_column_zero_is_the_start_of_the_line(tmp_path: Path) -> None:
    (tmp_path / "f.mlir").write_text("one\n")
    assert shown(tmp_path, "f.mlir", 1, 0) == ["one", "^"]


@pytest.mark.parametrize(
    "name", ["../secret", "/etc/passwd", "link", "/dev/zero", "pipe", "sub", "binary", "nul", "\0"]
)
def test_what_a_location_may_not_show(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (tmp_path / "secret").write_text("secret\n")
    (folder / "link").symlink_to(tmp_path / "secret")
    os.mkfifo(folder / "pipe")
    (folder / "sub").mkdir()
    (folder / "binary").write_bytes(b"\xff\xfe\n")
    (folder / "nul").write_bytes(b"a\0b\n")
    assert shown(folder, name) == []


def test_no_more_is_read_than_the_first_megabytes(tmp_path: Path) -> None:
    path = tmp_path / "long"
    path.write_text("é\n")
    with open(path, "r+b") as file:
        file.truncate(MAX_SOURCE_BYTES * 1000)
    assert shown(tmp_path, "long", 1, 1) == ["é", "^"]
    assert shown(tmp_path, "long", 2, 1) == ["", "^"]
    path.write_text("é\n" * (MAX_SOURCE_BYTES // 3 + 10))
    assert shown(tmp_path, "long", 1, 1) == ["é", "^"]
    assert shown(tmp_path, "long", MAX_SOURCE_BYTES // 3 + 5) == []


def test_the_files_of_a_host() -> None:
    with pytest.raises(Refused, match=r"^this host does not let programs open files$"):
        Files(False).open(__file__)
    with Files().open(__file__) as file:
        assert file.readline().startswith(b'"""Files')
