"""Functions of programs as ops, from Python."""

import numpy as np
import pytest

import tfrt
from tfrt.executor.core_runtime.composite_op import CompositeOpHandler, make_composite_op
from tfrt.executor.core_runtime.cpu_op_handler import CpuOpHandler
from tfrt.executor.core_runtime.tensor_handle import TensorHandle
from tfrt.executor.support.location import position
from tfrt.executor.values.device import HOST_DEVICE

X = np.array([1, -2, 3], np.float32)
PROGRAM = """
func.func @norm(%ch: !tfrt.chain, %x: !corert.tensorhandle)
    -> (!tfrt.chain, !corert.tensorhandle, !corert.tensorhandle) {
  %cpu = corert.get_op_handler %ch "cpu"
  %square = corert.executeop(%cpu) "tf.Square"(%x) : 1
  %root = corert.executeop(%cpu) "tf.Sqrt"(%square) : 1
  tfrt.return %ch, %square, %root : !tfrt.chain, !corert.tensorhandle, !corert.tensorhandle
}
func.func @tell(%ch: !tfrt.chain, %x: !corert.tensorhandle) -> !tfrt.chain {
  %done = "corert.print_tensorhandle"(%x, %ch) : (!corert.tensorhandle, !tfrt.chain) -> !tfrt.chain
  tfrt.return %done : !tfrt.chain
}
func.func @of_numbers(%ch: !tfrt.chain, %x: i32) -> (!tfrt.chain, i32) {
  tfrt.return %ch, %x : !tfrt.chain, i32
}
func.func @to_numbers(%ch: !tfrt.chain) -> (!tfrt.chain, i32) {
  %x = tfrt.constant.i32 1
  tfrt.return %ch, %x : !tfrt.chain, i32
}
func.func @empty() {
  tfrt.return
}
"""


class Bench:
    """A host with the program's functions as ops."""

    def __init__(self, host: tfrt.HostContext):
        self.runtime = tfrt.CoreRuntime.of(host)
        self.runtime.register("cpu", CpuOpHandler())
        self.program = tfrt.load(tfrt.compile(PROGRAM, "ops.mlir"), host=host)
        functions = {"my.Norm": self.program["norm"], "my.Tell": self.program["tell"]}
        self.handler = CompositeOpHandler(functions, CpuOpHandler())

    def run(self, name, *arguments, **options):
        return self.runtime.execute(name, *arguments, handler=self.handler, **options)


@pytest.fixture(params=["s", "mstd:2"])
def bench(request):
    with tfrt.HostContext(request.param, diagnostic_handler=lambda _: None) as host:
        yield Bench(host)


def test_a_function_is_called_like_any_op(bench):
    square, root = bench.run("my.Norm", X)
    assert square.numpy().tolist() == [1, 4, 9]
    assert root.numpy().tolist() == [1, 2, 3]
    (again,) = bench.run("tf.Neg", root)
    assert again.numpy().tolist() == [-1, -2, -3]


def test_it_starts_before_its_inputs_are_there(bench):
    later, x = tfrt.AsyncValue(), bench.runtime.tensor(X)
    square, _ = bench.run("my.Norm", TensorHandle(bench.runtime.host, HOST_DEVICE, later, x.metadata))
    assert not square.is_available
    later.set(x.result())
    assert square.numpy().tolist() == [1, 4, 9]


def test_an_error_inside_is_located_in_the_program(bench):
    results = bench.run("my.Norm", np.array([True]))
    for result in results:
        with pytest.raises(tfrt.KernelError) as caught:
            result.numpy()
        assert caught.value.message == "unsupported dtype"
        assert (position(caught.value.location).filename, position(caught.value.location).line) == ("ops.mlir", 5)


def test_chains_order_functions(capsys):
    with tfrt.HostContext("mstd:2") as host:
        bench = Bench(host)
        chain = tfrt.OpChain(host)
        for number in range(3):
            bench.run("my.Tell", np.array([number], np.int32), chain=chain)
        chain.wait()
    lines = capsys.readouterr().out.splitlines()
    assert [line.rpartition("values = ")[2] for line in lines] == ["[0]", "[1]", "[2]"]


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((X, X), {}, "op @norm takes 1 inputs and is given 2"),
        ((X,), {"result_count": 1}, "op @norm has 2 results, not 1"),
    ],
)
def test_calls_that_do_not_fit(bench, arguments, options, message):
    with pytest.raises(tfrt.KernelError) as caught:
        bench.run("my.Norm", *arguments, **options)
    assert caught.value.message == message
    assert position(caught.value.location).filename == __file__


def test_names_that_nobody_knows(bench):
    with pytest.raises(tfrt.KernelError) as caught:
        bench.run("my.Unheard", X)
    assert caught.value.message == "my.Unheard was not supported by NullOpHandler."
    assert position(caught.value.location).filename == __file__


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "of_numbers",
            "The function should only takes type [!corert.tensorhandle] as input. But the 0-th argument is type [i32].",
        ),
        (
            "to_numbers",
            "The function should only returns type [!corert.tensorhandle]. But the 0-th results is type [i32].",
        ),
        ("empty", "function 'empty' must take and return a chain first to be an op"),
    ],
)
def test_functions_that_cannot_be_ops(bench, name, message):
    with pytest.raises(tfrt.KernelError) as caught:
        make_composite_op(bench.program[name])
    assert caught.value.message == message
