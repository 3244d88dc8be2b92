"""What the command lines share: options, files, and errors as exit codes."""

from __future__ import annotations

import io
import os
import stat
from pathlib import Path

import pytest

from tfrt.executor.support import cli
from tfrt.executor.support.diagnostics import Diagnostic, source_of_text
from tfrt.executor.support.errors import BefError, UsageError
from tfrt.executor.support.location import FileLineCol


@pytest.fixture
def parser() -> cli.OptionParser:
    parser = cli.OptionParser("demo", "A demonstration.", "  demo x")
    parser.add_argument("file", nargs="?", default="-")
    parser.add_argument("-o", dest="output")
    parser.add_argument("--work_queue_type")
    parser.add_argument("--input", action="append")
    parser.add_argument("--print-generic", action="store_true")
    return parser


@pytest.mark.parametrize(
    "argv",
    [
        ["--work_queue_type=s", "--print-generic"],
        ["-work_queue_type=s", "-print-generic"],
        ["--work-queue-type", "s", "--print_generic=true"],
        ["-work-queue-type", "s", "-print_generic"],
    ],
)
def test_spellings_of_options(parser, argv):
    options = parser.parse(argv)
    assert (options.work_queue_type, options.print_generic) == ("s", True)


def test_a_value_may_start_with_a_dash(parser):
    options = parser.parse(["--input", "-3", "--input=-1,2", "--input", "--odd", "-o", "-", "-"])
    assert (options.input, options.output, options.file) == (["-3", "-1,2", "--odd"], "-", "-")


@pytest.mark.parametrize("argv", [["-o", "x"], ["-o=x"], ["--o", "x"], ["--o=x"]])
def test_short_options_may_have_two_dashes(parser, argv):
    assert parser.parse(argv).output == "x"


def test_a_flag_can_be_switched_off(parser):
    assert parser.parse(["--print-generic=false"]).print_generic is False


def test_after_two_dashes_everything_is_a_file(parser):
    assert parser.parse(["--", "-o"]).file == "-o"


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--work_queue_typ=s"], "unknown option '--work_queue_typ'; did you mean '--work_queue_type'?"),
        (["-q"], "unknown option '-q'"),
        (["--input"], "option '--input' needs a value"),
        (["--print-generic=3"], "option '--print-generic' takes no value, but got '3'"),
        (["a", "b"], "unrecognized arguments: b"),
    ],
)
def test_wrong_options(parser, argv, message):
    with pytest.raises(UsageError) as caught:
        parser.parse(argv)
    assert str(caught.value) == message


def test_help_shows_examples_and_succeeds(parser, capsys):
    assert cli.run("demo", lambda argv: bool(parser.parse(argv)), ["--help"]) == cli.OK
    assert "examples:\n  demo x" in capsys.readouterr().out


def test_version(parser, capsys):
    assert cli.run("demo", lambda argv: bool(parser.parse(argv)), ["--version"]) == cli.OK
    assert capsys.readouterr().out.startswith("demo (tfrt ")


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (UsageError("no"), cli.BAD_USAGE, "demo: no\n"),
        (BefError("bad", offset=3), cli.BAD_USAGE, "demo: invalid BEF file: bad at offset 3\n"),
        (KeyboardInterrupt(), cli.INTERRUPTED, ""),
        (BrokenPipeError(), cli.PIPE_CLOSED, ""),
        (OSError(28, "Disk full"), cli.BAD_USAGE, "demo: cannot write the standard output: Disk full\n"),
    ],
)
def test_errors_become_exit_codes(capsys, error, code, line):
    def body(argv):
        raise error

    assert cli.run("demo", body, []) == code
    assert capsys.readouterr().err == line


def test_bugs_are_not_hidden():
    with pytest.raises(ZeroDivisionError):
        cli.run("demo", lambda argv: 1 // 0, [])


def test_report_renders_the_source_line(capsys):
    diagnostic = Diagnostic("error", "no", FileLineCol("f.mlir", 2, 3))
    cli.report([diagnostic], source_of_text("f.mlir", "a\nb cd\n"))
    assert capsys.readouterr().err == "f.mlir:2:3: error: no\nb cd\n  ^\n"


def test_missing_file(tmp_path):
    path = str(tmp_path / "none")
    with pytest.raises(UsageError) as caught:
        cli.read_bytes(path)
    assert str(caught.value) == f"cannot read '{path}': No such file or directory"


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(UsageError, match="Is a directory"):
        cli.read_bytes(str(tmp_path))


def test_text_must_be_utf8():
    with pytest.raises(UsageError) as caught:
        cli.decode_text(b"na\xefve", "latin1")
    assert str(caught.value) == "'latin1' is not a text file: byte 2 is not valid UTF-8"


def test_a_written_file_keeps_its_permissions_and_leaves_nothing_beside_it(tmp_path):
    path = tmp_path / "out"
    path.write_bytes(b"old")
    path.chmod(0o640)
    cli.write_bytes(str(path), b"new")
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_stays_a_link(tmp_path):
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_bytes(b"old")
    link.symlink_to(target)
    cli.write_text(str(link), "ü")
    assert link.is_symlink()
    assert target.read_text(encoding="utf-8") == "ü"


def test_devices_are_written_to():
    cli.write_bytes(os.devnull, b"gone")
    assert not Path(os.devnull).is_file()


def test_unwritable_output(tmp_path):
    path = str(tmp_path / "no" / "out")
    with pytest.raises(UsageError) as caught:
        cli.write_bytes(path, b"")
    assert str(caught.value) == f"cannot write '{path}': No such file or directory"


def test_no_binary_data_to_a_terminal(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr("sys.stdout", Terminal())
    with pytest.raises(UsageError) as caught:
        cli.write_bytes("-", b"BEF")
    expected = "refusing to write binary data to the terminal; name a file with -o or use a pipe"
    assert str(caught.value) == expected


def test_suggestions_are_near_names():
    assert cli.did_you_mean("mian", ["main", "other"]) == "; did you mean 'main'?"
    assert cli.did_you_mean("zzz", ["main"]) == ""


def test_names_as_long_as_they_can_be(tmp_path):
    path = tmp_path / ("n" * os.pathconf(tmp_path, "PC_NAME_MAX"))
    for content in (b"new", b"newer"):
        cli.write_bytes(str(path), content)
        assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("by", ["name", "link"])
def test_a_file_without_write_permission_is_left_alone(tmp_path, by):
    """A folder's permissions are what a rename needs, and a superuser needs none."""
    path = target = tmp_path / "out"
    target.write_bytes(b"old")
    target.chmod(0o444)
    if by == "link":
        path = tmp_path / "link"
        path.symlink_to(target)
    with pytest.raises(UsageError) as caught:
        cli.write_bytes(str(path), b"new")
    assert str(caught.value) == f"cannot write '{path}': Permission denied"
    assert target.read_bytes() == b"old"
    assert not target.is_symlink()


def test_a_link_to_nothing_becomes_one_to_something(tmp_path):
    link = tmp_path / "link"
    link.symlink_to("target")
    cli.write_bytes(str(link), b"new")
    assert link.is_symlink()
    assert (tmp_path / "target").read_bytes() == b"new"


def test_pipes_that_are_open_are_written_to():
    reading, writing = os.pipe()
    cli.write_bytes(f"/dev/fd/{writing}", b"new")
    assert os.read(reading, 10) == b"new"
    os.close(reading)
    os.close(writing)


def test_a_help_text_that_cannot_be_written(monkeypatch, capsys):
    class Full(io.RawIOBase):
        def writable(self):
            return True

        def write(self, data):
            raise OSError(28, "Disk full")

    parser = cli.OptionParser("demo", "A tool." * 10_000)
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(io.BufferedWriter(Full())))
    monkeypatch.setattr(cli, "give_up_output", lambda tool, error: f"{tool}: {error.strerror}")
    assert cli.run("demo", lambda argv: bool(parser.parse(argv)), ["--help"]) == "demo: Disk full"
