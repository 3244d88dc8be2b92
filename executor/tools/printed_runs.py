"""Running the functions that `bef-run` is to run, and printing what they return.

Functions of regions, which have no names, are not run: those that call them do.
"""

from __future__ import annotations

import argparse
import io
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, SupportsFloat, SupportsInt

from tfrt.executor.bef import FunctionKind
from tfrt.executor.engines.program import Program
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support import cli
from tfrt.executor.support.progress import step
from tfrt.executor.tools.runs import Run, available, execute, plan
from tfrt.executor.tools.termination import Signals
from tfrt.executor.values.async_value import AsyncValue

if TYPE_CHECKING:
    from tfrt.executor.runtime.tracing import Trace


def run_program(
    program: Program,
    host: HostContext,
    options: argparse.Namespace,
    trace: Trace | None,
    signals: Signals,
) -> int:
    """Run what the options say, and print what it returns; returns the exit code."""
    runs = plan(program, options)
    code = cli.OK
    saved: dict[str, Any] = {}
    for number, run in enumerate(runs):
        if signals.is_terminated:
            break
        function = run.function
        step(f"run @{function.name}", number, len(runs))
        if function.argument_types and not run.explicit:
            # The reference's recorded output is silent about synchronous functions (see tests/golden).
            if function.kind is not FunctionKind.SYNC:
                host.write(f"--- Not running '{function.name}' because it has arguments.\n")
            continue
        if not function.name:
            continue
        host.write(f"--- Running '{function.name}':\n")
        with trace.scope(f"Function: {function.name}") if trace else nullcontext():
            results = _run_function(run, host, options)
        if any(_is_error(result) for result in results):
            code = cli.FAILED
        if run.expected:
            from tfrt.executor.tools.function_io import mismatches

            for message in mismatches(function, run.expected, results, options.expected_tolerance):
                cli.complain("bef-run", message)
                code = cli.FAILED
        if options.output is not None:
            from tfrt.executor.tools.function_io import to_arrays

            saved |= to_arrays(function, results)
        # They are gone before the next function starts.
        del results
    if options.output is not None:
        save(options.output, saved)
    return cli.TERMINATED if signals.is_terminated else code


def _run_function(run: Run, host: HostContext, options: argparse.Namespace) -> list[Any]:
    """Run one function in a request of its own and print what it returned.

    As in the reference, work that the results do not depend on may go on while they are printed, and ends
    before the next function starts.
    """
    function = run.function
    results = execute(run, host)
    if results:
        texts = [
            _result_text(result, type_name, run.explicit, options.print_error_code)
            for result, type_name in zip(results, function.result_types or ("",), strict=True)
        ]
        if function.kind is FunctionKind.SYNC and _is_error(results[0]):
            texts = texts[:1]  # An error ends such a function as a whole.
        host.write(f"'{function.name}' returned {','.join(texts)}\n")
    host.quiesce()
    if not options.verify_diagnostics and any(_is_error(result) for result in results):
        from tfrt.executor.tools.explain import errors_of, explanation

        for error in errors_of(results):
            cli.explain(explanation(error, internal=options.internal_traceback))
    return available(results)


def _result_text(result: Any, type_name: str, explicit: bool, print_error_code: bool) -> str:
    if isinstance(result, AsyncValue):
        if result.error is not None:
            code = f", code: {result.error.code}" if print_error_code else ""
            return f"<<error: {result.error.message}{code}>>"
        result = result.value
    if isinstance(result, SupportsInt) and type_name in ("i1", "i32", "i64"):
        return str(int(result))
    if isinstance(result, SupportsFloat) and type_name in ("f32", "f64"):
        return f"{float(result):e}".replace("inf", "INF")
    if explicit or type_name.startswith("memref<"):
        from tfrt.executor.tools.cli_values import show

        return show(result, type_name) or f"{type_name} value"
    return f"{type_name} value"


def _is_error(result: Any) -> bool:
    return isinstance(result, AsyncValue) and result.is_error


def save(path: str, arrays: dict[str, Any]) -> None:
    """Write arrays to an ``.npz`` file."""
    import numpy as np

    content = io.BytesIO()
    np.savez(content, **arrays)
    cli.write_bytes(path, content.getvalue())
