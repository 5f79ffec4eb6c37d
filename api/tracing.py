"""Requests as OpenTelemetry spans, where its own variable (OTEL_EXPORTER_OTLP_ENDPOINT) says where they go.

Needs the packages of the extra `otel`; without the variable nothing of it is imported.
"""

import os
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from warehouse.errors import WarehouseError

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
SERVICE = "tapehouse-api"


class TracingMissing(WarehouseError):
    """Traces are asked for, but OpenTelemetry is not installed; install the extra `otel`."""


def provider_from_environment() -> Any:
    """What collects spans and sends them on; none where the environment does not ask for it."""
    if not any(os.environ.get(name) for name in ENDPOINTS):
        return None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise TracingMissing from error
    provider = TracerProvider(resource=Resource.create({"service.name": SERVICE}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))  # from a thread of its own
    return provider


class Traced:
    """A span for each request, below the caller's if it sent a `traceparent`."""

    def __init__(self, app: ASGIApp, provider: Any) -> None:
        self.app = app
        self.tracer = provider.get_tracer(SERVICE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        from opentelemetry.trace import SpanKind
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        carried = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
        above = TraceContextTextMapPropagator().extract(carried)
        with self.tracer.start_as_current_span(
            scope["method"], context=above, kind=SpanKind.SERVER
        ) as span:

            async def tell(message: Message) -> None:
                if message["type"] == "http.response.start":
                    span.set_attribute("http.response.status_code", message["status"])
                await send(message)

            try:
                await self.app(scope, receive, tell)
            finally:
                # The route, not the path: that would name accounts.
                route = getattr(scope.get("route"), "path", "none")
                span.update_name(f"{scope['method']} {route}")
                span.set_attributes({"http.request.method": scope["method"], "http.route": route})
                if request_id := scope.get("state", {}).get("request_id"):
                    span.set_attribute("tapehouse.request_id", request_id)
