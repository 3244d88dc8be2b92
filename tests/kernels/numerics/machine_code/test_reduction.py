"""Elementwise functions and reductions as machine code give what they give with numpy."""

from dataclasses import replace

import numpy as np
import pytest

from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.machine_code import is_available
from tfrt.kernels.numerics.chains.reduction import Reduction, ReductionChain
from tfrt.kernels.numerics.chains.reduction_blocks import run_chain
from tfrt.kernels.numerics.chains.steps import Step
from tfrt.kernels.numerics.machine_code import reduction as native_reduction
from tfrt.kernels.numerics.machine_code.reduction import describe, make_native, with_native_reduction
from tfrt.kernels.numerics.machine_code.reduction_code import columns, rows, work

pytestmark = pytest.mark.skipif(not is_available(), reason="needs llvmlite")
DTYPES = [np.dtype(kind) for kind in (np.float32, np.float64, np.int32)]


def chain_of(shape, axes, other, dtype, gives):
    """Sums of ``x y``, the greatest ``x``, and ``x`` less both."""
    steps = (
        Step(np.multiply, (0, 1), "{0} * {1}"),
        Reduction(np.add, 2),
        Reduction(np.maximum, 0),
        Step(np.subtract, (3, 4), "{0} - {1}"),
        Step(np.subtract, (0, 5), "{0} - {1}"),
    )
    return ReductionChain(shape, axes, (shape, other), steps, (dtype,) * 7, gives)


@pytest.fixture(params=["s", "mstd:2"])
def host(request, monkeypatch):
    monkeypatch.setattr(work, "PANEL", 32)
    monkeypatch.setattr(rows, "LONG", 256)
    monkeypatch.setattr(columns, "MANY_ROWS", 8)
    monkeypatch.setattr(native_reduction, "LEAST_ELEMENTS", 64)
    monkeypatch.setattr(native_reduction, "MOST_ELEMENTS", 256)
    with HostContext(request.param, native=True) as made:
        yield made


@pytest.mark.parametrize("gives", [(6, 3), (3, 4), (5,)])
@pytest.mark.parametrize(
    ("shape", "axes"),
    [
        ((3, 21), (1,)),
        ((3, 700), (1,)),
        ((1500,), (0,)),
        ((37, 21), (0,)),
        ((50, 70), (0,)),
        ((2, 3, 11, 20), (2,)),
        ((6, 11, 20), (0, 1)),
    ],
)
def test_it_agrees_with_numpy(host, shape, axes, gives):
    rng = np.random.default_rng(0)
    kept = tuple(1 if d in axes else size for d, size in enumerate(shape))
    for dtype in DTYPES if len(gives) == 2 and len(shape) == 2 else DTYPES[:1]:
        for other in (shape, kept, (1,) * (len(shape) - 1) + shape[-1:]):
            chain = chain_of(shape, axes, other, dtype, gives)
            described = describe(chain, host.parallelism)
            if described is None:
                assert axes == (0, 1) and (6 in gives or len({other, kept}) == 1)
                continue
            results = [shape if chain.is_wide(n) else kept for n in gives]
            x, y = ((4 * rng.standard_normal(size)).astype(dtype) for size in (shape, other))
            if dtype.kind == "f":
                x[rng.random(shape) < 0.005] = np.nan
            expected = run_chain(chain, results, None)(x, y)
            native = make_native(described, results, host)
            for found in (native(x, y), native(np.repeat(x, 2, -1)[..., ::2], y)):
                assert_same(found, expected)
            for out in (np.empty(results[0], dtype), np.empty(results[0][::-1], dtype).T):
                found = native(x, y, out=out)
                assert (found[0] if type(found) is tuple else found) is out
                assert_same(found, expected)


def assert_same(found, expected):
    if type(found) is not tuple:
        found, expected = (found,), (expected,)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-3)


def test_long_sums_lose_few_digits():
    with HostContext(native=True) as host:
        for shape in ((1 << 20,), (1 << 16, 16)):
            chain = ReductionChain(shape, (0,), (shape,), (Reduction(np.add, 0),), (DTYPES[0],) * 2, (1,))
            run = run_chain(chain, [shape[1:]], host)
            native = with_native_reduction(run, chain, [shape[1:]], host)
            assert native is not run
            np.testing.assert_allclose(native(np.full(shape, 0.1, np.float32)), 0.1 * shape[0], rtol=1e-5)


@pytest.mark.parametrize("axes", [(0,), (1,)])
def test_truth_values(host, axes):
    steps = (Step(np.greater, (0, 1), "{0} > {1}"), Reduction(np.logical_or, 2), Reduction(np.logical_and, 2))
    bool_ = np.dtype(np.bool_)
    chain = ReductionChain((40, 37), axes, ((40, 37), (1, 1)), steps, (*DTYPES[:1] * 2, *[bool_] * 3), (3, 4))
    kept = tuple(size for d, size in enumerate(chain.shape) if d not in axes)
    x = np.random.default_rng(0).standard_normal(chain.shape).astype(np.float32)
    run = make_native(describe(chain, host.parallelism), [kept, kept], host)
    for limit in (-2.5, 0, 2.5):
        found = run(x, np.float32(limit).reshape(()))
        assert [each.tolist() for each in found] == [(x > limit).any(axes).tolist(), (x > limit).all(axes).tolist()]


def test_what_there_is_no_form_of():
    steps = (Step(np.arctan, (0,)), Reduction(np.add, 1))
    assert describe(ReductionChain((4, 32), (1,), ((4, 32),), steps, (DTYPES[0],) * 3, (2,)), 1) is None


def test_what_takes_a_function_is_computed_once():
    steps = (Step(np.exp, (0,)), Reduction(np.add, 1), Step(np.divide, (1, 2), "{0} / {1}"))
    chain = ReductionChain((4, 32), (1,), ((4, 32),), steps, (DTYPES[0],) * 4, (3,))
    once = replace(chain, steps=steps[:2], dtypes=chain.dtypes[:3], gives=(2,))
    counts = [native_reduction.write(describe(each, 1)).count("@llvm.fma") for each in (chain, once)]
    assert counts[0] == counts[1] > 0
    x = np.random.default_rng(0).standard_normal((4, 32)).astype(np.float32)
    with HostContext(native=True) as host:
        found = make_native(describe(chain, 1), [(4, 32)], host)(x)
    np.testing.assert_allclose(found, np.exp(x) / np.exp(x).sum(1, keepdims=True), rtol=1e-5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32, np.int64])
@pytest.mark.parametrize("gives", [(3,), (3, 4), (2, 3, 4)])
def test_each_element_counts_once(dtype, gives):
    """LLVM has taken the last sum of two halves of a vector for one of an element with itself."""
    kind, width = np.dtype(dtype), 17
    steps = (Reduction(np.add, 0), Step(np.add, (1, 2), "{0} + {1}"), Step(np.add, (3, 3), "{0} + {1}"))
    chain = ReductionChain((width,), (0,), ((width,), (1,)), steps, (kind,) * 5, gives)
    run = make_native(describe(chain, 1), [()] * len(gives), None)
    for place in range(width):
        ones = np.zeros(width, kind)
        ones[place] = 1
        found = run(ones, np.array(3, kind))
        expected = [{2: 1, 3: 4, 4: 8}[number] for number in gives]
        assert [float(each) for each in (found if type(found) is tuple else (found,))] == expected
