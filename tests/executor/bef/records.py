"""Writing records back: a file whose functions a test has changed, otherwise as it was.

`connect` makes changed kernels valid again: what the reader checks (users, counts of uses and of operands) follows from
what kernels read and write.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tests.executor.bef.conftest import Body, KernelParts, Parts, build, vbr
from tfrt.executor.bef import BefFile, FunctionKind, FunctionRecord, KernelRecord
from tfrt.executor.bef.format import PSEUDO_KERNEL_CODE, PSEUDO_KERNEL_LOCATION, SectionId


def encode(bef: BefFile, functions: Sequence[FunctionRecord], *, keeps_types: bool = True) -> bytes:
    """The bytes of the file with these functions; without the registers' types unless `keeps_types`."""
    offsets = {text: offset for offset, text in bef.strings.known.items()}
    codes = {name: code for code, name in enumerate(bef.kernel_names)}
    types = {type: number for number, type in enumerate(bef.types)}
    index = bodies = b""
    names = registers = vbr(len(functions))
    for function in functions:
        index += bytes([function.kind]) + vbr(len(bodies), offsets[function.name])
        for listed in (function.argument_types, function.result_types):
            index += vbr(len(listed), *(types[type] for type in listed))
        if function.kind is FunctionKind.NATIVE:
            continue
        kernels = [_parts(kernel, codes, is_pseudo=not number) for number, kernel in enumerate(function.kernels)]
        bodies += Body(function.location, function.use_counts, kernels, function.result_registers).data
        names += vbr(len(kernels))
        for found in function.attribute_names or ():
            names += vbr(*(offsets[name] for name in found))
        registers += vbr(len(function.use_counts), *(types[type] for type in function.register_types or ()))
    sections = {
        section.name.lower(): _payload(bef, section)
        for section in SectionId
        if section.name.lower() in Parts.__dataclass_fields__
    }
    sections |= {"function_index": vbr(len(functions)) + index, "functions": bodies}
    sections["attribute_names"] = names if bef.has(SectionId.ATTRIBUTE_NAMES) else None
    has_types = keeps_types and bef.has(SectionId.REGISTER_TYPES)
    sections["register_types"] = registers if has_types else None
    return build(Parts(**sections))  # type: ignore[arg-type]


def connect(function: FunctionRecord) -> FunctionRecord:
    """The function with users and counts as its kernels' operands and results ask for."""
    pseudo = len(function.use_counts)
    uses = [0] * pseudo
    readers: dict[int, list[int]] = {}
    for number, kernel in enumerate(function.kernels[1:], 1):
        for register in kernel.arguments:
            uses[register] += 1
        for register in kernel.arguments:
            readers.setdefault(register, []).insert(0, number)
        if not kernel.arguments:
            readers.setdefault(pseudo, []).append(number)
    for register in function.result_registers:
        uses[register] += 1
    kernels = [
        kernel._replace(
            users=tuple(tuple(readers.get(register, ())) for register in kernel.results),
            operand_count=len(kernel.arguments),
        )
        for kernel in function.kernels
    ]
    return replace(function, kernels=tuple(kernels), use_counts=tuple(uses))


def _payload(bef: BefFile, section: SectionId) -> bytes | None:
    if not bef.has(section):
        return None
    cursor = bef.section(section)
    return bytes(cursor.data[cursor.position : cursor.end])


def _parts(kernel: KernelRecord, codes: dict[str, int], *, is_pseudo: bool) -> KernelParts:
    return KernelParts(
        code=PSEUDO_KERNEL_CODE if is_pseudo else codes[kernel.name],
        location=PSEUDO_KERNEL_LOCATION if is_pseudo else kernel.location,
        arguments=kernel.arguments,
        attributes=kernel.attributes,
        functions=kernel.functions,
        results=kernel.results,
        users=kernel.users,
        operands=kernel.operand_count,
        stream=kernel.stream,
    )
