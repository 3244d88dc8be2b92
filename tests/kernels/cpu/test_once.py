"""`cpu.once`: what a loaded program computes once, and when it does so again."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import tfrt
from tfrt.executor.declarations.kernel import Kernel
from tfrt.executor.declarations.kernel_registry import BUILTIN, KernelRegistry

TEXT = """
func.func @main() -> (memref<2xf32>, memref<3xi32>) {
  %a, %b = cpu.once {function = @made} : memref<2xf32>, memref<3xi32>
  tfrt.return %a, %b : memref<2xf32>, memref<3xi32>
}
func.func private @made() -> (memref<2xf32>, memref<3xi32>) {
  %a = "user.floats"() : () -> memref<2xf32>
  %b = "user.integers"() : () -> memref<3xi32>
  tfrt.return %a, %b : memref<2xf32>, memref<3xi32>
}
"""
HOSTS = [("s", {}), ("s", {"plans": False}), ("s", {"plan_threshold": 0}), ("mstd:2", {})]


class Maker:
    """Kernels that count their calls; `floats` does what it is told to."""

    def __init__(self, **options):
        self.calls = 0
        self.give = lambda: np.float32([1, 2])
        self.registry = KernelRegistry(BUILTIN)
        self.registry.register(Kernel("user.floats", self.floats, pure=True, **options))
        self.registry.register(Kernel("user.integers", lambda: np.arange(3, dtype=np.int32), pure=True))

    def floats(self):
        self.calls += 1
        return self.give()


@pytest.mark.parametrize(("queue", "options"), HOSTS)
def test_it_runs_once_for_a_loaded_program(queue, options):
    maker = Maker()
    with tfrt.HostContext(queue, registry=maker.registry, **options) as host:
        bef = tfrt.compile(TEXT)
        for loaded in (1, 2):
            main = tfrt.load(bef, host=host)["main"]
            results = [main() for _ in range(3)]
            assert maker.calls == loaded
            for floats, integers in results:
                assert floats.tolist() == [1, 2] and integers.tolist() == [0, 1, 2]
            # The first may be of its own.
            assert not any(array.flags.writeable for result in results[1:] for array in result)


@pytest.mark.parametrize("how", ["blocking", "enqueued"])
@pytest.mark.parametrize(("queue", "options"), HOSTS)
def test_what_is_pending_is_kept_once_it_is_there(how, queue, options):
    maker = Maker(**{how: True})
    with tfrt.HostContext(queue, registry=maker.registry, **options) as host:
        main = tfrt.load(tfrt.compile(TEXT), host=host)["main"]
        for _ in range(4):
            assert main()[0].tolist() == [1, 2]
        host.quiesce()
        made = maker.calls
        assert main()[1].tolist() == [0, 1, 2]
        assert maker.calls == made


@pytest.mark.parametrize(("queue", "options"), HOSTS)
def test_failures_are_not_kept(queue, options):
    maker = Maker()

    def fail():
        raise ValueError("not yet")

    give, maker.give = maker.give, fail
    with tfrt.HostContext(queue, registry=maker.registry, **options) as host:
        main = tfrt.load(tfrt.compile(TEXT, "p.mlir"), host=host)["main"]
        for _ in range(2):
            with pytest.raises(tfrt.KernelError, match="not yet") as caught:
                main()
            assert str(caught.value.location).startswith("p.mlir:7:")
        maker.give = give
        assert main()[0].tolist() == main()[0].tolist() == [1, 2]
        assert maker.calls == 3


def test_a_request_that_is_cancelled_spoils_nothing_for_others():
    maker, entered, goes_on = Maker(blocking=True), threading.Event(), threading.Event()

    def wait():
        entered.set()
        assert goes_on.wait(60)
        return np.float32([1, 2])

    maker.give = wait
    with tfrt.HostContext("mstd:2", registry=maker.registry) as host:
        main = tfrt.load(tfrt.compile(TEXT), host=host)["main"]
        context = tfrt.ExecutionContext(host)
        main.start(context=context)
        assert entered.wait(60)
        context.cancel()
        goes_on.set()
        assert main()[0].tolist() == [1, 2]


def test_threads_that_come_at_the_same_time_get_the_same():
    maker, both = Maker(), threading.Barrier(2)

    def meet():
        both.wait(60)
        return np.float32([1, 2])

    maker.give = meet
    found = []
    with tfrt.HostContext(registry=maker.registry) as host:
        main = tfrt.load(tfrt.compile(TEXT), host=host)["main"]
        threads = [threading.Thread(target=lambda: found.append(main()[0].tolist())) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == [[1, 2], [1, 2]]
        assert main()[0].tolist() == [1, 2]
        assert maker.calls == 2
