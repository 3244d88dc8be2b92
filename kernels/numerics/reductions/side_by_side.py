"""Windows that lie side by side, without padding, combined: pools of images, as a few functions of whole arrays.

Windows along the first dimension are combined first, where what lies together is longest. So sums are rounded otherwise
than those of one element after another.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from tfrt.executor.declarations.pools import Pool
from tfrt.kernels.numerics.borrowing import Part
from tfrt.kernels.numerics.workspaces import Room, Workspace

NARROW_BYTES = 48
"""Where so few bytes lie together, it is faster to combine all neighbours, those of different windows too, as what lies
together is then the whole array: a third of the time for 24 bytes, as long for 64."""


def pool_of(pool: Pool, shape: Sequence[int], dtype: np.dtype) -> Part:
    """Statements that combine the windows of `images` (batch, a dimension for each size, channel) of this shape, of
    which there are whole ones only, into `result`; elements of both lie in C order."""
    steps, made = [], list(shape)
    for axis, size in enumerate(pool.sizes, 1):
        if size > 1:
            made[axis] //= size
            width = prod(made[axis + 1 :])
            item = np.dtype((np.void, width * dtype.itemsize)) if width * dtype.itemsize <= NARROW_BYTES else None
            steps.append((prod(made[: axis + 1]), size, width, item))
    values: dict[str, Any] = {"pool": getattr(np, pool.function), "fmax": np.fmax, "divide": np.divide}
    lines, places, source = [], [], "images"
    for number, (rows, size, width, item) in enumerate(steps):
        into = f"pooled{number}"
        if number < len(steps) - 1:
            places.append(into)
        else:
            lines.append(f"{into} = result.reshape({rows}, {width})")
        if item is None:
            # One neighbour after the other.
            lines.append(f"taps = {source}.reshape({rows}, {size}, {width})")
            taken = "taps[:, 0]"
            for tap in range(1, size):
                lines.append(f"pool({taken}, taps[:, {tap}], out={into})")
                taken = into
        else:
            # Each row of so many elements with those after it, as if a window began there.
            places += [f"near{number}", f"firsts{number}"]
            lines.append(f"rows = {source}.reshape(-1)")
            count, taken = rows * size * width, "rows"
            for start in range(width, size * width, width):
                left = count - start
                lines.append(f"pool({taken}[:{left}], rows[{start}:], out=near{number}[:{left}])")
                taken = f"near{number}"
            values[f"item{number}"] = item
            lines.append(f"{into}.reshape(-1).view(item{number})[...] = firsts{number}")
        source = into
    if not steps:
        lines.append("result[...] = images")
    if pool.function == "fmax":
        # Where there is nothing but NaN.
        lines.append("fmax(result, minus_infinity, out=result)")
        values["minus_infinity"] = -np.inf
    values |= {f"divisor{number}": divisor for number, divisor in enumerate(pool.divisors)}
    lines += [f"divide(result, divisor{number}, out=result)" for number in range(len(pool.divisors))]

    def make(room: Room | Workspace) -> Sequence[np.ndarray]:
        found = []
        for number, (rows, size, width, item) in enumerate(steps):
            if number < len(steps) - 1:
                found.append(room.array((rows, width), dtype))
            if item is not None:
                near = room.array((rows * size * width,), dtype)
                found += [near, near.view(item)[::size]]
        return tuple(found)

    return Part(lines, values, places, make if places else None, ("pool", tuple(shape), pool.sizes, dtype))
