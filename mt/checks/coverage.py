"""Does the target cover the source: nothing left out, made up, said over and over, or left in Arabic?

What is missing shows in the lengths, in the weight of the rare words of each side, and in words that have no word like
them on the other side (`Evidence`). Two linear models weigh these, one for what was left out and one for what was made
up; `benchmarks/clauses.py` fitted them on lines 1–500 of FLORES-dev, out of which it had cut clauses, and prints how
many of the cuts are found on lines 501–997 (70 % of those in the target, 78 % of those in the source, 8 words each) and
how many whole references are flagged by all of this module (6 of 497).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from math import log
from operator import eq
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mt.document import Flag, Span
from mt.vectors import encode_words

# Lengths in characters without diacritics; English is 1.17 times as long on average. The constant spares short ones.
_USUAL_LENGTH, _SLACK = 1.17, 4
_FAR_TOO_SHORT, _FAR_TOO_LONG = 0.5, 2.3  # of the source, beyond these an error; no reference of 997 is
_ALLOWANCE = 15
_FEWER_SENTENCES = 1.0  # a target with fewer sentences must not be shorter than the source: 1 reference of 997 is

# How much a word matters: nothing at 7.3 (the, في), all from 4.3 (once in 50,000 words) on the Zipf scale of wordfreq.
_EVERYWHERE, _RARE = 7.3, 4.3
# Two words that translate each other have a cosine around 0.75, two that do not one below 0.5.
_LIKE = 0.65
_FEW = 2.0  # of weight: a shorter stretch is not shown
_QUOTED = 0.6  # of the text: a longer stretch is not quoted
_FEWEST_WORDS = 10  # of the longer side: where there are fewer, each weighs too much
_MOST_WORDS = 400  # of one side that are compared, word by word; longer texts are no segments

# The models: an intercept, then a weight for each field of `Evidence`; above 0 is a flag.
_LEFT_OUT = (-4.32, -4.33, -6.29, -17.37, 15.40, 0.71, -0.27)
_MADE_UP = (1.07, 3.60, 6.87, 12.42, -17.63, -0.18, 0.95)

Values = NDArray[np.float64]

# What the reader is told: what was seen, and what to do.
_EMPTY = "This segment has no translation: translate it again, or with another model."
_COPY = "This segment is a copy of the source: translate it again, or with another model."
_LEFT_IN_ARABIC = "These words were left in Arabic: what they say is missing. Look them up, or try another model."
_LOOP = "The same words come over and over: the translation got stuck. Ignore them; what follows may be missing."
_SHORT = "The translation is much shorter than the source: something is left out. Try another model."
_LONG = "The translation is much longer than the source: do not rely on what only it says. Try another model."
_UNCOVERED = "Part of the source seems to be missing from the translation{}. Try another model."
_UNFOUNDED = "Part of the translation seems to have nothing behind it in the source{}. Do not rely on it."
_LIKELY = ", most likely “{}”"
_SENTENCES = "The source has {} sentences, the translation {}: one may be left out. Try another model."

# How often a phrase of n words stands in a row in a loop; "no, no" and "step by step by step" are speech.
_REPEATS = {1: 3, 2: 3, 3: 3}
_REPEATS_OF_LONGER = 2
_LONGEST_PHRASE = 60  # words; also what keeps the search linear

_WORD = re.compile(r"\w+")
_SPOKEN = re.compile(r"[^\W_][\w\u064b-\u065f\u0670]{,39}")  # with its diacritics; longer ones come in pieces
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
        yield from _coverage(source, target)


def check_all(sources: Sequence[str], targets: Sequence[str]) -> list[tuple[Flag, ...]]:
    """What `check` says of each pair; faster, since the words of all are encoded together."""
    encode_words([word for text in (*sources, *targets) for word in _bare(_SPOKEN.finditer(text))])
    return [tuple(check(source, target)) for source, target in zip(sources, targets, strict=True)]


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


def _coverage(source: str, target: str) -> Iterator[Flag]:
    """At most one flag: what is far too short or long needs no other proof."""
    expected, found = _size(source), _size(target)
    sentences, translated = len(_SOURCE_END.findall(source)), len(_TARGET_END.findall(target)) or 1
    if found < _FAR_TOO_SHORT * expected - _SLACK:
        yield Flag("omission", "error", _SHORT, _all(source))
    elif found > _FAR_TOO_LONG * expected + _ALLOWANCE:
        yield Flag("addition", "error", _LONG, target_span=_all(target))
    elif translated < sentences and found < _FEWER_SENTENCES * expected:
        yield Flag("omission", "warning", _SENTENCES.format(sentences, translated), _all(source))
    else:
        yield from _uncovered(source, target)


def _uncovered(source: str, target: str) -> Iterator[Flag]:
    seen = examine(source, target)
    if seen is None:
        return
    evidence, our_span, their_span = seen
    if _score(_LEFT_OUT, evidence) > 0:
        message = _UNCOVERED.format(_likely(source, our_span))
        yield Flag("omission", "warning", message, source_span=our_span or _all(source))
    elif _score(_MADE_UP, evidence) > 0:
        message = _UNFOUNDED.format(_likely(target, their_span))
        yield Flag("addition", "warning", message, target_span=their_span or _all(target))


def _likely(text: str, span: Span | None) -> str:
    return _LIKELY.format(text[slice(*span)]) if span and span[1] - span[0] < _QUOTED * len(text) else ""


class Evidence(NamedTuple):
    """What tells of a clause left out or made up.

    A word's likeness is its highest cosine with a word of the other side, its weight what it matters. A gap is a
    stretch of words that are less alike than they should be: the sum of weight × lack, over the worst stretch.
    """

    length: float  # log of target over source, 0 where it is as usual
    weight: float  # log of all weights of the target over those of the source
    source_likeness: float  # mean, by weight
    target_likeness: float
    source_gap: float
    target_gap: float


def examine(source: str, target: str) -> tuple[Evidence, Span | None, Span | None] | None:
    """The evidence, and where the gaps of source and target are, None for small ones.

    None for all where a side has no words, both have few, or one so many that it is no segment.
    """
    ours, theirs = list(_SPOKEN.finditer(source)), list(_SPOKEN.finditer(target))
    fewest, most = sorted((len(ours), len(theirs)))
    if fewest == 0 or most < _FEWEST_WORDS or most > _MOST_WORDS:
        return None
    our_words, their_words = _bare(ours), _bare(theirs)
    cosines = encode_words(our_words) @ encode_words(their_words).T
    likeness, their_likeness = cosines.max(axis=1), cosines.max(axis=0)
    weights = np.array([_weight(word, "ar") for word in our_words])
    their_weights = np.array([_weight(word, "en") for word in their_words])
    gap, span = _gap(ours, likeness, weights)
    their_gap, their_span = _gap(theirs, their_likeness, their_weights)
    evidence = Evidence(
        log((_size(target) + _SLACK) / (_size(source) + _SLACK) / _USUAL_LENGTH),
        log((their_weights.sum() + 1) / (weights.sum() + 1)),
        _mean(likeness, weights),
        _mean(their_likeness, their_weights),
        gap,
        their_gap,
    )
    return evidence, span, their_span


def _bare(words: Iterable[re.Match[str]]) -> list[str]:
    return [_UNSPOKEN.sub("", word.group()) for word in words]


def _gap(words: Sequence[re.Match[str]], likeness: Values, weights: Values) -> tuple[float, Span | None]:
    """The worst stretch of unlike words (the maximum subarray, by Kadane's algorithm), and where it is."""
    worst, current, start, span = 0.0, 0.0, 0, None
    for i, lack in enumerate(((_LIKE - likeness) * weights).tolist()):
        if current <= 0:
            current, start = 0.0, i
        current += lack
        if current > worst:
            worst, span = current, (start, i)
    if span is None or weights[span[0] : span[1] + 1].sum() < _FEW:
        return worst, None
    return worst, (words[span[0]].start(), words[span[1]].end())


def _mean(likeness: Values, weights: Values) -> float:
    return float((likeness * weights).sum() / max(weights.sum(), 0.1))


def _score(model: tuple[float, ...], evidence: Evidence) -> float:
    intercept, *weights = model
    return intercept + sum(weight * value for weight, value in zip(weights, evidence, strict=True))


@functools.lru_cache(maxsize=20_000)
def _weight(word: str, lang: str) -> float:
    from wordfreq import zipf_frequency  # loading its lists takes half a second

    frequency: float = zipf_frequency(word.lower(), lang)
    return min(1.0, max(0.0, (_EVERYWHERE - frequency) / (_EVERYWHERE - _RARE)))


def _size(text: str) -> int:
    return len(" ".join(_UNSPOKEN.sub("", text).split()))


def _all(text: str) -> Span:
    return 0, len(text)
