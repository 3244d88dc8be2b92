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
          ├── DeadlineExceededError, InvalidArgumentError, NotFoundError, … one for each canonical code
          └── EndedError       an exception that is no kernel's ended the call

Anything else that escapes from this package is a bug in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self

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

MAX_CALLS = 32
"""The most calls that an error tells of; of deeper ones it tells of the innermost."""


class Call(NamedTuple):
    """A kernel that failed, or that had called a function in which one did.

    Attributes:
        function: the function that it is in; empty for one of a region.
        operands: what it was given, in words: types of arrays and tensors, short values.
    """

    kernel: str
    function: str
    location: Location
    operands: tuple[str, ...]

    def __str__(self) -> str:
        where = f"in @{self.function}" if self.function else "in a region"
        return f"{self.location}: {self.kernel}({', '.join(self.operands)}) {where}"


class _CallsNote(str):
    """The note of an exception that tells of its calls."""

    __slots__ = ()


class KernelError(TfrtError):
    """A kernel failed. The executor fills in `location` when it reports the failure.

    `code` is one of the canonical status names (``INTERNAL``, ``INVALID_ARGUMENT``, ``CANCELLED``, …; see
    ``absl::StatusCode``), as printed by ``bef-run --print_error_code``. Each has a class of its own: what is made as
    ``KernelError("...", code="NOT_FOUND")`` is a `NotFoundError`. `calls` are the kernel that failed and those that
    were calling functions down to it, innermost first; a note of the exception shows them.
    """

    passes_by: bool = False
    """Whether it is nobody's failure, so that it is not reported where it is first seen."""

    class_code: ClassVar[str] = INTERNAL
    """The code of errors of this class."""

    def __new__(cls, *arguments: Any, code: str | None = None, **_: Any) -> Self:
        if cls is not KernelError or code not in _TYPED:
            return super().__new__(cls, *arguments)
        made = super().__new__(_TYPED[code], *arguments)
        # It is whoever raises it that fails.
        made.passes_by = False
        return made  # type: ignore[return-value]

    def __init__(self, message: str, *, location: Location | None = None, code: str | None = None):
        super().__init__(message)
        self.message = message
        self.location = location
        self.code = self.class_code if code is None else code
        self.calls: tuple[Call, ...] = ()

    def __str__(self) -> str:
        if self.location is None:
            return self.message
        return f"{self.location}: {self.message}"

    def copy(self) -> Self:
        """Another object of the same class with the same contents, cause and traceback."""
        made = type(self).__new__(type(self), *self.args)
        made.args = self.args
        made.__dict__.update(self.__dict__)
        if hasattr(self, "__notes__"):
            made.__notes__ = list(self.__notes__)
        for name in (name for kind in type(self).__mro__ for name in getattr(kind, "__slots__", ())):
            if hasattr(self, name):
                setattr(made, name, getattr(self, name))
        made.__cause__, made.__context__ = self.__cause__, self.__context__
        made.__suppress_context__ = self.__suppress_context__
        return made.with_traceback(self.__traceback__)

    def with_code(self, code: str) -> KernelError:
        """A copy with another code, of the class of that code unless this is of a class of its own."""
        made: KernelError = self.copy()
        if type(made) is KernelError:
            made.__class__ = _TYPED.get(code, KernelError)
        made.code = code
        return made

    def came_through(self, call: Call) -> None:
        """Tell of one more call that it came through. For objects of the engine's own."""
        if len(self.calls) >= MAX_CALLS:
            return
        self.calls = (*self.calls, call)
        notes = [note for note in getattr(self, "__notes__", ()) if not isinstance(note, _CallsNote)]
        lines = ["In the program, innermost call first:", *(f"  {call}" for call in self.calls)]
        self.__notes__ = [*notes, _CallsNote("\n".join(lines))]


class CancelledError(KernelError):
    """The request was cancelled before this kernel started."""

    passes_by = True
    class_code = "CANCELLED"

    def __init__(self, message: str = "Cancelled", *, location: Location | None = None, code: str | None = None):
        super().__init__(message, location=location, code=code)


class UnknownError(KernelError):
    """What is wrong is not known."""

    class_code = "UNKNOWN"


class InvalidArgumentError(KernelError):
    """Something was given that is wrong whatever the state of things."""

    class_code = "INVALID_ARGUMENT"


class DeadlineExceededError(KernelError):
    """There was not enough time."""

    class_code = "DEADLINE_EXCEEDED"


class NotFoundError(KernelError):
    """Something does not exist."""

    class_code = "NOT_FOUND"


class AlreadyExistsError(KernelError):
    """Something exists already."""

    class_code = "ALREADY_EXISTS"


class PermissionDeniedError(KernelError):
    """The caller may not do this."""

    class_code = "PERMISSION_DENIED"


class ResourceExhaustedError(KernelError):
    """Memory, or a limit that was set, is exhausted."""

    class_code = "RESOURCE_EXHAUSTED"


class FailedPreconditionError(KernelError):
    """Things are not in the state in which this can be done."""

    class_code = "FAILED_PRECONDITION"


class AbortedError(KernelError):
    """Somebody else got in between."""

    class_code = "ABORTED"


class OutOfRangeError(KernelError):
    """Something is beyond the end."""

    class_code = "OUT_OF_RANGE"


class UnimplementedError(KernelError):
    """This cannot be done here."""

    class_code = "UNIMPLEMENTED"


class UnavailableError(KernelError):
    """This cannot be done now; it may be later."""

    class_code = "UNAVAILABLE"


class DataLossError(KernelError):
    """Data is corrupt or lost."""

    class_code = "DATA_LOSS"


class UnauthenticatedError(KernelError):
    """Nobody knows who the caller is."""

    class_code = "UNAUTHENTICATED"


_TYPED: dict[str, type[KernelError]] = {
    kind.class_code: kind for kind in KernelError.__subclasses__() if kind.class_code != INTERNAL
}
"""The classes of errors by code."""

_CODES: tuple[tuple[type[BaseException], str], ...] = (
    (NotImplementedError, "UNIMPLEMENTED"),
    (MemoryError, "RESOURCE_EXHAUSTED"),
    (FileNotFoundError, "NOT_FOUND"),
    (FileExistsError, "ALREADY_EXISTS"),
    (PermissionError, "PERMISSION_DENIED"),
    (TimeoutError, "DEADLINE_EXCEEDED"),
)


def code_of(error: BaseException) -> str:
    """The canonical code of a Python exception that a kernel has raised."""
    return next((code for kind, code in _CODES if isinstance(error, kind)), INTERNAL)


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
