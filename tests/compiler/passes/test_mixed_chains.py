"""Chains of elementwise ops of several types, with rows and columns, give what the ops give one after the other."""

import ml_dtypes
import numpy as np
import pytest

import tfrt
from tfrt.kernels.numerics import choosing
from tfrt.kernels.numerics.chains import elementwise

DTYPES = {
    "f32": np.float32,
    "f64": np.float64,
    "f16": np.float16,
    "bf16": ml_dtypes.bfloat16,
    "i32": np.int32,
    "i8": np.int8,
    "i1": np.bool_,
}
BINARY = ["add", "multiply", "subtract", "maximum", "minimum"]
SPECIAL = [0.0, -0.0, 1.0, -1.5, 3.0, 100.0, -2.75, np.inf, -np.inf, np.nan]


def tensor(shape, kind):
    return f"tensor<{''.join(f'{size}x' for size in shape)}{kind}>"


def written(rng, shape, length):
    """A function of random ops, and arguments for it."""
    kinds = [str(rng.choice(list(DTYPES))) for _ in range(4)]
    shapes, arguments, lines, values = [], [], [], {kind: [] for kind in DTYPES}
    for number, kind in enumerate(kinds):
        dims = [d for d in range(len(shape)) if rng.random() < 0.6] if number else list(range(len(shape)))
        narrow = tuple(shape[d] for d in dims)
        shapes.append(tensor(narrow, kind))
        if kind in ("i32", "i8", "i1"):
            arguments.append(rng.integers(-3, 4, narrow).astype(DTYPES[kind]))
        else:
            arguments.append(rng.choice(SPECIAL, narrow).astype(DTYPES[kind]))
        wide = f"%a{number}"
        if narrow != shape:
            lines.append(
                f"%w{number} = stablehlo.broadcast_in_dim %a{number}, dims = {dims} "
                f": ({shapes[-1]}) -> {tensor(shape, kind)}"
            )
            wide = f"%w{number}"
        values[kind].append(wide)

    def pick(kind):
        if not values[kind]:
            source = str(rng.choice([k for k in DTYPES if values[k]]))
            add(f"stablehlo.convert {pick(source)} : ({tensor(shape, source)}) -> {tensor(shape, kind)}", kind)
        return str(rng.choice(values[kind][-2:]))

    def add(text, kind):
        name = f"%{len(lines)}"
        lines.append(f"{name} = {text}")
        values[kind].append(name)

    last = "f32"
    for _ in range(length):
        kind = str(rng.choice(list(DTYPES)))
        choice = rng.integers(4)
        if choice == 0:
            other = str(rng.choice(["f32", "i32", "bf16"]))
            text = f"stablehlo.convert {pick(kind)} : ({tensor(shape, kind)}) -> {tensor(shape, other)}"
            if other == kind:
                continue
            add(text, other)
            last = other
        elif choice == 1:
            direction = rng.choice(["LT", "GE", "EQ", "NE"])
            how = "UNSIGNED" if kind == "i1" else "SIGNED" if kind.startswith("i") else "FLOAT"
            type = tensor(shape, kind)
            operands = f"{pick(kind)}, {pick(kind)}"
            add(f"stablehlo.compare {direction}, {operands}, {how} : ({type}, {type}) -> {tensor(shape, 'i1')}", "i1")
            last = "i1"
        elif choice == 2:
            operands = f"{pick('i1')}, {pick(kind)}, {pick(kind)}"
            add(f"stablehlo.select {operands} : {tensor(shape, 'i1')}, {tensor(shape, kind)}", kind)
            last = kind
        elif kind != "i1":
            add(f"stablehlo.{rng.choice(BINARY)} {pick(kind)}, {pick(kind)} : {tensor(shape, kind)}", kind)
            last = kind
    result, type = pick(last), tensor(shape, last)
    listed = ", ".join(f"%a{number}: {type}" for number, type in enumerate(shapes))
    body = "\n  ".join([*lines, f"return {result} : {type}"])
    return f"func.func @main({listed}) -> {type} {{\n  {body}\n}}", arguments


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("in_blocks", [False, True])
@pytest.mark.parametrize("seed", range(20))
def test_random_chains(monkeypatch, seed, in_blocks):
    if in_blocks:
        monkeypatch.setattr(elementwise, "BLOCK_BYTES", 64)
        monkeypatch.setattr(choosing, "LEAST_ELEMENTS", 0)
    rng = np.random.default_rng(seed)
    shape = tuple(int(size) for size in rng.integers(1, 6, rng.integers(1, 4)))
    text, arguments = written(rng, shape, 12)
    expected, found = (
        tfrt.load(tfrt.compile(text, opt_level=level))["main"](*[a.copy() for a in arguments]) for level in (0, 2)
    )
    assert found.dtype == expected.dtype
    is_nan = np.asarray(expected != expected)
    np.testing.assert_array_equal(np.asarray(found != found), is_nan)
    # NaN may have another sign.
    assert found[~is_nan].tobytes() == expected[~is_nan].tobytes()


def test_doubles_on_the_way():
    """Their memory is not that of integers."""
    text = """func.func @main(%x: tensor<3xi32>) -> tensor<3xi32> {
  %0 = stablehlo.convert %x : (tensor<3xi32>) -> tensor<3xf64>
  %1 = stablehlo.multiply %0, %0 : tensor<3xf64>
  %2 = stablehlo.convert %1 : (tensor<3xf64>) -> tensor<3xi32>
  %3 = stablehlo.compare EQ, %x, %2, SIGNED : (tensor<3xi32>, tensor<3xi32>) -> tensor<3xi1>
  %4 = stablehlo.convert %3 : (tensor<3xi1>) -> tensor<3xi32>
  %5 = stablehlo.maximum %x, %4 : tensor<3xi32>
  %6 = stablehlo.add %5, %2 : tensor<3xi32>
  return %6 : tensor<3xi32>
}"""
    found = tfrt.load(tfrt.compile(text, opt_level=2))["main"](np.int32([-2, 0, 3]))
    np.testing.assert_array_equal(found, [4, 1, 12])


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16, np.int8, np.complex64])
@pytest.mark.parametrize("least", [0, 1 << 20])
def test_choosing(monkeypatch, dtype, least):
    """The bits of what is chosen, into any of the arrays."""
    monkeypatch.setattr(choosing, "LEAST_ELEMENTS", least)
    rng = np.random.default_rng(0)
    chosen = rng.random((5, 7)) < 0.5
    x, y = (rng.integers(0, 256, (5, 7, 8), np.uint8).view(dtype)[..., 0] for _ in range(2))
    expected = np.where(chosen, x, y)
    assert choosing.choose(chosen, x, y).tobytes() == expected.tobytes()
    for given in (x, y, np.empty_like(x)):
        arrays = [x.copy(), y.copy()]
        out = arrays[0] if given is x else arrays[1] if given is y else given
        assert choosing.choose(chosen, *arrays, out=out) is out
        assert out.tobytes() == expected.tobytes()
    row, one = y[0], x[0, 0, ...]
    assert choosing.choose(chosen, one, row).tobytes() == np.where(chosen, one, row).tobytes()
    for number in (0.0, -0.0):
        zero = np.array(number).astype(dtype)
        for first, second in ((x, zero), (zero, x)):
            expected = np.where(chosen, first, second).tobytes()
            assert choosing.choose(chosen, first, second).tobytes() == expected
            out = x.copy()
            given = [out if each is x else each for each in (first, second)]
            assert choosing.choose(chosen, *given, out=out) is out and out.tobytes() == expected
