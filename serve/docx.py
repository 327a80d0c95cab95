"""Word documents (.docx) → Article: the XML read as it stands in the file, so that tracked changes are told apart.

python-docx leaves out inserted text along with deleted text. Nothing outside the file is ever asked for: relations
are not followed except to the document's own parts, and XML entities are not resolved.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

from mt.document import Article
from mt.errors import InputTooLong, SourceUnreadable, UnsupportedFormat

MAX_PART = 20 * 2**20  # bytes of one part, unpacked
MAX_RATIO = 200  # unpacked to packed; Word's own files stay below 60

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_STRICT = "http://purl.oclc.org/ooxml/wordprocessingml/main"
_DROPPED = {  # what is not read, and what it is called in the warning
    f"{_W}altChunk": "parts in other formats",
    f"{_W}tbl": "tables", f"{_W}drawing": "images", f"{_W}pict": "images", f"{_W}object": "embedded objects",
    f"{_W}del": "deleted text (tracked changes)", f"{_W}moveFrom": "deleted text (tracked changes)",
    f"{_W}footnoteReference": "footnotes", f"{_W}endnoteReference": "endnotes",
    f"{_W}commentReference": "comments", f"{_W}commentRangeStart": "comments",
    "{http://schemas.openxmlformats.org/officeDocument/2006/math}oMath": "formulas",
}  # fmt: skip
_CHARACTERS = {f"{_W}tab": " ", f"{_W}br": "\n", f"{_W}cr": "\n", f"{_W}noBreakHyphen": "-"}
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"  # says again what Choice says


def parse_docx(data: bytes, name: str) -> Article:
    """The paragraphs of a Word document in order; its title by style, or by its properties if the text has it too.

    Raises:
        SourceUnreadable: broken or locked; InputTooLong: unpacks to too much; UnsupportedFormat: another kind of zip.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            document = read_part(package, document_name(package, name), name)
            headings = _heading_styles(read_part(package, "word/styles.xml", name))
            stated = _stated_title(read_part(package, "docProps/core.xml", name))
            margins = [part for part in package.namelist() if part.startswith(("word/header", "word/footer"))]
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, ValueError, RuntimeError) as error:
        reason = "locked" if "encrypted" in str(error) else "broken"
        raise SourceUnreadable(f"{name} is a {reason} Word file ({error}); save it again, or as .txt") from error
    dropped = {"headers and footers"} if margins else set[str]()
    paragraphs = [(style, text) for style, text in _paragraphs(document, dropped) if text]
    texts = [text for _, text in paragraphs]
    first = paragraphs[0] if len(paragraphs) > 1 else (None, "")
    title = texts.pop(0) if first[0] in headings or first[1] == stated else None  # one further down stays in its place
    warnings = (f"Left out of the Word file: {', '.join(sorted(dropped))}.",) if dropped else ()
    return Article(tuple(texts), title=title, warnings=warnings)


def document_name(package: zipfile.ZipFile, name: str) -> str:
    """The name of the main part; an Office file may call it otherwise than document.xml."""
    names = set(package.namelist())
    relations = read_part(package, "_rels/.rels", name)
    for relation in relations if relations is not None else ():
        target = str(relation.get("Target", "")).removeprefix("/")
        if str(relation.get("Type", "")).endswith("/officeDocument") and target.startswith("word/") and target in names:
            return target
    if "word/document.xml" not in names:
        raise UnsupportedFormat(f"{name} is a zip file but no Word document; expected .docx, or save it as .txt")
    return "word/document.xml"


def read_part(package: zipfile.ZipFile, part: str, name: str) -> Any:
    """The root element of a part, None if there is no such part."""
    try:
        info = package.getinfo(part)
    except KeyError:
        return None
    too_much = InputTooLong(
        f"{name} unpacks to too much: {part} has over {MAX_PART:,} bytes, or over {MAX_RATIO} times its packed size"
    )
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):  # the others raise errors of their own
        raise SourceUnreadable(f"{name} is a broken Word file ({part} is packed by no method it has); save it as .txt")
    if info.file_size > MAX_PART or info.file_size > MAX_RATIO * max(info.compress_size, 1000):
        raise too_much
    with package.open(info) as file:  # what the directory says may be a lie: count again
        content = file.read(MAX_PART + 1)
    if len(content) > MAX_PART:
        raise too_much
    return _root(content, part, name)


def _root(content: bytes, part: str, name: str) -> Any:
    from lxml import etree

    content = content.replace(_STRICT.encode(), _W[1:-1].encode())
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise SourceUnreadable(f"{name} is a broken Word file ({part}: {error}); save it again, or as .txt") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise SourceUnreadable(f"{name} is refused: {part} declares XML entities, which no Word file has")
    return root


def _heading_styles(styles: Any) -> frozenset[str]:
    """The ids of the styles for titles; ids are translated ("Titre", "العنوان"), names are not."""
    found = {"Title", "Heading1"}
    for style in styles.iter(f"{_W}style") if styles is not None else ():
        named = style.find(f"{_W}name")
        if named is not None and str(named.get(f"{_W}val")).lower() in ("title", "heading 1"):
            found.add(str(style.get(f"{_W}styleId")))
    return frozenset(found)


def _stated_title(core: Any) -> str | None:
    title = core.findtext("{http://purl.org/dc/elements/1.1/}title") if core is not None else None
    return " ".join(title.split()) if title else None


def _paragraphs(document: Any, dropped: set[str]) -> Iterator[tuple[str | None, str]]:
    """Style and text of each paragraph outside of what is dropped; what was is noted."""
    style: str | None = None
    pieces: list[str] = []
    for event, element in _walk(document, dropped):
        if element.tag == f"{_W}p":
            if event == "end":
                lines = (" ".join(line.split()) for line in "".join(pieces).split("\n"))
                yield style, "\n".join(line for line in lines if line)
            style, pieces = None, []
        elif event == "end":
            continue
        elif element.tag == f"{_W}pStyle":
            style = element.get(f"{_W}val")
        elif element.tag == f"{_W}t":
            pieces.append(element.text or "")
        else:
            pieces.append(_CHARACTERS.get(element.tag, ""))


def _walk(document: Any, dropped: set[str]) -> Iterator[tuple[str, Any]]:
    """Starts and ends of elements, without the inside of what is not read."""
    from lxml import etree

    walker = etree.iterwalk(document, events=("start", "end"))
    for event, element in walker:
        if event == "end":
            yield event, element
        elif element.tag in _DROPPED or element.tag == _FALLBACK or _is_hidden(element):
            if element.tag != _FALLBACK:
                boxed = element.find(f".//{_W}txbxContent") is not None and _DROPPED.get(element.tag) == "images"
                dropped.add("text boxes" if boxed else _DROPPED.get(element.tag, "hidden text"))
            walker.skip_subtree()
        elif isinstance(element.tag, str):
            yield event, element


def _is_hidden(element: Any) -> bool:
    if element.tag != f"{_W}r":
        return False
    vanish = element.find(f"{_W}rPr/{_W}vanish")
    return vanish is not None and vanish.get(f"{_W}val") not in ("0", "false", "off")
