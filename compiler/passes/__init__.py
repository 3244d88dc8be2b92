"""The passes: ours, one module each, and xDSL's own.

Every module in this folder is a pass, with the pass's name in place of its own, dashes as underscores; so a new pass is
one file. The only exception is `shared/`, which is what passes have in common. A pass keeps locations: a run-time error
must point at the source, and an error that was reported before a pass is reported after it, with the same location.
xDSL's ``canonicalize``, ``cse`` and ``dce`` are replaced by ours, which keep locations and know from the kernels which
ops are pure. `tfrt.compiler.pipelines` reads pipelines and runs them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from xdsl.passes import ModulePass

_SHARED = "shared"

PASSES: tuple[str, ...] = tuple(
    sorted(module.name.replace("_", "-") for module in iter_modules(__path__) if module.name != _SHARED)
)
"""The passes that are known to work on TFRT programs; xDSL's others are available, too."""


def get_passes() -> dict[str, Callable[[], type[ModulePass]]]:
    """Every pass by name, each behind a callable that imports it."""
    from xdsl.transforms import get_all_passes

    return get_all_passes() | {name: partial(_load, name) for name in PASSES}


def anchor_of(module_pass: type[ModulePass]) -> Literal["builtin.module", "func.func"]:
    """The op that a pass works on: the module where its `anchor` says so, as those have it that look at several
    functions; others may as well be run on a function at a time.
    """
    found: Literal["builtin.module", "func.func"] = getattr(module_pass, "anchor", "func.func")
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
