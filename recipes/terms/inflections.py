"""The forms of an Arabic adjective of origin: المصري, مصرية, المصريون, مصريين, المصريات …"""

from __future__ import annotations

from collections.abc import Iterator

from mt.terms.match import fold

_ENDINGS = ("", "ة", "ا", "ين", "ون", "ات", "ان", "تان", "تين", "ي")


def inflected(adjectives: list[str], plurals: list[str]) -> Iterator[str]:
    """Folded keys of each adjective (المصري, الكوري الجنوبي), with and without the article, and irregular plurals."""
    for adjective in adjectives:
        words = [word.removeprefix("ال") for word in adjective.split()]
        fixed = words[:-1] if words[0] == "جنوب" or words[0] == "الجنوب" else []
        for ending in _ENDINGS:
            inflections = [*fixed, *(word + ending for word in words[len(fixed) :])]
            yield fold(" ".join(inflections))
            yield fold(" ".join("ال" + word for word in inflections))
            if fixed:
                yield fold("ال" + " ".join(inflections))
    for plural in plurals:
        if plural and plural != "-":
            yield fold(plural)
