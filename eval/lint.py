"""What is wrong with an output file before anyone scores it, and what it would be with the obvious repair.

A published output with `&#39;` for every apostrophe loses two BLEU that the system behind it did not lose.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from eval.lines import drift, read_text, split_lines
from mt.normalize import VISIBLE

FindingKind = Literal[
    "line_count", "bom", "crlf",
    "empty", "mojibake", "replacement", "entity", "separator", "special_token", "tokenized", "lowercased", "arabic",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with an output; `lines` are counted from 1.

    `repaired` is the whole output with this, and only this, put right; None where that is not for a program to do,
    or where reading has done it.
    """

    kind: FindingKind
    message: str
    count: int  # of the lines it is about; of line_count, how many are missing or too many
    lines: tuple[int, ...] = ()
    repaired: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class _Check:
    kind: FindingKind
    message: str
    found: Callable[[str], object]
    repair: Callable[[str], str] | None = None
    share: float = 0.0  # of the lines that must have it: one slip is no habit


# --- what is looked for

_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_SEPARATOR = re.compile("[\r\v\f\x1c-\x1e\x85\u2028\u2029]+")
_SPECIAL = re.compile(
    r"</?s>|<pad>|<unk>|\u2047|@@(?:\s|\Z)|\u2581|\A\s*(?:__[a-z]{2,3}__|>>[a-z]{2,3}<<|[a-z]{3}_[A-Z][a-z]{3}\s)"
)
_TOKENIZED = re.compile(r"\w ['’]?[.,;:?!](?:\s|\Z)|\w n['’]t\b|\w ['’](?:s|re|ve|ll|d|m)\b|@-@")
_ARABIC = re.compile("[\u0620-\u064a\u066e-\u06d3\ufb50-\ufdff\ufe70-\ufefc]")
_BREAK = re.compile(r"[\r\n]+")


def _unescape(text: str) -> str:
    """The text without entities, also those that were escaped twice; a line stays a line."""
    for _ in range(3):
        text = _ENTITY.sub(lambda entity: _BREAK.sub(" ", html.unescape(entity[0])), text)
    return text


def _has_entity(text: str) -> bool:
    return any(html.unescape(entity) != entity for entity in _ENTITY.findall(text))


def _fix_encoding(text: str) -> str:
    if text.isascii():
        return text
    from ftfy import fix_encoding

    return _BREAK.sub(" ", fix_encoding(text))


def _drop_special(text: str) -> str:
    if 2 * text.count("\u2581") >= len(text.split()):  # a mark before every word, and spaces between pieces of words
        text = text.replace(" ", "")
    return " ".join(_SPECIAL.sub("", text.replace("\u2581", " ")).split())


def _detokenize(text: str) -> str:
    """The text with punctuation back at its word; all patterns are for single spaces, and linear."""
    text = " ".join(text.split()).replace(" @-@ ", "-")
    text = re.sub(r'(?<!\S)" ([^"]*) "(?!\w)', r'"\1"', text)
    text = re.sub(r" ([.,;:?!%)\]}»”]+)(?!\w)", r"\1", text)
    text = re.sub(r"([(\[{«“]) ", r"\1", text)
    return re.sub(r" (n['’]t|['’](?:s|re|ve|ll|d|m))\b", r"\1", text)


def _is_lowercase(text: str) -> bool:
    return text.islower()  # at least one letter with case, and none of them a capital


_CHECKS = (  # in the order in which several are repaired
    _Check("empty", "nothing to see in the line, where the reference has a text; translate it again",
           lambda text: not VISIBLE.search(text)),
    _Check("mojibake", "UTF-8 was read in another encoding, as in “Ã©” for “é”; read it as UTF-8 where it is made",
           lambda text: _fix_encoding(text) != text, _fix_encoding),
    _Check("replacement", "U+FFFD stands where a character was lost; decode the output anew",
           lambda text: "\ufffd" in text),
    _Check("entity", "HTML entities, as in “&#39;” for an apostrophe; unescape the output", _has_entity, _unescape),
    _Check("separator", "a character that some tools take for the end of a line; put a space in its place",
           lambda text: _SEPARATOR.search(text.rstrip()), lambda text: _SEPARATOR.sub(" ", text)),
    _Check("special_token", "tokens of the model or its tokenizer, as in “</s>” or “▁the”; decode the output with the "
           "model's own tokenizer", _SPECIAL.search, _drop_special),
    _Check("tokenized", "punctuation is separated from its words; detokenize the output",
           _TOKENIZED.search, _detokenize, share=0.05),
    _Check("lowercased", "no capital letters, where the reference has some; restore them, or lower-case both",
           _is_lowercase, share=0.9),
    _Check("arabic", "Arabic letters were left in the translation", _ARABIC.search),
)  # fmt: skip


# --- looking


def lint_file(path: Path, references: Sequence[Sequence[str]] = ()) -> tuple[Finding, ...]:
    """The findings on a file of hypotheses, with those that only its bytes show.

    Raises SourceUnreadable, InputTooLong, UnsupportedFormat.
    """
    text = read_text(path)
    lines = split_lines(text)
    found = []
    if text.startswith("\ufeff"):
        found.append(Finding("bom", "the file begins with a byte order mark, which was left out here; other tools "
                             "take it for a part of the first word", 1, (1,)))  # fmt: skip
    if ends := tuple(number for number, line in enumerate(lines, 1) if line.endswith("\r")):
        found.append(Finding("crlf", "lines end in CR LF, which was left out here; convert the file with dos2unix",
                             len(ends), ends))  # fmt: skip
    return (*found, *lint([line.rstrip() for line in lines], references))


def lint(lines: Sequence[str], references: Sequence[Sequence[str]] = ()) -> tuple[Finding, ...]:
    """The findings on hypotheses, a text a segment; what a reference has in the same place is no finding."""
    matching = [side for side in references if len(side) == len(lines)]
    found = [*_line_count(lines, references)]
    for check in _CHECKS:
        numbers = tuple(
            index + 1
            for index, line in enumerate(lines)
            if check.found(line) and not any(check.found(side[index]) for side in matching)
        )
        if numbers and len(numbers) >= check.share * len(lines):
            repaired = _repaired(lines, check.repair, numbers) if check.repair else None
            found.append(Finding(check.kind, check.message, len(numbers), numbers, repaired))
    return tuple(found)


def repair(lines: Sequence[str], findings: Sequence[Finding]) -> tuple[str, ...] | None:
    """The output with all that has an obvious repair put right; None where nothing has."""
    repairs = {check.kind: check.repair for check in _CHECKS}
    done: tuple[str, ...] | None = None
    for finding in findings:
        if finding.repaired is not None and (mend := repairs[finding.kind]):
            done = _repaired(lines if done is None else done, mend, finding.lines)
    return done


def _repaired(lines: Sequence[str], mend: Callable[[str], str], numbers: Sequence[int]) -> tuple[str, ...]:
    changed = list(lines)
    for number in numbers:
        changed[number - 1] = mend(lines[number - 1]).rstrip()
    return tuple(changed)


def _line_count(lines: Sequence[str], references: Sequence[Sequence[str]]) -> Iterator[Finding]:
    """A finding if there is not a line for each segment of the reference."""
    for side in references[:1]:
        if len(side) != len(lines):
            place = drift(lines, side)
            hint = f"; they drift apart near line {place}" if place else ""
            message = f"{len(lines)} lines for {len(side)} segments of the reference{hint}; nothing can be scored"
            yield Finding("line_count", message, abs(len(side) - len(lines)), (place,) if place else ())
