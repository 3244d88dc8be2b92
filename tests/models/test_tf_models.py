"""Programs that TensorFlow wrote give the numbers that TensorFlow computed, at all levels."""

from __future__ import annotations

from pathlib import Path

import pytest

import tfrt
from tests.models.reference import Model, require_same
from tfrt.compiler.bef_to_mlir import disassemble
from tfrt.executor.bef.reader import read_bef

DESCRIPTIONS = sorted((Path(__file__).parent / "tf").glob("*.json"))


@pytest.mark.parametrize("level", range(4))
@pytest.mark.parametrize("path", DESCRIPTIONS, ids=lambda path: path.stem)
def test_a_program_gives_tensorflows_numbers(path: Path, level: int) -> None:
    model = Model.read(path)
    bef = tfrt.compile(model.path.read_text(), str(model.path), opt_level=level)
    assert tfrt.compile(disassemble(read_bef(bef))) == bef
    for queue in ("s", "mstd:2"):
        with tfrt.HostContext(queue) as host:
            entry = tfrt.load(bef, host=host)[model.entry]
            for case in model.cases:
                require_same(entry(*case.arguments), case.results, model.rtol, model.atol)


@pytest.mark.parametrize("level", [0, 2])
@pytest.mark.parametrize("path", DESCRIPTIONS, ids=lambda path: path.stem)
def test_so_it_does_where_the_arguments_shapes_are_given(path: Path, level: int) -> None:
    model = Model.read(path)
    for case in model.cases:
        shapes = {number: argument.shape for number, argument in enumerate(case.arguments)}
        bef = tfrt.compile(model.path.read_text(), str(model.path), opt_level=level, input_shapes=shapes)
        assert "cpu.execute" not in disassemble(read_bef(bef))
        for queue in ("s", "mstd:2"):
            with tfrt.HostContext(queue) as host:
                found = tfrt.load(bef, host=host)[model.entry](*case.arguments)
                require_same(found, case.results, model.rtol, model.atol)
