"""Workers on processes of this machine."""

from __future__ import annotations

from collections.abc import Sequence
from multiprocessing.connection import wait
from typing import Any

from serve.batch.executor import TICK, Executor
from serve.batch.process import Process


class LocalExecutor(Executor):
    """Each worker is a process with an engine of its own."""

    def _start(self) -> Process:
        return Process(self._setup)

    def _said(self, crew: Sequence[Any]) -> Sequence[Any]:
        ready = wait([process.pipe for process in crew], TICK)
        return [process for process in crew if process.pipe in ready]
