"""The server as a process: up, ready, down; the command that starts it; the files that put it into a container."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner, Result

from mt.errors import ConfigError
from serve import serve_cli, server
from serve.cli import main
from serve.keys import create_key
from serve.server import JsonLines, listen

ROOT = Path(__file__).resolve().parents[1]
SENTENCE = "ارتفعت أسعار النفط اليوم بنسبة 3 في المئة."

# The real process with small routes and a model of air: `GRACE MODEL`.
SMALL = """
import asyncio, sys, time
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse
from mt.errors import ModelNotFound
from serve import server
from serve.api import errors, health, jobs
from serve.api.guard import Guard
from serve.batching import Stopped
from serve.settings import Settings

class Air:
    waiting = 0
    def engine(self, name):
        if name == "missing":
            raise ModelNotFound("missing is not on disk")
        time.sleep(1.5 if name == "slow" else 0)
    def close(self):
        print("closed", flush=True)

def build(desk):
    api = FastAPI()
    errors.install(api)
    api.include_router(health.router(desk))

    @api.post("/work")
    async def work(request: Request, seconds: float, deaf: bool = False) -> str:
        await request.body()
        def act(job):
            if deaf:
                time.sleep(seconds)
            elif job.stop.wait(seconds):
                raise Stopped
            return "done"
        return await jobs.run(desk, request, act)

    @api.get("/stream")
    async def stream() -> StreamingResponse:
        async def beats():
            while True:
                yield b"beat"
                await asyncio.sleep(0.1)
        return StreamingResponse(beats(), media_type="text/event-stream")

    return Guard(api, desk.settings, desk.metrics)

server.build_server, server.load_in_background, server.LAST_BATCH = build, lambda: None, 1.0
server.log_to_stderr()
settings = Settings(port=0, grace=float(sys.argv[1]), model=sys.argv[2])
try:
    server.run(lambda metrics: Air(), settings, lambda address: print(address, flush=True))
except ModelNotFound as error:
    print("failed:", error)
"""


@dataclass
class Running:
    """A server in a process of its own."""

    process: subprocess.Popen[str]
    url: str

    def post(self, path: str, **given: Any) -> httpx.Response:
        return httpx.post(f"{self.url}{path}", timeout=60, **given)

    def ask(self, path: str) -> Future[httpx.Response]:
        """The answer to come; the request has been let in when this returns."""
        before = self.running()
        answer = ASKING.submit(self.post, path)
        until(lambda: self.running() > before)
        return answer

    def running(self) -> int:
        found = re.search(r"^khulasa_requests_running (\d+)", httpx.get(f"{self.url}/metrics").text, re.MULTILINE)
        assert found is not None
        return int(found[1])

    def state(self) -> tuple[int, str]:
        answer = httpx.get(f"{self.url}/readyz")
        return answer.status_code, answer.json()["status"]

    def signal(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def end(self) -> tuple[int, str]:
        """Exit code, and what stood on standard output after the address."""
        out, _ = self.process.communicate(timeout=60)
        return self.process.returncode, out


ASKING = ThreadPoolExecutor(8)


def until(condition: Any, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.01)


@contextlib.contextmanager
def started(*command: object) -> Iterator[Running]:
    """A process that has printed where it is ready."""
    process = subprocess.Popen(
        [sys.executable, *map(str, command)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert "http://" in line, process.communicate()
        yield Running(process, line.rpartition(" ")[2].strip())
    finally:
        process.kill()
        process.communicate()


def small(grace: float = 30, model: str = "air") -> contextlib.AbstractContextManager[Running]:
    return started("-c", SMALL, grace, model)


def test_running_requests_finish_new_ones_are_sent_away_and_the_exit_is_clean() -> None:
    with small() as running:
        assert running.state() == (200, "ready")
        answer = running.ask("/work?seconds=1.5")
        running.signal()
        until(lambda: running.state() == (503, "draining"))
        refused = running.post("/work?seconds=0")
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
        assert refused.json()["error"]["kind"] == "Draining"
        assert (answer.result().status_code, answer.result().json()) == (200, "done")
        assert running.end() == (0, "closed\n")


def test_what_outlasts_the_grace_time_is_stopped_and_answered() -> None:
    with small(grace=0.2) as running:
        answer, begun = running.ask("/work?seconds=60"), time.monotonic()
        running.signal()
        assert answer.result().status_code == 503
        assert answer.result().json()["error"]["kind"] == "Draining"
        assert running.end()[0] == 0
        assert time.monotonic() - begun < 10


def test_what_does_not_listen_is_left_behind() -> None:
    with small(grace=0.1) as running:
        answer, begun = running.ask("/work?seconds=60&deaf=1"), time.monotonic()
        running.signal()
        assert running.end()[0] == 0
        assert time.monotonic() - begun < 15
        assert (answer.result().status_code, answer.result().headers["retry-after"]) == (503, "5")


def test_a_second_signal_ends_it_at_once() -> None:
    with small() as running:
        answer = running.ask("/work?seconds=60")
        running.signal()
        until(lambda: running.state() == (503, "draining"))
        running.signal()
        assert running.end()[0] == 128 + signal.SIGTERM
        with pytest.raises(httpx.TransportError):
            answer.result()


def test_open_event_streams_do_not_hold_it() -> None:
    with small() as running, httpx.stream("GET", f"{running.url}/stream") as stream:
        pieces = stream.iter_bytes()
        assert next(pieces).startswith(b"beat")
        begun = time.monotonic()
        running.signal()
        with contextlib.suppress(httpx.TransportError):
            for _ in pieces:
                pass
        out, err = running.process.communicate(timeout=60)
        assert (running.process.returncode, out) == (0, "closed\n")
        assert time.monotonic() - begun < 10
        assert "Traceback" not in err
        assert all(json.loads(line)["time"] for line in err.splitlines())


def test_the_address_is_told_once_the_model_is_there() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", SMALL.replace("port=0", f"port={free_port()}"), "30", "slow"], cwd=ROOT, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    port = int(re.findall(r"port=(\d+)", " ".join(map(str, process.args)))[0])  # type: ignore[arg-type]
    running, seen = Running(process, f"http://127.0.0.1:{port}"), list[tuple[int, str]]()
    try:
        while not seen or seen[-1] != (200, "ready"):
            with contextlib.suppress(httpx.TransportError):
                seen.append(running.state())
        assert seen[0] == (503, "loading")
        assert process.stdout is not None
        assert process.stdout.readline() == f"{running.url}\n"
    finally:
        process.kill()
        process.communicate()


def test_a_model_that_cannot_be_loaded_ends_it() -> None:
    done = subprocess.run([sys.executable, "-c", SMALL, "30", "missing"], cwd=ROOT, capture_output=True, text=True,
                          timeout=60, check=False)  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "closed\nfailed: missing is not on disk\n")


@pytest.mark.slow
def test_the_command_serves_page_and_api_to_those_who_have_a_key(tmp_path: Path) -> None:
    secret = create_key(tmp_path / "keys.json", "newsroom")
    with started("-m", "serve.cli", "serve", "--port", "0", "--keys", tmp_path / "keys.json") as running:
        key = {"Authorization": f"Bearer {secret}"}
        assert running.state() == (200, "ready")
        for path in ("/", "/config", "/metrics", "/v1/models", "/openapi.json", "/gradio_api/info"):
            assert httpx.get(f"{running.url}{path}").status_code == 401
            assert httpx.get(f"{running.url}{path}", headers=key).status_code == 200
        for path, body in (("/v1/translate", {"text": SENTENCE}), ("/translate", {"q": SENTENCE, "source": "ar",
                           "target": "en"}), ("/detect", {"q": SENTENCE}), ("/gradio_api/queue/join", {})):  # fmt: skip
            assert running.post(path, json=body).status_code in (401, 403)
        answer = running.post("/v1/translate", json={"text": SENTENCE}, headers=key)
        assert "3 percent" in answer.json()["translation"]
        libre = {"q": SENTENCE, "source": "ar", "target": "en", "api_key": secret}
        assert "3 percent" in running.post("/translate", json=libre).json()["translatedText"]
        numbers = httpx.get(f"{running.url}/metrics", headers=key).text
        assert 'khulasa_requests_total{method="POST",route="/v1/translate",status="200"} 1.0' in numbers
        segments = re.search(r'khulasa_segments_total\{model="embedded"\} ([\d.]+)', numbers)
        assert segments is not None
        assert float(segments[1]) >= 2
        long = ASKING.submit(running.post, "/v1/translate", json={"text": f"{SENTENCE}\n" * 20}, headers=key)
        until(lambda: "khulasa_requests_running 1.0" in httpx.get(f"{running.url}/metrics", headers=key).text)
        running.signal()
        assert long.result().json()["translation"].count("3 percent") == 20
        out, err = running.process.communicate(timeout=60)
        assert (running.process.returncode, out) == (0, "")
        lines = [json.loads(line) for line in err.splitlines()]
        assert [line["key"] for line in lines if line.get("route") == "/v1/translate"] == ["newsroom"] * 2
        assert "النفط" not in err
        assert secret not in err


@pytest.fixture
def started_with(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the command hands to the server, which does not start."""
    given: list[Any] = []
    monkeypatch.setattr(serve_cli, "_QUIET", {})
    monkeypatch.setattr(server, "log_to_stderr", lambda: None)
    monkeypatch.setattr(server, "run", lambda build_service, settings, announce: given.append(settings))
    return given


def run(*arguments: object) -> Result:
    return CliRunner(env={"COLUMNS": "250"}).invoke(main, ["serve", *map(str, arguments)])


def test_what_is_asked_for_is_what_the_server_allows(started_with: list[Any], tmp_path: Path) -> None:
    create_key(tmp_path / "keys.json", "newsroom")
    result = run("--host", "0.0.0.0", "--port", 80, "--keys", tmp_path / "keys.json", "--rate", "60/minute",
                 "--cors", "https://A.example", "--cors", "http://localhost:3000", "--allow-urls", "--grace", 5,
                 "--max-characters", 10, "--max-segments", 20, "--max-file-bytes", 30, "--max-requests", 40,
                 "--timeout", 50, "--model", "embedded")  # fmt: skip
    assert result.exit_code == 0, result.output
    (settings,) = started_with
    assert (settings.host, settings.port, settings.rate, settings.model) == ("0.0.0.0", 80, "60/minute", "embedded")
    assert (settings.allow_urls, settings.grace) == (True, 5.0)
    assert settings.cors == ("https://a.example", "http://localhost:3000")
    limits = settings.limits
    found = (limits.characters, limits.segments, limits.file_bytes, limits.requests, limits.seconds)
    assert found == (10, 20, 30, 40, 50.0)


def test_others_are_let_in_with_keys_or_on_purpose_only(started_with: list[Any]) -> None:
    result = run("--host", "0.0.0.0")
    assert result.exit_code == 2
    assert "khulasa keys create NAME --file keys.json" in result.stderr
    assert "--insecure" in result.stderr
    assert started_with == []
    assert run("--host", "0.0.0.0", "--insecure").exit_code == 0
    assert run().exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--rate", "often"), 4, "'often' is no rate; expected a number and a time, as in 60/minute"),
        (("--keys", "nowhere.json"), 4, "nowhere.json: no such file; make one with `khulasa keys create"),
        (("--cors", "example.org"), 2, "'example.org': expected an origin, as in https://news.example"),
        (("--cors", "https://a.example/x"), 2, "expected an origin"),
        (("--timeout", "0"), 2, "0.0 is not in the range"),
    ],
)
def test_settings_that_cannot_be_are_told_before_anything_starts(
    started_with: list[Any], arguments: tuple[str, ...], code: int, message: str
) -> None:
    result = run(*arguments)
    assert (result.exit_code, started_with) == (code, [])
    assert message in result.stderr


def test_a_missing_extra_is_named(started_with: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve_cli, "find_spec", lambda name: None if name == "limits" else object())
    result = run()
    assert (result.exit_code, started_with) == (4, [])
    assert "the server needs limits: `pip install 'khulasa[serve]'`" in result.stderr


def test_a_port_in_use_is_told_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve_cli, "_QUIET", {})
    monkeypatch.setattr(server, "log_to_stderr", lambda: None)
    handler = signal.getsignal(signal.SIGTERM)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = run("--port", taken.getsockname()[1])
    signal.signal(signal.SIGTERM, handler)
    assert result.exit_code == 4
    assert "Address already in use; stop what uses it, or choose another --port" in result.stderr


@pytest.mark.parametrize("host", ["no.such.host.invalid", "x" * 300, "ا..ب", "192.0.2.1"])
def test_a_host_that_is_none_of_this_machine(host: str) -> None:
    with pytest.raises(ConfigError, match=r"expected an address of this machine|cannot be listened on"):
        listen(host, 0)


def test_a_record_is_a_line_of_json_and_an_exception_its_class() -> None:
    def line(level: int, message: object, error: BaseException | None = None) -> dict[str, Any]:
        about = (type(error), error, None) if error else None
        text = JsonLines().format(logging.LogRecord("gradio", level, "", 1, message, (), about))
        assert "\n" not in text
        found: dict[str, Any] = json.loads(text)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]{12}\+00:00", found.pop("time"))
        return found

    assert line(logging.INFO, {"id": "1", "status": 200}) == {"id": "1", "status": 200}
    told = line(logging.ERROR, "it\nbroke", ValueError(SENTENCE))
    assert told == {"level": "error", "message": "it\nbroke", "from": "gradio", "error": "ValueError"}


def test_what_is_typed_stays_here(tmp_path: Path) -> None:
    code = f"""
import os, sys
from serve import server
from serve.cli import main
server.run = lambda *given: print(*(name for name in {tuple(serve_cli._QUIET)} if name in os.environ),
                                  "gradio" in sys.modules, "huggingface_hub" in sys.modules)
main(["serve"])
"""
    kept = {name: value for name, value in os.environ.items() if name not in serve_cli._QUIET}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=kept, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [*serve_cli._QUIET, "False", "False"]  # set before anybody could read them
    assert {"GRADIO_ANALYTICS_ENABLED", "ORT_DISABLE_TELEMETRY", "HF_HUB_OFFLINE"} <= set(serve_cli._QUIET)


def test_gradio_writes_no_stubs_as_it_is_imported() -> None:
    code = """
import inspect, sys
from serve import server
seen, find = [], inspect.getfile
sys.addaudithook(lambda event, given: seen.append(given[0]) if event == "open" else None)
server._import_gradio()
print([path for path in seen if str(path).endswith(".pyi")], inspect.getfile is find, "gradio" in sys.modules)
"""
    environment = {**os.environ, "GRADIO_ANALYTICS_ENABLED": "False"}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True,
                          check=True)  # fmt: skip
    assert done.stdout == "[] True True\n"


def test_help_needs_nothing_heavy() -> None:
    code = "import sys; from serve.cli import main; main(['serve', '--help'], standalone_mode=False); " \
           "print([name for name in ('gradio', 'fastapi', 'uvicorn', 'prometheus_client', 'limits', 'numpy') " \
           "if name in sys.modules])"  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
    return port
