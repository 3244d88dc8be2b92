"""A network's text with its weights as constants, as a model that is imported has them."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

_MAIN = "func.func public @main("


def with_constants(text: str, weights: Sequence[np.ndarray]) -> str:
    """The program whose first arguments, as JAX writes them, are these arrays.

    Raises:
        ValueError: it has no such function.
    """
    before, found, after = text.partition(_MAIN)
    arguments, arrow, rest = after.partition(") -> ")
    results, opening, body = rest.partition(") {\n")
    names = re.findall(r"(%arg\d+): (tensor<[^>]*>)", arguments)
    if not (found and arrow and opening and len(names) > len(weights)):
        raise ValueError("there is no function @main with weights and inputs")
    constants = [
        f'    {name} = stablehlo.constant dense<"0x{array.tobytes().hex()}"> : {type}\n'
        for (name, type), array in zip(names, weights, strict=False)
    ]
    kept = ", ".join(f"{name}: {type}" for name, type in names[len(weights) :])
    return f"{before}{_MAIN}{kept}{arrow}{results}{opening}{''.join(constants)}{body}"
