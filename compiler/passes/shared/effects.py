"""Which blocks of a module have side effects that their data orders completely.

Ops of such a block may run in any order that respects their operands, and nobody can tell. That is how plans run
functions, so the executor's analysis (`tfrt.executor.declarations.effects`) decides here, too.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation, SSAValue

from tfrt.compiler.emitter.entities import (
    RETURN,
    Entities,
    FunctionEntity,
    collect,
    function_references,
    is_compilation_unit,
    kernel_attributes,
    kernel_name,
)
from tfrt.dialects.shared.symbols import shared_symbol_tables
from tfrt.executor.bef import FunctionKind, FunctionRecord, KernelRecord
from tfrt.executor.declarations.effects import summarize
from tfrt.executor.declarations.kernel import Kernel
from tfrt.executor.declarations.kernel_registry import BUILTIN
from tfrt.executor.support.errors import CompileError


@dataclass(frozen=True)
class Callees:
    """The functions, regions among them, that the ops of a module refer to; each is the block that is its body.

    Attributes:
        blocks: the bodies of asynchronous functions.
        of: for each op that refers to functions with bodies, those bodies.
        free: the blocks whose ops may run in any order that respects their operands.
    """

    blocks: tuple[Block, ...]
    of: dict[Operation, tuple[Block, ...]]
    free: frozenset[Block]


@shared_symbol_tables()
def callees(module: ModuleOp) -> Callees:
    """Analyse a module. Nothing is known of one that BEF cannot hold.

    A function is not free to run in another order if one that is not may run it: its effects mix with the other's.
    """
    try:
        entities = collect(module, optional_sections=False)
    except CompileError:
        return Callees((), {}, frozenset())
    records = [_record(module, entities, index) for index in range(len(entities.functions))]
    effects = summarize(records, kernel_of)
    bodies = [_body(entity) for entity in entities.functions]
    waiting = [index for index, found in enumerate(effects) if not found.ordered]
    fixed: set[int] = set()
    while waiting:
        index = waiting.pop()
        if index not in fixed:
            fixed.add(index)
            waiting.extend(callee for kernel in records[index].kernels for callee in kernel.functions)
    is_async = [entity.kind is FunctionKind.ASYNC for entity in entities.functions]
    of: dict[Operation, tuple[Block, ...]] = {}
    for body in bodies:
        for op in body.ops if body is not None else ():
            called = [bodies[index] for index in _functions(module, entities, op)]
            if called:
                of[op] = tuple(block for block in called if block is not None)
    blocks = {index: body for index, body in enumerate(bodies) if body is not None and is_async[index]}
    return Callees(tuple(blocks.values()), of, frozenset(b for index, b in blocks.items() if index not in fixed))


def kernel_of(name: str) -> Kernel:
    """The kernel of that name. One that is not known here, but to the host that runs the program, may do anything."""
    # What ends a function is none, and nobody need look for it in installed packages.
    return (None if name == RETURN else BUILTIN.get(name)) or Kernel(name, _unknown)


def _unknown(*_: object) -> None:
    """Stands for a kernel that only the host knows."""


def _body(entity: FunctionEntity) -> Block | None:
    return None if entity.region is None else entity.region.block


def _record(module: ModuleOp, entities: Entities, index: int) -> FunctionRecord:
    """What the analysis wants to know of a function."""
    entity = entities.functions[index]
    body = _body(entity)
    registers: dict[SSAValue, int] = {}
    kernels = [KernelRecord("", 0, (), (), (), (), (), 0, 0)]
    results: tuple[int, ...] = ()
    if body is not None:
        for value in (*body.args, *(result for op in body.ops for result in op.results)):
            registers[value] = len(registers)
        for op in body.ops:
            operands = tuple(registers[operand] for operand in op.operands)
            if op.name == RETURN:
                results = operands
                continue
            functions = _functions(module, entities, op)
            written = tuple(registers[result] for result in op.results)
            kernels.append(KernelRecord(kernel_name(op), 0, operands, (), functions, written, (), len(operands), 0))
    types = [("",) * len(given) for given in (entity.argument_types, entity.result_types)]
    return FunctionRecord(index, entity.name, entity.kind, types[0], types[1], 0, (), tuple(kernels), results)


def _functions(module: ModuleOp, entities: Entities, op: Operation) -> tuple[int, ...]:
    """The functions that an op refers to, in the order in which its kernel gets them."""
    found: list[int] = []
    for _, attribute in kernel_attributes(op):
        if not is_compilation_unit(module, attribute):
            found += [entities.function_by_name[name] for name in function_references(attribute) or ()]
    return (*found, *(entities.function_by_region[region] for region in op.regions))
