"""A host that keeps what kernels print, and kernels called as the executor calls them."""

import io

import pytest

from tfrt.executor.runtime.host_context import HostContext


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
