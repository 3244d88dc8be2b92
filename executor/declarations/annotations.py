"""What a parameter of a kernel, or of an op's functions, is given: its annotation says so.

There is one rule for all of them. The types here, and those of the layers below, are known by name; a class of a layer
above says itself what it stands for, by an attribute `supplied_as`::

    class HostContext:
        supplied_as: ClassVar[Supplied] = Supplied.HOST
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial
from typing import Any, NewType

from tfrt.executor.declarations.pools import Pool
from tfrt.executor.support.errors import UsageError
from tfrt.executor.support.files import Files
from tfrt.executor.support.location import Location
from tfrt.executor.values.weights import Weights


class Supplied(Enum):
    """What the executor supplies, beside operands and attributes."""

    HOST = auto()
    """The host that the program runs on."""
    CONTEXT = auto()
    """The request that the kernel belongs to."""
    LOCATION = auto()
    """Where the op is in the source."""
    RESULT_COUNT = auto()
    """How many results the op has."""
    FILES = auto()
    """What opens files, as far as the host allows."""
    WEIGHTS = auto()
    """The weights that the program was loaded with."""
    RESOURCES = auto()
    """What the program's kernels keep from call to call."""
    FUNCTION = auto()
    """A function that the op refers to."""
    FUNCTIONS = auto()
    """The other functions that the op refers to."""
    ATTRIBUTES = auto()
    """The op's other attributes."""
    METADATA = auto()
    """The results' metadata."""
    EPILOGUE = auto()
    """What is done to the result while that is in the cache."""
    ROW_EPILOGUE = auto()
    """The same, which may read other arrays of the result's shape."""
    POOLING = auto()
    """How the result is pooled while it is in the cache."""


Attributes = NewType("Attributes", tuple)
"""Annotation: the op's other attributes, in the file's order, decoded as the file's attribute types say."""

Functions = NewType("Functions", tuple)
"""Annotation: the other functions the op refers to, in the file's order."""

ResultCount = NewType("ResultCount", int)
"""Annotation: how many results the op has."""

ResultMetadata = NewType("ResultMetadata", tuple)
"""Annotation: the results' metadata, as the metadata function gave it."""

OpAttributes = NewType("OpAttributes", object)
"""Annotation: all attributes that an op is given, by name."""

AnyHost = NewType("AnyHost", object)
"""Annotation: the host, for what only passes it on."""

Epilogue = NewType("Epilogue", object)
"""Annotation: None, or a function that changes some innermost rows of the result in place. It takes these, as a matrix,
and then all arrays that the array form's function is given beside its inputs."""


@dataclass(frozen=True, slots=True)
class RowEpilogue:
    """Annotation, with ``| None``: an `Epilogue` that may read rows of other arrays beside those that it changes.

    Attributes:
        run: the `Epilogue`; of other arrays that have the result's shape it is given the rows that it changes.
        others: the shapes of the arrays that the array form's function is given beside its inputs.
        steps: the elementwise functions that it consists of, where that is known: the result is their first operand,
            the other arrays come next.
    """

    run: Callable[..., object]
    others: tuple[tuple[int, ...], ...]
    steps: tuple[Any, ...] | None = None

    def __call__(self, rows: Any, *others: Any) -> None:
        self.run(rows, *others)


@dataclass(frozen=True, slots=True)
class Pooling:
    """Annotation, with ``| None``: windows of what the epilogue gives that are combined while they are in the cache, so
    that only what is pooled is written. The epilogue's other arrays are vectors then.

    Attributes:
        pool: the windows.
        after: what is done to a matrix of pooled pixels; of the arrays beside the inputs it takes those that the
            epilogue takes, if there is one.
    """

    pool: Pool
    after: RowEpilogue | None = None


_KNOWN: dict[Any, Supplied] = {
    Location: Supplied.LOCATION,
    Files: Supplied.FILES,
    Weights: Supplied.WEIGHTS,
    ResultCount: Supplied.RESULT_COUNT,
    Attributes: Supplied.ATTRIBUTES,
    Functions: Supplied.FUNCTIONS,
    ResultMetadata: Supplied.METADATA,
    OpAttributes: Supplied.ATTRIBUTES,
    AnyHost: Supplied.HOST,
    Epilogue | None: Supplied.EPILOGUE,
    RowEpilogue | None: Supplied.ROW_EPILOGUE,
    Pooling | None: Supplied.POOLING,
}


def supplied_as(annotation: Any) -> Supplied | None:
    """What a parameter with this annotation is supplied with; None where it is an operand or an attribute."""
    # Anything unhashable is an attribute's business.
    if annotation.__hash__ is None:
        return None
    found = _KNOWN.get(annotation)
    if found is None and isinstance(annotation, type):
        found = getattr(annotation, "supplied_as", None)
    return found


def annotations_of(what: str, function: Callable[..., Any]) -> dict[str, Any]:
    """The annotations of a function's parameters and result, resolved.

    Raises:
        UsageError: one cannot be resolved.
    """
    try:
        return typing.get_type_hints(function, include_extras=True)
    except (NameError, TypeError, AttributeError, SyntaxError) as error:
        raise UsageError(f"{what}: its annotations cannot be resolved: {error}") from error


def refuse_coroutines(what: str, function: Callable[..., Any]) -> None:
    """Refuse a function that, when called, only makes something which somebody else would have to run.

    Raises:
        UsageError: it is a coroutine function or a generator function.
    """
    call = function if inspect.isroutine(function) or isinstance(function, partial) else type(function).__call__
    if inspect.iscoroutinefunction(call):
        kind, advice = "coroutine", "run it to its end with asyncio.run in a kernel that is blocking=True"
    elif inspect.isasyncgenfunction(call) or inspect.isgeneratorfunction(call):
        kind, advice = "generator", "return the values"
    else:
        return
    raise UsageError(f"{what} cannot be a {kind} function: {advice}, or return a tfrt.AsyncValue and set it later")
