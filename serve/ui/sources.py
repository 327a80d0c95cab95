"""What a reader gave the page, pasted, dropped or linked → Article."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mt.document import Article
from mt.errors import ConfigError, EmptyInput, InputTooLong, SourceUnreadable
from mt.segment import segment
from serve.reader import parse, read_article, read_bytes
from serve.settings import Settings

Way = Literal["text", "file", "link"]
_ADDRESS = re.compile(r"https?://", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Given:
    """All that stands in the fields of an input; `way` says which of them is in front."""

    way: str
    text: str
    file: str | None
    link: str

    @property
    def name(self) -> str:
        """What messages call it."""
        if self.way == "file":
            return Path(self.file).name if self.file else "the file"
        return self.link.strip() if self.way == "link" else "the pasted text"

    @property
    def stem(self) -> str:
        """What the files made of it are called: as its own file, if it is one."""
        return Path(self.file).stem if self.way == "file" and self.file else ""


def read(given: Given, settings: Settings) -> Article:
    """The article that was given.

    Raises EmptyInput where the field in front is empty, and what `serve.reader` raises.
    """
    article, limits = _read(given, settings), settings.limits
    texts = (article.title or "", *article.paragraphs)
    _refuse_more(sum(map(len, texts)), limits.characters, given.name, "characters")
    cut = (segment(text, number, lambda _: True) for number, text in enumerate(texts))
    _refuse_more(sum(map(len, cut)), limits.segments, given.name, "segments")
    return article


def _refuse_more(size: int, limit: int, name: str, what: str) -> None:
    if size > limit:
        raise InputTooLong(f"{name} has {size:,} {what}; this server takes {limit:,} at once. Cut it into parts.")


def _read(given: Given, settings: Settings) -> Article:
    if given.way == "file":
        if not given.file:
            raise EmptyInput("Drop a file into the field, or choose one.")
        return parse(read_bytes(given.file, settings.limits.file_bytes), given.name)
    if given.way == "link":
        return _follow(given.link.strip(), settings)
    if not given.text.strip():
        raise EmptyInput("Paste an article into the field, or choose one of the samples below it.")
    return parse(given.text.encode("utf-8", "replace"), given.name, "txt")


def _follow(link: str, settings: Settings) -> Article:
    """The article at an address: never a file of the server, whatever the field holds."""
    if not settings.allow_urls:
        raise ConfigError("This server does not fetch addresses; start it with --allow-urls, or paste the text.")
    if not link:
        raise EmptyInput("Put the address of an article into the field.")
    if not _ADDRESS.match(link):
        raise SourceUnreadable(f"{link[:200]} is no address: it must begin with https:// or http://.")
    return read_article(link)
