"""The `builtin` dialect: MLIR's own types, attributes and modules, as xDSL has them."""

from __future__ import annotations

from xdsl.dialects.builtin import Builtin

__all__ = ["Builtin"]
