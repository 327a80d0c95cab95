"""The same chunks on the machines of a Ray cluster: an actor for each worker, the same parts, the same resume."""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from mt.errors import BackendUnavailable, ConfigError
from serve.batch.chunks import Chunk
from serve.batch.executor import TICK, Executor
from serve.batch.pieces import Piece
from serve.batch.process import READY, Answer, Bounds, Fault, answer, loaded
from serve.batch.work import Output, Setup, Worker

_STORE = 100 * 2**20  # bytes of a local Ray's object store: chunks are texts


class RayExecutor(Executor):
    """Workers as actors of a cluster, or of a Ray that is started on this machine where no address is given.

    Every machine needs khulasa and its extras installed; each has or builds the model in its own cache.
    """

    def __init__(
        self, setup: Setup, workers: int = 0, bounds: Bounds | None = None, address: str | None = None, gpus: float = 0
    ) -> None:
        super().__init__(setup, workers, bounds)
        self._address, self._gpus = address, gpus

    def run(self, chunks: Iterator[Chunk]) -> Iterator[tuple[int, list[Output]]]:
        """The output records of each chunk, as chunks finish; see `Executor.run` for what it raises."""
        with _cluster(self._address, self._workers * max(1, self._setup.placement.threads)) as ray:
            threads = max(1, self._setup.placement.threads)
            self._workers = self._workers or max(1, int(ray.cluster_resources().get("CPU", 1)) // threads)
            # A worker that dies is replaced here, where its chunk is known: Ray would run the chunk again for ever.
            self._actor = ray.remote(num_cpus=threads, num_gpus=self._gpus, max_restarts=0, max_task_retries=0)(_Actor)
            yield from super().run(chunks)

    def _start(self) -> RayWorker:
        return RayWorker(self._actor.remote(self._setup))

    def _said(self, crew: Sequence[Any]) -> Sequence[Any]:
        import ray

        busy = {worker.call: worker for worker in crew if worker.call is not None}
        if not busy:
            time.sleep(TICK)
            return []
        done, _ = ray.wait(list(busy), num_returns=1, timeout=TICK)
        return [busy[call] for call in done]


class RayWorker:
    """A worker on some machine, seen from the one that leads; speaks as `serve.batch.process.Process` does."""

    def __init__(self, actor: Any) -> None:
        self._actor = actor
        self.piece: Piece | None = None
        self.ready = False
        self.call: Any = actor.ready.remote()
        self._deadline = 0.0

    def give(self, piece: Piece, bounds: Bounds) -> bool:
        """Set the worker to work on the piece; whether it is alive is heard later."""
        self.call = self._actor.translate.remote(piece.chunk)
        self.piece, self._deadline = piece, time.monotonic() + bounds.limit(piece)
        return True

    def hear(self) -> Answer:
        """What it says; a Fault if it died instead, of its piece or by its machine."""
        import ray

        call, self.call = self.call, None
        try:
            said: Answer = ray.get(call)
        except ray.exceptions.OutOfMemoryError as error:
            return Fault("OutOfMemory", f"Ray stopped its worker: {_first_line(error)}", innocent=True)
        except (ray.exceptions.RayActorError, ray.exceptions.WorkerCrashedError, ray.exceptions.NodeDiedError) as error:
            return Fault("Crashed", f"its worker died twice: {_first_line(error)}", innocent=True)
        return said

    def excess(self, bounds: Bounds) -> Fault | None:
        """That it takes too long, if it does; of memory, Ray's own monitor sees to it."""
        if self.piece and time.monotonic() > self._deadline:
            limit = bounds.limit(self.piece)
            return Fault("TimedOut", f"not done after {limit:.0f} seconds; allow more with --timeout")
        return None

    def end(self) -> None:
        """Kill it: there is nothing that it must finish."""
        import ray

        with suppress(Exception):  # it may be gone, with its machine or the whole cluster
            ray.kill(self._actor)


class _Actor:
    """What runs on the worker's machine."""

    def __init__(self, setup: Setup) -> None:
        os.environ["OMP_NUM_THREADS"] = str(max(1, setup.placement.threads))  # Ray sets what it thinks best
        self._worker = loaded(setup)

    def ready(self) -> Answer:
        return READY if isinstance(self._worker, Worker) else self._worker

    def translate(self, chunk: Chunk) -> Answer:
        return answer(self._worker, chunk) if isinstance(self._worker, Worker) else self._worker


@contextmanager
def _cluster(address: str | None, cpus: int) -> Iterator[Any]:
    """Ray, joined to the cluster at the address, or started here and stopped at the end.

    Raises BackendUnavailable without Ray, ConfigError if there is no cluster.
    """
    # Before the import: no statistics sent, no token file in the user's home.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    if address is None:
        os.environ.setdefault("RAY_AUTH_MODE", "disabled")
    try:
        import ray
    except ImportError as error:
        raise BackendUnavailable("--executor ray needs Ray: pip install 'khulasa[ray]'") from error
    own: dict[str, Any] = {"num_cpus": cpus or None, "include_dashboard": False, "object_store_memory": _STORE}
    mine = not ray.is_initialized()
    if mine:
        try:
            _check_reachable(address)
            ray.init(address, log_to_driver=False, logging_level=logging.ERROR, **({} if address else own))
        except (ConnectionError, ValueError, RuntimeError, OSError) as error:
            where = f"at {address}" if address else "on this machine"
            why = f"{_first_line(error)}; see `ray status`, or leave --address out"
            raise ConfigError(f"no Ray {where}: {why}") from error
    try:
        yield ray
    finally:
        if mine:
            ray.shutdown()


def _check_reachable(address: str | None) -> None:
    """Return if something listens there; raises OSError at once, where Ray would try for minutes."""
    host, _, port = (address or "").removeprefix("ray://").rpartition(":")
    if host and port.isdigit():
        socket.create_connection((host, int(port)), timeout=10).close()


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]
