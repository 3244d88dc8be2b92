"""The dialects of TFRT programs, as xDSL definitions.

`get_dialects()` is a lazy registry: it names every dialect without importing any of them; `context()` gives
an xDSL context that loads a dialect when a program first uses it. Adding a dialect is one line in
`_FACTORIES`.

What the rest of the compiler reads from an op class:

* its irdl definition (`op.get_irdl_definition()`): operands, results and attributes in order, with
  constraints. A type that the assembly form does not spell can be inferred from its constraint
  (`constr.can_infer`);
* `op.assembly_format`, one string in xDSL's declarative format, from which xDSL prints and from which the
  front end derives its parse rule; `None` for ops derived from `HandWrittenOp`, which print themselves;
* traits: `Pure`, `IsTerminator`, `IsolatedFromAbove`, and those of `tfrt.dialects.traits` and `tfrt.dialects.bodies`;
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
    "func": ("tfrt.dialects.func", "FUNC"),
    "tfrt": ("tfrt.dialects.tfrt", "TFRT"),
    "tfrt_test": ("tfrt.dialects.tfrt_test", "TFRT_TEST"),
    "tfrt_test_sync": ("tfrt.dialects.tfrt_test_sync", "TFRT_TEST_SYNC"),
    "ts": ("tfrt.dialects.ts", "TS"),
    "ts_sync": ("tfrt.dialects.ts_sync", "TS_SYNC"),
    "tfrt_tensor": ("tfrt.dialects.tfrt_tensor", "TFRT_TENSOR"),
    "ht": ("tfrt.dialects.ht", "HT"),
    "tfrt_dht": ("tfrt.dialects.tfrt_dht", "TFRT_DHT"),
    "tfrt_dht_sync": ("tfrt.dialects.tfrt_dht_sync", "TFRT_DHT_SYNC"),
    "coo": ("tfrt.dialects.coo", "COO"),
    "corert": ("tfrt.dialects.corert", "CORERT"),
    "corert_sync": ("tfrt.dialects.corert_sync", "CORERT_SYNC"),
    "cpu": ("tfrt.dialects.cpu", "CPU"),
    "proto": ("tfrt.dialects.proto", "PROTO"),
}

OPEN_TO_UNKNOWN_OPS: frozenset[str] = frozenset(
    {"tfrt", "tfrt_test", "tfrt_test_sync", "corert", "corert_sync", "tfrt_dht", "tfrt_dht_sync", "coo"}
)
"""Dialects that accept ops without a definition, in generic form, as in the reference implementation."""

OPEN_TO_UNKNOWN_TYPES: frozenset[str] = OPEN_TO_UNKNOWN_OPS
"""Dialects that keep types without a definition verbatim; `ht`, `tfrt_tensor` and `ts` define all theirs."""


def get_dialects() -> dict[str, Callable[[], Dialect]]:
    """Every dialect by name, each behind a callable that imports it."""
    return {name: _loader(*where) for name, where in _FACTORIES.items()}


def context(allow_unregistered: bool = False) -> Context:
    """An xDSL context that knows all dialects and loads each when it is first used.

    Unknown ops and types of the dialects that are open to them (`OPEN_TO_UNKNOWN_OPS`,
    `OPEN_TO_UNKNOWN_TYPES`) are accepted even where `allow_unregistered` is off.
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
