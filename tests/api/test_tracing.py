"""Where spans are asked for, a request leaves one, below the caller's, that names no account."""

import httpx
import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from api.settings import ServerSettings
from api.tracing import provider_from_environment
from tests.api.serving import client_of, started
from tests.api.world import ONE
from warehouse.db.target import Target

TRACE = "0af7651916cd43dd8448eb211c80319c"


async def test_a_request_is_a_span(
    served: Target,
    tenant_key: str,
    settings: ServerSettings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    monkeypatch.setattr("api.app.provider_from_environment", lambda: provider)
    async with started(served, settings) as app, client_of(app, tenant_key) as client:
        answer: httpx.Response = await client.get(
            f"/v1/accounts/{ONE.account}/trades",
            headers={"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"},
        )
    (span,) = kept.get_finished_spans()
    assert span.name == "GET /v1/accounts/{account}/trades"
    assert f"{span.context.trace_id:x}" == TRACE.lstrip("0")
    attributes = dict(span.attributes or {})
    assert attributes["http.response.status_code"] == 200
    assert attributes["tapehouse.request_id"] == answer.headers["x-request-id"]
    assert ONE.account not in str(attributes)


def test_without_the_variable_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)
    assert provider_from_environment() is None
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    provider = provider_from_environment()
    assert provider is not None
    provider.shutdown()
