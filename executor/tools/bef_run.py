"""`bef-run`: run the functions of a BEF file and print what they return.

Without further options every function that takes no arguments runs, in the file's order, and prints what it
does in the reference implementation's ``bef_executor`` (``lib/bef_executor_driver/bef_executor_driver.cc`` in
tensorflow/runtime). ``--function`` runs one function with the inputs given and compares what it returns with
the outputs expected. What kernels report comes on stderr.

Exit codes: 0; 1 where a function returned an error or something else than expected; 2 for bad usage or a bad
file; 130 where Ctrl-C ended it, at once; 143 where SIGTERM did, once the function that ran was through. Nothing
runs before the command line as a whole has been found valid.

Numpy takes longer to import than everything else together, so the modules that need it are imported where values
are read, shown or saved. So is what only profiles need.
"""

from __future__ import annotations

import argparse
import gc
import io
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, SupportsFloat, SupportsInt

from tfrt.executor.bef import BefFile, FunctionKind, open_bef, read_bef
from tfrt.executor.engines.program import Function, Program
from tfrt.executor.runtime.failures import keep_engine_frames
from tfrt.executor.runtime.host_context import PLAN_THRESHOLD, ExecutionContext, HostContext
from tfrt.executor.support import allocation, cli
from tfrt.executor.support.allocation import Allocator
from tfrt.executor.support.diagnostics import Diagnostic, SourceLookup, source_below
from tfrt.executor.support.errors import BefError, KernelError, LoadError, UsageError
from tfrt.executor.support.location import position
from tfrt.executor.support.spans import span
from tfrt.executor.tools import measuring
from tfrt.executor.tools.kernel_modules import import_kernels
from tfrt.executor.tools.termination import noticing_termination
from tfrt.executor.values.async_value import AsyncValue
from tfrt.executor.values.weights import weights_of

if TYPE_CHECKING:
    from tfrt.executor.runtime.profile import Profile
    from tfrt.executor.runtime.recording import Recording
    from tfrt.executor.runtime.tracing import Trace
    from tfrt.executor.tools.compare import Side
    from tfrt.executor.tools.step import Stepper

_TOOL = "bef-run"

_EXAMPLES = """\
  bef-run program.bef
  tfrt-translate program.mlir | bef-run
  bef-run program.bef --functions f,g --work_queue_type mstd:4
  bef-run program.bef --function main --input 3 --input '2x3xf32=1 2 3 4 5 6'
  bef-run program.bef --function main --input @x.npy --expected_output '2xi32=[5 6]'
  bef-run model.bef --function main --inputs args.npz --output results.npz
  bef-run program.bef --kernels my_kernels.py
  bef-run program.bef --profile profile.json
  bef-run program.bef --trace trace.json --trace-level functions
  bef-run program.bef --report report.html
  bef-run model.bef --function main --inputs args.npz --dump-values values.npz --dump-kernels 'model.mlir:12'
  bef-run optimised.bef --compare-with plain.bef --function main --inputs args.npz

inputs and expected outputs:
  3  -1.5  true                  scalars; their type is the function's
  2x2xi32=[[1 2][3 4]]           a tensor: dimensions, element type, elements
  4xf32=0                        one element stands for all
  [[1 2][3 4]]  0                an array of the function's type; one element stands for all
  @x.npy                         what a file holds; bf16 as uint16, f8 as uint8, i4 as int8 in place of arrays
  (ignored)                      an output that may be anything
  Chains are neither given nor compared."""

_DEFAULT_TOLERANCE = 1e-4

_ALLOCATORS: dict[str, Callable[[], tuple[Allocator, bool]]] = {
    "kernels_only": lambda: (Allocator(), False),
    "malloc": lambda: (Allocator(), False),
    "test_fixed_size_1k": lambda: (Allocator(1024, allocation.log), True),
    "profiled_allocator": lambda: (Allocator(), True),
    "leak_check_allocator": lambda: (Allocator(), True),
    "leak_check": lambda: (Allocator(), True),
}
"""The host's allocator, and whether the memory of tensors is counted."""
_LEAK_CHECKS = ("kernels_only", "leak_check_allocator", "leak_check")
_TRACING_LEVELS = ("none", "default", "verbose", "debug")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns its exit code."""
    return cli.run(_TOOL, _main, argv)


@dataclass(frozen=True, slots=True)
class _Run:
    """One function to run. `explicit` marks the one that the user asked for with its inputs."""

    function: Function
    arguments: tuple[Any, ...] = ()
    expected: tuple[tuple[int, Any], ...] = ()
    explicit: bool = False


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
    options = _parser().parse(argv)
    if options.function is not None and options.functions:
        raise UsageError("--function and --functions exclude each other")
    if options.input and options.inputs is not None:
        raise UsageError("--input and --inputs exclude each other")
    for module in options.kernels:
        import_kernels(module)
    if options.profile is not None and options.dump_plan:
        raise UsageError("--profile and --dump-plan exclude each other: what is profiled runs without plans")
    measuring.check(options)
    if options.step or options.breaks:
        _check_stepping(options)
    if options.compare_with is not None:
        return _compare(options)
    keep_engine_frames(options.internal_traceback)
    trace = _new_trace(options) if options.enable_tracing else None
    bef = _open(options.file)
    profile = _new_profile() if options.profile is not None else None
    recording = _new_recording(bef, options) if options.dump_values is not None else None
    stepper = _new_stepper(bef, options) if options.step or options.breaks else None
    allocator, counts_tensors = _ALLOCATORS[options.host_allocator_type]()
    reported: list[Diagnostic] = []
    source = cache(source_below(options.source_root))
    host = HostContext(
        options.work_queue_type,
        # Plans allocate in another order, which a capacity shows.
        plans=options.plans and allocator.capacity is None,
        plan_threshold=options.plan_threshold,
        native=None if options.native else False,
        profile=profile or recording or stepper,
        trace=trace,
        allocator=allocator,
        out=_Output(),
        diagnostic_handler=(
            reported.append if options.verify_diagnostics else lambda diagnostic: _show(diagnostic, source)
        ),
    )
    recorded = ExitStack()
    write_events = measuring.record(options, recorded, source)
    try:
        with (
            recorded,
            trace.scope("Bef Executor") if trace else nullcontext(),
            allocation.counted_by(allocator) if counts_tensors else nullcontext(),
        ):
            code = _run_file(bef, host, options, trace)
    except LoadError as error:
        code = cli.BAD_USAGE
        if options.verify_diagnostics:
            reported += error.diagnostics
        else:
            cli.report(error.diagnostics, source)
    except (UsageError, BefError):
        host.close()
        raise
    except KeyboardInterrupt:
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
    elif options.host_allocator_type in _LEAK_CHECKS and (leak := _leak(allocator)):
        host.write(leak)
        code = cli.FAILED
    if code != cli.BAD_USAGE:
        if write_events is not None:
            write_events()
        if recording is not None:
            from tfrt.executor.tools.recorded_values import arrays_of

            _save(options.dump_values, arrays_of(recording.runs()))
        if profile is not None:
            measuring.write_profile(options.profile, profile, host)
    return code


def _run_file(bef: BefFile, host: HostContext, options: argparse.Namespace, trace: Trace | None) -> int:
    with span("load", "program"):
        program = Program(bef, host, weights_of(options.weights))
    # What is there now stays until the end: the garbage collector need not look at it again and again.
    gc.freeze()
    if options.dump_plan:
        return _dump_plans(program, host)
    with noticing_termination() as is_terminated:
        return _run_program(program, host, options, trace, is_terminated)


def _verify(bef: BefFile, reported: Sequence[Diagnostic], source: SourceLookup) -> int:
    """Compare what has been reported with what the comments in the source files of the program expect."""
    from tfrt.executor.support.verify_diagnostics import check, find_expectations

    places = [bef.location(function.location) for function in bef.functions]
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


def _check_stepping(options: argparse.Namespace) -> None:
    """See that options for the debugger go with the others.

    Raises:
        UsageError: they do not.
    """
    if options.file == "-":
        raise UsageError("--step and --break read commands from the standard input, so the program must be a file")
    others = (options.profile, options.dump_values, options.trace, options.report, options.compare_with)
    if options.enable_tracing or options.dump_plan or any(other is not None for other in others):
        raise UsageError("--step and --break go with no other option that watches or compares kernels")
    if options.work_queue_type != "s":
        raise UsageError("--step and --break go with --work_queue_type=s only: one kernel runs at a time")


def _new_stepper(bef: BefFile, options: argparse.Namespace) -> Stepper:
    from tfrt.executor.tools.step import Debugger, Stepper

    commands = None if sys.stdin.isatty() else sys.stdin
    patterns = [] if options.step else options.breaks
    return Stepper(Debugger(bef, patterns, source_below(options.source_root), commands, sys.stdout))


def _new_recording(bef: BefFile, options: argparse.Namespace) -> Recording:
    from tfrt.executor.runtime.recording import Recording
    from tfrt.executor.tools.recorded_values import kept, selection

    if options.profile is not None or options.enable_tracing or options.dump_plan:
        raise UsageError("--dump-values goes neither with --profile nor with --enable_tracing nor with --dump-plan")
    return Recording(kept, selection(options.dump_kernels or ["*"], bef))


def _compare(options: argparse.Namespace) -> int:
    """Run two files on the same inputs, and show where they first differ."""
    from tfrt.executor.tools.compare import compare

    source = cache(source_below(options.source_root))
    weights = options.weights if options.compare_weights is None else options.compare_weights
    try:
        first = _side(options.file, options.weights, options)
        second = _side(options.compare_with, weights, options)
    except LoadError as error:
        cli.report(error.diagnostics, source)
        return cli.BAD_USAGE
    differences, compared = compare(first, second, options.expected_tolerance)
    cli.report(differences, source)
    before = " before that" if differences else ""
    cli.write_text("-", f"{compared} values of kernels at the same places agree{before}\n")
    return cli.FAILED if differences else cli.OK


def _side(path: str, weights: str | None, options: argparse.Namespace) -> Side:
    from tfrt.executor.runtime.recording import Recording
    from tfrt.executor.tools.compare import Side
    from tfrt.executor.tools.recorded_values import kept, op_names

    bef = _open(path)
    recording = Recording(kept, operands=False)
    # What kernels print is not what is asked for.
    with HostContext(options.work_queue_type, profile=recording, out=io.StringIO()) as host:
        program = Program(bef, host, weights_of(weights))
        found = {}
        for run in _plan(program, options):
            if run.function.name and (run.explicit or not run.function.argument_types):
                results = _execute(run, host)
                host.quiesce()
                values = [result.value if _is_available(result) else result for result in results]
                found[run.function.name] = tuple(map(kept, values))
    return Side(path, recording.runs(), found, op_names(bef))


def _open(path: str) -> BefFile:
    # Whoever names a pipe, or the standard input, on the command line means it.
    content = None if os.path.isfile(path) else cli.read_bytes(path)
    try:
        return open_bef(path) if content is None else read_bef(content)
    except BefError as error:
        raise UsageError(_why_not_bef(path, content, error)) from error


def _why_not_bef(path: str, content: bytes | None, error: BefError) -> str:
    if content is None:
        with open(path, "rb") as file:
            content = file.read(4096)
    if _looks_like_mlir(content):
        return f"'{path}' is MLIR text; compile it first: tfrt-translate --mlir-to-bef {path} | bef-run"
    return f"'{path}': {error}"


def _looks_like_mlir(content: bytes) -> bool:
    beginning = content[:4096]
    return b"\0" not in beginning and any(word in beginning for word in (b"func", b"module", b"//", b" = "))


def _dump_plans(program: Program, host: HostContext) -> int:
    from tfrt.executor.tools.dump_plans import dump

    for text in dump(program):
        host.write(text)
    return cli.OK


def _run_program(
    program: Program,
    host: HostContext,
    options: argparse.Namespace,
    trace: Trace | None,
    is_terminated: Callable[[], bool],
) -> int:
    runs = _plan(program, options)
    code = cli.OK
    saved: dict[str, Any] = {}
    for run in runs:
        if is_terminated():
            break
        function = run.function
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
                cli.complain(_TOOL, message)
                code = cli.FAILED
        if options.output is not None:
            from tfrt.executor.tools.function_io import to_arrays

            saved |= to_arrays(function, results)
        # They are gone before the next function starts.
        del results
    if options.output is not None:
        _save(options.output, saved)
    return cli.TERMINATED if is_terminated() else code


def _run_function(run: _Run, host: HostContext, options: argparse.Namespace) -> list[Any]:
    """Run one function in a request of its own and print what it returned.

    As in the reference, work that the results do not depend on may go on while they are printed, and ends
    before the next function starts.
    """
    function = run.function
    results = _execute(run, host)
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
    return [result.value if _is_available(result) else result for result in results]


def _execute(run: _Run, host: HostContext) -> list[Any]:
    """What a function gives in a request of its own, once it is there."""
    try:
        results = run.function.execute(ExecutionContext(host), run.arguments)
    except KernelError as error:
        results = [AsyncValue.failed(error)]  # shown in place of the results, of which there are none
    host.wait(results)
    return results


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


def _plan(program: Program, options: argparse.Namespace) -> list[_Run]:
    """What to run, in order.

    Raises:
        UsageError: a function does not exist, or inputs or expected outputs do not fit it.
    """
    runs: list[_Run] = []
    init = _find(program, options.test_init_function) if options.test_init_function else None
    if init is not None:
        runs.append(_Run(init))
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
        return [*runs, _Run(function, arguments, expected, explicit=True)]
    if not options.functions:
        functions = list(program.all_functions)
    else:
        functions = [_find(program, name) for name in options.functions]
    return [*runs, *(_Run(function) for function in functions if function is not init)]


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


def _is_error(result: Any) -> bool:
    return isinstance(result, AsyncValue) and result.is_error


def _is_available(result: Any) -> bool:
    return isinstance(result, AsyncValue) and result.is_available


def _save(path: str, arrays: dict[str, Any]) -> None:
    import numpy as np

    content = io.BytesIO()
    np.savez(content, **arrays)
    cli.write_bytes(path, content.getvalue())


def _tolerance(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not value >= 0:
        raise argparse.ArgumentTypeError(f"expected a number that is not negative, got '{text}'")
    return value


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"'{text}' is not a number of runs")
    return int(text)


def _parser() -> cli.OptionParser:
    parser = cli.OptionParser(_TOOL, "Run the functions of a BEF file.", _EXAMPLES)
    add = parser.add_argument
    add("file", nargs="?", default="-", metavar="FILE", help="the BEF file (default: stdin)")
    add("--functions", type=cli.comma_separated, metavar="F,…", help="run these functions only, in this order")
    add("--test_init_function", metavar="F", help="run this function before all others")
    add(
        "--work_queue_type", default="s", metavar="TYPE",
        help="s: single-threaded (default); mstd[:N[,M]]: N threads, and up to M for blocking work",
    )  # fmt: skip
    add("--no-plans", dest="plans", action="store_false", help="run everything on the dataflow executor")
    add(
        "--plan-threshold", type=_count, metavar="N",
        help="generate a function as Python after N runs or loop iterations (default: once that pays, "
        f"{PLAN_THRESHOLD} at the latest)",
    )  # fmt: skip
    add("--no-native", dest="native", action="store_false", help="make no machine code of scalar functions")
    measuring.add_options(parser)
    add("--dump-plan", action="store_true", help="show the functions' plans as Python instead of running them")
    add(
        "--kernels", action="extend", type=cli.comma_separated, default=[], metavar="MODULE",
        help="import a module, or a .py file, that registers kernels",
    )  # fmt: skip
    add(
        "--source-root", default=".", metavar="FOLDER",
        help="show lines of source files below this folder, at errors (default: the current folder)",
    )  # fmt: skip
    add(
        "--weights", metavar="FILE",
        help="what the program was compiled without: a safetensors file (which is mapped), or an .npz file",
    )  # fmt: skip
    add("--function", metavar="F", help="run one function, with inputs")
    add("--input", action="append", default=[], metavar="V", help="an input of the function, in order")
    add(
        "--inputs", metavar="FILE",
        help="all inputs, as arrays named arg0, arg1, … in an .npz or safetensors file",
    )  # fmt: skip
    add(
        "--expected_output", action="append", default=[], metavar="V",
        help="what the function should return, in order; anything else is a failure",
    )  # fmt: skip
    add(
        "--expected_tolerance", type=_tolerance, default=_DEFAULT_TOLERANCE, metavar="T",
        help="by how much floats may differ, relative beyond 1 (default: %(default)s)",
    )  # fmt: skip
    add(
        "--output", metavar="FILE.npz",
        help="save results, as numbers and arrays named FUNCTION.INDEX; elements of arrays as --input reads them",
    )  # fmt: skip
    add(
        "--dump-values", metavar="FILE.npz",
        help="save what kernels got and gave, as NUMBER.KERNEL@PLACE.operandN and .resultN",
    )  # fmt: skip
    add(
        "--dump-kernels", action="extend", type=cli.comma_separated, metavar="PATTERN,…",
        help="with --dump-values: which kernels, by name or op ('cpu.*', 'stablehlo.dot*') or place (FILE:LINE)",
    )  # fmt: skip
    add("--step", action="store_true", help="stop before each kernel, and read commands: 'help' lists them")
    add(
        "--break", dest="breaks", action="append", default=[], metavar="PATTERN",
        help="stop before kernels of that name, op or place, as --dump-kernels means them",
    )  # fmt: skip
    add(
        "--compare-with", metavar="FILE",
        help="run another file, made of the same source, too, and show the first kernel whose values differ",
    )  # fmt: skip
    add("--compare-weights", metavar="FILE", help="the weights of that file, unless they are those of the first one")
    add(
        "--host_allocator_type", choices=list(_ALLOCATORS), default="kernels_only", metavar="TYPE",
        help="leak_check: say which memory of tensors is alive at the end; profiled_allocator: count it;"
        " test_fixed_size_1k: refuse more than 1 kB; malloc: count nothing (default: check what kernels allocate)",
    )  # fmt: skip
    add("--enable_tracing", action="store_true", help="print a trace of what ran, after all else")
    add(
        "--tracing_level", choices=_TRACING_LEVELS, default="default", metavar="LEVEL",
        help="default: functions; debug: kernels, too; none, verbose",
    )  # fmt: skip
    add(
        "--verify-diagnostics", action="store_true",
        help="check what kernels report against 'expected-error@+1 {{…}}' comments in the source, and show it no more",
    )  # fmt: skip
    add("--print_error_code", action="store_true", help="print the status code of errors, too")
    add(
        "--internal-traceback", action="store_true",
        help="show tfrt's own code, too, in the Python traceback of a kernel that failed",
    )  # fmt: skip
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
