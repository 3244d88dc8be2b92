"""The options of `bef-run`, and which go together."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from threading import TIMEOUT_MAX

from tfrt.executor.runtime.host_context import PLAN_THRESHOLD
from tfrt.executor.support import allocation, cli
from tfrt.executor.support.allocation import Allocator
from tfrt.executor.support.errors import UsageError
from tfrt.executor.support.progress_line import add_progress_option
from tfrt.executor.tools import machine_code_options, measuring

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
  bef-run model.bef --function main --inputs args.npz --save-machine-code model.code
  bef-run model.bef --function main --inputs args.npz --machine-code model.code

inputs and expected outputs:
  3  -1.5  true                  scalars; their type is the function's
  2x2xi32=[[1 2][3 4]]           a tensor: dimensions, element type, elements
  4xf32=0                        one element stands for all
  [[1 2][3 4]]  0                an array of the function's type; one element stands for all
  @x.npy                         what a file holds; bf16 as uint16, f8 as uint8, i4 as int8 in place of arrays
  (ignored)                      an output that may be anything
  Chains are neither given nor compared."""

_DEFAULT_TOLERANCE = 1e-4

ALLOCATORS: dict[str, Callable[[], tuple[Allocator, bool]]] = {
    "kernels_only": lambda: (Allocator(), False),
    "malloc": lambda: (Allocator(), False),
    "test_fixed_size_1k": lambda: (Allocator(1024, allocation.log), True),
    "profiled_allocator": lambda: (Allocator(), True),
    "leak_check_allocator": lambda: (Allocator(), True),
    "leak_check": lambda: (Allocator(), True),
}
"""The host's allocator, and whether the memory of tensors is counted."""

LEAK_CHECKS = ("kernels_only", "leak_check_allocator", "leak_check")

_TRACING_LEVELS = ("none", "default", "verbose", "debug")


def parser() -> cli.OptionParser:
    """The options of the command line."""
    made = cli.OptionParser("bef-run", "Run the functions of a BEF file.", _EXAMPLES)
    add = made.add_argument
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
    machine_code_options.add_options(made)
    measuring.add_options(made)
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
        "--host_allocator_type", choices=list(ALLOCATORS), default="kernels_only", metavar="TYPE",
        help="leak_check: say which memory of tensors is alive at the end; profiled_allocator: count it;"
        " test_fixed_size_1k: refuse more than 1 kB; malloc: count nothing (default: check what kernels allocate)",
    )  # fmt: skip
    add(
        "--memory-limit", type=_memory, metavar="SIZE",
        help="fail kernels whose results would make the arrays and tensors that are alive more than that (512MB, 2GiB)",
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
    add(
        "--drain-timeout", type=_seconds, metavar="SECONDS",
        help="how long what runs may go on after SIGTERM; then it is ended (default: to its end)",
    )  # fmt: skip
    add_progress_option(made)
    add("--print_error_code", action="store_true", help="print the status code of errors, too")
    add(
        "--internal-traceback", action="store_true",
        help="show tfrt's own code, too, in the Python traceback of a kernel that failed",
    )  # fmt: skip
    return made


def check_stepping(options: argparse.Namespace) -> None:
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


def _tolerance(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not value >= 0:
        raise argparse.ArgumentTypeError(f"expected a number that is not negative, got '{text}'")
    return value


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= TIMEOUT_MAX:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number of seconds")
    return value


def _memory(text: str) -> int:
    size = cli.size_in_bytes(text)
    if not size:
        raise argparse.ArgumentTypeError("no kernel can do with no memory at all")
    return size


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"'{text}' is not a number of runs")
    return int(text)
