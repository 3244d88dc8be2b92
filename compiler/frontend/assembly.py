"""From an op's `assembly_format` string to its parse rule.

The string that xDSL prints an op with says how to read it, too. `compile_format` turns its directives into an
alternative of the grammar's `custom_op` rule and into *slots*, which say what the parts that the rule yields
mean for the op at hand. Ops with the same shape of form share a rule, and the terminal that starts it: the
lexer looks up an op's name to find the terminal. Types that a form does not spell are inferred from the irdl
definition.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from zlib import crc32

from xdsl.dialects.builtin import (
    DenseArrayBase,
    FloatAttr,
    IntegerAttr,
    StringAttr,
    SymbolNameConstraint,
    SymbolRefAttr,
)
from xdsl.ir import Attribute
from xdsl.irdl import (
    AttrConstraint,
    IRDLOperation,
    OpDef,
    OperandDef,
    ParamAttrConstraint,
    ResultDef,
    VarOperandDef,
    VarResultDef,
)
from xdsl.irdl.constraints import InferenceContext

from tfrt.compiler.frontend.errors import KEYWORD_PREFIX
from tfrt.compiler.frontend.lexer import CORE_KEYWORDS, PUNCTUATION
from tfrt.dialects.shared.directives import SpelledDirective
from tfrt.dialects.shared.spelled_attributes import SpelledByWord

_ELEMENTS = re.compile(
    r"\s*(?:`(?P<literal>[^`]*)`|\$(?P<name>\w+)|(?P<type>type)\(\s*\$?(?P<of>\w+)\s*\)"
    r"|functional-type\(\s*\$?(?P<inputs>\w+)\s*,\s*\$?(?P<outputs>\w+)\s*\)"
    r"|custom<\s*(?P<custom>\w+)\s*>\((?P<arguments>[^()]*(?:\([^()]*\)[^()]*)*)\)"
    r"|(?P<directive>attr-dict-with-keyword|attr-dict|operands)|(?P<open>\()|(?P<close>\)\?)|(?P<anchor>\^))"
)


@dataclass(frozen=True, slots=True)
class Slot:
    """What one part that a rule yields means.

    `kind` is one of: operand, operands (`name`: which operand definition, or None for all of the op),
    operand_type, operand_types, result_type, result_types (likewise), signature (`name` and `outputs`),
    number, numbers, string, symbol_name, word, attribute (`name`: which attribute), attributes (the dictionary),
    directive (which one, and the `names` of its arguments).
    """

    kind: str
    name: str | None = None
    outputs: str | None = None
    word: type[SpelledByWord] | None = None
    directive: type[SpelledDirective] | None = None
    names: tuple[str, ...] = ()
    type: Attribute | None = None


@dataclass(frozen=True, slots=True)
class CustomForm:
    """How to read one op: the rule it shares, and what the rule's parts mean."""

    op_class: type[IRDLOperation]
    rule: str
    slots: tuple[Slot, ...]
    operands: tuple[tuple[str, bool, Attribute | None], ...]
    """Name, whether variadic, and type where it is always the same, of each operand definition."""
    results: tuple[tuple[str, bool, Attribute | None], ...]
    properties: frozenset[str] = frozenset()
    """The attributes that are properties of the op."""
    definitions: frozenset[str] = frozenset()
    """The grammar rules that this form adds."""
    is_short: bool = False
    """Whether the op is spelled without its dialect, which must then be the default one."""

    @property
    def terminal(self) -> str:
        return self.rule.split(maxsplit=1)[0]


class UnsupportedFormat(Exception):
    """A format string uses what this module does not know; the op can be read in generic form only."""


def compile_format(op_class: type[IRDLOperation], format: str) -> CustomForm:
    """The custom form of an op. Raises `UnsupportedFormat`."""
    definition = op_class.get_irdl_definition()
    operands = tuple((n, isinstance(d, VarOperandDef), _fixed_type(d)) for n, d in definition.operands)
    results = tuple((n, isinstance(d, VarResultDef), _fixed_type(d)) for n, d in definition.results)
    fragments: list[str] = []
    slots: list[Slot] = []
    optional = False
    position = 0
    text = format.strip()
    while position < len(text):
        match = _ELEMENTS.match(text, position)
        if match is None:
            raise UnsupportedFormat(f"{op_class.name}: cannot read assembly format at '{text[position:]}'")
        position = match.end()
        if match["open"]:
            optional = True
            fragments.append("[")
        elif match["close"]:
            optional = False
            fragments.append("]")
        elif match["literal"] is not None:
            literal = match["literal"].strip()
            if literal:
                fragments.append(_literal(op_class, literal))
        elif not match["anchor"]:
            fragment, slot = _element(match, definition, operands, results, optional)
            if fragment:
                fragments.append(fragment)
                slots.append(slot)
    body = " ".join(fragments)
    rule = f"OP_{crc32(body.encode()):08X} {body} -> assembled"
    properties = frozenset(definition.properties)
    used = [slot.directive for slot in slots if slot.directive is not None]
    added = frozenset(directive.RULES for directive in used if directive.RULES)
    return CustomForm(op_class, rule, tuple(slots), operands, results, properties, added)


def _literal(op_class: type[IRDLOperation], literal: str) -> str:
    """The grammar symbol for a literal. Keywords that the core grammar lacks get terminals of their own."""
    if literal in PUNCTUATION:
        terminal = PUNCTUATION[literal]
        return terminal if terminal.startswith("_") else f'"{literal}"'
    if literal in CORE_KEYWORDS:
        return f'"{literal}"'
    if not re.fullmatch("[a-z_]+", literal):
        raise UnsupportedFormat(f"{op_class.name}: cannot read literal '{literal}' in assembly format")
    return f"{KEYWORD_PREFIX}{literal.upper()}"


def _element(
    match: re.Match[str],
    definition: OpDef,
    operands: Sequence[tuple[str, bool, Attribute | None]],
    results: Sequence[tuple[str, bool, Attribute | None]],
    optional: bool,
) -> tuple[str, Slot]:
    values = "values" if optional else "opt_values"
    types = "types" if optional else "opt_types"
    if match["custom"]:
        return _directive(match, definition)
    if match["directive"] == "attr-dict":
        return "opt_attributes", Slot("attributes")
    if match["directive"] == "attr-dict-with-keyword":
        return "opt_attributes_with_keyword", Slot("attributes")
    if match["directive"] == "operands":
        if not operands:
            return "", Slot("")
        variadic = any(is_variadic for _, is_variadic, _ in operands)
        return values if variadic else "values", Slot("operands")
    variadic_of = {name: is_variadic for name, is_variadic, _ in operands}
    variadic_result = {name: is_variadic for name, is_variadic, _ in results}
    if match["type"]:
        name = match["of"]
        if name in ("operands", "results"):
            return types, Slot(f"{name[:-1]}_types")
        if name in variadic_of:
            return (types, Slot("operand_types", name)) if variadic_of[name] else ("type", Slot("operand_type", name))
        if name in variadic_result:
            return (types, Slot("result_types", name)) if variadic_result[name] else ("type", Slot("result_type", name))
    if match["inputs"]:
        inputs, outputs = (None if n in ("operands", "results") else n for n in (match["inputs"], match["outputs"]))
        return "signature", Slot("signature", inputs, outputs)
    name = match["name"]
    if name in variadic_of:
        return (values, Slot("operands", name)) if variadic_of[name] else ("VALUE", Slot("operand", name))
    if name in definition.accessor_names:
        name = definition.accessor_names[name][0]
    declared = definition.attributes.get(name) or definition.properties.get(name)
    if declared is None:
        raise UnsupportedFormat(f"{definition.name}: unknown variable '${match['name'] or match['of']}'")
    return _attribute_element(name, declared.constr)


def _directive(match: re.Match[str], definition: OpDef) -> tuple[str, Slot]:
    directive = definition.custom_directives.get(match["custom"])
    if directive is None or not issubclass(directive, SpelledDirective):
        raise UnsupportedFormat(f"{definition.name}: no rule reads the directive '{match['custom']}'")
    names = tuple(re.findall(r"\$(\w+)", match["arguments"]))
    return directive.SYMBOL, Slot("directive", directive=directive, names=names)


def _attribute_element(name: str, constraint: AttrConstraint) -> tuple[str, Slot]:
    bases = constraint.get_bases()
    base = next(iter(bases)) if bases is not None and len(bases) == 1 else None
    if base is not None and issubclass(base, SpelledByWord):
        return "WORD", Slot("word", name, word=base)
    if isinstance(constraint, ParamAttrConstraint) and constraint.base_attr is DenseArrayBase:
        element = constraint.param_constrs[0]
        if element.can_infer(frozenset()):
            return "integer_list", Slot("numbers", name, type=element.infer(InferenceContext()))
    if isinstance(constraint, SymbolNameConstraint):
        return "SYMBOL", Slot("symbol_name", name)
    if bases == {StringAttr}:
        return "STRING", Slot("string", name)
    if bases == {SymbolRefAttr}:
        return "symbol_reference", Slot("attribute", name)
    if isinstance(constraint, ParamAttrConstraint) and constraint.base_attr in (IntegerAttr, FloatAttr):
        type_constraint = constraint.param_constrs[1]
        if type_constraint.can_infer(frozenset()):
            type = type_constraint.infer(InferenceContext())
            return "scalar", Slot("number", name, type=type)
    return "attribute", Slot("attribute", name)


def _fixed_type(definition: OperandDef | ResultDef) -> Attribute | None:
    """The type that every operand or result of this definition has, if that is so."""
    if not definition.constr.can_infer(frozenset(), length_known=True):
        return None
    return definition.constr.infer(InferenceContext(), length=1)[0]
