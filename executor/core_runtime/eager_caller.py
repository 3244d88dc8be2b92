"""Who called an op from Python; errors that the caller can be told at once point there."""

from __future__ import annotations

from dataclasses import dataclass
from types import CodeType, FrameType

from tfrt.executor.support.errors import KernelError
from tfrt.executor.support.location import FileLineCol, Location


# Made for every op; initializing a frozen one would take several times as long.
@dataclass(slots=True)
class EagerCaller:
    """A line of Python that called an op; made into a location only when an error needs one."""

    code: CodeType
    line: int

    @staticmethod
    def at(frame: FrameType) -> EagerCaller:
        """The line that `frame` has come to."""
        return EagerCaller(frame.f_code, frame.f_lineno)

    def location(self) -> Location:
        """The line as a location."""
        return FileLineCol(self.code.co_filename, self.line, 1)

    def located(self, error: KernelError) -> KernelError:
        """The error, where it has a location; else a copy that is located here, since an op may raise it again."""
        if error.location is not None:
            return error
        copy = error.copy()
        copy.location = self.location()
        return copy
