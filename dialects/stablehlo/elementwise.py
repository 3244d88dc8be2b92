"""Ops that do the same to each element, or to each pair or triple of elements."""

from __future__ import annotations

from typing import Any

from xdsl.dialects.builtin import ComplexType, IntegerType, Signedness
from xdsl.irdl import (
    AttrConstraint,
    IRDLOperation,
    ParsePropInAttrDict,
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    prop_def,
    result_def,
    traits_def,
)
from xdsl.traits import Commutative, Pure

from tfrt.dialects.shared.tensor_types import (
    CheckedOp,
    element_of,
    kind_of,
    require_one_element_type,
    require_one_type,
    require_shape,
    shape_of,
)
from tfrt.dialects.shared.verification import fail
from tfrt.dialects.stablehlo.attributes import ComparisonDirection, ComparisonType, ResultAccuracy
from tfrt.dialects.stablehlo.constraints import (
    ANY,
    COMPLEX,
    FLOAT,
    FLOAT_OR_COMPLEX,
    I32,
    INTEGER,
    LOGICAL,
    PRED,
    SIGNED,
)
from tfrt.dialects.stablehlo.directives import ExponentMantissa
from tfrt.dialects.stablehlo.type_directives import (
    BinaryType,
    ComplexOpType,
    SelectOpType,
    TernaryType,
    UnaryType,
    real_type,
)
from tfrt.executor.declarations import stablehlo_shapes as shapes

_OpClass = type[IRDLOperation]


class _Unary(CheckedOp):
    custom_directives = (UnaryType,)
    assembly_format = "$operand attr-dict `:` custom<UnaryType>(type($operand), type($result))"
    irdl_options = (ParsePropInAttrDict(),)

    def check(self) -> None:
        require_one_type(self, "C1", [*self.operand_types, *self.result_types])


class _Binary(CheckedOp):
    custom_directives = (BinaryType,)
    assembly_format = "$lhs `,` $rhs attr-dict `:` custom<BinaryType>(type($lhs), type($rhs), type($result))"

    def check(self) -> None:
        require_one_type(self, "C1", [*self.operand_types, *self.result_types])


def _class_name(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_")) + "Op"


def _unary(name: str, types: AttrConstraint[Any], summary: str, *, accuracy: bool = False) -> _OpClass:
    """An op of one operand, whose type the result has; with `accuracy`, one that can be asked for a certain one."""
    fields: dict[str, Any] = {
        "__doc__": summary,
        "__module__": __name__,
        "name": f"stablehlo.{name}",
        "operand": operand_def(types),
        "result": result_def(types),
        "traits": traits_def(Pure()),
    }
    if accuracy:
        fields["result_accuracy"] = opt_prop_def(ResultAccuracy)
    return irdl_op_definition(type(_class_name(name), (_Unary,), fields))


def _binary(name: str, types: AttrConstraint[Any], summary: str, *, commutes: bool = False) -> _OpClass:
    """An op of two operands, whose type the result has."""
    fields: dict[str, Any] = {
        "__doc__": summary,
        "__module__": __name__,
        "name": f"stablehlo.{name}",
        "lhs": operand_def(types),
        "rhs": operand_def(types),
        "result": result_def(types),
        "traits": traits_def(Pure(), *([Commutative()] if commutes else [])),
    }
    return irdl_op_definition(type(_class_name(name), (_Binary,), fields))


UNARY_OPS = (
    _unary("cbrt", FLOAT_OR_COMPLEX, "The cubic root.", accuracy=True),
    _unary("ceil", FLOAT, "The least integer that is not less."),
    _unary("cosine", FLOAT_OR_COMPLEX, "The cosine.", accuracy=True),
    _unary("count_leading_zeros", INTEGER, "How many bits are zero before the first one."),
    _unary("exponential", FLOAT_OR_COMPLEX, "e to that power.", accuracy=True),
    _unary("exponential_minus_one", FLOAT_OR_COMPLEX, "e to that power, less one.", accuracy=True),
    _unary("floor", FLOAT, "The greatest integer that is not more."),
    _unary("log", FLOAT_OR_COMPLEX, "The natural logarithm.", accuracy=True),
    _unary("log_plus_one", FLOAT_OR_COMPLEX, "The natural logarithm of one more.", accuracy=True),
    _unary("logistic", FLOAT_OR_COMPLEX, "The logistic function.", accuracy=True),
    _unary("negate", SIGNED, "The negative."),
    _unary("not", LOGICAL, "All bits flipped."),
    _unary("popcnt", INTEGER, "How many bits are one."),
    _unary("round_nearest_afz", FLOAT, "The nearest integer, ties away from zero."),
    _unary("round_nearest_even", FLOAT, "The nearest integer, ties to the even one."),
    _unary("rsqrt", FLOAT_OR_COMPLEX, "One by the square root.", accuracy=True),
    _unary("sign", SIGNED, "-1, 0 or 1; of complex numbers the direction."),
    _unary("sine", FLOAT_OR_COMPLEX, "The sine.", accuracy=True),
    _unary("sqrt", FLOAT_OR_COMPLEX, "The square root.", accuracy=True),
    _unary("tan", FLOAT_OR_COMPLEX, "The tangent.", accuracy=True),
    _unary("tanh", FLOAT_OR_COMPLEX, "The hyperbolic tangent.", accuracy=True),
)

BINARY_OPS = (
    _binary("add", ANY, "The sum; of booleans the disjunction.", commutes=True),
    _binary("and", LOGICAL, "The bits that are one in both.", commutes=True),
    _binary("atan2", FLOAT_OR_COMPLEX, "The angle of a point with these coordinates, y first."),
    _binary("divide", SIGNED, "The quotient; of integers without the remainder."),
    _binary("maximum", ANY, "The greater one; of booleans the disjunction.", commutes=True),
    _binary("minimum", ANY, "The lesser one; of booleans the conjunction.", commutes=True),
    _binary("multiply", ANY, "The product; of booleans the conjunction.", commutes=True),
    _binary("or", LOGICAL, "The bits that are one in either.", commutes=True),
    _binary("power", SIGNED, "The one to the power of the other."),
    _binary("remainder", SIGNED, "The remainder of a division, with the sign of the dividend."),
    _binary("shift_left", INTEGER, "Bits moved up."),
    _binary("shift_right_arithmetic", INTEGER, "Bits moved down, with copies of the first."),
    _binary("shift_right_logical", INTEGER, "Bits moved down, with zeros."),
    _binary("subtract", SIGNED, "The difference."),
    _binary("xor", LOGICAL, "The bits that are one in either but not in both.", commutes=True),
)


class _OfParts(_Unary):
    """An op whose result is real also where the operand is complex."""

    def check(self) -> None:
        (operand,), (result,) = self.operand_types, self.result_types
        require_shape(self, "C1", "a result", result, shape_of(operand))
        element = element_of(operand)
        wanted = element.element_type if isinstance(element, ComplexType) else element
        if element_of(result) != wanted:
            fail(self, f"(C2) expects a result of '{wanted}' elements, but got '{result}'")


def _of_parts(name: str, types: AttrConstraint[Any], results: AttrConstraint[Any], summary: str) -> _OpClass:
    fields: dict[str, Any] = {
        "__doc__": summary,
        "__module__": __name__,
        "name": f"stablehlo.{name}",
        "operand": operand_def(types),
        "result": result_def(results),
        "traits": traits_def(Pure()),
    }
    return irdl_op_definition(type(_class_name(name), (_OfParts,), fields))


PART_OPS = (
    _of_parts("abs", SIGNED, SIGNED, "The absolute value."),
    _of_parts("imag", FLOAT_OR_COMPLEX, FLOAT, "The imaginary part."),
    _of_parts("real", FLOAT_OR_COMPLEX, FLOAT, "The real part."),
)


@irdl_op_definition
class ConvertOp(_Unary):
    """The same values in another element type."""

    name = "stablehlo.convert"
    operand = operand_def(ANY)
    result = result_def(ANY)
    traits = traits_def(Pure())

    def check(self) -> None:
        require_shape(self, "C1", "a result", self.result.type, shape_of(self.operand.type))


@irdl_op_definition
class IsFiniteOp(CheckedOp):
    """Whether a number is neither infinite nor NaN."""

    name = "stablehlo.is_finite"
    x = operand_def(FLOAT)
    y = result_def(PRED)
    traits = traits_def(Pure())
    assembly_format = "operands attr-dict `:` functional-type(operands, results)"

    def check(self) -> None:
        require_shape(self, "C1", "a result", self.y.type, shape_of(self.x.type))


@irdl_op_definition
class ComplexOp(CheckedOp):
    """Complex numbers of their real and imaginary parts."""

    name = "stablehlo.complex"
    lhs = operand_def(FLOAT)
    rhs = operand_def(FLOAT)
    result = result_def(COMPLEX)
    traits = traits_def(Pure())
    custom_directives = (ComplexOpType,)
    assembly_format = "operands attr-dict `:` custom<ComplexOpType>(type($lhs), type($rhs), type($result))"

    def check(self) -> None:
        require_one_type(self, "C1", self.operand_types)
        require_shape(self, "C2", "a result", self.result.type, shape_of(self.lhs.type))
        real = real_type(self.result.type)
        if real is None or element_of(real) != element_of(self.lhs.type):
            element = element_of(self.lhs.type)
            fail(self, f"(C3) expects a result of 'complex<{element}>' elements, but got '{self.result.type}'")


_TYPE_OF = {"boolean": ("UNSIGNED",), "float": ("FLOAT", "TOTALORDER"), "complex": ("FLOAT",)}


@irdl_op_definition
class CompareOp(CheckedOp):
    """Whether two elements are equal, or one is less than the other, and the like."""

    name = "stablehlo.compare"
    lhs = operand_def(ANY)
    rhs = operand_def(ANY)
    comparison_direction = prop_def(ComparisonDirection)
    compare_type = opt_prop_def(ComparisonType)
    result = result_def(PRED)
    traits = traits_def(Pure())
    assembly_format = (
        "$comparison_direction `,` $lhs `,` $rhs (`,` $compare_type^)? attr-dict `:` functional-type(operands, results)"
    )

    def check(self) -> None:
        types = self.operand_types
        require_one_element_type(self, "C1", types)
        shape = shapes.require_same([shape_of(type) for type in types], "C2", "operands")
        require_shape(self, "C2", "a result", self.result.type, shape)
        if self.compare_type is None or self.compare_type.data == "NOTYPE":
            return
        element = element_of(types[0])
        unsigned = isinstance(element, IntegerType) and element.signedness.data is Signedness.UNSIGNED
        wanted = _TYPE_OF.get(kind_of(element) or "", ("UNSIGNED",) if unsigned else ("SIGNED",))
        if self.compare_type.data not in wanted:
            fail(
                self,
                f"(C3) expects compare_type {' or '.join(wanted)} for '{element}', but got {self.compare_type.data}",
            )


@irdl_op_definition
class SelectOp(CheckedOp):
    """Elements of one tensor or the other, as a predicate says."""

    name = "stablehlo.select"
    pred = operand_def(PRED)
    on_true = operand_def(ANY)
    on_false = operand_def(ANY)
    result = result_def(ANY)
    traits = traits_def(Pure())
    custom_directives = (SelectOpType,)
    assembly_format = (
        "operands attr-dict `:` custom<SelectOpType>(type($pred), type($on_true), type($on_false), type($result))"
    )

    def check(self) -> None:
        require_one_type(self, "C2", [self.on_true.type, self.on_false.type, self.result.type])
        shapes.select(shape_of(self.pred.type), shape_of(self.on_true.type), shape_of(self.on_false.type))


@irdl_op_definition
class ClampOp(CheckedOp):
    """Elements, or the bounds that they lie beyond."""

    name = "stablehlo.clamp"
    min = operand_def(ANY)
    operand = operand_def(ANY)
    max = operand_def(ANY)
    result = result_def(ANY)
    traits = traits_def(Pure())
    custom_directives = (TernaryType,)
    assembly_format = (
        "$min `,` $operand `,` $max attr-dict `:`"
        " custom<TernaryType>(type($min), type($operand), type($max), type($result))"
    )

    def check(self) -> None:
        require_one_element_type(self, "C3", self.operand_types)
        shapes.clamp(shape_of(self.min.type), shape_of(self.operand.type), shape_of(self.max.type))
        require_one_type(self, "C4", [self.operand.type, self.result.type])


@irdl_op_definition
class ReducePrecisionOp(CheckedOp):
    """Numbers rounded to a format with so many bits, in their own type."""

    name = "stablehlo.reduce_precision"
    operand = operand_def(FLOAT)
    exponent_bits = prop_def(I32)
    mantissa_bits = prop_def(I32)
    output = result_def(FLOAT)
    traits = traits_def(Pure())
    custom_directives = (ExponentMantissa, UnaryType)
    assembly_format = (
        "$operand `,` `format` `=` custom<ExponentMantissa>($exponent_bits, $mantissa_bits) attr-dict `:`"
        " custom<UnaryType>(type($operand), type($output))"
    )

    def check(self) -> None:
        require_one_type(self, "C1", [self.operand.type, self.output.type])
        exponent, mantissa = self.exponent_bits.value.data, self.mantissa_bits.value.data
        shapes.require(exponent >= 1, "C2", f"expects exponent_bits of at least 1, but got {exponent}")
        shapes.require(mantissa >= 0, "C3", f"expects mantissa_bits of at least 0, but got {mantissa}")
