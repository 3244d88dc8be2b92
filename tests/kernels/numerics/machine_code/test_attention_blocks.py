"""Attention of many queries as machine code gives what numpy does."""

from dataclasses import replace

import numpy as np
import pytest

from tests.kernels.numerics.attention_reference import assert_as_defined, random_attention
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.machine_code import is_available
from tfrt.kernels.numerics.attention import attend
from tfrt.kernels.numerics.attention_sizes import Attention
from tfrt.kernels.numerics.machine_code import attention_blocks as native_attention_blocks
from tfrt.kernels.numerics.machine_code.attention_blocks import MOST_KEYS, with_native_blocks

LLVM = pytest.mark.skipif(not is_available(), reason="needs llvmlite")


def made(sizes, is_native, queue="s"):
    with HostContext(queue, native=is_native) as host:
        return attend(sizes, host)


@LLVM
@pytest.mark.parametrize("seed", range(12))
def test_random_sizes(seed, monkeypatch):
    rng = np.random.default_rng(seed)
    # Several blocks of queries.
    monkeypatch.setattr(native_attention_blocks, "SCORES_BYTES", int(rng.integers(1, 20_000)))
    batch = tuple(int(size) for size in rng.integers(1, 4, seed % 3))
    queries, keys = int(rng.integers(5, 60)), int(rng.integers(8, 100))
    depth, width = int(rng.integers(4, 40)), int(rng.integers(4, 90))
    sizes, arrays = random_attention(rng, batch, queries, depth, width, (keys,), (keys,), np.float32)
    if seed % 5 in (1, 4):
        arrays[0][..., 0, 0], arrays[1][..., 3, 1], arrays[2][..., 2, 1] = np.nan, np.inf, -np.inf
    assert_as_defined(made(sizes, False), made(sizes, True), sizes, arrays)


SIZES = Attention((2, 3), 70, 16, 20, (70,), (70,), ((2, 3), (2, 3)), 0.25, np.dtype(np.float32))


@LLVM
def test_threads_share_it():
    rng = np.random.default_rng(0)
    arrays = [rng.standard_normal((2, 3, 70, width)).astype(np.float32) for width in (16, 16, 20)]
    with HostContext("mstd:2", native=True) as host:
        found = attend(SIZES, host)(*arrays)
    np.testing.assert_allclose(found, made(SIZES, False)(*arrays), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "changes",
    [
        {"dtype": np.dtype(np.float64)},
        {"keys": (7,), "values": (7,)},
        {"keys": (MOST_KEYS + 1,), "values": (MOST_KEYS + 1,)},
        {"keys": (30, 40)},
        {"values": (30, 40)},
        {"depth": 3},
        {"width": 3},
    ],
)
def test_what_there_is_no_code_for(changes):
    def run():
        raise AssertionError("nobody calls this")

    with HostContext("s", native=True) as host:
        assert with_native_blocks(run, replace(SIZES, **changes), host) is run
