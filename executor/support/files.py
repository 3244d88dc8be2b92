"""Opening files that a program, or a file of the program's, names: what it names is data, and need not be well meant.

Only regular files are opened: a device may have no end, and a pipe may keep whoever opens it waiting. A path is a
string or a path object; Python's ``open`` would take a number for a descriptor of this process and close it afterwards.
"""

from __future__ import annotations

import errno
import os
import stat
from io import BufferedReader
from pathlib import Path
from typing import Any

MAX_SOURCE_BYTES = 16 * 1024 * 1024
"""How much of a source file is read to show a line of it."""


class Refused(OSError):
    """A file is not opened, for a reason that is not the operating system's."""

    def __init__(self, reason: str):
        super().__init__(reason)
        self.strerror = reason


def open_regular(path: Any) -> BufferedReader:
    """The regular file at `path`, opened for reading.

    Raises:
        OSError: it cannot be opened, or is no regular file, or `path` is none; its `strerror` says why.
    """
    if not isinstance(path, str | os.PathLike):
        raise Refused(f"a path is a string, not {type(path).__name__}")
    if "\0" in os.fsdecode(path):
        # Versions of Python say this in different ways.
        raise Refused("a path has no null byte")
    try:
        _check_regular(os.stat(path))
        # Should it have been replaced by a pipe meanwhile, nobody waits for a writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except ValueError as error:
        # It has characters that names of files cannot have.
        raise OSError(str(error)) from None
    file = os.fdopen(descriptor, "rb")
    try:
        _check_regular(os.fstat(descriptor))
    except OSError:
        file.close()
        raise
    return file


def _check_regular(found: os.stat_result) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(found.st_mode):
        raise Refused("it is not a regular file")


class Files:
    """The files that a program's kernels may open.

    Args:
        allowed: all that the process may read, none, or those below a folder.
    """

    def __init__(self, allowed: bool | str | os.PathLike[str] = True):
        self._is_denied = allowed is False
        self._root = None if isinstance(allowed, bool) else Path(os.path.realpath(allowed))

    def open(self, path: Any) -> BufferedReader:
        """Like `open_regular`, where it is allowed; symbolic links are followed first.

        Raises:
            OSError: it is not allowed, or cannot be opened; its `strerror` says why.
        """
        if self._is_denied:
            raise Refused("this host does not let programs open files")
        if self._root is None or not isinstance(path, str | os.PathLike):
            return open_regular(path)
        found = resolve_below(self._root, path)
        if found is None:
            raise Refused(f"this host lets programs open files below '{self._root}' only")
        return open_regular(found)


ALL_FILES = Files()


def resolve_below(root: Path, path: str | os.PathLike[str]) -> Path | None:
    """Where `path`, from the current folder, leads to, without symbolic links; None where that is not below `root`."""
    try:
        found = Path(os.path.realpath(path))
    except (OSError, ValueError):
        return None
    return found if found.is_relative_to(root) else None


def read_source(path: Path) -> str | None:
    """The text of a source file, at most `MAX_SOURCE_BYTES` of it; None where there is none, or it is not text."""
    try:
        with open_regular(path) as file:
            content = file.read(MAX_SOURCE_BYTES + 1)
    except OSError:
        return None
    if len(content) > MAX_SOURCE_BYTES:
        content = content[: content.rfind(b"\n", 0, MAX_SOURCE_BYTES) + 1]
    if b"\0" in content:
        return None
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return None
