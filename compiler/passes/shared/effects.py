"""Which blocks of a module have side effects that their data orders completely.

Ops of such a block may run in any order that respects their operands, and nobody can tell. That is how plans run
functions, so the analysis is one for both (`tfrt.executor.declarations.effects`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation, SSAValue

from tfrt.compiler.emitter.entities import (
    RETURN,
    Entities,
    FunctionEntity,
    collect,
    kernel_attributes,
    kernel_name,
)
from tfrt.dialects.shared.ops import ops_of
from tfrt.dialects.shared.symbols import shared_symbol_tables
from tfrt.executor.bef import FunctionKind
from tfrt.executor.declarations.effects import Body, callees_of, summarize
from tfrt.executor.declarations.kernel import Kernel, unknown_kernel
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
    called: dict[Operation, tuple[int, ...]] = {}
    functions = [_function(entities, entity, called) for entity in entities.functions]
    effects = summarize(dict(enumerate(functions)), kernel_of)
    bodies = [_block(entity) for entity in entities.functions]
    waiting = [index for index, found in effects.items() if not found.ordered]
    fixed: set[int] = set()
    while waiting:
        index = waiting.pop()
        if index not in fixed:
            fixed.add(index)
            waiting.extend(callees_of(functions[index]))
    is_async = [entity.kind is FunctionKind.ASYNC for entity in entities.functions]
    of: dict[Operation, tuple[Block, ...]] = {}
    for body in bodies:
        for op in ops_of(body) if body is not None else ():
            if called.get(op):
                of[op] = tuple(block for index in called[op] if (block := bodies[index]) is not None)
    blocks = {index: body for index, body in enumerate(bodies) if body is not None and is_async[index]}
    return Callees(tuple(blocks.values()), of, frozenset(b for index, b in blocks.items() if index not in fixed))


def kernel_of(name: str) -> Kernel:
    """The kernel of that name, or what stands for one that is not known here, but to the host that runs the program."""
    # What ends a function has none, for which nobody need look in installed packages.
    return (None if name == RETURN else BUILTIN.get(name)) or unknown_kernel(name)


@dataclass(frozen=True)
class _Step:
    """An op as the analysis sees it."""

    name: str
    arguments: Sequence[SSAValue]
    results: Sequence[SSAValue]
    functions: tuple[int, ...]


def _block(entity: FunctionEntity) -> Block | None:
    return None if entity.region is None else entity.region.block


def _function(
    entities: Entities, entity: FunctionEntity, called: dict[Operation, tuple[int, ...]]
) -> Body[SSAValue | int]:
    """A function as the analysis sees it; what its ops refer to is put into `called`."""
    block = _block(entity)
    if block is None:
        return Body(range(len(entity.argument_types)), (), range(len(entity.result_types)), is_sync=True)
    ops = [op for op in ops_of(block) if op.name != RETURN]
    called.update((op, _functions(entities, op)) for op in ops)
    steps = [_Step(kernel_name(op), op.operands, op.results, called[op]) for op in ops]
    end = block.last_op
    assert end is not None
    return Body(block.args, steps, end.operands, is_sync=entity.kind is FunctionKind.SYNC)


def _functions(entities: Entities, op: Operation) -> tuple[int, ...]:
    """The functions that an op refers to, in the order in which its kernel gets them."""
    found: list[int] = []
    for _, attribute in kernel_attributes(op):
        symbols = entities.encoding(attribute).functions or ()
        found += [entities.function_by_name[symbol.root_reference.data] for symbol in symbols]
    return (*found, *(entities.function_by_region[region] for region in op.regions))
