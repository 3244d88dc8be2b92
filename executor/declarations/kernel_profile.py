"""What kernels were measured to take, and the file that says so, which `bef-run --profile` writes and passes read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from tfrt.executor.support.errors import UsageError


@dataclass(frozen=True, slots=True)
class KernelProfile:
    """What is known of a kernel at one place; times are in nanoseconds.

    Attributes:
        location: the place as diagnostics spell it, or None where it is unknown.
    """

    kernel: str
    location: str | None
    runs: int
    total_ns: int
    median_ns: int


_FORMAT = "tfrt kernel profile 1"
_FIELDS: dict[str, tuple[type, ...]] = {
    "kernel": (str,),
    "location": (str, type(None)),
    "runs": (int,),
    "total_ns": (int,),
    "median_ns": (int,),
}


def write_profile(entries: Iterable[KernelProfile]) -> str:
    """A profile as the text of a file: JSON, one kernel a line."""
    lines = [json.dumps({field: getattr(entry, field) for field in _FIELDS}) for entry in entries]
    body = ",\n".join(f"  {line}" for line in lines)
    return f'{{"format": "{_FORMAT}", "kernels": [\n{body}\n]}}\n'


def profile_table(entries: Sequence[KernelProfile]) -> str:
    """A profile for people: lines of time, share, runs, median, kernel and place, what takes longest first.

    Shares are of the sum of all; kernels that run others are counted with these.
    """
    everything = sum(entry.total_ns for entry in entries) or 1
    lines = [f"{'total':>10} {'share':>7} {'runs':>8} {'median':>10}  kernel"]
    for entry in sorted(entries, key=lambda entry: -entry.total_ns):
        share = f"{100 * entry.total_ns / everything:.1f} %"
        where = f"  {entry.location}" if entry.location else ""
        total, median = _time(entry.total_ns), _time(entry.median_ns)
        lines.append(f"{total:>10} {share:>7} {entry.runs:>8} {median:>10}  {entry.kernel}{where}")
    return "".join(f"{line}\n" for line in lines)


def _time(nanoseconds: float) -> str:
    """Three digits and a unit."""
    for unit, size in (("s", 1e9), ("ms", 1e6), ("us", 1e3)):
        if nanoseconds >= size:
            return f"{nanoseconds / size:#.3g} {unit}".replace(". ", " ")
    return f"{nanoseconds} ns"


def read_profile(text: str) -> list[KernelProfile]:
    """A profile from the text that `write_profile` made of it.

    Raises:
        UsageError: it is something else.
    """
    try:
        content = json.loads(text)
    except ValueError as error:
        raise UsageError(f"it is not JSON: {error}") from error
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        raise UsageError(f"its \"format\" is not '{_FORMAT}'")
    entries = content.get("kernels")
    if not isinstance(entries, list):
        raise UsageError('its "kernels" are not a list')
    return [_entry(number, entry) for number, entry in enumerate(entries)]


def _entry(number: int, entry: Any) -> KernelProfile:
    given = entry if isinstance(entry, dict) else {}
    fields: dict[str, Any] = {name: given.get(name) for name in _FIELDS}
    for name, types in _FIELDS.items():
        value = fields[name]
        if type(value) not in types or (isinstance(value, int) and value < 0):
            kind = "a name" if str in types else "a number that is not negative"
            raise UsageError(f'"{name}" of kernel #{number} is not {kind}')
    return KernelProfile(**fields)
