"""What installed packages add, as entry points of five groups::

    [project.entry-points."tfrt.dialects"]
    fixed = "fixed_point.dialect:FIXED"        # an xDSL Dialect of that name

    [project.entry-points."tfrt.kernels"]
    fixed = "fixed_point.kernels"              # a module; importing it registers kernels and ops of that dialect

    [project.entry-points."tfrt.passes"]
    fixed-shift = "fixed_point.passes:Shift"   # an xDSL ModulePass of that name

    [project.entry-points."tfrt.devices"]
    fixed = "fixed_point.device:create"        # a function that makes the op handler of that name for a host

    [project.entry-points."tfrt.custom_calls"]
    fixed_round = "fixed_point.calls"          # a module; importing it registers what programs call by that name

Installed packages are looked through when something asks for a name that tfrt itself does not have, once in a process
(and again where ``sys.path`` has changed), and a package is imported when something of it is needed. A name belongs to
one package. Where two add it, whoever asks for it is told of both; tfrt's own names are its own.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from operator import attrgetter
from types import MappingProxyType
from typing import Any

from tfrt.executor.support.errors import UsageError, describe

DIALECTS = "tfrt.dialects"
KERNELS = "tfrt.kernels"
PASSES = "tfrt.passes"
DEVICES = "tfrt.devices"
CUSTOM_CALLS = "tfrt.custom_calls"

_KINDS = {DIALECTS: "dialect", KERNELS: "kernels", PASSES: "pass", DEVICES: "device", CUSTOM_CALLS: "custom call"}

TFRT = "tfrt"
"""The package that this is."""

_FOUNDATION = (TFRT, "xdsl")


class ClashError(UsageError):
    """Two packages have one name.

    Args:
        kind: what is of that name.
        first: one package; tfrt, or what it stands on, if it is one of them.
        values: where each says that it is.
    """

    def __init__(self, kind: str, name: str, first: str, second: str, values: tuple[str, str] = ("", "")):
        said = [
            f"'{package}' ({value})" if value else f"'{package}'"
            for package, value in zip((first, second), values, strict=True)
        ]
        advice = f"uninstall '{second}', or rename it there" if first in _FOUNDATION else "uninstall one of them"
        super().__init__(f"{kind} '{name}' comes from two packages, {said[0]} and {said[1]}; {advice}")


@dataclass(frozen=True, slots=True)
class Plugin:
    """An entry point: what one package adds under one name.

    Attributes:
        value: where it is: ``module`` or ``module:object``.
        package: the name of the installed package.
    """

    group: str
    name: str
    value: str
    package: str

    def __str__(self) -> str:
        return f"{_KINDS[self.group]} '{self.name}' of package '{self.package}' ({self.value})"

    def load(self) -> Any:
        """Import it. What registers itself by that (`package_of`) is the package's.

        Raises:
            UsageError: it cannot be imported.
        """
        module, _, name = self.value.partition("[")[0].strip().partition(":")
        before, _loading.package = _loading.package, self.package
        try:
            found = import_module(module.strip())
            return attrgetter(name.strip())(found) if name else found
        except ClashError:
            raise
        except (Exception, SystemExit) as error:
            said = str(error) if isinstance(error, UsageError) else describe(error)
            raise UsageError(f"cannot import {self}: {said}") from error
        finally:
            _loading.package = before

    def refuse(self, reason: str) -> UsageError:
        """The error that what has been imported is not what it should be."""
        return UsageError(f"{self} {reason}")


def find(group: str, name: str, taken: Mapping[str, str] = MappingProxyType({})) -> Plugin | None:
    """What an installed package adds to the group under that name, or None.

    Args:
        taken: the names that are there without entry points, with whose package they are.

    Raises:
        UsageError: several packages add it, one adds a name that is taken, or a package's entry points cannot be read.
    """
    found = all_of(group, taken).get(name, ())
    if len(found) > 1:
        first, second = sorted(found, key=lambda plugin: plugin.package != TFRT)[:2]
        raise ClashError(_KINDS[group], name, first.package, second.package, (first.value, second.value))
    return found[0] if found else None


def all_of(group: str, taken: Mapping[str, str] = MappingProxyType({})) -> dict[str, tuple[Plugin, ...]]:
    """What installed packages, tfrt among them, add to the group, by name.

    Raises:
        UsageError: a package adds a name that is `taken` (see `find`), or its entry points cannot be read.
    """
    found = _installed()[group]
    for name, plugins in found.items():
        if name in taken:
            raise ClashError(_KINDS[group], name, taken[name], plugins[0].package, ("", plugins[0].value))
    return found


def package_of(function: object) -> str | None:
    """The package that registers something: tfrt, or the one whose entry point is loaded; None stands for the user."""
    is_ours = (getattr(function, "__module__", None) or "").startswith(f"{TFRT}.")
    return TFRT if is_ours else _loading.package


class _Loading(threading.local):
    """The package whose entry point this thread is loading."""

    package: str | None = None


_loading = _Loading()

_found: tuple[tuple[str, ...], dict[str, dict[str, tuple[Plugin, ...]]]] | None = None
"""What was found, and where it was looked for."""


def _installed() -> dict[str, dict[str, tuple[Plugin, ...]]]:
    """All entry points of our groups: by group and name, those of a package that comes first on the path first."""
    global _found
    path = tuple(sys.path)
    if _found is None or _found[0] != path:
        _found = (path, _look())
    return _found[1]


def _look() -> dict[str, dict[str, tuple[Plugin, ...]]]:
    from importlib.metadata import distribution, distributions

    groups: dict[str, dict[str, tuple[Plugin, ...]]] = {group: {} for group in _KINDS}
    seen: set[str] = set()
    for found in distributions():
        text = found.read_text("entry_points.txt")
        # Most packages add nothing to tfrt, and their names need not be read.
        if not text or f"[{TFRT}." not in text:
            continue
        package = found.name
        # What is left of a package may have no name, and another version of it may come first on the path.
        if not package or package in seen or distribution(package).read_text("entry_points.txt") != text:
            continue
        seen.add(package)
        try:
            entries = [entry for entry in found.entry_points if entry.group in groups]
        except Exception as error:
            raise UsageError(f"cannot read the entry points of package '{package}': {describe(error)}") from error
        for entry in entries:
            names = groups[entry.group]
            plugin = Plugin(entry.group, entry.name, entry.value, package)
            names[entry.name] = (*names.get(entry.name, ()), plugin)
    return groups
