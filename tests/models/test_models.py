"""Programs that JAX wrote give the numbers that JAX computed, optimised or not, on one thread and on several; and their
files come back from MLIR byte for byte."""

from __future__ import annotations

from pathlib import Path

import pytest

import tfrt
from tests.models.reference import Model, require_same
from tfrt.compiler.bef_to_mlir import disassemble
from tfrt.executor.bef.reader import read_bef

DESCRIPTIONS = sorted(Path(__file__).parent.glob("*.json"))
# Each text at two levels, and each level with half of them.
COMPILED = [(path, level) for number, path in enumerate(DESCRIPTIONS) for level in (number % 2, 2 + number % 2)]


@pytest.mark.parametrize(("path", "level"), COMPILED, ids=[f"{path.stem}-O{level}" for path, level in COMPILED])
def test_a_program_gives_its_frameworks_numbers(path: Path, level: int) -> None:
    model = Model.read(path)
    bef = tfrt.compile(model.path.read_text(), str(model.path), opt_level=level)
    if level > 1:
        assert tfrt.compile(disassemble(read_bef(bef))) == bef
    for queue in ("s", "mstd:2"):
        with tfrt.HostContext(queue) as host:
            entry = tfrt.load(bef, host=host)[model.entry]
            for case in model.cases:
                before = [argument.copy() for argument in case.arguments]
                require_same(entry(*case.arguments), case.results, model.rtol, model.atol)
                assert all((a == b).all() for a, b in zip(before, case.arguments, strict=True)), "arguments stay"
