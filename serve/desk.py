"""What the HTTP routes and the page share: one service, its settings, who is let in, and what is counted."""

from __future__ import annotations

from dataclasses import dataclass

from serve.admission import Admission
from serve.metrics import Metrics
from serve.service import Service
from serve.settings import Settings


@dataclass(frozen=True, slots=True)
class Desk:
    """The one object that every route and every event of the page is given."""

    service: Service
    settings: Settings
    admission: Admission
    metrics: Metrics
