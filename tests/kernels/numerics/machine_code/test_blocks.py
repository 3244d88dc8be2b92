"""Machine code is given what it was made for, or nothing: a program that says so wrongly reads no other memory."""

import re

import numpy as np
import pytest

from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.errors import KernelError
from tfrt.executor.support.machine_code import is_available
from tfrt.kernels.numerics.attention_sizes import Attention
from tfrt.kernels.numerics.machine_code import attention as native_attention
from tfrt.kernels.numerics.machine_code import attention_blocks as native_attention_blocks
from tfrt.kernels.numerics.machine_code.blocks import require_strided, require_whole
from tfrt.kernels.numerics.machine_code.convolution import prepare_fused
from tfrt.kernels.numerics.machine_code.products import with_native_product
from tfrt.kernels.numerics.machine_code.rows import with_native_rows, with_native_softmax
from tfrt.kernels.numerics.machine_code.windows import with_native_windows
from tfrt.kernels.numerics.reductions.windows import Window as Pooled
from tfrt.kernels.numerics.windows import Window

LLVM = pytest.mark.skipif(not is_available(), reason="needs llvmlite")
F32 = np.dtype(np.float32)


def never(*_, **__):
    raise AssertionError("machine code does this")


def ones(*shape, dtype=np.float32):
    return np.ones(shape, dtype)


@pytest.fixture(params=["s", "mstd:2"])
def host(request):
    with HostContext(request.param, native=True) as made:
        yield made


def refuses(run, arrays, message, **keywords):
    with pytest.raises(KernelError, match=f"^{re.escape(message)}$"):
        run(*arrays, **keywords)


def test_arrays_may_be_larger_but_not_smaller():
    require_whole((ones(3), ones(2, 2)), (3, 3), F32)
    refuses(
        require_whole,
        ((ones(3), ones(2, 2)), (3, 5), F32),
        "made for arrays of 3, 5 elements float32, got 3 float32, 4 float32",
    )


def test_strided_arrays_are_as_they_were_said_to_be():
    require_strided((ones(4, 3).T,), [((3, 4), F32)])
    refuses(
        require_strided, ((ones(4, 3),), [((3, 4), F32)]), "made for an array of [3, 4] float32, got [4, 3] float32"
    )


@LLVM
@pytest.mark.parametrize("rows", [1, 4, 60, 500])
def test_products(host, rows):
    run = with_native_product(never, (rows, 128, 64), F32, None, host)
    x, y = ones(rows, 128), ones(128, 64)
    assert run(x, y).tolist() == [[128] * 64] * rows
    made_for = f"made for arrays of {rows * 128}, 8192, {rows * 64} elements float32, got"
    refuses(run, (x, y[:1]), f"{made_for} {rows * 128} float32, 64 float32, {rows * 64} float32")
    refuses(run, (x.astype(np.float64), y), f"{made_for} {rows * 128} float64, 8192 float32, {rows * 64} float32")


@LLVM
def test_rows(host):
    run = with_native_rows(never, [(200, 64)], (200, 64), F32, (), host, "softmax")
    assert run(ones(200, 64)).tolist() == [[1 / 64] * 64] * 200
    refuses(run, (ones(100, 64),), "made for arrays of 12800, 12800 elements float32, got 6400 float32, 12800 float32")


@LLVM
def test_softmax_of_any_number_of_rows(host):
    run = with_native_softmax(never, 32, F32, host)
    x, made = ones(3, 32), ones(3, 32)
    run(x, made)
    assert made.tolist() == [[1 / 32] * 32] * 3
    refuses(run, (x, ones(2, 32)), "made for arrays of 96, 96 elements float32, got 96 float32, 64 float32")


@LLVM
def test_convolutions(host):
    window = Window(1, 1, 1, 0, 0, 8)
    run = prepare_fused((1, 8, 8, 4), (1, 1, 4, 8), [window, window], F32, host, None)
    x, w = ones(1, 8, 8, 4), ones(1, 1, 4, 8)
    made = np.zeros((1, 8, 8, 16), np.float32)[..., ::2]
    assert run(x, w, out=made) is made and (made == 4).all()
    refuses(
        run, (x[:, :4], w), "made for arrays of 256, 32, 512 elements float32, got 128 float32, 32 float32, 512 float32"
    )


def attention(queries):
    return Attention((2,), queries, 8, 8, (6,), (6,), ((2,), (2,)), 1.0, F32)


@LLVM
@pytest.mark.parametrize("module, queries", [(native_attention, 1), (native_attention_blocks, 40)])
def test_attention(host, module, queries):
    known = attention(queries)
    run = module.make_native(never, known, host)
    q, k, v = ones(2, queries, 8), ones(2, 6, 8), ones(2, 6, 8)
    np.testing.assert_allclose(run(q, k, v), 1, 1e-6)
    refuses(run, (q, k[:1], v), "made for an array of [2, 6, 8] float32, got [1, 6, 8] float32")
    refuses(run, (q, k, v.astype(np.float64)), "made for an array of [2, 6, 8] float32, got [2, 6, 8] float64")


@LLVM
def test_windows(host):
    along = [Pooled(1, 1, 1, 1, 0, 0), *[Pooled(2, 2, 1, 1, 0, 0)] * 2, Pooled(1, 1, 1, 1, 0, 0)]
    run = with_native_windows(never, np.maximum, (1, 8, 8, 16), along, F32, host)
    low = np.float32(-np.inf)
    made = np.zeros((1, 4, 4, 32), np.float32)[..., ::2]
    assert run(ones(1, 8, 8, 16), low, out=made) is made and (made == 1).all()
    refuses(
        run, (ones(1, 4, 8, 16), low), "made for arrays of 1024, 256 elements float32, got 512 float32, 256 float32"
    )
