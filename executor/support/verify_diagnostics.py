"""``--verify-diagnostics``: a program's comments say which diagnostics it should cause.

::

    %x = foo.bar   // expected-error {{unknown op}}
    // expected-error@+1 {{unknown op}}        the line below; also -2, @above, @below, an absolute line
    // expected-note-re {{got {{[0-9]+}}}}     with regular expressions in braces of their own

A designator matches one diagnostic of its severity on its line whose message contains its text. ``@below``
and ``@above`` mean the nearest line without designators, ``@unknown`` a diagnostic without a position.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from tfrt.executor.support import cli
from tfrt.executor.support.diagnostics import Diagnostic, source_of_text
from tfrt.executor.support.errors import CompileError
from tfrt.executor.support.location import FileLineCol, position

T = TypeVar("T")

_WHERE = r"[ \t]*(?:@(?P<where>[+-]?\d+|above|below|unknown))?[ \t]*"
_SEVERITY = r"expected-(?P<severity>error|warning|remark|note)"
_DESIGNATOR = re.compile(_SEVERITY + _WHERE + r"\{\{(?P<text>.*?)\}\}(?!\})")
# Its text may hold braces, so it extends to the last ones on the line.
_REGEX_DESIGNATOR = re.compile(_SEVERITY + "-re" + _WHERE + r"\{\{(?P<text>.*)\}\}")
_REGEX_PART = re.compile(r"\{\{(.*?)\}\}(?!\})")
_BEGINNING = re.compile(r"//[ \t]*expected-(?:error|warning|remark|note)\b")


@dataclass(frozen=True, slots=True)
class Expectation:
    """One designator. `line` is where the diagnostic should be (None: nowhere known), `at` the designator."""

    severity: str
    line: int | None
    text: str
    pattern: re.Pattern[str]
    at: FileLineCol

    def accepts(self, diagnostic: Diagnostic) -> bool:
        where = position(diagnostic.location)
        if diagnostic.severity != self.severity or (where.line if where else None) != self.line:
            return False
        return self.pattern.search(diagnostic.message) is not None


def find_expectations(text: str, filename: str) -> tuple[list[Expectation], list[Diagnostic]]:
    """The designators in a program's text, and an error for each comment that is malformed as one."""
    lines = text.split("\n")
    matches_by_line = [
        [*_DESIGNATOR.finditer(line), *_REGEX_DESIGNATOR.finditer(line)] if "expected-" in line else []
        for line in lines
    ]
    has_designator = [bool(matches) for matches in matches_by_line]
    expectations: list[Expectation] = []
    errors: list[Diagnostic] = []
    for number, (line, matches) in enumerate(zip(lines, matches_by_line, strict=True), start=1):
        if not matches and (start := _BEGINNING.search(line)):
            message = "malformed designator; expected 'expected-error@+1 {{message}}' or a similar one"
            errors.append(Diagnostic("error", message, FileLineCol(filename, number, start.start() + 1)))
        for match in matches:
            at = FileLineCol(filename, number, match.start() + 1)
            target = _target(match["where"], number, has_designator)
            try:
                pattern = _pattern(match["text"], is_regex=match.re is _REGEX_DESIGNATOR)
            except re.error as error:
                errors.append(Diagnostic("error", f"invalid regular expression: {error}", at))
                continue
            expectations.append(Expectation(match["severity"], target, match["text"], pattern, at))
    return expectations, errors


def check_parts(
    parts: Sequence[tuple[int, str]],
    filename: str,
    process: Callable[[str, Callable[[Diagnostic], None]], T],
) -> list[T] | None:
    """Process every part of a text and compare what is said about it with what its comments expect.

    What differs is reported.

    Args:
        parts: see `tfrt.compiler.frontend.split_input`.
        filename: what locations call the text.
        process: called with a part, after as many empty lines as come before it, and a handler of remarks.

    Returns:
        What `process` returned for the parts that are valid; None where anything differs.
    """
    results: list[T] = []
    as_expected = True
    for lines_before, part in parts:
        padded = "\n" * lines_before + part
        expectations, malformed = find_expectations(padded, filename)
        diagnostics: list[Diagnostic] = []
        try:
            results.append(process(padded, diagnostics.append))
        except CompileError as error:
            diagnostics += error.diagnostics
        found = malformed + check(expectations, diagnostics)
        cli.report(found, source_of_text(filename, padded))
        as_expected = as_expected and not found
    return results if as_expected else None


def check(expectations: Iterable[Expectation], diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """What differs: an error for each diagnostic that nobody expected and for each that did not come."""
    open_expectations = list(expectations)
    problems: list[Diagnostic] = []
    for diagnostic in _flattened(diagnostics):
        match = next((e for e in open_expectations if e.accepts(diagnostic)), None)
        if match is not None:
            open_expectations.remove(match)
        else:
            message = f"unexpected {diagnostic.severity}: {diagnostic.message}"
            problems.append(Diagnostic("error", message, diagnostic.location))
    for missing in open_expectations:
        message = f'expected {missing.severity} "{missing.text}" was not produced'
        problems.append(Diagnostic("error", message, missing.at))
    return problems


def _flattened(diagnostics: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    for diagnostic in diagnostics:
        yield diagnostic
        yield from _flattened(diagnostic.notes)


def _target(where: str | None, line: int, has_designator: list[bool]) -> int | None:
    if where is None:
        return line
    if where == "unknown":
        return None
    if where in ("above", "below"):
        step = -1 if where == "above" else 1
        target = line + step
        while 1 <= target <= len(has_designator) and has_designator[target - 1]:
            target += step
        return target
    return line + int(where) if where[0] in "+-" else int(where)


def _pattern(text: str, *, is_regex: bool) -> re.Pattern[str]:
    if not is_regex:
        return re.compile(re.escape(text))
    parts = _REGEX_PART.split(text)  # literal text and regular expressions take turns
    return re.compile("".join(part if i % 2 else re.escape(part) for i, part in enumerate(parts)))
