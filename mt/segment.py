"""Paragraphs → sentences → segments that fit a model; joining text and separators gives the paragraph back exactly.

sentencex knows where sentences end, but no Arabic abbreviations, list numbers or marks after a full stop: its cuts
are corrected here. All work is on offsets into the paragraph, so nothing can be lost or rewritten on the way.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from itertools import accumulate, chain, pairwise

import sentencex

from mt.document import Segment, Span
from mt.normalize import LINE_BREAKS, VISIBLE, replace_surrogates

_LINE_END = re.compile(f"[{LINE_BREAKS}]+")
_CLOSER = r"[\u200e\u200f\u202a-\u202e\u2066-\u2069\u061c»”’)\]}]"
_CLOSERS = rf"{_CLOSER}*(?:[\"'](?!\w){_CLOSER}*)?"  # a straight quote before a word opens the next sentence
_CLOSING = re.compile(_CLOSERS)
_LIST_NUMBER = re.compile(r"\s*\(?\d{1,3}[.)-]\s*")
_LETTER = r"[^\W\d_]"
# د. · أ.د. · ج. م. ع. · George W. But after a number letters with a space behind them end a sentence: عام 1445 هـ.
# A sentence about فيتامين د. is joined to the next one; two sentences translated at once are less harm than half a one.
_ABBREVIATION = re.compile(rf"(?<![\w.])(?:(?<!\d\s)(?:{_LETTER}ـ?\.\s?)+(?=.?\Z)|(?:{_LETTER}\.)+(?=\w\Z))", re.DOTALL)
_LONGEST_ABBREVIATION = 20
_WORD = re.compile(r"\w")

_CONJUNCTION = (
    r"(?:(?:وقد|ولم|ولا|ولن|وفي|ومن|وعلى|وهو|وهي|وكان|وكانت|ولكن|ثم|لكن|حيث|بينما|كما|إذ|التي|الذي|الذين)\b"
    r"|وال(?!د)\w|وأ\w|وإ\w)"  # not every و: وزير, وقت and والد begin with it too
)
# Where a text that is too long is cut, best first; a mark inside a number or an abbreviation is no place.
_BREAKS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?:(?<={_LETTER}{_LETTER})\.|[!?؟…۔]){_CLOSERS}(?=\s)",
        rf"(?:؛|;(?=\s)){_CLOSERS}",
        rf"(?:،(?!\d)|,(?=\s)){_CLOSERS}|:(?=[\s\"“«])",
        r"\s[-–—](?=\s)|—",
        rf"\s(?={_CONJUNCTION})",
        r"\s",
    )
)
_SPACE = _BREAKS[-1]
_REACH = 2000  # characters looked at on each side of the middle: enough for any sentence, and bounded
_CLUSTER = 64  # marks on one letter that are kept with it
_PROBE = 4096


def segment(paragraph: str, number: int | None, fits: Callable[[str], bool]) -> list[Segment]:
    """Sentences of the paragraph, cut further until each one fits; texts and separators joined are `paragraph`.

    A text has no white space at its ends; only what stands before the first word stays with the first text
    (a reader's paragraphs have nothing there). Every text can be seen; a paragraph without anything to see is
    one segment with an empty text, and an empty one has none. A line break is a boundary. A single letter that
    does not fit stays as it is.
    """
    spans = [piece for sentence in _sentences(paragraph) for piece in _fitting(paragraph, sentence, fits)]
    if not spans:
        return [Segment("", paragraph, number)] if paragraph else []
    starts = [0, *(start for start, _ in spans[1:]), len(paragraph)]
    return [
        Segment(paragraph[start:end], paragraph[end:following], number)
        for (start, following), (_, end) in zip(pairwise(starts), spans, strict=True)
    ]


def halves(text: str) -> tuple[str, str, str]:
    """Left, separator and right of a cut at the best punctuation near the middle; joined they are `text`.

    Left and right can be seen, and marks stay with their letter. A text with no place to cut comes back as
    `(text, "", "")`.
    """
    first, last = VISIBLE.search(text), VISIBLE.search(text[::-1])
    cut = _best_cut(text, first.end(), len(text) - last.end()) if first and last else None
    if cut is None:
        return text, "", ""
    left, right = text[:cut].rstrip(), text[cut:].lstrip()
    return left, text[len(left) : len(text) - len(right)], right


def _sentences(paragraph: str) -> Iterator[Span]:
    """Where each sentence begins and ends, without the white space around it; only those that can be seen."""
    for start, end in pairwise(chain([0], _ends(paragraph))):
        if VISIBLE.search(paragraph, start, end):
            sentence = paragraph[start:end]
            yield end - len(sentence.lstrip()), start + len(sentence.rstrip())


def _ends(paragraph: str) -> Iterator[int]:
    """Offsets after each sentence and each line, ascending; the last one is the end of the paragraph."""
    lines = chain((line_end.end() for line_end in _LINE_END.finditer(paragraph)), [len(paragraph)])
    for start, line in pairwise(chain([0], lines)):
        yield from _ends_in_line(paragraph, start, line)
        yield line


def _ends_in_line(paragraph: str, start: int, line: int) -> Iterator[int]:
    """Offsets after each sentence but the last of a line that reaches from `start` to `line`."""
    # sentencex is written in Rust and refuses half characters.
    pieces = sentencex.segment("ar", replace_surrogates(paragraph[start:line]))
    cuts = [_with_closers(paragraph, end, line) for end in accumulate(map(len, pieces), initial=start)]
    for cut, following in pairwise(cuts[1:]):
        if not _unfinished(paragraph, start, cut, following):
            yield cut
            start = cut


def _with_closers(paragraph: str, end: int, line: int) -> int:
    """`end`, moved behind the bidi controls, quotes and brackets that close a sentence."""
    if end == 0 or paragraph[end - 1].isspace():
        return end
    closers = _CLOSING.match(paragraph, end, line)
    return closers.end() if closers else end


def _unfinished(paragraph: str, start: int, cut: int, following: int) -> bool:
    """Whether the sentence that began at `start` goes on after `cut`, where sentencex ended it."""
    around = paragraph[max(start, cut - _LONGEST_ABBREVIATION) : cut + 1]
    return (
        _ABBREVIATION.search(around) is not None
        or _LIST_NUMBER.fullmatch(paragraph, start, cut) is not None
        # Dots and quotes alone are no sentence. (In this order, no stretch is searched more than twice.)
        or _WORD.search(paragraph, cut, following) is None
        or _WORD.search(paragraph, start, cut) is None
    )


def _fitting(paragraph: str, sentence: Span, fits: Callable[[str], bool]) -> Iterator[Span]:
    """The sentence, or in order its pieces, halved until they fit."""
    waiting = [sentence]
    while waiting:
        start, end = waiting.pop()
        text = paragraph[start:end]
        left, _, right = (text, "", "") if _fits(text, fits) else halves(text)
        if right:
            waiting += [(end - len(right), end), (start, start + len(left))]
        else:
            yield start, end


def _fits(text: str, fits: Callable[[str], bool]) -> bool:
    # Megabytes without a full stop would be counted again at each halving; their beginning tells as much.
    return (len(text) <= _PROBE or fits(text[:_PROBE])) and fits(text)


def _best_cut(text: str, low: int, high: int) -> int | None:
    """The best offset from `low` to `high` to cut at: punctuation in the middle half, a space, between letters."""
    middle = len(text) // 2
    for reach, breaks in ((len(text) // 4, _BREAKS), (len(text), (_SPACE,))):
        start, end = max(low, middle - min(reach, _REACH)), min(high, middle + min(reach, _REACH))
        for pattern in breaks:
            # One character more than the last place to cut, for the patterns to look ahead at.
            cuts = (found.end() for found in pattern.finditer(text, start, end + 1))
            nearest = min(
                (cut for cut in cuts if cut <= end and _separable(text, cut)),
                key=lambda cut: abs(cut - middle),
                default=None,
            )
            if nearest is not None:
                return nearest
    return _between_letters(text, low, high)


def _between_letters(text: str, low: int, high: int) -> int | None:
    """The offset nearest to the middle at which a letter begins; in a long run of marks, anywhere."""
    if low > high:
        return None
    middle = min(max(len(text) // 2, low), high)
    nearby = (cut for step in range(_CLUSTER) for cut in (middle + step, middle - step) if low <= cut <= high)
    nearest = next((cut for cut in nearby if _separable(text, cut)), None)
    return middle if nearest is None and high - low >= _CLUSTER else nearest


def _separable(text: str, cut: int) -> bool:
    """Whether no mark at `cut` belongs to the letter before, and no joiner (family emoji) binds the two."""
    return unicodedata.category(text[cut])[0] != "M" and text[cut - 1] != "\u200d"
