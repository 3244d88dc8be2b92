"""Opening the BEF files that a command line names."""

from __future__ import annotations

import os

from tfrt.executor.bef import BefFile, open_bef, read_bef
from tfrt.executor.support import cli
from tfrt.executor.support.errors import BefError, UsageError


def open_file(path: str) -> BefFile:
    """Open a BEF file, or read one from a pipe or, where it is ``-``, the standard input.

    Raises:
        UsageError: it cannot be read, or is none.
    """
    # Whoever names a pipe, or the standard input, on the command line means it.
    content = None if os.path.isfile(path) else cli.read_bytes(path)
    try:
        return open_bef(path) if content is None else read_bef(content)
    except BefError as error:
        raise UsageError(_why_not_bef(path, content, error)) from error


def _why_not_bef(path: str, content: bytes | None, error: BefError) -> str:
    if content is None:
        with open(path, "rb") as file:
            content = file.read(4096)
    if _looks_like_mlir(content):
        return f"'{path}' is MLIR text; compile it first: tfrt-translate --mlir-to-bef {path} | bef-run"
    return f"'{path}': {error}"


def _looks_like_mlir(content: bytes) -> bool:
    beginning = content[:4096]
    return b"\0" not in beginning and any(word in beginning for word in (b"func", b"module", b"//", b" = "))
