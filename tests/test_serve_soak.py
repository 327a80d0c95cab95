"""Many clients with texts of every size against the real server, for a while: no error, and no memory lost."""

from __future__ import annotations

import os
import random
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psutil
import pytest

pytestmark = pytest.mark.soak

ROOT = Path(__file__).resolve().parents[1]
SECONDS = float(os.environ.get("SOAK_SECONDS", "120"))
CLIENTS = 20
ROUTES = ("/v1/translate", "/v1/article", "/v1/summarize", "/translate", "/v1/translate?segments")
FLAT = 0.05


@pytest.fixture
def server() -> Iterator[tuple[str, subprocess.Popen[str]]]:
    process = subprocess.Popen([sys.executable, "-m", "serve.cli", "serve", "--port", "0", "--grace", "60"], cwd=ROOT,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)  # fmt: skip
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("khulasa is ready: "), process.communicate()
        yield line.removeprefix("khulasa is ready: ").strip(), process
    finally:
        process.kill()
        process.communicate()


def paragraphs() -> list[str]:
    """What articles are made of, without their headlines, which an answer has apart."""
    texts = ((ROOT / "samples" / f"{name}.ar.txt").read_text(encoding="utf-8") for name in ("economy", "politics"))
    return [paragraph for text in texts for paragraph in text.split("\n\n") if paragraph.strip().endswith(".")]


def ask(client: httpx.Client, route: str, chosen: list[str]) -> str:
    """What is wrong with the answer; nothing, if it is right."""
    text = "\n\n".join(chosen)
    path, _, segments = route.partition("?")
    body: dict[str, object] = {"text": text}
    if segments:
        body = {"segments": chosen}
    elif path == "/translate":
        body = {"q": text, "source": "ar", "target": "en"}
    answer = client.post(path, json=body)
    if answer.status_code != 200:
        return f"{route}: {answer.status_code} {answer.text[:200]}"
    found = answer.json()
    if segments:
        right = len(found["targets"]) == len(chosen) and all(found["targets"])
    elif path == "/v1/summarize":
        right = bool(found["summary"]["sentences"])
    else:
        target = found["translatedText"] if path == "/translate" else found["translation"]
        right = len([part for part in target.split("\n") if part.strip()]) == len(chosen)
    return "" if right else f"{route}: {len(chosen)} paragraphs answered with {answer.text[:500]}"


def work(url: str, number: int, end: float, wrong: list[str], counted: list[int]) -> None:
    """Ask until `end`, mostly for little and sometimes for much; what is wrong is told."""
    choose, material = random.Random(number), paragraphs()
    with httpx.Client(base_url=url, timeout=600) as client:
        while time.monotonic() < end:
            size = choose.choice((1, 1, 1, 2, 3, 8))
            chosen = choose.choices(material, k=size)
            try:
                problem = ask(client, choose.choice(ROUTES), chosen)
            except (httpx.HTTPError, KeyError, ValueError) as error:
                problem = f"{type(error).__name__}: {error}"
            counted[number] += 1
            if problem:
                wrong.append(problem)


def watch(process: subprocess.Popen[str], over: threading.Event) -> list[float]:
    """The memory of the process in MB, ten times a second until it is over."""
    server, sizes = psutil.Process(process.pid), []
    while not over.wait(0.1):
        sizes.append(server.memory_info().rss / 1e6)
    return sizes


def test_no_error_and_flat_memory(
    server: tuple[str, subprocess.Popen[str]], record_property: Callable[[str, object], None]
) -> None:
    url, process = server
    wrong: list[str] = []
    counted, over = [0] * CLIENTS, threading.Event()
    with ThreadPoolExecutor(CLIENTS + 1) as pool:
        watching = pool.submit(watch, process, over)
        end = time.monotonic() + SECONDS
        for client in [pool.submit(work, url, number, end, wrong, counted) for number in range(CLIENTS)]:
            client.result()
        over.set()
        sizes = watching.result()
    assert not wrong, wrong[:5]
    assert min(counted) >= 1
    second = sizes[len(sizes) // 2 :]
    first, last = statistics.mean(second[: len(second) // 4]), statistics.mean(second[-len(second) // 4 :])
    print(  # noqa: T201 - what was measured
        f"{sum(counted)} requests; MB: {sizes[0]:.0f} at the start, {first:.0f} at half time, {last:.0f} at the end, "
          f"{max(sizes):.0f} at most")  # fmt: skip
    assert abs(last - first) <= FLAT * first
    process.send_signal(signal.SIGTERM)
    assert process.wait(90) == 0
