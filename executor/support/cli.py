"""What the command lines share: options as LLVM's tools spell them, files, and errors as exit codes.

A tool is a function from arguments to an exit code::

    def main(argv: Sequence[str] | None = None) -> int:
        return cli.run("bef-run", _main, argv)

Exit codes: `OK`; `FAILED` where the program was refused or did not do what it should; `BAD_USAGE` where the
tool could not even try (wrong option, missing or corrupt file). What is wrong comes on stderr, in one line
that starts with the tool's name, or as diagnostics that point into the program.

A file named ``-`` is the standard input or output. This module imports neither xDSL nor lark.
"""

from __future__ import annotations

import argparse
import atexit
import contextlib
import errno
import gc
import io
import os
import secrets
import stat
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, NoReturn

from tfrt.executor.support.diagnostics import Diagnostic, SourceLookup
from tfrt.executor.support.errors import BefError, UsageError
from tfrt.executor.support.version import VERSION

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer as Buffer

OK = 0
FAILED = 1
BAD_USAGE = 2
INTERRUPTED = 130
"""Stopped with Ctrl-C: what a shell reports for a process that SIGINT ended."""
TERMINATED = 143
"""Ended early, but in order, because of SIGTERM: what a shell reports for a process that it ended."""
PIPE_CLOSED = 141
"""The reader of our output went away: what a shell reports for a process that SIGPIPE ended."""


def run(tool: str, body: Callable[[Sequence[str]], int], argv: Sequence[str] | None = None) -> int:
    """Call `body` with the arguments and turn the errors a user can cause into one line and an exit code.

    Args:
        tool: the name that starts the error line.
        body: the tool; gets the arguments without the program's name and returns an exit code.
        argv: the arguments; those of this process where omitted.
    """
    _replace_closed_streams()
    _end_at_once()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # Strings of a program need not be UTF-8; their bytes pass through.
            stream.reconfigure(encoding="utf-8", errors="surrogateescape")
    try:
        try:
            code = body(sys.argv[1:] if argv is None else argv)
        finally:
            sys.stdout.flush()
    except (UsageError, BefError) as error:
        complain(tool, str(error))
        return BAD_USAGE
    except OSError as error:  # where it is about a file, it has become a UsageError
        return give_up_output(tool, error)
    except KeyboardInterrupt:
        return INTERRUPTED
    except SystemExit as stop:  # --help and --version
        return stop.code if isinstance(stop.code, int) else OK
    return code


def give_up_output(tool: str, error: OSError) -> int:
    """Say why the standard output cannot be written, and return the exit code; a closed pipe is no mistake."""
    # What is still buffered can no longer be written; without this the interpreter would try at its exit.
    with contextlib.suppress(OSError, ValueError), open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
    if isinstance(error, BrokenPipeError):
        return PIPE_CLOSED
    complain(tool, f"cannot write the standard output: {_reason(error)}")
    return BAD_USAGE


def report(diagnostics: Iterable[Diagnostic], source: SourceLookup | None = None) -> None:
    """Show diagnostics on stderr, after everything written to stdout so far."""
    sys.stdout.flush()
    for diagnostic in diagnostics:
        _say(diagnostic.render(source))


def explain(text: str) -> None:
    """Show more of what has been reported on stderr; nothing where there is no more."""
    if text:
        sys.stdout.flush()
        _say(text.rstrip("\n"))


def complain(tool: str, message: str) -> None:
    """Say on stderr, in one line, what is wrong."""
    sys.stdout.flush()
    _say(f"{tool}: {message}")


def _say(text: str) -> None:
    # There is nowhere to complain about a stderr that cannot be written; the exit code still tells.
    with contextlib.suppress(OSError):
        # At once: what another thread says would come before the end of the line.
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()


@cache
def _end_at_once() -> None:
    """Have this process end without looking for garbage first, which takes a fifth of a compiler's time."""
    atexit.register(gc.freeze)


def _replace_closed_streams() -> None:
    """Where the process was started without a standard stream, Python has None for it.

    Using the input or the output then fails as it does elsewhere, with "Bad file descriptor"; what goes to stderr
    is dropped. They stay open to the process's end.
    """
    if sys.stdin is None:
        sys.stdin = open(os.open(os.devnull, os.O_WRONLY))  # noqa: SIM115
    if sys.stdout is None:
        sys.stdout = open(os.open(os.devnull, os.O_RDONLY), "w")  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115


class OptionParser(argparse.ArgumentParser):
    """argparse with the habits of LLVM's command lines.

    Long options may be written with one dash and short ones with two, and with ``_`` or ``-`` between words
    (``-functions=f``, ``--o x``, ``--work-queue-type s``); flags accept ``=true`` and ``=false``; an option's
    value may start with a dash.
    Mistakes raise UsageError instead of printing a usage text and exiting.

    Args:
        add_more: adds options that it takes time to find out about; called where an option is unknown without, and for
            the help text.
    """

    def __init__(
        self,
        tool: str,
        description: str,
        examples: str = "",
        add_more: Callable[[argparse.ArgumentParser], None] = lambda parser: None,
    ):
        super().__init__(
            prog=tool,
            description=description,
            epilog=f"examples:\n{examples}" if examples else None,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        self._add_more: Callable[[argparse.ArgumentParser], None] | None = add_more
        self.add_argument(
            "--version", action=_Version, nargs=0, dest=argparse.SUPPRESS, help="show the version and exit"
        )

    def parse(self, argv: Sequence[str]) -> argparse.Namespace:
        """The options in `argv`.

        Raises:
            UsageError: an option is unknown or lacks its value, or a value is not one of the choices.
        """
        return self.parse_args(self._normalised(argv))

    def format_help(self) -> str:
        self._add_all()
        return super().format_help()

    def _add_all(self) -> bool:
        """Add what takes time to find out about, and whether that is news."""
        add_more, self._add_more = self._add_more, None
        if add_more is not None:
            add_more(self)
        return add_more is not None

    def error(self, message: str) -> NoReturn:
        raise UsageError(message)

    def _print_message(self, message: str, file: Any = None) -> None:
        # argparse's own keeps silent about a help text that cannot be written.
        (sys.stderr if file is None else file).write(message)

    def _normalised(self, argv: Sequence[str]) -> list[str]:
        """Every option in argparse's own spelling with its value attached: nothing is left to guess."""
        known = self._spellings()
        result: list[str] = []
        arguments = iter(argv)
        for argument in arguments:
            if argument == "--":
                return [*result, argument, *arguments]
            if not argument.startswith("-") or argument == "-":
                result.append(argument)
                continue
            name, equals, value = argument.partition("=")
            words = _words(name)
            found = _spelled(words, known)
            if found is None and self._add_all():
                known = self._spellings()
                found = _spelled(words, known)
            if found is None:
                raise UsageError(f"unknown option '{name}'{did_you_mean(name, [s for s, _ in known.values()])}")
            spelling, action = found
            if action.nargs == 0:
                if equals and value not in ("true", "false"):
                    raise UsageError(f"option '{name}' takes no value, but got '{value}'")
                if value != "false":
                    result.append(spelling)
                continue
            if not equals:
                try:
                    value = next(arguments)
                except StopIteration:
                    raise UsageError(f"option '{name}' needs a value") from None
            result.append(f"{spelling}={value}")
        return result

    def _spellings(self) -> dict[str, tuple[str, argparse.Action]]:
        return {_words(spelling): (spelling, action) for action in self._actions for spelling in action.option_strings}


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        print(f"{parser.prog} (tfrt {VERSION})")
        parser.exit()


_UNITS = {"": 1, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "kB": 10**3, "MB": 10**6, "GB": 10**9}


def size_in_bytes(text: str) -> int:
    """A number of bytes, which may have a unit."""
    digits = text.rstrip("BGKMik")
    unit = _UNITS.get(text[len(digits) :].strip())
    if not digits.strip().isdecimal() or unit is None:
        raise argparse.ArgumentTypeError(f"'{text}' is no size, such as 1024, 4KiB or 1MB")
    return int(digits) * unit


def comma_separated(text: str) -> list[str]:
    """The names in an option's value."""
    return [name for name in (part.strip() for part in text.split(",")) if name]


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """The end of an error message about an unknown name: ``"; did you mean 'main'?"``, or nothing."""
    from difflib import get_close_matches

    nearest = get_close_matches(name, sorted(set(names)), n=2, cutoff=0.6)
    return f"; did you mean {' or '.join(repr(n) for n in nearest)}?" if nearest else ""


def read_bytes(path: str) -> bytes:
    """The content of a file.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        if path != "-":
            with open(path, "rb") as file:
                return file.read()
        if sys.stdin.isatty():
            print("reading from the terminal; end with Ctrl-D", file=sys.stderr)
        return sys.stdin.buffer.read()
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read '{path}': {_reason(error)}") from error


def decode_text(content: bytes, path: str) -> str:
    """The text in the content of the file at `path`.

    Raises:
        UsageError: it is not UTF-8.
    """
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"'{path}' is not a text file: byte {error.start} is not valid UTF-8") from error


def write_bytes(path: str, content: bytes) -> None:
    """Write a whole file at once: other processes see the old content or all of the new one.

    A symbolic link stays one, and what it leads to is written. A file without write permission is left alone.

    Raises:
        UsageError: it cannot be written, or is binary and would go to a terminal.
    """
    if path == "-":
        if sys.stdout.isatty():
            raise UsageError("refusing to write binary data to the terminal; name a file with -o or use a pipe")
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return
    write_chunks(path, (content,))


def write_chunks(path: str, chunks: Iterable[Buffer]) -> None:
    """Like `write_bytes`, piece by piece, and to a file.

    Raises:
        UsageError: it cannot be written.
    """
    try:
        _write(path, chunks)
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot write '{path}': {_reason(error)}") from error


def write_text(path: str, text: str) -> None:
    """Like `write_bytes`, for text, which may go to a terminal.

    Raises:
        UsageError: it cannot be written.
    """
    if path == "-":
        sys.stdout.write(text)
        sys.stdout.flush()
    else:
        write_bytes(path, text.encode("utf-8", "surrogateescape"))


def _write(path: str, chunks: Iterable[Buffer]) -> None:
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        mode = None
    if mode is not None and not (mode & 0o222 and os.access(path, os.W_OK)):
        # A rename would replace it nevertheless, and a superuser may write to anything.
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    target = os.path.realpath(path)
    if mode is not None and not (stat.S_ISREG(mode) and os.path.isfile(target)):
        # A device or a pipe, perhaps one that this process has open: nothing to replace.
        with open(path, "wb") as file:
            file.writelines(chunks)
        return
    # A name of its own: the file's may be as long as names can be.
    temporary = os.path.join(os.path.dirname(target), f".tfrt-{os.getpid()}-{secrets.token_hex(4)}.tmp")
    try:
        with open(temporary, "xb") as file:
            file.writelines(chunks)
        if mode is not None:
            os.chmod(temporary, mode & 0o7777)
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise


def _reason(error: Exception) -> str:
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error)


def _words(spelling: str) -> str:
    return spelling.replace("_", "-")


def _spelled(words: str, known: Mapping[str, tuple[str, argparse.Action]]) -> tuple[str, argparse.Action] | None:
    """The option that words stand for, with a dash more or less, if there is one."""
    return known.get(words) or known.get(f"-{words}") or known.get(words[1:])
