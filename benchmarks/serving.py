"""What micro-batching brings: many clients with one sentence each, and one sentence beside a long request.

    python benchmarks/serving.py                  # starts `khulasa serve` and asks it over HTTP
    python benchmarks/serving.py --in-process     # the service alone, without HTTP
    python benchmarks/serving.py --json OUT.json --rounds 5

In each round the same sentences are asked for one after the other, then by all clients at once; then one sentence a
few times by itself, and as often beside a running request of --long sentences, which is given up afterwards. The least
disturbed round counts: the one with the fastest answers of each kind.
"""

from __future__ import annotations

import argparse
import json
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path

import httpx

from mt.document import Article
from mt.registry import load_registry
from mt.segment import segment
from serve.batching import Batch, Stopped
from serve.reader import read_article
from serve.service import Service

SAMPLES = Path(__file__).resolve().parents[1] / "samples"
SECONDS = 600.0
Ask = Callable[[list[str], threading.Event], None]  # translates the sentences as one request, until told to stop
Batches = Callable[[], tuple[float, float, float]]  # how many there were so far, seconds in all, segments in all


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--long", type=int, default=5000, help="sentences of the long request")
    parser.add_argument("--probes", type=int, default=6, help="one-sentence requests beside it, and as many alone")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--in-process", action="store_true", help="Service(shared=True) in this process, no HTTP")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    with in_process() if given.in_process else server() as (ask, batches):
        ask(sentences(1), threading.Event())  # the model is loaded
        found = [
            throughput(ask, batches, given.clients, given.rounds),
            latency(ask, batches, given.long, given.probes, given.rounds),
        ]
    for row in found:
        print("".join(f"{name.replace('_', ' '):34} {value:8.2f}\n" for name, value in row.items()))
    if given.json:
        given.json.write_text(json.dumps(found, indent=1))


def throughput(ask: Ask, batches: Batches, clients: int, rounds: int) -> dict[str, float]:
    """One after the other, then all at once: seconds of the fastest round of each."""
    texts, never = sentences(clients), threading.Event()
    alone, together, held = list[float](), list[float](), list[float]()
    for _ in range(rounds):
        alone.append(sum(seconds(ask, [text], never) for text in texts))
        count, _, segments = batches()
        with ThreadPoolExecutor(clients) as pool:
            together.append(seconds(lambda: list(pool.map(lambda each: ask([each], never), texts))))
        held.append((batches()[2] - segments) / max(1, batches()[0] - count))
    return {
        "clients": clients,
        "one_after_the_other_s": min(alone),
        "at_once_s": min(together),
        "sentences_a_second_alone": clients / min(alone),
        "sentences_a_second_at_once": clients / min(together),
        "segments_a_batch": statistics.mean(held),
        "times_the_throughput": min(alone) / min(together),
        "target": 3,
    }


def latency(ask: Ask, batches: Batches, long: int, probes: int, rounds: int) -> dict[str, float]:
    """The median seconds of one sentence alone, and beside a long request: of the fastest round of each."""
    texts, never = sentences(probes), threading.Event()
    alone, beside, batch = list[float](), list[float](), list[float]()
    for _ in range(rounds):
        alone.append(statistics.median(seconds(ask, [text], never) for text in texts))
        given_up = threading.Event()
        thread = threading.Thread(target=ask, args=(sentences(long), given_up))
        count, spent, _ = batches()
        thread.start()
        while batches()[0] < count + 2:  # the long one is read, and decoded
            time.sleep(0.05)
        beside.append(statistics.median(seconds(ask, [text], never) for text in texts))
        batch.append((batches()[1] - spent) / (batches()[0] - count))
        given_up.set()
        thread.join()
    return {
        "sentences_of_the_long_request": long,
        "one_sentence_alone_s": min(alone),
        "one_batch_s": min(batch),
        "one_sentence_beside_it_s": min(beside),
        "allowed_s": 3 * min(alone) + min(batch),
    }


@contextmanager
def in_process() -> Iterator[tuple[Ask, Batches]]:
    done = list[Batch]()
    service = Service(load_registry(), shared=True, on_batch=done.append)

    def ask(texts: list[str], stop: threading.Event) -> None:
        try:
            service.translate([Article(tuple(texts))], "embedded", stop=stop)
        except Stopped:
            if not stop.is_set():
                raise

    yield ask, lambda: (len(done), sum(each.seconds for each in done), sum(each.segments for each in done))
    service.close()


@contextmanager
def server() -> Iterator[tuple[Ask, Batches]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(Path(sys.executable).with_name("khulasa")), "serve", "--port", str(port), "--model", "embedded"]
    process = subprocess.Popen(command)
    address = f"http://127.0.0.1:{port}"
    try:
        wait_ready(process, address)
        with httpx.Client(base_url=address, timeout=SECONDS, limits=httpx.Limits(max_connections=None)) as client:
            yield (lambda texts, stop: request(client, texts, stop)), lambda: counted(client)
    finally:
        process.terminate()
        process.wait(60)


def wait_ready(process: subprocess.Popen[bytes], address: str) -> None:
    begun = time.monotonic()
    while time.monotonic() < begun + SECONDS:
        if process.poll() is not None:
            raise SystemExit(f"the server ended with {process.returncode}")
        try:
            if httpx.get(f"{address}/readyz", timeout=5).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise SystemExit("the server was not ready in time")


def request(client: httpx.Client, texts: list[str], stop: threading.Event) -> None:
    """One request; a long one is given up by closing its connection."""
    if len(texts) == 1:
        client.post("/v1/translate", json={"text": texts[0]}).raise_for_status()
        return
    try:
        with client.stream("POST", "/v1/translate", json={"segments": texts, "stream": True}) as response:
            response.raise_for_status()
            for _ in response.iter_raw():
                if stop.is_set():
                    return
    except httpx.TransportError:
        if not stop.is_set():
            raise


def counted(client: httpx.Client) -> tuple[float, float, float]:
    """What /metrics says: batches, their seconds, their segments."""
    lines = [line.rsplit(" ", 1) for line in client.get("/metrics").text.splitlines() if not line.startswith("#")]

    def total(name: str) -> float:
        return sum(float(value) for key, value in lines if key.partition("{")[0] == f"khulasa_{name}")

    return total("batch_seconds_count"), total("batch_seconds_sum"), total("segments_total")


def sentences(count: int) -> list[str]:
    """That many sentences of the sample articles, again and again."""
    articles = [read_article(str(path)) for path in sorted(SAMPLES.glob("*.ar.txt"))]
    parts = [part for article in articles for text in article.paragraphs for part in segment(text, 0, lambda _: True)]
    return list(islice(cycle([part.text for part in parts]), count))


def seconds(run: Callable[..., object], *given: object) -> float:
    begun = time.perf_counter()
    run(*given)
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
