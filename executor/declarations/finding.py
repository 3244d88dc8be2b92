"""Finding kernels and ops by name: the modules that register them are imported when a name is first asked for.

Kernels mirror dialects: those of dialect ``d`` are in the module ``tfrt.kernels.d``, or in the modules of that package,
one op family each, which are imported one after another until the name is there; of ops' modules, those first whose
text has the name, so that a program starts without the others. Then come installed packages
(`tfrt.executor.support.plugins`): the entry points of the group ``tfrt.kernels`` that are named after the dialect, of
which there may be several, and those whose names are no dialect's, which may hold ops of any. Targets of custom calls,
``custom_call.name``, are also found by entry points of the group ``tfrt.custom_calls`` that are named after them.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import threading
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Generic, TypeVar

from tfrt.executor.support.errors import UsageError, describe
from tfrt.executor.support.fork import restart_after_fork
from tfrt.executor.support.plugins import (
    CUSTOM_CALLS,
    DIALECTS,
    KERNELS,
    TFRT,
    ClashError,
    Plugin,
    all_of,
    package_of,
)

T = TypeVar("T")


class Finding(Generic[T]):
    """The things of one kind that are registered, and what imports modules until they have registered another one.

    A name is tfrt's, or a package's, or the user's own, whose things take the place of all others. Where a package
    registers what somebody else has, too, nobody gets it, and who asks for it is told of both.

    Args:
        kind: what the things are called.
        known: takes those that may be had, by name.
        ops_first: see `modules_of`.
    """

    def __init__(self, kind: str, known: dict[str, T], *, ops_first: bool = False):
        self.unsearched: dict[str, list[str]] = {}
        self._kind = kind
        self._known = known
        self._ops_first = ops_first
        self._owners: dict[str, str | None] = {}
        self._offers: dict[str, dict[str, T]] = {}
        self._asked: set[str] = set()
        self.restart()
        restart_after_fork(self)

    def restart(self) -> None:
        """In a forked process: who was importing a module is gone."""
        self._searching = threading.RLock()

    def add(self, name: str, thing: T, function: object) -> None:
        """Register a thing that a function has made; the newest one of an owner wins."""
        package = package_of(function)
        is_known = name in self._known
        before = self._owners.get(name)
        if package is None or (is_known and before == package) or (package == TFRT and not self.has(name)):
            self._known[name] = thing
            self._owners[name] = package
        elif not is_known or before is not None:
            # Looked at when somebody asks for the name: it may be one of ours, whose module nobody has imported yet.
            offers = self._offers.setdefault(name, {})
            offers[package] = thing
            if before is not None and is_known:
                offers[before] = self._known.pop(name)

    def has(self, name: str) -> bool:
        """Whether anything of that name is registered."""
        return name in self._known or name in self._offers

    def names(self) -> frozenset[str]:
        """The names of what is registered."""
        return frozenset(self._known) | frozenset(self._offers)

    def get(self, name: str) -> T | None:
        """What bears the name, or None; it is looked for where nothing does so far.

        Raises:
            UsageError: a module that may register it cannot be imported, which is tried again each time; or it comes
                from two packages.
        """
        found = self._known.get(name)
        if found is None:
            with self._searching:
                self._look_for(name, name.partition(".")[0])
                found = self._known.get(name)
        return found

    def _look_for(self, name: str, dialect: str) -> None:
        if dialect not in self.unsearched:
            self.unsearched[dialect] = list(modules_of(dialect, ops_first=self._ops_first))
        if self._ops_first:
            self.unsearched[dialect].sort(key=lambda module: not _mentions(module, name))
        import_until(self.unsearched[dialect], lambda: name in self._known or TFRT in self._offers.get(name, ()))
        if name not in self._known and dialect == CUSTOM_CALL:
            for plugin in all_of(CUSTOM_CALLS).get(name.partition(".")[2], ()):
                plugin.load()
        if name not in self._known and dialect not in self._asked:
            named, others = _packages(dialect)
            for plugin in named:
                plugin.load()
            for plugin in others:
                if not self.has(name):
                    plugin.load()
            if not (others and self.has(name)):
                self._asked.add(dialect)
        offers = self._offers.get(name, {})
        if len(offers) > 1:
            first, second = sorted(offers, key=lambda package: package != TFRT)[:2]
            raise ClashError(self._kind, name, first, second)
        for package, thing in offers.items():
            self._known[name] = thing
            self._owners[name] = package


CUSTOM_CALL = "custom_call"
"""What the names of targets of custom calls begin with. Their entry points are named after them."""


def _packages(dialect: str) -> tuple[list[Plugin], list[Plugin]]:
    """The modules of installed packages for ops of a dialect, and those for ops of any dialect."""
    entries = all_of(KERNELS)
    others = [name for name in entries if name not in all_of(DIALECTS) and next(modules_of(name), None) is None]
    return list(entries.get(dialect, ())), [p for name in others if name != dialect for p in entries[name]]


def _mentions(module: str, name: str) -> bool:
    """Whether a module's text has a name in quotes, with its dialect or without."""
    text = _text_of(module)
    # A file may ask for a name that is not UTF-8, which nothing has.
    full, short = (f'"{each}"'.encode("utf-8", "surrogateescape") for each in (name, name.partition(".")[2]))
    return full in text or short in text


@cache
def _text_of(module: str) -> bytes:
    """The text of a module; nothing where there is none. It only says where to look first."""
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        return b""
    try:
        return Path(spec.origin).read_bytes()
    except OSError:
        return b""


def import_until(modules: list[str], is_found: Callable[[], bool]) -> None:
    """Import modules, the first one first, until something is found; those that have been imported leave the list.

    Raises:
        UsageError: one cannot be imported; it stays in the list.
    """
    while modules and not is_found():
        module = modules[0]
        try:
            importlib.import_module(module)
        except UsageError:
            raise
        except Exception as error:
            raise UsageError(f"cannot import kernels from '{module}': {describe(error)}") from error
        # Importing it may have led here again.
        if modules and modules[0] == module:
            del modules[0]


def modules_of(dialect: str, *, ops_first: bool = False) -> Iterator[str]:
    """The modules that may hold kernels of a dialect: the one named after it, then those inside it.

    In a package those named ``ops_…`` hold ops of op handlers; they come last, unless `ops_first`.
    """
    name = f"tfrt.kernels.{dialect}"
    spec = importlib.util.find_spec(name) if dialect.isidentifier() else None
    if spec is None:
        return
    yield name
    for folder in spec.submodule_search_locations or ():
        modules = [m for m in os.listdir(folder) if m.endswith(".py") and not m.startswith("__")]
        for module in sorted(modules, key=lambda m: (m.startswith("ops_") is not ops_first, m)):
            yield f"{name}.{module.removesuffix('.py')}"
