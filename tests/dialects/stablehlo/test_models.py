"""Programs that JAX wrote, in all its spellings, are read, verified, and printed so that they read back."""

from __future__ import annotations

from pathlib import Path

import pytest

from tfrt.compiler.frontend import parse_module
from tfrt.compiler.printer import print_module

MODELS = sorted((Path(__file__).parents[2] / "models").glob("*.mlir"))


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_a_model_round_trips(path: Path) -> None:
    module = parse_module(path.read_text())
    for generic in (False, True):
        printed = print_module(module, generic=generic, keep_names=False)
        again = parse_module(printed)
        assert again.is_structurally_equivalent(module)
        assert print_module(again, generic=generic, keep_names=False) == printed


def test_the_spellings_of_one_program_mean_the_same() -> None:
    names = ("mlp_two_heads.mlir", "mlp_two_heads.debug.mlir")
    texts = [print_module(parse_module(path.read_text()), keep_names=False) for path in MODELS if path.name in names]
    assert len(texts) == 2
    assert texts[0] == texts[1]
