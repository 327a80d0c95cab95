"""Files of lines, a segment a line: how they are read and cut, and where two that should match drift apart."""

from __future__ import annotations

import gzip
import lzma
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from mt.errors import InputTooLong, SourceUnreadable, UnsupportedFormat

MAX_BYTES = 200_000_000  # of one file, unpacked
PACKED = {".gz": gzip.open, ".xz": lzma.open}
_VISIBLE = 0.1  # of likeness above chance: below it, a drift is a guess


def read_text(path: Path) -> str:
    """The file's text as it is, byte order mark and line ends included; `.gz` and `.xz` are unpacked.

    Raises SourceUnreadable, InputTooLong, UnsupportedFormat, naming the file and the line.
    """
    opener: Callable[..., gzip.GzipFile] = PACKED.get(path.suffix, open)  # type: ignore[assignment]
    try:
        with opener(path, "rb") as file:
            content = file.read(MAX_BYTES + 1)
    except (OSError, EOFError, ValueError, lzma.LZMAError) as error:
        reason = getattr(error, "strerror", None) or error
        raise SourceUnreadable(f"{path} cannot be read: {reason}; name a readable file") from error
    if len(content) > MAX_BYTES:
        raise InputTooLong(f"{path} is longer than {MAX_BYTES} bytes; score a part of it")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UnsupportedFormat(
            f"{path} is not UTF-8: {error.reason} in line {line} (byte {error.start}); convert it, as in "
            f"`iconv -f WINDOWS-1256 -t UTF-8`"
        ) from error


def split_lines(text: str) -> list[str]:
    """The lines of a text, cut at "\\n" only and as sacrebleu cuts them; a last line need not end in one."""
    lines = text.removeprefix("\ufeff").split("\n")
    return lines if lines[-1] else lines[:-1]


def read_lines(path: Path) -> tuple[str, ...]:
    """The file's lines as they are scored: without a byte order mark, and without white space at their ends."""
    return tuple(line.rstrip() for line in split_lines(read_text(path)))


def by_sentence(text: str) -> str:
    """The text with a line for each sentence, as ROUGE-Lsum wants it; one that has several lines stays as it is."""
    import sentencex

    if "\n" in text:
        return text
    return "\n".join(filter(None, (sentence.strip() for sentence in sentencex.segment("en", text))))


def drift(hypotheses: Sequence[str], references: Sequence[str]) -> int | None:
    """The line, counted from 1, where two texts of different length stop to correspond; None if it cannot be seen.

    Lines with words in common correspond. How many those are is seen from both ends of the texts, and how many lines
    share by chance from pairs that cannot belong together; the drift is where the likeness falls to the second.
    """
    ours, theirs = ([set(re.findall(r"\w+", line.lower())) for line in side] for side in (hypotheses, references))
    shorter = min(len(ours), len(theirs))
    if not shorter:
        return None
    fromtop = np.array([_likeness(ours[i], theirs[i]) for i in range(shorter)])
    frombottom = np.array([_likeness(ours[-1 - i], theirs[-1 - i]) for i in range(shorter)])[::-1]
    matched = float(np.maximum(fromtop, frombottom).mean())
    chance = float(np.mean([_likeness(ours[i], theirs[i - shorter // 2]) for i in range(shorter)]))
    if matched - chance < _VISIBLE:
        return None
    gains = np.concatenate(([0.0], np.cumsum(fromtop - (matched + chance) / 2)))
    return int(gains.argmax()) + 1


def _likeness(ours: set[str], theirs: set[str]) -> float:
    """Dice's coefficient of two sets of words."""
    return 2 * len(ours & theirs) / max(len(ours) + len(theirs), 1)
