"""Word documents → the same documents in English: paragraphs of the text, tables, notes, text boxes, margins, comments.

The package is written again part by part: pictures, styles and numbering stay byte for byte what they were. Styles of
words (bold, a link) go where `inline` puts them. Tracked changes are accepted; what ran from right to left runs from
left to right.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

from mt.errors import InputTooLong, SourceUnreadable
from mt.webpage import clean
from serve.docx import document_name, read_part
from serve.translated.direction import NAMESPACE, W, names, set_direction, turn_around
from serve.translated.html import Translate
from serve.translated.inline import Around, Inline, Mark, phrases, rendered

MAX_UNPACKED: Final = 100 * 2**20  # bytes of all parts together
MAX_PARTS: Final = 2000
MAX_RUNS: Final = 100_000  # and paragraphs; a book has a third of that
MAX_NESTED: Final = 2  # paragraphs around a paragraph, as text boxes have them

_STRICT: Final = "http://purl.oclc.org/ooxml/wordprocessingml/main"  # which `read_part` gives the other name
_SPACE: Final = "{http://www.w3.org/XML/1998/namespace}space"
_OTHER_TEXTS: Final = re.compile(r"word/(?:header\d*|footer\d*|footnotes|endnotes|comments)\.xml")
_NOISE: Final = names("proofErr lastRenderedPageBreak softHyphen del moveFrom smartTagPr customXmlPr")
_TRANSPARENT: Final = names("ins moveTo smartTag customXml dir bdo")
_STOPS: Final = names("br cr tab ptab fldChar instrText")  # what ends a sentence
_LINK: Final = f"{W}hyperlink"
_HOLDERS: Final = (*names("fldSimple sdt"), _LINK)  # what holds runs of its own; a link only if a stop is in it
_PROPERTIES: Final = names("pPr sdtPr sdtEndPr")
_OF_NO_LOOK: Final = names("lang noProof rtl cs")  # in the style of a run, once it is English


@dataclass(frozen=True, slots=True)
class _Style:
    """How words look: the properties of their run, and these as bytes to compare."""

    properties: Any
    key: bytes


@dataclass(frozen=True, slots=True)
class _Holder:
    """A paragraph, or a field or control in one: runs of content, and between them the elements that part them."""

    element: Any
    pieces: tuple[Any, ...]  # a `_Run` or an element

    @property
    def runs(self) -> tuple[_Run, ...]:
        return tuple(piece for piece in self.pieces if isinstance(piece, _Run))


@dataclass(frozen=True, slots=True)
class _Run:
    """Words up to a line break, field or tab; those without markup look like `plain`."""

    content: tuple[Inline, ...]
    plain: _Style


def translate_docx(data: bytes, name: str, translate: Translate) -> bytes:
    """The document in English.

    Raises what `serve.docx.parse_docx` raises, and what `translate` raises.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            _refuse_bombs(package, name)
            roots = {part: read_part(package, part, name) for part in _texts(package, name)}
            others = {part: package.read(part) for part in package.namelist() if part not in roots}
            strict = [part for part in roots if _STRICT.encode() in package.read(part)]
            order = package.namelist()
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, ValueError, RuntimeError) as error:
        reason = "locked" if "encrypted" in str(error) else "broken"
        raise SourceUnreadable(f"{name} is a {reason} Word file ({error}); save it again, or as .txt") from error
    _translate(list(roots.values()), name, translate)
    return _package({part: others.get(part) or _xml(roots.get(part), part in strict) for part in order})


def _refuse_bombs(package: zipfile.ZipFile, name: str) -> None:
    parts = package.infolist()
    if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
        raise InputTooLong(f"{name} unpacks to too much: over {MAX_PARTS:,} parts, or over {MAX_UNPACKED:,} bytes; "
                           "take the pictures out, or save it as .txt")  # fmt: skip
    if len({part.filename for part in parts}) < len(parts):
        raise SourceUnreadable(f"{name} is a broken Word file (it has a part twice); save it again, or as .txt")
    for part in parts:
        if part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise SourceUnreadable(f"{name} is a broken Word file ({part.filename} is packed by no method it has); "
                                   "save it as .txt")  # fmt: skip


def _texts(package: zipfile.ZipFile, name: str) -> Iterator[str]:
    """The names of the parts that hold text."""
    yield document_name(package, name)
    yield from (part for part in package.namelist() if _OTHER_TEXTS.fullmatch(part))


def _xml(root: Any, strict: bool) -> bytes:
    from lxml import etree

    if root is None:  # a part that is there and empty
        return b""
    content: bytes = etree.tostring(root, encoding="UTF-8", xml_declaration=True, standalone=True)
    return content.replace(NAMESPACE.encode(), _STRICT.encode()) if strict else content


def _package(parts: Mapping[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
        for part, content in parts.items():
            package.writestr(part, content)
    return file.getvalue()


def _translate(roots: Sequence[Any], name: str, translate: Translate) -> None:
    """Put every paragraph below these elements into English, in its place."""
    paragraphs = [paragraph for root in roots for paragraph in root.iter(f"{W}p")]
    runs = sum(1 for root in roots for _ in root.iter(f"{W}r"))
    if len(paragraphs) + runs > MAX_RUNS or any(map(_is_buried, paragraphs)):
        raise InputTooLong(f"{name} has over {MAX_RUNS:,} paragraphs and runs, or text boxes within text boxes; save "
                           "it as .txt")  # fmt: skip
    for root in roots:
        turn_around(root)
    holders = {paragraph: list(_holders(paragraph)) for paragraph in paragraphs}
    wanted = dict.fromkeys(
        phrase
        for inside in holders.values()
        for holder in inside
        for run in holder.runs
        for phrase in phrases(run.content)
    )
    english = dict(zip(wanted, translate(list(wanted)), strict=True))
    for paragraph, inside in holders.items():
        changed = False
        for holder in inside:
            changed |= any(english[phrase] != phrase for run in holder.runs for phrase in phrases(run.content))
            _fill(holder, english)
        set_direction(paragraph, changed=changed)


def _is_buried(paragraph: Any) -> bool:
    return sum(1 for _ in paragraph.iterancestors(f"{W}p")) > MAX_NESTED


def _holders(element: Any) -> Iterator[_Holder]:
    """The fields and controls within, then the element itself."""
    pieces: list[Any] = [[]]
    for child in _flat(element):
        if child.tag in _HOLDERS and (child.tag != _LINK or _is_broken(child)):
            inner = child.find(f"{W}sdtContent") if child.tag == f"{W}sdt" else child
            if inner is not None:
                yield from _holders(inner)
            pieces += [child, []]
        elif child.tag in _PROPERTIES:
            pieces += [child, []]
        else:
            for piece in _inline(child):
                if isinstance(piece, Mark) and any(part.tag in _STOPS for part in piece.markup):
                    pieces += [piece.markup, []]
                else:
                    pieces[-1].append(piece)
    yield _Holder(element, tuple(_run(piece) if isinstance(piece, list) else piece for piece in pieces))


def _flat(element: Any) -> Iterator[Any]:
    """The children; those of insertions and the like in their place, without what is deleted."""
    for child in element:
        if child.tag in _TRANSPARENT:
            yield from _flat(child)
        elif child.tag not in _NOISE:
            yield child


def _is_broken(link: Any) -> bool:
    """Whether something that ends a sentence stands in the link."""
    return any(element.tag in (*_STOPS, *_HOLDERS) for element in link.iterdescendants())


def _inline(element: Any) -> Iterator[Inline]:
    """The words of a run or link, with their style around them; each picture, note and break in a run of its own."""
    if element.tag == _LINK:
        yield Around(element, tuple(_joined(piece for child in _flat(element) for piece in _inline(child))))
        return
    if element.tag != f"{W}r":  # where a bookmark or a comment begins or ends
        yield Mark(element, loose=False)
        return
    if element.find(f"{W}t") is None:
        yield Mark(element)
        return
    properties = element.find(f"{W}rPr")
    style = _Style(properties, _key(properties))
    for child in list(element):
        if child.tag in (f"{W}t", f"{W}noBreakHyphen"):
            yield Around(style, (child.text or "" if child.tag == f"{W}t" else "-",))
        elif child is not properties and child.tag not in _NOISE:
            own = element.makeelement(element.tag)
            own.extend([deepcopy(properties), child] if properties is not None else [child])
            yield Mark(own)


def _key(properties: Any) -> bytes:
    from lxml import etree

    seen = () if properties is None else (child for child in properties if child.tag not in _OF_NO_LOOK)
    return b"".join(sorted(etree.tostring(child, method="c14n") for child in seen))


def _joined(pieces: Iterable[Inline]) -> list[Inline]:
    """The pieces, neighbours of the same style made one: Word cuts words where somebody once stopped typing."""
    groups = groupby(pieces, key=lambda piece: style.key if (style := _style(piece)) else piece)
    return [piece for _, group in groups for piece in _as_one(list(group))]


def _as_one(group: list[Inline]) -> list[Inline]:
    style = _style(group[0])
    return [Around(style, ("".join(map(_words, group)),))] if style else group


def _style(piece: Inline) -> _Style | None:
    """How the words look that this is the style of; None for anything else."""
    return piece.markup if isinstance(piece, Around) and isinstance(piece.markup, _Style) else None


def _words(piece: Inline) -> str:
    return "".join(map(str, piece.inside)) if isinstance(piece, Around) else ""


def _run(pieces: list[Inline]) -> _Run:
    """The pieces with the words in the look that most of them have laid bare."""
    joined = _joined(pieces)
    styles: dict[bytes, _Style] = {}
    sizes: Counter[bytes] = Counter()
    for piece in joined:
        if style := _style(piece):
            styles.setdefault(style.key, style)
            sizes[style.key] += len(_words(piece))
    plain = styles[max(sizes, key=lambda key: sizes[key])] if sizes else _Style(None, b"")
    bare = [(style := _style(piece)) is not None and style.key == plain.key for piece in joined]
    return _Run(tuple(_words(piece) if is_bare else piece for piece, is_bare in zip(joined, bare, strict=True)), plain)


def _fill(holder: _Holder, english: Mapping[str, str]) -> None:
    """Give the element its new children."""
    for child in list(holder.element):
        holder.element.remove(child)
    for piece in holder.pieces:
        if isinstance(piece, _Run):
            holder.element.extend(_elements(rendered(piece.content, english), piece.plain, holder.element))
        else:
            holder.element.append(piece)


def _elements(content: Sequence[Inline], style: _Style, near: Any) -> Iterator[Any]:
    for piece in content:
        if isinstance(piece, str):
            run = near.makeelement(f"{W}r")
            text = near.makeelement(f"{W}t", {_SPACE: "preserve"})
            text.text = clean(piece)
            run.extend([text] if style.properties is None else [deepcopy(style.properties), text])
            yield run
        elif isinstance(piece, Mark):
            yield piece.markup
        elif isinstance(look := piece.markup, _Style):
            yield from _elements(piece.inside, look, near)
        else:
            link = piece.markup
            for child in list(link):
                link.remove(child)
            link.extend(_elements(piece.inside, style, near))
            yield link
