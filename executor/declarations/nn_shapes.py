"""Which shapes the results of layers have, and what the shapes of operands must be; see `stablehlo_shapes`."""

from __future__ import annotations

from collections.abc import Sequence

from tfrt.executor.declarations.stablehlo_shapes import Dim, Shape, fits, require, spelled


def attention(inputs: Sequence[Shape], key_parts: int, value_parts: int) -> Shape:
    """The shape of `nn.attention`; the inputs are the query, so many parts of keys and of values, and masks."""
    count = 1 + key_parts + value_parts
    require(
        key_parts > 0 and value_parts > 0 and len(inputs) >= count,
        "C2",
        f"expects a query, {key_parts} parts of keys and {value_parts} of values, but got {len(inputs)} operands",
    )
    query, keys, values = inputs[0], inputs[1 : 1 + key_parts], inputs[1 + key_parts : count]
    require(
        len(query) >= 2 and all(len(part) == len(query) for part in inputs),
        "C3",
        f"expects operands of one rank of at least 2, but got shapes {', '.join(map(spelled, inputs))}",
    )
    batch, depth, width = query[:-2], query[-1], values[0][-1]
    require(
        all(_repeats(part[:-2], batch) and fits(part[-1], depth) for part in keys)
        and all(_repeats(part[:-2], batch) and fits(part[-1], width) for part in values)
        and fits(_total(keys), _total(values)),
        "C3",
        f"expects keys and values for each other and for the query, but got shapes {', '.join(map(spelled, inputs))}",
    )
    scores = (*batch, query[-2], _total(keys))
    for mask in inputs[count:]:
        require(
            _repeats(mask, scores),
            "C4",
            f"expects a mask that broadcasts to {spelled(scores)}, but got shape {spelled(mask)}",
        )
    return (*batch, query[-2], width)


def fills(given: Sequence[float], booleans: int) -> None:
    """What is put where masks of booleans are false: a number for each."""
    require(
        len(given) == booleans and all(number == number for number in given),
        "C6",
        f"expects a number of fills for each mask of booleans, {booleans}, but got {list(given)}",
    )


def _repeats(shape: Shape, whole: Shape) -> bool:
    """Whether a shape is another one, or has 1 in its place."""
    return all(size == 1 or fits(size, of) for size, of in zip(shape, whole, strict=True))


def _total(parts: Sequence[Shape]) -> Dim:
    sizes = [part[-2] for part in parts]
    return None if None in sizes else sum(size for size in sizes if size is not None)
