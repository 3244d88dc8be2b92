"""The folder of the user's cache, for what costs time to make again: compiled grammars and machine code.

What lies there is run, or decides how programs are read. So it is used only where nobody else could have put it there:
a folder, or a file, must belong to this user and be writable by nobody else. ``TFRT_CACHE_DIR`` chooses another folder
than ``tfrt`` in ``XDG_CACHE_HOME`` or ``~/.cache``.
"""

from __future__ import annotations

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path


def cache_folder() -> Path | None:
    """The folder, which is made if it is not there; None where there is none that is private and can be written to."""
    chosen = os.environ.get("TFRT_CACHE_DIR")
    root = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    folder = Path(chosen) if chosen else Path(root) / "tfrt"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        return None
    if not is_private(folder) or not os.access(folder, os.W_OK):
        return None
    return folder


def is_private(path: Path) -> bool:
    """Whether a file or folder is there, belongs to this user, and nobody else may write to it."""
    try:
        found = path.stat()
    except OSError:
        return False
    return found.st_uid == os.geteuid() and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def keep(path: Path, content: bytes) -> None:
    """Write a file of the cache: whoever reads it sees all of it or nothing.

    Raises:
        OSError: it cannot be written.
    """
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
