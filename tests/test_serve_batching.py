"""Batches that hold segments of several requests."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, cast

import pytest
from conftest import FakeEngine

from mt.document import DecodingOptions, Hypothesis, Source
from mt.engine import Engine, Placement, load_engine
from mt.errors import DecodingError, MTError
from mt.registry import load_registry
from serve.batching import Batch, SharedEngine, Stopped, stoppable

BUDGET = 384  # tokens of a batch, for each core
SECONDS = 20  # after which a test that hangs fails
OPTIONS = DecodingOptions()


class Gated(FakeEngine):
    """A fake engine that waits, in each batch, until it is let go."""

    def __init__(self, fake: FakeEngine) -> None:
        super().__init__(fake.rule, fake.spec.limits.source_tokens)
        self.begun, self.go = threading.Semaphore(0), threading.Semaphore(0)

    def generate(self, sources: Sequence[Source], options: DecodingOptions) -> Iterator[Any]:
        self.begun.release()
        assert self.go.acquire(timeout=SECONDS)
        yield from super().generate(sources, options)

    def wait_begun(self) -> None:
        assert self.begun.acquire(timeout=SECONDS)

    def let_go(self, batches: int = 1000) -> None:
        self.go.release(batches)

    @property
    def batches(self) -> list[list[str]]:
        return [texts for texts, _ in self.calls]


@pytest.fixture
def gated(fake_engine: Callable[..., FakeEngine]) -> Gated:
    return Gated(fake_engine())


@contextmanager
def shared(engine: Engine, **given: Any) -> Iterator[SharedEngine]:
    wrapped = SharedEngine(engine, **given)
    try:
        yield wrapped
    finally:
        if isinstance(engine, Gated):
            engine.let_go()
        wrapped.close()


def texts(name: str, *lengths: int) -> list[Source]:
    """Sources of so many words, each beginning with the name and its number."""
    return [Source(" ".join([f"{name}{i}", *["كلمة"] * (length - 1)])) for i, length in enumerate(lengths)]


def heads(batch: Sequence[str]) -> list[str]:
    return [text.split()[0] for text in batch]


def ask(engine: Engine, sources: Sequence[Source], options: DecodingOptions = OPTIONS) -> dict[int, Any]:
    pairs = list(engine.generate(sources, options))
    assert len({index for index, _ in pairs}) == len(pairs)
    return dict(pairs)


def wait_until(condition: Callable[[], bool]) -> None:
    pause, deadline = threading.Event(), SECONDS * 100
    while not condition() and (deadline := deadline - 1):
        pause.wait(0.01)
    assert condition()


@pytest.fixture(autouse=True)
def budget(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches of a size to reckon with here, whatever a benchmark finds best."""
    monkeypatch.setattr("serve.batching.CORE_TOKENS", BUDGET)


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as executor:
        yield executor


# --- the same answers, in common batches


def test_it_is_the_engine_to_whoever_asks(fake_engine: Callable[..., FakeEngine]) -> None:
    engine = fake_engine()
    engine.takes_prefix = True
    sources = [Source("  "), *texts("a", 3, 1, 7), Source("")]
    with shared(engine) as wrapped:
        assert (wrapped.spec, wrapped.signature) == (engine.spec, engine.signature)
        assert (wrapped.takes_terms, wrapped.takes_prefix) == (False, True)
        assert wrapped.count_tokens(sources[3]) == 7
        asked = DecodingOptions(num_hypotheses=3)
        assert ask(wrapped, sources, asked) == ask(fake_engine(), sources, asked)
        assert ask(wrapped, []) == {}
        assert ask(wrapped, [Source("\n")]) == {0: (Hypothesis(""),)}
    assert [heads(batch) for batch, _ in engine.calls] == [["a2", "a0", "a1"]]  # blank ones never came


def test_requests_that_wait_at_once_share_a_batch(gated: Gated, pool: ThreadPoolExecutor) -> None:
    counted = list[Batch]()
    with shared(gated, on_batch=counted.append) as engine:
        first = pool.submit(ask, engine, texts("first", 5))
        gated.wait_begun()
        rest = [pool.submit(ask, engine, texts(f"r{i}-", 4)) for i in range(6)]
        wait_until(lambda: engine.waiting == 6)
        gated.let_go()
        for job in [first, *rest]:
            assert list(job.result(SECONDS)) == [0]
        assert engine.waiting == 0
        wait_until(lambda: len(counted) == 2)
    assert [sorted(heads(batch)) for batch in gated.batches] == [["first0"], [f"r{i}-0" for i in range(6)]]
    assert [(batch.model, batch.segments, batch.tokens) for batch in counted] == [("fake", 1, 5), ("fake", 6, 24)]
    assert all(batch.seconds > 0 for batch in counted)


def test_each_request_gets_its_own(fake_engine: Callable[..., FakeEngine], pool: ThreadPoolExecutor) -> None:
    requests = [texts(f"r{i}-", *range(1 + i, 30 + 3 * i, 1 + i % 3)) for i in range(16)]
    with shared(fake_engine(), cores=1) as engine:
        jobs = [pool.submit(ask, engine, sources) for sources in requests]
        for sources, job in zip(requests, jobs, strict=True):
            assert job.result(SECONDS) == ask(fake_engine(), sources)


def test_other_options_do_not_share_a_batch_and_have_their_turn(gated: Gated, pool: ThreadPoolExecutor) -> None:
    with shared(gated) as engine:
        jobs = [pool.submit(ask, engine, texts("long", *[200] * 4))]
        gated.wait_begun()
        jobs.append(pool.submit(ask, engine, texts("wide", 3, 3), DecodingOptions(beam_size=8)))
        wait_until(lambda: engine.waiting == 5)
        gated.let_go()
        for job in jobs:
            job.result(SECONDS)
    assert [(heads(batch), options.beam_size) for batch, options in gated.calls] == [
        (["long3"], None), (["wide1", "wide0"], 8), (["long2"], None), (["long1"], None), (["long0"], None),
    ]  # fmt: skip


# --- fair


def test_a_batch_has_a_budget_of_tokens_with_padding(fake_engine: Callable[..., FakeEngine]) -> None:
    engine = fake_engine()
    with shared(engine, cores=2) as wrapped:
        ask(wrapped, texts("a", *range(1, 200), 240))
    batches = [[len(text.split()) for text in texts] for texts, _ in engine.calls]
    assert all(len(batch) * max(batch) <= 2 * BUDGET for batch in batches)
    assert batches[0] == [240, 199, 198]
    assert sum(map(len, batches)) == 200
    assert len(batches) < 40


def test_a_short_request_is_in_the_next_batch_and_the_long_one_does_not_fill_it(
    gated: Gated, pool: ThreadPoolExecutor
) -> None:
    with shared(gated) as engine:
        long = pool.submit(ask, engine, texts("long", *range(20, 120)))
        gated.wait_begun()
        short = pool.submit(ask, engine, texts("short", 30))
        wait_until(lambda: any(call.sources[0].text.startswith("short") for call in engine._calls))
        gated.let_go(2)
        assert list(short.result(SECONDS)) == [0]
        gated.wait_begun()
        gated.wait_begun()
        assert heads(gated.batches[1]) == ["short0", "long10"]  # which has 30 words too
        gated.let_go()
        assert len(long.result(SECONDS)) == 100


def test_new_requests_do_not_keep_an_old_one_from_its_turn(gated: Gated, pool: ThreadPoolExecutor) -> None:
    with shared(gated) as engine:
        jobs = [pool.submit(ask, engine, texts("old", 120, 120, 120, 120))]  # three fit in a batch
        gated.wait_begun()
        for number in range(4):  # one comes with every batch, and fills one
            waiting = engine.waiting
            jobs.append(pool.submit(ask, engine, texts(f"n{number}-", 240)))
            wait_until(lambda waiting=waiting: engine.waiting == waiting + 1)
            gated.let_go(1)
            gated.wait_begun()
        gated.let_go()
        for job in jobs:
            job.result(SECONDS)
    assert [heads(batch) for batch in gated.batches] == [
        ["old3", "old2", "old1"], ["n0-0"], ["old0"], ["n1-0"], ["n2-0"], ["n3-0"],
    ]  # fmt: skip


# --- errors


def test_a_source_too_long_is_refused_on_entry(gated: Gated, pool: ThreadPoolExecutor) -> None:
    with shared(gated) as engine:
        neighbour = pool.submit(ask, engine, texts("a", 3))
        gated.wait_begun()
        with pytest.raises(DecodingError, match=r"source 1 has 241 tokens, fake takes 240; cut it first"):
            ask(engine, texts("b", 2, 241, 3))
        assert engine.waiting == 0
        gated.let_go()
        assert list(neighbour.result(SECONDS)) == [0]


@pytest.mark.parametrize("error", [DecodingError("no memory"), RuntimeError("native"), MemoryError()])
def test_what_one_request_brought_does_not_fail_its_neighbours(
    fake_engine: Callable[..., FakeEngine], pool: ThreadPoolExecutor, error: Exception
) -> None:
    def rule(text: str, options: DecodingOptions) -> list[Hypothesis]:
        if "poison0" in text:
            raise error
        return [Hypothesis(text.upper())]

    gated = Gated(fake_engine(rule))
    with shared(gated) as engine:
        first = pool.submit(ask, engine, texts("first", 1))
        gated.wait_begun()
        good = [pool.submit(ask, engine, texts(f"good{i}-", 4, 6)) for i in range(3)]
        bad = pool.submit(ask, engine, texts("poison", 5, 5))
        wait_until(lambda: engine.waiting == 8)
        gated.let_go()
        assert list(first.result(SECONDS)) == [0]
        for number, job in enumerate(good):
            said = [job.result(SECONDS)[i][0].text.split()[0] for i in range(2)]
            assert said == [f"GOOD{number}-0", f"GOOD{number}-1"]
        with pytest.raises(type(error)):
            bad.result(SECONDS)
        assert list(ask(engine, texts("later", 2))) == [0]  # it goes on


def test_closing_fails_whoever_waits_and_ends_the_thread(gated: Gated, pool: ThreadPoolExecutor) -> None:
    engine = SharedEngine(gated)
    jobs = [pool.submit(ask, engine, texts("a", 3))]
    gated.wait_begun()
    jobs.append(pool.submit(ask, engine, texts("b", 3)))
    wait_until(lambda: engine.waiting == 1)
    closing = pool.submit(engine.close)
    for job in jobs:  # at once, though a batch is in work
        with pytest.raises(DecodingError, match=r"fake is being closed.*ask again"):
            job.result(SECONDS)
    gated.let_go()
    closing.result(SECONDS)
    assert not any(thread.is_alive() for thread in engine._threads)
    with pytest.raises(MTError, match="being closed"):
        ask(engine, texts("c", 3))
    engine.close()  # again: nothing happens


# --- stopping


def test_a_closed_iterator_drops_what_waits(gated: Gated) -> None:
    with shared(gated) as engine:
        answers = cast(Generator[Any], engine.generate(texts("a", *[240] * 5), OPTIONS))
        gated.let_go(1)
        next(answers)
        gated.wait_begun()
        gated.wait_begun()
        assert engine.waiting == 3
        answers.close()
        assert engine.waiting == 0
        gated.let_go()
        assert list(ask(engine, texts("b", 2))) == [0]
    assert [heads(batch) for batch in gated.batches] == [["a4"], ["a3"], ["b0"]]


def test_a_stop_wakes_a_request_that_waits_behind_others(gated: Gated, pool: ThreadPoolExecutor) -> None:
    stop = threading.Event()
    with shared(gated) as engine:
        other = pool.submit(ask, engine, texts("other", 3))
        gated.wait_begun()
        waits = pool.submit(ask, stoppable(engine, stop), texts("a", 3, 3))
        wait_until(lambda: engine.waiting == 2)
        stop.set()
        with pytest.raises(Stopped):
            waits.result(SECONDS)
        assert engine.waiting == 0
        gated.let_go()
        assert list(other.result(SECONDS)) == [0]
    assert [heads(batch) for batch in gated.batches] == [["other0"]]


@pytest.mark.parametrize("common", [True, False])
def test_a_stopped_request_frees_the_engine_after_the_batch_in_work(
    fake_engine: Callable[..., FakeEngine], common: bool
) -> None:
    stop, fake = threading.Event(), fake_engine()
    with shared(fake) as wrapped:
        engine = stoppable(wrapped if common else fake, stop)
        assert (engine.spec, engine.signature) == (fake.spec, fake.signature)
        assert (engine.takes_terms, engine.takes_prefix) == (False, False)
        answers = engine.generate(texts("a", *[240] * 50), OPTIONS)
        next(answers)
        stop.set()
        with pytest.raises(Stopped):
            list(answers)
        with pytest.raises(Stopped):
            list(engine.generate(texts("b", 1), OPTIONS))
        with pytest.raises(Stopped):
            engine.count_tokens(Source("كلمة"))
        assert wrapped.waiting == 0
    assert "b0" not in [head for batch, _ in fake.calls for head in heads(batch)]


def test_what_is_not_stopped_is_as_ever(fake_engine: Callable[..., FakeEngine]) -> None:
    sources = [*texts("a", 4, 2), Source("")]
    with shared(fake_engine()) as wrapped:
        for engine in (wrapped, fake_engine()):
            assert ask(stoppable(engine, threading.Event()), sources) == ask(fake_engine(), sources)


# --- the embedded model


@pytest.mark.slow
def test_the_company_of_a_batch_changes_nothing(pool: ThreadPoolExecutor) -> None:
    requests = [
        ["نعم", "وصل الرئيس إلى العاصمة مساء الأحد للقاء الوفد", ""],
        ["ارتفعت أسعار النفط بنسبة ٣٪ خلال الأسبوع الماضي بعد قرار منظمة أوبك خفض الإنتاج حتى نهاية العام."],
        ["هل وصل الرئيس؟"],
        ["نفى المتحدث باسم الجيش وقوع أي خسائر في صفوفه", "«لن نقبل بهذا الاتفاق» 😀"],
        ["قال الوزير إن المشروع سيبدأ في شهر مايو المقبل، وإن كلفته 2.5 مليون دولار."],
    ]
    sources = [[Source(text) for text in request] for request in requests]
    options = DecodingOptions(num_hypotheses=3, max_decoding_length=30)
    bare = load_engine("embedded", "translate", load_registry(), Placement(threads=2))
    alone = [ask(bare, request, options) for request in sources]
    batches = list[Batch]()
    with shared(bare, cores=2, on_batch=batches.append) as engine:
        together = [pool.submit(ask, engine, request, options) for request in sources]
        assert [job.result() for job in together] == alone
    assert len(batches) < len(requests)  # some were shared
