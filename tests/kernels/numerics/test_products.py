"""Products that are split: by rows or columns, into memory of any kind, with what is done to their rows."""

from __future__ import annotations

import numpy as np
import pytest

import tfrt
from tfrt.kernels.numerics import products


@pytest.fixture
def host(monkeypatch):
    monkeypatch.setattr(products, "LEAST_WORK", 50)
    monkeypatch.setattr(products, "_LEAST_FINISHED", 8)
    with tfrt.HostContext("mstd:3") as host:
        yield host


@pytest.mark.parametrize("sizes", [(40, 3, 5), (5, 3, 40), (12, 7, 12), (1, 64, 9), (9, 64, 1), (30, 1, 30), (2, 2, 2)])
@pytest.mark.parametrize("is_finished", [False, True])
@pytest.mark.parametrize("where", ["new", "rows", "strided"])
def test_all_ways_to_split(host, sizes, is_finished, where):
    rows, inner, columns = sizes
    random = np.random.default_rng(0)
    a, b = (random.integers(-9, 9, shape).astype(np.float32) for shape in ((rows, inner), (inner, columns)))
    bias = random.integers(-9, 9, columns).astype(np.float32)
    out = {"new": None, "rows": np.empty((rows, columns), np.float32), "strided": np.empty((rows, 2 * columns), "f")}[
        where
    ]
    if where == "strided":
        out = out[:, ::2]
    if where == "strided" and products.is_small(*sizes):
        # `dot` takes none, so nobody gives it one.
        return

    def finish(part):
        np.add(part, bias, out=part)

    expected = a @ b + (bias if is_finished else 0)
    found = products.matmul(a, b, host, out, finish if is_finished else None)
    assert out is None or found is out
    assert np.array_equal(found, expected)


def test_blocks_of_columns_warn_of_nothing(host):
    big = np.full((4, 40), 3e38, np.float32)
    with np.errstate(all="raise"):
        found = products.matmul(big[:, :4], big, host, None, lambda part: np.multiply(part, 2, out=part))
    assert np.isinf(found).all()
