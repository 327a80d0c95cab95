"""What a server counts, for Prometheus: requests, latencies, batches, segments, tokens, and what is going on now."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

if TYPE_CHECKING:
    from serve.batching import Batch

_LATENCIES = (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300, 900)  # seconds: from a refusal to a book
_SIZES = (1, 2, 4, 8, 16, 32, 64, 128)  # segments of a batch


class Metrics:
    """The numbers of one server, in a registry of its own; no label ever holds what a user sent."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)  # memory, processor time, open files
        self._requests = self._counter("requests", "Requests answered.", "route", "method", "status")
        self._latency = self._histogram("request_seconds", "Until the last byte of an answer.", _LATENCIES, "route")
        self._batches = self._counter("batches", "Batches decoded.", "model")
        self._segments = self._counter("segments", "Segments decoded.", "model")
        self._tokens = self._counter("tokens", "Source tokens decoded.", "model")
        self._batch_seconds = self._histogram("batch_seconds", "Decoding of one batch.", _LATENCIES, "model")
        self._batch_segments = self._histogram("batch_segments", "Segments in one batch.", _SIZES, "model")
        self._running = self._gauge("requests_running", "Requests that are in, at work or waiting.")
        self._waiting = self._gauge("segments_waiting", "Segments that wait for a batch.")

    def watch(self, running: Callable[[], float], waiting: Callable[[], float]) -> None:
        """Read the two gauges from these whenever somebody asks."""
        self._running.set_function(running)
        self._waiting.set_function(waiting)

    def observe_request(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count one answer; `route` is the template of the path, never the path."""
        self._requests.labels(route, method, str(status)).inc()
        self._latency.labels(route).observe(seconds)

    def count_batch(self, batch: Batch) -> None:
        """Count one batch of an engine."""
        self._batches.labels(batch.model).inc()
        self._segments.labels(batch.model).inc(batch.segments)
        self._tokens.labels(batch.model).inc(batch.tokens)
        self._batch_seconds.labels(batch.model).observe(batch.seconds)
        self._batch_segments.labels(batch.model).observe(batch.segments)

    def render(self) -> tuple[bytes, str]:
        """All numbers as Prometheus reads them, and the content type of that."""
        return generate_latest(self._registry), CONTENT_TYPE_LATEST

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"khulasa_{name}", text, labels, registry=self._registry)

    def _histogram(self, name: str, text: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(f"khulasa_{name}", text, labels, buckets=buckets, registry=self._registry)

    def _gauge(self, name: str, text: str) -> Gauge:
        return Gauge(f"khulasa_{name}", text, registry=self._registry)
