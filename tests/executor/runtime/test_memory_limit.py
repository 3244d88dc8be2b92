"""What kernels of a host make, counted, and refused beyond a limit."""

from __future__ import annotations

import gc
import os
import threading

import numpy as np
import pytest

import tfrt
from tfrt.executor.core_runtime.tensor_handle import TensorHandle
from tfrt.executor.declarations.kernel import Kernel
from tfrt.executor.declarations.kernel_registry import BUILTIN, KernelRegistry
from tfrt.executor.values.device import HOST_DEVICE
from tfrt.executor.values.dtype import DType
from tfrt.executor.values.tensor import DenseHostTensor, HostBuffer

KB = 1000
ADVICE = "run fewer requests at a time, or make the host with a larger memory_limit"

PRODUCTS = """\
func.func @main(%x: tensor<50x50xf32>) -> tensor<50x50xf32> {
  %y = stablehlo.tanh %x : tensor<50x50xf32>
  %d = stablehlo.dot_general %y, %y, contracting_dims = [1] x [0] : (tensor<50x50xf32>, tensor<50x50xf32>) -> tensor<50x50xf32>
  return %d : tensor<50x50xf32>
}
"""  # noqa: E501


def refusal(kernel: str, size: int, used: int, limit: int, where: str = "@main") -> str:
    counts = f"{size:,} bytes, and {used:,} of the {limit:,} that the host may have are in use"
    return f"{kernel} in {where} makes {counts}: {ADVICE}"


@pytest.fixture
def registry():
    registry = KernelRegistry(BUILTIN)

    def make(count: int) -> np.ndarray:
        return np.zeros(count * KB, np.uint8)

    def fail(count: int) -> np.ndarray:
        make(count)
        raise ValueError("no")

    registry.register(Kernel("t.make", make))
    registry.register(Kernel("t.task", make, enqueued=True))
    registry.register(Kernel("t.block", make, blocking=True))
    registry.register(Kernel("t.fail", fail))
    registry.register(Kernel("t.half", lambda array: array[: len(array) // 2]))
    registry.register(Kernel("t.twice", lambda count: (made := make(count), made[1:])))
    registry.register(Kernel("t.buffer", lambda count: HostBuffer.allocate(count * KB, 1)))
    registry.register(Kernel("t.size", lambda array: array.size))
    return registry


@pytest.fixture
def run(registry):
    """Runs kernels, given by lines, on a host with 10 kB."""

    def run(*lines, queue="s", limit=10 * KB, result="!t.array", **options):
        body = "\n".join(f"  {line}" for line in lines)
        text = f"func.func @main(%x: i32) -> {result} {{\n{body}\n  tfrt.return %r : {result}\n}}\n"
        host = tfrt.HostContext(queue, registry=registry, memory_limit=limit, **options)
        return host, tfrt.load(tfrt.compile(text, "p.mlir"), host=host)["main"]

    return run


def make(name, kernel="t.make", operand="%x", of="i32", gives="!t.array"):
    return f'%{name} = "{kernel}"({operand}) : ({of}) -> {gives}'


@pytest.mark.parametrize("queue", ["s", "mstd:2"])
@pytest.mark.parametrize("plans", [True, False])
@pytest.mark.parametrize("kernel", ["t.make", "t.task", "t.block"])
def test_what_exceeds_it_is_refused_and_nothing_is_left(run, queue, plans, kernel):
    host, function = run(make("r", kernel), queue=queue, plans=plans)
    with host:
        for _ in range(2):
            made = function(6)
            assert made.nbytes == host.memory_in_use == 6 * KB
            with pytest.raises(tfrt.ResourceExhaustedError) as caught:
                function(5)
            assert caught.value.message == refusal(kernel, 5 * KB, 6 * KB, 10 * KB)
            assert (caught.value.code, str(caught.value.location)) == ("RESOURCE_EXHAUSTED", "p.mlir:2:8")
            del made, caught
            gc.collect()
            assert host.memory_in_use == 0


@pytest.mark.parametrize("level", [0, 2])
@pytest.mark.parametrize("queue", ["s", "mstd:2"])
def test_a_kernel_of_known_results_is_refused_before_it_runs(level, queue):
    array = np.ones((50, 50), np.float32)
    with tfrt.HostContext(queue, memory_limit=15 * KB) as host:
        function = tfrt.load(tfrt.compile(PRODUCTS, "p.mlir", opt_level=level), host=host)["main"]
        with pytest.raises(tfrt.ResourceExhaustedError) as caught:
            function(array)
        assert caught.value.message == refusal("cpu.call", 10 * KB, 10 * KB, 15 * KB)
        del caught
        gc.collect()
        assert host.memory_in_use == 0
    with tfrt.HostContext(queue, memory_limit=20 * KB) as host:
        function = tfrt.load(tfrt.compile(PRODUCTS, "p.mlir", opt_level=level), host=host)["main"]
        result = function(array)
        assert host.memory_in_use == result.nbytes == 10 * KB


def test_planned_buffers_are_one_piece(tmp_path):
    text = PRODUCTS.replace("50", "100").replace(
        "  return %d",
        "  %e = stablehlo.dot_general %d, %y, contracting_dims = [1] x [0] :"
        " (tensor<100x100xf32>, tensor<100x100xf32>) -> tensor<100x100xf32>\n  return %e",
    )
    with tfrt.HostContext(memory_limit=70 * KB) as host:
        function = tfrt.load(tfrt.compile(text, "p.mlir", opt_level=2), host=host)["main"]
        with pytest.raises(tfrt.ResourceExhaustedError) as caught:
            function(np.ones((100, 100), np.float32))
    # Either is a multiple of the lines of caches.
    assert caught.value.message == refusal("cpu.arena", 80 * KB, 0, 70 * KB)


def test_what_is_in_the_same_memory_counts_once(run):
    lines = [make("a"), make("b", "t.half", "%a", "!t.array"), make("r", "t.half", "%b", "!t.array")]
    host, function = run(*lines)
    half = function(10)
    assert half.nbytes == 2500 and host.memory_in_use == 10 * KB
    host, function = run('%r, %b = "t.twice"(%x) : (i32) -> (!t.array, !t.array)')
    first = function(10)
    assert host.memory_in_use == first.nbytes == 10 * KB


def test_what_nobody_uses_any_more_does_not_count(run):
    size = {"of": "!t.array", "gives": "i32"}
    lines = [make("a"), make("n", "t.size", "%a", **size), make("b"), make("r", "t.size", "%b", **size)]
    for plans in (True, False):
        host, function = run(*lines, make("c"), result="i32", plans=plans)
        assert function(3) == 3 * KB and host.memory_in_use == 0


def test_arguments_constants_and_views_of_them_do_not_count(registry):
    text = """\
func.func @view(%x: !t.array) -> !t.array {
  %y = "t.half"(%x) : (!t.array) -> !t.array
  tfrt.return %y : !t.array
}
func.func @constant() -> i32 {
  %x = cpu.constant {value = dense<[1.0, 2.0]> : tensor<2xf32>} : memref<2xf32>
  %y = "t.half"(%x) : (memref<2xf32>) -> !t.array
  %z = "t.size"(%y) : (!t.array) -> i32
  tfrt.return %z : i32
}
"""
    with tfrt.HostContext(memory_limit=1, registry=registry) as host:
        program = tfrt.load(tfrt.compile(text), host=host)
        given = np.ones(100, np.float32)
        half = program["view"](given)
        assert half.base is given and program["constant"]() == 1 and host.memory_in_use == 0


def test_buffers_and_handles_of_tensors_count(run, registry):
    host, function = run(make("r", "t.buffer", gives="!ht.host_buffer"), result="!ht.host_buffer")
    made = function(10)
    assert host.memory_in_use == made.size
    with pytest.raises(tfrt.ResourceExhaustedError):
        function(1)
    del made

    def handle(count: int) -> TensorHandle:
        tensor = DenseHostTensor.zeros(DType.of(np.zeros(1, np.uint8)), (count * KB,))
        return TensorHandle(host, HOST_DEVICE, tensor)

    registry.register(Kernel("t.handle", handle))
    host, function = run(make("r", "t.handle", gives="!corert.tensorhandle"), result="!corert.tensorhandle")
    handle_of_nine = function(9)
    assert host.memory_in_use == handle_of_nine.result().array.nbytes == 9 * KB


def test_results_that_come_later_are_counted_when_they_come(run, registry):
    first, second = tfrt.AsyncValue(), tfrt.AsyncValue()
    registry.register(Kernel("t.later", lambda count: (first, second)))
    line = '%a, %b = "t.later"(%x) : (i32) -> (!t.array, !t.array)'
    host, _ = run(line, make("r"))
    text = (
        f"func.func @main(%x: i32) -> (!t.array, !t.array) {{\n  {line}\n  tfrt.return %a, %b : !t.array, !t.array\n}}"
    )
    function = tfrt.load(tfrt.compile(text, "p.mlir"), host=host)["main"]
    results = function.start(1)
    assert host.memory_in_use == 0
    second.set(np.zeros(6 * KB, np.uint8))
    # It does not wait for the other.
    assert results[1].is_available and results[0].is_pending and host.memory_in_use == 6 * KB
    first.set(np.zeros(5 * KB, np.uint8))
    error = results[0].error
    assert error is not None and error.message == refusal("t.later", 5 * KB, 6 * KB, 10 * KB)
    assert str(error.location) == "p.mlir:2:12"


def test_kernels_that_fail_and_requests_that_are_cancelled_leave_nothing(run, registry):
    host, function = run(make("a"), make("b", "t.fail"), make("r", "t.half", "%b", "!t.array"))
    for _ in range(3):
        with pytest.raises(tfrt.KernelError, match="ValueError: no"):
            function(9)
        assert host.memory_in_use == 0

    context = tfrt.ExecutionContext(host)
    registry.register(Kernel("t.cancel", lambda array: context.cancel() or array))
    host, function = run(make("a"), make("b", "t.cancel", "%a", "!t.array"), make("r", "t.half", "%b", "!t.array"))
    context = tfrt.ExecutionContext(host)
    results = function.start(9, context=context)
    assert isinstance(results[0].error, tfrt.CancelledError)
    del results
    gc.collect()
    assert host.memory_in_use == 0


def test_an_exception_in_between_does_not_leave_a_count(run):
    """What a signal's handler raises while memory is being counted."""
    host, function = run(make("r"))
    assert host.memory is not None

    class Failing(dict):
        def __setitem__(self, key, value):
            host.memory._alive = {}
            raise KeyboardInterrupt

    host.memory._alive = Failing()
    with pytest.raises(KeyboardInterrupt):
        function(9)
    made = function(9)
    assert host.memory_in_use == made.nbytes


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_process_counts_what_it_has(run):
    host, function = run(make("r"))
    made = function(6)
    assert host.memory is not None
    with host.memory._lock:
        # Somebody else holds it at that moment.
        thread_holds = threading.Event()
        child = os.fork()
        if not child:
            try:
                used = host.memory_in_use
                del made
                is_right = used == 6 * KB and host.memory_in_use == 0 and function(10).nbytes == 10 * KB
                os._exit(0 if is_right else 1)
            finally:
                os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert host.memory_in_use == made.nbytes and not thread_holds.is_set()


def test_it_is_counted_on_all_threads(run):
    host, function = run(make("r", "t.task"), queue="mstd:2", limit=50 * KB)
    with host:
        kept: list[np.ndarray] = []
        refused: list[str] = []

        def call() -> None:
            for _ in range(20):
                try:
                    kept.append(function(1))
                except tfrt.ResourceExhaustedError as error:
                    refused.append(error.message)

        threads = [threading.Thread(target=call) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (len(kept), len(refused)) == (50, 30) and host.memory_in_use == 50 * KB
        assert set(refused) == {refusal("t.task", KB, 50 * KB, 50 * KB)}
        kept.clear()
        assert host.memory_in_use == 0


def test_traces_see_what_is_refused(run):
    host, function = run(make("r"))
    with host, tfrt.trace() as events, pytest.raises(tfrt.ResourceExhaustedError):
        function(11)
    (failed,) = [kernel for thread in events.threads for kernel in thread.kernels[::4]]
    assert failed < 0


@pytest.mark.parametrize("limit", [0, -1, 1.5, True, "1MB"])
def test_a_limit_that_is_none(limit):
    with pytest.raises(tfrt.UsageError) as caught:
        tfrt.HostContext(memory_limit=limit)
    assert str(caught.value) == f"memory_limit is a number of bytes from 1 on, not {limit!r}"


def test_without_a_limit_nothing_is_counted(run):
    host, _ = run(make("r"), limit=None)
    assert host.memory is None and host.memory_in_use is None and host.observers == ()


def test_the_command_line(tool, tmp_path):
    path = tmp_path / "p.bef"
    path.write_bytes(tfrt.compile(PRODUCTS, "p.mlir"))
    options = ("--function", "main", "--input", "50x50xf32=1", "--print_error_code", "--source-root", str(tmp_path))
    done = tool("bef-run", path, *options, "--memory-limit", "19kB")
    message = refusal("cpu.call", 10 * KB, 10 * KB, 19 * KB)
    assert (done.code, done.out) == (
        1,
        f"--- Running 'main':\n'main' returned <<error: {message}, code: RESOURCE_EXHAUSTED>>\n",
    )
    assert done.err.startswith(f"p.mlir:3:8: error: runtime error: {message}\n")
    assert tool("bef-run", path, *options, "--memory-limit", "20kB").code == 0


@pytest.mark.parametrize(
    ("size", "why"),
    [("lots", "'lots' is no size, such as 1024, 4KiB or 1MB"), ("0", "no kernel can do with no memory at all")],
)
def test_a_size_that_is_none(tool, size, why):
    done = tool("bef-run", "p.bef", "--memory-limit", size)
    assert (done.code, done.err) == (2, f"bef-run: argument --memory-limit: {why}\n")
