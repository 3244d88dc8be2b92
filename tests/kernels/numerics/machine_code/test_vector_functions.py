"""Functions of vectors of singles and doubles: how far they are from the true numbers, in units in the last place."""

import numpy as np
import pytest

from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.machine_code import is_available
from tfrt.kernels.numerics.arithmetic import floats
from tfrt.kernels.numerics.chains.steps import Step
from tfrt.kernels.numerics.machine_code.chain import Chain, with_native_chain
from tfrt.kernels.numerics.special import error_functions

pytestmark = pytest.mark.skipif(not is_available(), reason="needs llvmlite")
F32 = np.dtype(np.float32)
SPECIAL = [0, -0.0, np.inf, -np.inf, np.nan, 1e-45, -1e-45, 1e-40, 0.5, 1, -1, -0.99999994, 0.99999994, -2, 4, 8.4, 10]
SPECIAL = [*SPECIAL, 10.0625, 88, 89, -20, -104, 2.0**24]


def some() -> np.ndarray:
    """Floats of all sizes, and more of those near one."""
    all = np.arange(0, 1 << 32, 7919, np.uint32).view(np.float32)
    near = np.random.default_rng(0).uniform(-12, 12, 1 << 17).astype(np.float32)
    return np.concatenate([all, near, np.float32(SPECIAL)])


def native(function, x, dtype=F32):
    """What a function gives, as the other type; vectors of doubles have half as many elements."""

    def never(*_, out=None):
        raise AssertionError("machine code was to run")

    with HostContext("s", native=True) as host:
        steps = [Step(function, (0,), dtype=x.dtype), Step(np.positive, (1,), "convert({0})")]
        run = with_native_chain(never, Chain([x.shape], [x.dtype], x.shape, dtype, steps), host)
        return run(x)


def of_logistic(x):
    return 1 / (1 + np.exp(-x))


@pytest.mark.parametrize(
    ("function", "exact", "most"),
    [
        (np.exp, np.exp, 1),
        (np.expm1, np.expm1, 2),
        (np.log, np.log, 1),
        (np.log1p, np.log1p, 2),
        (np.tanh, np.tanh, 6),
        (np.sin, np.sin, 1),
        (np.cos, np.cos, 1),
        (floats.logistic, of_logistic, 3),
        (error_functions.erf_of_floats, error_functions.erf, 6),
        (error_functions.erfc_of_floats, error_functions.erfc, 6),
    ],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_floats_of_all_sizes(function, exact, most, dtype):
    x = some()
    with np.errstate(all="ignore"):
        found, expected = native(function, x, np.dtype(dtype)).astype(np.float32), exact(x.astype(np.float64))
        rounded = expected.astype(np.float32)
        is_number = np.isfinite(rounded) & np.isfinite(found)
        np.testing.assert_array_equal(found[~np.isfinite(rounded)], rounded[~np.isfinite(rounded)])
        # Exponentials overflow before their reciprocals are zero.
        is_number &= ~((function is floats.logistic) & (np.abs(rounded) < np.finfo(np.float32).tiny))
        units = np.abs(found.astype(np.float64) - expected)[is_number] / np.spacing(np.abs(rounded[is_number]))
    assert units.max() <= most
    assert np.all(np.isfinite(found) | ~np.isfinite(rounded))
    np.testing.assert_array_equal(np.signbit(found[x == 0]), np.signbit(rounded[x == 0]))


def some_doubles() -> np.ndarray:
    """Doubles of all sizes, and more of those near one."""
    bits = np.random.default_rng(0).integers(0, 1 << 64, 1 << 16, np.uint64)
    near = np.random.default_rng(1).uniform(-12, 12, 1 << 16)
    tiny = np.random.default_rng(2).uniform(-1, 1, 1 << 14) * 2.0 ** np.random.default_rng(3).integers(-60, 10, 1 << 14)
    special = [*SPECIAL, 5e-324, -5e-324, 2e-310, 709.7, 709.9, -708.5, -745, -746, 1 - 2.0**-53, 1 + 2.0**-52, 2.0**53]
    return np.concatenate([bits.view(np.float64), near, tiny, np.float64(special)])


@pytest.mark.skipif(np.finfo(np.longdouble).eps > 1e-18, reason="needs numbers of more precision")
@pytest.mark.parametrize(
    ("function", "exact", "most"),
    [
        (np.exp, np.exp, 1),
        (np.expm1, np.expm1, 2),
        (np.log, np.log, 1),
        (np.log1p, np.log1p, 2),
        (np.tanh, np.tanh, 4),
        (floats.logistic, of_logistic, 3),
    ],
)
def test_doubles_of_all_sizes(function, exact, most):
    x = some_doubles()
    with np.errstate(all="ignore"):
        found, expected = native(function, x, x.dtype), exact(x.astype(np.longdouble))
        rounded = expected.astype(np.float64)
        is_number = np.isfinite(rounded)
        np.testing.assert_array_equal(found[~is_number], rounded[~is_number])
        is_number &= ~((function is floats.logistic) & (np.abs(rounded) < np.finfo(np.float64).tiny))
        units = np.abs(found - expected)[is_number] / np.spacing(np.abs(rounded[is_number]))
    assert units.max() <= most
    np.testing.assert_array_equal(np.signbit(found[x == 0]), np.signbit(rounded[x == 0]))


@pytest.mark.parametrize("function", [np.tanh, error_functions.erf_of_floats])
def test_what_ends_at_one_is_one(function):
    x = np.float32([10, 20, 1e30, np.inf, -10, -20, -1e30, -np.inf])
    ones = np.repeat(np.float32([1, -1]), 4)
    np.testing.assert_array_equal(native(function, x), ones)
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(function(x), ones)


@pytest.mark.parametrize("function", [error_functions.erf_of_floats, error_functions.erfc_of_floats])
def test_numpy_is_as_near(function):
    x = some()
    exact = error_functions.erf if function is error_functions.erf_of_floats else error_functions.erfc
    is_number = ~np.isnan(x)
    with np.errstate(all="ignore"):
        found, expected = function(x), exact(x.astype(np.float64))
        units = np.abs(found - expected)[is_number] / np.spacing(np.abs(expected[is_number].astype(np.float32)))
    assert units.max() <= 6
    assert np.isnan(found[~is_number]).all()


def test_the_inverse_of_the_error_function():
    """It loses what the square of its argument does, like numpy's."""
    x = np.concatenate([np.random.default_rng(0).uniform(-1, 1, 1 << 16).astype(np.float32), np.float32(SPECIAL)])
    with np.errstate(all="ignore"):
        found, expected = native(error_functions.erf_inv_of_floats, x), error_functions.erf_inv_of_floats(x)
    np.testing.assert_allclose(found, expected, rtol=3e-5)
    near = np.abs(x) < 0.9
    np.testing.assert_allclose(found[near], expected[near], rtol=1e-6)
    np.testing.assert_array_equal(np.signbit(found[x == 0]), np.signbit(x[x == 0]))
