"""One article as a person or a program reads it: terminal text, JSON, and files to send on (Markdown, HTML, docx)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from serve.dossier.json import SCHEMA, digest_json, summary_json, translation_json
from serve.dossier.text import print_digest, print_translation, summary_text
from serve.service import Digest

__all__ = [
    "SCHEMA", "FileFormat", "digest_json", "print_digest", "print_translation", "render", "summary_json",
    "summary_text", "translation_json",
]  # fmt: skip

FileFormat = Literal["md", "html", "docx"]


def render(digest: Digest, form: FileFormat, made: datetime | None = None) -> bytes:
    """The dossier as a file's content, text in UTF-8; `made` is the time it tells, by default now."""
    from serve.dossier.layout import layout

    page = layout(digest, made or datetime.now(UTC))
    if form == "html":
        from serve.dossier.html import html

        return html(page).encode()
    if form == "md":
        from serve.dossier.markdown import markdown

        return markdown(page).encode()
    from serve.dossier.docx import docx

    return docx(page)
