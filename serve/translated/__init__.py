"""A document → the same document in English, in its own format and layout as far as that is simple."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from mt.errors import EmptyInput, InputTooLong, UnsupportedFormat
from serve.reader import FORMATS, MAX_BYTES, decode, kind_of, parse
from serve.translated.html import Translate

MEDIA_TYPES: Final = {
    "txt": "text/plain; charset=utf-8",
    "md": "text/markdown; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


@dataclass(frozen=True, slots=True)
class TranslatedFile:
    """A document in English."""

    name: str
    data: bytes
    media_type: str


def translate_file(data: bytes, name: str, translate: Translate) -> TranslatedFile:
    """The document in English; a PDF, whose layout cannot be kept, as text.

    `translate` gives n texts for n texts, and those without Arabic as they are.

    Raises:
        UnsupportedFormat, SourceUnreadable, InputTooLong, EmptyInput: each names `name` and the next step.
        And what `translate` raises.
    """
    suffix = PurePosixPath(name).suffix.lower()
    if data[:2] == b"\x1f\x8b":
        raise UnsupportedFormat(f"{name} is packed; unpack it and try again")
    kind = kind_of(data, name, FORMATS.get(suffix))
    written = "txt" if kind == "pdf" else kind
    same = FORMATS.get(suffix) == written
    stem = name[: len(name) - len(suffix)] if suffix in FORMATS else name
    content = _content(data, name, kind, _Demanding(name, translate))
    return TranslatedFile(f"{stem}_en{suffix if same else f'.{written}'}", content, MEDIA_TYPES[written])


@dataclass(frozen=True, slots=True)
class _Demanding:
    """`translate`, asked for something."""

    name: str
    translate: Translate

    def __call__(self, texts: Sequence[str]) -> list[str]:
        if not any(map(str.strip, texts)):
            raise EmptyInput(f"{self.name} is empty; expected an Arabic text")
        return self.translate(texts)


def _content(data: bytes, name: str, kind: str, translate: Translate) -> bytes:
    if kind == "docx":
        from serve.translated.docx import translate_docx

        return translate_docx(data, name, translate)
    if kind == "pdf":
        article = parse(data, name, kind)
        blocks = ([article.title] if article.title else []) + list(article.paragraphs)
        return "\n\n".join([*translate(blocks), ""]).encode("utf-8", "replace")
    if kind == "html":
        from serve.html import declared_charset
        from serve.translated.html import read_left_to_right, translate_html

        page, _ = decode(data, name, declared_charset(data), markup=True)
        # The mark at the beginning goes before whatever encoding the page says it has.
        (english,) = translate_html([page], translate)
        return read_left_to_right(english).encode("utf-8-sig", "replace")
    if len(data) > MAX_BYTES:
        raise InputTooLong(f"{name} has over {MAX_BYTES:,} bytes of text; split it into several files")
    text = decode(data, name)[0].replace("\r", "\n")
    return _plain(text, kind, translate).replace("\n", "\r\n" if b"\r\n" in data else "\n").encode("utf-8", "replace")


def _plain(text: str, kind: str, translate: Translate) -> str:
    if kind == "md":
        from serve.translated.markdown import translate_markdown

        return translate_markdown(text, translate)
    from serve.translated.text import translate_text

    return translate_text(text, translate)
