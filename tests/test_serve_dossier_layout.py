"""What a dossier says and in what order, before any format."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
from dossiers import HOSTILE, MADE, SMALL, made_of
from hypothesis import given, settings
from hypothesis import strategies as st

from mt.document import Article, FlagKind, Severity
from mt.webpage import clean
from serve.dossier.layout import KINDS, NO_HEADLINE, NO_TEXT, Piece, layout, pieces, source_text
from serve.service import Digest
from summarize.base import Summary, SummarySentence

PAGE = layout(SMALL, MADE)
EXACT = settings(derandomize=True, deadline=None)


def facts(digest: Digest) -> dict[str, tuple[str, str]]:
    return {fact.name: (fact.text, fact.signature) for fact in layout(digest, MADE).provenance}


def test_flagged_stretches_are_cut_out_of_both_texts() -> None:
    row = PAGE.paragraphs[0][0]
    assert row.target == (
        Piece("Five", "warning"),
        Piece(" were killed in "),
        Piece("عمان", "error"),
        Piece("."),
    )
    assert row.source == (Piece("قتل "), Piece("3", "warning"), Piece(" في عمان."))


def test_the_worst_flag_marks_what_two_flags_point_at() -> None:
    assert pieces("abcdef", [("info", (0, 4)), ("error", (2, 6)), ("warning", (0, 6))]) == (
        Piece("ab", "warning"),
        Piece("cd", "error"),
        Piece("ef", "error"),
    )


SPANS = st.tuples(st.integers(-3, 12), st.integers(-3, 12))


@EXACT
@given(st.text(max_size=9), st.lists(st.tuples(st.sampled_from(["error", "warning", "info"]), SPANS | st.none())))
def test_pieces_give_the_text_back(text: str, marks: list[tuple[Severity, tuple[int, int] | None]]) -> None:
    assert "".join(piece.text for piece in pieces(text, marks)) == text


def test_a_doubt_quotes_what_it_points_at_unless_that_is_all() -> None:
    number, left = PAGE.paragraphs[0][0].doubts
    assert (number.label, number.target, number.source) == ("Check: number", "Five", "3")
    assert (left.label, left.target, left.source) == ("Error: left in Arabic", "عمان", "")
    (omission,) = PAGE.paragraphs[1][0].doubts
    assert (omission.label, omission.source) == ("Error: something missing", "")


def test_every_kind_of_flag_has_words() -> None:
    assert set(KINDS) == set(FlagKind.__args__)  # type: ignore[attr-defined]


def test_doubted_segments_are_counted_and_named_as_citations_name_them() -> None:
    assert (PAGE.doubts, PAGE.doubted) == ("2 of 4 segments have something to doubt:", (2, 4))
    calm = replace(SMALL.translation, flags=((), (), (), ()))
    assert layout(replace(SMALL, translation=calm), MADE).doubts.startswith("The checks found nothing to doubt.")
    one = replace(SMALL.translation, flags=((), SMALL.translation.flags[1], (), ()))
    assert layout(replace(SMALL, translation=one), MADE).doubts == "1 of 4 segments has something to doubt:"


def test_the_summary_says_where_its_sentences_come_from() -> None:
    assert PAGE.summary_made == "Its sentences were written by the model bart@2 from the translation."
    assert [(s.numbers, s.doubt) for s in PAGE.summary] == [
        ((2,), "See what is doubted in [2]"),
        ((3, 1), "From the translation, in place of a sentence that the article does not support: nothing is like it"),
        ((), "Not supported by the article: it has a name too many"),
    ]
    extract = replace(SMALL, summary=Summary("extract", (SummarySentence("Five.", (1,)),), "lead|k:1"))
    made = "Its sentences were taken from the translation, chosen by the method lead."
    assert layout(extract, MADE).summary_made == made


def test_the_provenance_has_systems_time_and_the_checksum_of_the_source() -> None:
    found = facts(SMALL)
    assert found["Translation"] == (
        "By the model ar-en-x@1, from Arabic into English.", "ar-en-x@1|ct2|int8|beam:4|v:0"
    )  # fmt: skip
    assert found["Summary"][1] == "bart@2|ct2"
    assert "the article was sent nowhere" in found["Where"][0]
    assert found["Made"][0].startswith("2026-03-01 12:30 UTC by khulasa ")
    assert found["Made"][0].endswith("(translate 1.2 s)")
    assert found["Record"] == ("r-7", "")
    text = "خبر\n\nقتل 3 في عمان. نفى الوزير.\n\nسطر\nثان."
    assert found["Source"][1] == hashlib.sha256(text.encode()).hexdigest()
    assert "Left out" not in found


def test_direction_controls_that_are_left_out_are_counted() -> None:
    assert facts(made_of("\u202eabc\u2069"))["Left out"][0].startswith("6 invisible direction controls")
    assert source_text(Article(("a", "b"))) == "a\n\nb"


def test_an_article_without_headline_and_a_headline_without_translation() -> None:
    bare = replace(
        SMALL.translation, article=replace(SMALL.translation.article, title=None),
        segments=SMALL.translation.segments[1:], hypotheses=SMALL.translation.hypotheses[1:],
        flags=SMALL.translation.flags[1:],
    )  # fmt: skip
    page = layout(replace(SMALL, translation=bare, summary=Summary("extract", (), "lead")), MADE)
    assert (page.title, page.headline) == (NO_HEADLINE, ())
    assert [[row.number for row in paragraph] for paragraph in page.paragraphs] == [[1, 2], [3]]
    lost = replace(SMALL.translation, hypotheses=(SMALL.translation.hypotheses[3], *SMALL.translation.hypotheses[1:]))
    assert layout(replace(SMALL, translation=lost), MADE).title == NO_TEXT


@pytest.mark.parametrize("kept", ["نص\u200f عربي\u200e", "tab\tline\nend\r", "\u200b\u061c", "😀"])
def test_what_belongs_to_a_text_stays(kept: str) -> None:
    assert clean(kept) == kept


def test_clean_shows_forbidden_characters_and_drops_direction_controls() -> None:
    assert clean("a\x00b\x1b\x7f\ud800\uffff\u202e\u2066c\u2069") == "a\ufffdb\ufffd\ufffd\ufffd\ufffdc"
    assert "\u202e" in HOSTILE
