"""Slips as typists make them, put into a source, so that those of an article do not derail the model."""

from __future__ import annotations

from random import Random

NOISY = 0.15  # of the sources
MOST_SLIPS = 3
SHORTEST = 3  # letters of a word that gets one
_PLAIN_LETTERS = str.maketrans("أإآة", "اااه")


def noisy(text: str, rng: Random) -> str:
    """The text, in most cases as it is, else with up to three slips in its words."""
    if rng.random() > NOISY:
        return text
    words = text.split(" ")
    for _ in range(rng.randint(1, MOST_SLIPS)):
        i = rng.randrange(len(words))
        if len(words[i]) >= SHORTEST:
            _slip(words, i, rng)
    return " ".join(word for word in words if word)


def _slip(words: list[str], i: int, rng: Random) -> None:
    """Change the word at i in one way; a way that does not apply changes nothing."""
    word, kind = words[i], rng.random()
    at = rng.randrange(len(word))
    before, letter, after = word[:at], word[at], word[at + 1 :]
    if kind < 0.3:  # doubled
        words[i] = before + letter * 2 + after
    elif kind < 0.45:  # left out
        words[i] = before + after
    elif kind < 0.6:  # hamza and the dots of ة
        words[i] = word.translate(_PLAIN_LETTERS)
    elif kind < 0.7:  # the dots of ي
        words[i] = word.replace("ى", "ي") if "ى" in word else word.replace("ي", "ى")
    elif kind < 0.8 and after:  # swapped with the next
        words[i] = before + after[0] + letter + after[1:]
    elif kind < 0.9 and i + 1 < len(words):  # joined with the next word
        words[i : i + 2] = [word + words[i + 1], ""]
