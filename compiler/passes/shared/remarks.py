"""What passes have to say about a program that is in order: remarks, which `manager.py` hands to whoever runs them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from xdsl.ir import Operation

from tfrt.compiler.locations import location_of
from tfrt.executor.support.diagnostics import Diagnostic

Handler = Callable[[Diagnostic], None]

# xDSL calls a pass with a module and nothing else through which it could say something.
_handler: ContextVar[Handler | None] = ContextVar("handler", default=None)


@contextmanager
def remarks_to(handler: Handler) -> Iterator[None]:
    """Hand the remarks of passes that run inside to `handler`, each at once."""
    token = _handler.set(handler)
    try:
        yield
    finally:
        _handler.reset(token)


def remark(op: Operation, message: str) -> None:
    """Say something about an op, at its location; nobody may be listening."""
    handler = _handler.get()
    if handler is not None:
        handler(Diagnostic("remark", message, location_of(op.location)))
