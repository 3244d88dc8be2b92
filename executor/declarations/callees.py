"""Whether the functions of a file fit the kernels that run them, as those declare it; see `Runs`.

What kernels that declare nothing do with their functions is their own business;
`tfrt.executor.engines.function.Function.execute` refuses a wrong number of arguments.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tfrt.executor.bef import BefFile, FunctionKind, FunctionSignature, KernelRecord
from tfrt.executor.declarations.kernel import Kernel
from tfrt.executor.declarations.runs import ANY, Runs, expand
from tfrt.executor.support.diagnostics import Diagnostic


def disagreements(bef: BefFile, kernels: Mapping[str, Kernel]) -> list[Diagnostic]:
    """An error for each kernel of the file that runs functions which do not fit it."""
    runners = {name: kernel.runs for name, kernel in kernels.items() if kernel.runs}
    found = []
    for index in range(len(bef.functions) if runners else 0):
        records = bef.functions.kernels_named(index, runners)
        types = bef.functions.register_types(index) if records else None
        for record in records:
            problem = _problem(record, runners[record.name], types, bef.functions.signatures)
            if problem is not None:
                found.append(Diagnostic("error", f"'{record.name}' cannot run {problem}", bef.kernel_location(record)))
    return found


def _problem(
    record: KernelRecord,
    declared: Sequence[Runs],
    types: tuple[str, ...] | None,
    functions: Sequence[FunctionSignature],
) -> str | None:
    operands, results = _types_of(types, record.arguments), _types_of(types, record.results)
    for number, index in enumerate(record.functions):
        runs, callee = declared[min(number, len(declared) - 1)], functions[index]
        # Where there are fewer operands than its own, the kernel fails when it runs, like any other.
        passed = operands[runs.skips :]
        problem = None
        if runs.is_sync and callee.kind is not FunctionKind.SYNC:
            problem = "it is not synchronous"
        problem = problem or _difference("it", "argument", callee.argument_types, expand(runs.takes, passed))
        if callee.result_types or not runs.or_nothing:
            problem = problem or _difference("it", "result", callee.result_types, expand(runs.gives, results))
        if runs.carries:
            problem = problem or _difference("the op", "result", results, passed)
        if problem is not None:
            return f"{f'@{callee.name}' if callee.name else 'its region'}: {problem}"
    return None


def _types_of(types: tuple[str, ...] | None, registers: Sequence[int]) -> tuple[str, ...]:
    return (ANY,) * len(registers) if types is None else tuple([types[register] for register in registers])


def _difference(subject: str, noun: str, types: tuple[str, ...], wanted: tuple[str, ...]) -> str | None:
    if types == wanted:
        return None
    if len(types) != len(wanted):
        return f"{subject} has {len(types)} {noun}{'' if len(types) == 1 else 's'}, not {len(wanted)}"
    for index, (found, expected) in enumerate(zip(types, wanted, strict=True)):
        if found != expected and ANY not in (found, expected):
            return f"{noun} {index} of {subject} is {found}, not {expected}"
    return None
