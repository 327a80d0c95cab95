"""What schemathesis makes of /openapi.json, sent to the API on a fake engine: nothing it finds wrong."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import schemathesis
from conftest import FakeEngine, numbered
from desks import build_desk
from hypothesis import HealthCheck, settings
from schemathesis import GenerationMode

from serve.api.app import build_api
from serve.settings import Limits

schema = schemathesis.openapi.from_asgi("/openapi.json", build_api(build_desk(Limits(segments=50))))
# No schema can say which texts are Arabic, which pairs belong together, which models are installed, and which bytes are
# a document; what it can say, it must: see the assertion.
ACCEPTED = ["2xx", "400", "403", "404", "413", "415", "422", "503"]
schema.config.checks.positive_data_acceptance.expected_statuses = ACCEPTED


@pytest.fixture(scope="module", autouse=True)
def engine() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("serve.service.load_engine", lambda *given: FakeEngine(numbered))
        yield


@pytest.mark.slow
@schema.include(path_regex="^/v1/").parametrize()
@settings(
    max_examples=10, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)  # fmt: skip
def test_nothing_is_found(case: schemathesis.Case) -> None:
    response = case.call_and_validate()
    if response.status_code == 422 and case.meta and case.meta.generation.mode == GenerationMode.POSITIVE:
        assert response.json()["error"]["kind"] == "SourceUnreadable"
