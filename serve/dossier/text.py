"""An article as a person reads it in a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from rich.console import Console, Group, RenderableType
from rich.text import Text

from mt.document import Flag, Translation
from serve.dossier.layout import doubted_below
from serve.service import Digest
from summarize.base import Summary

_COLORS = {"error": "bold red", "warning": "yellow", "info": "cyan"}


def print_digest(digest: Digest, console: Console) -> None:
    """The digest for reading: notice, headline, summary, then the translation, doubts below what they are about."""
    blocks = _blocks(digest.translation, numbered=True)
    headline = [blocks.pop(None), Text()] if None in blocks else []
    title = Text("Translation", style="bold")
    told = _notices(digest.translation, digest.notice)
    _print(
        console,
        *told,
        *headline,
        summary_text(digest.summary, translation=digest.translation),
        Text(),
        title,
        *_spaced(blocks.values()),
        Text(),
    )
    console.print(Text(_provenance(digest), style="dim"), soft_wrap=True)


def print_translation(translation: Translation, console: Console, notice: str | None) -> None:
    """The translation alone, for reading."""
    first, *others = _blocks(translation, numbered=False).values()
    _print(console, *_notices(translation, notice), first, *_spaced(others))


def _print(console: Console, *parts: RenderableType) -> None:
    """Lines are folded for a terminal; in a file a paragraph is a line."""
    console.print(Group(*parts), soft_wrap=not console.is_terminal)


def _spaced(blocks: Iterable[RenderableType]) -> Iterator[RenderableType]:
    for block in blocks:
        yield from (Text(), block)


def _notices(translation: Translation, notice: str | None) -> Iterator[RenderableType]:
    told = [*([notice] if notice else []), *translation.warnings]
    yield from (Text(f"⚠ {line}", style="yellow") for line in told)
    if told:
        yield Text()


def summary_text(
    summary: Summary, taken_from: str = "the translation", translation: Translation | None = None
) -> RenderableType:
    """The summary as a list, with what its sentences rest on, or why the text does not support them.

    With the translation that it was made from, also what is doubted there.
    """
    made = f"sentences taken from {taken_from}" if summary.kind == "extract" else "written by a model"
    lines = [Text(f"Summary ({made})", style="bold")]
    for sentence in summary.sentences:
        cited = ", ".join(str(number + 1) for number in sentence.segments)
        lines.append(Text.assemble("• ", sentence.text, (f"  [{cited}]" if cited else "", "dim")))
        if sentence.replaced is not None:
            lines.append(
                Text(f"  ⚠ taken from {taken_from} in place of a model's sentence: {sentence.reason}", "yellow")
            )
        elif not sentence.supported:
            lines.append(Text(f"  ⚠ not supported by {taken_from}: {sentence.reason}", "bold red"))
        if translation and (doubted := doubted_below(sentence, translation)):
            lines.append(Text(f"  ⚠ {doubted}", "yellow"))
    return Group(*lines)


def _blocks(translation: Translation, *, numbered: bool) -> dict[int | None, RenderableType]:
    """The headline (None) and each paragraph, flagged words in color, doubts below; numbers are what summaries cite."""
    rows = enumerate(zip(translation.segments, translation.targets, translation.flags, strict=True))
    blocks: dict[int | None, RenderableType] = {}
    for paragraph, group in groupby(rows, key=lambda row: row[1][0].paragraph):
        text, gap, doubts = Text(style="bold" if paragraph is None else ""), "", list[Text]()
        for index, (segment, target, flags) in group:
            number = f"[{index + 1}] " if numbered and paragraph is not None else ""
            text.append(gap).append(number, style="dim").append_text(_marked(target, flags))
            gap = "\n" if "\n" in segment.separator else " "
            doubts += [Text(f"  ⚠ {number}{flag.message}", style=_COLORS[flag.severity]) for flag in flags]
        blocks[paragraph] = Group(text, *doubts)
    return blocks


def _marked(target: str, flags: tuple[Flag, ...]) -> Text:
    text = Text(target)
    for flag in flags:
        if flag.target_span:
            text.stylize(_COLORS[flag.severity], *flag.target_span)
    return text


def _provenance(digest: Digest) -> str:
    seconds = ", ".join(f"{name} {value:.1f} s" for name, value in digest.seconds.items())
    return f"{digest.translation.system}\n{digest.summary.system}\n{seconds}"
