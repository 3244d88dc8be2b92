"""Programs that bef-run is tested with."""

from __future__ import annotations

import textwrap
from pathlib import Path

import tfrt

PROGRAM = """\
func.func @add(%x: i32, %y: i32) -> i32 {
  %z = tfrt.add.i32 %x, %y
  tfrt.return %z : i32
}
func.func @with_chain(%ch: !tfrt.chain, %x: f32) -> (!tfrt.chain, f32) {
  %y = tfrt.add.f32 %x, %x
  tfrt.return %ch, %y : !tfrt.chain, f32
}
func.func @same(%t: !tfrt_tensor.tensor) -> !tfrt_tensor.tensor {
  tfrt.return %t : !tfrt_tensor.tensor
}
func.func @seven() -> i32 {
  %x = tfrt.constant.i32 7
  tfrt.return %x : i32
}
func.func @half() -> (f32, f64) {
  %x = tfrt.constant.f32 0.5
  %y = tfrt.constant.f64 -0.25
  tfrt.return %x, %y : f32, f64
}
func.func @divide(%x: i32, %y: i32) -> (i32, i32) {
  %q, %r = tfrt.div.i32 %x, %y
  tfrt.return %q, %r : i32, i32
}
func.func @hello() {
  %ch0 = tfrt.new.chain
  %x = tfrt.constant.i32 42
  %ch1 = tfrt.print.i32 %x, %ch0
  tfrt.return
}
"""
"""Functions of many kinds."""


def compiled(folder: Path, text: str) -> Path:
    """The file that a text compiles to, in that folder."""
    path = folder / "test.bef"
    path.write_bytes(tfrt.compile(textwrap.dedent(text), "test.mlir"))
    return path
