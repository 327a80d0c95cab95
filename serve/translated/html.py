"""HTML → the same HTML in English: text is replaced, and every tag stays as it is written, byte for byte.

No tree is built, for writing one again would change what it repairs: addresses, broken tags, the case of names.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from mt.errors import InputTooLong
from serve.translated.inline import MAX_DEPTH, Around, Inline, Mark, phrases, rendered, words

MAX_TOKENS = 200_000  # tags, and texts between them

Translate = Callable[[Sequence[str]], list[str]]  # n texts in, n texts out; those without Arabic as they are

# Everything else ends a sentence: blocks, cells, line breaks, and what nobody has heard of.
_INLINE = {
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "data", "del", "dfn", "em", "font", "i", "ins", "label",
    "mark", "nobr", "q", "s", "small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u",
}  # fmt: skip
_MARKS = {"img", "wbr", "input"}
_VOID = {"area", "base", "br", "col", "embed", "hr", "link", "meta", "param", "source", "track", *_MARKS}
_RAW = {"script", "style", "textarea", "iframe", "xmp", "noembed", "noframes"}  # no tags in them but their own end
_CODE = {"code", "kbd", "samp"}
_UNTOUCHED = {"svg", "math", "canvas", "object", "audio", "video", *_CODE}

# A quote opens a value only after "=". Possessive, so that a tag without an end is looked at once.
_TAG = re.compile(r"<(/?)([A-Za-z][^\s/>]*+)((?:[^>=]|=\s*+(?:\"[^\"]*+\"|'[^']*+'|))*+)>")
_DECLARATION = re.compile(r"<(?:!--.*?-->|[!?][^>]*>)", re.DOTALL)
_TAG_NAME = re.compile(r"<(/?)([A-Za-z][^\s/>]*+)")
_ATTRIBUTE = re.compile(r"(?<=[\s/\"'])([^\s=/\"'>]++)(\s*+=\s*+)(\"[^\"]*+\"|'[^']*+'|[^\s>\"']++)")
_NO_TRANSLATE = re.compile(r"\stranslate\s*=\s*[\"']?no\b", re.IGNORECASE)
_HUGE_REFERENCE = re.compile(r"&#(?:[0-9]{8,}|[xX][0-9a-fA-F]{8,});?")  # int() refuses the longest


@dataclass(frozen=True, slots=True)
class _Token:
    """A piece of the page as it is written; a text has no kind, a tag of no interest neither."""

    written: str
    kind: str = ""  # text, open, close, mark; empty: ends a sentence
    name: str = ""


def translate_html(pages: Sequence[str], translate: Translate) -> list[str]:
    """The pages or fragments in English: as many tags, with the same attributes, scripts and styles untouched.

    Raises InputTooLong for more tags than any article has, and what `translate` raises.
    """
    tokens = [list(islice(_tokens(page), MAX_TOKENS + 1)) for page in pages]
    if sum(map(len, tokens)) > MAX_TOKENS:
        raise InputTooLong(f"the HTML has over {MAX_TOKENS:,} tags and texts; send it in parts")
    cut = [[(run, _nested(run)) for run in _runs(page)] for page in tokens]
    wanted = dict.fromkeys(phrase for runs in cut for _, content in runs for phrase in phrases(content))
    english = dict(zip(wanted, translate(list(wanted)), strict=True))
    return ["".join(_rewritten(run, content, english) for run, content in runs) for runs in cut]


def _rewritten(run: Sequence[_Token], content: Sequence[Inline], english: Mapping[str, str]) -> str:
    """The run in English, or as it is written if nothing in it changes."""
    if all(english[phrase] == phrase for phrase in phrases(content)):
        return "".join(token.written for token in run)
    return _written(rendered(content, english))


def read_left_to_right(page: str) -> str:
    """The page with `dir="ltr"` and `lang="en"` on its tags, where they said that it is Arabic."""

    def turned(attribute: re.Match[str]) -> str:
        name, equals, value = attribute[1].lower(), attribute[2], attribute[3].strip("\"'").lower()
        if name == "dir" and value == "rtl":
            return f'{attribute[1]}{equals}"ltr"'
        if name in ("lang", "xml:lang") and value.partition("-")[0] == "ar":
            return f'{attribute[1]}{equals}"en"'
        return attribute[0]

    return "".join(
        _ATTRIBUTE.sub(turned, token.written) if token.name and token.kind != "mark" else token.written
        for token in _tokens(page)
    )


def _tokens(page: str) -> Iterator[_Token]:
    """The pieces of the page; joined they are the page. A tag that never ends is text."""
    at, preformatted = 0, 0
    while at < len(page):
        end, token = _markup(page, at) if page[at] == "<" else (at, None)
        if token is None:
            following = page.find("<", at + 1)
            if page[at] == "<" and _TAG_NAME.match(page, at):
                following = -1
            end = following if following >= 0 else len(page)
            yield from _text(page[at:end], lines=preformatted > 0)
        else:
            yield token
            if token.name == "pre":
                preformatted = max(0, preformatted + (-1 if token.written[1] == "/" else 1))
        at = end


def _text(written: str, lines: bool) -> Iterator[_Token]:
    """The text; in a preformatted one each line is by itself."""
    for piece in re.split(r"(\n)", written) if lines else [written]:
        if piece:
            yield _Token(piece, "" if lines and piece == "\n" else "text")


def _markup(page: str, start: int) -> tuple[int, _Token | None]:
    """The tag, comment or untouched element that begins there, and where it ends; None if none does."""
    if page.startswith(("<!", "<?"), start):
        found = _DECLARATION.match(page, start)
        end = found.end() if found else len(page)
        return end, _Token(page[start:end], "mark" if page.startswith("<!--", start) else "")
    tag = _TAG.match(page, start)
    if tag is None:
        return start, None
    name, closing = tag[2].lower(), bool(tag[1])
    if not closing and (name in _RAW or name in _UNTOUCHED or (_NO_TRANSLATE.search(tag[3]) and name not in _VOID)):
        end = _element_end(page, tag.end(), name)
        return end, _Token(page[start:end], "mark" if name in _INLINE | _CODE else "")
    kind = "mark" if name in _MARKS else ("close" if closing else "open") if name in _INLINE else ""
    return tag.end(), _Token(tag[0], kind, name)


def _element_end(page: str, start: int, name: str) -> int:
    """Where the element ends whose start tag ends at `start`; the end of the page if nothing closes it."""
    depth = 1
    for tag in _TAG_NAME.finditer(page, start):
        if tag[2].lower() == name:
            depth = depth - 1 if tag[1] else depth + (name not in _RAW)
            if depth == 0:
                return page.find(">", tag.end()) + 1 or len(page)
    return len(page)


def _runs(tokens: Sequence[_Token]) -> Iterator[list[_Token]]:
    """The stretches of text and inline markup, and what stands between them, each by itself."""
    run: list[_Token] = []
    for token in tokens:
        if token.kind:
            run.append(token)
        else:
            yield run
            yield [token]
            run = []
    yield run


def _nested(run: Sequence[_Token]) -> list[Inline]:
    """The run as content; a start tag without an end, or the other way round, is a mark."""
    content: list[Inline] = []
    opened: list[tuple[_Token, int]] = []  # and where its mark stands
    names: Counter[str] = Counter()
    for token in run:
        if token.kind == "text":
            content.append(html.unescape(_HUGE_REFERENCE.sub("\ufffd", token.written)))
            continue
        if token.kind == "close" and names[token.name]:
            while opened[-1][0].name != token.name:
                names[opened.pop()[0].name] -= 1
            start, place = opened.pop()
            names[start.name] -= 1
            inside = tuple(content[place + 1 :])
            note = start.name in ("sup", "sub") and not re.search(r"[^\W\d]", words(inside))  # its number is no word
            written = f"{start.written}{_written(inside)}{token.written}"
            content[place:] = [Mark(written) if note else Around((start.written, token.written), inside)]
            continue
        if token.kind == "open" and len(opened) < MAX_DEPTH:
            opened.append((token, len(content)))
            names[token.name] += 1
        content.append(Mark(token.written, loose=token.kind == "mark"))
    return content


def _written(content: Sequence[Inline]) -> str:
    return "".join(
        html.escape(piece, quote=False)
        if isinstance(piece, str)
        else piece.markup
        if isinstance(piece, Mark)
        else f"{piece.markup[0]}{_written(piece.inside)}{piece.markup[1]}"
        for piece in content
    )
