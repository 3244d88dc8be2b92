"""Which functions `bef-run` runs, with which arguments, and running one."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tfrt.executor.engines.function import Function
from tfrt.executor.engines.program import Program
from tfrt.executor.runtime.execution_context import ExecutionContext
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support import cli
from tfrt.executor.support.errors import KernelError, UsageError
from tfrt.executor.values.async_value import AsyncValue


@dataclass(frozen=True, slots=True)
class Run:
    """One function to run. `explicit` marks the one that the user asked for with its inputs."""

    function: Function
    arguments: tuple[Any, ...] = ()
    expected: tuple[tuple[int, Any], ...] = ()
    explicit: bool = False


def plan(program: Program, options: argparse.Namespace) -> list[Run]:
    """What to run, in order.

    Raises:
        UsageError: a function does not exist, or inputs or expected outputs do not fit it.
    """
    runs: list[Run] = []
    init = _find(program, options.test_init_function) if options.test_init_function else None
    if init is not None:
        runs.append(Run(init))
    name = options.function
    if name is None and (options.input or options.inputs or options.expected_output):
        name = _only_function(program, options.functions)
    if name is not None:
        from tfrt.executor.tools.function_io import parse_expected, parse_inputs, read_inputs

        function = _find(program, name)
        if options.inputs is not None:
            arguments = read_inputs(function, options.inputs)
        else:
            arguments = parse_inputs(function, options.input)
        expected = parse_expected(function, options.expected_output)
        return [*runs, Run(function, arguments, expected, explicit=True)]
    if not options.functions:
        functions = list(program.all_functions)
    else:
        functions = [_find(program, name) for name in options.functions]
    return [*runs, *(Run(function) for function in functions if function is not init)]


def execute(run: Run, host: HostContext) -> list[Any]:
    """What a function gives in a request of its own, once it is there."""
    try:
        results = run.function.execute(ExecutionContext(host), run.arguments)
    except KernelError as error:
        results = [AsyncValue.failed(error)]  # shown in place of the results, of which there are none
    host.wait(results)
    return results


def available(results: Sequence[Any]) -> list[Any]:
    """The values of those results that are there; of others, which are errors, the `AsyncValue`."""
    return [r.value if isinstance(r, AsyncValue) and r.is_available else r for r in results]


def _find(program: Program, name: str) -> Function:
    function = program.functions.get(name)
    if function is None:
        names = list(program.functions)
        hint = cli.did_you_mean(name, names) or f"; the file has: {', '.join(names) or 'none'}"
        raise UsageError(f"there is no function '{name}'{hint}")
    return function


def _only_function(program: Program, requested: Sequence[str] | None) -> str:
    names = list(requested or program.functions)
    if len(names) != 1:
        raise UsageError(f"--input, --inputs and --expected_output need --function; the file has: {', '.join(names)}")
    return names[0]
