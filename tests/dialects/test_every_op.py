"""Every defined op can be built from its definition, verified, and printed in both forms and read back."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from xdsl.dialects.builtin import (
    ArrayAttr,
    DenseIntOrFPElementsAttr,
    FloatAttr,
    FunctionType,
    IntegerAttr,
    ModuleOp,
    StringAttr,
    SymbolRefAttr,
    TensorType,
    UnregisteredOp,
    i32,
)
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, Block, Region
from xdsl.irdl import (
    AttrConstraint,
    IRDLOperation,
    OperandDef,
    ParamAttrConstraint,
    ResultDef,
    VariadicDef,
    VerificationContext,
)

from tfrt.compiler.frontend import parse_module
from tfrt.compiler.printer import print_module
from tfrt.dialects import get_dialects
from tfrt.dialects.tfrt.control_flow import ReturnOp
from tfrt.dialects.traits import RedeclaresOperands

OPS: list[type[IRDLOperation]] = sorted(
    (
        op
        for name, load in get_dialects().items()
        if name not in ("builtin", "func")
        for op in load().operations
        if issubclass(op, IRDLOperation)
    ),
    key=lambda op: op.name,
)

EXAMPLES: dict[str, Attribute] = {
    # Where any value will do, these show the most in print.
    "tfrt_test.test_cost._tfrt_cost": IntegerAttr(5, 64),
}


def example_attribute(op: str, name: str, constraint: AttrConstraint) -> Attribute:
    """An attribute that the constraint accepts."""
    if (known := EXAMPLES.get(f"{op}.{name}")) is not None:
        return known
    bases = constraint.get_bases()
    (base,) = bases if bases else (IntegerAttr,)
    if base is IntegerAttr or base is FloatAttr:
        type: Attribute = i32
        if isinstance(constraint, ParamAttrConstraint):
            type = constraint.param_constrs[1].infer(VerificationContext())
        return base(1, type)  # type: ignore[call-overload]
    if base is StringAttr:
        return StringAttr("text")
    if base is SymbolRefAttr:
        return SymbolRefAttr("callee")
    if base is DenseIntOrFPElementsAttr:
        return DenseIntOrFPElementsAttr.from_list(TensorType(i32, [2]), [1, 2])
    assert base is ArrayAttr, f"no example for {op}.{name}"
    return ArrayAttr([])


def example_types(definition: OperandDef | ResultDef, count: int) -> Sequence[Attribute]:
    length = count if isinstance(definition, VariadicDef) else 1
    if definition.constr.can_infer(set(), length_known=True):
        return definition.constr.infer(VerificationContext(), length=length)
    return (i32,) * length


def example_module(op_class: type[IRDLOperation], count: int) -> ModuleOp:
    """A function with one op of the class, whose variadic operands and results number `count`."""
    definition = op_class.get_irdl_definition()
    operand_types = [example_types(d, count) for _, d in definition.operands]
    result_types = [example_types(d, count) for _, d in definition.results]
    flat_types = [type for types in operand_types for type in types]
    source = UnregisteredOp.with_name("x.source").create(result_types=flat_types)
    values = iter(source.results)
    operands = [[next(values) for _ in types] for types in operand_types]
    flat_results = [type for types in result_types for type in types]

    op = op_class(
        operands=operands,
        result_types=result_types,
        attributes={
            name: example_attribute(op_class.name, name, d.constr) for name, d in definition.attributes.items()
        },
        regions=[example_region(op_class, flat_types, flat_results) for _ in definition.regions],
    )
    ops = [source, op] if op_class is ReturnOp else [source, op, ReturnOp(operands=[[]])]
    outputs = flat_types if op_class is ReturnOp else []
    callee = FuncOp("callee", FunctionType.from_lists(*callee_types(op_class, op)), Region(), "private")
    return ModuleOp([FuncOp("f", ([], outputs), Region(Block(ops))), callee])


def callee_types(op_class: type[IRDLOperation], op: IRDLOperation) -> tuple[Sequence[Attribute], Sequence[Attribute]]:
    """The type that a function must have which the op refers to."""
    match op_class.name:
        case "tfrt.cond" | "corert.cond":
            return op.operand_types[1:], op.result_types
        case "tfrt.parallel_call.i32":
            return [*op.operand_types[:2], *op.operand_types[3:]], op.result_types
        case _:
            return op.operand_types, op.result_types


def example_region(
    op_class: type[IRDLOperation], operand_types: Sequence[Attribute], result_types: Sequence[Attribute]
) -> Region:
    """A body that takes what the op re-declares and returns what it must."""
    redeclares = op_class.get_trait(RedeclaresOperands)
    assert redeclares is not None
    arguments = [type for i, type in enumerate(operand_types) if i not in redeclares.skipped]
    result = UnregisteredOp.with_name("x.result").create(result_types=result_types)
    return Region(Block([result, ReturnOp(operands=[result.results])], arg_types=arguments))


def is_variadic(op_class: type[IRDLOperation]) -> bool:
    definition = op_class.get_irdl_definition()
    return any(isinstance(d, VariadicDef) for _, d in (*definition.operands, *definition.results))


CASES = [(op, count) for op in OPS for count in ((0, 1, 3) if is_variadic(op) else (1,))]


@pytest.mark.parametrize(("op_class", "count"), CASES, ids=[f"{op.name}-{count}" for op, count in CASES])
def test_prints_and_reads_back_in_both_forms(
    op_class: type[IRDLOperation], count: int, parse: Callable[[str], ModuleOp]
) -> None:
    module = example_module(op_class, count)
    module.verify()
    for generic in (False, True):
        text = print_module(module, generic=generic)
        assert (f'"{op_class.name}"' in text) is generic
        read = parse_module(text, allow_unregistered=True)
        assert print_module(read, generic=generic) == text
        assert read.is_structurally_equivalent(module)
        if generic or op_class.assembly_format is not None:
            again = parse(text)
            again.verify()
            assert again.is_structurally_equivalent(module)


def test_every_op_says_what_it_is() -> None:
    undocumented = [op.name for op in OPS if not (op.__doc__ or "").strip()]
    assert undocumented == []
