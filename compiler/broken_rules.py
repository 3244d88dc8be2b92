"""Which rule of its definition an op breaks, in MLIR's words: of operands, results and attributes."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import (
    ArrayAttr,
    FloatAttr,
    IntegerAttr,
    IntegerType,
    StringAttr,
    SymbolRefAttr,
    f16,
    f32,
    f64,
)
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.irdl import (
    AttrConstraint,
    AttributeDef,
    IRDLOperation,
    OperandDef,
    OptAttributeDef,
    OptPropertyDef,
    ParamAttrConstraint,
    PropertyDef,
    RangeConstraint,
    ResultDef,
    VariadicDef,
)
from xdsl.irdl.constraints import InferenceContext, VerificationContext
from xdsl.utils.exceptions import VerifyException

from tfrt.dialects.shared.definitions import I64Array, StringArray
from tfrt.dialects.shared.tensor_types import TensorOf


def broken_rule(op: Operation) -> str | None:
    """Which rule of its irdl definition `op` breaks; None where it is another kind of rule."""
    if not isinstance(op, IRDLOperation):
        return None
    definition = op.get_irdl_definition()
    return (
        _wrong_values("operand", [d for _, d in definition.operands], op.operands)
        or _wrong_values("result", [d for _, d in definition.results], op.results)
        or _wrong_attributes(op)
    )


def _wrong_values(
    what: str, definitions: Sequence[OperandDef] | Sequence[ResultDef], values: Sequence[SSAValue]
) -> str | None:
    fixed = sum(not isinstance(d, VariadicDef) for d in definitions)
    variadic = len(definitions) - fixed
    count = len(values)
    if variadic == 0 and count != fixed:
        if fixed == 0:
            return f"requires zero {what}s"
        return f"expected {fixed} {what}{'s' * (fixed != 1)}, but found {count}"
    if count < fixed:
        return f"expected {fixed} or more {what}s, but found {count}"
    if variadic > 1 and (count - fixed) % variadic:
        return None
    index = 0
    for definition in definitions:
        # Several that are variadic have equally many values.
        repeat = (count - fixed) // variadic if isinstance(definition, VariadicDef) else 1
        for value in values[index : index + repeat]:
            complaint = _complaint(definition, value.type)
            if complaint is not None:
                return f"{what} #{index} {complaint}"
            index += 1
    return None


def _complaint(definition: OperandDef | ResultDef, type: Attribute) -> str | None:
    """What is wrong with the type of a value."""
    each: object = definition.constr
    while isinstance(each, RangeConstraint):
        each = getattr(each, "constraint", None) or getattr(each, "constr", None)
    if isinstance(each, TensorOf):
        return each.complaint(type)
    wanted = _wanted_type(definition)
    if wanted is not None and type != wanted:
        return f"must be {_type_in_words(wanted)}, but got '{type}'"
    return None


def _wanted_type(definition: OperandDef | ResultDef) -> Attribute | None:
    if not definition.constr.can_infer(frozenset(), length_known=True):
        return None
    wanted: Attribute = definition.constr.infer(InferenceContext(), length=1)[0]
    return wanted


def _type_in_words(type: Attribute) -> str:
    if isinstance(type, IntegerType):
        return f"{type.bitwidth}-bit {type.signedness.data.name.lower()} integer"
    if type in (f16, f32, f64):
        return f"{type.bitwidth}-bit float"
    return f"{type} type"


def _wrong_attributes(op: IRDLOperation) -> str | None:
    definition = op.get_irdl_definition()
    declared: dict[str, AttributeDef | PropertyDef] = {**definition.attributes, **definition.properties}
    for name, attribute in declared.items():
        value = op.get_attr_or_prop(name)
        if value is None:
            if not isinstance(attribute, (OptAttributeDef, OptPropertyDef)):
                return f"requires attribute '{name}'"
            continue
        try:
            attribute.constr.verify(value, VerificationContext())
        except VerifyException as error:
            what = _attribute_in_words(attribute.constr) or str(error)
            return f"attribute '{name}' failed to satisfy constraint: {what}"
    return None


def _attribute_in_words(constraint: AttrConstraint) -> str | None:
    if isinstance(constraint, ParamAttrConstraint) and constraint.base_attr in (IntegerAttr, FloatAttr):
        type_constraint = constraint.param_constrs[1]
        if type_constraint.can_infer(frozenset()):
            return f"{_type_in_words(type_constraint.infer(InferenceContext()))} attribute"
    for array, words in _ARRAYS_IN_WORDS:
        if constraint == array:
            return f"{words} array attribute"
    bases = constraint.get_bases()
    for base, words in _ATTRIBUTES_IN_WORDS.items():
        if bases == {base}:
            return f"{words} attribute"
    return None


_ARRAYS_IN_WORDS = ((I64Array, "64-bit integer"), (StringArray, "string"))

_ATTRIBUTES_IN_WORDS: dict[type[Attribute], str] = {
    ArrayAttr: "array",
    StringAttr: "string",
    SymbolRefAttr: "flat symbol reference",
}
