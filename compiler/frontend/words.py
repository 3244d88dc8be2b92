"""What words mean to the lexer: keywords of the core grammar, scalar types, and names of ops with a custom form.

Dialects are imported when a text first names one of their ops, and only the forms of dialects in use become part of
the grammar.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from xdsl.ir import Dialect, Operation
from xdsl.irdl import IRDLOperation

from tfrt.compiler.frontend import custom_forms
from tfrt.compiler.frontend.assembly import CustomForm, UnsupportedFormat, compile_format
from tfrt.compiler.frontend.builtin_types import scalar_type
from tfrt.compiler.frontend.lexer import CORE_KEYWORDS
from tfrt.dialects import plugin_of
from tfrt.dialects.shared.forms import HandWrittenOp
from tfrt.dialects.shared.interning import once_each
from tfrt.dialects.shared.open_context import OpenContext

_KEYWORDS: dict[str, tuple[str, Any]] = {
    **{word: (word.upper(), None) for word in CORE_KEYWORDS},
    **dict.fromkeys(custom_forms.VISIBILITIES, ("VISIBILITY", None)),
    **dict.fromkeys(("tensor", "vector", "memref"), ("SHAPED", None)),
}

_Form = CustomForm | custom_forms.HandWrittenForm

_DEFAULT_DIALECT = "func"
_SHORT = frozenset({"call", "return"})
"""Ops of that dialect that are named without it directly inside a function, as MLIR's functions have it."""

_compiled_forms: dict[type[Operation], _Form | None] = {}


class Words:
    """The words of one context; remembers which custom forms a text uses."""

    def __init__(self, context: OpenContext):
        self._context = context
        self.rules: set[str] = set()
        """The grammar alternatives of all ops of the dialects used so far."""
        self.definitions: set[str] = set()
        """The grammar rules that these alternatives add."""
        self._dialects: set[str] = set()
        self._meanings: dict[str, tuple[str, Any]] = {}

    def __call__(self, word: str) -> tuple[str, Any]:
        """The kind of `word` and what it stands for (see lexer.WordTable)."""
        meaning = self._meanings.get(word)
        if meaning is None:
            meaning = self._meanings[word] = self._meaning_of(word)
        return meaning

    def _meaning_of(self, word: str) -> tuple[str, Any]:
        known = _KEYWORDS.get(word)
        if known is not None:
            return known
        hand_written = custom_forms.FORMS.get(word)
        dialect, dot, _ = word.partition(".")
        if dot and dialect not in self._dialects:
            self._use_dialect(dialect)
        if hand_written is not None:
            return (hand_written.terminal, hand_written)
        if dot:
            form = self._form_of(word)
            return ("WORD", None) if form is None else (form.terminal, form)
        if word in _SHORT:
            self._use_dialect(_DEFAULT_DIALECT)
            form = self._form_of(f"{_DEFAULT_DIALECT}.{word}")
            return (form.terminal, replace(form, is_short=True)) if isinstance(form, CustomForm) else ("WORD", None)
        scalar = scalar_type(word)
        return ("WORD", None) if scalar is None else ("TYPE", scalar)

    def _form_of(self, name: str) -> _Form | None:
        if not self._context.knows_dialect_of(name):
            return None
        op_class = self._context.get_optional_op(name)
        return None if op_class is None else _compiled_forms.get(op_class)

    def _use_dialect(self, name: str) -> None:
        self._dialects.add(name)
        if not self._context.knows(name):
            return
        rules, definitions = _forms_of(self._context.get_dialect(name))
        self.rules |= rules
        self.definitions |= definitions


@once_each
def _forms_of(dialect: Dialect) -> tuple[frozenset[str], frozenset[str]]:
    """The grammar alternatives of a dialect's ops, and the rules that they add."""
    classes = [each for each in dialect.operations if issubclass(each, IRDLOperation)]
    forms = [form for each in classes if (form := _compiled_form(each)) is not None]
    return frozenset(form.rule for form in forms), frozenset[str]().union(*[form.definitions for form in forms])


def _compiled_form(op_class: type[IRDLOperation]) -> _Form | None:
    """The form that the op's format string declares; None where it has none, or xDSL's ops one that cannot be read.

    Raises:
        UsageError: the op is an installed package's, and its form cannot be read.
    """
    if op_class not in _compiled_forms:
        format = op_class.get_irdl_definition().assembly_format
        form: _Form | None = None
        if issubclass(op_class, HandWrittenOp):
            form = custom_forms.hand_written_form(op_class)
        elif format is not None:
            try:
                form = compile_format(op_class, format)
            except UnsupportedFormat as error:
                plugin = plugin_of(op_class.name)
                if plugin is not None:
                    raise plugin.refuse(f"defines an op that cannot be read: {error}") from error
        _compiled_forms[op_class] = form
    return _compiled_forms[op_class]
