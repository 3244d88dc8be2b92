"""`tfrt-translate`: MLIR text to BEF, and back.

Exit codes: 0; 1 where the program was refused; 2 for bad usage and for files that cannot be read.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace

from tfrt.executor.bef.format import MAGIC
from tfrt.executor.support import cli
from tfrt.executor.support.diagnostics import Diagnostic, source_of_text
from tfrt.executor.support.errors import BefError, CompileError, UsageError
from tfrt.executor.support.progress_line import add_progress_option, progress_line
from tfrt.executor.support.spans import collected

_EXAMPLES = """\
  tfrt-translate program.mlir -o program.bef       compile
  tfrt-translate -O2 program.mlir -o program.bef   optimise and compile
  tfrt-translate program.mlir | bef-run            compile and run
  tfrt-translate program.bef                       show a BEF file as MLIR text
  tfrt-translate -O2 --trace passes.json program.mlir -o program.bef
  tfrt-translate -O2 --input-shape x=8x28x28 model.mlir -o model.bef
  tfrt-translate -O2 model.mlir -o model.bef --externalize-constants weights.safetensors"""

_STDIN = "<stdin>"
"""What locations call the standard input."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns its exit code."""
    return cli.run("tfrt-translate", _main, argv)


def _main(argv: Sequence[str]) -> int:
    options = _parser().parse(argv)
    content = cli.read_bytes(options.file)
    is_bef = content.startswith(MAGIC)
    if is_bef if options.direction is None else options.direction == "bef-to-mlir":
        return _disassemble(content, options)
    if is_bef:
        raise UsageError(f"'{options.file}' is a BEF file already; --bef-to-mlir shows it as text")
    text = cli.decode_text(content, options.file)
    # A program with its weights in it may be large.
    del content
    with progress_line(options.progress):
        return _compile(text, options) if options.trace is None else _compile_traced(text, options)


def _compile_traced(text: str, options: argparse.Namespace) -> int:
    """Compile, and write what has taken how long, whether or not the program is refused."""
    from tfrt.executor.support.chrome_trace import ChromeTrace

    with collected() as spans:
        code = _compile(text, options)
    trace = ChromeTrace(os.getpid(), "tfrt-translate", min((span.start for span in spans), default=0))
    trace.spans(spans)
    cli.write_text(options.trace, "".join(trace.text()))
    return code


def _compile(text: str, options: argparse.Namespace) -> int:
    from tfrt.compiler import compile
    from tfrt.compiler.frontend import split_input
    from tfrt.compiler.pipelines.manager import watch_of
    from tfrt.executor.support.verify_diagnostics import check_parts

    if options.output == "-" and sys.stdout.isatty():
        raise UsageError("BEF is binary and not shown on a terminal; use -o FILE, or pipe it into bef-run")
    name = _STDIN if options.file == "-" else options.file
    source = source_of_text(name, text)
    watch = watch_of(options)
    input_shapes = _shapes(options.input_shapes)

    def compile_part(padded: str, remark: Callable[[Diagnostic], None]) -> bytes:
        return compile(
            padded,
            name,
            optional_sections=not options.disable_optional_sections,
            opt_level=options.opt_level or 0,
            pipeline=",".join(options.pipeline),
            externalize_constants=options.externalize_constants,
            larger_than=options.larger_than,
            input_shapes=input_shapes,
            watch=replace(watch, remark=remark),
        )

    if options.externalize_constants is not None and (options.split_input_file or options.verify_diagnostics):
        raise UsageError("--externalize-constants goes neither with --split-input-file nor with --verify-diagnostics")
    parts = split_input(text) if options.split_input_file else [(0, text)]
    if options.verify_diagnostics:
        return cli.FAILED if check_parts(parts, name, compile_part) is None else cli.OK
    compiled: list[bytes] = []
    failed = False
    for lines_before, part in parts:
        try:
            compiled.append(compile_part("\n" * lines_before + part, lambda remark: cli.report([remark], source)))
        except CompileError as error:
            cli.report(error.diagnostics, source)
            failed = True
    if failed:
        return cli.FAILED
    if len(compiled) > 1:
        raise UsageError(
            f"'{options.file}' has {len(compiled)} parts, of which no single BEF file can be made;"
            " --split-input-file goes with --verify-diagnostics"
        )
    cli.write_bytes(options.output, compiled[0])
    return cli.OK


def _shapes(texts: Sequence[str]) -> dict[str | int, Sequence[int | None] | str]:
    """Shapes by arguments."""
    from tfrt.compiler.input_shapes import read_shape

    return {key: shape.text for key, shape in map(read_shape, texts)}


def _disassemble(content: bytes, options: argparse.Namespace) -> int:
    from tfrt.compiler.bef_to_mlir import disassemble, is_complete
    from tfrt.executor.bef import read_bef

    if options.disable_optional_sections:
        raise UsageError("--disable-optional-sections goes with --mlir-to-bef")
    if options.opt_level is not None or options.pipeline:
        raise UsageError("passes run on MLIR text, not on BEF files: -O and -p go with --mlir-to-bef")
    if options.split_input_file or options.verify_diagnostics:
        raise UsageError("--split-input-file and --verify-diagnostics go with --mlir-to-bef")
    if options.externalize_constants is not None:
        raise UsageError("--externalize-constants goes with --mlir-to-bef")
    if options.input_shapes:
        raise UsageError("--input-shape goes with --mlir-to-bef")
    if options.trace is not None:
        raise UsageError("--trace goes with --mlir-to-bef")
    try:
        bef = read_bef(content)
        if not is_complete(bef):
            message = "warning: Missing AttributeTypes, AttributeNames or RegisterTypes sections."
            cli.complain("tfrt-translate", message)
        text = disassemble(bef, generic=options.print_generic, locations=True)
    except BefError as error:
        raise UsageError(f"'{options.file}': {error}") from error
    cli.write_text(options.output, text)
    return cli.OK


def _parser() -> cli.OptionParser:
    from tfrt.compiler.pipelines.manager import add_options

    parser = cli.OptionParser("tfrt-translate", "Translate MLIR text to BEF, or BEF to MLIR text.", _EXAMPLES)
    parser.add_argument("file", nargs="?", default="-", metavar="FILE", help="what to translate (default: stdin)")
    parser.add_argument("-o", dest="output", default="-", metavar="FILE", help="where to write (default: stdout)")
    direction = parser.add_mutually_exclusive_group()
    direction.add_argument(
        "--mlir-to-bef",
        dest="direction",
        action="store_const",
        const="mlir-to-bef",
        help="compile (default, unless the input is a BEF file)",
    )
    direction.add_argument(
        "--bef-to-mlir", dest="direction", action="store_const", const="bef-to-mlir", help="disassemble"
    )
    parser.add_argument(
        "--disable-optional-sections",
        action="store_true",
        help="leave out what only disassembling needs: types and names of attributes, types of registers",
    )
    parser.add_argument(
        "-p", "--pass-pipeline", dest="pipeline", action="append", default=[], metavar="PASS,…",
        help="passes to run, in order; see tfrt-opt",
    )  # fmt: skip
    add_options(parser)
    parser.add_argument(
        "--input-shape", dest="input_shapes", action="append", default=[], metavar="ARG=SHAPE",
        help="the shape of an argument, as in x=8x28x28, main.x=8x?xf32 or 0=; may be given several times",
    )  # fmt: skip
    parser.add_argument(
        "--externalize-constants", metavar="FILE",
        help="write large constant arrays to a safetensors file; bef-run --weights takes it",
    )  # fmt: skip
    parser.add_argument(
        "--larger-than", type=cli.size_in_bytes, default=1024, metavar="SIZE",
        help="how large constants may be that stay in the program: 1024 (default), 4KiB, 1MiB",
    )  # fmt: skip
    add_progress_option(parser)
    parser.add_argument(
        "--trace", metavar="FILE", help="write how long passes and the rest take as trace events, which Perfetto opens"
    )
    parser.add_argument(
        "--print-generic", "--mlir-print-op-generic", action="store_true", help="disassemble into the generic form"
    )
    parser.add_argument(
        "--print-custom", dest="print_generic", action="store_false",
        help="disassemble into the ops' custom forms (default)",
    )  # fmt: skip
    parser.add_argument(
        "--split-input-file", action="store_true", help="compile the parts between '// -----' lines one by one"
    )
    parser.add_argument(
        "--verify-diagnostics", action="store_true",
        help="write nothing; check diagnostics against 'expected-error@+1 {{…}}' comments",
    )  # fmt: skip
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
