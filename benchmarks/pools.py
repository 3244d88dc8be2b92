"""Convolutions with a bias and a bound of zero, and pools after them: as one kernel, and one after the other.

    python benchmarks/pools.py [--cases TEXT] [--rounds N] [--function NAME]

Images are square, windows of convolutions have as many zeros around as keep their size at stride 1, those of pools lie
side by side, and everything is on one thread. All ways are timed in turn within every round; shown is the least time of
each way, in microseconds, and what one kernel takes of the time of two. onnxruntime has channels first, as it wants
them. Machine code needs Numba, or llvmlite alone.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parent))

import numpy as np
from interleaved import agreed, parser_of, timed

from tfrt.executor.declarations.annotations import Pooling, RowEpilogue
from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op_registry import CPU_OPS
from tfrt.executor.declarations.pools import NEUTRAL, Pool
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.values.dtype import DType
from tfrt.kernels.numerics.chains.epilogues import epilogue
from tfrt.kernels.numerics.chains.steps import Step
from tfrt.kernels.numerics.machine_code.convolution import prepare_fused
from tfrt.kernels.numerics.windows import Window, window

Case = tuple[int, int, int, int, int, int, int]
CASES: dict[str, Case] = {
    "28x28x1 -> 6, 5x5": (1, 28, 1, 6, 5, 1, 2),
    "28x28x1 -> 6, 5x5, batch 64": (64, 28, 1, 6, 5, 1, 2),
    "14x14x6 -> 16, 5x5": (1, 14, 6, 16, 5, 1, 2),
    "14x14x6 -> 16, 5x5, batch 64": (64, 14, 6, 16, 5, 1, 2),
    "28x28x1 -> 32, 3x3, batch 32": (32, 28, 1, 32, 3, 1, 2),
    "32x32x3 -> 32, 3x3": (1, 32, 3, 32, 3, 1, 2),
    "32x32x16 -> 32, 3x3, stride 2": (1, 32, 16, 32, 3, 2, 2),
    "32x32x32 -> 32, 3x3": (1, 32, 32, 32, 3, 1, 2),
    "16x16x32 -> 64, 3x3": (1, 16, 32, 64, 3, 1, 2),
    "28x28x64 -> 64, 1x1": (1, 28, 64, 64, 1, 1, 2),
    "224x224x3 -> 64, 3x3": (1, 224, 3, 64, 3, 1, 2),
    "56x56x128 -> 128, 3x3": (1, 56, 128, 128, 3, 1, 2),
    "14x14x512 -> 512, 3x3": (1, 14, 512, 512, 3, 1, 2),
    "30x30x3 -> 32, 5x5, pool 3x3": (1, 30, 3, 32, 5, 1, 3),
    "14x14x64 -> 64, 5x5": (1, 14, 64, 64, 5, 1, 2),
    "36x36x32 -> 32, 3x3, pool 3x3": (1, 36, 32, 32, 3, 1, 3),
}
"""Images, their size, channels in and out, the size of windows, their stride, and the size of the pool's windows. The
last two are left alone in programs."""

Run = Callable[[], np.ndarray]


def main(argv: list[str] | None = None) -> int:
    """Run the benchmark; returns the exit code."""
    parser = parser_of(__doc__, rounds=30)
    parser.add_argument("--function", default="maximum", choices=["maximum", "add"], help="what combines elements")
    options = parser.parse_args(argv)
    for name, case in CASES.items():
        if options.cases in name:
            show(name, case, options.function, options.rounds)
    return 0


def show(name: str, case: Case, function: str, rounds: int) -> None:
    """Time and print a case.

    Raises:
        ValueError: two ways disagree.
    """
    ways = ways_of(*case, function)
    agreed(name, ways, rtol=1e-3, atol=1e-3)
    least = {way: min(times) for way, times in timed(ways, rounds).items()}
    shown = [f"{way} {taken * 1e6:.1f}" for way, taken in least.items()]
    tiers = [tier for tier in ("numpy", "native") if f"{tier}, one" in least]
    ratios = [f"{least[f'{tier}, one'] / least[f'{tier}, two']:.2f}" for tier in tiers]
    print(f"{name:32}{'  '.join(shown)}  ({', '.join(ratios)})", flush=True)


def ways_of(
    batch: int, extent: int, inputs: int, outputs: int, size: int, stride: int, pooled: int, function: str
) -> dict[str, Run]:
    """What there is here to compute a layer, as functions that give it with channels last."""
    random = np.random.default_rng(0)
    images = random.standard_normal((batch, extent, extent, inputs)).astype(np.float32)
    # A constant, as it is in a model: what is made of it is made once.
    drawn = random.standard_normal((size, size, inputs, outputs)).astype(np.float32) / np.float32(size * inputs**0.5)
    filters = np.frombuffer(drawn.tobytes(), np.float32).reshape(drawn.shape)
    bias = random.standard_normal(outputs).astype(np.float32)
    along = window(extent, size, stride=stride, padding="SAME")
    pool, ways = Pool(function, (pooled, pooled)), {}
    for tier, native in (("numpy", False), ("native", True)):
        if native and find_spec("llvmlite") is None:
            continue
        one, two = _in_tfrt(images, filters, bias, along, pool, HostContext("s", native=native))
        ways |= {f"{tier}, two": two, f"{tier}, one": one}
    if find_spec("onnxruntime") and find_spec("onnx"):
        ways["onnxruntime"] = _in_onnxruntime(images, filters, bias, along, pool)
    return ways


def _in_tfrt(
    images: np.ndarray, filters: np.ndarray, bias: np.ndarray, along: Window, pool: Pool, host: HostContext
) -> tuple[Run, Run]:
    """As one kernel and as two."""
    zero, shapes = np.zeros((), np.float32), (bias.shape, ())
    steps = (_step("stablehlo.add", 0, 1), _step("stablehlo.maximum", 3, 2))
    after = RowEpilogue(epilogue(steps, shapes), shapes, steps)
    one, convolve = (
        prepare_fused(images.shape, filters.shape, [along, along], images.dtype, host, after, pooling=pooling)
        for pooling in (Pooling(pool), None)
    )
    between = np.empty((len(images), along.count, along.count, len(bias)), np.float32)
    combine, small = _pool_kernel(pool, between, host), (len(images), *pool.counts((along.count,) * 2), len(bias))
    out, other = np.empty(small, np.float32), np.empty(small, np.float32)
    return (
        lambda: one(images, filters, bias, zero, out=out),
        lambda: combine(convolve(images, filters, bias, zero, out=between), other),
    )


def _step(name: str, *operands: int) -> Step:
    entry = CPU_OPS.get(name)
    assert entry is not None
    assert entry.elementwise is not None
    function = entry.elementwise(DType.F32)
    assert function is not None
    return Step(function, operands, entry.native_for({}))


def _pool_kernel(pool: Pool, images: np.ndarray, host: HostContext) -> Callable[..., np.ndarray]:
    """The pool by itself, as programs have it."""
    entry = CPU_OPS.get("stablehlo.reduce_window")
    assert entry is not None
    operands = (TensorMetadata(DType.F32, images.shape), TensorMetadata(DType.F32, ()))
    sizes = (1, *pool.sizes, 1)
    attributes = {"window_dimensions": sizes, "window_strides": sizes, "body": f"stablehlo.{pool.function}"}
    result = entry.run_metadata(operands, attributes)
    assert result is not None
    run, first = entry.arrays(operands, attributes, host, result), np.array(NEUTRAL[pool.function], np.float32)
    return lambda x, out: run(x, first, out=out)


def _in_onnxruntime(images: np.ndarray, filters: np.ndarray, bias: np.ndarray, along: Window, pool: Pool) -> Run:
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper

    weights = numpy_helper.from_array(np.ascontiguousarray(filters.transpose(3, 2, 0, 1)), "w")
    biases = numpy_helper.from_array(bias, "b")
    pads = [along.before, along.before, along.after, along.after]
    sizes = list(pool.sizes)
    nodes = [
        helper.make_node("Conv", ["x", "w", "b"], ["c"], pads=pads, strides=[along.stride] * 2),
        helper.make_node("Relu", ["c"], ["r"]),
        helper.make_node(
            "MaxPool" if pool.function == "maximum" else "AveragePool", ["r"], ["y"], kernel_shape=sizes, strides=sizes
        ),
    ]
    planes = np.ascontiguousarray(images.transpose(0, 3, 1, 2))
    value = helper.make_tensor_value_info
    x, y = value("x", TensorProto.FLOAT, planes.shape), value("y", TensorProto.FLOAT, None)
    graph = helper.make_graph(nodes, "layer", [x], [y], [weights, biases])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])
    times = pool.taps if pool.function == "add" else 1
    return lambda: session.run(None, {"x": planes})[0].transpose(0, 2, 3, 1) * np.float32(times)


if __name__ == "__main__":
    sys.exit(main())
