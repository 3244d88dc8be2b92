"""The passes that `tfrt-opt` runs: ours, one file each, and xDSL's own.

Adding a pass is one line in `_OURS`. A pass keeps locations: a run-time error must point at the source.
xDSL's ``cse`` and ``dce`` only erase ops and so keep them; its ``canonicalize`` is replaced by one that does.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING

from tfrt.executor.cli import did_you_mean
from tfrt.executor.errors import UsageError

if TYPE_CHECKING:
    from xdsl.passes import ModulePass

_OURS: dict[str, tuple[str, str]] = {
    # pass: (module, class)
    "canonicalize": ("tfrt.compiler.passes.canonicalize", "Canonicalize"),
    "cse": ("xdsl.transforms.common_subexpression_elimination", "CommonSubexpressionElimination"),
    "dce": ("xdsl.transforms.dead_code_elimination", "DeadCodeElimination"),
}

PASSES: tuple[str, ...] = tuple(_OURS)
"""The passes that are known to work on TFRT programs; xDSL's others are available, too."""

_ANCHOR = "builtin.module("


def get_passes() -> dict[str, Callable[[], type[ModulePass]]]:
    """Every pass by name, each behind a callable that imports it."""
    from xdsl.transforms import get_all_passes

    return get_all_passes() | {name: _loader(*where) for name, where in _OURS.items()}


def parse_pipeline(text: str) -> tuple[ModulePass, ...]:
    """The passes that a pipeline names, as in ``canonicalize,cse`` or ``builtin.module(canonicalize,cse)``.

    Raises:
        UsageError: the text is malformed, a pass is unknown, or its options are wrong.
    """
    from xdsl.utils.arg_spec import parse_pipeline as parse_specs
    from xdsl.utils.exceptions import ArgSpecParseError

    inner = text.strip()
    if inner.startswith(_ANCHOR) and inner.endswith(")"):
        inner = inner[len(_ANCHOR) : -1]
    available = get_passes()
    passes = []
    try:
        for spec in parse_specs(inner):
            load = available.get(spec.name)
            if load is None:
                nearest = did_you_mean(spec.name, available) or f"; for example: {', '.join(PASSES)}"
                raise UsageError(f"unknown pass '{spec.name}'{nearest}")
            passes.append(load().from_spec(spec))
    except ArgSpecParseError:
        raise UsageError(f"malformed pass pipeline '{text}'; expected PASS,PASS{{OPTION=VALUE}},…") from None
    except ValueError as error:
        raise UsageError(f"pass pipeline '{text}': {error}") from None
    return tuple(passes)


def _loader(module: str, name: str) -> Callable[[], type[ModulePass]]:
    def load() -> type[ModulePass]:
        found: type[ModulePass] = getattr(import_module(module), name)
        return found

    return load
