"""Convolutions by themselves: as products of numpy's and as machine code, against numpy by hand and onnxruntime.

    python benchmarks/convolutions.py [--cases TEXT] [--rounds N]

Images are square, windows have as many zeros around as keep their size at stride 1, and everything is on one thread.
All ways are timed in turn within every round. Shown are the least time of each way, in microseconds, how many thousand
million floating-point operations a second that is, and, in the first line, how many a large product reaches: what
bounds them all. onnxruntime has channels first, as it wants them. Machine code needs Numba, or llvmlite alone.
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
from interleaved import agreed, parser_of, seconds, timed

from tfrt.executor.runtime.host_context import HostContext
from tfrt.kernels.numerics.machine_code.convolution import prepare_fused
from tfrt.kernels.numerics.windows import Window, window

Case = tuple[int, int, int, int, int, int, int]
CASES: dict[str, Case] = {
    "28x28x1 -> 6, 5x5": (1, 28, 1, 6, 5, 1, 1),
    "28x28x1 -> 6, 5x5, batch 64": (64, 28, 1, 6, 5, 1, 1),
    "14x14x6 -> 16, 5x5": (1, 14, 6, 16, 5, 1, 1),
    "32x32x3 -> 16, 3x3": (1, 32, 3, 16, 3, 1, 1),
    "32x32x16 -> 16, 3x3": (1, 32, 16, 16, 3, 1, 1),
    "32x32x16 -> 32, 3x3, stride 2": (1, 32, 16, 32, 3, 2, 1),
    "16x16x32 -> 32, 3x3": (1, 16, 32, 32, 3, 1, 1),
    "8x8x64 -> 64, 3x3": (1, 8, 64, 64, 3, 1, 1),
    "56x56x64 -> 64, 3x3": (1, 56, 64, 64, 3, 1, 1),
    "56x56x64 -> 64, 1x1": (1, 56, 64, 64, 1, 1, 1),
    "56x56x64, 3x3, depthwise": (1, 56, 64, 64, 3, 1, 64),
    "28x28x128 -> 128, 3x3": (1, 28, 128, 128, 3, 1, 1),
    "14x14x256 -> 256, 3x3": (1, 14, 256, 256, 3, 1, 1),
    "7x7x512 -> 512, 3x3": (1, 7, 512, 512, 3, 1, 1),
}
"""Images, their size, channels in and out, the size of windows, their stride, and groups of channels."""

Run = Callable[[], np.ndarray]


def main(argv: list[str] | None = None) -> int:
    """Run the benchmark; returns the exit code."""
    options = parser_of(__doc__, 30).parse_args(argv)
    square = np.ones((512, 512), np.float32)
    reached = 2 * 512**3 / min(seconds(lambda: square @ square) for _ in range(options.rounds)) / 1e9
    print(f"{'us (GFLOP/s)':32}a product of 512 x 512 reaches {reached:.0f} GFLOP/s")
    for name, case in CASES.items():
        if options.cases in name:
            show(name, case, options.rounds)
    return 0


def show(name: str, case: Case, rounds: int) -> None:
    """Time and print a case.

    Raises:
        ValueError: two ways disagree.
    """
    ways = ways_of(*case)
    expected = agreed(name, ways, rtol=1e-3, atol=1e-3)
    times = timed(ways, rounds)
    _, _, inputs, _, size, _, groups = case
    work = 2 * expected.size * size * size * inputs // groups
    shown = [f"{way} {min(t) * 1e6:.1f} ({work / min(t) / 1e9:.0f})" for way, t in times.items()]
    print(f"{name:32}{'  '.join(shown)}", flush=True)


def ways_of(batch: int, extent: int, inputs: int, outputs: int, size: int, stride: int, groups: int) -> dict[str, Run]:
    """What there is here to compute a convolution, as functions that give it with channels last."""
    random = np.random.default_rng(0)
    images = random.standard_normal((batch, extent, extent, inputs)).astype(np.float32)
    # A constant, as it is in a model: what is made of it is made once.
    drawn = random.standard_normal((size, size, inputs // groups, outputs)).astype(np.float32)
    filters = np.frombuffer(drawn.tobytes(), np.float32).reshape(drawn.shape)
    along = window(extent, size, stride=stride, padding="SAME")
    ways: dict[str, Run] = {"numpy": lambda: _by_hand(images, filters, along, groups)}
    for name, native in (("products", False), ("machine code", True)):
        if native and find_spec("llvmlite") is None:
            continue
        host = HostContext("s", native=native)
        run = prepare_fused(images.shape, filters.shape, [along, along], images.dtype, host, None)
        out = np.empty((batch, along.count, along.count, outputs), np.float32)
        ways[name] = lambda run=run, out=out: run(images, filters, out=out)  # type: ignore[misc]
    if find_spec("onnxruntime") and find_spec("onnx"):
        ways["onnxruntime"] = _in_onnxruntime(images, filters, along, groups)
    return ways


def _by_hand(images: np.ndarray, filters: np.ndarray, along: Window, groups: int) -> np.ndarray:
    """Patches and a product, as one writes them."""
    around = (along.before, along.after)
    grown = np.pad(images, ((0, 0), around, around, (0, 0)))
    size, depth = filters.shape[0], filters.shape[-1]
    seen = np.lib.stride_tricks.sliding_window_view(grown, (size, size), (1, 2))[:, :: along.stride, :: along.stride]
    if groups > 1:
        return np.einsum("bhwcij,ijc->bhwc", seen, filters[:, :, 0], optimize=True)
    patches = seen.transpose(0, 1, 2, 4, 5, 3).reshape(-1, filters[..., 0].size)
    return (patches @ filters.reshape(-1, depth)).reshape(*seen.shape[:3], depth)


def _in_onnxruntime(images: np.ndarray, filters: np.ndarray, along: Window, groups: int) -> Run:
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper

    weights = numpy_helper.from_array(np.ascontiguousarray(filters.transpose(3, 2, 0, 1)), "w")
    pads = [along.before, along.before, along.after, along.after]
    node = helper.make_node("Conv", ["x", "w"], ["y"], pads=pads, strides=[along.stride] * 2, group=groups)
    planes = np.ascontiguousarray(images.transpose(0, 3, 1, 2))
    value = helper.make_tensor_value_info
    x, y = value("x", TensorProto.FLOAT, planes.shape), value("y", TensorProto.FLOAT, None)
    graph = helper.make_graph([node], "convolution", [x], [y], [weights])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])
    return lambda: session.run(None, {"x": planes})[0].transpose(0, 2, 3, 1)


if __name__ == "__main__":
    sys.exit(main())
