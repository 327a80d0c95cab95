"""The HTML file as a browser's parser sees it: whole, closed to the outside, and deaf to what the article says."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest
from dossiers import HOSTILE, MADE, SMALL, made_of
from golden import check_golden
from lxml import etree, html

from mt.webpage import clean
from serve.dossier import render
from serve.service import Digest

ELEMENTS = {
    "html", "head", "meta", "title", "style", "body", "main", "header", "section", "footer", "div", "h1", "h2", "p",
    "ul", "ol", "li", "dl", "dt", "dd", "span", "bdi", "mark", "strong", "em", "a", "code", "details", "summary",
}  # fmt: skip
ATTRIBUTES = {
    "lang", "dir", "class", "id", "href", "role", "tabindex", "charset", "http-equiv", "content", "name",
    "aria-label", "aria-labelledby", "aria-hidden",
}  # fmt: skip


def parsed(digest: Digest) -> html.HtmlElement:
    return html.document_fromstring(render(digest, "html", MADE), parser=html.HTMLParser(encoding="utf-8"))


def texts(page: html.HtmlElement, path: str) -> list[str]:
    return [" ".join(element.text_content().split()) for element in page.xpath(path)]


@pytest.fixture(scope="module")
def page() -> html.HtmlElement:
    return parsed(SMALL)


def test_headings_are_in_order(page: html.HtmlElement) -> None:
    assert texts(page, "//h1|//h2") == ["News", "Summary", "The two texts", "Where this comes from"]
    assert [element.tag for element in page.xpath("//h1|//h2|//h3")] == ["h1", "h2", "h2", "h2"]
    assert texts(page, "//title") == ["News"]


def test_the_reader_is_warned_before_the_summary(page: html.HtmlElement) -> None:
    assert texts(page, "//header/following-sibling::*[following-sibling::section]")[:4] == [
        "Draft by x.",
        "A table fell out.",
        "2 of 4 segments have something to doubt: [2] [4]",
        "Summary Five died. [2] (See what is doubted in [2]) "
        "The minister denied. [3] [1] (From the translation, in place of a sentence that the "
        "article does not support: nothing is like it) Rain fell. (Not supported by the article: it has a name too "
        "many) Its sentences were written by the model bart@2 from the translation. The numbers lead to the segments "
        "that a sentence rests on.",
    ]


@pytest.mark.parametrize("digest", [SMALL, made_of(HOSTILE)], ids=["small", "hostile"])
def test_every_link_leads_to_one_place_on_the_page(digest: Digest) -> None:
    page = parsed(digest)
    links = page.xpath("//a/@href")
    assert {"#s1", "#s4", "#summary"} <= set(links)
    for link in links:
        assert len(page.xpath("//*[@id=$name]", name=link.removeprefix("#"))) == 1, link
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids))


def test_a_citation_leads_to_its_segment_and_a_cited_segment_back(page: html.HtmlElement) -> None:
    (segment,) = page.xpath("//*[@id='s2']")
    assert texts(segment, ".//p[@class='target']") == ["Five were killed in عمان."]
    assert page.xpath("//ul[@class='summary']/li[1]/a/@href") == ["#s2"]
    assert segment.xpath(".//p[@class='place']/a/@href") == ["#summary"]
    assert page.xpath("//*[@id='s4']//a") == []


def test_each_language_has_its_direction_and_segments_stand_side_by_side(page: html.HtmlElement) -> None:
    assert texts(page, "//header/p[@lang='ar'][@dir='rtl']") == ["خبر"]
    rows = page.xpath("//div[@class='segment']")
    assert [texts(row, ".//p[@lang='ar' and @dir='rtl']") for row in rows] == [
        ["قتل 3 في عمان."], ["نفى الوزير."], ["سطر ثان."],
    ]  # fmt: skip
    assert [texts(row, ".//p[@lang='en' and @dir='ltr']") for row in rows] == [
        ["Five were killed in عمان."], ["The minister denied."], ["(no text)"],
    ]  # fmt: skip
    assert [len(group.xpath("div[@class='segment']")) for group in page.xpath("//div[@role='group']")] == [2, 1]


def test_flags_are_marked_in_both_texts_and_said_in_words(page: html.HtmlElement) -> None:
    (segment,) = page.xpath("//*[@id='s2']")
    marks = [(mark.get("class"), mark.text) for mark in segment.xpath(".//mark")]
    assert marks == [("warning", "Five"), ("error", "عمان"), ("warning", "3")]
    assert texts(segment, ".//ul[@class='doubts']/li") == [
        "Check: number “Five” “3” The source says 3.",
        "Error: left in Arabic “عمان” Left in Arabic.",
    ]
    assert texts(segment, ".//details/summary") == ["Other translations of segment 2: 2"]
    assert texts(segment, ".//details//li") == ["5 killed.", "Five dead."]


@pytest.mark.parametrize("digest", [SMALL, made_of(HOSTILE)], ids=["small", "hostile"])
def test_nothing_but_our_elements_and_attributes_and_nothing_from_outside(digest: Digest) -> None:
    page = parsed(digest)
    assert {element.tag for element in page.iter(etree.Element)} <= ELEMENTS
    assert list(page.iter(etree.Comment, etree.ProcessingInstruction)) == []
    attributes = [(name, value) for element in page.iter(etree.Element) for name, value in element.attrib.items()]
    assert {name for name, _ in attributes} <= ATTRIBUTES
    assert not [value for _, value in attributes if "//" in value or "evil" in value]
    (style,) = page.xpath("//style")
    assert not re.search(r"url\(|@import|//|expression", style.text)


def test_the_policy_allows_this_style_and_nothing_else(page: html.HtmlElement) -> None:
    (policy,) = page.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    (style,) = page.xpath("//style")
    allowed = base64.b64encode(hashlib.sha256(style.text.encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{allowed}'; base-uri 'none'; form-action 'none'"
    head = [element.tag + element.get("charset", "") + element.get("http-equiv", "") for element in page.find("head")]
    assert head[:2] == ["metautf-8", "metaContent-Security-Policy"]  # before anything that it forbids


def test_hostile_text_is_read_in_every_place_as_it_was_written() -> None:
    page, shown = parsed(made_of(HOSTILE)), " ".join(clean(HOSTILE).split())
    for path, count in {
        "//title": 1, "//h1": 1, "//p[@class='headline']": 1, "//p[@class='notice']": 1,
        "//ul[@class='cautions']/li": 2, "//ul[@class='summary']/li": 2, "//p[@class='target']": 3,
        "//p[@class='source']": 3, "//details//li": 4, "//ul[@class='doubts']/li": 9, "//dd": 4,
    }.items():  # fmt: skip
        found = [text for text in texts(page, path) if shown in text]
        assert len(found) == count, path


def test_no_text_can_turn_its_surroundings_around() -> None:
    content = render(made_of(HOSTILE), "html", MADE).decode()
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00\x1b\ud800]", content)
    page = parsed(made_of("txt"))
    for element in page.iter(etree.Element):
        if "txt" in (element.text or "") and element.tag not in ("title", "mark", "span"):
            assert element.get("dir") or element.tag == "bdi", etree.tostring(element)


def test_golden() -> None:
    (main,) = parsed(SMALL).xpath("//main")
    check_golden("dossier.html", etree.tostring(main, encoding="unicode", method="html"))
