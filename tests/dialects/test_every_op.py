"""Every defined op can be built from its definition, verified, printed in both forms and read back, and compiled.

What it compiles to fits the op's kernel. Attributes of the `cpu` dialect repeat the types of operands and results; its
tests are in `test_cpu.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import pytest
from xdsl.dialects.builtin import (
    ArrayAttr,
    DenseIntOrFPElementsAttr,
    FloatAttr,
    FunctionType,
    IntegerAttr,
    IntegerType,
    ModuleOp,
    Signedness,
    StringAttr,
    SymbolRefAttr,
    TensorType,
    UnitAttr,
    UnregisteredOp,
    f32,
    f64,
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
from xdsl.parser import Parser

from tfrt.compiler.emitter import emit
from tfrt.compiler.frontend import parse_module
from tfrt.compiler.printer import print_module
from tfrt.dialects import context, get_dialects
from tfrt.dialects.shared.bodies import RunsFunctions, RunsRegions, control_of, given_types, taken_types
from tfrt.dialects.shared.definitions import SourceDialect
from tfrt.dialects.shared.traits import RedeclaresOperands
from tfrt.dialects.tfrt.control_flow import ReturnOp
from tfrt.executor.bef import read_bef
from tfrt.executor.declarations.kernel import Kernel
from tfrt.executor.declarations.kernel_registry import BUILTIN, KernelRegistry
from tfrt.executor.declarations.runs import Runs
from tfrt.executor.engines import binding
from tfrt.executor.engines.binding import BoundKernel, bind
from tfrt.executor.engines.program import Program
from tfrt.executor.runtime.host_context import HostContext

OPS: list[type[IRDLOperation]] = sorted(
    (
        op
        for name, load in get_dialects().items()
        if name not in ("builtin", "func", "cpu") and not isinstance(load(), SourceDialect)
        for op in load().operations
        if issubclass(op, IRDLOperation)
    ),
    key=lambda op: op.name,
)

EXAMPLES: dict[str, Attribute] = {
    # Where any value will do, these show the most in print.
    "tfrt_test.test_cost._tfrt_cost": IntegerAttr(5, 64),
    # The definition does not say what the elements are, or what type the value has; the kernel does.
    "tfrt.case.branches": ArrayAttr([SymbolRefAttr("branches")]),
    **{
        f"tfrt_dht.fill_tensor_with_constant.{suffix}.value": value
        for suffix, value in {
            **{f"ui{bits}": IntegerAttr(1, IntegerType(bits, Signedness.UNSIGNED)) for bits in (8, 16, 32, 64)},
            "bool": IntegerAttr(1, 1),
            "i64": IntegerAttr(1, 64),
            "f32": FloatAttr(1.0, f32),
            "complex64": ArrayAttr([FloatAttr(1.0, f32), FloatAttr(2.0, f32)]),
            "complex128": ArrayAttr([FloatAttr(1.0, f64), FloatAttr(2.0, f64)]),
        }.items()
    },
}


EXAMPLES_FOR_EACH: dict[str, Attribute] = {"corert.ensure_metadata.metadata": ArrayAttr([f32, IntegerAttr(2, 64)])}
"""Elements of arrays that have one for each variadic operand."""


def example_attribute(op: str, name: str, constraint: AttrConstraint, count: int) -> Attribute:
    """An attribute that the constraint accepts."""
    if (element := EXAMPLES_FOR_EACH.get(f"{op}.{name}")) is not None:
        return ArrayAttr([element] * count)
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
        return SymbolRefAttr(name)
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
            name: example_attribute(op_class.name, name, d.constr, count) for name, d in definition.attributes.items()
        },
        regions=[example_region(op_class, flat_types, flat_results) for _ in definition.regions],
    )
    ops = [source, op] if op_class is ReturnOp else [source, op, ReturnOp(operands=[[]])]
    outputs = flat_types if op_class is ReturnOp else []
    return ModuleOp([FuncOp("f", ([], outputs), Region(Block(ops))), *example_functions(op)])


def example_functions(op: IRDLOperation) -> list[FuncOp]:
    """The functions that the op runs, named as the attributes that refer to them."""
    trait = op.get_trait(RunsFunctions)
    found = []
    for described in trait.functions if trait is not None else ():
        runs = trait.runs(described)
        inputs, results = ([as_type(type) for type in types(op, runs)] for types in (taken_types, given_types))
        function = FuncOp(described.attribute, FunctionType.from_lists(inputs, results), body(inputs, results))
        if runs.is_sync:
            function.attributes["tfrt.sync"] = UnitAttr()
        found.append(function)
    return found


def as_type(type: Attribute | str) -> Attribute:
    return Parser(context(), type).parse_type() if isinstance(type, str) else type


def example_region(
    op_class: type[IRDLOperation], operand_types: Sequence[Attribute], result_types: Sequence[Attribute]
) -> Region:
    """A body that takes what the op re-declares and returns what it must."""
    redeclares = op_class.get_trait(RedeclaresOperands)
    assert redeclares is not None
    return body([type for i, type in enumerate(operand_types) if i not in redeclares.skipped], result_types)


def body(argument_types: Sequence[Attribute], result_types: Sequence[Attribute]) -> Region:
    """A block that takes and returns values of these types."""
    result = UnregisteredOp.with_name("x.result").create(result_types=result_types)
    return Region(Block([result, ReturnOp(operands=[result.results])], arg_types=argument_types))


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


WITHOUT_KERNEL = {
    # The executor's own business.
    "tfrt.return",
    # The reference has these ops, too, and no kernels for them.
    "ts.as_fixed_rank_shape.0",
    "ts.print_fixed_rank_shape.0",
}


@pytest.mark.parametrize(("op_class", "count"), CASES, ids=[f"{op.name}-{count}" for op, count in CASES])
def test_compiles_and_fits_its_kernel(op_class: type[IRDLOperation], count: int) -> None:
    kernel = BUILTIN.get(op_class.name)
    assert (kernel is None) == (op_class.name in WITHOUT_KERNEL)
    bef = read_bef(emit(example_module(op_class, count)))
    if kernel is not None:
        (record,) = (r for function in bef.functions for r in function.kernels if r.name == op_class.name)
        with HostContext("s", registry=EXAMPLE_KERNELS) as host:
            program = Program(bef, host)
            bound = bind(kernel, record, bef, program.all_functions, host)
        assert misfit(bound) is None


@pytest.mark.parametrize("op_class", OPS, ids=[op.name for op in OPS])
def test_runs_functions_as_its_kernel_does(op_class: type[IRDLOperation]) -> None:
    kernel = BUILTIN.get(op_class.name)
    if kernel is None:
        return
    declared = [*functions_run_by(op_class), *regions_run_by(op_class)]
    # The last one is how the kernel runs all further functions.
    said = [*kernel.runs, *[kernel.runs[-1]] * (len(declared) - len(kernel.runs))] if kernel.runs else []
    assert declared == said
    (op,) = (op for op in example_module(op_class, 1).walk() if op.name == op_class.name)
    assert control_of(op) is kernel.control


def functions_run_by(op_class: type[IRDLOperation]) -> list[Runs]:
    trait = op_class.get_trait(RunsFunctions)
    return [trait.runs(f) for f in sorted(trait.functions, key=lambda f: f.attribute)] if trait is not None else []


def regions_run_by(op_class: type[IRDLOperation]) -> list[Runs]:
    trait = op_class.get_trait(RunsRegions)
    return [trait.runs] * len(op_class.get_irdl_definition().regions) if trait is not None else []


EXAMPLE_KERNELS = KernelRegistry(BUILTIN)
for name in ("x.source", "x.result"):
    EXAMPLE_KERNELS.register(Kernel(name, lambda: None))


def misfit(bound: BoundKernel) -> str | None:
    """Why the kernel cannot run at that place, or None where it can."""
    call = bound.call
    return call.args[0] if isinstance(call, partial) and call.func is binding._fail else None


def test_every_op_says_what_it_is() -> None:
    undocumented = [op.name for op in OPS if not (op.__doc__ or "").strip()]
    assert undocumented == []
