"""Translated files between the answer that names them and their download: in memory, never on disk, for an hour."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable

from mt.errors import InputTooLong
from serve.translated import TranslatedFile

SECONDS = 3600.0
MOST_FILES = 100
MOST_BYTES = 100 * 2**20  # of all together


class Downloads:
    """Files by names that nobody can guess; for one thread. The oldest give way to what is too much."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: dict[str, tuple[float, TranslatedFile]] = {}  # oldest first

    def keep(self, file: TranslatedFile) -> str:
        """The key of the file, to be fetched within the hour; raises InputTooLong for more than is kept at all."""
        if len(file.data) > MOST_BYTES:
            raise InputTooLong(f"{file.name} has over {MOST_BYTES:,} bytes in English; split it into several files")
        key = secrets.token_urlsafe(24)
        self._kept[key] = (self._clock() + SECONDS, file)
        self.forget_old()
        while len(self._kept) > MOST_FILES or sum(len(kept.data) for _, kept in self._kept.values()) > MOST_BYTES:
            del self._kept[next(iter(self._kept))]
        return key

    def find(self, key: str) -> TranslatedFile | None:
        """The file; None if it was never there, or is no more."""
        self.forget_old()
        return self._kept[key][1] if key in self._kept else None

    def forget_old(self) -> None:
        """Let go of what has been kept for its hour."""
        for key in [key for key, (until, _) in self._kept.items() if until <= self._clock()]:
            del self._kept[key]
