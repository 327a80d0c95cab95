import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mt.errors import ConfigError, EmptyInput, ModelNotFound, UnknownModel
from summarize import extractive
from summarize.abstractive import Abstractive
from summarize.base import Summarizer, Summary, SummarySentence, load_summarizer
from summarize.extractive import Lead, LexRank

STORM = [
    "A storm hit the coast of the province on Monday evening.",
    "Local markets sell fish and vegetables all year round.",
    "Storm winds on the coast destroyed dozens of houses in the province.",
    "The football season begins in September.",
    "Rescue teams reached the coastal villages that the storm cut off.",
    "An old library displays a collection of coins.",
]
BOTH = pytest.mark.parametrize("summarizer", [Lead(), LexRank()], ids=["lead", "lexrank"])


def chosen(summary: Summary) -> list[int]:
    return [index for sentence in summary.sentences for index in sentence.segments]


def unit(*rows: list[float]) -> np.ndarray:
    matrix = np.array(rows, dtype=np.float32)
    return matrix / np.maximum(np.linalg.norm(matrix, axis=1, keepdims=True), 1e-9)


@pytest.fixture
def fixed_vectors(monkeypatch):
    """Vectors by hand, one per sentence and one for the headline."""
    return lambda *rows: monkeypatch.setattr(extractive, "encode", lambda texts: unit(*rows))


def sentences(count: int) -> list[str]:
    return [f"Sentence number {index} says something." for index in range(count)]


def test_lead_takes_the_first_sentences_that_say_something():
    article = ["", "Cairo.", "Is peace near?", "هل اقترب السلام؟»", "Read also: the budget in ten charts", *STORM]
    summary = Lead().summarize(article, 2)
    assert summary == Summary(
        "extract",
        (SummarySentence(STORM[0], (5,)), SummarySentence(STORM[1], (6,))),
        "lead|k:2|v:0.1.0",
    )
    assert summary.text == f"{STORM[0]} {STORM[1]}"


def test_lexrank_takes_the_sentences_most_like_the_others_in_article_order():
    assert chosen(LexRank(position=0).summarize(STORM, 3)) == [0, 2, 4]


def test_lexrank_reads_arabic():
    article = [
        "تبيع الأسواق المحلية السمك والخضار طوال العام.",
        "ضربت عاصفة ساحل المحافظة مساء الاثنين.",
        "دمرت رياح العاصفة على الساحل عشرات المنازل في المحافظة.",
        "يبدأ موسم كرة القدم في أيلول المقبل.",
        "وصلت فرق الإنقاذ إلى القرى الساحلية التي عزلتها العاصفة.",
    ]
    assert chosen(LexRank(position=0).summarize(article, 3)) == [1, 2, 4]


def test_continuous_lexrank_equals_the_walk_solved_directly():
    vectors = unit([1, 0, 0], [1, 1, 0], [0, 1, 0], [-1, 0, 0.2])
    weight = np.maximum(vectors @ vectors.T, 0)
    walk = 0.15 / 4 + 0.85 * weight / weight.sum(axis=1, keepdims=True)
    values, left = np.linalg.eig(walk.T)
    stationary = np.abs(left[:, values.real.argmax()].real)
    np.testing.assert_allclose(extractive._centrality(vectors, 0.15), stationary / stationary.sum(), atol=1e-4)


def test_a_sentence_without_a_vote_is_ranked_by_the_voters(monkeypatch):
    vectors = unit([1, 0], [1, 0.1], [1, 0.2], [0, 1])
    monkeypatch.setattr(extractive, "_MOST_VOTERS", 2)
    rank = extractive._centrality(vectors, 0.15)
    assert rank.shape == (4,)
    assert rank[1] > rank[3]


def test_mmr_prefers_something_new_to_a_repetition(fixed_vectors):
    fixed_vectors([1, 0.1], [1, 0.11], [0.6, 1], [0, 0])
    assert chosen(LexRank(mmr=1, position=0).summarize(sentences(3), 2)) == [0, 1]
    assert 2 in chosen(LexRank(mmr=0.5, position=0).summarize(sentences(3), 2))


def test_the_headline_draws_the_choice(fixed_vectors):
    fixed_vectors([1, 0.2, 0], [1, 0.1, 0], [0, 1, 1], [0, 1, 1])
    assert chosen(LexRank(title=0, position=0).summarize(sentences(3), 1, "Headline")) == [0]
    assert chosen(LexRank(title=2, position=0).summarize(sentences(3), 1, "Headline")) == [2]


def test_an_earlier_sentence_weighs_more(fixed_vectors):
    fixed_vectors([0.8, 0.6], [1, 0.1], [1, 0], [1, -0.1], [0, 0])
    assert chosen(LexRank(position=0).summarize(sentences(4), 1)) == [1]
    assert chosen(LexRank(position=1).summarize(sentences(4), 1)) == [0]


def test_equal_sentences_are_taken_from_the_front(fixed_vectors):
    fixed_vectors([1, 0], [1, 0], [1, 0], [1, 0], [0, 0])
    assert chosen(LexRank(position=0).summarize(sentences(4), 2)) == [0, 1]


def test_the_signature_names_every_setting():
    article = sentences(2)
    assert LexRank().summarize(article, 3).system == (
        "lexrank|use|damping:0.15|position:0.8|title:2|mmr:0.9|k:3|v:0.1.0"
    )
    assert LexRank(0.2, 0.1, 0, 1).summarize(article, 1).system == (
        "lexrank|use|damping:0.2|position:0.1|title:0|mmr:1|k:1|v:0.1.0"
    )


@BOTH
def test_the_same_sentence_is_never_taken_twice(summarizer):
    article = [STORM[0], STORM[0].upper(), f"«{STORM[0]}»", STORM[0], STORM[1]]
    assert chosen(summarizer.summarize(article, 3)) == [0, 4]


@BOTH
def test_a_short_article_is_its_own_summary(summarizer):
    article = ["Cairo.", STORM[0], "", "Is peace near?"]
    assert chosen(summarizer.summarize(article, 5)) == [0, 1, 3]
    assert chosen(summarizer.summarize(article, 2)) == [0, 1]
    assert chosen(summarizer.summarize(article, 1)) == [1]


@BOTH
def test_where_nothing_is_usable_everything_is(summarizer):
    assert len(chosen(summarizer.summarize(["مصر", "لبنان", "العراق"], 2))) == 2
    assert chosen(summarizer.summarize(["***"], 1)) == [0]


@BOTH
@pytest.mark.parametrize("empty", [[], [""], [" \n", "\u200f\ufeff"]])
def test_nothing_to_read(summarizer, empty):
    with pytest.raises(EmptyInput, match="nothing to summarize"):
        summarizer.summarize(empty, 3)


@BOTH
def test_a_summary_has_at_least_one_sentence(summarizer):
    with pytest.raises(ConfigError, match="0 sentences was asked for; ask for at least 1"):
        summarizer.summarize(STORM, 0)


@pytest.mark.parametrize(
    ("name", "value"), [("damping", 1.5), ("position", -0.1), ("mmr", float("nan")), ("title", -1), ("title", 1e999)]
)
def test_a_setting_out_of_range_is_named(name, value):
    with pytest.raises(ConfigError, match=f"lexrank: {name} is {value}"):
        LexRank(**{name: value})


def test_line_breaks_inside_a_sentence_become_spaces():
    assert Lead().summarize(["A storm hit\nthe  coast."], 1).text == "A storm hit the coast."


@pytest.mark.parametrize(
    ("text", "usable"),
    [
        ("Ministers resigned today.", True),
        ("Foreign ministry.", False),
        ("وزارة الخارجية", False),
        ("استقال ثلاثة وزراء.", True),
        ("أَعْلَنَ الوَزِيرُ", False),
        ('"Who knows what happened?!"', False),
        ('"Who knows?" the minister asked.', True),
        ("اقرأ أيضًا: كل ما تريد معرفته عن الميزانية", False),
        ("- READ MORE about the budget", False),
        ("They read more than ten books a year.", True),
        ("CNN's Ben Hall contributed to this report.", False),
    ],
)
def test_what_can_stand_in_a_summary(text, usable):
    assert extractive._usable(text) is usable


@BOTH
@given(article=st.lists(st.text(max_size=30) | st.sampled_from(STORM), max_size=8), count=st.integers(1, 4))
@settings(derandomize=True, deadline=None, max_examples=60)
def test_any_article_has_a_summary_in_its_own_words(summarizer, article, count):
    try:
        summary = summarizer.summarize(article, count, "A storm")
    except EmptyInput:
        assert not any(character.isalnum() for sentence in article for character in sentence)
        return
    taken = chosen(summary)
    assert 1 <= len(taken) <= count
    assert taken == sorted(set(taken))
    assert [sentence.text for sentence in summary.sentences] == [" ".join(article[i].split()) for i in taken]
    assert summary == summarizer.summarize(article, count, "A storm")


def test_two_thousand_sentences_take_less_than_two_seconds(monkeypatch):
    rows = np.random.default_rng(0).normal(size=(2001, 512)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    monkeypatch.setattr(extractive, "encode", lambda texts: rows[: len(texts)])
    start = time.process_time()
    assert len(LexRank().summarize(sentences(2000), 5).sentences) == 5
    assert time.process_time() - start < 2


def refusing(error):
    def load_engine(name):
        raise error(f"{name}: not here")

    return load_engine


def test_loading_by_name():
    nothing = refusing(ModelNotFound)
    assert load_summarizer("lead", nothing) == Lead()
    assert load_summarizer("lexrank", nothing) == load_summarizer("auto", nothing) == LexRank()
    summarizer: Summarizer = load_summarizer("lead", nothing)
    assert summarizer.summarize(STORM, 1).kind == "extract"
    with pytest.raises(ModelNotFound, match="bart: not here"):
        load_summarizer("bart", nothing)


def test_auto_prefers_a_model(fake_engine):
    engine = fake_engine()
    assert load_summarizer("auto", lambda name: engine) == Abstractive(engine)


def test_an_unknown_name_lists_what_needs_no_model():
    with pytest.raises(UnknownModel, match="lexrnk: not here; without a model there are: lead, lexrank"):
        load_summarizer("lexrnk", refusing(UnknownModel))
