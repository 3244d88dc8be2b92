"""Products whose results are transposed give what they gave before, whichever sides they exchange."""

from itertools import permutations

import numpy as np
import pytest

import tfrt

SIZES = {"i": 3, "j": 4, "k": 5, "m": 2}
CASES = [("ki", "kj"), ("ik", "jk"), ("ik", "kj"), ("ki", "jk"), ("kmi", "kmj"), ("kim", "kj"), ("mik", "jk")]


def text_of(left, right, order, element):
    shared = [name for name in left if name in right]
    given = [name for name in left + right if name not in shared]

    def type(names):
        return f"tensor<{'x'.join(str(SIZES[name]) for name in names)}x{element}>"

    dims = [[names.index(name) for name in shared] for names in (left, right)]
    result = [given[d] for d in order]
    return f"""
    func.func @main(%x: {type(left)}, %y: {type(right)}) -> {type(result)} {{
      %0 = stablehlo.dot_general %x, %y, contracting_dims = {dims[0]} x {dims[1]}
        : ({type(left)}, {type(right)}) -> {type(given)}
      %1 = stablehlo.transpose %0, dims = {list(order)} : ({type(given)}) -> {type(result)}
      return %1 : {type(result)}
    }}"""


@pytest.mark.parametrize(("left", "right"), CASES)
@pytest.mark.parametrize("element", ["f32", "i32"])
def test_as_before(left, right, element):
    random = np.random.default_rng(0)
    x, y = (
        random.integers(-9, 9, [SIZES[name] for name in names]).astype({"f32": np.float32, "i32": np.int32}[element])
        for names in (left, right)
    )
    given = [name for name in left + right if (name in left) != (name in right)]
    for order in permutations(range(len(given))):
        text = text_of(left, right, order, element)
        found = tfrt.load(tfrt.compile(text, opt_level=2))["main"](x, y)
        expected = np.einsum(f"{left},{right}->{''.join(given)}", x, y).transpose(order)
        assert found.dtype == x.dtype and found.tolist() == expected.tolist()
