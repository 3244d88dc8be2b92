"""The translators of operators, by name. Each is in the module of its family."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from tfrt.compiler.importers.onnx.values import Value

F = TypeVar("F", bound=Callable[..., Any])
Translator = Callable[..., "list[Value] | None"]
"""Takes the builder and a node, and gives the node's results; or None where the operator's own op serves, since types
are not known or StableHLO has no equal."""

_TRANSLATORS: dict[str, Translator] = {}


def operator(*names: str) -> Callable[[F], F]:
    """Register the decorated translator for operators; it is returned unchanged."""

    def register(function: F) -> F:
        _TRANSLATORS.update(dict.fromkeys(names, function))
        return function

    return register


def translator(name: str) -> Translator | None:
    """What translates an operator, if there is something of its own."""
    _load()
    return _TRANSLATORS.get(name)


def translators() -> Mapping[str, Translator]:
    """All translators, by operators' names."""
    _load()
    return _TRANSLATORS


@cache
def _load() -> None:
    # They import this module to register.
    operators = import_module(f"{__package__}.operators")
    for module in iter_modules(operators.__path__):
        import_module(f"{operators.__name__}.{module.name}")
