"""The server as a process: one application on one socket, ready when its model is, going down when told to.

At the first SIGTERM or SIGINT nobody is let in any more, those who are in may finish within the grace time, and are
stopped then; a second signal ends the process at once.
"""

from __future__ import annotations

import inspect
import json
import logging
import os
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import import_module
from types import FrameType
from typing import Any, Final

import uvicorn
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from mt.errors import ConfigError
from mt.vectors import load_in_background
from serve.admission import Admission
from serve.api.guard import Guard
from serve.desk import Desk
from serve.keys import Keyring
from serve.metrics import Metrics
from serve.service import Service
from serve.settings import Settings

CONNECTIONS: Final = 500  # at once; an open page holds a few
LAST_BATCH: Final = 5.0  # seconds that stopped requests have to notice: a batch takes one or two
LAST_BYTES: Final = 2  # seconds for answers on their way; event streams of open pages are cut then

_log = logging.getLogger("khulasa.server")


def build_server(desk: Desk) -> ASGIApp:
    """The whole application: routes, page, and the guard in front of them."""
    from serve.api.app import build_api

    _import_gradio()
    from serve.ui.page import mount_page

    settings = desk.settings
    keys = Keyring(settings.keys) if settings.keys else None
    guard = Guard(mount_page(build_api(desk), desk), settings, desk.metrics, keys)
    if not settings.cors:
        return guard
    return CORSMiddleware(
        guard, allow_origins=settings.cors, allow_methods=["GET", "POST"],
        allow_headers=["Authorization", "Content-Type", "X-API-Key", "X-Request-ID"],
        expose_headers=["Retry-After", "X-Request-ID"],
    )  # fmt: skip


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there; port 0 takes a free one.

    Raises ConfigError if the port is taken, or the host is none of this machine.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        found = socket.socket(family, kind, protocol)
    except (OSError, UnicodeError) as error:
        raise ConfigError(f"--host {host[:80]}: {error}; expected an address of this machine, "
                          f"as 127.0.0.1 or 0.0.0.0") from error  # fmt: skip
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections of the last server may linger
        found.bind(address)
        found.listen(2048)
    except OSError as error:
        found.close()
        raise ConfigError(f"{host} port {port} cannot be listened on: {error.strerror}; stop what uses it, "
                          f"or choose another --port") from error  # fmt: skip
    return found


def run(build_service: Callable[[Metrics], Service], settings: Settings, announce: Callable[[str], None]) -> None:
    """Serve until a signal comes; `announce` is told the address once requests may come.

    Raises what loading the model raises, and ConfigError for settings that cannot be.
    """
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))  # until uvicorn asks for signals: nothing runs yet
    found = listen(settings.host, settings.port)
    with found, tempfile.TemporaryDirectory(prefix="khulasa-") as folder:
        os.environ["GRADIO_TEMP_DIR"] = folder  # uploads and downloads: read by nobody else, gone with the server
        metrics, admission = Metrics(), Admission(settings.limits)
        service = build_service(metrics)
        admission.loading = True
        metrics.watch(running=lambda: admission.running, waiting=lambda: service.waiting)
        desk = Desk(service, settings, admission, metrics)
        loader = Loader(desk)
        loader.start()  # beside the import of the page, which takes longer
        server = Server(build_server(desk), desk, loader, announce)
        server.run(sockets=[found])
        service.close()
    if loader.failure:
        raise loader.failure


class Loader(threading.Thread):
    """Loads the model that the server was told to use; `failure` is why it could not."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(name="loader", daemon=True)
        self.failure: Exception | None = None
        self._desk = desk

    def run(self) -> None:
        """Load it, and open the door."""
        try:
            self._desk.service.engine(self._desk.settings.model)
        except Exception as error:  # of whatever kind: a server that loads for ever helps nobody
            self.failure = error
            return
        self._desk.admission.loading = False
        load_in_background()


class Server(uvicorn.Server):
    """uvicorn, with our way to go up and down."""

    def __init__(self, app: ASGIApp, desk: Desk, loader: Loader, announce: Callable[[str], None]) -> None:
        super().__init__(
            uvicorn.Config(
                app, log_config=None, access_log=False, server_header=False, ws="none", lifespan="on",
                limit_concurrency=CONNECTIONS, timeout_graceful_shutdown=LAST_BYTES,
            )
        )  # fmt: skip
        self._desk, self._loader, self._announce = desk, loader, announce
        self._announced = self._stopping = False

    async def on_tick(self, counter: int) -> bool:
        """Whether to go down; ten times a second."""
        if self._loader.failure:
            return True
        if not self._announced and self._desk.admission.state == "ready":
            self._announced = True
            self._announce(_address(self.servers[0].sockets[0], self._desk.settings.host))
        return await super().on_tick(counter)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to go down, or end at once; uvicorn would die of the signal in the end, and we exit with 0."""
        if self._stopping:
            os._exit(128 + sig)
        self._stopping = True
        self._desk.admission.drain()
        threading.Thread(target=self._go_down, name="shutdown", daemon=True).start()

    def _go_down(self) -> None:
        admission, grace = self._desk.admission, self._desk.settings.grace
        _log.info({"stopping": admission.running, "grace": grace})
        if not admission.wait_idle(grace):
            _log.warning({"stopped": admission.running})
            admission.stop_all()
            admission.wait_idle(LAST_BATCH)
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # it calls a stream that is cut an error
        self.should_exit = True
        time.sleep(LAST_BYTES + LAST_BATCH)  # the process has ended by now, unless native code hangs in a thread
        os._exit(0)


class JsonLines(logging.Formatter):
    """One JSON object a record; of an exception its class and place, never its message, which may quote a user."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        time_ = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, Any] = {"time": time_}
        if record.levelno > logging.INFO:
            line["level"] = record.levelname.lower()
        line |= record.msg if isinstance(record.msg, dict) else {"message": record.getMessage(), "from": record.name}
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__
        return json.dumps(line, ensure_ascii=False)


def log_to_stderr() -> None:
    """Send our records, and the warnings of everyone else, to standard error, a JSON line each."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    _log.setLevel(logging.INFO)


def _import_gradio() -> None:
    """Import it without its writing type stubs for editors into its own folder, two fifths of the import's time.

    It leaves out classes whose source cannot be found. If a later gradio does it another way, this does nothing.
    """
    find = inspect.getfile

    def find_other(found: Any) -> str:
        if getattr(found, "__module__", "").startswith("gradio."):
            raise OSError("no stubs here")
        return find(found)

    inspect.getfile = find_other  # type: ignore[assignment]
    try:
        import_module("gradio")
    finally:
        inspect.getfile = find


def _address(found: socket.socket, host: str) -> str:
    return f"http://{f'[{host}]' if ':' in host else host}:{found.getsockname()[1]}"
