"""A host that keeps what kernels print, and ops run as an eager caller runs them."""

import io
from functools import wraps

import numpy as np
import pytest

from tfrt.executor.core_runtime.core_runtime import CoreRuntime
from tfrt.executor.declarations.kernel import is_of_this_package
from tfrt.executor.declarations.op import OpEntry
from tfrt.executor.declarations.op_registry import CPU_OPS
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.tensor import DenseHostTensor


@pytest.fixture(autouse=True, scope="package")
def new_memory():
    """In all tests: ops that do not declare `views` give memory that they share with no operand, as plans rely on."""
    arrays_of = OpEntry.arrays

    @wraps(arrays_of)
    def arrays(entry, *arguments):
        form = arrays_of(entry, *arguments)
        if entry.views or not is_of_this_package(entry.dispatch):
            return form

        def run(*operands, **options):
            found = form(*operands, **options)
            if isinstance(found, np.ndarray):
                out = options.get("out")
                others = [x for x in operands if isinstance(x, np.ndarray) and x is not out]
                shared = [x for x in others if np.may_share_memory(x, found)]
                assert out is not None or not shared, f"the result of {entry.name} is a view of an operand"
            return found

        # How it is written, as it would be.
        run.__dict__.update(form.__dict__)
        return run

    OpEntry.arrays = arrays
    yield
    OpEntry.arrays = arrays_of


class Host(HostContext):
    """A host that remembers what kernels print."""

    def __init__(self, work_queue="s", **options):
        self.output = io.StringIO()
        super().__init__(work_queue, out=self.output, **options)

    @property
    def printed(self):
        return self.output.getvalue()


@pytest.fixture
def host():
    with Host() as context:
        yield context


@pytest.fixture(params=["s", "mstd:2", "seeded:7"])
def any_host(request):
    """A host with each kind of work queue."""
    with Host(request.param) as context:
        yield context


def _run(op, *operands, **attrs):
    results = _results(op, operands, attrs)
    check_shapes(op, operands, attrs, results)
    return results[0] if len(results) == 1 else results


def _results(op, operands, attrs):
    with HostContext("s") as host:
        handles = CoreRuntime.of(host).execute(op, *operands, **attrs)
        results = tuple(handle.result() for handle in handles)
        for handle, result in zip(handles, results, strict=True):
            assert (handle.shape, handle.dtype) == (result.shape, result.dtype)
    return results


def check_shapes(op, operands, attrs, results):
    """An op gives the same shapes for zeros in the place of what it declares that they do not depend on; and the same
    elements where it declares that these depend on shapes alone."""
    entry = CPU_OPS.get(op)
    shaping = () if entry.shape_only else entry.shaping_inputs(len(operands), attrs)
    if shaping is None or not all(isinstance(operand, np.ndarray | np.generic) for operand in operands):
        return
    zeroed = [x if number in shaping else np.zeros_like(x) for number, x in enumerate(operands)]
    for result, other in zip(results, _results(op, zeroed, attrs), strict=True):
        assert (result.shape, result.dtype) == (other.shape, other.dtype)
        if entry.shape_only:
            np.testing.assert_array_equal(result.array, other.array)


@pytest.fixture(scope="session")
def run():
    """A function that runs an op and returns its results' tensors, which agree with their metadata: one, or a tuple."""
    return _run


@pytest.fixture(scope="session")
def array():
    """A function that runs an op and returns its one result's elements, which are in row-major order."""

    def elements(op, *operands, **attrs):
        result = _run(op, *operands, **attrs)
        assert isinstance(result, DenseHostTensor)
        assert result.array.flags.c_contiguous
        assert result.array.dtype == result.dtype.numpy
        return result.array

    return elements


@pytest.fixture(scope="session")
def fails():
    """A function that runs an op and expects that message."""

    def expect(message, op, *operands, **attrs):
        with pytest.raises(KernelError) as caught:
            _run(op, *operands, **attrs)
        assert caught.value.message == message

    return expect
