"""How often somebody may ask."""

from __future__ import annotations

import math
import time

from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from serve.admission import Busy


class Rates:
    """Counts requests of keys and addresses, in this process, for as long as their rates look back."""

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def spend(self, who: str, rate: str) -> None:
        """Return if `who` may ask once more, and count it; an empty rate is none.

        Raises Busy, which says when there is room again.
        """
        if not rate:
            return
        item = parse(rate)
        if not self._limiter.hit(item, who):
            wait = max(1, math.ceil(self._limiter.get_window_stats(item, who).reset_time - time.time()))
            raise Busy(f"more than {rate} requests; ask again in {wait} seconds", wait)
