"""Requests as spans of OpenTelemetry, where its SDK is installed."""

from __future__ import annotations

import asyncio
import sys

import pytest

import tfrt
from tfrt.executor.declarations.kernel import Kernel
from tfrt.executor.declarations.kernel_registry import BUILTIN, KernelRegistry

PROGRAM = """
func.func @inner(%x: i32) -> i32 {
  %r = "t.twice"(%x) : (i32) -> i32
  tfrt.return %r : i32
}
func.func @main(%x: i32) -> i32 {
  %r = tfrt.call @inner(%x) : (i32) -> i32
  tfrt.return %r : i32
}
func.func @later(%x: i32) -> i32 {
  %r = "tfrt_test.async_add.i32"(%x, %x) : (i32, i32) -> i32
  tfrt.return %r : i32
}
"""


def test_without_opentelemetry(monkeypatch):
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    monkeypatch.delitem(sys.modules, "tfrt.executor.runtime.request_spans", raising=False)
    message = r"^spans of requests need OpenTelemetry: pip install 'tfrt\[opentelemetry\]' \(.*\)$"
    with pytest.raises(tfrt.UsageError, match=message):
        tfrt.HostContext(opentelemetry=True)


@pytest.fixture
def telemetry():
    """A tracer, and the spans that have ended."""
    trace = pytest.importorskip("opentelemetry.sdk.trace", reason="needs OpenTelemetry")
    export = pytest.importorskip("opentelemetry.sdk.trace.export.in_memory_span_exporter")
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor

    exporter, provider = export.InMemorySpanExporter(), trace.TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return provider.get_tracer("test"), exporter.get_finished_spans


@pytest.fixture(params=["s", "mstd:2"])
def load(request, telemetry):
    """Loads the program on a host that makes spans."""
    tracer, _ = telemetry
    registry = KernelRegistry(BUILTIN)

    def twice(x: int) -> int:
        if x < 0:
            raise ValueError("negative")
        with tracer.start_as_current_span("twice"):
            return 2 * x

    registry.register(Kernel("t.twice", twice))
    with tfrt.HostContext(request.param, registry=registry, opentelemetry=tracer) as host:
        yield tfrt.load(tfrt.compile(PROGRAM, "f.mlir"), host=host)


def found(spans):
    names = {span.context.span_id: span.name for span in spans()}
    return [(span.name, span.parent and names[span.parent.span_id]) for span in spans()]


def test_a_request_is_a_span_within_the_application_s(load, telemetry):
    tracer, spans = telemetry
    for _ in range(2):
        with tracer.start_as_current_span("application"):
            assert load["main"](4) == 8
    assert [name for name, _ in found(spans)] == ["twice", "@main", "application"] * 2
    assert found(spans)[1] == ("@main", "application")
    assert spans()[1].attributes == {"tfrt.function": "main"}


def test_a_call_from_a_coroutine_is_within_the_coroutine_s(load, telemetry):
    tracer, spans = telemetry

    async def call():
        with tracer.start_as_current_span("coroutine"):
            return await load["main"].call_async(5)

    assert asyncio.run(call()) == 10
    assert ("@main", "coroutine") in found(spans)


def test_a_span_lasts_until_the_results_are_there(load, telemetry):
    _, spans = telemetry
    host = load.host
    results = load["later"].start(3)
    host.wait(results)
    host.quiesce()
    assert [span.name for span in spans()] == ["@later"]


def test_what_fails_is_marked(load, telemetry):
    _, spans = telemetry
    with pytest.raises(tfrt.KernelError, match="negative"):
        load["main"](-1)
    (span,) = spans()
    assert span.status.status_code.name == "ERROR" and "negative" in span.status.description
    assert [event.name for event in span.events] == ["exception"]
