"""Ops of compiled modules that MLIR takes and xDSL's definitions do not.

xDSL has the dialects; but some of its ops have no custom form, casts and `arith.select` know scalars only, flags are
missing, and so are single ops. `with_form` gives the class to read an op with. Imported when a body is read.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Self

from xdsl.dialects import arith, math, scf
from xdsl.dialects.builtin import (
    AnyFloat,
    IndexType,
    IntegerType,
    MemRefType,
    TensorType,
    UnrankedMemRefType,
    VectorType,
    container_of,
    i1,
)
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.irdl import (
    AnyOf,
    IRDLOperation,
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    prop_def,
    result_def,
    traits_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import Pure, SingleBlockImplicitTerminator, ensure_terminator
from xdsl.utils.exceptions import VerifyException

from tfrt.dialects.shared.walking import is_defined

_INTEGER = container_of(IntegerType)
_INTEGER_OR_INDEX = container_of(AnyOf.get(IntegerType, IndexType))
_FLOAT = container_of(AnyFloat)
_BOOL = container_of(i1)

_CONTAINERS = (TensorType, VectorType, MemRefType)


@cache
def with_form(op_class: type[Operation]) -> type[Operation]:
    """The class to read the op of `op_class` with: that one, unless MLIR takes more than it does."""
    found = _WIDER.get(op_class.name)
    if found is not None:
        return found
    form = _FORMS.get(op_class.name)
    if form is None or not is_defined(op_class) or op_class.parse.__func__ is not _NO_FORM:  # type: ignore[attr-defined]
        return op_class
    from xdsl.irdl.declarative_assembly_format import FormatProgram

    program = FormatProgram.from_str(form, op_class.get_irdl_definition())
    parse = classmethod(lambda _, parser: program.parse(parser, op_class))
    return type(op_class.__name__, (op_class,), {"parse": parse})


def missing_op(name: str) -> type[Operation] | None:
    """The class of an op that MLIR has and xDSL lacks, if it is one of those known here."""
    return _MISSING.get(name)


_NO_FORM = Operation.parse.__func__  # type: ignore[attr-defined]
_FORMS = {
    "memref.cast": "$source attr-dict `:` type($source) `to` type($dest)",
    "memref.copy": "$source `,` $destination attr-dict `:` type($source) `to` type($destination)",
    "memref.extract_aligned_pointer_as_index": "$source attr-dict `:` type($source) `->` type($aligned_pointer)",
    "memref.memory_space_cast": "$source attr-dict `:` type($source) `to` type($dest)",
}


def _container(type: Attribute) -> tuple[Any, ...]:
    """What a cast of `type` keeps: all but the element type."""
    return (type.__class__, type.get_shape()) if isinstance(type, _CONTAINERS) else ()


class _Elementwise(IRDLOperation):
    """An op of one operand that makes a tensor of a tensor, a vector of a vector and a scalar of a scalar."""

    traits = traits_def(Pure())

    def verify_(self) -> None:
        if _container(self.operands[0].type) != _container(self.results[0].type):
            raise VerifyException("requires the same shape for all operands and results")


def _cast(name: str, source: Any, target: Any, flags: str = "", **properties: Any) -> type[Operation]:
    members = {
        "name": f"arith.{name}",
        "input": operand_def(source),
        "result": result_def(target),
        "assembly_format": f"$input {flags} attr-dict `:` type($input) `to` type($result)",
        **properties,
    }
    return irdl_op_definition(type(f"{name}_op", (_Elementwise,), members))


_FASTMATH = "(`fastmath` `` $fastmath^)?"


def _fastmath() -> Any:
    return opt_prop_def(arith.FastMathFlagsAttr)


@irdl_op_definition
class _Select(IRDLOperation):
    name = "arith.select"
    cond = operand_def(_BOOL)
    lhs = operand_def()
    rhs = operand_def()
    result = result_def()
    traits = traits_def(Pure())

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        start = parser.pos
        operands = [parser.parse_unresolved_operand()]
        for _ in range(2):
            parser.parse_punctuation(",")
            operands.append(parser.parse_unresolved_operand())
        attributes = parser.parse_optional_attr_dict()
        parser.parse_punctuation(":")
        types = [parser.parse_type()]
        if parser.parse_optional_punctuation(","):
            types.append(parser.parse_type())
        condition = i1 if len(types) == 1 else types[0]
        resolved = parser.resolve_operands(operands, [condition, types[-1], types[-1]], start)
        return cls.create(operands=resolved, result_types=[types[-1]], attributes=attributes)

    def verify_(self) -> None:
        if not self.lhs.type == self.rhs.type == self.result.type:
            raise VerifyException("failed to verify that all of {true_value, false_value, result} have same type")
        if self.cond.type != i1 and _container(self.cond.type) != _container(self.result.type):
            raise VerifyException("expected condition type to have the same shape as the result type")


class _Classification(_Elementwise):
    """Whether a float is of some kind. The form spells the operand's type only."""

    operand = operand_def(_FLOAT)
    result = result_def(_BOOL)
    fastmath = prop_def(arith.FastMathFlagsAttr, default_value=arith.FastMathFlagsAttr("none"))

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        operand = parser.parse_unresolved_operand()
        flags = arith.FastMathFlagsAttr("none")
        if parser.parse_optional_keyword("fastmath"):
            flags = arith.FastMathFlagsAttr(arith.FastMathFlagsAttr.parse_parameter(parser))
        attributes = parser.parse_optional_attr_dict()
        parser.parse_punctuation(":")
        type = parser.parse_type()
        resolved = parser.resolve_operand(operand, type)
        result = _with_bools(type) if isinstance(type, _CONTAINERS) else i1
        return cls.create(
            operands=[resolved], result_types=[result], properties={"fastmath": flags}, attributes=attributes
        )


def _with_bools(container: Any) -> Attribute:
    kept = [i1 if part is container.element_type else part for part in container.parameters]
    return container.__class__.new(kept)


def _classification(name: str) -> type[Operation]:
    return irdl_op_definition(type(f"{name}_op", (_Classification,), {"name": f"math.{name}"}))


@irdl_op_definition
class _Rank(IRDLOperation):
    name = "memref.rank"
    source = operand_def(MemRefType | UnrankedMemRefType)
    rank = result_def(IndexType())
    traits = traits_def(Pure())
    assembly_format = "$source attr-dict `:` type($source)"


class _Parallel(scf.ParallelOp):
    """``scf.parallel (%i, %j) = (%a, %b) to (%c, %d) step (%e, %f) init (%x) -> f32 {…}``"""

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        delimiter, index = Parser.Delimiter.PAREN, IndexType()
        variables = parser.parse_comma_separated_list(delimiter, lambda: parser.parse_argument(expect_type=False))
        parser.parse_punctuation("=")

        def operands() -> list[SSAValue[IndexType]]:
            names = parser.parse_comma_separated_list(delimiter, parser.parse_unresolved_operand)
            return [parser.resolve_operand(name, index) for name in names]

        lower = operands()
        parser.parse_keyword("to")
        upper = operands()
        parser.parse_keyword("step")
        step = operands()
        start = parser.pos
        initial, types = [], []
        if parser.parse_optional_keyword("init"):
            initial = parser.parse_comma_separated_list(delimiter, parser.parse_unresolved_operand)
        if parser.parse_optional_punctuation("->"):
            types = parser.parse_optional_comma_separated_list(delimiter, parser.parse_type) or [parser.parse_type()]
        values = parser.resolve_operands(initial, types, start)
        body = parser.parse_region([variable.resolve(index) for variable in variables])
        op = cls(lower, upper, step, body, values)
        op.attributes |= parser.parse_optional_attr_dict()
        for trait in op.get_traits_of_type(SingleBlockImplicitTerminator):
            ensure_terminator(op, trait)
        return op


class _Reduce(scf.ReduceOp):
    """``scf.reduce(%x, %y : f32, f32) {…}, {…}``; in xDSL the regions have no commas between them."""

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        start = parser.pos
        names, types = [], []
        if parser.parse_optional_punctuation("("):
            names = parser.parse_comma_separated_list(Parser.Delimiter.NONE, parser.parse_unresolved_operand)
            parser.parse_punctuation(":")
            types = parser.parse_comma_separated_list(Parser.Delimiter.NONE, parser.parse_type)
            parser.parse_punctuation(")")
        operands = parser.resolve_operands(names, types, start)
        regions = []
        region = parser.parse_optional_region()
        while region is not None:
            regions.append(region)
            region = parser.parse_region() if parser.parse_optional_punctuation(",") else None
        op = cls(operands, regions)
        op.attributes |= parser.parse_optional_attr_dict()
        return op

    def print(self, printer: Printer) -> None:
        if self.args:
            with printer.in_parens():
                printer.print_list(self.args, printer.print_ssa_value)
                printer.print_string(" : ")
                printer.print_list(self.args.types, printer.print_attribute)
        if self.reductions:
            printer.print_string(" ")
            printer.print_list(self.reductions, printer.print_region)
        printer.print_op_attributes(self.attributes)


_WIDER: dict[str, type[Operation]] = {
    op.name: op
    for op in (
        _cast("sitofp", _INTEGER, _FLOAT),
        _cast("uitofp", _INTEGER, _FLOAT),
        _cast("fptosi", _FLOAT, _INTEGER),
        _cast("fptoui", _FLOAT, _INTEGER),
        _cast("extsi", _INTEGER, _INTEGER),
        _cast("extui", _INTEGER, _INTEGER),
        _cast(
            "trunci",
            _INTEGER,
            _INTEGER,
            "(`overflow` `` $overflowFlags^)?",
            overflow_flags=prop_def(
                arith.IntegerOverflowAttr,
                default_value=arith.IntegerOverflowAttr("none"),
                prop_name="overflowFlags",
            ),
        ),
        _cast("extf", _FLOAT, _FLOAT, _FASTMATH, fastmath=_fastmath()),
        _cast("truncf", _FLOAT, _FLOAT, _FASTMATH, fastmath=_fastmath()),
        _cast("index_cast", _INTEGER_OR_INDEX, _INTEGER_OR_INDEX),
        _Select,
        _Rank,
        _Parallel,
        _Reduce,
    )
}

_MISSING: dict[str, type[Operation]] = {
    op.name: op
    for op in (
        _cast("index_castui", _INTEGER_OR_INDEX, _INTEGER_OR_INDEX),
        irdl_op_definition(type("remf_op", (arith.FloatingPointLikeBinaryOperation,), {"name": "arith.remf"})),
        irdl_op_definition(type("erfc_op", (math.FloatingPointLikeUnaryMathOperation,), {"name": "math.erfc"})),
        *map(_classification, ("isfinite", "isinf", "isnan", "isnormal")),
    )
}
