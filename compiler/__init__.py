"""From MLIR text to BEF, and back: the front end, passes, the emitter and the disassembler.

==========================  ======================================================================================
`frontend/`                 MLIR text to located xDSL IR
`verifier.py`               what must hold in a well-formed module, as located diagnostics
`definition_rules.py`       whether ops keep the rules of their definitions, quickly
`broken_rules.py`           which of these an op breaks, in MLIR's words
`passes/`                   passes, one a file
`pipelines/`                pipelines of passes as text, and what runs them
`streams.py`                which kernels are worth running on one thread
`emitter/`                  xDSL IR to BEF bytes
`bef_to_mlir.py`            BEF bytes back to MLIR text
`printer.py`                xDSL IR to MLIR text, custom and generic form
`module_graphs.py`          xDSL IR as graphs to be drawn
`locations.py`              locations that xDSL does not make as MLIR does, and what they are to the executor
`float_bits.py`             floating-point attributes bit for bit
`input_shapes.py`           shapes that are given for arguments
`float_spelling.py`         how MLIR writes floating-point numbers
`runtime_values.py`         attributes as kernels see them
`serialized_module.py`      a compiled module as the text that goes into a file
`tfrt_translate.py`         the command line of that name
`tfrt_import.py`            the command line of that name
`importers/`               models of frameworks to MLIR text
`tfrt_opt.py`               the command line of that name
==========================  ======================================================================================

Importing this package is cheap; xDSL and lark are imported when something is compiled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from tfrt.executor.support.collector import collector_relaxed
from tfrt.executor.support.progress import Listener, step, telling
from tfrt.executor.support.spans import span
from tfrt.executor.support.version import VERSION

if TYPE_CHECKING:
    from xdsl.ir import Attribute
    from xdsl.passes import ModulePass

    from tfrt.compiler.pipelines.manager import Watch


def compile(
    text: str,
    filename: str = "-",
    *,
    optional_sections: bool = True,
    opt_level: int = 0,
    pipeline: str = "",
    externalize_constants: str | None = None,
    larger_than: int = 1024,
    input_shapes: Mapping[str | int, Sequence[int | None] | str] | None = None,
    watch: Watch | None = None,
    progress: Listener | None = None,
) -> bytes:
    """Compile MLIR text to a BEF file. Ops of unknown dialects are allowed; the host may have kernels for them.

    Args:
        text: the program.
        filename: what locations call it.
        optional_sections: see `tfrt.compiler.emitter.emit`.
        opt_level: 0 to 3, which passes to run; see `tfrt.compiler.pipelines.pipeline.PIPELINES`.
        pipeline: further passes, as in ``func.func(canonicalize,cse)``.
        externalize_constants: a safetensors file that constant arrays of more than `larger_than` bytes are written to,
            in place of the BEF file; `tfrt.load` takes it as `weights`.
        input_shapes: shapes of arguments of a framework's functions, by the argument's name, ``function.name`` or
            number: sizes, of which None is one that stays unknown, or text such as ``8x28x28`` or ``8x?xf32``. What
            follows from them is found out (the passes `refine-arguments` and `refine-shapes`), so that ops whose shapes
            were unknown run as if they had been known.
        watch: what to write about the passes.
        progress: told of each step as it begins.

    Raises:
        UsageError: there is no such optimisation level, the pipeline is malformed, what packages add cannot be used, or
            the file for constants cannot be written, or `input_shapes` names no argument.
        CompileError: the text is malformed or invalid, BEF cannot hold it, or `input_shapes` does not fit it.
    """
    with collector_relaxed(), telling(progress), span(f"compile {filename}", "compiler"):
        return _compile(
            text,
            filename,
            optional_sections,
            opt_level,
            pipeline,
            externalize_constants,
            larger_than,
            input_shapes or {},
            watch,
        )


def _compile(
    text: str,
    filename: str,
    optional_sections: bool,
    opt_level: int,
    pipeline: str,
    externalize_constants: str | None,
    larger_than: int,
    input_shapes: Mapping[str | int, Sequence[int | None] | str],
    watch: Watch | None,
) -> bytes:
    from tfrt.compiler.emitter import emit
    from tfrt.compiler.emitter.entities import PRODUCER
    from tfrt.compiler.frontend import parse_module
    from tfrt.compiler.input_shapes import spelled_shapes

    passes = _passes(opt_level, pipeline) if opt_level or pipeline else ()
    read = partial(parse_module, text, filename, allow_unregistered=True)
    step(f"read {filename}", 0)
    with span("read the text", "compiler"):
        module = read()
    from tfrt.compiler.pipelines.pipeline import with_lowering

    passes = with_lowering(module, passes, spelled_shapes(input_shapes))
    if externalize_constants is not None:
        from tfrt.compiler.passes.externalize_constants import ExternalizeConstants

        passes = (*passes, ExternalizeConstants(externalize_constants, larger_than))
    if passes:
        from tfrt.compiler.pipelines.manager import run_passes

        # Reading is behind it, and writing is to come.
        run_passes(module, passes, watch=watch, again=read, steps=(1, len(passes) + 3))
        module.attributes[PRODUCER] = _producer(filename, passes)
    total = len(passes) + 3 if passes else 2
    step("write BEF", total - 1, total)
    with span("write BEF", "compiler"):
        written = emit(module, optional_sections=optional_sections)
    step("done", total, total)
    return written


def _producer(filename: str, passes: tuple[ModulePass, ...]) -> Attribute:
    from xdsl.dialects.builtin import ArrayAttr, StringAttr

    from tfrt.compiler.pipelines.pipeline import pipeline_text

    return ArrayAttr(map(StringAttr, (f"tfrt {VERSION}", filename, pipeline_text(passes))))


def _passes(opt_level: int, pipeline: str) -> tuple[ModulePass, ...]:
    from tfrt.compiler.pipelines.pipeline import PIPELINES, parse_pipeline
    from tfrt.executor.support.errors import UsageError

    if opt_level not in range(len(PIPELINES)):
        raise UsageError(f"there is no optimisation level {opt_level}: they are 0 to {len(PIPELINES) - 1}")
    return (*parse_pipeline(PIPELINES[opt_level]), *parse_pipeline(pipeline))
