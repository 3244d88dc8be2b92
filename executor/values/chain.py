"""Values that are not Python's own."""

from __future__ import annotations


class Chain:
    """The type of `CHAIN`, the one value of ``!tfrt.chain``: it orders side effects and carries nothing."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "CHAIN"


CHAIN = Chain()
"""The one value of ``!tfrt.chain``."""
