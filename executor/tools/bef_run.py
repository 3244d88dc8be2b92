"""`bef-run`: run the functions of a BEF file and print what they return.

Without further options every function that takes no arguments runs, in the file's order, and prints what it
does in the reference implementation's ``bef_executor`` (``lib/bef_executor_driver/bef_executor_driver.cc`` in
tensorflow/runtime). ``--function`` runs one function with the inputs given and compares what it returns with
the outputs expected. What kernels report comes on stderr.

Exit codes: 0; 1 where a function returned an error or something else than expected; 2 for bad usage or a bad
file; 130 where Ctrl-C ended it, at once; 143 where SIGTERM did, once the function that ran was through, or its time
over. Nothing runs before the command line as a whole has been found valid.

Numpy takes longer to import than everything else together, so the modules that need it are imported where values
are read, shown or saved. So is what only profiles need.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack, nullcontext
from functools import cache
from types import FrameType
from typing import TYPE_CHECKING

from tfrt.executor.bef import BefFile
from tfrt.executor.engines.program import Program
from tfrt.executor.runtime.failures import keep_engine_frames
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support import allocation, cli
from tfrt.executor.support.allocation import Allocator
from tfrt.executor.support.diagnostics import Diagnostic, SourceLookup, source_below
from tfrt.executor.support.errors import BefError, LoadError, UsageError
from tfrt.executor.support.location import position
from tfrt.executor.support.progress import step
from tfrt.executor.support.progress_line import progress_line
from tfrt.executor.support.spans import span
from tfrt.executor.tools import machine_code_options, measuring
from tfrt.executor.tools.bef_files import open_file
from tfrt.executor.tools.bef_run_options import ALLOCATORS, LEAK_CHECKS, check_stepping, parser
from tfrt.executor.tools.kernel_modules import import_kernels
from tfrt.executor.tools.printed_runs import run_program, save
from tfrt.executor.tools.termination import Signals, noticing_signals
from tfrt.executor.values.weights import weights_of

if TYPE_CHECKING:
    from tfrt.executor.engines.stepping import Stepping
    from tfrt.executor.runtime.profile import Profile
    from tfrt.executor.runtime.recording import Recording
    from tfrt.executor.runtime.tracing import Trace

_TOOL = "bef-run"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns its exit code."""
    return cli.run(_TOOL, _main, argv)


class _Output:
    """The standard output, as kernels see it."""

    def write(self, text: str) -> None:
        try:
            sys.stdout.write(text)
        except OSError as error:
            # To raise would only fail the kernel that happens to print.
            os._exit(cli.give_up_output(_TOOL, error))


def _show(diagnostic: Diagnostic, source: SourceLookup) -> None:
    try:
        cli.report([diagnostic], source)
    except OSError as error:  # what was printed before it could not be written
        os._exit(cli.give_up_output(_TOOL, error))


def _main(argv: Sequence[str]) -> int:
    options = parser().parse(argv)
    if options.function is not None and options.functions:
        raise UsageError("--function and --functions exclude each other")
    if options.input and options.inputs is not None:
        raise UsageError("--input and --inputs exclude each other")
    for module in options.kernels:
        import_kernels(module)
    if options.profile is not None and options.dump_plan:
        raise UsageError("--profile and --dump-plan exclude each other: what is profiled runs without plans")
    machine_code_options.check(options)
    measuring.check(options)
    if options.step or options.breaks:
        check_stepping(options)
    with noticing_signals(_TOOL, options.drain_timeout, _under_way) as signals:
        # Where one types at a prompt, nothing else is to appear.
        is_prompting = options.step or options.breaks
        try:
            with progress_line(options.progress and not is_prompting):
                if options.compare_with is not None:
                    return _compare(options)
                with machine_code_options.recorded(options):
                    return _run(options, signals)
        except KeyboardInterrupt:
            signals.report()
            return signals.code


def _under_way(frame: FrameType | None) -> list[str]:
    """What is running, where the main thread's innermost frame is that one, if it is known."""
    from tfrt.executor.engines.running import running, stacks

    return list(map(str, running(stacks(frame))))


def _run(options: argparse.Namespace, signals: Signals) -> int:
    keep_engine_frames(options.internal_traceback)
    trace = _new_trace(options) if options.enable_tracing else None
    bef = open_file(options.file)
    profile = _new_profile() if options.profile is not None else None
    recording = _new_recording(bef, options) if options.dump_values is not None else None
    stepping = _new_stepping(bef, options) if options.step or options.breaks else None
    allocator, counts_tensors = ALLOCATORS[options.host_allocator_type]()
    reported: list[Diagnostic] = []
    source = cache(source_below(options.source_root))
    host = HostContext(
        options.work_queue_type,
        # Plans allocate in another order, which a capacity shows.
        plans=options.plans and allocator.capacity is None,
        plan_threshold=options.plan_threshold,
        native=machine_code_options.asked_for(options),
        machine_code=options.machine_code or None,
        profile=profile or recording,
        trace=trace,
        allocator=allocator,
        memory_limit=options.memory_limit,
        out=_Output(),
        diagnostic_handler=(
            reported.append if options.verify_diagnostics else lambda diagnostic: _show(diagnostic, source)
        ),
    )
    recorded = ExitStack()
    write_events = signals.before_leaving = measuring.record(options, recorded, source)
    try:
        with (
            recorded,
            trace.scope("Bef Executor") if trace else nullcontext(),
            allocation.counted_by(allocator) if counts_tensors else nullcontext(),
        ):
            code = _run_file(bef, host, options, trace, signals, stepping)
    except LoadError as error:
        code = cli.BAD_USAGE
        if options.verify_diagnostics:
            reported += error.diagnostics
        else:
            cli.report(error.diagnostics, source)
    except (UsageError, BefError):
        host.close()
        raise
    except SystemExit:
        # From the debugger's prompt.
        host.cancel_requests()
        raise
    except KeyboardInterrupt:
        signals.report()
        host.cancel_requests()
        # What has run until then is what is asked for where something hangs.
        if write_events is not None:
            write_events()
        raise
    # After Ctrl-C the host is not closed: that would wait for what still runs, but its threads are daemons.
    host.close()
    if options.verify_diagnostics:
        code = _verify(bef, reported, source)
    if trace is not None:
        host.write(trace.text())
    if options.host_allocator_type == "profiled_allocator":
        host.write(allocator.profile())
    elif options.host_allocator_type in LEAK_CHECKS and (leak := _leak(allocator)):
        host.write(leak)
        code = cli.FAILED
    if code != cli.BAD_USAGE:
        if write_events is not None:
            write_events()
        if recording is not None:
            from tfrt.executor.tools.recorded_values import arrays_of

            save(options.dump_values, arrays_of(recording.runs()))
        if profile is not None:
            measuring.write_profile(options.profile, profile, host)
    return code


def _run_file(
    bef: BefFile,
    host: HostContext,
    options: argparse.Namespace,
    trace: Trace | None,
    signals: Signals,
    stepping: Stepping | None,
) -> int:
    step(f"load {options.file}", 0)
    with span("load", "program"):
        program = Program(bef, host, weights_of(options.weights), watcher=stepping)
    # What is there now stays until the end: the garbage collector need not look at it again and again.
    gc.freeze()
    if options.dump_plan:
        return _dump_plans(program, host)
    return run_program(program, host, options, trace, signals)


def _verify(bef: BefFile, reported: Sequence[Diagnostic], source: SourceLookup) -> int:
    """Compare what has been reported with what the comments in the source files of the program expect."""
    from tfrt.executor.support.verify_diagnostics import check, find_expectations

    places = [bef.location(function.location) for function in bef.functions.signatures]
    found = {at.filename: None for at in map(position, [*places, *(d.location for d in reported)]) if at is not None}
    expectations, problems = [], []
    for filename in found:
        expected, malformed = find_expectations(source(filename) or "", filename)
        expectations += expected
        problems += malformed
    problems += check(expectations, reported)
    cli.report(problems, source)
    return cli.FAILED if problems else cli.OK


def _leak(allocator: Allocator) -> str:
    if allocator.alive:
        # What only cycles refer to is no leak.
        gc.unfreeze()
        gc.collect()
    return allocator.leak()


def _new_trace(options: argparse.Namespace) -> Trace:
    from tfrt.executor.runtime.tracing import Trace

    trace = Trace(options.tracing_level)
    if trace.has_kernels and options.profile is not None:
        raise UsageError("--profile and --tracing_level=debug exclude each other: the trace would be in the times")
    return trace


def _new_profile() -> Profile:
    from tfrt.executor.runtime.profile import Profile

    return Profile()


def _new_stepping(bef: BefFile, options: argparse.Namespace) -> Stepping:
    from tfrt.executor.engines.stepping import Stepping, Until
    from tfrt.executor.tools.step import Prompt

    commands = None if sys.stdin.isatty() else sys.stdin
    stepping = Stepping(bef, options.breaks)
    if options.step:
        stepping.until = Until.STEP
    Prompt(stepping, source_below(options.source_root), commands, sys.stdout)
    return stepping


def _new_recording(bef: BefFile, options: argparse.Namespace) -> Recording:
    from tfrt.executor.runtime.recording import Recording
    from tfrt.executor.tools.recorded_values import kept, selection

    if options.profile is not None or options.enable_tracing or options.dump_plan:
        raise UsageError("--dump-values goes neither with --profile nor with --enable_tracing nor with --dump-plan")
    return Recording(kept, selection(options.dump_kernels or ["*"], bef))


def _compare(options: argparse.Namespace) -> int:
    from tfrt.executor.tools.compared_files import compare_files

    return compare_files(options)


def _dump_plans(program: Program, host: HostContext) -> int:
    from tfrt.executor.tools.dump_plans import dump

    for text in dump(program):
        host.write(text)
    return cli.OK


if __name__ == "__main__":
    raise SystemExit(main())
