"""Files of machine code: what a process has made, for other machines that have no compiler.

Such a file is a zip archive. ``machine_code.json`` says for which level of processors it is (`processor_levels`), and
every other member is one function, as `flat_code` loads it; its name is the digest of the text that it was made of. So
code that is found is what would have been made, and a program that has changed finds none.

What is in such a file is run as it is: it must be trusted like a shared library.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass

from tfrt.executor.support.archives import DAMAGE, open_archive
from tfrt.executor.support.cli import write_bytes
from tfrt.executor.support.errors import UsageError
from tfrt.executor.support.files import open_regular
from tfrt.executor.support.processor_levels import Level, level_named

_HEAD = "machine_code.json"
_VERSION = 1
_TIME = (1980, 1, 1, 0, 0, 0)
"""Every member's, so that the same code makes the same file."""


@dataclass(frozen=True, slots=True)
class CodeFile:
    """A file that has been read.

    Attributes:
        path: where it lies.
        level: the processors' that may run it.
        digest: of all that is in it.
    """

    path: str
    level: Level
    digest: bytes
    _archive: zipfile.ZipFile
    _names: frozenset[str]

    def __len__(self) -> int:
        """How many functions it holds."""
        return len(self._names)

    def find(self, name: str) -> bytes | None:
        """The code of that name; None where there is none."""
        return self._archive.read(name) if name in self._names else None


def read_code(path: str | os.PathLike[str]) -> CodeFile:
    """Read a file of machine code.

    Raises:
        UsageError: it cannot be read, or is another file, or a damaged one.
    """
    shown = os.fspath(path)
    try:
        with open_regular(path) as file:
            content = file.read()
    except OSError as error:
        raise UsageError(f"cannot read '{shown}': {error.strerror}") from error
    try:
        archive = open_archive(content)
    except zipfile.BadZipFile as error:
        raise UsageError(f"'{shown}' is no file of machine code: {error}") from error
    names = frozenset(archive.namelist())
    if _HEAD not in names:
        raise UsageError(f"'{shown}' is no file of machine code: there is no '{_HEAD}' in it")
    try:
        broken = archive.testzip()
        head = None if broken else json.loads(archive.read(_HEAD))
    except DAMAGE as error:
        raise UsageError(f"'{shown}' is damaged: {error}") from error
    if broken:
        raise UsageError(f"'{shown}' is damaged: '{broken}' is not what was written")
    if not isinstance(head, dict) or head.get("version") != _VERSION:
        raise UsageError(f"'{shown}' has been made by another version of tfrt: make it anew")
    try:
        level = level_named(str(head.get("level")))
    except UsageError as error:
        raise UsageError(f"'{shown}': {error}") from error
    return CodeFile(shown, level, hashlib.sha256(content).digest(), archive, names - {_HEAD})


def write_code(path: str | os.PathLike[str], level: Level, codes: Mapping[str, bytes]) -> None:
    """Write functions, by their names, to a file, which is all there or as it was.

    Raises:
        UsageError: it cannot be written.
    """
    content = io.BytesIO()
    head = json.dumps({"version": _VERSION, "level": level.name}).encode()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, code in [(_HEAD, head), *sorted(codes.items())]:
            member = zipfile.ZipInfo(name, _TIME)
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, code)
    write_bytes(os.fspath(path), content.getvalue())
