"""Writing function bodies: the table of registers, the table of kernels, then the kernels themselves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Attribute, Block, Operation, SSAValue

from tfrt.compiler.emitter.entities import (
    RETURN,
    Entities,
    FunctionEntity,
    attribute_key,
    function_references,
    is_compilation_unit,
    kernel_attributes,
    kernel_name,
)
from tfrt.compiler.emitter.locations import LocationWriter
from tfrt.compiler.streams import analyse_streams
from tfrt.executor.bef.format import PSEUDO_KERNEL_CODE, PSEUDO_KERNEL_LOCATION
from tfrt.executor.bef.writer import Writer


@dataclass(frozen=True, slots=True)
class Sections:
    """The sections that functions are written to, and the offsets of what they refer to."""

    module: ModuleOp
    entities: Entities
    string_offsets: dict[bytes, int]
    attribute_offsets: dict[object, int]
    functions: Writer
    locations: LocationWriter
    attribute_names: Writer
    register_types: Writer


def write_function(sections: Sections, function: FunctionEntity) -> None:
    """Append the body of `function`, which must have a region."""
    assert function.region is not None
    block = function.region.blocks[0]
    parent = block.parent_op()
    assert parent is not None
    out = sections.functions
    out.vbr(sections.locations.write(parent.location))

    registers = _number_registers(block)
    _write_registers(sections, registers)

    ops = [op for op in block.ops if op.name != RETURN]
    kernels: dict[Operation, int] = {op: number for number, op in enumerate(ops, 1)}
    streams = analyse_streams(block)
    out.vbr(len(ops) + 1)
    sections.attribute_names.vbr(len(ops) + 1)

    bodies = Writer()
    out.vbr(0)
    out.vbr(0)
    out.vbr(streams.root)
    _write_pseudo_kernel(bodies, block, ops, kernels, registers)
    for op in ops:
        out.vbr(len(bodies))
        out.vbr(len(op.operands))
        out.vbr(streams.by_op[op])
        _write_kernel(sections, bodies, op, kernels, registers)
    last = block.last_op
    if last is not None and last.name == RETURN:
        for operand in last.operands:
            out.vbr(registers[operand])
    out.align(4)
    out.append(bodies)


def _number_registers(block: Block) -> dict[SSAValue, int]:
    values = [*block.args, *(result for op in block.ops for result in op.results)]
    return {value: number for number, value in enumerate(values)}


def _write_registers(sections: Sections, registers: dict[SSAValue, int]) -> None:
    sections.functions.vbr(len(registers))
    sections.register_types.vbr(len(registers))
    for value in registers:
        sections.functions.vbr(value.uses.get_length())
        sections.register_types.vbr(sections.entities.types[value.type])


def _write_pseudo_kernel(
    bodies: Writer,
    block: Block,
    ops: list[Operation],
    kernels: dict[Operation, int],
    registers: dict[SSAValue, int],
) -> None:
    without_operands = [kernels[op] for op in ops if not op.operands]
    users = [without_operands, *(_users(argument, kernels) for argument in block.args)]
    bodies.u32(PSEUDO_KERNEL_CODE, PSEUDO_KERNEL_LOCATION, 0, 0, 0, len(users))
    bodies.u32(*map(len, users))
    bodies.u32(len(registers), *(registers[argument] for argument in block.args))
    for kernel_numbers in users:
        bodies.u32(*kernel_numbers)


def _write_kernel(
    sections: Sections,
    bodies: Writer,
    op: Operation,
    kernels: dict[Operation, int],
    registers: dict[SSAValue, int],
) -> None:
    entities = sections.entities
    attributes: list[int] = []
    functions: list[int] = []
    for name, attribute in kernel_attributes(op):
        references = _function_references(sections, attribute)
        if references is not None:
            functions += [entities.function_by_name[name] for name in references]
            continue
        sections.attribute_names.vbr(sections.string_offsets.get(name.encode("utf-8", "surrogateescape"), 0))
        attributes.append(sections.attribute_offsets[attribute_key(attribute)])
    functions += [entities.function_by_region[region] for region in op.regions]
    users = [_users(result, kernels) for result in op.results]
    bodies.u32(
        entities.kernels[kernel_name(op)],
        sections.locations.write(op.location),
        len(op.operands),
        len(attributes),
        len(functions),
        len(users),
    )
    bodies.u32(*map(len, users))
    bodies.u32(*(registers[operand] for operand in op.operands))
    bodies.u32(*attributes)
    bodies.u32(*functions)
    bodies.u32(*(registers[result] for result in op.results))
    for kernel_numbers in users:
        bodies.u32(*kernel_numbers)


def _function_references(sections: Sections, attribute: Attribute) -> Iterable[str] | None:
    return None if is_compilation_unit(sections.module, attribute) else function_references(attribute)


def _users(value: SSAValue, kernels: dict[Operation, int]) -> list[int]:
    """The kernels that read a value, one entry a use, the last use first, as MLIR keeps its uses."""
    uses = [(kernels[use.operation], use.index) for use in value.uses if use.operation.name != RETURN]
    return [kernel for kernel, _ in sorted(uses, reverse=True)]
