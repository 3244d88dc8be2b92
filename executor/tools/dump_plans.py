"""What `bef-run --dump-plan` shows: each function's plan as source, or why it has none."""

from __future__ import annotations

from collections.abc import Iterator

from tfrt.executor.bef import FunctionKind
from tfrt.executor.engines.function import Function
from tfrt.executor.engines.plans.generate import annotated, generate
from tfrt.executor.engines.plans.planned import Plans
from tfrt.executor.engines.program import Program


def dump(program: Program) -> Iterator[str]:
    """A piece of text for each function with a name, in the file's order."""
    plans = program.plans
    if plans is None:
        return
    runs = f"{plans.threshold} runs or iterations{'' if plans.is_exact else ' at the latest'}"
    yield f"# A function is generated after {runs} (--plan-threshold).\n"
    for function in program.functions.values():
        why = _why_not(program, plans, function)
        if why is not None:
            yield f"\n# @{function.name} {why}\n"
        else:
            yield f"\n{annotated(generate(plans.planned(function), with_cold=True))}"


def _why_not(program: Program, plans: Plans, function: Function) -> str | None:
    """Why a function has no plan, or None where it has one."""
    if function.kind is FunctionKind.NATIVE:
        return "is native."
    effects = plans.facts[function.index].effects
    if effects.disorder is not None:
        first, second = (_kernel(program, function, step) for step in effects.disorder)
        return f"runs on the dataflow executor: nothing orders\n#   {first} and\n#   {second}."
    if not effects.ordered:
        return "runs on the dataflow executor: it runs functions whose effects nothing orders."
    return None


def _kernel(program: Program, function: Function, step: int) -> str:
    # The first kernel stands for the function's arguments.
    record = program.bef.functions[function.index].kernels[1 + step]
    return f"{record.name} at {program.bef.location(record.location)}"
