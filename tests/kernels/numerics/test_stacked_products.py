"""Products of batches of matrices: few of them at once, and many, are numpy's."""

import numpy as np
import pytest

import tfrt
from tfrt.executor.declarations.prepared import writing_of
from tfrt.kernels.numerics import stacked_products
from tfrt.kernels.numerics.contraction import contract
from tfrt.kernels.numerics.contraction_sizes import contraction

CASES = [
    ("bij,bjk->bik", (3, 4, 5), (3, 5, 6)),
    ("bij,bkj->bik", (3, 4, 5), (3, 6, 5)),
    ("bji,bjk->bik", (3, 5, 4), (3, 5, 6)),
    ("bqhd,bkhd->bhqk", (2, 3, 4, 5), (2, 6, 4, 5)),
    ("bhqk,bkhd->bhqd", (2, 4, 3, 6), (2, 6, 4, 5)),
    ("abij,abij->ab", (2, 3, 4, 5), (2, 3, 4, 5)),
    ("ib,b->bi", (4, 3), (3,)),
    ("bi,bj->bij", (3, 4), (3, 5)),
    ("bij,bj->bi", (1, 4, 5), (1, 5)),
    ("bij,bjk->bik", (0, 4, 5), (0, 5, 6)),
    ("bij,bjk->bik", (3, 4, 0), (3, 0, 6)),
]


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32, np.complex64])
@pytest.mark.parametrize("most", [0, stacked_products.SMALL_WORK])
@pytest.mark.parametrize(("spelled", "lhs", "rhs"), CASES)
def test_batches_of_matrices(spelled, lhs, rhs, most, dtype, monkeypatch):
    monkeypatch.setattr(stacked_products, "SMALL_WORK", most)
    left, right, result = spelled.replace("->", ",").split(",")
    batch = [letter for letter in left if letter in right and letter in result]
    summed = [letter for letter in left if letter in right and letter not in result]
    how = contraction(
        lhs,
        rhs,
        (tuple(map(left.index, batch)), tuple(map(right.index, batch))),
        (tuple(map(left.index, summed)), tuple(map(right.index, summed))),
    )
    rng = np.random.default_rng(len(spelled))
    x, y = ((rng.standard_normal(shape) * 9).astype(dtype) for shape in (lhs, rhs))
    given = "".join([*batch, *(n for n in left if n not in right), *(n for n in right if n not in left)])
    wanted = np.einsum(f"{left},{right}->{given}", x, y)
    with tfrt.HostContext() as host:
        run = contract(how, np.dtype(dtype), host)
        outs = [None, np.empty(wanted.shape, dtype), np.empty(wanted.shape[::-1], dtype).T]
        for a, b in ((x, y), (np.repeat(x, 2, -1)[..., ::2], np.repeat(y, 2, 0)[::2])):
            for out in outs:
                found = run(a, b, out=out)
                # A view would be copied where it is handed out.
                assert found is out if out is not None else found.flags.owndata
                np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-3)


def test_few_are_written_as_one_call():
    how = contraction((3, 4, 5), (3, 5, 6), ((0,), (0,)), ((2,), (1,)))
    with tfrt.HostContext() as host:
        assert writing_of(contract(how, np.dtype(np.float32), host)) is not None
        large = contraction((3, 64, 64), (3, 64, 64), ((0,), (0,)), ((2,), (1,)))
        assert writing_of(contract(large, np.dtype(np.float32), host)) is None
