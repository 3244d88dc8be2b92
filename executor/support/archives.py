"""Zip archives that may be damaged."""

from __future__ import annotations

import io
import zipfile
import zlib

DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError)
"""Which error a corrupt archive ends in depends on what is wrong with it."""


def open_archive(content: bytes) -> zipfile.ZipFile:
    """The archive with this content.

    Raises:
        BadZipFile: it is none, or its list of members is damaged.
    """
    try:
        return zipfile.ZipFile(io.BytesIO(content))
    except DAMAGE as error:
        raise zipfile.BadZipFile(str(error)) from error
