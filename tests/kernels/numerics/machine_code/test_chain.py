"""Chains as machine code give what they give in numpy, but for the sign and bits of NaN."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tfrt
from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op_registry import CPU_OPS
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.errors import KernelError
from tfrt.executor.support.machine_code import is_available
from tfrt.executor.values.dtype import DType
from tfrt.kernels.numerics import copying
from tfrt.kernels.numerics.chains.elementwise import chain
from tfrt.kernels.numerics.chains.steps import Step
from tfrt.kernels.numerics.machine_code import chain as native_chain
from tfrt.kernels.numerics.machine_code.chain import LEAST_WIDTH, Chain, describe, with_native_chain
from tfrt.kernels.shared.element_kinds import loudly

LLVM = pytest.mark.skipif(not is_available(), reason="needs llvmlite")
INTEGERS = [getattr(DType, f"{sign}I{bits}") for sign in ("", "U") for bits in (8, 16, 32, 64)]
FLOATS = [DType.F16, DType.BF16, DType.F32, DType.F64]
TYPES = [DType.I1, *INTEGERS, *FLOATS]
SPECIAL = (0.0, -0.0, 1.0, -1.5, 0.5, 2.5, np.inf, -np.inf, np.nan, 3e38, 1e-42, 1e300, 65519.0, 65520.0, 1e-7, 300.5)
SPECIAL = (*SPECIAL, 2.0**31, -(2.0**31), 2.0**63, 2.0**64, -129.0, 1.0009765625, 1.0004882812500002, 1e-300)
EVERYWHERE = ("add", "multiply", "maximum", "minimum")
ARITHMETIC = ("subtract", "divide")
BITWISE = ("and", "or", "xor")
SHIFTS = ("shift_left", "shift_right_arithmetic", "shift_right_logical")
ROUNDINGS = ("floor", "ceil", "round_nearest_even", "round_nearest_afz", "sqrt", "rsqrt")
DIRECTIONS = ("EQ", "NE", "LT", "LE", "GT", "GE")


def ops(dtype: DType) -> list[tuple[str, int]]:
    """Ops of an element type, and how many operands they have."""
    is_integer = dtype in INTEGERS
    two = [*EVERYWHERE, *(BITWISE if dtype not in FLOATS else ()), *(ARITHMETIC if dtype is not DType.I1 else ())]
    two += [*SHIFTS, "remainder"] if is_integer else []
    one = ["not"] if dtype not in FLOATS else [*ROUNDINGS, "negate", "sign", "abs"]
    one += ["negate", "popcnt", "count_leading_zeros"] if is_integer else []
    one += ["abs", "sign"] if is_integer and dtype.name.startswith("I") else []
    return [*[(name, 2) for name in two], *[(name, 1) for name in one], ("clamp", 3)]


def step(name: str, operands: tuple[int, ...], dtypes: list[DType], gives: DType, result: DType, **attrs: str) -> Step:
    entry = CPU_OPS.get(f"stablehlo.{name}")
    kind = None if gives is result else gives.numpy
    if entry.by_element:
        known = tuple(TensorMetadata(dtype, ()) for dtype in dtypes)
        form = entry.arrays(known, attrs, None, (TensorMetadata(gives, ()),))
        return Step(loudly(form), operands, entry.native_for(attrs), kind)
    return Step(entry.elementwise(gives), operands, entry.native_for(attrs), kind)


@st.composite
def chains(draw: st.DrawFn) -> tuple[list[Step], list[np.ndarray], tuple[int, ...], np.dtype]:
    result = draw(st.sampled_from([(1500,), (6, 40), (3, 4, 17), (2, 3, 5, 16), (600, 3)]))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    shapes = [result, *draw(st.lists(st.sampled_from(_broadcast(result)), max_size=3))]
    types = [draw(st.sampled_from(TYPES)) for _ in shapes]
    arrays = [_some(random, shape, dtype) for shape, dtype in zip(shapes, types, strict=True)]
    made: list[tuple[str, tuple[int, ...], DType, dict[str, str]]] = []
    for _ in range(draw(st.integers(1, 6))):
        values = len(types)
        # Each step reads a value of the result's shape, mostly the newest one, so that chains are long.
        whole = [number for number in range(values) if number >= len(shapes) or shapes[number] == result]
        one = draw(st.sampled_from(whole)) if draw(st.booleans()) else whole[-1]
        alike = [number for number in range(values) if types[number] is types[one]]
        what = draw(st.sampled_from(["op", "op", "convert", "compare", "select"]))
        if what == "op":
            name, count = draw(st.sampled_from(ops(types[one])))
            others = [draw(st.sampled_from(alike)) for _ in range(count - 1)]
            made.append((name, tuple(draw(st.permutations([one, *others]))), types[one], {}))
        elif what == "convert":
            made.append(("convert", (one,), draw(st.sampled_from(TYPES)), {}))
        elif what == "compare":
            attrs = {"comparison_direction": draw(st.sampled_from(DIRECTIONS))}
            made.append(("compare", (one, draw(st.sampled_from(alike))), DType.I1, attrs))
        elif flags := [number for number in range(values) if types[number] is DType.I1]:
            made.append(("select", (draw(st.sampled_from(flags)), one, draw(st.sampled_from(alike))), types[one], {}))
        else:
            made.append(("add", (one, one), types[one], {}))
        types.append(made[-1][2])
    last = types[-1]
    steps = [step(name, used, [types[n] for n in used], gives, last, **attrs) for name, used, gives, attrs in made]
    return steps, arrays, result, last.numpy


def _broadcast(shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Shapes that broadcast to one."""
    found = [shape, (), (1,), shape[-1:]]
    # Of short rows only those are made longer that nothing is broadcast along.
    found += [(*shape[:-1], 1), (shape[0], *[1] * (len(shape) - 1))] if shape[-1] >= LEAST_WIDTH else []
    return [*found, *([(1, *shape[1:-1], 1)] if len(shape) > 2 else [])]


def _some(random: np.random.Generator, shape: tuple[int, ...], dtype: DType) -> np.ndarray:
    if dtype is DType.I1:
        return random.random(shape) < 0.5
    if dtype in FLOATS:
        values = np.where(random.random(shape) < 0.5, random.choice(SPECIAL, shape), random.normal(0, 100, shape))
        with np.errstate(all="ignore"):
            return np.asarray(values).astype(dtype.numpy)
    info = np.iinfo(dtype.numpy)
    edges = random.choice(np.array([0, 1, 2, info.min, info.max, info.max - 1, 7], dtype.numpy), shape)
    values = random.integers(info.min, info.max, shape, dtype.numpy, endpoint=True)
    return np.asarray(np.where(random.random(shape) < 0.5, edges, values)).astype(dtype.numpy)


def same(one: np.ndarray, other: np.ndarray) -> bool:
    is_nan = one != one
    return np.array_equal(is_nan, other != other) and one[~is_nan].tobytes() == other[~is_nan].tobytes()


def never(*_: object, out: object = None) -> np.ndarray:
    raise AssertionError("machine code was to run")


@pytest.fixture(scope="module", params=["s", "mstd:2"])
def host(request):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(native_chain, "LEAST_ELEMENTS", 40)
        patch.setattr(native_chain, "MOST_ELEMENTS", 700)
        patch.setattr(native_chain, "BRIEF_ELEMENTS", 1000)
        with HostContext(request.param, native=True) as made:
            yield made


def in_both(host, steps, arrays, result, dtype):
    """The chain with numpy, and as machine code."""
    shapes, dtypes = [array.shape for array in arrays], [array.dtype for array in arrays]
    run = chain(steps, shapes, result, 8, dtype)
    native = with_native_chain(never, Chain(shapes, dtypes, result, dtype, steps), host)
    assert native is not never
    return run, native


@LLVM
@settings(max_examples=40)
@given(chains())
def test_as_numpy(host, made):
    steps, arrays, result, dtype = made
    run, native = in_both(host, steps, arrays, result, dtype)
    expected = run(*arrays)
    found = native(*arrays)
    assert found.dtype == dtype
    assert found.shape == result
    assert same(found, expected)
    # An input may be where the result goes.
    out = arrays[0].copy() if arrays[0].dtype == dtype else np.empty(result, dtype)
    assert native(out if arrays[0].dtype == dtype else arrays[0], *arrays[1:], out=out) is out
    assert same(out, expected)
    turned = np.empty(result[::-1], dtype).T
    assert native(*arrays, out=turned) is turned
    assert same(turned, expected)


@LLVM
@pytest.mark.parametrize("dtype", TYPES)
def test_each_op(host, dtype):
    """Of all types and numbers of all kinds; one function for all ops, which adds up what they give."""
    random = np.random.default_rng(0)
    shape = (1100,)
    steps, types = [], [dtype, dtype, dtype, DType.I1]
    arrays = [_some(random, shape, each) for each in types]
    made = [(name, tuple(range(count)), dtype, {}) for name, count in ops(dtype)]
    made += [("compare", (0, 1), DType.I1, {"comparison_direction": direction}) for direction in DIRECTIONS]
    made += [("select", (3, 0, 1), dtype, {}), *[("convert", (0,), each, {}) for each in TYPES]]
    for name, used, gives, attrs in made:
        steps = [step(name, used, [types[n] for n in used], gives, gives, **attrs)]
        run, native = in_both(host, steps, arrays, shape, gives.numpy)
        assert same(native(*arrays), run(*arrays)), (name, gives)


@LLVM
@pytest.mark.parametrize("dtype", INTEGERS)
@pytest.mark.parametrize("is_one", [True, False])
def test_quotients_next_to_others(host, dtype, is_one):
    """Multiples of the divisors, and what is one less or more, of all sizes."""
    info, random = np.iinfo(dtype.numpy), np.random.default_rng(0)
    ends = [
        info.max,
        info.max - 1,
        info.min,
        info.min + 1,
        1,
        2,
        3,
        10,
        1 << info.bits // 2,
        *([-1, -7] if info.min else []),
    ]
    for number in ends:
        divisors = np.array(number, dtype.numpy)
        if not is_one:
            divisors = np.resize(np.array([number, *ends, 0], dtype.numpy), 900)
        multiples = random.integers(info.min, info.max, 900, dtype.numpy, endpoint=True)
        with np.errstate(all="ignore"):
            multiples = multiples // np.where(divisors == 0, 1, divisors) * divisors
        arrays = [multiples + random.integers(0, 2, 900).astype(dtype.numpy) - dtype.numpy.type(1), divisors]
        for name in ("divide", "remainder"):
            run, native = in_both(host, [step(name, (0, 1), [dtype] * 2, dtype, dtype)], arrays, (900,), dtype.numpy)
            assert np.array_equal(native(*arrays), run(*arrays)), (name, number)


def test_what_there_is_no_code_for():
    big, f32, log = (64, 128), np.dtype(np.float32), Step(np.log2, (0,))
    half = [step("add", (0, 0), [DType.F16] * 2, DType.F16, DType.F16)]
    narrow = Chain([(64, 3), (64, 1)], [f32, f32], (64, 3), f32, [])
    assert describe(Chain([big], [f32], big, f32, [log])) is None
    assert describe(Chain([(0, 128)], [f32], (0, 128), f32, [])) is None
    assert describe(Chain([big], [np.dtype(np.complex64)], big, f32, [])) is None
    assert describe(narrow) is None
    halves = half[0].function(np.zeros(1, np.float16), np.zeros(1, np.float16)).dtype
    assert describe(Chain([big], [halves], big, f32, half))
    with HostContext("s", native=True) as host:
        assert with_native_chain(never, narrow, host) is never
        # What is short is only made longer where all is of types that machine code knows.
        long = Chain([(600, 3), (3,)], [np.dtype(complex)] * 2, (600, 3), np.dtype(complex), [])
        assert with_native_chain(never, long, host) is never


@LLVM
@pytest.mark.parametrize(
    "wrong",
    [
        Step(np.negative, (0,), "no_such_function({0})"),
        Step(np.negative, (0,), "{0} & {0}"),
        Step(np.add, (0, 1), "{0} + {1}"),
        Step(np.less, (0, 1), "{0} < {1}", np.dtype(bool)),
        Step(np.negative, (0,), "{0} if {0} else zero"),
        Step(np.negative, (0,), "-{0}", np.dtype(np.int32)),
        Step(np.negative, (0,), "convert({0})", np.dtype(np.complex64)),
        Step(np.negative, (0,), "convert({0})", DType.F8E4M3FN.numpy),
    ],
)
def test_what_cannot_be_written_is_left_to_numpy(wrong):
    shapes, dtypes = [(64, 128)] * 2, [np.dtype(np.float32), np.dtype(np.int32)]
    with HostContext("s", native=True) as host:
        made = Chain(shapes, dtypes, shapes[0], np.dtype(np.float32), [wrong])
        assert with_native_chain(never, made, host) is never


@LLVM
def test_other_arrays_than_it_was_made_for(host):
    add = step("add", (0, 1), [DType.F32] * 2, DType.F32, DType.F32)
    is_less = step("compare", (2, 2), [DType.F32] * 2, DType.I1, DType.I1, comparison_direction="LT")
    add = Step(add.function, add.operands, add.native, np.dtype(np.float32))
    x, row = np.ones((40, 32), np.float32), np.ones(32, np.float32)
    _, native = in_both(host, [add, is_less], [x, row], x.shape, np.dtype(bool))
    assert not native(x, row).any()
    with pytest.raises(KernelError) as raised:
        native(x, np.ones(32))
    assert str(raised.value) == (
        "made for arrays of 1280 float32, 32 float32, 1280 bool elements, got 1280 float32, 32 float64, 1280 bool"
    )


@LLVM
@pytest.mark.parametrize("other", [DType.I8, DType.I64])
def test_nothing_is_written_beyond_rows(host, other):
    """What follows the last element of a row is the next one's, and what follows the last row somebody else's."""
    random = np.random.default_rng(0)
    pairs = [(DType.I64, DType.I32), (DType.F64, DType.F32), (DType.F32, DType.BF16), (DType.F32, DType.F16)]
    pairs += [(DType.BF16, DType.BF16), (DType.I32, DType.I8), (DType.I64, DType.I1)]
    for source, gives in pairs:
        for width in (17, 23):
            x, column = _some(random, (3, width), source), _some(random, (3, 1), other)
            convert = step("convert", (0,), [source], gives, gives)
            run, native = in_both(host, [convert], [x, column], x.shape, gives.numpy)
            memory = np.full(3 * width * gives.numpy.itemsize + 64, 0xAB, np.uint8)
            out = np.ndarray(x.shape, gives.numpy, memory)
            native(x, column, out=out)
            assert same(out, run(x, column))
            assert (memory[-64:] == 0xAB).all()


@LLVM
@pytest.mark.parametrize("shape", [(40, 64), (3, 20, 32)])
def test_views_that_repeat_are_read_where_they_are(host, shape, monkeypatch):
    """None is copied, but those that lie in another order."""
    copied = []
    monkeypatch.setattr(copying, "copied", lambda array, own=copying.copied: copied.append(1) or own(array))
    random = np.random.default_rng(0)
    flags = step("compare", (0, 1), [DType.I32] * 2, DType.I1, DType.F32, comparison_direction="LE")
    chosen = step("select", (3, 2, 2), [DType.I1, DType.F32, DType.F32], DType.F32, DType.F32)
    rows = np.broadcast_to(np.arange(shape[-1], dtype=np.int32), shape)
    columns = np.broadcast_to(np.arange(shape[0], dtype=np.int32).reshape(-1, *[1] * (len(shape) - 1)), shape)
    x = random.normal(size=shape).astype(np.float32)
    run, native = in_both(host, [flags, chosen], [rows, columns, x], shape, x.dtype)
    expected = run(rows, columns, x)
    for _ in range(2):
        assert same(native(rows, columns, x), expected)
    assert not copied
    assert same(native(rows, rows, x, out=x), run(rows, rows, x))
    assert not copied
    turned = np.asfortranarray(x)
    assert same(native(rows, columns, turned), run(rows, columns, turned))
    assert copied


@LLVM
def test_views_that_repeat_along_short_rows(host):
    x, column = np.ones((400, 5), np.float32), np.broadcast_to(np.arange(400, dtype=np.float32)[:, None], (400, 5))
    add = step("add", (0, 1), [DType.F32] * 2, DType.F32, DType.F32)
    run, native = in_both(host, [add], [x, column], x.shape, x.dtype)
    assert same(native(x, column), run(x, column))


@LLVM
def test_scalars_of_numpys_are_no_arrays(host):
    add = step("add", (0, 1), [DType.F32] * 2, DType.F32, DType.F32)
    for rows in (1, 40):
        x = np.ones((rows, 128), np.float32)
        _, native = in_both(host, [add], [x, np.zeros((), np.float32)], x.shape, x.dtype)
        assert np.array_equal(native(x, np.float32(2)), x + 2)


@LLVM
@pytest.mark.parametrize("between", ["f8E4M3FN", "f8E5M2", "f8E4M3B11FNUZ", "i4", "ui4", "complex<f32>"])
def test_types_on_the_way_that_machine_code_does_not_know(between):
    text = f"""func.func @main(%x: tensor<64x128xf32>) -> tensor<64x128xf32> {{
  %twice = stablehlo.add %x, %x : tensor<64x128xf32>
  %narrow = stablehlo.convert %twice : (tensor<64x128xf32>) -> tensor<64x128x{between}>
  %wide = stablehlo.convert %narrow : (tensor<64x128x{between}>) -> tensor<64x128xf32>
  %sum = stablehlo.add %wide, %x : tensor<64x128xf32>
  return %sum : tensor<64x128xf32>
}}"""
    x = np.random.default_rng(0).normal(size=(64, 128)).astype(np.float32)
    results = []
    for level, is_native in ((0, False), (2, True), (2, False)):
        with HostContext("s", native=is_native) as host:
            results.append(tfrt.load(tfrt.compile(text, opt_level=level), host=host)["main"](x).tobytes())
    assert results == [results[0]] * 3


@LLVM
def test_programs():
    """Quantised, masked, and as an epilogue that reads flags, which machine code of products does not."""
    text = """func.func @main(%x: tensor<64x128xf32>, %w: tensor<128x64xf32>, %mask: tensor<64xi1>, %scale: tensor<f32>,
    %labels: tensor<64xi32>) -> (tensor<64x64xf32>, tensor<64x128xi8>, tensor<64x128xbf16>) {
  %product = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0]
    : (tensor<64x128xf32>, tensor<128x64xf32>) -> tensor<64x64xf32>
  %masks = stablehlo.broadcast_in_dim %mask, dims = [1] : (tensor<64xi1>) -> tensor<64x64xi1>
  %zero = stablehlo.constant dense<0.0> : tensor<64x64xf32>
  %masked = stablehlo.select %masks, %product, %zero : tensor<64x64xi1>, tensor<64x64xf32>
  %scales = stablehlo.broadcast_in_dim %scale, dims = [] : (tensor<f32>) -> tensor<64x128xf32>
  %scaled = stablehlo.divide %x, %scales : tensor<64x128xf32>
  %whole = stablehlo.round_nearest_even %scaled : tensor<64x128xf32>
  %low = stablehlo.constant dense<-128.0> : tensor<f32>
  %high = stablehlo.constant dense<127.0> : tensor<f32>
  %bounded = stablehlo.clamp %low, %whole, %high : (tensor<f32>, tensor<64x128xf32>, tensor<f32>) -> tensor<64x128xf32>
  %bytes = stablehlo.convert %bounded : (tensor<64x128xf32>) -> tensor<64x128xi8>
  %numbers = stablehlo.iota dim = 1 : tensor<64x128xi32>
  %label = stablehlo.broadcast_in_dim %labels, dims = [0] : (tensor<64xi32>) -> tensor<64x128xi32>
  %is_label = stablehlo.compare EQ, %numbers, %label, SIGNED
    : (tensor<64x128xi32>, tensor<64x128xi32>) -> tensor<64x128xi1>
  %one = stablehlo.convert %is_label : (tensor<64x128xi1>) -> tensor<64x128xf32>
  %less = stablehlo.subtract %x, %one : tensor<64x128xf32>
  %short = stablehlo.convert %less : (tensor<64x128xf32>) -> tensor<64x128xbf16>
  return %masked, %bytes, %short : tensor<64x64xf32>, tensor<64x128xi8>, tensor<64x128xbf16>
}"""
    random = np.random.default_rng(0)
    x, w = (random.normal(size=size).astype(np.float32) for size in ((64, 128), (128, 64)))
    arguments = (x, w, random.random(64) < 0.5, np.float32(0.01), random.integers(0, 128, 64, np.int32))
    results = []
    for is_native in (True, False):
        with HostContext("s", native=is_native) as host:
            results.append(tfrt.load(tfrt.compile(text, opt_level=2), host=host)["main"](*arguments))
    np.testing.assert_allclose(results[0][0], results[1][0], rtol=2e-5, atol=1e-5)
    for native, with_numpy in zip(results[0][1:], results[1][1:], strict=True):
        assert native.tobytes() == with_numpy.tobytes()
