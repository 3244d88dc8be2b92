"""Tensors, against numpy by hand: a perceptron on digits, one image and many at a time; chains of elementwise ops."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import numpy as np

from suite.row import Row, program
from tfrt.executor.declarations.op_registry import CPU_OPS
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.machine_code import is_available
from tfrt.executor.values.dtype import DType
from tfrt.kernels.numerics.chains.elementwise import chain
from tfrt.kernels.numerics.chains.steps import Step
from tfrt.kernels.numerics.machine_code.chain import Chain, with_native_chain


def _text(batch: int) -> str:
    tensor = "!tfrt_tensor.tensor"
    product = f"(f32, {tensor}, {tensor}, f32, {tensor}, !tfrt.chain) -> !tfrt.chain"
    arguments = ", ".join(f"%{name}: {tensor}" for name in ("x", "w1", "b1", "w2", "b2"))
    return f"""func.func @mlp({arguments}) -> {tensor} {{
  %start = tfrt.new.chain
  %one = tfrt.constant.f32 1.0
  %shape1 = ts.build_shape [{batch} : i64, 64 : i64]
  %hidden = "tfrt_test.broadcast.f32.2"(%b1, %shape1) : ({tensor}, !ts.shape) -> {tensor}
  %layer1 = "eigen.matmul.f32"(%one, %x, %w1, %one, %hidden, %start) : {product}
  %active = "tfrt_test.relu_inplace.f32"(%hidden, %layer1) : ({tensor}, !tfrt.chain) -> !tfrt.chain
  %shape2 = ts.build_shape [{batch} : i64, 10 : i64]
  %scores = "tfrt_test.broadcast.f32.2"(%b2, %shape2) : ({tensor}, !ts.shape) -> {tensor}
  %layer2 = "eigen.matmul.f32"(%one, %hidden, %w2, %one, %scores, %active) : {product}
  %digits = "tfrt_test.argmax.f32.2"(%scores, %layer2) : ({tensor}, !tfrt.chain) -> {tensor}
  tfrt.return %digits : {tensor}
}}"""


def rows(size: int) -> Iterator[Row]:
    """The rows of this family."""
    yield from _perceptrons(size)
    yield from _chains(size)


def _chains(size: int) -> Iterator[Row]:
    """Six elementwise steps over matrices of 64 columns, as numpy expressions, in place, and as one chain."""
    steps = [
        ("tf.Sub", 0, 1),
        ("tf.Mul", 4, 2),
        ("tf.AddV2", 5, 3),
        ("tf.Relu", 6),
        ("tf.Mul", 7, 0),
        ("tf.AddV2", 8, 3),
    ]
    found = []
    for name, *operands in steps:
        entry = CPU_OPS.get(name)
        assert entry is not None and entry.elementwise is not None
        function = entry.elementwise(DType.F32)
        assert function is not None
        found.append(Step(function, tuple(operands), entry.native_for({})))
    random = np.random.default_rng(0)
    for elements in (6 * size, 400 * size):
        count = max(1, elements // 64)
        x = random.normal(size=(count, 64)).astype(np.float32)
        a, b, c = (random.normal(size=64).astype(np.float32) for _ in range(3))
        shapes = [x.shape, (64,), (64,), (64,)]

        def expressions(x=x, a=a, b=b, c=c) -> float:
            return float((np.maximum((x - a) * b + c, 0) * x + c)[-1, -1])

        def in_place(x=x, a=a, b=b, c=c) -> float:
            t = x - a
            t *= b
            t += c
            np.maximum(t, 0, out=t)
            t *= x
            t += c
            return float(t[-1, -1])

        run = chain(found, shapes, x.shape, 4)
        ways = {"numpy": expressions, "numpy in place": in_place}
        ways["tfrt"] = lambda run=run, x=x, a=a, b=b, c=c: float(run(x, a, b, c)[-1, -1])
        if is_available():
            host = HostContext(native=True)
            native = with_native_chain(run, Chain(shapes, [x.dtype] * 4, x.shape, x.dtype, found), host)
            ways["tfrt native"] = lambda run=native, x=x, a=a, b=b, c=c: float(run(x, a, b, c)[-1, -1])
        yield Row(f"6 elementwise ops, {count * 64:,} floats", ways, "numpy in place", "chain")


def _perceptrons(size: int) -> Iterator[Row]:
    """Inference with a batch of 1 and of 64, a hundred times a run (fewer for small sizes)."""
    from tfrt.executor.values.tensor import dense_from_numpy

    random = np.random.default_rng(0)
    count = max(1, size // 100)
    with ExitStack() as stack:
        for batch in (1, 64):
            shapes = ((batch, 64), (64, 64), (64,), (64, 10), (10,))
            x, w1, b1, w2, b2 = (random.normal(size=shape).astype(np.float32) for shape in shapes)
            tensors = [dense_from_numpy(array) for array in (x, w1, b1, w2, b2)]
            mlp = stack.enter_context(program(_text(batch), plan_threshold=0))["mlp"]

            def by_hand(x=x, w1=w1, b1=b1, w2=w2, b2=b2, batch=batch) -> np.ndarray:
                hidden = np.broadcast_to(b1, (batch, 64)).copy()
                hidden += x @ w1
                np.maximum(hidden, 0, out=hidden)
                scores = np.broadcast_to(b2, (batch, 10)).copy()
                scores += hidden @ w2
                return scores.argmax(axis=1).astype(np.int32)

            def hand(by_hand=by_hand) -> list[int]:
                for _ in range(count):
                    found = by_hand()
                return found.tolist()

            def ours(mlp=mlp, tensors=tensors) -> list[int]:
                for _ in range(count):
                    found = mlp(*tensors)
                return found.array.tolist()

            target = {"tfrt": 1.1} if batch == 1 else {}
            yield Row(f"perceptron, batch {batch}", {"numpy": hand, "tfrt": ours}, "numpy", "inference", count, target)
