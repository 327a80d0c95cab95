"""Does the target cover the source: nothing left out, made up, said over and over, or left in Arabic?

The numbers here were chosen on the 997 reference pairs of FLORES-dev, of which these checks together flag 5 (two of
those are misaligned: lines 131 and 166).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from operator import eq

from mt.document import Flag, Span

# Lengths in characters without diacritics; English is 1.17 times as long on average. The constants spare short ones.
# A target below _SHORTEST * source - _SLACK: 2 references of 997; 87 % of the references cut to their half.
# Fewer sentences than the source and below _FEWER_SENTENCES * source: 1 more; 92 % of references without their last.
# A target above _LONGEST * source + _ALLOWANCE: 2 references; 87 % of those with another sentence behind them.
_SHORTEST, _SLACK = 0.72, 4
_FEWER_SENTENCES = 1.0
_LONGEST, _ALLOWANCE = 1.65, 15
_FAR_TOO_SHORT, _FAR_TOO_LONG = 0.5, 2.3  # beyond these an error; no reference is

# What the reader is told: what was seen, and what to do.
_EMPTY = "This segment has no translation: translate it again, or with another model."
_COPY = "This segment is a copy of the source: translate it again, or with another model."
_LEFT_IN_ARABIC = "These words were left in Arabic: what they say is missing. Look them up, or try another model."
_LOOP = "The same words come over and over: the translation got stuck. Ignore them; what follows may be missing."
_SHORT = "The translation is much shorter than the source: something is probably left out. Try another model."
_LONG = "The translation is much longer than the source: do not rely on what only it says. Try another model."
_SENTENCES = "The source has {} sentences, the translation {}: one may be left out. Try another model."

# How often a phrase of n words stands in a row in a loop; "no, no" and "step by step by step" are speech.
_REPEATS = {1: 3, 2: 3, 3: 3}
_REPEATS_OF_LONGER = 2
_LONGEST_PHRASE = 60  # words; also what keeps the search linear

_WORD = re.compile(r"\w+")
_GLUED = re.compile(  # within a word, or of punctuation; equal digits in a row are a number
    r"([^\W\d_]{3,20}?)\1{2,}"
    r"|([^\W\d_]{1,2}?)\2{7,}"
    r"|([^\w\s])(?:\s?\3){11,}"
)
_LETTER = (
    "\u0620-\u064a\u0660-\u0669\u066e-\u06d3\u06d5\u06ee-\u06fc\u0750-\u077f\u08a0-\u08c9\ufb50-\ufdef\ufe70-\ufefc"
)
_ARABIC_WORD = f"[{_LETTER}][{_LETTER}\u064b-\u065f\u0670]*"
_ARABIC = re.compile(rf"{_ARABIC_WORD}(?:[\s،؛.,-]+{_ARABIC_WORD})*")  # letters and digits; ﷺ is used in English
_UNSPOKEN = re.compile(r"[\u064b-\u065f\u0670\u0640]")
_SOURCE_END = re.compile(r"(?<!\b\w)[.!?؟…][\"'»”’)\]]*(?=\s|$)")  # not the initial of «د. علي»
_TARGET_END = re.compile(r"[.!?;…][\"'»”’)\]]*(?=\s|$)")  # two sentences may come as one with a semicolon


def check(source: str, target: str) -> Iterator[Flag]:
    """Flags where the target leaves out, adds, repeats or does not translate."""
    if not _WORD.search(target):
        if _WORD.search(source) or (source.strip() and not target.strip()):
            yield Flag("omission", "error", _EMPTY, _all(source))
        return
    yield from _untranslated(source, target)
    loop = loops(target)
    if loop and not loops(source):  # which explains any length
        yield Flag("repetition", "error", _LOOP, target_span=loop)
    else:
        yield from _length(source, target)


def loops(text: str) -> Span | None:
    """The longest stretch of `text` that says one phrase again and again, None where there is none; linear time."""
    found = list(_WORD.finditer(text))
    words = [match.group().lower() for match in found]
    stretches = [match.span() for match in _GLUED.finditer(text)]
    for period in range(1, min(_LONGEST_PHRASE, len(words) // 2) + 1):
        least = period * (_REPEATS.get(period, _REPEATS_OF_LONGER) - 1)
        again = list(map(eq, words, words[period:]))  # is each word the same as the one a period later?
        if sum(again) < least:
            continue
        first = 0
        for same, run in groupby(again):
            length = sum(1 for _ in run)
            if same and length >= least:
                stretches.append((found[first].start(), found[first + length + period - 1].end()))
            first += length
    return max(stretches, key=lambda span: span[1] - span[0], default=None)


def _untranslated(source: str, target: str) -> Iterator[Flag]:
    if _ARABIC.search(target) and source.split() == target.split():
        yield Flag("untranslated", "error", _COPY, _all(source), _all(target))
        return
    for match in _ARABIC.finditer(target):
        yield Flag("untranslated", "error", _LEFT_IN_ARABIC, target_span=match.span())


def _length(source: str, target: str) -> Iterator[Flag]:
    expected, found = _size(source), _size(target)
    sentences, translated = len(_SOURCE_END.findall(source)), len(_TARGET_END.findall(target)) or 1
    if found < _SHORTEST * expected - _SLACK:
        severe = found < _FAR_TOO_SHORT * expected - _SLACK
        yield Flag("omission", "error" if severe else "warning", _SHORT, _all(source))
    elif translated < sentences and found < _FEWER_SENTENCES * expected:
        yield Flag("omission", "warning", _SENTENCES.format(sentences, translated), _all(source))
    elif found > _LONGEST * expected + _ALLOWANCE:
        severe = found > _FAR_TOO_LONG * expected + _ALLOWANCE
        yield Flag("addition", "error" if severe else "warning", _LONG, target_span=_all(target))


def _size(text: str) -> int:
    return len(" ".join(_UNSPOKEN.sub("", text).split()))


def _all(text: str) -> Span:
    return 0, len(text)
