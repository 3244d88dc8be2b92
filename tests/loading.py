"""Programs that tests load from texts."""

from __future__ import annotations

import tfrt


def load(text: str, host: tfrt.HostContext | None = None, filename: str = "test.mlir") -> tfrt.Program:
    """The program that a text compiles to; ``filename`` is what errors call it."""
    return tfrt.load(tfrt.compile(text, filename=filename), host=host)
