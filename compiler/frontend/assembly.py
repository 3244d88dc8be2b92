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
from typing import Any
from zlib import crc32

from xdsl.dialects.builtin import (
    DenseArrayBase,
    FloatAttr,
    IntegerAttr,
    StringAttr,
    SymbolNameConstraint,
    SymbolRefAttr,
    i1,
)
from xdsl.ir import Attribute, Operation, SSAValue
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
from xdsl.irdl.constraints import InferenceContext, VerificationContext
from xdsl.utils.exceptions import VerifyException

from tfrt.compiler.frontend import dense_literals, string_literals
from tfrt.compiler.frontend.builder import Builder
from tfrt.compiler.frontend.custom_forms import HandWrittenForm
from tfrt.compiler.frontend.errors import KEYWORD_PREFIX, SyntaxFailure
from tfrt.compiler.frontend.lexer import CORE_KEYWORDS, PUNCTUATION
from tfrt.compiler.frontend.lines import LikeOp, Line, NotByLine
from tfrt.compiler.frontend.records import OpRecord
from tfrt.compiler.frontend.session import FALSE, TRUE, number_attribute, string_attribute
from tfrt.dialects.shared.directives import SpelledDirective
from tfrt.dialects.shared.ops import copy_region, is_plain, make_op, operands_of
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


# Building


def build_assembled(builder: Builder, record: OpRecord) -> Operation:
    """Make the op of a record whose rule came from `compile_format`."""
    return _read(builder, record).finish(record)


def is_like_its_kind(record: OpRecord) -> bool:
    """Whether ops of other lines that say the same can be made like that of a record: it spells no regions, and means
    the same everywhere."""
    if len(record.results) != 1:
        return False
    form = record.parts[0][1]
    if isinstance(form, CustomForm):
        return not form.is_short
    return isinstance(form, HandWrittenForm) and form.operand_names(*record.parts[1:]) is not None


def build_first(builder: Builder, record: OpRecord) -> Operation:
    """Make the op of a line, and keep what it has in common with those of others of its kind."""
    line, own = record.parts
    (_, form, _), *parts = own.parts
    if isinstance(form, HandWrittenForm):
        op, tokens = form.build(builder, own), form.operand_names(*parts)
    else:
        reading = _read(builder, own)
        op, tokens = reading.finish(own), reading.operand_tokens()
    if tokens is None or len(tokens) != len(operands_of(op)) or len(op.results) != 1:
        raise NotByLine
    if not all(map(is_plain, op.regions)):
        raise NotByLine
    places = {offset: place for place, offset in enumerate(line.offsets(builder.session.source.text))}
    operands = [(places[token[2]], operand.type) for token, operand in zip(tokens, operands_of(op), strict=True)]
    types = [result.type for result in op.results]
    line.kind.op = LikeOp(type(op), operands, types, dict(op.attributes), dict(op.properties), op.regions, own.location)
    return op


def build_alike(builder: Builder, record: OpRecord) -> Operation:
    """Make the op of a line like others before it."""
    line = record.parts
    assert isinstance(line, Line)
    kind, names, start, _ = line
    if kind.op is None:
        raise NotByLine
    op_class, known_operands, result_types, attributes, properties, regions, location = kind.op
    known = builder.known_values
    operands: list[SSAValue] = []
    for place, type in known_operands:
        value = known.get(names[place])
        if value is None or (value._type is not type and value._type != type):
            offset = line.offsets(builder.session.source.text)[place]
            (value,) = builder.values([("VALUE", names[place], offset)], [type], offset)
        operands.append(value)
    name = names[0]
    if location is None:
        # The op's name comes after " = ".
        location = builder.location(start + len(name) + 3)
    if regions:
        op = op_class.create(
            operands=operands,
            result_types=result_types,
            attributes=attributes,
            properties=properties,
            regions=[copy_region(region, location) for region in regions],
            location=location,
        )
    else:
        op = make_op(op_class, operands, result_types, attributes, properties, location)
    (result,) = op.results
    builder.define(name, result, start)
    return op


def _read(builder: Builder, record: OpRecord) -> _Reading:
    """The parts of a record's op."""
    token, *parts = record.parts
    form: CustomForm = token[1]
    if form.is_short:
        dialect, _, word = form.op_class.name.partition(".")
        if builder.default_dialect != dialect:
            raise SyntaxFailure(token[2], f"custom op '{word}' is unknown")
    reading = _Reading(builder, form, token[2])
    for slot, part in zip(form.slots, parts, strict=True):
        if part is not None:
            reading.take(slot, part)
    return reading


class _Reading:
    """Gathers the parts of one op."""

    __slots__ = ("attributes", "builder", "form", "offset", "operand_types", "operands", "result_types")

    def __init__(self, builder: Builder, form: CustomForm, offset: int):
        self.builder = builder
        self.form = form
        self.offset = offset
        self.operands: dict[str | None, list[Any]] = {}
        self.operand_types: dict[str | None, list[Attribute]] = {}
        self.result_types: dict[str | None, list[Attribute]] = {}
        self.attributes: dict[str, Attribute] = {}

    def take(self, slot: Slot, part: Any) -> None:
        match slot.kind:
            case "operand":
                self.operands[slot.name] = [part]
            case "operands":
                self.operands[slot.name] = part
            case "operand_type":
                self.operand_types[slot.name] = [part]
            case "operand_types":
                self.operand_types[slot.name] = part
            case "result_type":
                self.result_types[slot.name] = [part]
            case "result_types":
                self.result_types[slot.name] = part
            case "signature":
                self.operand_types[slot.name], self.result_types[slot.outputs] = part
            case "number":
                self.attributes[slot.name or ""] = self._number(part, slot.type)
            case "numbers":
                assert slot.type is not None
                self.attributes[slot.name or ""] = dense_literals.typed_array(slot.type, part, self.offset)
            case "word":
                self.attributes[slot.name or ""] = self._word(part, slot.word)
            case "directive":
                self._spelled(slot, part)
            case "symbol_name":
                self.attributes[slot.name or ""] = StringAttr(string_literals.symbol_name(part))
            case "string":
                self.attributes[slot.name or ""] = string_attribute(self.builder.session, part)
            case "attribute":
                self.attributes[slot.name or ""] = part
            case "attributes":
                self._merge(part)

    def _merge(self, dictionary: dict[str, Attribute]) -> None:
        for name, value in dictionary.items():
            if name in self.attributes:
                self.builder.session.report(
                    self.offset, f"attribute '{name}' occurs more than once in the attribute list"
                )
            self.attributes.setdefault(name, value)

    def _number(self, token: Any, type: Attribute | None) -> Attribute:
        assert type is not None
        if token[0] in ("TRUE", "FALSE"):
            if type != i1:
                self.builder.session.report(token[2], f"expected a number of type '{type}', found '{token[1]}'")
            return TRUE if token[0] == "TRUE" else FALSE
        return number_attribute(self.builder.session, token, type)

    def _word(self, token: Any, attribute_class: type[SpelledByWord] | None) -> Attribute:
        assert attribute_class is not None
        try:
            return attribute_class.from_body(token[1])
        except ValueError as error:
            raise SyntaxFailure(token[2], str(error)) from None

    def _spelled(self, slot: Slot, part: Any) -> None:
        assert slot.directive is not None
        try:
            slot.directive.read(part, slot.names, self)
        except ValueError as error:
            raise SyntaxFailure(self.offset, f"'{self.form.op_class.name}' op {error}") from None

    def finish(self, record: OpRecord) -> Operation:
        operands = self._resolve_operands()
        result_types = self._types_of_results(operands)
        attributes, properties = self.attributes, {}
        if self.form.properties:
            properties = {name: value for name, value in attributes.items() if name in self.form.properties}
            attributes = {name: value for name, value in attributes.items() if name not in properties}
        return self.builder.create(
            self.form.op_class,
            self.offset,
            record,
            operands,
            result_types,
            attributes=attributes,
            properties=properties,
        )

    def operand_tokens(self) -> list[Any]:
        """The names of all operands."""
        tokens = self.operands.get(None)
        if tokens is None:
            tokens = [token for name, _, _ in self.form.operands for token in self.operands.get(name, [])]
        return tokens

    def _resolve_operands(self) -> list[SSAValue]:
        form = self.form
        types: Sequence[Attribute] | None = self.operand_types.get(None)
        if None in self.operands or types is not None:
            tokens = self.operand_tokens()
            if types is None:
                types = self._spread(form.operands, len(tokens))
            return self.builder.values(tokens, types, self.offset)
        values: list[SSAValue] = []
        for name, _, fixed in form.operands:
            tokens = self.operands.get(name, [])
            types = self.operand_types.get(name)
            if types is None:
                types = [fixed] * len(tokens) if fixed is not None else self._infer_operands(name, len(tokens))
            values += self.builder.values(tokens, types, self.offset)
        return values

    def _spread(self, definitions: Sequence[tuple[str, bool, Attribute | None]], count: int) -> list[Attribute]:
        """The fixed types for `count` values of these definitions, of which at most one is variadic."""
        types: list[Attribute] = []
        for name, is_variadic, fixed in definitions:
            repeat = count - len(definitions) + 1 if is_variadic else 1
            explicit = self.operand_types.get(name)
            if explicit is not None:
                types += explicit
            elif fixed is not None:
                types += [fixed] * repeat
        return types

    def _types_of_results(self, operands: Sequence[SSAValue]) -> list[Attribute]:
        explicit_all = self.result_types.get(None)
        if explicit_all is not None:
            return explicit_all
        types: list[Attribute] = []
        for name, is_variadic, fixed in self.form.results:
            explicit = self.result_types.get(name)
            if explicit is not None:
                types += explicit
            elif is_variadic:
                continue
            elif fixed is not None:
                types.append(fixed)
            else:
                types.append(self._infer_result(name, operands))
        return types

    def _infer_operands(self, name: str, count: int) -> Sequence[Attribute]:
        """The types of operands that follow from those that the text spells by the constraints they share; or none."""
        if not count:
            return []
        definition = self.form.op_class.get_irdl_definition()
        constraint = dict(definition.operands)[name].constr
        context = VerificationContext()
        try:
            for definitions, types in (
                (definition.operands, self.operand_types),
                (definition.results, self.result_types),
            ):
                for other, each in definitions:
                    if other in types:
                        each.constr.verify(types[other], context)
        except VerifyException as error:
            raise SyntaxFailure(self.offset, f"'{self.form.op_class.name}' op {error}") from None
        if not constraint.can_infer(context.attr_variables, length_known=True):
            return []
        return constraint.infer(context, length=count)

    def _infer_result(self, name: str, operands: Sequence[SSAValue]) -> Attribute:
        """The type of a result that follows from the operands' types by the constraints they share."""
        definition = self.form.op_class.get_irdl_definition()
        context = VerificationContext()
        try:
            for (_, operand_definition), value in zip(definition.operands, operands, strict=False):
                operand_definition.constr.verify([value.type], context)
            result = dict(definition.results)[name]
            inferred = result.constr.infer(context, length=1)
        except VerifyException as error:
            raise SyntaxFailure(self.offset, f"'{self.form.op_class.name}' op {error}") from None
        return inferred[0]
