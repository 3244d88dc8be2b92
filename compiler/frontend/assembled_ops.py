"""From records whose rules came from `assembly_format` strings to ops: what the slots say that each part means."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xdsl.dialects.builtin import StringAttr, i1
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.irdl.constraints import VerificationContext
from xdsl.utils.exceptions import VerifyException

from tfrt.compiler.frontend import dense_literals, string_literals
from tfrt.compiler.frontend.assembly import CustomForm, Slot
from tfrt.compiler.frontend.builder import Builder
from tfrt.compiler.frontend.errors import SyntaxFailure
from tfrt.compiler.frontend.records import OpRecord
from tfrt.compiler.frontend.session import FALSE, TRUE, number_attribute, string_attribute
from tfrt.dialects.shared.spelled_attributes import SpelledByWord


def build_assembled(builder: Builder, record: OpRecord) -> Operation:
    """Make the op of a record whose rule came from `compile_format`."""
    return read(builder, record).finish(record)


def read(builder: Builder, record: OpRecord) -> Reading:
    """The parts of a record's op.

    Raises:
        SyntaxFailure: they do not fit together.
    """
    token, *parts = record.parts
    form: CustomForm = token[1]
    if form.is_short:
        dialect, _, word = form.op_class.name.partition(".")
        if builder.default_dialect != dialect:
            raise SyntaxFailure(token[2], f"custom op '{word}' is unknown")
    reading = Reading(builder, form, token[2])
    for slot, part in zip(form.slots, parts, strict=True):
        if part is not None:
            reading.take(slot, part)
    return reading


class Reading:
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
