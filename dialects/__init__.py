"""The dialects of TFRT programs, as xDSL definitions.

Every module, or package, in this folder is the dialect of its name, and holds an xDSL `Dialect` of that name; so a new
dialect is one file. The only exception is `shared/`: what dialects are made of. `get_dialects()` names all of these
without importing any, `find_dialect()` finds those of installed packages, too, and `context()` gives an xDSL context
that loads a dialect when a program first uses it.

What the rest of the compiler reads from an op class:

* its irdl definition (`op.get_irdl_definition()`): operands, results and attributes in order, with
  constraints. A type that the assembly form does not spell can be inferred from its constraint
  (`constr.can_infer`);
* `op.assembly_format`, one string in xDSL's declarative format, from which xDSL prints and from which the
  front end derives its parse rule, with directives of an op's own (`tfrt.dialects.shared.directives`); `None` for ops
  derived from `HandWrittenOp`, which print themselves, and for those that have the generic form only;
* traits: `Pure`, `IsTerminator`, `IsolatedFromAbove`, and those of `tfrt.dialects.shared`;
* `verify_()`, which raises `VerifyException` (see `tfrt.dialects.shared.verification`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from tfrt.executor.support.plugins import DIALECTS, TFRT, Plugin, all_of, find

if TYPE_CHECKING:
    from xdsl.ir import Dialect

    from tfrt.dialects.shared.open_context import OpenContext

_SHARED = "shared"


def get_dialects() -> dict[str, Callable[[], Dialect]]:
    """Every dialect of ours by name, each behind a callable that imports it."""
    return {name: partial(_load, name) for name in _names()}


def find_dialect(name: str) -> Callable[[], Dialect] | None:
    """What imports the dialect of that name, ours or an installed package's (entry points of the group
    ``tfrt.dialects``); or None.

    Raises:
        UsageError: packages have dialects of one name; when it is called, it finds no dialect there.
    """
    if name in _names():
        return partial(_load, name)
    plugin = plugin_of(name)
    return None if plugin is None else partial(_load_plugin, plugin)


def plugin_of(name: str) -> Plugin | None:
    """What brings along the dialect that a name is or begins with, if it is not ours.

    Raises:
        UsageError: packages have dialects of one name.
    """
    dialect = name.partition(".")[0]
    return None if dialect in _names() else find(DIALECTS, dialect, taken_names())


def installed_dialects() -> dict[str, str]:
    """The dialects of installed packages, none of which is imported, with the package that each comes from.

    Raises:
        UsageError: a package has a dialect of ours.
    """
    return {name: plugins[0].package for name, plugins in all_of(DIALECTS, taken_names()).items()}


def taken_names() -> dict[str, str]:
    """The names that no package can give its dialects, with whose they are."""
    return dict.fromkeys(_names(), TFRT)


def context(allow_unregistered: bool = False) -> OpenContext:
    """An xDSL context that knows all dialects, those of installed packages included, and loads each when it is first
    used.

    Unknown ops and types of the dialects that are open to them (see `OpenDialect`) are accepted even where
    `allow_unregistered` is off.
    """
    from tfrt.dialects.shared.open_context import OpenContext

    ctx = OpenContext(allow_unregistered=allow_unregistered)
    ctx.find = find_dialect
    for name, factory in get_dialects().items():
        ctx.register_dialect(name, factory)
    return ctx


@cache
def _names() -> tuple[str, ...]:
    return tuple(module.name for module in iter_modules(__path__) if module.name != _SHARED)


def _load_plugin(plugin: Plugin) -> Dialect:
    from xdsl.ir import Dialect

    found = plugin.load()
    if not isinstance(found, Dialect):
        raise plugin.refuse(f"is no xDSL Dialect, but {type(found).__name__}")
    if found.name != plugin.name:
        raise plugin.refuse(f"is the dialect '{found.name}'; an entry point has its dialect's name")
    for kind, defined in (("op", found.operations), ("type or attribute", found.attributes)):
        names = [each.name for each in defined]
        for name in names:
            if not name.startswith(f"{found.name}."):
                raise plugin.refuse(f"defines the {kind} '{name}', which is not named '{found.name}.…'")
            if names.count(name) > 1:
                raise plugin.refuse(f"defines the {kind} '{name}' twice")
    return found


def _load(name: str) -> Dialect:
    from xdsl.ir import Dialect

    module = import_module(f"{__name__}.{name}")
    (found,) = (held for held in vars(module).values() if isinstance(held, Dialect) and held.name == name)
    return found
