"""Attention by its definition, and random attentions."""

from itertools import pairwise

import numpy as np

from tfrt.kernels.numerics.attention_sizes import Attention, Change

_FUNCTIONS = {
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "divide": np.divide,
    "maximum": np.maximum,
    "minimum": np.minimum,
}


def changed(array, changes, masks):
    for change in changes:
        mask = next(masks) if change.mask is not None else None
        if change.name == "tanh":
            array = np.tanh(array)
        elif change.name == "replace_nan":
            array = np.where(np.isnan(array), change.number, array)
        elif change.name == "select":
            array = np.where(mask, array, change.number)
        else:
            array = _FUNCTIONS[change.name](array, change.number if mask is None else mask)
    return array


def by_definition(a, arrays):
    """The attention of the query's array, the keys', the values', the masks' and the sink's, in doubles."""
    arrays = [array if array.dtype == bool else array.astype(np.float64) for array in arrays]
    first, end = 1 + len(a.keys), 1 + len(a.keys) + len(a.values)
    keys, values = np.concatenate(arrays[1:first], -2), np.concatenate(arrays[first:end], -2)
    masks = iter(arrays[end:])
    with np.errstate(all="ignore"):
        scores = changed(arrays[0] @ keys.swapaxes(-1, -2) * a.scale, a.scores, masks)
        is_masked = np.isneginf(scores if a.sink is None else np.maximum(scores, arrays[-1])).all(-1, keepdims=True)
        if a.sink is not None:
            scores = np.concatenate([scores, np.broadcast_to(arrays[-1], (*scores.shape[:-1], 1))], -1)
        shares = np.exp(scores - scores.max(-1, keepdims=True))
        shares = shares / shares.sum(-1, keepdims=True)
        if a.zeroes_masked:
            shares = np.where(is_masked, 0, shares)
        made = changed(shares[..., : a.count], a.shares, masks) @ values
        return made.transpose(a.order) if a.order else made


def assert_as_defined(run, native, a, arrays):
    """What numpy gives for singles is near to the definition, and so is machine code, for any order of elements."""
    expected, tolerance = by_definition(a, arrays), {"rtol": 1e-4, "atol": 1e-5}
    np.testing.assert_allclose(run(*arrays), expected, **tolerance)
    np.testing.assert_allclose(native(*arrays), expected, **tolerance)
    for out in (np.empty(a.result, np.float32), np.empty(a.result[::-1], np.float32).T):
        assert native(*arrays, out=out) is out
        np.testing.assert_allclose(out, expected, **tolerance)
    # Elements that do not lie together are numpy's.
    apart = [np.repeat(array, 2, -1)[..., ::2] for array in arrays]
    np.testing.assert_allclose(native(*apart), expected, **tolerance)


def cut(rng, count):
    """Sizes of up to three parts of so many."""
    cuts = sorted({0, count, *rng.integers(1, count, 2)}) if count > 1 else [0, 1]
    return tuple(int(end - start) for start, end in pairwise(cuts))


def random_changes(rng, scores):
    """What is done to scores, then to shares, of this shape, with masks that are repeated along some dimensions."""

    def mask():
        return tuple(size if rng.random() < 0.7 else 1 for size in scores)

    def some(kinds):
        return tuple(kinds[each]() for each in rng.permutation(len(kinds))[: rng.integers(5)])

    often = [lambda: Change("add", mask()), lambda: Change("select", mask(), -np.inf)]
    of_scores = [
        *often,
        lambda: Change("select", mask(), -1e9),
        lambda: Change("subtract", mask()),
        lambda: Change("multiply", mask()),
        lambda: Change("add", number=-100.0),
        lambda: Change("divide", number=3.0),
        lambda: Change("multiply", number=0.5),
        lambda: Change("tanh"),
        lambda: Change("maximum", mask()),
        lambda: Change("minimum", number=5.0),
        lambda: Change("replace_nan", number=-2.0),
    ]
    of_shares = [
        lambda: Change("multiply", mask()),
        lambda: Change("select", mask(), 0.0),
        lambda: Change("replace_nan", number=0.0),
        lambda: Change("multiply", number=0.25),
    ]
    return some(of_scores), some(of_shares)


def random_attention(rng, batch, n, d, e, keys, values, dtype):
    """An attention of these sizes, and its arrays, parts of larger ones: strides are not those of their shapes."""
    count = sum(keys)
    scores, shares = random_changes(rng, (*batch, n, count))
    sink = (*[size if rng.random() < 0.7 else 1 for size in (*batch, n)], 1)
    # Heads may share keys and values.
    leading = tuple(1 if rng.random() < 0.5 else size for size in batch)
    last = len(batch) + 1
    order = (*map(int, rng.permutation(last)), last) if rng.integers(2) else ()
    a = Attention(
        batch, n, d, e, keys, values, (leading,) * (len(keys) + len(values)), 0.5, np.dtype(dtype), scores, shares,
        sink=sink if rng.random() < 0.4 else None, zeroes_masked=bool(rng.integers(2)), order=order,
    )  # fmt: skip
    shapes = [(*batch, n, d), *((*leading, part, d) for part in keys), *((*leading, part, e) for part in values)]
    arrays = [rng.standard_normal((*s[:-2], 2 * s[-2], s[-1] + 3)).astype(dtype) for s in shapes]
    arrays = [array[..., ::2, 1:-2] for array in arrays]
    for change in a.masked:
        if change.is_chosen:
            mask = rng.random(change.mask) < 0.7
            mask[..., 0, :] = False
        else:
            mask = rng.standard_normal(change.mask).astype(dtype)
            if change.name == "add":
                mask[rng.random(change.mask) < 0.2] = -np.inf
        arrays.append(mask)
    if a.sink is not None:
        arrays.append(rng.choice(np.array([-np.inf, 0, 1, 2], dtype), a.sink))
    return a, arrays
