"""Nobody can tell that chains have been relaxed, whichever of the ops on them fail."""

from __future__ import annotations

from functools import cache

import pytest

import tfrt
from tfrt.compiler import compile as compile_text
from tfrt.executor.declarations.kernel import Kernel
from tfrt.executor.declarations.kernel_registry import BUILTIN, KernelRegistry

REGISTRY = KernelRegistry(BUILTIN)


def effect(x: int, chain: tfrt.Chain, host: tfrt.HostContext) -> tfrt.Chain:
    host.write(f"effect {x}\n")
    if x < 0:
        raise tfrt.KernelError(f"effect {x}")
    return chain


def effect_later(x: int, chain: tfrt.Chain, host: tfrt.HostContext) -> tfrt.AsyncValue:
    result = tfrt.AsyncValue()

    def run() -> None:
        try:
            result.set(effect(x, chain, host))
        except tfrt.KernelError as error:
            result.set_error(error)

    host.enqueue(run)
    return result


REGISTRY.register(Kernel("t.effect", effect))
REGISTRY.register(Kernel("t.effect_later", effect_later))

PROGRAM = """
func.func @f(%x: i32, %y: i32, %ch: !tfrt.chain) -> (!tfrt.chain, !tfrt.chain) {
  %c1 = "EFFECT"(%x, %ch) : (i32, !tfrt.chain) -> !tfrt.chain
  %t = tfrt_dht.create_uninitialized_tensor.i32.1 [T : i64]
  %c2 = tfrt_dht.fill_tensor_with_constant.i32 %t, %c1 7 : i32
  %c3 = "EFFECT"(%y, %c2) : (i32, !tfrt.chain) -> !tfrt.chain
  %u = tfrt_dht.create_uninitialized_tensor.i32.1 [U : i64]
  %c4 = tfrt_dht.fill_tensor_with_constant.i32 %u, %c3 8 : i32
  %c5 = tfrt_dht.print_tensor %t, %c4
  %c6 = tfrt_dht.fill_tensor_with_constant.i32 %t, %c5 9 : i32
  %c7 = tfrt_dht.print_tensor %t, %c6
  %c8 = tfrt_dht.print_tensor %u, %c7
  tfrt.return %c8, %c2 : !tfrt.chain, !tfrt.chain
}
"""


compiled = cache(compile_text)


def observe(text: str, passes: str, queue: str, plans: bool, x: int, y: int):
    """The results, what is printed, and what is reported, in any order."""
    printed: list[str] = []
    reported: list[str] = []

    class Out:
        def write(self, text: str) -> None:
            printed.append(text)

    host = tfrt.HostContext(
        queue, registry=REGISTRY, plans=plans, out=Out(), diagnostic_handler=lambda d: reported.append(d.headline())
    )
    with host:
        results = tfrt.load(compiled(text, "t.mlir", pipeline=passes), host=host)["f"].start(x, y, None)
        host.wait(results)
        host.quiesce()
    shown = [str(r.error) if type(r) is tfrt.AsyncValue and r.is_error else "chain" for r in results]
    return shown, printed, sorted(reported)


@pytest.mark.parametrize("queue", ["s", "seeded:3", "mstd:2"])
@pytest.mark.parametrize("kind", ["t.effect", "t.effect_later"])
@pytest.mark.parametrize(("t", "u"), [(2, 3), (-1, 3), (2, -1), (-1, -1)])
def test_same_as_before(queue, kind, t, u):
    text = PROGRAM.replace("EFFECT", kind).replace("[T", f"[{t}").replace("[U", f"[{u}")
    assert compiled(text, "t.mlir", pipeline="relax-chains") != compiled(text, "t.mlir", pipeline="")
    for x in (1, -1):
        for y in (2, -2):
            expected = observe(text, "", queue, True, x, y)
            for plans in (True, False):
                assert observe(text, "relax-chains", queue, plans, x, y) == expected
