"""The dialects of TFRT programs, as xDSL definitions.

`get_dialects()` is a lazy registry: it names every dialect without importing any of them; `context()` gives an
xDSL context that loads a dialect when a program first uses it. Adding a dialect is one line in `_FACTORIES`.

What the rest of the compiler reads from an op class:

* its irdl definition (`op.get_irdl_definition()`): operands, results and attributes in order, with constraints. A
  type that the assembly form does not spell can be inferred from its constraint (`constr.can_infer`);
* `op.assembly_format`, one string in xDSL's declarative format, from which xDSL prints and from which the front end
  derives its parse rule; `None` for ops derived from `HandWrittenOp`, which print themselves;
* traits: `Pure`, `IsTerminator`, `IsolatedFromAbove`, and those of `tfrt.dialects.traits`;
* `verify_()`, which raises `VerifyException` (see `tfrt.dialects.verification`).
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xdsl.context import Context
    from xdsl.ir import Dialect

_FACTORIES: dict[str, tuple[str, str]] = {
    # dialect: (module, attribute that holds the Dialect)
    "builtin": ("xdsl.dialects.builtin", "Builtin"),
    "func": ("xdsl.dialects.func", "Func"),
    "tfrt": ("tfrt.dialects.tfrt", "TFRT"),
}

OPEN_TO_UNKNOWN_OPS: frozenset[str] = frozenset(
    {"tfrt", "tfrt_test", "tfrt_test_sync", "corert", "corert_sync", "tfrt_dht", "tfrt_dht_sync", "coo"}
)
"""Dialects in which an op without a definition is accepted in generic form, as in the reference implementation."""

OPEN_TO_UNKNOWN_TYPES: frozenset[str] = OPEN_TO_UNKNOWN_OPS
"""Dialects in which a type without a definition is kept verbatim; `ht`, `tfrt_tensor` and `ts` know all of theirs."""


def get_dialects() -> dict[str, Callable[[], Dialect]]:
    """Every dialect by name, each behind a callable that imports it."""
    return {name: _loader(*where) for name, where in _FACTORIES.items()}


def context(allow_unregistered: bool = False) -> Context:
    """An xDSL context that knows all dialects and loads each when it is first used.

    Unknown ops and types of the dialects that are open to them (`OPEN_TO_UNKNOWN_OPS`, `OPEN_TO_UNKNOWN_TYPES`) are
    accepted even where `allow_unregistered` is off.
    """
    from tfrt.dialects.open_context import OpenContext

    ctx = OpenContext(allow_unregistered=allow_unregistered)
    for name, factory in get_dialects().items():
        ctx.register_dialect(name, factory)
    return ctx


def _loader(module: str, attribute: str) -> Callable[[], Dialect]:
    def load() -> Dialect:
        dialect: Dialect = getattr(import_module(module), attribute)
        return dialect

    return load
