from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mt.document import Article
from serve.batch.chunks import Chunk, cut, weight
from serve.batch.records import Failure, Record

SENTENCE = "قال الوزير إن المشروع سيبدأ في شهر مايو المقبل."


def record(number: int, sentences: int | None, **fields: object) -> Record:
    where = f"a.jsonl:{number + 1}"
    if sentences is None:
        return Record(number, where, None, None, {}, Failure("EmptyInput", "there is no text", where))
    return Record(number, where, str(number), Article((" ".join([SENTENCE] * sentences),)), fields)


def shape(budget: int, *sentences: int | None) -> list[list[int]]:
    chunks = cut((record(number, count) for number, count in enumerate(sentences)), budget)
    return [[each.number for each in chunk.records] for chunk in chunks]


@pytest.mark.parametrize(
    ("sentences", "chunks"),
    [
        ((), []),
        ((3, 3, 4), [[0, 1, 2]]),  # exactly the budget
        ((3, 3, 5), [[0, 1], [2]]),
        ((25,), [[0]]),
        ((1, 25, 1), [[0], [1], [2]]),  # what is too large is alone
        ((None,) * 12, [list(range(10)), [10, 11]]),  # a failed record counts as one
        ((9, None, None), [[0, 1], [2]]),
    ],
)
def test_chunks_hold_as_much_as_the_budget(sentences: tuple[int | None, ...], chunks: list[list[int]]) -> None:
    assert shape(10, *sentences) == chunks


def test_the_weight_is_segments_and_no_text_is_light_for_want_of_full_stops() -> None:
    assert weight(record(0, 7)) == 7
    assert weight(record(0, None)) == 1
    assert weight(Record(0, "", None, Article((SENTENCE, SENTENCE), title=SENTENCE))) == 3
    assert weight(Record(0, "", None, Article(("كلمة " * 10_000,)))) == 125
    assert weight(Record(0, "", None, Article(("\u200f",)))) == 1


@settings(derandomize=True, deadline=None, max_examples=100)
@given(st.lists(st.one_of(st.none(), st.integers(1, 9)), max_size=40), st.integers(1, 20))
def test_every_record_is_in_one_chunk_in_order(sentences: list[int | None], budget: int) -> None:
    records = [record(number, count) for number, count in enumerate(sentences)]
    chunks = list(cut(records, budget))
    assert list(chain.from_iterable(chunk.records for chunk in chunks)) == records
    assert [chunk.number for chunk in chunks] == list(range(len(chunks)))
    assert all(sum(map(weight, chunk.records)) <= budget or len(chunk.records) == 1 for chunk in chunks)


def test_only_as_much_is_read_as_a_chunk_needs() -> None:
    read = []

    def records() -> Iterator[Record]:
        for number in range(1000):
            read.append(number)
            yield record(number, 5)

    chunks = cut(records(), 10)
    assert len(next(chunks).records) == 2
    assert len(read) == 3


def test_the_checksum_is_of_all_that_the_input_decides() -> None:
    chunk = Chunk(3, (record(0, 2, source="AFP"), record(1, None)))
    first, second = chunk.records
    assert chunk.sha256 == Chunk(9, chunk.records).sha256
    others = [
        Chunk(3, (first,)),
        Chunk(3, (second, first)),
        Chunk(3, (replace(first, id="x"), second)),
        Chunk(3, (replace(first, where="b.jsonl:1"), second)),
        Chunk(3, (replace(first, fields={"source": "dpa"}), second)),
        Chunk(3, (replace(first, article=Article((SENTENCE,))), second)),
        Chunk(3, (replace(first, article=replace(first.article or Article(()), title="x")), second)),
        Chunk(3, (first, replace(second, failure=Failure("EmptyInput", "other", "a.jsonl:2")))),
    ]
    assert len({chunk.sha256, *(other.sha256 for other in others)}) == 9


def test_half_characters_have_a_checksum() -> None:
    assert len(Chunk(0, (record(0, 1, **{"\ud800": "\udfff"}),)).sha256) == 64
