"""What `schedule` leaves alone beyond what tests/filecheck/opt/schedule.mlir shows."""

from __future__ import annotations

import pytest

from tfrt.compiler.frontend import parse_module
from tfrt.compiler.passes.shared.effects import callees
from tfrt.compiler.pipelines.manager import run_passes
from tfrt.compiler.pipelines.pipeline import parse_pipeline
from tfrt.compiler.printer import print_module

LATE = """\
  %q, %r = tfrt.div.i32 %x, %x
  %a = "tfrt_test.async_add.i32"(%x, %x) : (i32, i32) -> i32
  tfrt.return %a : i32
"""


def scheduled(text: str) -> bool:
    """Whether the pass changes a program."""
    module = parse_module(text, allow_unregistered=True)
    before = print_module(module)
    run_passes(module, parse_pipeline("schedule"))
    return print_module(module) != before


def test_what_it_does_otherwise():
    assert scheduled(f"func.func @f(%x: i32) -> i32 {{\n{LATE}}}")


@pytest.mark.parametrize(
    "further",
    [
        "func.func private @external(i32)",
        'func.func @g(%x: i32) {\n  "a.b"() ({\n    "c.d"(%x) : (i32) -> ()\n    tfrt.return\n  }) : () -> ()\n'
        "  tfrt.return\n}",
    ],
    ids=["a function without a body", "a region that reads values from outside"],
)
def test_programs_that_bef_cannot_hold_stay_as_they_are(further):
    assert not scheduled(f"func.func @f(%x: i32) -> i32 {{\n{LATE}}}\n{further}")


def test_what_an_unordered_function_reaches_is_not_free():
    text = """
func.func @f(%x: i32, %ch: !tfrt.chain) {
  %c1 = tfrt.print.i32 %x, %ch
  %c2 = tfrt.print.i32 %x, %ch
  %t = tfrt.constant.i1 true
  %c3 = tfrt.cond %t @g @h (%x, %ch) : (i32, !tfrt.chain) -> (!tfrt.chain)
  tfrt.return
}
func.func @g(%x: i32, %ch: !tfrt.chain) -> !tfrt.chain {
  %e, %c = tfrt.repeat.i32 %x, %x, %ch : i32, !tfrt.chain {
    %d = tfrt.call @h(%x, %ch) : (i32, !tfrt.chain) -> !tfrt.chain
    tfrt.return %x, %d : i32, !tfrt.chain
  }
  tfrt.return %ch : !tfrt.chain
}
func.func @h(%x: i32, %ch: !tfrt.chain) -> !tfrt.chain {
  %c = tfrt.print.i32 %x, %ch
  tfrt.return %c : !tfrt.chain
}
func.func @apart(%x: i32, %ch: !tfrt.chain) -> !tfrt.chain {
  %c = tfrt.print.i32 %x, %ch
  tfrt.return %c : !tfrt.chain
}
"""
    module = parse_module(text)
    known = callees(module)
    assert len(known.blocks) == 5
    assert [block.parent_op().sym_name.data for block in known.free] == ["apart"]
