"""What kernels got and gave, kept: for looking at values, and for comparing programs.

Recorded programs run in the dataflow executor, kernel by kernel: in plans most kernels are no calls.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

from tfrt.executor.runtime.observer import Call, Place, RunWhenReady
from tfrt.executor.support.location import Location
from tfrt.executor.values.async_value import AsyncValue

Keep = Callable[[Any], Any]
"""A value as it is now, in a form that stays so; None for one that is not to be kept."""


@dataclass(frozen=True, slots=True)
class Ran:
    """One run of a kernel.

    Attributes:
        number: runs are numbered as they begin, from 0.
        operands, results: what `Keep` has made of them; a result that failed is None, and of a kernel that has raised
            something there are none.
    """

    number: int
    kernel: str
    location: Location
    operands: tuple[Any, ...]
    results: tuple[Any, ...]


class Recording:
    """Collects runs of kernels on one host: ``HostContext(profile=Recording(keep))``.

    Args:
        keep: see `Keep`. Kernels may overwrite an array as soon as nobody else reads it, so arrays must be copied.
        wanted: which kernels are recorded, by name and place; by default all.
        operands: whether operands are kept, too.
    """

    def __init__(
        self,
        keep: Keep,
        wanted: Callable[[str, Location], bool] = lambda kernel, location: True,
        *,
        operands: bool = True,
    ):
        self._keep = keep
        self._wanted = wanted
        self._operands = operands
        self._numbers = count()
        # Appending is atomic: threads run kernels at the same time.
        self._runs: list[Ran] = []

    def runs(self) -> list[Ran]:
        """What has been recorded so far, as it began."""
        return sorted(self._runs, key=lambda run: run.number)

    def watched(self, call: Call, place: Place, run_when_ready: RunWhenReady) -> Call:
        """`call`, a kernel at one place, with its runs kept; see `tfrt.executor.runtime.observer.Observer`."""
        kernel, location = place.kernel, place.location
        if not self._wanted(kernel, location):
            return call
        keep = self._keep

        def run(*operands: Any, **keywords: Any) -> Any:
            number = next(self._numbers)
            kept = tuple(map(keep, operands)) if self._operands else ()
            try:
                value = call(*operands, **keywords)
            except BaseException:
                self._runs.append(Ran(number, kernel, location, kept, ()))
                raise
            results = value if isinstance(value, tuple | list) else (value,)

            def finish() -> None:
                found = tuple(keep(_there(result)) for result in results)
                self._runs.append(Ran(number, kernel, location, kept, found))

            run_when_ready(results, finish)
            return value

        return run


def _there(result: Any) -> Any:
    """A result, which has come; None where it is an error."""
    if type(result) is not AsyncValue:
        return result
    return result.value if result.is_available else None
