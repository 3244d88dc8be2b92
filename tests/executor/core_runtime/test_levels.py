"""Optimised programs of the core runtime do what they do at ``-O0``: also with other op handlers, and where ops fail.

Programs are random, of fixed seeds. What is compared: results, what is printed in order, what op handlers log, and
diagnostics with their locations.
"""

from __future__ import annotations

import contextlib
import io
import os
import random
import re
from dataclasses import dataclass

import numpy as np
import pytest

import tfrt
from tfrt.executor.core_runtime.tensor_handle import TensorHandle
from tfrt.executor.runtime.execution_context import ExecutionContext
from tfrt.executor.values.device import HOST_DEVICE
from tfrt.executor.values.tensor import dense_from_numpy

SEEDS = range(int(os.environ.get("TFRT_CORERT_SEEDS", "24")))
"""More of them explore; these are what CI runs."""

HANDLE, CHAIN, HANDLER = "!corert.tensorhandle", "!tfrt.chain", "!corert.ophandler"

VALUES = {
    "tensor<2x2xf32>": "dense<[[1.0, 2.0], [3.0, 4.0]]>",
    "tensor<2xf32>": "dense<[5.0, 6.0]>",
    "tensor<3xi32>": "dense<[1, 2, 3]>",
    "tensor<f32>": "dense<2.5>",
}

METADATA = {"tensor<2x2xf32>": "[f32, 2, 2]", "tensor<2xf32>": "[f32, 2]", "tensor<3xi32>": "[i32, 3]"}


class Program:
    """One random program: op handlers, tensors, ops on them, and prints in the order of a chain."""

    def __init__(self, seed: int):
        self.random = random.Random(seed)
        self.lines: list[str] = []
        self.count = 0
        self.chain = "%ch"
        self.handlers: list[str] = []
        self.tensors: list[str] = []

    def add(self, text: str, kind: str = "t") -> str:
        self.count += 1
        self.lines.append(f"%{kind}{self.count} = {text}")
        return f"%{kind}{self.count}"

    def text(self) -> str:
        self.make_handlers()
        for _ in range(self.random.randint(3, 10)):
            self.random.choice([self.constant, self.execute, self.execute, self.execute, self.ensure, self.show])()
        self.constant()
        self.show()
        results = self.random.sample(self.tensors, min(2, len(self.tensors)))
        self.lines.append(
            f"tfrt.return {', '.join([self.chain, *results])} : {', '.join([CHAIN, *[HANDLE] * len(results)])}"
        )
        return (
            f"func.func @main(%ch: {CHAIN}) -> ({', '.join([CHAIN, *[HANDLE] * len(results)])}) {{\n"
            + "\n".join(f"  {line}" for line in self.lines)
            + "\n}\n"
        )

    def make_handlers(self) -> None:
        null = self.add(f'"corert.create_null_op_handler"() : () -> {HANDLER}', "h")
        cpu = self.add(f'"corert.create_cpu_op_handler"({null}) : ({HANDLER}) -> {HANDLER}', "h")
        log = self.add(
            f'"corert.create_logging_op_handler"({cpu}) {{sync_log_results = {self.random.randint(0, 1)} : i32}} : '
            f"({HANDLER}) -> {HANDLER}",
            "h",
        )
        named = self.random.choices([cpu, log, null, None], [5, 2, 1, 1])[0]
        if named is not None:
            self.chain = self.add(f'corert.register_op_handler {named} "cpu"', "c")
        found = self.add(f'corert.get_op_handler {self.chain} "cpu"', "h")
        self.handlers = [found] * 6 + [self.random.choice([cpu, log, null])]

    def constant(self) -> None:
        type = self.random.choice(list(VALUES))
        value = f"{VALUES[type]} : {type}"
        if self.random.random() < 0.3:
            self.tensors.append(self.add(f"corert.const_dense_tensor {value}"))
            return
        element = re.sub(r"tensor<([0-9]+x)*", "", type)[:-1]
        dtype = self.random.choices([f", dtype = {element}", "", ", dtype = i64"], [5, 3, 1])[0]
        handler = self.random.choice(self.handlers)
        if self.random.random() < 0.2:
            self.count += 1
            chain, tensor = f"%c{self.count}", f"%t{self.count}"
            self.lines.append(
                f'{chain}, {tensor} = corert.executeop.seq({handler}, {self.chain}) "tf.Const"() '
                f"{{value = {value}{dtype}}} : 1"
            )
            self.chain = chain
        else:
            tensor = self.add(f'corert.executeop({handler}) "tf.Const"() {{value = {value}{dtype}}} : 1')
        self.tensors.append(tensor)

    def execute(self) -> None:
        if not self.tensors:
            self.constant()
        handler = self.random.choice(self.handlers)
        a, b = self.random.choice(self.tensors), self.random.choice(self.tensors)
        op = self.random.choice(
            [
                f'"tf.AddV2"({a}, {b})',
                f'"tf.Mul"({a}, {b})',
                f'"tf.Sub"({a}, {a})',
                f'"tf.Relu"({a})',
                f'"tf.MatMul"({a}, {b}) {{transpose_a = false, transpose_b = true}}',
                f'"tf.MatMul"({a}, {a}) {{transpose_a = false, transpose_b = false}}',
                f'"tf.Relu"({a}, {b})',
                f'"tf.MatMul"({a}, {a}) {{transpose_a = 1 : i32}}',
                f'"tf.Nothing"({a})',
            ][: self.random.choice([6, 6, 6, 9])]
        )
        self.tensors.append(self.add(f"corert.executeop({handler}) {op} : 1"))

    def ensure(self) -> None:
        if not self.tensors:
            self.constant()
        count = self.random.randint(1, 3)
        given = [self.random.choice(self.tensors) for _ in range(count)]
        said = [self.random.choice(list(METADATA.values())) for _ in given]
        self.count += 1
        name = f"%e{self.count}"
        self.lines.append(
            f"{name}:{count} = corert.ensure_metadata {', '.join(given)} {{metadata = [{', '.join(said)}]}} : "
            f"({', '.join([HANDLE] * count)}) -> ({', '.join([HANDLE] * count)})"
        )
        self.tensors += [f"{name}#{i}" for i in range(count)]

    def show(self) -> None:
        if self.tensors:
            tensor = self.random.choice(self.tensors)
            self.chain = self.add(
                f'"corert.print_tensorhandle"({tensor}, {self.chain}) : ({HANDLE}, {CHAIN}) -> {CHAIN}', "c"
            )


@dataclass(frozen=True)
class Seen:
    """What can be seen of a run."""

    results: tuple[str, ...]
    printed: str
    logged: tuple[str, ...]
    diagnostics: tuple[str, ...]


def run(text: str, opt_level: int) -> Seen:
    out, log, reported = io.StringIO(), io.StringIO(), list[str]()
    bef = tfrt.compile(text, opt_level=opt_level)
    host = tfrt.HostContext("s", out=out, diagnostic_handler=lambda d: reported.append(d.headline()))
    with host, contextlib.redirect_stderr(log):
        try:
            results = tuple(map(_shown, tfrt.load(bef, host=host)["main"](tfrt.CHAIN)))
        except tfrt.KernelError as error:
            results = (f"{type(error).__name__}: {error}",)
    # Ops that nothing orders may be dispatched, and so numbered, in another order.
    logged = sorted(re.sub(r"\[\d+\]", "", line) for line in log.getvalue().splitlines())
    return Seen(results, out.getvalue(), tuple(logged), tuple(sorted(reported)))


def _shown(value: object) -> str:
    return str(value.numpy().tolist()) if hasattr(value, "numpy") else str(value)


@pytest.mark.parametrize("seed", SEEDS)
def test_levels_do_the_same(seed: int) -> None:
    text = Program(seed).text()
    wanted = run(text, 0)
    for opt_level in (1, 2, 3):
        assert run(text, opt_level) == wanted, f"at -O{opt_level}:\n{text}"


PENDING = """
func.func @main(%x: !corert.tensorhandle, %y: !corert.tensorhandle) -> (!corert.tensorhandle, !corert.tensorhandle) {
  %null = "corert.create_null_op_handler"() : () -> !corert.ophandler
  %cpu = "corert.create_cpu_op_handler"(%null) : (!corert.ophandler) -> !corert.ophandler
  %ch = corert.register_op_handler %cpu "cpu"
  %found = corert.get_op_handler %ch "cpu"
  %e:2 = corert.ensure_metadata %x, %y {metadata = [[f32, 2], [f32, 2]]}
    : (!corert.tensorhandle, !corert.tensorhandle) -> (!corert.tensorhandle, !corert.tensorhandle)
  %r = corert.executeop(%found) "tf.Relu"(%e#0) : 1
  %s = corert.executeop(%found) "tf.Relu"(%e#1) : 1
  RETURN
}
"""


@pytest.mark.parametrize("returned", ["%r, %s", "%r, %e#1"])
@pytest.mark.parametrize("opt_level", [0, 2])
def test_one_of_several_pending_tensors_is_another_one(returned: str, opt_level: int) -> None:
    text = PENDING.replace("RETURN", f"tfrt.return {returned} : {HANDLE}, {HANDLE}")
    with tfrt.HostContext("s", diagnostic_handler=lambda _: None) as host:
        tensors = [tfrt.AsyncValue(), tfrt.AsyncValue()]
        handles = [TensorHandle(host, HOST_DEVICE, tensor) for tensor in tensors]
        context = ExecutionContext(host)
        program = tfrt.load(tfrt.compile(text, opt_level=opt_level), host=host)
        results = program.all_functions[-1].execute(context, handles)
        for tensor, values in zip(tensors, ([-1.0, 2.0], [1.0, 2.0, 3.0]), strict=True):
            tensor.set(dense_from_numpy(np.array(values, np.float32)))
        host.wait(results)
        good, bad = results
        assert good.value.numpy().tolist() == [0.0, 2.0]
        assert str(bad.error) == "-:7:10: expected a tensor of f32 [2], got f32 [3]"


CONSTANT = """func.func @main(%ch: !tfrt.chain) -> (!tfrt.chain, !corert.tensorhandle) {
  %null = "corert.create_null_op_handler"() : () -> !corert.ophandler
  %c = "corert.create_cpu_op_handler"(%null) : (!corert.ophandler) -> !corert.ophandler
  REGISTER
  %h = corert.get_op_handler %ch1 "cpu"
  %a = corert.executeop(%h) "tf.Const"() {value = dense<7> : tensor<1xi32>, dtype = DTYPE} : 1
  tfrt.return %ch1, %a : !tfrt.chain, !corert.tensorhandle
}
"""


@pytest.mark.parametrize("opt_level", [0, 1, 2, 3])
@pytest.mark.parametrize(
    ("register", "dtype", "reported"),
    [
        ('%ch1 = corert.register_op_handler %c "cpu"', "i32", ()),
        (
            '%ch1 = corert.register_op_handler %c "cpu"',
            "f32",
            ("-:6:8: error: runtime error: dtype attribute mismatch with expected tensor dtype",),
        ),
        (
            '%ch1 = corert.register_op_handler %c "other"',
            "i32",
            ("-:5:8: error: runtime error: op_handler not found: cpu",),
        ),
    ],
)
def test_a_constant_may_fail(register: str, dtype: str, reported: tuple[str, ...], opt_level: int) -> None:
    text = CONSTANT.replace("REGISTER", register).replace("DTYPE", dtype)
    assert run(text, opt_level).diagnostics == reported
