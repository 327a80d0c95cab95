"""The panel as a browser's parser sees it: everything of a digest in its order, and deaf to what the article says."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from dossiers import HOSTILE, SMALL, made_of
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html

from mt.checks import check
from mt.document import Article, Flag, Hypothesis, Segment, Translation
from mt.terms import load_terms
from serve.edits import edited
from serve.service import Digest
from serve.ui.tables import MOST_ROWS, Fact, build_table
from serve.ui.view import comparison_html, digest_html, message_html, progress_html
from summarize.base import Summary, SummarySentence

TERMS = load_terms()
ELEMENTS = {
    "div", "section", "footer", "h2", "p", "ul", "ol", "li", "dl", "dt", "dd", "span", "bdi", "mark", "strong", "em",
    "code", "details", "summary", "button", "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
ATTRIBUTES = {
    "lang", "dir", "class", "role", "tabindex", "type", "scope", "colspan", "aria-label", "aria-hidden", "data-cites",
    "data-index", "data-act", "data-key", "data-version", "data-article", "data-most",
}  # fmt: skip


def parsed(text: str) -> html.HtmlElement:
    return html.fragment_fromstring(text)


def texts(panel: html.HtmlElement, path: str) -> list[str]:
    return [" ".join(element.text_content().split()) for element in panel.xpath(path)]


def translation_of(*pairs: tuple[str, str]) -> Translation:
    sources, targets = [ours for ours, _ in pairs], [theirs for _, theirs in pairs]
    return Translation(
        Article(tuple(sources)),
        tuple(Segment(source, "", i) for i, source in enumerate(sources)),
        tuple((Hypothesis(target),) for target in targets),
        tuple(check(sources, targets, [TERMS.find(source) for source in sources])),
        "m@1|ct2",
    )


@pytest.fixture(scope="module")
def panel() -> html.HtmlElement:
    return parsed(digest_html(SMALL))


def test_the_reader_is_warned_then_told_the_gist_then_how_much_is_doubted(panel: html.HtmlElement) -> None:
    assert [(element.tag, element.get("class")) for element in panel][:8] == [
        ("p", "said unseen"), ("p", "notice"), ("ul", "cautions"), ("section", "gist"), ("p", "doubted"),
        ("section", "texts"), ("section", "facts"), ("footer", None),
    ]  # fmt: skip
    assert texts(panel, "p[@class='notice']|ul[@class='cautions']") == ["Draft by x.", "A table fell out."]
    assert texts(panel, "p[@class='doubted']") == ["2 of 4 segments have something to doubt: 24"]


def test_a_sentence_of_the_summary_leads_to_exactly_its_segments(panel: html.HtmlElement) -> None:
    assert [li.get("data-cites").split() for li in panel.xpath("//ul[@class='summary']/li")] == [["1"], ["2", "0"], []]
    buttons = panel.xpath("//ul[@class='summary']//button")
    assert [(b.get("aria-label"), b.get("data-cites"), b.get("type")) for b in buttons] == [
        ("Segment 2", "1", "button"), ("Segment 3", "2", "button"), ("Segment 1", "0", "button"),
    ]  # fmt: skip
    assert texts(panel, "//span[@class='doubt']")[2:] == ["Not supported by the article: it has a name too many"]


def test_each_pair_stands_in_both_languages_with_its_doubts_in_words(panel: html.HtmlElement) -> None:
    pairs = panel.xpath("//div[contains(@class, 'pair')]")
    assert [pair.get("data-index") for pair in pairs] == ["0", "1", "2", "3"]
    (pair,) = (pair for pair in pairs if pair.get("data-index") == "1")
    (target,), (source,) = pair.xpath(".//p[@lang='en' and @class='target']"), pair.xpath(".//p[@lang='ar']")
    assert (target.get("dir"), target.text_content()) == ("ltr", "Five were killed in عمان.")
    assert (source.get("dir"), source.text_content()) == ("rtl", "قتل 3 في عمان.")
    assert [(mark.get("class"), mark.text) for mark in pair.xpath(".//mark")] == [
        ("warning", "Five"), ("error", "عمان"), ("warning", "3"),
    ]  # fmt: skip
    assert texts(pair, ".//ul[@class='doubts']/li") == [
        "Check: number “Five” The source says 3.", "Error: left in Arabic “عمان” Left in Arabic.",
    ]  # fmt: skip
    assert texts(pair, ".//details//li/p") == ["5 killed.", "Five dead."]


def test_a_segment_without_text_says_so(panel: html.HtmlElement) -> None:
    assert texts(panel, "//div[@data-index='3']//p[@class='target']/em") == ["(no text)"]


def test_a_doubt_about_the_whole_hides_no_mark_within() -> None:
    whole, within = (
        Flag("omission", "error", "Cut.", (0, 14), (0, 6)),
        Flag("number", "warning", "The source says 3.", (4, 5)),
    )
    for flags, marked in (((whole, within), ["News 5", "3"]), ((whole,), ["News 5", "قتل 3 في عمان."])):
        translation = replace(translation_of(("قتل 3 في عمان.", "News 5")), flags=(flags,))
        panel = parsed(digest_html(Digest(translation, Summary("extract", (), "lead"))))
        assert texts(panel, "//div[@data-index]//mark") == marked
        assert len(texts(panel, "//ul[@class='doubts']/li")) == len(flags)


def test_an_edit_is_marked_and_can_be_undone() -> None:
    panel = parsed(digest_html(edited(SMALL, {2: "He denied it."}, TERMS)))
    assert panel.xpath("//span[@class='edited']/ancestor::div[@data-index]/@data-index") == ["2"]
    assert panel.xpath("//button[@data-act='undo']/@aria-label") == ["Undo the edit of segment 3"]
    assert texts(panel, "//div[@data-index='2']//details//li/p") == ["The minister denied."]
    assert "Segment 3 was edited by hand." in texts(panel, "//ul[@class='cautions']/li")
    before = parsed(digest_html(SMALL))
    assert panel.get("data-article") == before.get("data-article")
    assert panel.get("data-version") != before.get("data-version")


def test_where_it_comes_from(panel: html.HtmlElement) -> None:
    assert texts(panel, "footer/p") == ["Translated by ar-en-x@1, summarized by bart@2, on this computer, in 1.2 s."]
    assert "ar-en-x@1|ct2|int8|beam:4|v:0" in texts(panel, "footer//code")
    assert not any("file" in text for text in texts(panel, "footer//dd")[:3])


def test_a_comparison_has_nothing_to_edit_and_no_summary() -> None:
    panel = parsed(comparison_html(SMALL.translation))
    assert not panel.xpath(
        "//textarea|//button[@data-act]|//section[@class='gist']|//details[starts-with(@data-key, 'o')]"
    )
    assert texts(panel, "footer/p") == ["This translation was made elsewhere, and only checked here."]
    assert texts(panel, "//p[@class='target']")[0] == "News"


@pytest.mark.parametrize(
    "text", [HOSTILE, '" onfocus=alert(1) autofocus x="', "</textarea></details></div>' `", "\u202eabc"]
)
def test_no_text_leaves_its_place_or_turns_its_surroundings_around(text: str) -> None:
    markup = digest_html(made_of(text))
    for found in (markup, comparison_html(made_of(text).translation)):
        panel = parsed(found)
        assert panel.get("class").startswith("khulasa")
        assert {element.tag for element in panel.iter()} <= ELEMENTS
        assert {name for element in panel.iter() for name in element.attrib} <= ATTRIBUTES
        assert not any(character in found for character in "\u202e\u202a\u2066\u2069\x00\ud800")
        assert "<script" not in found
    assert len(texts(parsed(markup), "//div[@data-index]")) == 4


def test_a_message_says_what_and_what_next_to_whoever_cannot_see_it() -> None:
    error = parsed(message_html("<b>", "No\nnet & <i>", "error"))
    assert (error.get("role"), error.get("class")) == ("alert", "khulasa message error")
    assert (error.xpath("h2")[0].text, error.xpath("p/bdi")[0].text) == ("<b>", "No\nnet & <i>")
    assert parsed(message_html("Nothing yet", "")).get("role") == "status"
    assert not parsed(message_html("Nothing yet", "")).xpath("p|progress")


def test_progress_is_told_in_numbers() -> None:
    panel = parsed(progress_html("Translating", 3, 12))
    assert panel.xpath("progress/@value") == ["0.25"]
    assert texts(panel, "p") == ["3 of 12 segments"]
    assert not parsed(progress_html("Reading", 0, 0)).xpath("p|progress[@value]")


def test_numbers_are_shown_as_they_were_read_with_what_became_of_them() -> None:
    table = build_table(
        translation_of(
            (
                "وقع الاتفاق الثلاثاء 15 مارس بقيمة 2.5 مليار دولار.",
                "It was signed on Wednesday 15 March for $2.5 billion.",
            ),
            ("وقتل خمسة عشر شخصا.", "Fifteen people were killed in 1999."),
        ),
        TERMS,
    )
    assert table.numbers == (
        Fact("الثلاثاء 15 مارس", "Tuesday 15 March", "Wednesday 15 March", False, (1,)),
        Fact("", "", "1999", False, (2,)),
        Fact("2.5 مليار دولار", "2,500,000,000 dollars", "2.5 billion", True, (1,)),
        Fact("خمسة عشر", "15", "Fifteen", True, (2,)),
    )
    assert table.whole


def test_names_are_shown_once_with_all_their_places() -> None:
    table = build_table(
        translation_of(
            ("زار الرئيس فلاديمير بوتين القاهرة.", "President Vladimir Putin visited Baghdad."),
            ("وعاد بوتين إلى موسكو.", "Putin returned to Moscow."),
            ("وقالت موسكو ذلك.", "Moscow's answer was this."),
        ),
        TERMS,
    )
    assert table.names[0] == Fact("القاهرة", "Cairo", "", False, (1,))
    assert Fact("موسكو", "Moscow", "Moscow", True, (2, 3)) in table.names
    assert Fact("فلاديمير بوتين", "Vladimir Putin", "Vladimir Putin", True, (1,)) in table.names


@settings(derandomize=True, deadline=None, max_examples=80)
@given(
    st.text("٠١٢٣9,.٫/:% $kmآأنصفمليونمارسعام\n", max_size=60),
    st.text("0123456789,.:/% $kmMarchmillion VIth", max_size=60),
)
def test_no_number_breaks_the_table(source: str, target: str) -> None:
    for fact in build_table(translation_of((source or "x", target)), TERMS).numbers:
        assert fact.source or fact.target


def test_the_table_of_a_long_article_is_bounded_and_says_so() -> None:
    pairs = [(f"وصل {n} شخصا.", f"{n} people came.") for n in range(101, 101 + MOST_ROWS)]
    table = build_table(translation_of(*pairs, ("وقتل 7 أشخاص.", "Eight people were killed.")), TERMS)
    assert len(table.numbers) == MOST_ROWS
    assert table.numbers[0] == Fact("7", "7", "Eight", False, (MOST_ROWS + 1,))
    assert not table.whole
    digest = Digest(translation_of(*pairs, pairs[0]), Summary("extract", (), "lead"))
    assert "there is more than is shown" not in digest_html(digest)


def test_an_article_of_5000_segments_is_shown_whole_and_cites_within_bounds() -> None:
    flags = (Flag("number", "error", "The source says 3.", (4, 5), (0, 4)),)
    small = SMALL.translation
    large = replace(
        small,
        article=Article((small.segments[1].text,) * 5000),
        segments=tuple(replace(small.segments[1], paragraph=i) for i in range(5000)),
        hypotheses=(small.hypotheses[1],) * 5000,
        flags=(flags,) * 5000,
    )
    begun = time.perf_counter()
    markup = digest_html(Digest(large, Summary("extract", (SummarySentence("Five.", (4999,)),), "lead")))
    assert time.perf_counter() - begun < 15  # 1.6 s on two cores
    assert markup.count('data-index="') == 5000
    assert len(markup) < 10_000_000
    assert "and 4960 more." in markup
    assert 'class="khulasa long"' in markup
