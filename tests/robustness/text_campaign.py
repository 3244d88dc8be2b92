"""Any text is refused with diagnostics that say where, or is a program that prints, reads back, compiles, shows again.

Nothing but a `CompileError` is raised, none that says that a pass has failed; nothing takes memory or time without
measure.
"""

from __future__ import annotations

import contextlib
import io
import re
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp

from tests.robustness.text_inputs import mutated
from tfrt.compiler import compile, tfrt_opt, tfrt_translate
from tfrt.compiler.bef_to_mlir import disassemble
from tfrt.compiler.frontend import parse_module
from tfrt.compiler.tfrt_opt import _check_roundtrip
from tfrt.executor.bef import read_bef
from tfrt.executor.support.diagnostics import Diagnostic
from tfrt.executor.support.errors import CompileError
from tfrt.executor.support.location import position

REFUSED, COMPILED, NOT_COMPILED = "refused", "compiled", "not compiled"
HEADLINE = re.compile(r"(?s).+:\d+:\d+: (?:error|warning|remark|note): .+")


class TextCampaign:
    """Texts by number, or given ones.

    Args:
        levels: how many levels of optimisation each is compiled at, one of which is none.
        tools: of how many texts one is given to the command lines.
        files: the cases, instead of made ones.
    """

    suffix = ".mlir"

    def __init__(self, levels: str, tools: str, *files: str):
        self.totals: Counter[str] = Counter()
        self.levels, self.tools = int(levels), int(tools)
        self.files = files

    def make(self, number: int) -> bytes:
        if self.files:
            return Path(self.files[number]).read_bytes()
        return mutated(number).encode("utf-8", "surrogateescape")

    def check(self, case: bytes, number: int) -> str:
        text = case.decode("utf-8", "surrogateescape")
        levels = (0, *(1 + (number + n) % 3 for n in range(self.levels - 1)))
        found = check(text, levels)
        if number % self.tools == 0:
            give_to_tools(case, found)
        return found


def check(text: str, levels: Sequence[int]) -> str:
    """What becomes of a text."""
    lines = text.count("\n") + 1
    try:
        module = parse_module(text, "t.mlir", allow_unregistered=True)
    except CompileError as error:
        assert error.diagnostics
        for diagnostic in error.diagnostics:
            assert HEADLINE.fullmatch(diagnostic.headline()), diagnostic.headline()
        places = [position(diagnostic.location) for diagnostic in error.diagnostics]
        # The text itself says where some of its ops are.
        assert all(1 <= place.line <= lines for place in places if place is not None and place.filename == "t.mlir")
        return REFUSED
    _check_roundtrip(module, True)
    outcome = COMPILED
    for level in levels:
        try:
            bef = compile(text, "t.mlir", opt_level=level)
        except CompileError as error:
            # That is how a pass that raised something is reported.
            assert "failed: " not in str(error), str(error)
            assert all(_is_placed(diagnostic) for diagnostic in error.diagnostics), str(error)
            outcome = NOT_COMPILED
            continue
        file = read_bef(bef)
        disassemble(file, generic=False)
        shown = disassemble(file)
        names = [function.name for function in file.functions if function.name]
        # Files have no modules in modules, which may have functions of one name; and of ops outside of functions they
        # have the types and attributes only.
        if len(set(names)) == len(names) and holds_functions_only(module):
            assert compile(shown, "t.mlir") == bef
    return outcome


def _is_placed(diagnostic: Diagnostic) -> bool:
    """Whether it says where; ops that the text says to be nowhere are nowhere."""
    return HEADLINE.fullmatch(diagnostic.headline()) is not None or position(diagnostic.location) is None


def holds_functions_only(module: ModuleOp) -> bool:
    return all(holds_functions_only(op) if isinstance(op, ModuleOp) else isinstance(op, FuncOp) for op in module.ops)


def give_to_tools(case: bytes, found: str) -> None:
    """Neither `tfrt-opt` nor `tfrt-translate` ends with anything but its exit code."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "t.mlir")
        file.write_bytes(case)
        for main, arguments in (
            (tfrt_opt.main, ("--allow-unregistered-dialect",)),
            (tfrt_translate.main, ("-o", f"{folder}/t.bef")),
        ):
            code, said = _told(main, [str(file), *arguments])
            if code == 2 and said.endswith("is not valid UTF-8\n"):
                continue
            assert code in (0, 1), (code, said)
            assert "Traceback" not in said, said
            assert code or found != REFUSED, said
            assert bool(code) == bool(said), said


def _told(main: object, arguments: list[str]) -> tuple[int, str]:
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(arguments)  # type: ignore[operator]
    assert isinstance(err.buffer, io.BytesIO)
    return code, err.buffer.getvalue().decode("utf-8", "surrogateescape")
