"""Attention of few queries as machine code gives what numpy does."""

import numpy as np
import pytest

from tests.kernels.numerics.attention_reference import assert_as_defined, random_attention
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.machine_code import can_see_strides, is_available
from tfrt.kernels.numerics.attention import attend
from tfrt.kernels.numerics.attention_sizes import Attention
from tfrt.kernels.numerics.machine_code.attention import MOST_KEYS, MOST_QUERIES, with_native_attention

LLVM = pytest.mark.skipif(not is_available(), reason="needs llvmlite")


def made(sizes, is_native):
    with HostContext("s", native=is_native) as host:
        return attend(sizes, host)


@LLVM
@pytest.mark.parametrize("seed", range(12))
def test_random_sizes(seed):
    rng = np.random.default_rng(seed)
    batch = tuple(int(size) for size in rng.integers(1, 4, seed % 3))
    n, d, e = 1 + seed % MOST_QUERIES, int(rng.integers(4, 40)), int(rng.integers(4, 150))
    keys, values = ((7, 30), (1, 36)) if seed % 2 else ((37,), (30, 6, 1))
    sizes, arrays = random_attention(rng, batch, n, d, e, keys, values, np.float32)
    if seed % 5 == 4:
        arrays[1][..., 0, 0], arrays[2][..., 0, 1] = np.nan, np.inf
    if seed % 5 == 3:
        arrays[-1][...] = 0
    assert_as_defined(made(sizes, False), made(sizes, True), sizes, arrays)


@LLVM
def test_strides_are_seen():
    assert can_see_strides()


@pytest.mark.parametrize(
    "changes",
    [
        {"queries": MOST_QUERIES + 1},
        {"keys": (MOST_KEYS + 1,), "values": (MOST_KEYS + 1,)},
        {"depth": 2},
    ],
)
def test_what_there_is_no_code_for(changes):
    def run(*arrays, out=None):
        raise AssertionError

    sizes = {"batch": (), "queries": 1, "depth": 8, "width": 8, "keys": (9,), "values": (9,), "scale": 1.0}
    sizes |= {"leading": ((), ()), "dtype": np.dtype(np.float32)}
    with HostContext("s", native=True) as host:
        assert with_native_attention(run, Attention(**{**sizes, **changes}), host) is run
        assert with_native_attention(run, Attention(**{**sizes, "dtype": np.dtype(np.float64)}), host) is run
