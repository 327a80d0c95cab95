"""A sentence written by hand takes its place everywhere: target, flags, summary, signature, every export."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from dossiers import MADE, SMALL
from hypothesis import given, settings
from hypothesis import strategies as st

from mt.checks import check
from mt.document import Article, Flag, Hypothesis, Segment, Translation
from mt.errors import EmptyInput, InputError, InputTooLong
from mt.terms import load_terms
from serve.dossier import digest_json, render
from serve.edits import MOST_CHARACTERS, edited, edited_segments
from serve.service import Digest
from summarize.base import Summary, SummarySentence
from summarize.grounding import ground

TERMS = load_terms()


def digest_of(*pairs: tuple[str, str], summary: Summary | None = None, **flags: tuple[Flag, ...]) -> Digest:
    sources, targets = [ours for ours, _ in pairs], [theirs for _, theirs in pairs]
    found = check(sources, targets, [TERMS.find(source) for source in sources])
    translation = Translation(
        Article(tuple(sources)),
        tuple(Segment(source, "", i) for i, source in enumerate(sources)),
        tuple((Hypothesis(target, -0.5, True, 0.7), Hypothesis("Another.", -0.9)) for target in targets),
        tuple(found),
        "m@1|ct2",
    )
    return Digest(translation, summary or Summary("extract", (), "lead"))


THREE = digest_of(
    ("قتل 3 في عمان.", "Five were killed in Amman."),
    ("قال الوزير خالد مشعل ذلك.", "Minister Khaled Meshaal said so."),
    ("ونفى مشعل الخبر.", "Meshaal denied the news."),
    summary=Summary("extract", (SummarySentence("Five were killed in Amman.", (0,)),), "lead"),
)


def test_the_edit_is_the_best_hypothesis_and_what_the_model_said_an_alternative() -> None:
    best, *others = edited(THREE, {0: "Three were killed in Amman."}, TERMS).translation.hypotheses[0]
    assert best == Hypothesis("Three were killed in Amman.")
    assert [other.text for other in others] == ["Five were killed in Amman.", "Another."]
    (chosen, *rest) = edited(THREE, {0: "Another."}, TERMS).translation.hypotheses[0]
    assert (chosen.score, [other.text for other in rest]) == (None, ["Five were killed in Amman."])


def test_the_checks_run_again_for_the_edit_and_leave_the_others_alone() -> None:
    before = THREE.translation.flags
    assert [flag.kind for flag in before[0]] == ["number"]
    mended = edited(THREE, {0: "Three were killed in Amman."}, TERMS).translation.flags
    assert mended == ((), *before[1:])
    broken = edited(THREE, {0: "Three were killed in Cairo."}, TERMS).translation.flags
    assert [flag.kind for flag in broken[0]] == ["name"]


def test_one_name_in_two_spellings_is_seen_across_the_article_and_no_longer_once_mended() -> None:
    told = "Zelinsky and Zelensky, in this article, are two spellings of one name."
    digest = digest_of(
        ("قال زيلينسكي ذلك.", "Zelensky said so."), ("ونفى زيلينسكي الخبر.", "Zelensky denied the news.")
    )
    two = edited(digest, {0: "Zelinsky said so."}, TERMS).translation
    sources = [segment.text for segment in two.segments]
    assert list(two.flags) == check(sources, two.targets, [TERMS.find(source) for source in sources])
    assert [flag.message for flag in two.flags[1]] == [told]
    mended = edited(Digest(replace(two, system="m@1"), digest.summary), {0: "Zelensky said so."}, TERMS).translation
    assert told not in [flag.message for flags in mended.flags for flag in flags]


def test_the_slip_of_a_source_stays_told_and_spans_are_in_the_text_as_written() -> None:
    text, reading = "وجاء في البيان االذي نشر الثلاثاء ذلك.", "وجاء في البيان الذي نشر الثلاثاء ذلك."
    digest = digest_of((text, "The statement that was published on Tuesday says so."))
    typo = Flag("typo", "info", "a slip", (15, 20))
    segment = replace(digest.translation.segments[0], reading=reading)
    translation = replace(digest.translation, segments=(segment,), flags=((typo,),))
    changed = edited(replace(digest, translation=translation), {0: "It was published on Wednesday."}, TERMS)
    number = next(flag for flag in changed.translation.flags[0] if flag.kind == "number")
    assert number.source_span is not None
    assert text[slice(*number.source_span)] == "الثلاثاء"
    assert typo in changed.translation.flags[0]


def test_an_extract_follows_its_segment() -> None:
    changed = edited(THREE, {0: "Three were\n killed in Amman.", 2: "He denied it."}, TERMS)
    assert changed.summary.text == "Three were killed in Amman."
    assert changed.summary.sentences[0].segments == (0,)


def test_what_a_model_wrote_is_grounded_again() -> None:
    written = Summary("abstract", (SummarySentence("Three people were killed in Amman.", ()),), "bart@2")
    digest = replace(THREE, summary=ground(written, THREE.translation.targets))
    assert digest.summary.sentences[0].replaced == "Three people were killed in Amman."
    summary = edited(digest, {0: "Three people were killed in Amman today."}, TERMS).summary
    assert summary.sentences == (SummarySentence("Three people were killed in Amman.", (0,)),)
    assert summary.system == digest.summary.system
    kept = replace(THREE, summary=ground(written, THREE.translation.targets, keep_unsupported=True))
    changed = edited(kept, {2: "He denied it."}, TERMS).summary
    assert (changed.sentences[0].supported, changed.system) == (False, kept.summary.system)


def test_every_export_tells_which_segments_were_edited() -> None:
    changed = edited(SMALL, {3: "A line.", 1: "Three were killed in Amman."}, TERMS)
    assert changed.translation.system.endswith("|v:0|edited:2,4")
    assert edited_segments(changed.translation.system) == (2, 4)
    assert edited_segments(SMALL.translation.system) == ()
    assert changed.translation.warnings[-1] == "Segments 2, 4 were edited by hand."
    for text in (render(changed, "md", MADE), render(changed, "html", MADE), json.dumps(digest_json(changed)).encode()):
        assert b"edited:2,4" in text.replace(b"\\", b"")
        assert b"Three were killed in Amman." in text
        assert b"edited by hand" in text
    assert len(render(changed, "docx", MADE)) > 1000
    assert changed.translation.paragraphs == ("Three were killed in Amman. The minister denied.", "A line.")


def test_what_says_the_same_is_no_edit() -> None:
    assert edited(THREE, {}, TERMS) is THREE
    assert edited(THREE, {0: "  Five were killed\tin Amman. "}, TERMS) is THREE


@pytest.mark.parametrize("index", [-1, 3, 10**9])
def test_a_segment_that_is_not_there_is_refused(index: int) -> None:
    with pytest.raises(InputError, match="expected a number from 1 to 3"):
        edited(THREE, {index: "x"}, TERMS)


@pytest.mark.parametrize("text", ["", " \n\t", "\u200b\u202e", "\x00\x1b"])
def test_an_empty_edit_is_refused(text: str) -> None:
    with pytest.raises(EmptyInput, match="segment 1 has no text; expected a sentence, or undo"):
        edited(THREE, {0: text}, TERMS)


def test_an_edit_is_bounded() -> None:
    with pytest.raises(InputTooLong, match="has 5,001 characters; expected at most 5,000"):
        edited(THREE, {0: "x" * (MOST_CHARACTERS + 1)}, TERMS)


@settings(derandomize=True, deadline=None, max_examples=60)
@given(st.text(st.characters(codec=None), max_size=80))
def test_whatever_is_typed_becomes_one_clean_line_or_is_refused(text: str) -> None:
    try:
        target = edited(THREE, {0: text}, TERMS).translation.targets[0]
    except EmptyInput:
        return
    assert target.isprintable() or not any(ord(c) < 32 or 0x7F <= ord(c) < 0xA0 or c in "\u202e\u2066" for c in target)
    assert target == " ".join(target.split())
    target.encode()
