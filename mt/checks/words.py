"""The words of a source and its target: what each matters, and how much one is like another."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence
from math import log, log10
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mt.checks.cues import fold_english
from mt.document import Span
from mt.terms.match import fold, stems
from mt.terms.skeleton import arabic_skeletons, english_skeletons
from mt.vectors import encode_words

Values = NDArray[np.float64]

# How much a word matters: nothing at 7.3 (the, في), all from 4.3 (once in 50,000 words) on the Zipf scale of wordfreq.
_EVERYWHERE, _RARE = 7.3, 4.3
# What one name in two scripts counts as (translations of each other have a cosine around 0.75), and how many consonants
# both must have in common.
_SOUNDING, _TELLING = 0.7, 2
_MOST_WORDS = 400  # of one side that are compared, word by word; longer texts are no segments

_SPOKEN = re.compile(r"[^\W_][\w\u064b-\u065f\u0670]{,39}(?:'t\b)?")  # with its diacritics; longer ones in pieces
# What English may have a sign for, and what it may write in digits: words that need no counterpart where it does
_SIGN, _DIGITS = re.compile("[$£€¥%]"), re.compile(r"\d{3}")
_SIGNED = re.compile(r"(?:دولار|جنيه|يورو|ين$|يوان|[إا]سترليني|[أا]مريكي|ب?ال?م[ئا]ئ?ة)\w*")
_COUNTED = re.compile(
    r"و?(?:ال)?(?:واحد|[اإأ]حد|[اإ]ثن|ثلاث|[أا]ربع|خمس|ست|سبع|ثمان|تسع|عشر|[أا]لف|آلاف|م[ئا]ئ?[ةت]|مليون|ملايين|مليار)\w*"
)
_UNSPOKEN = re.compile(r"[\u064b-\u065f\u0670\u0640]")


class Words(NamedTuple):
    """The words of two texts, without diacritics, and for each text where they stand, what they matter, its size."""

    ours: list[str]
    theirs: list[str]
    spans: list[Span]
    their_spans: list[Span]
    weights: Values
    their_weights: Values
    size: int
    their_size: int

    @property
    def more(self) -> int:
        """How many words the longer side has."""
        return max(len(self.ours), len(self.theirs))

    @property
    def weight(self) -> float:
        """Log of all weights of the target over those of the source."""
        return log((self.their_weights.sum() + 1) / (self.weights.sum() + 1))

    def likeness(self) -> tuple[Values, Values]:
        """Each word's highest cosine with a word of the other side, source and target; names go by their sound too."""
        cosines = (encode_words(self.ours) @ encode_words(self.theirs).T).astype(np.float64)
        np.maximum(cosines, _SOUNDING * _sounding(self.ours, self.theirs), out=cosines)
        return cosines.max(axis=1), cosines.max(axis=0)


@functools.lru_cache(maxsize=256)
def read_words(source: str, target: str) -> Words | None:
    """The words of both, None where a side has none or so many that it is no segment."""
    english = fold_english(target)
    ours, theirs = list(_SPOKEN.finditer(source)), list(_SPOKEN.finditer(english.text))
    if not ours or not theirs or max(len(ours), len(theirs)) > _MOST_WORDS:
        return None
    words, their_words = _bare(ours), _bare(theirs)
    shortened = [short for sign, short in ((_SIGN, _SIGNED), (_DIGITS, _COUNTED)) if sign.search(english.text)]
    return Words(
        words,
        their_words,
        [word.span() for word in ours],
        [english.span(word) for word in theirs],
        np.array([0.0 if any(short.fullmatch(word) for short in shortened) else _weight(word, "ar") for word in words]),
        np.array([_weight(word, "en") for word in their_words]),
        size(source),
        size(english.text),
    )


def words_in(text: str) -> list[str]:
    """The words of an Arabic text, without diacritics."""
    return _bare(_SPOKEN.finditer(text))


def is_common(word: str, lang: str) -> bool:
    """Whether a language uses this word, in small letters, once in a million words or more."""
    return word in _frequencies(lang)


def is_english(word: str) -> bool:
    """Whether anybody writes this word in English; loads a large list."""
    from wordfreq import zipf_frequency

    return bool(zipf_frequency(word, "en") > 0)


def size(text: str) -> int:
    """How many characters a text has, without diacritics and doubled blanks."""
    return len(" ".join(_UNSPOKEN.sub("", text).split()))


def _bare(words: Iterable[re.Match[str]]) -> list[str]:
    return [_UNSPOKEN.sub("", word.group()) for word in words]


def _sounding(ours: Sequence[str], theirs: Sequence[str]) -> NDArray[np.bool_]:
    """Which words are one name, by their consonants; vectors know few names."""
    spelled = [english_skeletons(word) if word[0].isupper() else frozenset[str]() for word in theirs]
    known = {skeleton for word in spelled for skeleton in word if len(skeleton) >= _TELLING}
    alike = np.zeros((len(ours), len(theirs)), dtype=np.bool_)
    for i, word in enumerate(ours):
        if heard := {skeleton for stem, _ in stems(fold(word)) for skeleton in arabic_skeletons(stem)} & known:
            alike[i] = [not heard.isdisjoint(other) for other in spelled]
    return alike


def _weight(word: str, lang: str) -> float:
    frequency = _frequencies(lang).get(word.lower())
    return min(1.0, max(0.0, (_EVERYWHERE - 9 - log10(frequency)) / (_EVERYWHERE - _RARE))) if frequency else 1.0


@functools.cache
def _frequencies(lang: str) -> dict[str, float]:
    """Of the words that are too common to have the whole weight; the large lists take half a second to load."""
    from wordfreq import get_frequency_dict

    frequencies: dict[str, float] = get_frequency_dict(lang, wordlist="small")
    return frequencies
