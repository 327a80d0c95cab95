"""Who is let in, for how long, and what is counted."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest

from serve.admission import Admission, Busy, Draining
from serve.metrics import Metrics
from serve.settings import Limits


def test_one_more_than_the_limit_is_told_when_to_come_back() -> None:
    admission = Admission(Limits(requests=2))
    with admission.enter(), admission.enter():
        assert admission.running == 2
        with pytest.raises(Busy, match="works on 2 requests, as many as it takes at once; ask again in 1 sec") as busy:
            admission.enter().__enter__()
        assert busy.value.retry_after == 1
    with admission.enter():
        assert admission.running == 1
    assert admission.running == 0


def test_the_time_to_come_back_follows_what_requests_took(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr("serve.admission.time", SimpleNamespace(monotonic=lambda: clock[0]))
    admission = Admission(Limits(requests=1))
    for _ in range(30):
        with admission.enter():
            clock[0] += 20
    with admission.enter(), pytest.raises(Busy) as busy:
        admission.enter().__enter__()
    assert busy.value.retry_after == 20
    for _ in range(60):
        with admission.enter():
            clock[0] += 900
    with admission.enter(), pytest.raises(Busy) as busy:
        admission.enter().__enter__()
    assert busy.value.retry_after == 60


def test_a_place_is_given_back_after_an_error() -> None:
    admission = Admission(Limits(requests=1))
    with pytest.raises(ZeroDivisionError), admission.enter():
        _ = 1 / 0
    assert (admission.running, admission.wait_idle(0)) == (0, True)


def test_a_request_is_stopped_when_its_time_is_over() -> None:
    with Admission(Limits(seconds=0.01)).enter() as job:
        assert job.stop.wait(5)
        assert job.timed_out


def test_a_request_that_was_stopped_did_not_time_out() -> None:
    with Admission(Limits()).enter() as job:
        job.stop.set()
        job.time_out()
        assert not job.timed_out


def timers() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)}


def test_no_timer_outlives_its_request() -> None:
    before = timers()
    with Admission(Limits(seconds=900)).enter():
        (timer,) = timers() - before
    timer.join(5)
    assert not timer.is_alive()


def test_after_drain_those_who_are_in_may_finish_and_nobody_comes() -> None:
    admission = Admission(Limits())
    assert admission.state == "ready"
    entered, finish = threading.Event(), threading.Event()

    def work() -> None:
        with admission.enter():
            entered.set()
            finish.wait(5)

    worker = threading.Thread(target=work)
    worker.start()
    assert entered.wait(5)
    admission.drain()
    assert admission.state == "draining"
    with pytest.raises(Draining, match="going down") as draining:
        admission.enter().__enter__()
    assert draining.value.retry_after == 5
    assert not admission.wait_idle(0.01)
    finish.set()
    assert admission.wait_idle(5)
    worker.join()


def test_stop_all_reaches_everyone_who_is_in() -> None:
    admission = Admission(Limits())
    with admission.enter() as one, admission.enter() as other:
        admission.stop_all()
        assert (one.stop.is_set(), other.stop.is_set()) == (True, True)
        assert not one.timed_out


def test_a_server_is_loading_until_it_says_otherwise() -> None:
    admission = Admission(Limits())
    admission.loading = True
    assert admission.state == "loading"
    with admission.enter():  # it waits for the model
        assert admission.running == 1
    admission.loading = False
    assert admission.state == "ready"


def test_threads_never_get_more_places_than_there_are() -> None:
    admission, most, refused = Admission(Limits(requests=3)), [0], [0]
    counting = threading.Lock()

    def work() -> None:
        for _ in range(100):
            try:
                with admission.enter(), counting:
                    most[0] = max(most[0], admission.running)
            except Busy:
                with counting:
                    refused[0] += 1

    workers = [threading.Thread(target=work) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert most[0] <= 3
    assert admission.running == 0


def lines(metrics: Metrics) -> set[str]:
    body, content_type = metrics.render()
    assert content_type.startswith("text/plain; version=")
    return set(body.decode().splitlines())


def test_the_numbers_are_what_was_counted() -> None:
    metrics = Metrics()
    metrics.watch(running=lambda: 3, waiting=lambda: 17)
    metrics.observe_request("/v1/translate", "POST", 200, 0.2)
    metrics.observe_request("/v1/translate", "POST", 429, 0.001)
    metrics.count_batch(SimpleNamespace(model="embedded", segments=12, tokens=340, seconds=0.5))  # type: ignore[arg-type]
    assert {
        'khulasa_requests_total{method="POST",route="/v1/translate",status="200"} 1.0',
        'khulasa_requests_total{method="POST",route="/v1/translate",status="429"} 1.0',
        'khulasa_request_seconds_bucket{le="0.1",route="/v1/translate"} 1.0',
        'khulasa_request_seconds_bucket{le="0.3",route="/v1/translate"} 2.0',
        'khulasa_batches_total{model="embedded"} 1.0',
        'khulasa_segments_total{model="embedded"} 12.0',
        'khulasa_tokens_total{model="embedded"} 340.0',
        'khulasa_batch_seconds_sum{model="embedded"} 0.5',
        'khulasa_batch_segments_bucket{le="8.0",model="embedded"} 0.0',
        'khulasa_batch_segments_bucket{le="16.0",model="embedded"} 1.0',
        "khulasa_requests_running 3.0",
        "khulasa_segments_waiting 17.0",
    } <= lines(metrics)


def test_two_servers_in_one_process_count_apart() -> None:
    one, other = Metrics(), Metrics()
    one.observe_request("/v1/check", "POST", 200, 0.1)
    assert not [line for line in lines(other) if "/v1/check" in line]
