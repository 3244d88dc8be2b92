"""`tfrt-opt`: parse a program, verify it, run passes on it and print or draw it.

Exit codes: 0; 1 where the program was refused, a pass failed on it, or what it does is not what its comments
expect; 2 for bad usage.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import replace
from difflib import unified_diff
from itertools import islice
from typing import TYPE_CHECKING

from tfrt.executor.bef.format import MAGIC
from tfrt.executor.support import cli
from tfrt.executor.support.diagnostics import Diagnostic, source_of_text
from tfrt.executor.support.errors import CompileError, UsageError
from tfrt.executor.support.progress import step
from tfrt.executor.support.progress_line import add_progress_option, progress_line

if TYPE_CHECKING:
    from xdsl.dialects.builtin import ModuleOp
    from xdsl.passes import ModulePass

    from tfrt.executor.support.drawing.graph import Graph

_EXAMPLES = """\
  tfrt-opt program.mlir                            check a program and print it
  tfrt-opt -O2 program.mlir                        optimise it
  tfrt-opt -p canonicalize,cse program.mlir        run passes on it
  tfrt-opt -O2 --view-graph program.svg program.mlir
                                                   draw what it has become
  tfrt-opt --verify-diagnostics --split-input-file errors.mlir
                                                   check that the errors are those that comments expect"""

_STDIN = "<stdin>"
"""What locations call the standard input."""

_SEPARATOR = "// -----\n"
_SHOWN_DIFFERENCES = 20


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns its exit code."""
    return cli.run("tfrt-opt", _main, argv)


def _main(argv: Sequence[str]) -> int:
    from tfrt.compiler.frontend import split_input
    from tfrt.compiler.pipelines.manager import watch_of
    from tfrt.compiler.pipelines.pipeline import PIPELINES, parse_pipeline

    options = _parser().parse(argv)
    if options.view_graph is not None:
        _check_drawing(options)
    if options.show_dialects:
        return _show_dialects(options.output or "-")
    options.watch = watch_of(options)
    content = cli.read_bytes(options.file)
    if content.startswith(MAGIC):
        raise UsageError(f"'{options.file}' is a BEF file; tfrt-translate --bef-to-mlir shows it as text")
    text = cli.decode_text(content, options.file)
    pipelines = [PIPELINES[options.opt_level or 0], *options.pipeline]
    if options.run_reproducer:
        pipelines.append(_reproduced_pipeline(text, options.file))
    passes = tuple(p for pipeline in pipelines for p in parse_pipeline(pipeline))
    options.name = _STDIN if options.file == "-" else options.file
    parts = split_input(text) if options.split_input_file else [(0, text)]
    if options.verify_diagnostics:
        return _verify_diagnostics(parts, passes, options)
    printed: list[str] = []
    graphs: list[Graph] = []
    options.draw = graphs.extend
    source = source_of_text(options.name, text)
    options.watch = replace(options.watch, remark=lambda remark: cli.report([remark], source))
    code = cli.OK
    for lines_before, part in parts:
        try:
            with progress_line(options.progress):
                printed.append(_process("\n" * lines_before + part, passes, options))
        except CompileError as error:
            cli.report(error.diagnostics, source)
            code = cli.FAILED
    if printed and (code == cli.OK or options.split_input_file):
        if options.view_graph is None or options.output is not None:
            cli.write_text(options.output or "-", _SEPARATOR.join(printed))
        if options.view_graph is not None:
            cli.write_text(options.view_graph, _picture(graphs, options))
    return code


def _check_drawing(options: argparse.Namespace) -> None:
    """See that a picture can be made.

    Raises:
        UsageError: it cannot.
    """
    if not options.view_graph.lower().endswith((".svg", ".dot")) and options.view_graph != "-":
        raise UsageError(f"--view-graph writes files whose names end in .svg or .dot, not '{options.view_graph}'")
    if options.verify_diagnostics:
        raise UsageError("--view-graph and --verify-diagnostics exclude each other")
    if options.view_graph == options.output == "-":
        raise UsageError("the program and its picture cannot both go to the standard output")


def _picture(graphs: Sequence[Graph], options: argparse.Namespace) -> str:
    from tfrt.executor.support.drawing.dot import dot
    from tfrt.executor.support.drawing.svg import svg

    return (dot if options.view_graph.lower().endswith(".dot") else svg)(graphs, options.name)


def _show_dialects(output: str) -> int:
    from tfrt.dialects import get_dialects, installed_dialects

    packages = {name: f" (of package '{package}')" for name, package in installed_dialects().items()}
    names = sorted((*get_dialects(), *packages))
    cli.write_text(output, "".join(f"{name}{packages.get(name, '')}\n" for name in names))
    return cli.OK


def _reproduced_pipeline(text: str, file: str) -> str:
    from tfrt.compiler.pipelines.manager import REPRODUCER_HEAD

    first = text.partition("\n")[0]
    if not first.startswith(REPRODUCER_HEAD):
        raise UsageError(f"'{file}' is no reproducer: its first line does not begin with '{REPRODUCER_HEAD.strip()}'")
    return first.removeprefix(REPRODUCER_HEAD)


def _verify_diagnostics(
    parts: Sequence[tuple[int, str]], passes: Sequence[ModulePass], options: argparse.Namespace
) -> int:
    """Process every part and compare what it says with what its comments expect; prints the valid parts."""
    from tfrt.executor.support.verify_diagnostics import check_parts

    def process(padded: str, remark: Callable[[Diagnostic], None]) -> str:
        options.watch = replace(options.watch, remark=remark)
        return _process(padded, passes, options)

    printed = check_parts(parts, options.name, process)
    if printed:
        cli.write_text(options.output or "-", _SEPARATOR.join(printed))
    return cli.FAILED if printed is None else cli.OK


def _process(padded: str, passes: Sequence[ModulePass], options: argparse.Namespace) -> str:
    """The printed form of one part of the input, after the lines that come before it, after all passes.

    Raises:
        CompileError: the part is invalid, a pass failed, or the printed form does not read back.
    """
    from tfrt.compiler.frontend import parse_module
    from tfrt.compiler.pipelines.manager import run_passes
    from tfrt.compiler.pipelines.pipeline import with_lowering
    from tfrt.compiler.printer import print_module

    step(f"read {options.name}", 0)
    module = parse_module(padded, options.name, allow_unregistered=options.allow_unregistered_dialect)
    if options.opt_level is not None:
        passes = with_lowering(module, tuple(passes))
    if passes:
        run_passes(module, passes, allow_unregistered=options.allow_unregistered_dialect, watch=options.watch)
    step("print", len(passes), len(passes) or None)
    if options.verify_roundtrip:
        _check_roundtrip(module, options.allow_unregistered_dialect)
    if options.view_graph is not None:
        from tfrt.compiler.module_graphs import module_graphs

        options.draw(module_graphs(module))
    return print_module(
        module,
        generic=options.print_generic,
        locations=options.print_debuginfo,
        keep_names=options.keep_value_names,
    )


def _check_roundtrip(module: ModuleOp, allow_unregistered: bool) -> None:
    """Print and parse the module, in custom and in generic form.

    Raises:
        CompileError: either form does not read back as the same program.
    """
    from tfrt.compiler.frontend import parse_module
    from tfrt.compiler.printer import print_module

    # Names are no part of a program: values without one get the name that they were printed with.
    wanted = print_module(module, generic=True, locations=True, keep_names=False)
    for generic, form in ((False, "custom"), (True, "generic")):
        printed = print_module(module, generic=generic, locations=True)
        try:
            again = parse_module(printed, f"{form} form", allow_unregistered=allow_unregistered)
        except CompileError as error:
            message = f"the printed {form} form is refused: {error.diagnostics[0].message}"
            raise CompileError((Diagnostic("error", message, error.diagnostics[0].location),)) from error
        got = print_module(again, generic=True, locations=True, keep_names=False)
        if got != wanted:
            lines = unified_diff(wanted.splitlines(), got.splitlines(), "before", "after", n=0, lineterm="")
            shown = "\n".join(islice(lines, _SHOWN_DIFFERENCES))
            raise CompileError(
                (Diagnostic("error", f"the printed {form} form reads back as another program:\n{shown}"),)
            )


def _parser() -> cli.OptionParser:
    from tfrt.compiler.passes import PASSES
    from tfrt.compiler.pipelines.manager import add_options

    description = "Parse, verify, transform and print MLIR programs."
    parser = cli.OptionParser("tfrt-opt", description, _EXAMPLES, _add_installed_passes)
    parser.add_argument("file", nargs="?", default="-", metavar="FILE", help="the program (default: stdin)")
    parser.add_argument("-o", dest="output", metavar="FILE", help="where to print (default: stdout)")
    parser.add_argument(
        "--view-graph", metavar="FILE",
        help="draw the functions after all passes, instead of printing them unless there is -o: a picture (.svg, or -"
        " for stdout), or Graphviz text (.dot)",
    )  # fmt: skip
    parser.add_argument(
        "-p", "--pass-pipeline", "--passes", dest="pipeline", action="append", default=[],
        metavar="PASS,…", help="passes to run, in order, as in func.func(canonicalize,cse); those of xDSL and of"
        " installed packages are available, too",
    )  # fmt: skip
    for name in PASSES:
        _add_pass(parser, name, f"like -p {name}")
    add_options(parser)
    add_progress_option(parser)
    parser.add_argument(
        "--show-dialects", action="store_true", help="list all dialects, those of installed packages included, and exit"
    )
    parser.add_argument("--run-reproducer", action="store_true", help="run the passes that a reproducer names")
    parser.add_argument(
        "--split-input-file",
        action="store_true",
        help="process the parts between '// -----' lines one by one",
    )
    parser.add_argument(
        "--verify-diagnostics", action="store_true",
        help="check diagnostics against 'expected-error@+1 {{…}}' comments",
    )  # fmt: skip
    parser.add_argument(
        "--verify-roundtrip",
        action="store_true",
        help="check that what is printed reads back as the same program",
    )
    parser.add_argument("--allow-unregistered-dialect", action="store_true", help="accept ops of unknown dialects")
    parser.add_argument(
        "--print-generic", "--mlir-print-op-generic", action="store_true", help="print the generic form"
    )
    parser.add_argument(
        "--keep-value-names",
        action="store_true",
        help="print values by the names that they have in the source, and do not number them as MLIR does",
    )
    parser.add_argument("--print-debuginfo", "--mlir-print-debuginfo", action="store_true", help="print locations")
    return parser


def _add_pass(parser: argparse.ArgumentParser, name: str, help: str) -> None:
    parser.add_argument(f"--{name}", dest="pipeline", action="append_const", const=name, help=help)


def _add_installed_passes(parser: argparse.ArgumentParser) -> None:
    from tfrt.compiler.passes import installed_passes

    for name, package in installed_passes().items():
        _add_pass(parser, name, f"like -p {name}, from the package '{package}'")


if __name__ == "__main__":
    raise SystemExit(main())
