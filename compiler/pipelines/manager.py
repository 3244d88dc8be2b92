"""Running passes, and verifying what they leave; what happens can be watched.

Watching is MLIR's ``--mlir-print-ir-before``, ``--mlir-timing``, ``--mlir-pass-statistics`` and crash reproducers under
shorter names, and writes to the standard error.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from itertools import count, groupby
from pathlib import Path
from typing import TYPE_CHECKING

from tfrt.compiler.pipelines.pipeline import PIPELINES, known_pass, pipeline_text
from tfrt.executor.support.diagnostics import Diagnostic
from tfrt.executor.support.errors import CompileError, UsageError
from tfrt.executor.support.progress import step
from tfrt.executor.support.spans import span

if TYPE_CHECKING:
    from xdsl.context import Context
    from xdsl.dialects.builtin import ModuleOp
    from xdsl.passes import ModulePass

REPRODUCER_HEAD = "// configuration: -p "
"""How a reproducer begins; the rest of its first line is the pipeline."""


def _show_headline(remark: Diagnostic) -> None:
    print(remark.headline(), file=sys.stderr)


@dataclass(frozen=True)
class Watch:
    """What to write about passes as they run.

    Attributes:
        before, after: passes around which the module is printed.
        before_all, after_all: whether it is printed around every one.
        timing: whether to write how long each has taken.
        statistics: whether to write how many ops each has left.
        reproducer: a file for the module, and the passes, that a pass fails on.
        remark: what is done with each remark of a pass; by default its headline is written.
    """

    before: frozenset[str] = frozenset()
    after: frozenset[str] = frozenset()
    before_all: bool = False
    after_all: bool = False
    timing: bool = False
    statistics: bool = False
    reproducer: str | None = None
    remark: Callable[[Diagnostic], None] = _show_headline

    @property
    def is_on(self) -> bool:
        """Whether it matters how the module is between passes."""
        named, always = bool(self.before or self.after or self.reproducer), self.before_all or self.after_all
        return named or always or self.timing or self.statistics


@dataclass(frozen=True)
class _Ran:
    """A pass that has been run: its name, seconds, and the ops before and after it."""

    name: str
    seconds: float
    before: int
    after: int


def run_passes(
    module: ModuleOp,
    passes: Sequence[ModulePass],
    *,
    allow_unregistered: bool = True,
    watch: Watch | None = None,
    again: Callable[[], ModuleOp] | None = None,
    steps: tuple[int, int] | None = None,
) -> None:
    """Run passes on a module, in place, and verify it after each.

    Args:
        steps: of what this is a part of, for who is told of progress: those before it, and all.
        again: reads the same module again. With it the module is verified at the end only, unless somebody watches;
            where that, or a pass, fails then, all passes run once more, on a new module that is verified after each.

    Raises:
        CompileError: a pass has failed, or left an invalid module.
        UsageError: what a pass was told to read cannot be read.
    """
    from tfrt.compiler.passes.shared.remarks import remarks_to
    from tfrt.dialects import context

    watch = watch or Watch()
    before, total = (0, len(passes)) if steps is None else steps
    ctx = context(allow_unregistered=allow_unregistered)
    if again is not None and not watch.is_on:
        diagnostics = _run_unverified(module, passes, ctx, watch, before, total)
        if diagnostics:
            run_passes(again(), passes, allow_unregistered=allow_unregistered, watch=watch, steps=steps)
            raise CompileError(diagnostics)
        return
    ran: list[_Ran] = []
    for number, module_pass in enumerate(passes):
        name = module_pass.name
        step(f"pass {name}", before + number, total)
        original = _text(module) if watch.reproducer else ""
        if watch.before_all or name in watch.before:
            _print_module(module, "before", name)
        ops_before, start = _count(module) if watch.statistics else 0, time.perf_counter()
        try:
            with remarks_to(watch.remark):
                _run(module, module_pass, ctx)
        except CompileError as error:
            raise _with_reproducer(error, original, passes[number:], watch) from error.__cause__
        seconds = time.perf_counter() - start
        ran.append(_Ran(name, seconds, ops_before, _count(module) if watch.statistics else 0))
        if watch.after_all or name in watch.after:
            _print_module(module, "after", name)
    if watch.timing:
        _show_times(ran)
    if watch.statistics:
        _show_statistics(ran)


def _run_unverified(
    module: ModuleOp, passes: Sequence[ModulePass], ctx: Context, watch: Watch, before: int, total: int
) -> tuple[Diagnostic, ...]:
    """What is wrong with the module after the passes, or with the one that has failed.

    Raises:
        CompileError, UsageError: what a pass has to say of the program.
    """
    from tfrt.compiler.passes.shared.remarks import remarks_to
    from tfrt.compiler.verifier import verify

    with remarks_to(watch.remark):
        # What is set aside stays so from one of our passes to the next.
        number = count(before)
        for sets_aside, group in groupby(passes, _sets_aside):
            with _own(module, sets_aside):
                for module_pass in group:
                    step(f"pass {module_pass.name}", next(number), total)
                    try:
                        with span(module_pass.name, "pass"):
                            module_pass.apply(ctx, module)
                    except (CompileError, UsageError):
                        raise
                    except Exception as error:
                        return (_failure(module_pass, error),)
    step("verify", before + len(passes), total)
    with span("verify", "compiler"):
        return tuple(verify(module))


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of a command line that runs passes."""
    level = parser.add_mutually_exclusive_group()
    for number, pipeline in enumerate(PIPELINES):
        runs = f"run {pipeline}" if pipeline else "run no passes but those that are named (default)"
        level.add_argument(f"-O{number}", dest="opt_level", action="store_const", const=number, help=runs)
    parser.add_argument(
        "--print-ir-before", action="append", default=[], metavar="PASS", help="print the program before a pass"
    )
    parser.add_argument(
        "--print-ir-after", action="append", default=[], metavar="PASS", help="print the program after a pass"
    )
    parser.add_argument("--print-ir-before-all", action="store_true", help="print it before every pass")
    parser.add_argument("--print-ir-after-all", action="store_true", help="print it after every pass")
    parser.add_argument("--timing", action="store_true", help="write how long each pass takes")
    parser.add_argument("--pass-statistics", action="store_true", help="write how many ops each pass leaves")
    parser.add_argument(
        "--reproducer", metavar="FILE",
        help="where a pass fails, write the program and the passes to FILE, for tfrt-opt --run-reproducer",
    )  # fmt: skip


def watch_of(options: argparse.Namespace) -> Watch:
    """What these options ask for.

    Raises:
        UsageError: they name an unknown pass.
    """
    for name in (*options.print_ir_before, *options.print_ir_after):
        known_pass(name)
    return Watch(
        frozenset(options.print_ir_before),
        frozenset(options.print_ir_after),
        options.print_ir_before_all,
        options.print_ir_after_all,
        options.timing,
        options.pass_statistics,
        options.reproducer,
    )


def _run(module: ModuleOp, module_pass: ModulePass, ctx: Context) -> None:
    from tfrt.compiler.verifier import verify

    try:
        _apply(module, module_pass, ctx)
    except (UsageError, CompileError):
        raise
    except Exception as error:
        raise CompileError((_failure(module_pass, error),)) from error
    if diagnostics := verify(module):
        note = Diagnostic("note", f"the program was valid before pass '{module_pass.name}'")
        raise CompileError((*diagnostics, note))


def _apply(module: ModuleOp, module_pass: ModulePass, ctx: Context) -> None:
    with span(module_pass.name, "pass"), _own(module, _sets_aside(module_pass)):
        module_pass.apply(ctx, module)


def _sets_aside(module_pass: ModulePass) -> bool:
    """Whether a pass leaves to another compiler what is for it; those that come with xDSL know its dialects."""
    return not type(module_pass).__module__.startswith("xdsl.")


def _own(module: ModuleOp, sets_aside: bool) -> AbstractContextManager[None]:
    """The module without what is for another compiler, or as it is."""
    from tfrt.compiler.frontend.compiled_modules import set_aside

    return set_aside(module) if sets_aside else nullcontext()


def _failure(module_pass: ModulePass, error: Exception) -> Diagnostic:
    # xDSL's passes report what they cannot handle by exceptions of every kind.
    return Diagnostic("error", f"pass '{module_pass.name}' failed: {type(error).__name__}: {error}")


def _with_reproducer(error: CompileError, text: str, passes: Sequence[ModulePass], watch: Watch) -> CompileError:
    if watch.reproducer is None:
        return error
    pipeline = pipeline_text(passes)
    try:
        Path(watch.reproducer).write_text(f"{REPRODUCER_HEAD}{pipeline}\n{text}", encoding="utf-8")
    except OSError as problem:
        note = f"cannot write the reproducer '{watch.reproducer}': {problem.strerror}"
    else:
        note = f"tfrt-opt --run-reproducer {watch.reproducer} does it again"
    return CompileError((*error.diagnostics, Diagnostic("note", note)))


def _text(module: ModuleOp) -> str:
    from tfrt.compiler.printer import print_module

    return print_module(module, generic=True, locations=True)


def _print_module(module: ModuleOp, when: str, name: str) -> None:
    from tfrt.compiler.printer import print_module

    print(f"// -----// IR Dump {when.capitalize()} {name} //----- //", file=sys.stderr)
    print(print_module(module), file=sys.stderr)


def _count(module: ModuleOp) -> int:
    # The module itself is not one that passes change.
    return sum(1 for _ in module.walk()) - 1


def _show_times(ran: Sequence[_Ran]) -> None:
    total = sum(r.seconds for r in ran)
    lines = [f"{r.seconds:10.4f}  {100 * r.seconds / (total or 1):5.1f} %  {r.name}" for r in ran]
    print("\n".join(["   seconds    share  pass", *lines, f"{total:10.4f}  100.0 %  total"]), file=sys.stderr)


def _show_statistics(ran: Sequence[_Ran]) -> None:
    lines = [f"{r.before:10}{r.after:10}  {r.name}" for r in ran]
    print("\n".join(["ops before     after  pass", *lines]), file=sys.stderr)
