"""`compile` verifies a program once, and finds out which pass did wrong only where one did."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from xdsl.passes import ModulePass

import tfrt.compiler
from tfrt.compiler import verifier
from tfrt.compiler.pipelines import pipeline
from tfrt.executor.support.errors import CompileError

TEXT = "func.func @f() {\n  tfrt.return\n}\n"


@dataclass(frozen=True)
class Fails(ModulePass):
    name = "fails"

    def apply(self, ctx, op):
        raise ValueError("cannot")


@dataclass(frozen=True)
class Refuses(ModulePass):
    """A pass that has something to say of the program."""

    name = "refuses"

    def apply(self, ctx, op):
        ran.append(self.name)
        raise CompileError(())


@dataclass(frozen=True)
class Breaks(ModulePass):
    """A pass that leaves an invalid module behind, each time or the first time."""

    name = "breaks"
    once: bool = False

    def apply(self, ctx, op):
        ran.append(self.name)
        if not self.once or len(ran) == 1:
            terminator = next(inner for inner in op.walk() if inner.name == "tfrt.return")
            terminator.detach()


@dataclass(frozen=True)
class Passes(ModulePass):
    name = "passes"

    def apply(self, ctx, op):
        ran.append(self.name)


ran: list[str] = []


def diagnostics(monkeypatch, *passes: ModulePass, **options) -> list[str]:
    ran.clear()
    monkeypatch.setattr(pipeline, "parse_pipeline", lambda text: passes if text else ())
    with pytest.raises(CompileError) as caught:
        tfrt.compiler.compile(TEXT, "t.mlir", pipeline="it", **options)
    return [d.headline() for d in caught.value.diagnostics]


BROKEN = "note: the program was valid before pass 'breaks'"


def test_the_pass_that_breaks_a_program_is_named(monkeypatch):
    found = diagnostics(monkeypatch, Passes(), Breaks(), Passes())
    assert found[-1] == BROKEN
    assert len(found) == 2
    assert ran == ["passes", "breaks", "passes", "passes", "breaks"]


def test_a_pass_that_breaks_a_program_once(monkeypatch):
    found = diagnostics(monkeypatch, Breaks(once=True))
    assert len(found) == 1
    assert found == diagnostics(monkeypatch, Breaks())[:1]


def test_a_pass_that_fails(monkeypatch):
    assert diagnostics(monkeypatch, Passes(), Fails()) == ["error: pass 'fails' failed: ValueError: cannot"]
    assert ran == ["passes", "passes"]
    assert diagnostics(monkeypatch, Breaks(), Fails())[-1] == BROKEN


def test_what_a_pass_says_of_a_program_is_said_once(monkeypatch):
    assert diagnostics(monkeypatch, Refuses()) == []
    assert ran == ["refuses"]


def test_programs_are_verified_once(monkeypatch):
    verified = []
    verify = verifier.verify
    monkeypatch.setattr(verifier, "verify", lambda module: verified.append(module) or verify(module))
    tfrt.compiler.compile(TEXT, opt_level=2)
    assert len(verified) == 1


@pytest.mark.parametrize("level", [1, 2, 3])
def test_memrefs_of_what_no_array_holds(level):
    text = """
func.func @f(%a: memref<64x64xf32>, %i: memref<!corert.tensorhandle>) -> memref<64x64xf32> {
  tfrt.return %a : memref<64x64xf32>
}
"""
    assert tfrt.compiler.compile(text, opt_level=level)
