"""Web pages → Article: trafilatura finds the article, and what is left out is said. Nothing is fetched or run."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from typing import Any

from mt.document import Article
from mt.errors import InputTooLong

MAX_ELEMENTS = 20_000
MAX_ATTRIBUTES = 30  # of one element; trafilatura takes quadratic time in them
MAX_TAG = 500  # words of one tag; libxml2 takes quadratic time in them

_NOT_TEXT = (
    "template", "svg", "math", "iframe", "object", "embed", "canvas", "audio", "video", "table", "figure", "figcaption",
    "img",
)  # fmt: skip
_NAMED = {  # what a reader may miss wherever it stood
    "table": "tables", "figure": "figures and captions", "figcaption": "figures and captions", "img": "images",
    "script": "scripts", "iframe": "embedded frames", "video": "videos", "math": "formulas",
}  # fmt: skip
_AROUND = {  # what is left out, and named if it held text
    "nav": "navigation", "menu": "navigation", "footer": "footers", "aside": "asides",
    "noscript": "text for browsers without scripts", "button": "form fields", "select": "form fields",
    "textarea": "form fields",
}  # fmt: skip
_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]{2,40})", re.IGNORECASE)
_HTML = re.compile(
    r"\ufeff?\s*(?:<\?xml[^>]{0,200}>\s*)?(?:<!--.{0,500}?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.I | re.S
)
# "Read also" and its like, alone or before a link; a sentence that begins so and goes on is not one.
_READ_ALSO = re.compile(
    r"[\W_]*(?:(?:ا|إ|أ)?قر(?:أ|ا|أوا|ؤوا)\s+(?:أيض(?:ا|اً|ًا)|المزيد|كذلك)|(?:ا|إ)?قرأ\s+أكثر|شاهد(?:وا)?\s+(?:أيض(?:ا|اً|ًا)|المزيد)"
    r"|(?:مواضيع|أخبار|مقالات|موضوعات)\s+(?:ذات\s+صلة|متعلقة|مشابهة)|(?:قد|ربما)\s+يهمك(?:\s+أيض(?:ا|اً|ًا))?|للمزيد)"
    r"(?=\s*(?:[:：|؛\-–—»«<>.…]|$|\n))"
)


def looks_like_html(text: str) -> bool:
    """Whether the text begins as a web page does."""
    return bool(_HTML.match(text[:4000]))


def declared_charset(data: bytes) -> str | None:
    """The encoding that a page names in its first bytes, as browsers look for it."""
    found = _CHARSET.search(data[:4096])
    return found[1].decode("ascii", "replace") if found else None


def parse_html(text: str, name: str) -> Article:
    """The article of a page: its headline and paragraphs, with a warning for each kind of thing left out.

    Raises:
        InputTooLong: more elements than any article has.
    """
    page = _page(text, name)
    if page is None:
        return Article(())
    dropped, written = _strip(page)
    title = _headline(page)
    blocks, all_blocks = list(_extracted(page)), list(_all_blocks(page))
    if _squeezed("".join(all_blocks)) in _squeezed("".join(blocks[:1])) or not blocks:
        blocks = all_blocks  # a page so short or plain that trafilatura finds nothing, or all of it in one
    kept = [block for block in blocks if not _READ_ALSO.match(block)]
    if len(kept) < len(blocks):
        dropped.append("links to other articles (read also)")
    wanted = _squeezed(title or "")
    paragraphs = [block for block in kept if _squeezed(block) != wanted]
    warnings = [f"Left out of the web page: {', '.join(dropped)}."] if dropped else []
    missing = _missing(written, kept)
    if missing:
        warnings.append(f"{missing} paragraphs of the web page were not taken for the article: compare with the page.")
    return Article(tuple(paragraphs), title=title, warnings=tuple(warnings))


def _page(text: str, name: str) -> Any:
    from lxml import etree, html

    text = re.sub(r"\A\ufeff?\s*<\?xml[^>]{0,200}>", "", text).replace("\x00", "")
    if any(_tag_words(piece) > MAX_TAG for piece in _tags(text)):
        raise InputTooLong(f"{name} has a tag of over {MAX_TAG:,} words; save the article's text as a .txt file")
    parser = html.HTMLParser(no_network=True, remove_comments=True, remove_pis=True, huge_tree=False)
    try:
        page = html.document_fromstring(text, parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return None
    if any("depth" in str(entry.message).lower() for entry in parser.error_log):
        raise InputTooLong(f"{name} nests its elements too deeply to be an article; save its text as a .txt file")
    for count, element in enumerate(page.iter()):
        if count >= MAX_ELEMENTS:
            raise InputTooLong(f"{name} has over {MAX_ELEMENTS:,} elements; save the article's text as a .txt file")
        if len(element.attrib) > MAX_ATTRIBUTES:
            element.attrib.clear()
    return page


def _tags(text: str) -> Iterator[str]:
    """What stands from each `<` to the next one; within scripts, styles and comments, where no tag is, nothing."""
    end = ""
    for piece in text.split("<")[1:]:
        if end:
            end = "" if end in piece[: len(end)].lower() or (end == "-->" and end in piece) else end
        elif raw := re.match(r"(script|style)\b|!--", piece, re.IGNORECASE):
            end = f"/{raw[1].lower()}" if raw[1] else "" if "-->" in piece else "-->"
            yield piece.partition(">")[0] if raw[1] else ""
        else:
            yield piece


def _tag_words(piece: str) -> int:
    """At least how many words and attributes there are from one `<` to the end of its tag, before the next `<`.

    With quotes about, the tag may go on after a `>`: then all up to the last one counts.
    """
    if len(piece) <= MAX_TAG:
        return 0
    quoted = '"' in piece or "'" in piece
    tag = piece if ">" not in piece else piece.rpartition(">")[0] if quoted else piece.partition(">")[0]
    return len(re.findall(r"[\s/\"'=]+", re.sub(r"\bdata:[^\s\"'>]*", "", tag)))


def _strip(page: Any) -> tuple[list[str], list[str]]:
    """Take out what is no text of the article: the kinds of it that a reader may miss; the paragraphs there were."""
    from lxml import etree

    found = {_NAMED[element.tag] for element in page.iter(*_NAMED)}
    etree.strip_elements(page, "script", "style", with_tail=False)
    found |= set(_around_text(page))
    written = [_text(p) for p in page.iter("p")]
    etree.strip_tags(page, "form")  # pages made with ASP.NET stand in one
    etree.strip_elements(page, *_NOT_TEXT, *_AROUND, with_tail=False)
    return sorted(found), written


def _around_text(page: Any) -> Iterator[str]:
    """What the text that stands around the article is in; one walk, for XPath takes quadratic time in nested ones."""
    from lxml import etree

    inside: list[str] = []
    for event, element in etree.iterwalk(page, events=("start", "end")):
        if event == "start" and element.tag in _AROUND:
            inside.append(_AROUND[element.tag])
        elif event == "end" and element.tag in _AROUND:
            inside.pop()
        text = element.text if event == "start" else element.tail
        if inside and text and text.strip():
            yield inside[-1]


def _headline(page: Any) -> str | None:
    """The h1 that the page's own title confirms (another may be the site's name), else og:title, h1, title."""
    heads = [text for h1 in page.iter("h1") if (text := _text(h1))]
    meta = page.xpath("//meta[@property='og:title' or @name='og:title']/@content")
    stated = [text for content in meta if (text := " ".join(content.split()))]
    titles = [text for title in page.iter("title") if (text := _text(title))]
    for named in (*stated[:1], *titles[:1]):
        for head in sorted(heads, key=len, reverse=True):
            if head in named and 2 * len(head) > len(named):
                return head
    return next(iter([*stated[:1], *heads[:1], *titles[:1]]), None)


def _extracted(page: Any) -> Iterator[str]:
    """The blocks of the article as trafilatura finds it; none where it finds nothing."""
    import copy

    from trafilatura import bare_extraction

    for library in ("trafilatura", "htmldate", "courlan", "justext", "readability"):
        logging.getLogger(library).addHandler(logging.NullHandler())
    document = bare_extraction(
        copy.deepcopy(page), include_comments=False, include_tables=False, include_images=False, include_links=False
    )
    body = getattr(document, "body", None)
    if body is not None:
        yield from _blocks(body, ("p", "head", "item", "quote", "code"), "lb")


def _all_blocks(page: Any) -> Iterator[str]:
    """Every block of the page."""
    body = page.find("body")
    yield from _blocks(body if body is not None else page, _BLOCKS, "br")


_BLOCKS = ("p", "h1", "h2", "h3", "h4", "h5", "h6", "li", "blockquote", "pre", "div", "section", "article", "main",
           "body", "ul", "ol", "dl", "dt", "dd", "center", "td")  # fmt: skip


def _blocks(root: Any, names: tuple[str, ...], line_break: str) -> Iterator[str]:
    """The texts between the starts and ends of the elements of these names, in order."""
    from lxml import etree

    pieces: list[str] = []
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if element.tag in names:
            yield from _lines(pieces)
            pieces = []
        if event == "start":
            pieces.append(re.sub(r"\s+", " ", element.text or ""))
        else:
            pieces.append("\n" if element.tag == line_break else "")
            pieces.append(re.sub(r"\s+", " ", (element.tail or "") if element is not root else ""))
    yield from _lines(pieces)


def _lines(pieces: list[str]) -> Iterator[str]:
    """The text of a block; two line breaks in it are the end of a paragraph."""
    for block in re.split(r"\n\s*\n", "".join(pieces)):
        lines = (" ".join(line.split()) for line in block.split("\n"))
        text = "\n".join(line for line in lines if line)
        if text:
            yield text


def _text(element: Any) -> str:
    return " ".join("".join(element.itertext()).split())


def _squeezed(text: str) -> str:
    return "".join(text.split())


def _missing(texts: list[str], blocks: list[str]) -> int:
    """How many texts of ten words or more are not, by their beginnings, in the blocks."""
    starts = {_squeezed(line)[:30] for block in blocks for line in block.split("\n")}
    return sum(
        len(text.split()) >= 10 and not _READ_ALSO.match(text) and _squeezed(text)[:30] not in starts for text in texts
    )
