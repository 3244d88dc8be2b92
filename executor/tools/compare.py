"""Comparing what two programs do, for finding the pass that does wrong: ``bef-run a.bef --compare-with b.bef``.

Both are made of one source, with other passes. Kernels that stand for the same place in the source should give the same
values, whatever has become of the ops around them, so the first one that does not is where to look. A place is the
position of the op whose value it is; of ops that were fused, that is the last. Where a place's values come up more
often in one program than in the other (a loop that was unrolled, say), they are passed over.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tfrt.executor.runtime.recording import Ran
from tfrt.executor.support.diagnostics import Diagnostic
from tfrt.executor.support.location import FileLineCol, FusedLocation, Location, position
from tfrt.executor.tools.cli_values import difference, show
from tfrt.executor.values.dtype import DType
from tfrt.executor.values.tensor import DenseHostTensor

_SHOWN = 8
"""Elements of a value that are shown."""

_Key = tuple[FileLineCol, int, str]
"""The place of a value, which result of a kernel it is, and its type."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of two programs: its file, what its kernels have given, its functions' results, and how kernels are named."""

    file: str
    runs: Sequence[Ran]
    results: Mapping[str, Sequence[Any]]
    name_of: Callable[[str, Location], str]


def compare(first: Side, second: Side, tolerance: float) -> tuple[list[Diagnostic], int]:
    """What differs: the first values of kernels that do, then the functions' results. And how many values agree.

    Args:
        tolerance: see `tfrt.executor.tools.cli_values.difference`.
    """
    differences: list[Diagnostic] = []
    compared = 0
    for (run, index), (other, _) in _pairs(first.runs, second.runs):
        found = difference(run.results[index], other.results[index], tolerance)
        if found is not None:
            differences.append(_at_kernel(first, run, second, other, index, found))
            break
        compared += 1
    for name, results in first.results.items():
        others = second.results.get(name)
        if others is None:
            differences.append(Diagnostic("error", f"'{second.file}' has no function '{name}'"))
        elif len(others) != len(results):
            message = f"'{name}' returns {len(results)} values in '{first.file}', and {len(others)} in '{second.file}'"
            differences.append(Diagnostic("error", message))
        else:
            differences += _results(name, first, results, second, others, tolerance)
    return differences, compared


def _results(
    name: str, first: Side, results: Sequence[Any], second: Side, others: Sequence[Any], tolerance: float
) -> Iterator[Diagnostic]:
    for index, (result, other) in enumerate(zip(results, others, strict=True)):
        if result is None and other is None:
            continue
        is_missing = result is None or other is None
        found = "one of them is an error" if is_missing else difference(result, other, tolerance)
        if found is not None:
            sides = ((first, result), (second, other))
            notes = tuple(Diagnostic("note", f"'{side.file}' gives {_shown(value)}") for side, value in sides)
            yield Diagnostic("error", f"result #{index} of '{name}' differs{_details(found)}", None, notes)


def _at_kernel(first: Side, run: Ran, second: Side, other: Ran, index: int, found: str) -> Diagnostic:
    notes = tuple(
        Diagnostic(
            "note", f"'{side.file}': {side.name_of(ran.kernel, ran.location)} gives {_shown(ran.results[index])}"
        )
        for side, ran in ((first, run), (second, other))
    )
    message = f"these are the first values that differ{_details(found)}"
    return Diagnostic("error", message, place_of(run.location), notes)


def _details(found: str) -> str:
    return f": {found}" if found else ""


def _pairs(runs: Sequence[Ran], others: Sequence[Ran]) -> Iterator[tuple[tuple[Ran, int], tuple[Ran, int]]]:
    """Values of the first program with those of the second that stand for the same, in the first one's order."""
    mine, theirs = _by_place(runs), _by_place(others)
    matched = {key for key, found in mine.items() if len(found) == len(theirs.get(key, ()))}
    at: dict[_Key, int] = defaultdict(int)
    for run in runs:
        for index in range(len(run.results)):
            key = _key(run, index)
            if key is not None and key in matched:
                number = at[key]
                at[key] += 1
                yield mine[key][number], theirs[key][number]


def _by_place(runs: Sequence[Ran]) -> dict[_Key, list[tuple[Ran, int]]]:
    found: dict[_Key, list[tuple[Ran, int]]] = defaultdict(list)
    for run in runs:
        for index in range(len(run.results)):
            key = _key(run, index)
            if key is not None:
                found[key].append((run, index))
    return found


def _key(run: Ran, index: int) -> _Key | None:
    at, value = place_of(run.location), run.results[index]
    return None if at is None or value is None else (at, index, _type_of(value))


def place_of(location: Location) -> FileLineCol | None:
    """The position of the op whose value it is; see the module docstring."""
    if isinstance(location, FusedLocation):
        return next((at for part in reversed(location.locations) if (at := place_of(part)) is not None), None)
    return position(location)


def _type_of(value: Any) -> str:
    if isinstance(value, DenseHostTensor):
        return "x".join([*map(str, value.shape), value.dtype.mlir])
    if hasattr(value, "dtype"):
        return "x".join([*map(str, value.shape), DType.of(value.dtype).mlir])
    return type(value).__name__


def _shown(value: Any) -> str:
    return (show(value, "", _SHOWN) or str(value)) if value is not None else "no value"
