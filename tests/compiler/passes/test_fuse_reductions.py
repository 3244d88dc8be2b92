"""Reductions with what precedes and follows them give what the ops give one after the other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tfrt
from tfrt.compiler import compile as compile_text
from tfrt.compiler.pipelines.pipeline import PIPELINES
from tfrt.executor.support.machine_code import is_available
from tfrt.kernels.numerics.chains import reduction_blocks
from tfrt.kernels.numerics.machine_code import reduction as native_reduction
from tfrt.kernels.numerics.machine_code.reduction_code import columns, rows, work

FUSED = PIPELINES[2].replace("plan-buffers", "plan-buffers{threshold=0}")
UNFUSED = FUSED.replace("fuse-reductions,", "")
KINDS = {"f32": np.float32, "f64": np.float64, "i32": np.int32}
INITS = {"add": "0.0", "multiply": "1.0", "maximum": "0xFF800000", "minimum": "0x7F800000"}
OF_INTEGERS = {"add": "0", "multiply": "1", "maximum": "-2147483648", "minimum": "2147483647"}
SPECIAL = [np.inf, -np.inf, np.nan, 1e-42, -0.0, 0.0]


def tensor(shape, kind):
    return f"tensor<{''.join(f'{size}x' for size in shape)}{kind}>"


class Program:
    """A function that is being written."""

    def __init__(self, draw):
        self.draw, self.lines = draw, []

    def value(self, text):
        self.lines.append(f"%v{len(self.lines)} = {text}")
        return self.lines[-1].partition(" ")[0]

    def constant(self, number, kind):
        return self.value(f"stablehlo.constant dense<{number}> : tensor<{kind}>")

    def elementwise(self, values, shape, kind):
        """Some op of some of the values, which all have that shape."""
        type = tensor(shape, kind)
        x, y = (self.draw(st.sampled_from(values)) for _ in range(2))
        choice = self.draw(st.integers(0, 7))
        if choice < 4:
            op = ("add", "subtract", "multiply", "maximum")[choice]
            return self.value(f"stablehlo.{op} {x}, {y} : {type}")
        if choice == 4 or kind == "i32":
            return self.value(f"stablehlo.abs {x} : {type}")
        if choice == 5:
            return self.value(f"stablehlo.tanh {x} : {type}")
        if choice == 6:
            one = self.value(f"stablehlo.constant dense<1.0> : {type}")
            size = self.value(f"stablehlo.abs {y} : {type}")
            more = self.value(f"stablehlo.add {size}, {one} : {type}")
            return self.value(f"stablehlo.divide {x}, {more} : {type}")
        square = self.value(f"stablehlo.multiply {x}, {x} : {type}")
        return self.value(f"stablehlo.negate {square} : {type}")

    def reduce(self, value, shape, axes, kind):
        op = self.draw(st.sampled_from(["add", "add", "maximum", "minimum"]))
        number = (OF_INTEGERS if kind == "i32" else INITS)[op]
        if kind == "f64":
            number = {"0xFF800000": "0xFFF0000000000000", "0x7F800000": "0x7FF0000000000000"}.get(number, number)
        if self.draw(st.integers(0, 4)) == 0:
            number = "3" if kind == "i32" else "3.0"
        init = self.constant(number, kind)
        narrow = tuple(size for d, size in enumerate(shape) if d not in axes)
        return self.value(
            f"stablehlo.reduce({value} init: {init}) applies stablehlo.{op} across dimensions = {list(axes)} : "
            f"({tensor(shape, kind)}, tensor<{kind}>) -> {tensor(narrow, kind)}"
        )

    def spread(self, value, shape, axes, kind):
        dims = [d for d in range(len(shape)) if d not in axes]
        narrow = tuple(shape[d] for d in dims)
        return self.value(
            f"stablehlo.broadcast_in_dim {value}, dims = {dims} : ({tensor(narrow, kind)}) -> {tensor(shape, kind)}"
        )


@st.composite
def programs(draw):
    """A program and arguments for it."""
    shape = tuple(draw(st.lists(st.sampled_from([1, 2, 3, 5, 17, 40]), min_size=1, max_size=3)))
    axes = tuple(sorted(draw(st.sets(st.integers(0, len(shape) - 1), min_size=1))))
    kind = draw(st.sampled_from(["f32", "f32", "f64", "i32"]))
    narrow = tuple(size for d, size in enumerate(shape) if d not in axes)
    shapes = [shape, draw(st.sampled_from([shape, narrow, shape[-1:]]))]
    made = Program(draw)
    wide = ["%a0"]
    if shapes[1] == shape:
        wide.append("%a1")
    elif shapes[1] == narrow:
        wide.append(made.spread("%a1", shape, axes, kind))
    else:
        wide.append(made.spread("%a1", shape, tuple(range(len(shape) - 1)), kind))
    results = []
    for _ in range(draw(st.integers(1, 3))):
        for _ in range(draw(st.integers(0, 3))):
            wide.append(made.elementwise(wide[-3:], shape, kind))
        reduced = [made.reduce(draw(st.sampled_from(wide[-2:])), shape, axes, kind)]
        for _ in range(draw(st.integers(0, 3))):
            reduced.append(made.elementwise(reduced[-2:], narrow, kind))
        results.append((reduced[-1], narrow))
        if draw(st.booleans()):
            results.append((reduced[0], narrow))
        if draw(st.booleans()):
            spread = made.spread(reduced[-1], shape, axes, kind)
            wide.append(made.value(f"stablehlo.subtract {wide[-1]}, {spread} : {tensor(shape, kind)}"))
            results.append((wide[-1], shape))
    results = draw(st.lists(st.sampled_from(results), min_size=1, max_size=3, unique=True))
    given = ", ".join(value for value, _ in results)
    types = ", ".join(tensor(shape, kind) for _, shape in results)
    arguments = ", ".join(f"%a{n}: {tensor(s, kind)}" for n, s in enumerate(shapes))
    body = "\n  ".join([*made.lines, f"return {given} : {types}"])
    text = f"func.func @main({arguments}) -> ({types}) {{\n  {body}\n}}"
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    has_special = draw(st.booleans()) and kind != "i32"
    return text, [some(rng, s, kind, has_special) for s in shapes]


def some(rng, shape, kind, has_special):
    if kind == "i32":
        return rng.integers(-3, 4, shape).astype(np.int32)
    found = np.array(rng.standard_normal(shape)).astype(KINDS[kind])
    if has_special:
        is_special = rng.random(shape) < 0.1
        found[is_special] = rng.choice(SPECIAL, np.count_nonzero(is_special))
    return found


def run(text, arguments, pipeline, host):
    with np.errstate(all="ignore"):
        found = tfrt.load(compile_text(text, "x.mlir", pipeline=pipeline), host=host)["main"](*arguments)
    return found if isinstance(found, tuple) else (found,)


def require_same(text, arguments, host):
    for one, other in zip(run(text, arguments, UNFUSED, host), run(text, arguments, FUSED, host), strict=True):
        one, other = np.asarray(one), np.asarray(other)
        assert one.shape == other.shape and one.dtype == other.dtype
        # Squares of squares of sums are as large as they are wrong.
        largest = np.abs(one[np.isfinite(one)]).max(initial=1)
        np.testing.assert_allclose(other, one, rtol=1e-4, atol=1e-4 * min(largest, 1e6))


@pytest.fixture(scope="module", params=["s", "mstd:2"])
def host(request):
    with tfrt.HostContext(request.param, native=False) as made:
        yield made


@settings(max_examples=15)
@given(program=programs())
def test_random_programs(host, program):
    require_same(*program, host)


@settings(max_examples=25)
@given(program=programs())
def test_random_programs_by_blocks(host, program):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reduction_blocks, "BLOCK_BYTES", 256)
        patch.setattr(reduction_blocks, "LEAST_ELEMENTS", 32)
        require_same(*program, host)


@pytest.mark.skipif(not is_available(), reason="needs llvmlite")
@pytest.mark.parametrize("queue", ["s", "mstd:2"])
@settings(max_examples=15)
@given(program=programs())
def test_random_programs_as_machine_code(queue, program):
    with pytest.MonkeyPatch.context() as patch, tfrt.HostContext(queue, native=True) as native:
        for module, name, value in ((work, "PANEL", 16), (rows, "LONG", 64), (columns, "MANY_ROWS", 4)):
            patch.setattr(module, name, value)
        for name, value in {"LEAST_BYTES": 0, "LEAST_ELEMENTS": 16, "MOST_ELEMENTS": 64}.items():
            patch.setattr(native_reduction, name, value)
        require_same(*program, native)
