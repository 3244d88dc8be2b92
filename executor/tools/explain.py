"""How an error came about, for people: the calls that it came through, and the Python code that raised it."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator, Sequence
from typing import Any

from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.async_value import AsyncValue

_SHAPED = re.compile(r"[0-9?]+x")
"""How arrays and tensors of one dimension or more are spelled; see `tfrt.executor.values.brief`."""


def errors_of(results: Sequence[Any]) -> list[KernelError]:
    """The errors among results, each once, in their order."""
    found = [result.error for result in results if isinstance(result, AsyncValue) and result.error is not None]
    return list({id(error): error for error in found}.values())


def explanation(error: KernelError, *, internal: bool = False) -> str:
    """What there is to say of an error beyond its message and place; lines, or nothing.

    Args:
        internal: whether the traceback of the kernel's code has this package's own frames, too.
    """
    return "".join(f"{line}\n" for line in (*_calls(error), *_traceback(error, internal)))


def _calls(error: KernelError) -> Iterator[str]:
    # The place alone has been said, and numbers that a kernel was given are seldom what is wrong with it.
    if len(error.calls) > 1 or any(_SHAPED.match(operand) for call in error.calls for operand in call.operands):
        yield "note: in the program, innermost call first:"
        yield from (f"  {call}" for call in error.calls)


def _traceback(error: KernelError, internal: bool) -> Iterator[str]:
    cause = error.__cause__
    if cause is None:
        return
    frames = traceback.extract_tb(cause.__traceback__)
    modules = [frame.f_globals.get("__name__", "") for frame, _ in traceback.walk_tb(cause.__traceback__)]
    shown = [f for f, module in zip(frames, modules, strict=True) if internal or not module.startswith("tfrt.")]
    if not shown:
        return
    yield "note: raised by this Python code, innermost call last:"
    yield from "".join(traceback.StackSummary.from_list(shown).format()).splitlines()
    yield from "".join(traceback.format_exception_only(cause)).splitlines()
