"""What a server allows: where it listens, who may ask, and how much."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one request may bring and take, and how many requests there may be at once."""

    characters: int = 1_000_000  # of text
    segments: int = 10_000
    file_bytes: int = 20 * 2**20  # of an upload, and of any request's body
    seconds: float = 900.0  # for one request, waiting included
    requests: int = 64  # in work or waiting; one more is refused with 429


@dataclass(frozen=True, slots=True)
class Settings:
    """How a server runs; the defaults are for one person on their own machine."""

    host: str = "127.0.0.1"
    port: int = 7860
    model: str = "auto"
    keys: Path | None = None  # API keys, hashed; None: no key is asked for
    rate: str = ""  # of each key, or each address without keys, as "60/minute"; empty: none
    allow_urls: bool = False  # whether the server fetches addresses it is given
    cors: tuple[str, ...] = ()  # origins whose pages may ask
    grace: float = 30.0  # seconds that running requests have at shutdown
    limits: Limits = field(default_factory=Limits)

    @property
    def local(self) -> bool:
        """Whether only this machine can reach the server."""
        return self.host in LOOPBACK
