"""Requests as spans of OpenTelemetry: ``HostContext(opentelemetry=True)``.

A call from outside is a span, from its beginning until its results are there, within the span that is current where it
is called; so a program shows up in the traces of the application around it. While it is called its span is current, so
that what its kernels do there, be it on the calling thread, is within it.

This is imported with the package `opentelemetry` only: ``tfrt[opentelemetry]``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tfrt.executor.support.errors import UsageError
from tfrt.executor.values.async_value import AsyncValue

try:
    from opentelemetry import context as current
    from opentelemetry import trace as telemetry
except ImportError as error:
    raise UsageError(f"spans of requests need OpenTelemetry: pip install 'tfrt[opentelemetry]' ({error})") from None

Run = Callable[[Any, Sequence[Any]], list[Any]]


class RequestSpans:
    """Makes the spans.

    Args:
        tracer: an ``opentelemetry.trace.Tracer``; by default that of the provider which the application has set.
    """

    def __init__(self, tracer: Any = None):
        self._tracer = telemetry.get_tracer("tfrt") if tracer is None else tracer

    def belong_here(self, context: Any) -> None:
        """Let an `ExecutionContext` that another thread will run be part of the span that is current here."""
        context.span_parent = current.get_current()

    def watched_function(self, run: Run, name: str) -> Run:
        """`run`, which runs calls of a function, given their `ExecutionContext` and arguments, with spans."""

        def spanned(context: Any, arguments: Sequence[Any]) -> list[Any]:
            whole = context.whole
            if getattr(whole, "has_span", False):
                # It is within the request.
                return run(context, arguments)
            parent = getattr(whole, "span_parent", None)
            span = self._tracer.start_span(f"@{name}", context=parent, attributes={"tfrt.function": name})
            whole.has_span = True

            def finish(error: BaseException | None) -> None:
                whole.has_span = False
                if error is not None:
                    span.record_exception(error)
                    span.set_status(telemetry.Status(telemetry.StatusCode.ERROR, str(error)))
                span.end()

            try:
                with telemetry.use_span(span, record_exception=False, set_status_on_exception=False):
                    results = run(context, arguments)
            except BaseException as error:
                finish(error)
                raise
            later = [result for result in results if type(result) is AsyncValue]
            context.host.run_when_ready(
                later, lambda: finish(next((value.error for value in later if value.is_error), None))
            )
            return results

        return spanned
