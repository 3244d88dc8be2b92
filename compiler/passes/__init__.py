"""The passes: ours, one module each, xDSL's own, and those of installed packages.

Every module in this folder is a pass, with the pass's name in place of its own, dashes as underscores; so a new pass is
one file. The only exception is `shared/`, which is what passes have in common. A pass keeps locations: a run-time error
must point at the source, and an error that was reported before a pass is reported after it, with the same location.
xDSL's ``canonicalize``, ``cse`` and ``dce`` are replaced by ours, which keep locations and know from the kernels which
ops are pure. Packages name theirs in entry points of the group ``tfrt.passes``. `tfrt.compiler.pipelines` reads
pipelines and runs them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Literal

from tfrt.executor.support.plugins import PASSES as GROUP
from tfrt.executor.support.plugins import TFRT, Plugin, all_of, find

if TYPE_CHECKING:
    from xdsl.passes import ModulePass

_SHARED = "shared"

PASSES: tuple[str, ...] = tuple(
    sorted(module.name.replace("_", "-") for module in iter_modules(__path__) if module.name != _SHARED)
)
"""Ours. They are known to work on TFRT programs; xDSL's others and those of packages are available, too."""


def get_passes() -> dict[str, Callable[[], type[ModulePass]]]:
    """Every pass of ours and of xDSL's by name, each behind a callable that imports it."""
    from xdsl.transforms import get_all_passes

    return get_all_passes() | {name: partial(_load, name) for name in PASSES}


def find_pass(name: str) -> type[ModulePass] | None:
    """The pass of that name, ours, xDSL's or an installed package's, or None.

    Raises:
        UsageError: packages have passes of one name, or what one names cannot be imported or is no pass.
    """
    load = get_passes().get(name)
    if load is not None:
        return load()
    plugin = find(GROUP, name, _taken_names())
    return None if plugin is None else _load_plugin(plugin)


def installed_passes() -> dict[str, str]:
    """The passes of installed packages, none of which is imported, with the package that each comes from.

    Raises:
        UsageError: a package has a pass of ours, or of xDSL's.
    """
    return {name: plugins[0].package for name, plugins in all_of(GROUP, _taken_names()).items()}


def _taken_names() -> dict[str, str]:
    return {name: TFRT if name in PASSES else "xdsl" for name in get_passes()}


def anchor_of(module_pass: type[ModulePass]) -> Literal["builtin.module", "func.func"]:
    """The op that a pass works on: the module where its `anchor` says so, as those have it that look at several
    functions; others may as well be run on a function at a time.
    """
    found: Literal["builtin.module", "func.func"] = getattr(module_pass, "anchor", "func.func")
    return found


def _load_plugin(plugin: Plugin) -> type[ModulePass]:
    from xdsl.passes import ModulePass

    found = plugin.load()
    if not (isinstance(found, type) and issubclass(found, ModulePass)):
        raise plugin.refuse(f"is no subclass of xDSL's ModulePass, but {found!r}")
    if found.name != plugin.name:
        raise plugin.refuse(f"is the pass '{found.name}'; an entry point has its pass's name")
    return found


def _load(name: str) -> type[ModulePass]:
    from xdsl.passes import ModulePass

    module = import_module(f"{__name__}.{name.replace('-', '_')}")
    (found,) = (
        held
        for held in vars(module).values()
        if isinstance(held, type) and issubclass(held, ModulePass) and getattr(held, "name", None) == name
    )
    return found
