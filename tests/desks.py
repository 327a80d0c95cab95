"""A desk on a fake engine, for tests of the routes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from conftest import FakeEngine
from fastapi.testclient import TestClient

from mt.registry import load_registry
from mt.terms import Terms
from serve.admission import Admission
from serve.api.app import build_api
from serve.desk import Desk
from serve.metrics import Metrics
from serve.service import Service
from serve.settings import Limits, Settings

LIMITS = Limits()


def build_desk(limits: Limits = LIMITS, terms: Terms | None = None, **settings: Any) -> Desk:
    """A desk whose service loads no engine until it is asked for one."""
    service = Service(load_registry(), terms=terms)
    return Desk(service, Settings(limits=limits, **settings), Admission(limits), Metrics())


@contextmanager
def client_of(desk: Desk, engine: FakeEngine) -> Iterator[TestClient]:
    """A client of the API on this desk, whose every model is this engine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("serve.service.load_engine", lambda *given: engine)
        with TestClient(build_api(desk), raise_server_exceptions=False) as client:
            yield client
