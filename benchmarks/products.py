"""Products of matrices by themselves: by numpy and as machine code, against OpenBLAS and onnxruntime.

    python benchmarks/products.py [--cases TEXT] [--rounds N]

Everything is single precision on one thread. A case is multiplied by several matrices in turn, which together do not
fit the second cache, as weights of a network do not; the time is that of one. All ways are timed in turn within every
round. Shown are the least time of each way, in microseconds, how many thousand million floating-point operations a
second that is, and its ratio to OpenBLAS's. `numpy-constant` and, as machine code, `constant` are for matrices that
never change, as those of onnxruntime; `numpy` and `variable` are for those that may. Machine code needs Numba, or
llvmlite alone.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parent))

import numpy as np
from interleaved import agreed, parser_of, seconds

from tfrt.executor.runtime.host_context import HostContext
from tfrt.kernels.numerics.contraction import contract
from tfrt.kernels.numerics.contraction_sizes import contraction

SIZES = [
    *[(rows, 784, 512) for rows in (1, 2, 3, 4, 5, 8, 16, 32, 64)],
    *[(rows, 256, 1024) for rows in (1, 4, 8, 12, 128)],
    (1, 512, 10),
    (64, 512, 10),
    (64, 512, 512),
    (128, 256, 256),
    (128, 1024, 256),
    (64, 768, 768),
    (100, 512, 512),
    (512, 512, 512),
    (1024, 1024, 1024),
    (16, 4096, 4096),
]
"""Rows, what is summed, and columns."""

TOGETHER = 3 << 20
"""How many bytes of matrices there are at least."""

Run = Callable[[], Sequence[np.ndarray]]


def main(argv: list[str] | None = None) -> int:
    """Run the benchmark; returns the exit code."""
    options = parser_of(__doc__, 30).parse_args(argv)
    print("us (GFLOP/s, times OpenBLAS's)")
    for sizes in SIZES:
        name = " x ".join(map(str, sizes))
        if options.cases in name:
            show(name, sizes, options.rounds)
    return 0


def show(name: str, sizes: tuple[int, int, int], rounds: int) -> None:
    """Time and print a case.

    Raises:
        ValueError: two ways disagree.
    """
    ways = ways_of(*sizes)
    expected = agreed(name, ways, rtol=1e-3, atol=1e-3)
    times: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(rounds):
        for way, run in ways.items():
            # What the way before has left in the cache is not this one's.
            run()
            times[way] += [seconds(run), seconds(run)]
    count, work = len(expected), 2 * sizes[0] * sizes[1] * sizes[2]
    least = {way: min(t) / count for way, t in times.items()}
    shown = [f"{way} {t * 1e6:.1f} ({work / t / 1e9:.0f}, {t / least['OpenBLAS']:.2f})" for way, t in least.items()]
    print(f"{name:20}{'  '.join(shown)}", flush=True)


def ways_of(rows: int, inner: int, columns: int) -> dict[str, Run]:
    """What there is here to multiply, as functions that give the products with all matrices."""
    random = np.random.default_rng(0)
    x = random.standard_normal((rows, inner)).astype(np.float32)
    count = max(1, -(-TOGETHER // (4 * inner * columns)))
    matrices = [random.standard_normal((inner, columns)).astype(np.float32) for _ in range(min(count, 100))]
    outs = [np.empty((rows, columns), np.float32) for _ in matrices]
    how = contraction((rows, inner), (inner, columns), ((), ()), ((1,), (0,)))

    def each(functions: Sequence[Callable[..., np.ndarray]], given: Sequence[np.ndarray]) -> Run:
        all_of = list(zip(functions, given, outs, strict=True))
        return lambda: [function(x, matrix, out=out) for function, matrix, out in all_of]

    ways: dict[str, Run] = {"OpenBLAS": each([np.matmul] * len(matrices), matrices)}
    constants = [np.frombuffer(matrix.tobytes(), np.float32).reshape(matrix.shape) for matrix in matrices]
    for name, native, given in (
        ("numpy", False, matrices),
        ("numpy-constant", False, constants),
        ("variable", True, matrices),
        ("constant", True, constants),
    ):
        if native and find_spec("llvmlite") is None:
            continue
        host = HostContext("s", native=native)
        ways[name] = each([contract(how, x.dtype, host) for _ in matrices], given)
    if find_spec("onnxruntime") and find_spec("onnx"):
        ways["onnxruntime"] = _in_onnxruntime(x, matrices)
    return ways


def _in_onnxruntime(x: np.ndarray, matrices: Sequence[np.ndarray]) -> Run:
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper

    weights = [numpy_helper.from_array(matrix, f"w{number}") for number, matrix in enumerate(matrices)]
    nodes = [helper.make_node("MatMul", ["x", f"w{n}"], [f"y{n}"]) for n in range(len(matrices))]
    value = helper.make_tensor_value_info
    results = [value(f"y{number}", TensorProto.FLOAT, None) for number in range(len(matrices))]
    graph = helper.make_graph(nodes, "products", [value("x", TensorProto.FLOAT, x.shape)], results, weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])
    return lambda: session.run(None, {"x": x})


if __name__ == "__main__":
    sys.exit(main())
