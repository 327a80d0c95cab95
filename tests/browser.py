"""A server in a thread on a fake engine, for tests of the page in a browser and without."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
import uvicorn
from conftest import FakeEngine, Rule
from starlette.types import ASGIApp

from mt.document import DecodingOptions, Hypothesis, Source
from mt.registry import load_registry
from serve.admission import Admission
from serve.desk import Desk
from serve.metrics import Metrics
from serve.service import Service
from serve.settings import Settings

SENTENCES = {  # what the fake model knows
    "أعلنت الوزارة خطة للمياه في عمان.": "The ministry announced a water plan in Amman.",
    "وقال الوزير إن الخطة تبدأ في عام 2025.": "The minister said the plan begins in 2026.",
    "لم تذكر الكلفة في البيان.": "The cost was not stated.",
}
ARTICLE = "\n\n".join(  # a headline and two paragraphs
    (
        "خطة جديدة للمياه",
        "أعلنت الوزارة خطة للمياه في عمان. وقال الوزير إن الخطة تبدأ في عام 2025.",
        "لم تذكر الكلفة في البيان.",
    )
)


def known(text: str, options: DecodingOptions) -> list[Hypothesis]:
    """The known sentence and worse ones after it; of any other text what it is made of."""
    best = SENTENCES.get(text, f"A new plan of {len(text.split())} words")
    others = [f"{best[:-1]}, or so" + best[-1] * (i + 1) for i in range(options.num_hypotheses - 1)]
    return [Hypothesis(target, -0.1 - i) for i, target in enumerate([best, *others])]


class SlowEngine(FakeEngine):
    """A fake engine whose sources wait for `go`, each as a batch of its own; `decoded` counts them."""

    def __init__(self, rule: Rule = known) -> None:
        super().__init__(rule)
        self.go, self.begun, self.decoded = threading.Semaphore(0), threading.Event(), 0

    def generate(self, sources: Sequence[Source], options: DecodingOptions) -> Iterator[Any]:
        for answer in super().generate(sources, options):
            self.begun.set()
            self.go.acquire()
            self.decoded += 1
            yield answer


def build_desk(engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, settings: Settings | None = None) -> Desk:
    """A desk whose every model is that engine."""
    monkeypatch.setattr("serve.service.load_engine", lambda *given: engine)
    settings = settings or Settings()
    return Desk(Service(load_registry(), shared=True), settings, Admission(settings.limits), Metrics())


@contextmanager
def served(app: ASGIApp) -> Iterator[str]:
    """The address of a server in a thread, up and ready."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, ws="none", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(20)
