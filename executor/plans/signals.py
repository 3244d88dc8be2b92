"""How a plan says that it cannot go on. Raised in plans, caught where they were entered; see the package."""

from __future__ import annotations


class Pending(Exception):
    """The kernel that has just run has results that are pending or failed."""


class Stop(Exception):
    """The request was cancelled; the kernel at which the plan stands has run."""
