"""Slips in an Arabic source: words that are none, and what their author most likely meant.

A wrong correction costs more than a slip that stays, since models survive most slips: every rule here asks for a word
that is hardly ever written and a neighbour, one letter away, that is common. On lines 1-500 of FLORES-dev, edited
text, it finds 4 slips, 3 of them real («االأيام» for «الأيام»). Whether the reading is taken is not decided here: both
are translated (`mt.translate`). Frequencies are wordfreq's, on the Zipf scale: 6 is one word in a thousand, 3 one in
a million.
"""

from __future__ import annotations

import functools
import lzma
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import pairwise

from mt.document import Flag, Span

_WORD = re.compile("[\u0621-\u065f\u0670]+")
_MARKS = re.compile("[\u064b-\u065f\u0670\u0640]")
_ALPHABET = "ابتثجحخدذرزسشصضطظعغفقكلمنهويةىءأإآؤئ"
_CONFUSED = ("زذظ", "ضظد", "سصث", "تط", "هة", "ىي", "أاإآ", "ئيىء", "ؤو", "قغ")  # one key, one sound or one shape
_DERIVING = frozenset("اويىتمنسأ")  # letters that make a word of another one: to add or lose them is grammar

_PROCLITICS = ("", "و", "ف", "ب", "ك", "ل", "س", "أ", "ال", "وال", "بال", "كال", "فال", "لل", "ولل", "فلل",
               "وب", "ول", "وك", "وس", "فس", "فب", "فل", "وبال")  # fmt: skip
_OF_NOUNS = ("", "ة", "ية", "ي", "ات", "ون", "ين", "ان", "تين", "تان")  # all that stands after the article
_ENDINGS = (*_OF_NOUNS, "ه", "ها", "هم", "هن", "هما", "نا", "ك", "كم", "ني", "وا", "تها", "ته", "تهم", "اتها", "اته",
            "اتهم", "يا", "ا", "ت")  # fmt: skip
_PARTICLES = ("في", "فى", "من", "على", "إلى", "عن", "أن", "إن", "هذا", "هذه", "التي", "الذي", "بعد", "قبل", "بين", "مع",
              "لم", "لن")  # fmt: skip

# On the Zipf scale. Below _KNOWN, a stem does not make a word of its clitics.
_KNOWN = 2.5
_COMMON = 4.0
_FAR_RARER = 2.5
_SHORTEST = 5  # letters; shorter words have too many neighbours


@dataclass(frozen=True, slots=True)
class Slip:
    """A suspected slip: `text[span[0]:span[1]] == written`, and what it probably should read."""

    span: Span
    written: str
    read: str


@dataclass(frozen=True, slots=True)
class _Word:
    letters: str  # without diacritics
    span: Span
    known: bool


def slips(text: str, names: Sequence[Span] = ()) -> tuple[Slip, ...]:
    """The suspected slips of a text in order; what lies within the spans of `names` is none."""
    words = [_word(match) for match in _WORD.finditer(text)]
    found = []
    for i, word in enumerate(words):
        if any(start < word.span[1] and word.span[0] < end for start, end in names):
            continue
        # Two unknown words in a row are a foreign name far more often than two slips.
        beside_unknown = any(not words[j].known for j in (i - 1, i + 1) if 0 <= j < len(words))
        before = words[i - 1].letters if i else ""
        if read := _doubled(word) or _adjective(before, word) or (None if beside_unknown else _unknown(word)):
            found.append(Slip(word.span, text[slice(*word.span)], read))
    return tuple(found)


def corrected(text: str, found: Sequence[Slip]) -> str:
    """The text with every slip as it was probably meant."""
    edges = [0, *(edge for slip in found for edge in slip.span), len(text)]
    kept = [text[start:end] for start, end in list(pairwise(edges))[::2]]
    return kept[0] + "".join(slip.read + after for slip, after in zip(found, kept[1:], strict=True))


def as_written(span: Span, found: Sequence[Slip]) -> Span:
    """The stretch of the text that a stretch of the corrected text comes from; of a slip, the whole word."""
    return _as_written(span[0], found)[0], _as_written(span[1], found)[1]


def _as_written(place: int, found: Sequence[Slip]) -> Span:
    """Where a place of the corrected text is in the text; anywhere in the word, if it lies in a slip."""
    longer = 0  # by how much the corrected text is longer up to here
    for slip in found:
        start, end = slip.span
        if place <= start + longer:
            break
        if place < start + longer + len(slip.read):
            return slip.span
        longer += len(slip.read) - (end - start)
    return place - longer, place - longer


def flag(slip: Slip, *, taken: bool) -> Flag:
    """What the reader is told about a slip, whether the translation follows the reading or not."""
    seen = f"The source says «{slip.written}», probably a slip for «{slip.read}»"
    told = "the translation takes it so" if taken else "the translation takes it as it stands"
    return Flag("typo", "info", f"{seen}: {told}.", source_span=slip.span)


def _word(match: re.Match[str]) -> _Word:
    letters = _MARKS.sub("", match.group())
    return _Word(letters, match.span(), _is_known(letters))


def _doubled(word: _Word) -> str | None:
    """The word without a letter written twice, if that is a common word and the word itself is rare."""
    letters = word.letters
    if len(letters) < _SHORTEST:
        return None
    once = {letters[:i] + letters[i + 1 :] for i in range(1, len(letters)) if letters[i] == letters[i - 1]}
    read = max(once, key=_frequency, default="")
    if _frequency(read) >= max(_COMMON if word.known else _COMMON - 1, _zipf(letters) + _FAR_RARER):
        return read
    return None


def _adjective(before: str, word: _Word) -> str | None:
    """«الطبيعية» for «الطبيعة» after «الموارد»: a noun in the place of the adjective made from it."""
    if not word.letters.endswith("ة"):
        return None
    read = f"{word.letters[:-1]}ية"
    return read if (before, read) in _adjectives() else None


def _unknown(word: _Word) -> str | None:
    """What a word that nobody writes was meant to be: two words joined, or a common one with one letter wrong."""
    if word.known or len(word.letters) < _SHORTEST:
        return None
    if joined := _joined(word.letters):
        return joined
    ranked = sorted(_neighbours(word.letters), key=_frequency, reverse=True)[:2]
    if not ranked or _frequency(ranked[0]) < _COMMON:
        return None
    rival = _frequency(ranked[1]) if len(ranked) > 1 else 0
    return ranked[0] if _frequency(ranked[0]) - rival >= 1 else None


def _joined(letters: str) -> str | None:
    for particle in _PARTICLES:
        rest = letters.removeprefix(particle)
        if rest != letters and len(rest) >= _SHORTEST and _zipf(rest) >= _COMMON - 0.5:
            return f"{particle} {rest}"
    article = letters.find("ال", 3)
    if article > 0 and min(_zipf(letters[:article]), _zipf(letters[article:])) >= _COMMON - 0.5:
        return f"{letters[:article]} {letters[article:]}"
    return None


def _neighbours(letters: str) -> set[str]:
    """Words one slip away: a letter too many, too few, confused with its like, or two in the wrong order."""
    found = set()
    for i, letter in enumerate(letters):
        before, after = letters[:i], letters[i + 1 :]
        if letter not in _DERIVING:
            found.add(before + after)
        found.update(before + other + after for group in _CONFUSED if letter in group for other in group)
        found.add(before + after[:1] + letter + after[1:])
        found.update(before + letter + other + after for other in _ALPHABET)
    return found - {letters}


def _is_known(letters: str) -> bool:
    """Whether this is a word that people write, or one with clitics and an ending."""
    return _zipf(letters) > 0 or any(_zipf(stem) >= _KNOWN for stem in _stems(letters) if len(stem) > 2)


def _stems(letters: str) -> Iterator[str]:
    for proclitic in _PROCLITICS:
        if letters.startswith(proclitic):
            rest = letters.removeprefix(proclitic)
            definite = proclitic.endswith(("ال", "لل")) or rest.startswith("ال")
            for ending in _OF_NOUNS if definite else _ENDINGS:
                if rest.endswith(ending):
                    stem = rest.removesuffix(ending)
                    yield from (stem, f"{stem}ة", f"{stem}ى") if ending else (stem,)


def _frequency(letters: str) -> float:
    """How common a word is; with a clitic before it that wordfreq did not see, a tenth of the bare word."""
    bare = (letters.removeprefix(p) for p in _PROCLITICS[1:] if letters.startswith(p))
    return max([_zipf(letters), *(_zipf(stem) - 1 for stem in bare if len(stem) > 3)])


def _zipf(letters: str) -> float:
    return _words().get(letters, 0.0)


@functools.cache
def _words() -> dict[str, float]:
    text = lzma.decompress(files("mt").joinpath("data/arabic/words.txt.xz").read_bytes()).decode()
    lines = (line.split(" ") for line in text.splitlines())
    return {word: int(tenths) / 10 for tenths, *words in lines for word in words}


@functools.cache
def _adjectives() -> frozenset[tuple[str, ...]]:
    text = files("mt").joinpath("data/arabic/adjectives.txt").read_text(encoding="utf-8")
    return frozenset(tuple(line.split(" ")) for line in text.splitlines())
