"""Functions of mathematics: values that are known, those of Python's and scipy's, edges, and what is refused."""

import cmath
import math

import numpy as np
import pytest

import tfrt
from tfrt.executor.values.dtype import DType

INF, NAN = math.inf, math.nan
EULER = 0.5772156649015329
DTYPES = {dtype.mlir: dtype for dtype in DType}
# Half a unit in the last place, and for libraries' own functions a few.
TOLERANCES = {"f64": 1e-15, "f32": 3e-7, "f16": 2**-11, "bf16": 2**-8, "f8E4M3FN": 2**-4}
X = [-7.5, -2.5, -1.25, -0.75, -0.4375, -0.125, 0.125, 0.375, 0.5, 0.875, 1.0, 1.5, 2.25, 3.5, 4.5, 6.0, 9.0]

OF_REALS = {
    "acos": (math.acos, lambda z: cmath.acos(z), -1, 1),
    "acosh": (math.acosh, lambda z: cmath.acosh(z), 1, INF),
    "asin": (math.asin, lambda z: cmath.asin(z), -1, 1),
    "asinh": (math.asinh, lambda z: cmath.asinh(z), -INF, INF),
    "atan": (math.atan, lambda z: cmath.atan(z), -INF, INF),
    "atanh": (math.atanh, lambda z: cmath.atanh(z), -0.9, 0.9),
    "cosh": (math.cosh, lambda z: cmath.cosh(z), -INF, INF),
    "erf": (math.erf, None, -INF, INF),
    "erfc": (math.erfc, None, -INF, INF),
    "lgamma": (math.lgamma, None, -INF, INF),
    "sinh": (math.sinh, lambda z: cmath.sinh(z), -INF, INF),
    "square": (lambda x: x * x, lambda z: z * z, -INF, INF),
    "tan": (math.tan, lambda z: cmath.tan(z), -INF, INF),
}


@pytest.mark.parametrize("type", TOLERANCES)
@pytest.mark.parametrize("op", OF_REALS)
def test_functions_of_floats(op, type, array):
    function, _, low, high = OF_REALS[op]
    x = np.array([x for x in X if low <= x <= high]).astype(DTYPES[type].numpy)
    expected = np.array([function(v) for v in x.astype(np.float64).tolist()])
    found = array(f"chlo.{op}", x)
    assert found.dtype == x.dtype
    fits = np.abs(expected) < (200 if type.startswith("f8") else INF)
    tiny = 2.0**-6 if type.startswith("f8") else 1e-7 if type == "f16" else 0
    tolerance = 1e-14 if op == "lgamma" and type == "f64" else 2 * TOLERANCES[type]
    np.testing.assert_allclose(found.astype(np.float64)[fits], expected[fits], rtol=tolerance, atol=tiny)


@pytest.mark.parametrize("type", ["complex<f32>", "complex<f64>"])
@pytest.mark.parametrize("op", [op for op, of in OF_REALS.items() if of[1] is not None])
def test_functions_of_complex_numbers(op, type, array):
    z = np.array([0.5 + 0.25j, -1.5 + 2j, -0.75 - 0.5j, 2 - 3j, 1e-3 + 1e-3j]).astype(DTYPES[type].numpy)
    found = array(f"chlo.{op}", z)
    assert found.dtype == z.dtype
    np.testing.assert_allclose(
        found, [OF_REALS[op][1](w) for w in z.tolist()], rtol=2e-7 if found.itemsize == 8 else 1e-14
    )


# Where a value is known, or a limit.
KNOWN = [
    ("bessel_i1e", [0.0, 1.0, -1.0, 8.0, 10.0, 1e300, INF],
     [0.0, 0.2079104153497085, -0.2079104153497085, 0.1341424932926982, 0.1212626813844555, 3.989422804014327e-151,
      0.0]),
    ("digamma", [1.0, 2.0, 0.5, 10.0, 1e10, INF, -0.5, 0.0, -1.0, -INF, NAN],
     [-EULER, 1 - EULER, -EULER - 2 * math.log(2), 2.251752589066721, 23.025850929890453, INF, 0.03648997397857652,
      NAN, NAN, NAN, NAN]),
    ("erf", [0.0, -0.0, INF, -INF, NAN, 0.5, 6.0, 1e-300],
     [0.0, -0.0, 1.0, -1.0, NAN, 0.5204998778130465, 1.0, 1.1283791670955126e-300]),
    ("erf_inv", [0.0, -0.0, 1.0, -1.0, 1.5, NAN, 0.5, -0.9, 0.999, 1 - 2.0**-53],
     [0.0, -0.0, INF, -INF, NAN, NAN, 0.4769362762044699, -1.1630871536766743, 2.326753765513525, 5.863584748755167]),
    ("erfc", [0.0, INF, -INF, NAN, 0.5, 10.0, 26.0, 30.0],
     [1.0, 0.0, 2.0, NAN, 0.4795001221869535, 2.088487583762545e-45, 5.663192408856143e-296, 0.0]),
    ("lgamma", [1.0, 2.0, 3.0, 0.5, 0.0, -0.0, -1.0, INF, -INF, NAN, 1e300, -0.5],
     [0.0, 0.0, math.log(2), math.log(math.pi) / 2, INF, INF, INF, INF, INF, NAN, 6.897755278982137e302,
      1.2655121234846454]),
    ("is_inf", [0.0, INF, -INF, NAN], [False, True, True, False]),
    ("is_pos_inf", [0.0, INF, -INF, NAN], [False, True, False, False]),
    ("is_neg_inf", [0.0, INF, -INF, NAN], [False, False, True, False]),
    ("conj", [1.5, -0.0], [1.5, -0.0]),
    ("sinh", [0.0, -0.0, INF, -INF], [0.0, -0.0, INF, -INF]),
    ("acosh", [1.0, 0.5, INF], [0.0, NAN, INF]),
    ("atanh", [1.0, -1.0, 2.0], [INF, -INF, NAN]),
    ("asin", [2.0, -0.0], [NAN, -0.0]),
]  # fmt: skip


@pytest.mark.parametrize(("op", "x", "expected"), KNOWN, ids=[op for op, *_ in KNOWN])
def test_known_values(op, x, expected, array):
    found = array(f"chlo.{op}", np.array(x))
    np.testing.assert_allclose(found, expected, rtol=1e-14 if op == "digamma" else 1e-15)
    assert np.signbit(found[found == 0]).tolist() == np.signbit(np.array(expected)[np.array(expected) == 0]).tolist()
    # In single precision, too, where numbers are not the same ones.
    if op not in ("erf_inv", "erfc", "lgamma", "bessel_i1e", "erf"):
        np.testing.assert_allclose(array(f"chlo.{op}", np.array(x, np.float32)), expected, rtol=1e-6)


TWO = [
    ("zeta", [2.0, 2.0, 4.0, 1.5, 1.0, 0.5, NAN, 30.0], [1.0, 2.0, 0.5, 3.0, 2.0, 2.0, 1.0, 355.0],
     [math.pi**2 / 6, math.pi**2 / 6 - 1, 15 * math.pi**4 / 90, 1.2588219580922146, INF, NAN, NAN,
      3.968311843230634e-76]),
    ("zeta", [2.0, 3.0, 2.0, 3.0, 2.5], [-0.5, -1.5, -1.0, 0.0, -0.5],
     [math.pi**2 / 2 + 4, 7 * 1.2020569031595943 - 8 - 8 / 27, INF, NAN, NAN]),
    ("polygamma", [0.0, 1.0, 1.0, 2.0, 3.0, 5.0], [1.0, 1.0, 0.5, 1.0, 2.5, 100.0],
     [-EULER, math.pi**2 / 6, math.pi**2 / 2, -2 * 1.2020569031595943, 0.22390584881725205, 2.4605999440119952e-09]),
    ("polygamma", [0.5, -1.0, 1.0, 200.0, 2.0], [1.0, 1.0, -1.0, 2.5, -1.0], [NAN, NAN, INF, -INF, NAN]),
]  # fmt: skip


@pytest.mark.parametrize(("op", "x", "y", "expected"), TWO)
def test_known_values_of_two(op, x, y, expected, array):
    np.testing.assert_allclose(array(f"chlo.{op}", np.array(x), np.array(y)), expected, rtol=1e-14)


def test_digamma_near_its_zero(array):
    """Which no double is."""
    found = array("chlo.digamma", np.array([1.4616321449683622, 1.4616321449683625]))
    np.testing.assert_allclose(found, [-9.241265521729427e-17, 1.2245374622004068e-16], rtol=1e-14)


SPECIAL = {
    "bessel_i1e": ("i1e", -40, 40),
    "digamma": ("digamma", 0.001, 40),
    "erf": ("erf", -6, 6),
    "erf_inv": ("erfinv", -1, 1),
    "erfc": ("erfc", -6, 26),
    "lgamma": ("gammaln", 0.001, 40),
}


@pytest.mark.parametrize("op", SPECIAL)
def test_values_are_scipys(op, array):
    special = pytest.importorskip("scipy.special")
    name, low, high = SPECIAL[op]
    x = np.random.default_rng(0).uniform(low, high, 10000)
    expected = getattr(special, name)(x)
    # scipy's own functions lose a few digits where they are near zero.
    np.testing.assert_allclose(array(f"chlo.{op}", x), expected, rtol=5e-14, atol=1e-14)
    if op != "erf_inv":
        single = x.astype(np.float32)
        wanted = getattr(special, name)(single.astype(np.float64)).astype(np.float32)
        np.testing.assert_allclose(array(f"chlo.{op}", single), wanted, rtol=5e-7, atol=1e-38)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_erf_inv_is_the_inverse(dtype, array):
    x = np.linspace(-1, 1, 9999, dtype=dtype)[1:-1]
    found = array("chlo.erf_inv", x).astype(np.float64)
    np.testing.assert_allclose([math.erf(y) for y in found.tolist()], x, rtol=1e-6 if dtype == np.float32 else 5e-16)


@pytest.mark.parametrize("op", ["erf", "lgamma", "zeta"])
def test_arrays_that_are_worked_on_in_blocks(op, array):
    """Long ones, views, and those that are repeated."""
    x = np.linspace(0.5, 20, 9000).reshape(90, 100)
    operands = [np.broadcast_to(1.5 + x[0], x.shape), x] if op == "zeta" else [x]
    whole = array(f"chlo.{op}", *operands)
    parts = [array(f"chlo.{op}", *[o[i] for o in operands]) for i in range(90)]
    assert whole.tolist() == np.stack(parts).tolist()
    assert array(f"chlo.{op}", *[o.T for o in operands]).tolist() == whole.T.tolist()
    assert array(f"chlo.{op}", *[o[:0] for o in operands]).shape == (0, 100)
    assert array(f"chlo.{op}", *[o[3, 4] for o in operands]).tolist() == whole[3, 4]


@pytest.mark.parametrize("type", ["f16", "bf16", "f32", "f64", "f8E5M2"])
def test_next_numbers(type, array):
    dtype = DTYPES[type].numpy
    x, y = (
        np.array(values).astype(dtype) for values in ([1, 1, 0, -0.0, 0, 1, NAN, 2], [2, 0, 1, -1, -0.0, 1, 1, INF])
    )
    bits = array("chlo.next_after", x, y).view(f"i{dtype.itemsize}")
    one, two, sign = (np.array([v]).astype(dtype).view(f"i{dtype.itemsize}")[0] for v in (1, 2, -0.0))
    expected = [one + 1, one - 1, 1, sign + 1, sign, one, None, two + 1]
    assert [b for b, e in zip(bits.tolist(), expected, strict=True) if e is not None] == [
        e for e in expected if e is not None
    ]
    assert np.isnan(array("chlo.next_after", x, y)[6].astype(np.float32))


@pytest.mark.parametrize("type", ["i4", "ui4", "i8", "ui8", "i32", "ui32", "i64", "ui64"])
def test_upper_halves_of_products(type, array):
    width = int(type.lstrip("ui"))
    low, high = (0, 2**width - 1) if type.startswith("u") else (-(2 ** (width - 1)), 2 ** (width - 1) - 1)
    values = [low, low + 1, high, high // 3, high // 5 * 2, 1, 0, 2]
    dtype = DTYPES[type].numpy
    x, y = (
        np.array(v, np.int64 if low else np.uint64).astype(dtype)
        for v in (values * 8, np.repeat(np.array(values, object), 8).tolist())
    )
    found = array("chlo.mulhi", x, y)
    assert found.dtype == dtype
    assert found.astype(object).tolist() == [
        (a * b) >> width for a, b in zip(*[v.astype(object).tolist() for v in (x, y)], strict=True)
    ]


def test_conjugates(array):
    assert array("chlo.conj", np.array([1 + 2j, -1j], np.complex64)).tolist() == [1 - 2j, 1j]


def test_constants(array):
    x = np.ones((2, 3), np.float32)
    assert array("chlo.constant", value=x[0]).tolist() == [1, 1, 1]
    assert np.array_equal(array("chlo.constant_like", x, value=2.5), 2.5 * x)
    assert array("chlo.constant_like", x.astype(np.int8), value=-3).tolist() == [[-3] * 3] * 2


def test_programs_are_what_eager_callers_get(array):
    ops = ["erf", "erfc", "erf_inv", "lgamma", "digamma", "bessel_i1e", "square", "tan", "sinh", "acos"]
    lines = [f"%{op} = chlo.{op} %x : tensor<5xf32> -> tensor<5xf32>" for op in ops]
    two = ["zeta", "polygamma", "next_after"]
    lines += [f"%{op} = chlo.{op} %n, %x : tensor<5xf32>, tensor<5xf32> -> tensor<5xf32>" for op in two]
    lines += ["%is_inf = chlo.is_inf %x : tensor<5xf32> -> tensor<5xi1>"]
    names, types = (
        ", ".join(f"%{op}" for op in [*ops, *two, "is_inf"]),
        ", ".join(["tensor<5xf32>"] * 13 + ["tensor<5xi1>"]),
    )
    text = f"func.func @main(%x: tensor<5xf32>, %n: tensor<5xf32>) -> ({types}) {{\n"
    text += "\n".join([*lines, f"return {names} : {types}", "}"])
    x, n = np.array([-0.5, 0.0, 0.25, 0.75, 1], np.float32), np.array([2, 3, 2, 1, 4], np.float32)
    expected = [array(f"chlo.{op}", x) for op in ops] + [array(f"chlo.{op}", n, x) for op in two] + [np.isinf(x)]
    for opt_level in (0, 2):
        for one, other in zip(tfrt.load(tfrt.compile(text, opt_level=opt_level))["main"](x, n), expected, strict=True):
            np.testing.assert_array_equal(one, other)


REFUSED = [
    *[(op, "i32") for op in ("erf", "lgamma", "square", "is_inf", "acos")],
    *[(op, "complex<f32>") for op in ("erf", "digamma", "bessel_i1e", "is_inf")],
    ("mulhi", "f32"), ("mulhi", "i1"), ("next_after", "i32"), ("zeta", "complex<f64>"), ("polygamma", "i8"),
]  # fmt: skip


@pytest.mark.parametrize(("op", "type"), REFUSED)
def test_types_that_are_refused(op, type, fails):
    x = np.array([1, 0]).astype(DTYPES[type].numpy)
    operands = [x, x] if op in ("mulhi", "next_after", "zeta", "polygamma") else [x]
    fails(f"op 'chlo.{op}' does not take elements of {type}", f"chlo.{op}", *operands)
