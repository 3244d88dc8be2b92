"""Targets of custom calls, as an eager caller runs them, and matrices of the element types of LAPACK's routines."""

import numpy as np
import pytest

from tfrt.executor.values.tensor import DenseHostTensor

KINDS = (np.float32, np.float64, np.complex64, np.complex128)


@pytest.fixture(scope="session")
def call(run):
    """A function that calls a target and returns its results' elements, a tuple."""

    def call(target, *operands, **config):
        found = run(f"custom_call.{target}", *operands, **config)
        tensors = found if isinstance(found, tuple) else (found,)
        assert all(isinstance(tensor, DenseHostTensor) for tensor in tensors)
        return tuple(tensor.array for tensor in tensors)

    return call


@pytest.fixture
def sample():
    """A function that gives an array of the element type of some number, other elements each time in a test."""
    random = np.random.default_rng(7)

    def sample(number, *shape):
        found = random.standard_normal(shape)
        if number > 1:
            found = found + 1j * random.standard_normal(shape)
        return found.astype(KINDS[number])

    return sample


@pytest.fixture(scope="session")
def close():
    """A function that compares arrays as their precision lets one."""

    def close(found, expected):
        is_single = any(np.asarray(array).dtype.char in "fF" for array in (found, expected))
        tolerance = 2e-4 if is_single else 1e-10
        np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)

    return close
