"""Designators: what they match, and what is said where they do not."""

from __future__ import annotations

import pytest

from tfrt.executor.support.diagnostics import Diagnostic
from tfrt.executor.support.location import UNKNOWN, FileLineCol
from tfrt.executor.support.verify_diagnostics import check, find_expectations


def problems(text: str, *diagnostics: Diagnostic) -> list[str]:
    """The headlines of what differs between a text's designators and some diagnostics."""
    expectations, malformed = find_expectations(text, "f.mlir")
    return [d.headline() for d in malformed + check(expectations, diagnostics)]


def at(line: int, message: str = "no good", severity: str = "error") -> Diagnostic:
    return Diagnostic(severity, message, FileLineCol("f.mlir", line, 3))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("x // expected-error {{no good}}", 1),
        ("// expected-error@+1 {{good}}\nx", 2),
        ("// expected-error @+1 {{good}}\nx", 2),
        ("x\n\n// expected-error@-2 {{no}}", 1),
        ("// expected-error@below {{no}}\nx", 2),
        ("x\n// expected-error@above {{no}}", 1),
        ("// expected-error@7 {{no}}", 7),
        ("// expected-error{{no}}", 1),
        ("x // expected-error-re {{no {{g..d}}}}", 1),
        ("x // expected-error-re {{{{^no .{4}$}}}}", 1),
    ],
)
def test_where_designators_point(text, line):
    assert problems(text, at(line)) == []
    assert len(problems(text, at(line + 1))) == 2


def test_below_and_above_skip_lines_with_designators():
    text = "// expected-error@below {{one}}\n// expected-note@below {{two}}\nx\n// expected-remark@above {{three}}"
    found = [at(3, "one"), at(3, "two", "note"), at(3, "three", "remark")]
    assert problems(text, *found) == []


def test_several_designators_on_a_line():
    text = "x // expected-error {{one}} expected-error {{two}}"
    assert problems(text, at(1, "two"), at(1, "one")) == []


@pytest.mark.parametrize("severity", ["error", "warning", "remark", "note"])
def test_severities(severity):
    text = f"x // expected-{severity} {{{{no good}}}}"
    assert problems(text, at(1, severity=severity)) == []
    other = "error" if severity == "note" else "note"
    assert problems(text, at(1, severity=other)) == [
        f"f.mlir:1:3: error: unexpected {other}: no good",
        f'f.mlir:1:6: error: expected {severity} "no good" was not produced',
    ]


def test_diagnostics_without_a_position():
    assert problems("// expected-error@unknown {{no}}", Diagnostic("error", "no", UNKNOWN)) == []
    assert problems("", Diagnostic("error", "no")) == ["error: unexpected error: no"]


def test_each_designator_matches_one_diagnostic():
    text = "x // expected-error {{no}}"
    assert problems(text, at(1), at(1)) == ["f.mlir:1:3: error: unexpected error: no good"]


def test_notes_are_diagnostics_too():
    error = Diagnostic("error", "outer", FileLineCol("f.mlir", 1, 1), (at(2, "inner", "note"),))
    assert problems("x // expected-error {{outer}}\ny // expected-note {{inner}}", error) == []
    assert problems("x // expected-error {{outer}}\ny", error) == ["f.mlir:2:3: error: unexpected note: inner"]


def test_text_is_literal():
    assert problems("x // expected-error {{a.*(b}}", at(1, "see a.*(b here")) == []
    assert problems("x // expected-error-re {{a.b{{[0-9]+}}}}", at(1, "a.b12")) == []
    assert len(problems("x // expected-error-re {{a.b{{[0-9]+}}}}", at(1, "axb12"))) == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "x // expected-error no braces",
            "f.mlir:1:3: error: malformed designator; expected 'expected-error@+1 {{message}}' or a similar one",
        ),
        (
            "x // expected-error-re {{{{(}}}}",
            "f.mlir:1:6: error: invalid regular expression: missing ), unterminated subpattern at position 0",
        ),
    ],
)
def test_malformed_designators(text, message):
    assert problems(text) == [message]
