"""What is counted and measured, in Prometheus' words; /metrics shows it.

With several workers prometheus_client adds them up through files (PROMETHEUS_MULTIPROC_DIR, which
api/server.py sets); what is read off this process when asked is then the asked worker's own.
"""

import os
from collections.abc import Iterator
from functools import cache
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, Histogram
from prometheus_client.core import REGISTRY, CollectorRegistry, GaugeMetricFamily
from prometheus_client.exposition import generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

MEDIA_TYPE = CONTENT_TYPE_LATEST
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10)

REQUESTS = Histogram(
    "tapehouse_request_seconds",
    "Time to the end of an answer.",
    ["route", "status"],
    buckets=BUCKETS,
)
QUERIES = Histogram(
    "tapehouse_query_seconds", "Time of a report's statement.", ["statement"], buckets=BUCKETS
)


@cache
def timer(route: str, status: int) -> Histogram:
    """Of requests; looked up once, for that takes as long as to count."""
    return REQUESTS.labels(route, status)


@cache
def query_timer(statement: str) -> Histogram:
    """Of a report's statements."""
    return QUERIES.labels(statement)


def exposed(service: Any) -> bytes:
    """All of it as text."""
    return _kept() + generate_latest(_Now(service))


def _kept() -> bytes:
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)


class _Now(CollectorRegistry):
    """What the parts of the service say of themselves."""

    def __init__(self, service: Any) -> None:
        super().__init__()
        self.service = service

    def collect(self) -> Iterator[GaugeMetricFamily]:
        for name, text, value in _readings(self.service):
            yield GaugeMetricFamily(f"tapehouse_{name}", text, value=value)


def _readings(service: Any) -> Iterator[tuple[str, str, float]]:
    pool, cache = service.reader.pool, service.cache
    yield "pool_size", "Connections of the read pool.", pool.get_size()
    yield "pool_used", "Connections that are lent.", service.reader.used
    yield "pool_waiting", "Requests that wait for a connection.", service.reader.waiting
    yield "cache_hits", "Pages answered from memory.", cache.hits
    yield "cache_misses", "Pages that were not in memory.", cache.misses
    yield "cache_bytes", "Memory that pages take.", cache.size
    yield "reads_shared", "Reads that joined one under way.", service.flights.shared
    yield (
        "records_waiting",
        "Records of reading that no statement has taken.",
        service.recorder.waiting(),
    )
    yield "requests_running", "Requests under way.", sum(service.limits.running.values())
    yield "listener_heard", "Whether the listening connection is up.", float(service.listener.heard)
