"""Which shapes the results of layers have, and what the shapes of operands must be; see `stablehlo_shapes`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tfrt.executor.declarations.stablehlo_shapes import Dim, Shape, fits, require, spelled

CHANGES: Mapping[str, str] = {
    **dict.fromkeys(("add", "subtract", "multiply", "divide", "maximum", "minimum"), "either"),
    "select": "both",
    "tanh": "neither",
    "replace_nan": "number",
}
"""What can be done to scores or shares, and whether that takes a mask, a number, either or both."""


def can_be_mixed(elements: Sequence[str]) -> bool:
    """Whether floats of these types can be together in one attention."""
    return len(set(elements)) == 1 or set(elements) <= {"f16", "bf16", "f32"}


def attention(
    inputs: Sequence[Shape], key_parts: int, value_parts: int, has_sink: bool = False, order: Sequence[int] = ()
) -> Shape:
    """The shape of `nn.attention`; the inputs are the query, so many parts of keys and of values, masks and a sink."""
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
    for mask in inputs[count : len(inputs) - has_sink]:
        require(
            _repeats(mask, scores),
            "C4",
            f"expects a mask that broadcasts to {spelled(scores)}, but got shape {spelled(mask)}",
        )
    if has_sink:
        require(
            len(inputs) > count and _repeats(inputs[-1], (*scores[:-1], 1)),
            "C7",
            f"expects a sink that broadcasts to {spelled((*scores[:-1], 1))}, but got shape {spelled(inputs[-1])}",
        )
    shape, last = (*batch, query[-2], width), len(query) - 1
    if not order:
        return shape
    require(
        sorted(order[:-1]) == list(range(last)) and order[-1] == last,
        "C9",
        f"expects an order of {last + 1} dimensions with the last one last, but got {list(order)}",
    )
    return tuple([shape[dimension] for dimension in order])


def masks_of_changes(changes: Sequence[Any], masks: Sequence[bool]) -> list[tuple[str, bool, float | None]]:
    """Changes of scores and shares as their names, whether they take the next mask, and their numbers.

    Args:
        changes: each the name, and perhaps a number: ``["tanh"]``, ``["add"]`` for a mask, ``["multiply", 2.0]``.
        masks: for each mask whether it is one of booleans.
    """
    found: list[tuple[str, bool, float | None]] = []
    rest = list(masks)
    for name, *numbers in changes:
        takes = CHANGES.get(name)
        fits_count = len(numbers) in {"either": (0, 1), "neither": (0,), None: ()}.get(takes, (1,))
        require(
            fits_count and all(number == number for number in numbers),
            "C6",
            f"expects changes of {', '.join(CHANGES)}, with their numbers, but got {[name, *numbers]}",
        )
        takes_mask = takes == "both" or (takes == "either" and not numbers)
        require(
            not takes_mask or rest[:1] == [takes == "both"],
            "C6",
            f"expects a mask of {'booleans' if takes == 'both' else 'floats'} for '{name}'",
        )
        found.append((name, takes_mask, float(numbers[0]) if numbers else None))
        rest = rest[takes_mask:]
    require(not rest, "C6", f"expects a change for each mask, but {len(rest)} are left")
    return found


def _repeats(shape: Shape, whole: Shape) -> bool:
    """Whether a shape is another one, or has 1 in its place."""
    return all(size == 1 or fits(size, of) for size, of in zip(shape, whole, strict=True))


def _total(parts: Sequence[Shape]) -> Dim:
    sizes = [part[-2] for part in parts]
    return None if None in sizes else sum(size for size in sizes if size is not None)
