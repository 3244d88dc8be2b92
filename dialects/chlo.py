"""The `chlo` dialect: what frameworks write beside `stablehlo`, functions of mathematics and ops that broadcast.

Definitions follow `stablehlo/dialect/ChloOps.td` of StableHLO.
"""

from __future__ import annotations

from typing import Any

from xdsl.dialects.builtin import ComplexType, DenseIntOrFPElementsAttr, TensorType, i1, i32
from xdsl.ir import Attribute
from xdsl.irdl import (
    AnyAttr,
    AttrConstraint,
    BaseAttr,
    IRDLOperation,
    ParsePropInAttrDict,
    irdl_attr_definition,
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    prop_def,
    result_def,
    traits_def,
)
from xdsl.traits import Commutative, Pure

from tfrt.dialects.shared.definitions import define_dialect
from tfrt.dialects.shared.spelled_attributes import SpelledByWord
from tfrt.dialects.shared.tensor_types import (
    CheckedOp,
    element_of,
    require_agreement,
    require_one_element_type,
    require_one_type,
    require_shape,
    shape_of,
)
from tfrt.dialects.shared.verification import fail
from tfrt.dialects.stablehlo.constraints import (
    ANY,
    BOOL,
    COMPLEX,
    DIMS,
    FLOAT,
    FLOAT_OR_COMPLEX,
    I64,
    INTEGER,
    LOGICAL,
    PRED,
)
from tfrt.dialects.stablehlo.directives import ConstantValue, numbers_of
from tfrt.executor.declarations import stablehlo_shapes as shapes

_OpClass = type[IRDLOperation]


@irdl_attr_definition
class ComparisonDirection(SpelledByWord):
    """Which comparison."""

    name = "chlo.comparison_direction"
    WORDS = ("EQ", "NE", "GE", "GT", "LE", "LT")


@irdl_attr_definition
class ComparisonType(SpelledByWord):
    """By which order values are compared."""

    name = "chlo.comparison_type"
    WORDS = ("NOTYPE", "FLOAT", "TOTALORDER", "SIGNED", "UNSIGNED")


def _class_name(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_")) + "Op"


def _define(name: str, base: type[IRDLOperation], summary: str, **fields: Any) -> _OpClass:
    head = {"__doc__": summary, "__module__": __name__, "name": f"chlo.{name}"}
    return irdl_op_definition(type(_class_name(name), (base,), {**head, **fields}))


class _Unary(CheckedOp):
    assembly_format = "$operand attr-dict `:` type($operand) `->` type($result)"

    def check(self) -> None:
        require_one_type(self, "C1", [*self.operand_types, *self.result_types])


class _Predicate(_Unary):
    def check(self) -> None:
        require_shape(self, "C1", "a result", self.result_types[0], shape_of(self.operand_types[0]))


def _unary(name: str, types: AttrConstraint[Any], summary: str) -> _OpClass:
    return _define(
        name, _Unary, summary, operand=operand_def(types), result=result_def(types), traits=traits_def(Pure())
    )


UNARY_OPS = (
    _unary("acos", FLOAT_OR_COMPLEX, "The inverse cosine."),
    _unary("acosh", FLOAT_OR_COMPLEX, "The inverse hyperbolic cosine."),
    _unary("asin", FLOAT_OR_COMPLEX, "The inverse sine."),
    _unary("asinh", FLOAT_OR_COMPLEX, "The inverse hyperbolic sine."),
    _unary("atan", FLOAT_OR_COMPLEX, "The inverse tangent."),
    _unary("atanh", FLOAT_OR_COMPLEX, "The inverse hyperbolic tangent."),
    _unary("bessel_i1e", FLOAT_OR_COMPLEX, "The modified Bessel function of order 1, scaled exponentially."),
    _unary("cosh", FLOAT_OR_COMPLEX, "The hyperbolic cosine."),
    _unary("digamma", FLOAT, "The logarithmic derivative of the gamma function."),
    _unary("erf", FLOAT, "The error function."),
    _unary("erf_inv", FLOAT, "The inverse of the error function."),
    _unary("erfc", FLOAT, "One less the error function."),
    _unary("lgamma", FLOAT, "The logarithm of the absolute value of the gamma function."),
    _unary("sinh", FLOAT_OR_COMPLEX, "The hyperbolic sine."),
    _unary("square", FLOAT_OR_COMPLEX, "The square."),
    _unary("tan", FLOAT_OR_COMPLEX, "The tangent."),
)

PREDICATE_OPS = tuple(
    _define(name, _Predicate, summary, operand=operand_def(FLOAT), result=result_def(PRED), traits=traits_def(Pure()))
    for name, summary in (
        ("is_inf", "Whether a number is infinite."),
        ("is_neg_inf", "Whether a number is negative infinity."),
        ("is_pos_inf", "Whether a number is positive infinity."),
    )
)


@irdl_op_definition
class ConjOp(_Unary):
    """The complex conjugate."""

    name = "chlo.conj"
    operand = operand_def(FLOAT_OR_COMPLEX)
    result = result_def(FLOAT_OR_COMPLEX)
    traits = traits_def(Pure())


def _of_two(name: str, first: str, second: str, types: AttrConstraint[Any], summary: str, *traits: Any) -> _OpClass:
    """An op of two operands of one type, which the result has, too, with these names."""

    class Base(CheckedOp):
        assembly_format = f"${first} `,` ${second} attr-dict `:` type(${first}) `,` type(${second}) `->` type($result)"

        def check(self) -> None:
            require_one_type(self, "C1", [*self.operand_types, *self.result_types])

    operands = {first: operand_def(types), second: operand_def(types)}
    return _define(name, Base, summary, **operands, result=result_def(types), traits=traits_def(Pure(), *traits))


BINARY_OPS = (
    _of_two("mulhi", "lhs", "rhs", INTEGER, "The upper half of the bits of a product.", Commutative()),
    _of_two("next_after", "x", "y", FLOAT, "The next number that the type has, towards another."),
    _of_two("polygamma", "n", "x", FLOAT, "A derivative of the digamma function."),
    _of_two("zeta", "x", "q", FLOAT, "The Hurwitz zeta function."),
)


class _Broadcasting(CheckedOp):
    assembly_format = "$lhs `,` $rhs attr-dict `:` `(` type($lhs) `,` type($rhs) `)` `->` type($result)"
    irdl_options = (ParsePropInAttrDict(),)

    def check(self) -> None:
        lhs, rhs = self.operand_types
        (result,) = self.result_types
        dims = self.properties.get("broadcast_dimensions")
        shape = shapes.broadcast_shapes(shape_of(lhs), shape_of(rhs), None if dims is None else numbers_of(dims))
        require_one_element_type(self, "C2", [lhs, rhs])
        require_shape(self, "C1", "a result", result, shape)
        wanted = self.result_element(element_of(lhs))
        if element_of(result) != wanted:
            fail(self, f"(C2) expects a result of '{wanted}' elements, but got '{result}'")

    def result_element(self, element: Attribute) -> Attribute:
        """The element type of the result, by that of the operands."""
        return element


class _BroadcastingComplex(_Broadcasting):
    def result_element(self, element: Attribute) -> Attribute:
        return ComplexType(element)  # type: ignore[type-var]


class _BroadcastingCompare(_Broadcasting):
    def result_element(self, element: Attribute) -> Attribute:
        return i1


def _broadcasting(
    name: str, types: AttrConstraint[Any], summary: str, base: type[IRDLOperation] = _Broadcasting, **fields: Any
) -> _OpClass:
    given = {"lhs": operand_def(types), "rhs": operand_def(types), "broadcast_dimensions": opt_prop_def(DIMS)}
    given |= {"result": result_def(types), "traits": traits_def(Pure()), **fields}
    return _define(f"broadcast_{name}", base, f"{summary}, broadcast.", **given)


BROADCASTING_OPS = (
    _broadcasting("add", ANY, "The sum"),
    _broadcasting("and", LOGICAL, "The bits that are one in both"),
    _broadcasting("atan2", FLOAT_OR_COMPLEX, "The angle of a point with these coordinates, y first"),
    _broadcasting("compare", ANY, "A comparison", _BroadcastingCompare, result=result_def(PRED),
                  comparison_direction=prop_def(ComparisonDirection), compare_type=opt_prop_def(ComparisonType)),
    _broadcasting("complex", FLOAT, "Complex numbers of their parts", _BroadcastingComplex, result=result_def(COMPLEX)),
    _broadcasting("divide", ANY, "The quotient"),
    _broadcasting("maximum", ANY, "The greater one"),
    _broadcasting("minimum", ANY, "The lesser one"),
    _broadcasting("multiply", ANY, "The product"),
    _broadcasting("next_after", FLOAT, "The next number that the type has, towards another"),
    _broadcasting("or", LOGICAL, "The bits that are one in either"),
    _broadcasting("polygamma", FLOAT, "A derivative of the digamma function"),
    _broadcasting("power", ANY, "The one to the power of the other"),
    _broadcasting("remainder", ANY, "The remainder of a division"),
    _broadcasting("shift_left", INTEGER, "Bits moved up"),
    _broadcasting("shift_right_arithmetic", INTEGER, "Bits moved down, with copies of the first"),
    _broadcasting("shift_right_logical", INTEGER, "Bits moved down, with zeros"),
    _broadcasting("subtract", ANY, "The difference"),
    _broadcasting("xor", LOGICAL, "The bits that are one in either but not in both"),
    _broadcasting("zeta", FLOAT, "The Hurwitz zeta function"),
)  # fmt: skip


@irdl_op_definition
class BroadcastSelectOp(CheckedOp):
    """Elements of one tensor or the other, as a predicate says, all three broadcast."""

    name = "chlo.broadcast_select"
    pred = operand_def(PRED)
    on_true = operand_def(ANY)
    on_false = operand_def(ANY)
    result = result_def(ANY)
    traits = traits_def(Pure())
    assembly_format = (
        "$pred `,` $on_true `,` $on_false attr-dict `:`"
        " `(` type($pred) `,` type($on_true) `,` type($on_false) `)` `->` type($result)"
    )

    def check(self) -> None:
        require_one_element_type(self, "C2", [self.on_true.type, self.on_false.type, self.result.type])
        shape = shapes.broadcast_shapes(shape_of(self.on_true.type), shape_of(self.on_false.type), None)
        require_shape(
            self, "C1", "a result", self.result.type, shapes.broadcast_shapes(shape_of(self.pred.type), shape, None)
        )


@irdl_op_definition
class ConstantOp(CheckedOp):
    """A constant tensor."""

    name = "chlo.constant"
    value = prop_def(BaseAttr(DenseIntOrFPElementsAttr))
    output = result_def(ANY)
    traits = traits_def(Pure())
    custom_directives = (ConstantValue,)
    assembly_format = "attr-dict custom<ConstantValue>($value, type($output))"

    def check(self) -> None:
        require_agreement(self, "C1", "a result", self.output.type, self.value.get_type())


@irdl_op_definition
class ConstantLikeOp(CheckedOp):
    """A value for each element of a tensor of the operand's shape."""

    name = "chlo.constant_like"
    value = prop_def(AnyAttr())
    operand = operand_def(ANY)
    result = result_def(ANY)
    traits = traits_def(Pure())

    def check(self) -> None:
        require_shape(self, "C1", "a result", self.result.type, shape_of(self.operand.type))
        type = getattr(self.value, "type", None)
        if type != element_of(self.result.type):
            fail(self, f"(C2) expects a value of type '{element_of(self.result.type)}', but got '{self.value}'")


@irdl_op_definition
class TopKOp(CheckedOp):
    """The largest elements along the last dimension, and where they are."""

    name = "chlo.top_k"
    operand = operand_def(ANY)
    k = prop_def(I64)
    is_stable = opt_prop_def(BOOL)
    values = result_def(ANY)
    indices = result_def(INTEGER)
    traits = traits_def(Pure())
    assembly_format = (
        "`(` $operand `,` `k` `=` $k (`,` `is_stable` `=` $is_stable^)? `)` attr-dict `:` type($operand) `->`"
        " `(` type($values) `,` type($indices) `)`"
    )

    def check(self) -> None:
        shape, k = shape_of(self.operand.type), self.k.value.data
        if not shape:
            fail(self, f"expects an operand of rank 1 or more, but got '{self.operand.type}'")
        if k < 0 or (shape[-1] is not None and k > shape[-1]):
            fail(self, f"expects k from 0 to the size of the last dimension, {shape[-1]}, but got {k}")
        sizes = [-1 if size is None else size for size in (*shape[:-1], k)]
        for name, result, element in (
            ("values", self.values, element_of(self.operand.type)),
            ("indices", self.indices, i32),
        ):
            require_agreement(self, "C1", name, result.type, TensorType(element, sizes))


CHLO = define_dialect("chlo", __name__, is_source=True)
