"""The consonants that an Arabic and an English spelling of one name share: لافروف and Lavrov are both `lfrf`.

Vowels, h, w and y are left out, voices that the two scripts mix up fall together (g, j, k, q, kh, gh; s, z, sh; p, b),
and a letter that may be read in two ways gives two skeletons.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import product

_MOST = 32  # skeletons of one word
_ARABIC = {
    "ب": "b", "ت": "t", "ث": "t|s", "ج": "k", "خ": "k", "د": "d", "ذ": "d|s", "ر": "r", "ز": "s", "س": "s", "ش": "s",
    "ص": "s", "ض": "d", "ط": "t", "ظ": "d|s", "غ": "k", "ف": "f", "ق": "k", "ك": "k", "ل": "l", "م": "m", "ن": "n",
    "تش": "s|ts", "كس": "ks", "و": "|f",
}  # fmt: skip
_ENGLISH = {
    "b": "b", "c": "k|s", "d": "d", "f": "f", "g": "k", "j": "k|", "k": "k", "l": "l", "m": "m", "n": "n", "p": "b",
    "q": "k", "r": "r", "s": "s", "t": "t", "v": "f", "w": "|f", "x": "ks|s|k", "z": "s|ts", "ch": "s|k", "ck": "k",
    "cq": "k", "cz": "s", "dh": "d|s", "dj": "k", "gh": "k|", "kh": "k", "ph": "f|b", "sch": "s", "sh": "s",
    "shch": "s", "tch": "s|ts", "th": "t|s|d", "ts": "ts|s", "tz": "ts|s", "zh": "s|k",
}  # fmt: skip
_GRAPHEMES = re.compile("shch|sch|tch|sh|ch|kh|gh|th|ph|dh|ck|zh|dj|tz|cz|cq|ts|.")
_TWICE = re.compile(r"(.)\1+")


@lru_cache(maxsize=1 << 14)
def arabic_skeletons(word: str) -> frozenset[str]:
    """The skeletons of a folded Arabic word, with and without what may be the article."""
    stems = {word, word.removeprefix("ال")} if len(word) > 4 else {word}
    return frozenset().union(*(_skeletons([_ARABIC.get(part, "") for part in re.findall("تش|.", s)]) for s in stems))


@lru_cache(maxsize=1 << 14)
def english_skeletons(word: str) -> frozenset[str]:
    """The skeletons of a word in Latin letters, however accented."""
    single = _TWICE.sub(r"\1", unaccented(word).lower())
    return _skeletons([_ENGLISH.get(part, "") for part in _GRAPHEMES.findall(single)])


@lru_cache(maxsize=1 << 14)
def unaccented(text: str) -> str:
    """Latin letters without accents: Élysée → Elysee, ı → i, ø → o."""
    plain = "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
    return plain.translate(str.maketrans("ıøØłŁđĐ", "ioOlLdD"))


def distance(left: str, right: str) -> int:
    """How many letters must be put in, taken out or replaced to turn one into the other (Levenshtein)."""
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        previous, row[0] = row[0], i
        for j, b in enumerate(right, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (a != b))
    return row[-1]


def _skeletons(readings: list[str]) -> frozenset[str]:
    found, choices = set[str](), [reading.split("|") for reading in readings if reading]
    for count, parts in enumerate(product(*choices)):
        if count == _MOST:
            break
        found.add("".join(parts))
    return frozenset(found)
