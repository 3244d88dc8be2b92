"""Machine code that one process saves, and others use, which then need no compiler.

What machine code is made for, and where it is looked for, is the whole process's, as machine code is: `record` makes it
for a level of processors, and writes it to a file; `use` takes it from files, for the best level that this processor
has. Both come before any machine code has been made.
"""

from __future__ import annotations

import hashlib
import importlib.util
import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from tfrt.executor.support import flat_code
from tfrt.executor.support.code_files import CodeFile, read_code, write_code
from tfrt.executor.support.errors import UsageError
from tfrt.executor.support.processor_levels import Level, best_level, level_named

_log = logging.getLogger("tfrt")


@dataclass(slots=True)
class Process:
    """What this process makes machine code for, and has.

    Attributes:
        level: what it is made for; None: this processor.
        files: where it is looked for, by their digests.
        is_begun: whether any has been made or looked for.
        is_recording: whether it is kept, to be saved.
        made: what is kept, by its names in files.
    """

    level: Level | None = None
    files: dict[bytes, CodeFile] = field(default_factory=dict)
    is_begun: bool = False
    is_recording: bool = False
    made: dict[str, bytes] = field(default_factory=dict)

    def find(self, name: str) -> bytes | None:
        """The code of that name in a file, if there is some."""
        return next((code for file in list(self.files.values()) if (code := file.find(name)) is not None), None)

    def keep(self, name: str, code: bytes) -> None:
        """Keep code if it is to be saved."""
        if self.is_recording:
            self.made[name] = code


process = Process()


def name_of(text: str, function: str) -> str:
    """What a function of a text is called in files."""
    return hashlib.sha256(f"{function}\0{text}".encode()).hexdigest()


def has_compiler() -> bool:
    """Whether llvmlite is installed."""
    return importlib.util.find_spec("llvmlite") is not None


def use(paths: Sequence[str | os.PathLike[str]]) -> bool:
    """Take machine code from files from now on, in this process, before it is made; returns whether any is for this
    processor.

    Of several levels the best one that this processor has is used. The log is told of files that cannot be.

    Raises:
        UsageError: a file cannot be read, or is none of machine code.
    """
    read, flags = [read_code(path) for path in paths], _flags()
    fit = [file for file in read if file.level.flags <= flags]
    for file in read:
        if file not in fit:
            lacks = sorted(file.level.flags - flags)
            shown = ", ".join(lacks[:3]) + (", …" if len(lacks) > 3 else "")
            _log.warning("'%s' is for %s, which this processor is not: it lacks %s", file.path, file.level.name, shown)
    levels = [file.level for file in fit]
    level = process.level or (best_level(flags) if process.is_begun else max(levels, key=_order, default=None))
    used = tuple(file for file in fit if file.level is level)
    if fit and not used and level is not None:
        _log.warning("'%s' is not used: this process has begun with machine code for %s", fit[0].path, level.name)
    for file in used:
        process.level = level
        # Each host of a process may name the same files, from any thread.
        process.files.setdefault(file.digest, file)
    return bool(used)


@contextmanager
def record(path: str | os.PathLike[str], level: str | None = None) -> Iterator[None]:
    """Save all machine code that this process makes in the block to a file, for `use` elsewhere.

    Args:
        level: the processors that are to run it; by default the best level that this one has.

    Raises:
        UsageError: there is no such level, or this processor does not have it, llvmlite is not installed, this process
            has made machine code before, none is made in the block, or the file cannot be written.
    """
    flags = _flags()
    if not flags:
        raise UsageError("machine code can be saved on Linux on x86-64 only")
    if not has_compiler():
        raise UsageError("machine code is made by llvmlite, which is not installed: pip install 'tfrt[native]'")
    chosen = best_level(flags) if level is None else level_named(level)
    if chosen is None or not chosen.flags <= flags:
        raise UsageError(
            f"this processor is no {'x86-64-v3' if chosen is None else chosen.name}, and cannot try its code"
        )
    if process.is_begun or process.files:
        raise UsageError("this process has made or loaded machine code before: record it in a new one")
    process.level, process.is_recording = chosen, True
    try:
        yield
        made = dict(process.made)
    finally:
        process.is_recording = False
        process.made.clear()
    if not made:
        raise UsageError(f"no machine code has been made, so '{os.fspath(path)}' is not written")
    write_code(path, chosen, made)


def _flags() -> frozenset[str]:
    """What this processor has, where machine code can be saved and used."""
    return flat_code.processor_flags() if flat_code.is_possible() else frozenset()


def _order(level: Level) -> int:
    return len(level.flags)
