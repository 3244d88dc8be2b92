"""Attention as frameworks spell it: programs of random sizes become one op, and give what they give without passes."""

import numpy as np
import pytest

import tfrt


def tensor(shape, element="f32"):
    return f"tensor<{''.join(f'{size}x' for size in shape)}{element}>"


class Text:
    """A function that is being written; values have names and shapes."""

    def __init__(self):
        self.lines, self.types = [], {}

    def op(self, text, operands, shape, element="f32"):
        name = f"%v{len(self.lines)}"
        self.types[name] = tensor(shape, element)
        takes = ", ".join(self.types[operand] for operand in operands)
        self.lines.append(f"  {name} = {text.format(*operands)} : ({takes}) -> {self.types[name]}")
        return name

    def same(self, op, operands):
        name = f"%v{len(self.lines)}"
        self.types[name] = self.types[operands[-1]]
        types = f"{self.types[operands[0]]}, {self.types[name]}" if op == "select" else self.types[name]
        self.lines.append(f"  {name} = stablehlo.{op} {', '.join(operands)} : {types}")
        return name

    def splat(self, number, shape):
        name = f"%v{len(self.lines)}"
        self.types[name] = tensor(shape)
        self.lines.append(f"  {name} = stablehlo.constant dense<{number}> : {self.types[name]}")
        return name


def written(rng, heads, group, rows, count, depth):
    """A program, and its arguments: queries, keys and values with heads in the middle, and two masks."""
    text, b, shared = Text(), 2, bool(rng.integers(2))
    kv = heads // group
    arguments = {
        "%q": (b, rows, heads, depth),
        "%k": (b, count, kv, depth),
        "%v": (b, count, kv, depth),
        "%added": (rows, count),
        "%kept": (b, 1, rows, count),
    }
    text.types = {name: tensor(shape, "i1" if name == "%kept" else "f32") for name, shape in arguments.items()}
    query, keys, values = "%q", "%k", "%v"
    grouped = shared and group > 1
    if grouped:
        query = text.op("stablehlo.reshape {0}", [query], (b, rows, kv, group, depth))
        scores = text.op(
            "stablehlo.dot_general {0}, {1}, batching_dims = [0, 2] x [0, 2], contracting_dims = [4] x [3]",
            [query, keys],
            (b, kv, rows, group, count),
        )
        shape, dims = (b, kv, group, rows, count), {"%added": [3, 4], "%kept": [0, 1, 3, 4]}
        scores = text.op("stablehlo.transpose {0}, dims = [0, 1, 3, 2, 4]", [scores], shape)
    else:
        repeated = []
        for part in (keys, values):
            wide = (b, count, kv, group, depth)
            part = text.op("stablehlo.broadcast_in_dim {0}, dims = [0, 1, 2, 4]", [part], wide)
            repeated.append(text.op("stablehlo.reshape {0}", [part], (b, count, heads, depth)))
        keys, values = repeated
        if rng.integers(2):
            keys = text.same("multiply", [keys, text.splat(0.5, (b, count, heads, depth))])
        scores = text.op(
            "stablehlo.dot_general {0}, {1}, batching_dims = [0, 2] x [0, 2], contracting_dims = [3] x [3]",
            [query, keys],
            (b, heads, rows, count),
        )
        shape, dims = (b, heads, rows, count), {"%added": [2, 3], "%kept": [0, 1, 2, 3]}
    scores = text.same("divide", [scores, text.splat(2.5, shape)])
    masks = list(rng.permutation(["%added", "%kept"])[: rng.integers(3)])
    for mask in masks:
        wide = text.op(
            f"stablehlo.broadcast_in_dim {{0}}, dims = {dims[mask]}",
            [mask],
            shape,
            "i1" if mask == "%kept" else "f32",
        )
        if mask == "%added":
            scores = text.same("add", [wide, scores])
        else:
            fill = text.splat(rng.choice(["-1.0e9", "0xFF800000"]), shape)
            branches = [scores, fill] if rng.integers(2) else [fill, scores]
            scores = text.same("select", [wide, *branches])
    shares = text.op(f"nn.softmax {{0}} {{{{dimension = {len(shape) - 1} : i64}}}}", [scores], shape)
    if rng.integers(2):
        unequal = text.op("stablehlo.compare NE, {0}, {1}, FLOAT", [shares, shares], shape, "i1")
        shares = text.same("select", [unequal, text.splat("0.0", shape), shares])
    batching = "[0, 1] x [0, 2]"
    result = (b, kv, group, rows, depth) if grouped else (b, heads, rows, depth)
    found = text.op(
        f"stablehlo.dot_general {{0}}, {{1}}, batching_dims = {batching}, contracting_dims = [{len(shape) - 1}] x [1]",
        [shares, values],
        result,
    )
    listed = ", ".join(f"{name}: {text.types[name]}" for name in arguments)
    head = f"func.func @main({listed}) -> {text.types[found]} {{"
    program = "\n".join([head, *text.lines, f"  return {found} : {text.types[found]}", "}"])
    arrays = [
        rng.random(shape) < 0.8 if name == "%kept" else rng.standard_normal(shape).astype(np.float32)
        for name, shape in arguments.items()
    ]
    return program, arrays


@pytest.mark.parametrize("seed", range(12))
def test_random_spellings(seed):
    rng = np.random.default_rng(seed)
    group = int(rng.integers(1, 4))
    heads = group * int(rng.integers(1, 3))
    rows, count, depth = (int(size) for size in rng.integers(1, 7, 3))
    text, arrays = written(rng, heads, group, rows, count, depth)
    files = [tfrt.compile(text, opt_level=level) for level in (0, 2)]
    assert b"nn.attention" in files[1] and b"nn.softmax" not in files[1]
    plain, fused = (tfrt.load(file)["main"] for file in files)
    for trial in range(3):
        if trial == 1:
            # A row that is masked as a whole.
            arrays[4][0, 0, 0] = arrays[4][0, 0, 0, 0]
        if trial == 2:
            arrays[0].flat[0], arrays[1].flat[-1], arrays[3].flat[0] = np.nan, np.inf, -np.inf
        np.testing.assert_allclose(fused(*arrays), plain(*arrays), rtol=1e-4, atol=1e-5)
