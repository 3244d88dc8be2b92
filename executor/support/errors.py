"""The exceptions that tfrt raises on purpose.

::

    TfrtError
     ├── UsageError            wrong command line, wrong arguments, missing file
     ├── CompileError          malformed or invalid MLIR; carries every diagnostic
     ├── BefError              corrupt, truncated or unsupported BEF file
     ├── LoadError             a BEF file asks for kernels or functions that this host does not have
     └── KernelError           a kernel failed while a program ran
          ├── ShapeError       shapes break a rule of StableHLO's (`tfrt.executor.declarations.stablehlo_shapes`)
          ├── CancelledError   the request was cancelled before the kernel started
          └── EndedError       an exception that is no kernel's ended the call

Anything else that escapes from this package is a bug in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Self

if TYPE_CHECKING:
    from tfrt.executor.support.diagnostics import Diagnostic
    from tfrt.executor.support.location import Location


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


INTERNAL = "INTERNAL"
"""The code of errors that say nothing else."""


class KernelError(TfrtError):
    """A kernel failed. The executor fills in `location` when it reports the failure.

    `code` is one of the canonical status names (``INTERNAL``, ``INVALID_ARGUMENT``, ``CANCELLED``, …), as
    printed by ``bef-run --print_error_code``.
    """

    passes_by: ClassVar[bool] = False
    """Whether it is nobody's failure, so that it is not reported where it is first seen."""

    def __init__(self, message: str, *, location: Location | None = None, code: str = INTERNAL):
        super().__init__(message)
        self.message = message
        self.location = location
        self.code = code

    def __str__(self) -> str:
        if self.location is None:
            return self.message
        return f"{self.location}: {self.message}"

    def copy(self) -> Self:
        """Another object of the same class with the same contents, cause and traceback."""
        made = type(self).__new__(type(self), *self.args)
        made.args = self.args
        made.__dict__.update(self.__dict__)
        for name in (name for kind in type(self).__mro__ for name in getattr(kind, "__slots__", ())):
            if hasattr(self, name):
                setattr(made, name, getattr(self, name))
        made.__cause__, made.__context__ = self.__cause__, self.__context__
        made.__suppress_context__ = self.__suppress_context__
        return made.with_traceback(self.__traceback__)


class CancelledError(KernelError):
    """The request was cancelled before this kernel started."""

    passes_by = True

    def __init__(self, message: str = "Cancelled", *, location: Location | None = None):
        super().__init__(message, location=location, code="CANCELLED")


class EndedError(KernelError):
    """The call was ended by `ended_by`, an exception that is no kernel's. Whoever waits in the call gets that."""

    passes_by = True

    def __init__(self, ended_by: BaseException):
        super().__init__(f"the call was ended by {describe(ended_by)}")
        self.ended_by = ended_by
        self.__cause__ = ended_by


def describe(error: BaseException) -> str:
    """The class of an exception and what it says, if it can."""
    try:
        text = str(error)
    except BaseException as raised:
        text = f"(its message cannot be shown: {type(raised).__name__})"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
