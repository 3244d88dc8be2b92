"""Writing function bodies: the table of registers, the table of kernels, then the kernels themselves."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.ir import Operation, SSAValue

from tfrt.compiler.emitter.entities import (
    RETURN,
    Entities,
    FunctionEntity,
    kernel_name,
)
from tfrt.compiler.emitter.locations import LocationWriter
from tfrt.compiler.streams import analyse_streams
from tfrt.dialects.shared.ops import operands_of, ops_of, type_of
from tfrt.executor.bef.format import PSEUDO_KERNEL_CODE, PSEUDO_KERNEL_LOCATION
from tfrt.executor.bef.writer import Writer


@dataclass(frozen=True, slots=True)
class Sections:
    """The sections that functions are written to, and the offsets of what they refer to."""

    entities: Entities
    string_offsets: dict[str, int]
    attribute_offsets: list[int]
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

    ops = ops_of(block)
    values = [*block.args, *[result for op in ops for result in op.results]]
    registers = {id(value): number for number, value in enumerate(values)}
    reads = [(op, [registers[id(operand)] for operand in operands_of(op)]) for op in ops]
    returned = reads.pop()[1] if reads and reads[-1][0].name == RETURN else []
    users = _users([read for _, read in reads], len(registers))
    _write_registers(sections, values, users, returned)

    streams = analyse_streams(block)
    out.vbr(len(reads) + 1)
    sections.attribute_names.vbr(len(reads) + 1)
    words: list[int] = []
    out.vbrs((0, 0, streams.root))
    _write_pseudo_kernel(words, users, len(block.args))
    by_op = streams.by_op
    for op, read in reads:
        out.vbrs((4 * len(words), len(read), by_op[op]))
        written = [registers[id(result)] for result in op.results]
        _write_kernel(sections, words, op, read, written, users)
    out.vbrs(returned)
    out.u32(*words)


def _users(reads: list[list[int]], registers: int) -> list[list[int]]:
    """The kernels that read each register, one entry a use, the last use first, as MLIR keeps its uses.

    The last list is of the pseudo register: the kernels without operands, the first one first.
    """
    users: list[list[int]] = [[] for _ in range(registers + 1)]
    for kernel in range(len(reads), 0, -1):
        for register in reversed(reads[kernel - 1]):
            users[register].append(kernel)
    users[-1] = [kernel for kernel, read in enumerate(reads, 1) if not read]
    return users


def _write_registers(sections: Sections, values: list[SSAValue], users: list[list[int]], returned: list[int]) -> None:
    sections.functions.vbr(len(values))
    sections.register_types.vbr(len(values))
    uses = [*map(len, users[:-1])]
    for register in returned:
        uses[register] += 1
    sections.functions.vbrs(uses)
    sections.register_types.vbrs([*map(sections.entities.type_index, map(type_of, values))])


def _write_pseudo_kernel(words: list[int], users: list[list[int]], arguments: int) -> None:
    registers = [len(users) - 1, *range(arguments)]
    words += (PSEUDO_KERNEL_CODE, PSEUDO_KERNEL_LOCATION, 0, 0, 0, len(registers))
    words += [len(users[register]) for register in registers]
    words += registers
    for register in registers:
        words += users[register]


def _write_kernel(
    sections: Sections, words: list[int], op: Operation, read: list[int], written: list[int], users: list[list[int]]
) -> None:
    entities = sections.entities
    attributes: list[int] = []
    functions: list[int] = []
    for name, encoding in entities.attributes_of.get(id(op), ()):
        if encoding.functions is not None:
            functions += [entities.function_by_name[symbol.root_reference.data] for symbol in encoding.functions]
            continue
        sections.attribute_names.vbr(sections.string_offsets.get(name, 0))
        attributes.append(sections.attribute_offsets[encoding.number])
    if op.regions:
        functions += [entities.function_by_region[region] for region in op.regions]
    location = sections.locations.write(op.location)
    words += (entities.kernels[kernel_name(op)], location, len(read), len(attributes), len(functions), len(written))
    used_by = [users[register] for register in written]
    words += map(len, used_by)
    words += read
    words += attributes
    words += functions
    words += written
    for kernels in used_by:
        words += kernels
