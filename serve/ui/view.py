"""The result as HTML for the page: `static/page.css` is its style, `static/page.js` what it does."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from mt.document import Severity, Span, Translation
from mt.terms import Terms
from mt.webpage import fragment
from serve.dossier.layout import NO_TEXT, Fact, Layout, Piece, Row, layout, pieces, source_text
from serve.edits import MOST_CHARACTERS, edited_segments
from serve.service import Digest
from serve.ui.tables import build_table
from summarize.base import Summary

Kind = Literal["empty", "busy", "stopped", "error"]

_STATIC = Path(__file__).resolve().parents[1] / "static"
_MOST_CITED = 40  # numbers behind the sentence that says how much is doubted
_LONG = 300  # segments; from here up a browser lays out only what is in sight
_HERE = "Translation and summary were made on the computer that serves this page; the article was sent nowhere else."


def digest_html(digest: Digest, terms: Terms | None = None) -> str:
    """The panel of a digest; what `serve.edits.edited` put into it is marked, and can be undone.

    `terms` are what names are looked for with; left out, the gazetteer's.
    """
    translation = digest.translation
    page = layout(digest, datetime.now(UTC))
    facts = [replace(fact, text=_HERE) if fact.name == "Where" else fact for fact in page.provenance]
    model, summarizer = (made.partition("|")[0] for made in (translation.system, digest.summary.system))
    took = sum(digest.seconds.values())
    made = f"Translated by {model}, summarized by {summarizer}, on this computer" + (
        f", in {took:.1f} s." if took else "."
    )
    return _panel(replace(page, provenance=tuple(facts)), digest, made, terms, editable=True)


def comparison_html(translation: Translation, terms: Terms | None = None) -> str:
    """The panel of a translation that somebody else made: the two texts and what to doubt, nothing to edit."""
    digest = Digest(translation, Summary("extract", (), ""))
    page = layout(digest, datetime.now(UTC))
    facts = {fact.name: fact for fact in page.provenance}
    checked = Fact("Checked", f"{page.made:%Y-%m-%d %H:%M} UTC, on the computer that serves this page.")
    made = "This translation was made elsewhere, and only checked here."
    page = replace(page, provenance=(checked, facts["Source"]))
    return _panel(page, digest, made, terms, editable=False)


def message_html(title: str, text: str, kind: Kind = "empty") -> str:
    """What stands in place of a result: nothing yet, the queue, a stop, or an error with its next step."""
    return fragment(_STATIC, "message", title=title, text=text, kind=kind)


def progress_html(title: str, done: int, total: int) -> str:
    """How far the work is; the bar only moves to and fro while there is no `total` of segments yet."""
    text = f"{done:,} of {total:,} segments" if total else ""
    return fragment(_STATIC, "message", title=title, text=text, kind="busy", share=done / total if total else None)


def _panel(page: Layout, digest: Digest, made: str, terms: Terms | None, *, editable: bool) -> str:
    translation = digest.translation
    headline = tuple(_finer(row, translation) for row in page.headline)
    paragraphs = tuple(tuple(_finer(row, translation) for row in rows) for rows in page.paragraphs)
    return fragment(
        _STATIC,
        "panel",
        page=replace(page, headline=headline, paragraphs=paragraphs),
        no_text=NO_TEXT,
        doubted=page.doubted[:_MOST_CITED],
        table=build_table(translation, terms),
        made=made,
        edited=edited_segments(translation.system),
        editable=editable,
        others=any(len(found) > 1 for found in translation.hypotheses),
        long=len(translation.segments) > _LONG,
        most=MOST_CHARACTERS,
        version=_digits(repr((translation, digest.summary, digest.notice))),
        article=_digits(source_text(translation.article) + translation.system.partition("|edited:")[0]),
    )


def _finer(row: Row, translation: Translation) -> Row:
    """The row without marks over a whole text that would hide the marks in it; the doubt still stands in words."""
    flags = translation.flags[row.number - 1]
    if len(flags) < 2:
        return row
    source, target = translation.segments[row.number - 1].text, translation.targets[row.number - 1]
    return replace(
        row,
        source=_marked(source, [(flag.severity, flag.source_span) for flag in flags]),
        target=_marked(target, [(flag.severity, flag.target_span) for flag in flags]),
    )


def _marked(text: str, marks: list[tuple[Severity, Span | None]]) -> tuple[Piece, ...]:
    within = [mark for mark in marks if mark[1] and text[slice(*mark[1])].strip() != text.strip()]
    return pieces(text, within or marks)


def _digits(text: str) -> str:
    """A short hash: `page.js` compares by it what is shown with what was."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
