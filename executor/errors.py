"""The exceptions that tfrt raises on purpose.

::

    TfrtError
     ├── UsageError            wrong command line, wrong arguments, missing file
     ├── CompileError          malformed or invalid MLIR; carries every diagnostic
     ├── BefError              corrupt, truncated or unsupported BEF file
     ├── LoadError             a BEF file asks for kernels or functions that this host does not have
     └── KernelError           a kernel failed while a program ran
          └── CancelledError   the request was cancelled before the kernel started

Anything else that escapes from this package is a bug in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tfrt.executor.diagnostics import Diagnostic
    from tfrt.executor.location import Location


class TfrtError(Exception):
    """Base class of all errors raised on purpose by this package."""


class UsageError(TfrtError):
    """The caller asked for something that cannot be done as asked."""


class CompileError(TfrtError):
    """A program was refused; `diagnostics` holds one entry per mistake, in source order."""

    def __init__(self, diagnostics: tuple[Diagnostic, ...]):
        super().__init__("\n".join(d.headline() for d in diagnostics))
        self.diagnostics = diagnostics


class BefError(TfrtError):
    """A BEF file was refused. The message names the section and the byte offset in the file."""

    def __init__(self, message: str, *, section: str | None = None, offset: int | None = None):
        where = "" if section is None else f" in section {section}"
        at = "" if offset is None else f" at offset {offset}"
        super().__init__(f"invalid BEF file: {message}{where}{at}")
        self.section = section
        self.offset = offset


class LoadError(TfrtError):
    """A valid BEF file cannot run on this host; `diagnostics` holds one entry for each thing that it lacks."""

    def __init__(self, diagnostics: tuple[Diagnostic, ...]):
        super().__init__("\n".join(d.headline() for d in diagnostics))
        self.diagnostics = diagnostics


class KernelError(TfrtError):
    """A kernel failed. The executor fills in `location` when it reports the failure.

    `code` is one of the canonical status names (``INTERNAL``, ``INVALID_ARGUMENT``, ``CANCELLED``, …), as
    printed by ``bef-run --print_error_code``.
    """

    def __init__(self, message: str, *, location: Location | None = None, code: str = "INTERNAL"):
        super().__init__(message)
        self.message = message
        self.location = location
        self.code = code

    def __str__(self) -> str:
        if self.location is None:
            return self.message
        return f"{self.location}: {self.message}"


class CancelledError(KernelError):
    """The request was cancelled before this kernel started."""

    def __init__(self, message: str = "Cancelled", *, location: Location | None = None):
        super().__init__(message, location=location, code="CANCELLED")
