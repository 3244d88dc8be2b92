"""Elementwise functions and reductions in one pass: what blocks do, and whether they are taken together rightly."""

import numpy as np
import pytest

from tfrt.executor.runtime.host_context import HostContext
from tfrt.kernels.numerics.chains import reduction_blocks
from tfrt.kernels.numerics.chains.reduction import Reduction, ReductionChain, merged
from tfrt.kernels.numerics.chains.reduction_blocks import run_chain
from tfrt.kernels.numerics.chains.steps import Step

F32, I32, BOOL = (np.dtype(kind) for kind in (np.float32, np.int32, np.bool_))


def normalizing(shape, axes, columns):
    """The sum of ``x y``, and ``x`` less that."""
    steps = (Step(np.multiply, (0, 1)), Reduction(np.add, 2), Step(np.subtract, (0, 3)))
    return ReductionChain(shape, axes, (shape, columns), steps, (F32,) * 5, (4, 3))


@pytest.mark.parametrize(
    ("shape", "columns", "axes", "fewer"),
    [
        ((4, 3, 5), (4, 3, 5), (1, 2), ((4, 15), (1,))),
        ((4, 3, 5), (4, 3, 5), (0, 1), ((12, 5), (0,))),
        ((4, 3, 5), (1, 1, 5), (0, 1, 2), ((12, 5), (0, 1))),
        ((4, 1, 5), (4, 1, 1), (1, 2), ((4, 5), (1,))),
        ((2, 3, 4, 5), (2, 3, 4, 5), (1, 3), ((2, 3, 4, 5), (1, 3))),
        ((1, 1), (1, 1), (0,), ((1,), (0,))),
    ],
)
def test_dimensions_that_are_alike_become_one(shape, columns, axes, fewer):
    chain = merged(normalizing(shape, axes, columns))
    assert (chain.shape, chain.axes) == fewer


@pytest.mark.parametrize("block", [64, 1 << 18])
@pytest.mark.parametrize("axes", [(0,), (1,), (2,), (0, 1), (1, 2), (0, 2), (0, 1, 2)])
def test_several_passes(monkeypatch, block, axes):
    monkeypatch.setattr(reduction_blocks, "BLOCK_BYTES", block)
    rng = np.random.default_rng(0)
    x, y = (rng.standard_normal((5, 3, 4)).astype(np.float32) for _ in range(2))
    total = (x * y).sum(axes, keepdims=True)
    run = run_chain(normalizing(x.shape, axes, x.shape), [x.shape, total.squeeze(axes).shape], None)
    for out in (None, np.empty_like(x), np.empty(x.shape[::-1], np.float32).T):
        wide, narrow = run(x, y, out=out)
        assert out is None or wide is out
        np.testing.assert_allclose(wide, x - total, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(narrow, total.squeeze(axes), rtol=1e-5, atol=1e-6)
    wide, _ = run(np.repeat(x, 2, -1)[..., ::2], y)
    np.testing.assert_allclose(wide, x - total, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("queue", ["s", "mstd:2"])
@pytest.mark.parametrize("axes", [(0,), (1,), (0, 1)])
def test_counting_in_blocks(monkeypatch, queue, axes):
    monkeypatch.setattr(reduction_blocks, "BLOCK_BYTES", 64)
    monkeypatch.setattr(reduction_blocks, "LEAST_ELEMENTS", 8)
    x = np.random.default_rng(0).standard_normal((13, 7)).astype(np.float32)
    steps = (
        Step(np.greater, (0, 1), None, BOOL),
        Step(lambda x, out=None: np.copyto(out, x) or out if out is not None else x.astype(np.int32), (2,), None, I32),
        Reduction(np.add, 3),
        Reduction(np.maximum, 0),
        Reduction(np.logical_or, 2),
    )
    chain = ReductionChain((13, 7), axes, ((13, 7), (1, 1)), steps, (F32, F32, BOOL, I32, I32, F32, BOOL), (4, 5, 6))
    kept = tuple(size for d, size in enumerate(x.shape) if d not in axes)
    with HostContext(queue) as host:
        count, greatest, any_ = run_chain(chain, [kept] * 3, host)(x, np.float32(0.5).reshape(()))
    assert count.tolist() == (x > 0.5).sum(axes).tolist()
    assert greatest.tolist() == x.max(axes).tolist()
    assert any_.tolist() == (x > 0.5).any(axes).tolist()


def test_a_sum_of_what_a_sum_repeats(monkeypatch):
    monkeypatch.setattr(reduction_blocks, "BLOCK_BYTES", 16)
    steps = (Reduction(np.add, 0), Step(np.add, (1, 2)), Reduction(np.add, 3))
    chain = ReductionChain((40,), (0,), ((40,), (1,)), steps, (F32,) * 5, (4,))
    found = run_chain(chain, [()], None)(np.ones(40, np.float32), np.float32(2).reshape(()))
    assert found == 40 * 42


def test_sums_begin_with_zero():
    for shape, axes in (((3,), (0,)), ((3, 2), (0,)), ((3, 2, 3, 2), (1, 3))):
        steps = (Reduction(np.add, 0),)
        chain = ReductionChain(shape, axes, (shape,), steps, (F32,) * 2, (1,))
        kept = tuple(size for d, size in enumerate(shape) if d not in axes)
        assert not np.signbit(run_chain(chain, [kept], None)(np.full(shape, -0.0, np.float32))).any()
