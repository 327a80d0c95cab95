"""Does the target cover the source: nothing left out, made up, said over and over, or left in Arabic?

What is missing shows in the lengths, in the weight of the rare words of each side, and in words that have no word like
them on the other side (`Evidence`). Two linear models weigh these, one for what was left out and one for what was made
up; `benchmarks/clauses.py` fitted them on lines 1–500 of FLORES-dev, out of which it had cut clauses, and prints how
many of the cuts are found on lines 501–997 (70 % of those in the target, 70 % of those in the source, 8 words each) and
how many whole references are flagged by all of this module (7 of 497).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise
from math import log
from operator import eq
from typing import NamedTuple

from mt.checks import leftovers
from mt.checks.words import Values, Words, read_words, size
from mt.document import Flag, Span
from mt.vectors import encode_words

# Lengths in characters without diacritics; English is 1.17 times as long on average. The constant spares short ones.
_USUAL_LENGTH, _SLACK = 1.17, 4
_FAR_TOO_SHORT, _FAR_TOO_LONG = 0.5, 2.3  # of the source, beyond these an error; no reference of 997 is
_ALLOWANCE = 15
_SENTENCE = 2  # words: one alone («نعم!») may be missed and nothing is lost
_FEWER_SENTENCES = 1.0  # a target with fewer sentences must not be shorter than the source: 1 reference of 997 is

# Two words that translate each other have a cosine around 0.75, two that do not one below 0.5.
_LIKE = 0.65
_FEW = 2.0  # of weight: a shorter stretch is not shown
_QUOTED = 0.6  # of the text: a longer stretch is not quoted
_FEWEST_WORDS = 10  # of the longer side: where there are fewer, each weighs too much
_USUAL_WORDS, _PER_WORD = 14, 0.3  # of the longer side, and what each that is lacking takes off the score

# Vectors cost more than all other checks: words are compared only where something may be missing. All but one in fifty
# of the cuts that the models find are beyond these (logs, as in `Evidence`), and one in twenty of the whole references.
_SHORTER, _POORER = -0.22, -0.32
_LONGER, _RICHER = 0.17, 0.06

# The models: an intercept (of --fit 0.015, of --fit 0.01), then a weight for each field of `Evidence`; a flag above 0.
_LEFT_OUT = (-11.84, -5.02, -5.98, -7.28, 16.60, 0.91, 0.68)
_MADE_UP = (0.11, 3.59, 6.51, 10.32, -13.88, -0.53, 1.44)

# What the reader is told: what was seen, and what to do.
_EMPTY = "This segment has no translation: translate it again, or with another model."
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
_SPELLED_OUT = 2  # words for each letter of an acronym: DNA, «الحمض النووي الريبي منقوص الأكسجين»
_ACRONYM = re.compile(r"\b(?=(?:\w*[A-Z]){3})\w{3,8}\b")
_BRACKETED = re.compile(r"\s*\(\s*(\w{3,8})\s*\)")
_GLUED = re.compile(  # within a word, or of punctuation; equal digits in a row are a number
    r"([^\W\d_]{3,20}?)\1{2,}"
    r"|([^\W\d_]{1,2}?)\2{7,}"
    r"|([^\w\s])(?:\s?\3){11,}"
)
_SOURCE_END = re.compile(r"(?<!\b\w)[.!?؟…][\"'»”’)\]]*(?=\s|$)")  # not the initial of «د. علي»
_TARGET_END = re.compile(r"[.!?;…][\"'»”’)\]]*(?=\s|$)")  # two sentences may come as one with a semicolon


def check(source: str, target: str) -> Iterator[Flag]:
    """Flags where the target leaves out, adds, repeats or does not translate."""
    if not _WORD.search(target):
        if _WORD.search(source) or (source.strip() and not target.strip()):
            yield Flag("omission", "error", _EMPTY, _all(source))
        return
    left = list(leftovers.check(source, target))
    yield from left
    if any(flag.target_span == _all(target) for flag in left):  # a copy, or another language
        return
    loop = loops(target)
    if loop and not loops(source):  # which explains any length
        yield Flag("repetition", "error", _LOOP, target_span=loop)
    else:
        yield from _coverage(source, target)


def check_all(sources: Sequence[str], targets: Sequence[str]) -> list[tuple[Flag, ...]]:
    """What `check` says of each pair; faster, since the words of all are encoded together."""
    pairs = [pair for pair in map(_comparable, sources, targets) if pair and _doubtful(pair)]
    encode_words([word for pair in pairs for word in (*pair.ours, *pair.theirs)])
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


def _coverage(source: str, target: str) -> Iterator[Flag]:
    """At most one flag: what is far too short or long needs no other proof."""
    expected, found = size(source), size(target)
    sentences, translated = _sentences(_SOURCE_END, source), _sentences(_TARGET_END, target)
    if found < _FAR_TOO_SHORT * expected - _SLACK:
        yield Flag("omission", "error", _SHORT, _all(source))
    elif found > _FAR_TOO_LONG * expected + _ALLOWANCE:
        yield Flag("addition", "error", _LONG, target_span=_all(target))
    elif _fewer(sentences, translated) and found < _FEWER_SENTENCES * expected:
        message = _SENTENCES.format(len(sentences), len(translated) or 1)
        yield Flag("omission", "warning", message, _all(source))
    else:
        yield from _uncovered(source, target)


def _sentences(end: re.Pattern[str], text: str) -> list[int]:
    """How many words each ended sentence has."""
    ends = [0, *(found.end() for found in end.finditer(text))]
    return [len(_WORD.findall(text, first, last)) for first, last in pairwise(ends)]


def _fewer(sentences: Sequence[int], translated: Sequence[int]) -> bool:
    """Whether sentences are lacking; a lone word («نعم!») may be kept or not, and stands for no longer one."""
    short, kept = (sum(words < _SENTENCE for words in side) for side in (sentences, translated))
    return (len(translated) or 1) - min(short, kept) < len(sentences) - short


def _uncovered(source: str, target: str) -> Iterator[Flag]:
    pair = _comparable(source, target)
    if pair is None or not _doubtful(pair):
        return
    evidence, our_span, their_span = _evidence(pair)
    beyond_chance = _PER_WORD * max(0, _USUAL_WORDS - pair.more)
    if our_span and _score(_LEFT_OUT, evidence) > beyond_chance and not _abbreviated(source, our_span, target):
        yield Flag("omission", "warning", _UNCOVERED.format(_likely(source, our_span)), source_span=our_span)
    elif their_span and _score(_MADE_UP, evidence) > beyond_chance:
        yield Flag("addition", "warning", _UNFOUNDED.format(_likely(target, their_span)), target_span=their_span)


def _abbreviated(source: str, span: Span, target: str) -> bool:
    """Whether acronyms that only the target has, or one in brackets right behind them, may stand for these words."""
    words, found = len(source[slice(*span)].split()), set(_ACRONYM.findall(target))
    bracketed = _BRACKETED.match(source, span[1])
    if bracketed and bracketed[1] in found:
        return words <= len(bracketed[1]) + 2
    letters = sum(character.isupper() for word in found if word not in source for character in word)
    return bool(words <= _SPELLED_OUT * letters)


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
    pair = _comparable(source, target)
    return _evidence(pair) if pair else None


def _evidence(pair: Words) -> tuple[Evidence, Span | None, Span | None]:
    likeness, their_likeness = pair.likeness()
    gap, stretch = _gap(likeness, pair.weights)
    their_gap, their_stretch = _gap(their_likeness, pair.their_weights)
    evidence = Evidence(
        _length(pair),
        pair.weight,
        _mean(likeness, pair.weights),
        _mean(their_likeness, pair.their_weights),
        gap,
        their_gap,
    )
    return evidence, _span(pair.spans, stretch), _span(pair.their_spans, their_stretch)


def _comparable(source: str, target: str) -> Words | None:
    pair = read_words(source, target)
    return pair if pair and pair.more >= _FEWEST_WORDS else None


def _doubtful(pair: Words) -> bool:
    """Whether one side is shorter and poorer than the other, as it is wherever something was left out."""
    length, weight = _length(pair), pair.weight
    return (length < _SHORTER and weight < _POORER) or (length > _LONGER and weight > _RICHER)


def _length(pair: Words) -> float:
    return log((pair.their_size + _SLACK) / (pair.size + _SLACK) / _USUAL_LENGTH)


def _gap(likeness: Values, weights: Values) -> tuple[float, Span | None]:
    """The worst stretch of unlike words (the maximum subarray, by Kadane's algorithm): its first word and its last."""
    worst, current, start, stretch = 0.0, 0.0, 0, None
    for i, lack in enumerate(((_LIKE - likeness) * weights).tolist()):
        if current <= 0:
            current, start = 0.0, i
        current += lack
        if current > worst:
            worst, stretch = current, (start, i)
    if stretch is None or weights[stretch[0] : stretch[1] + 1].sum() < _FEW:
        return worst, None
    return worst, stretch


def _span(words: Sequence[Span], stretch: Span | None) -> Span | None:
    return (words[stretch[0]][0], words[stretch[1]][1]) if stretch else None


def _mean(likeness: Values, weights: Values) -> float:
    return float((likeness * weights).sum() / max(weights.sum(), 0.1))


def _score(model: tuple[float, ...], evidence: Evidence) -> float:
    intercept, *weights = model
    return intercept + sum(weight * value for weight, value in zip(weights, evidence, strict=True))


def _all(text: str) -> Span:
    return 0, len(text)
