"""Ways to make what an English sentence says wrong: another name, a negation more or less, a clause or sentence less.

Each takes the sentence and its own random numbers, and returns the wrong sentence, or None where it does not apply.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from pathlib import Path

Breaker = Callable[[str, random.Random], str | None]

TITLES = r"(?:Mr|Mrs|Ms|Dr|President|Presidential|Minister|Senator|Governor|Sir|King|Queen|Captain|Professor|Judge)\.?"
SPEECH = r"(?:said|says|told|added|wrote|announced|argued|described|suggested|stated)"
CAPITALS = r"[A-Z][\w-]*[a-z](?: (?:(?:van|de|al|bin)\b|[A-Z]\.|[A-Z][\w-]*[a-z]))*"
NOT_A_PERSON = {
    "The", "This", "That", "He", "She", "It", "They", "We", "One", "Some", "Police", "Officials", "Scientists",
    "Researchers", "Department", "News",
}  # fmt: skip

AUXILIARY = r"\b(?:is|are|was|were|has been|have been|had been|will|would|can|could|should|must)\b"
NEGATED = r"\b(?:not|never|no|nor|only)\b|n't"
FEWEST_WORDS, FEWEST_LEFT = 4, 4  # of what is cut, of what stays
SEAM = r"[,;:](?=\s)|[–—()]|(?<= )-(?= )"  # no comma of 1,000, no colon of 11:20


@cache
def names_by_kind() -> dict[str, list[str]]:
    """The names of names.tsv, by kind, in the file's order."""
    names: dict[str, list[str]] = {}
    for row in (Path(__file__).parent / "names.tsv").read_text(encoding="utf-8").splitlines():
        if not row.startswith("#"):
            kind, name = row.split("\t")
            names.setdefault(kind, []).append(name)
    return names


def article(name: str) -> bool:
    return name.startswith("the ")


def replace_name(kind: str) -> Breaker:
    """A breaker that puts another name of this kind wherever one of the sentence stands."""

    def breaker(text: str, rng: random.Random) -> str | None:
        names = names_by_kind()[kind]
        found = sorted({name for name in names if re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text)})
        found = [name for name in found if not any(name != longer and name in longer for longer in found)]
        if not found:
            return None
        old = rng.choice(found)
        new = rng.choice([name for name in names if name not in text and article(name) == article(old)])
        return re.sub(rf"(?<![\w-]){re.escape(old)}(?![\w-])", new, text)

    return breaker


def replace_person(text: str, rng: random.Random) -> str | None:
    """Another person for one who is known by title, first name or speech; a family name for a family name."""
    given = "|".join(names_by_kind()["given"])
    cues = (rf"\b{TITLES} ({CAPITALS})", rf"\b((?:{given}) {CAPITALS})", rf"(?<!\bof )\b({CAPITALS}) {SPEECH}\b")
    people = sorted({match.group(1) for cue in cues for match in re.finditer(cue, text)})
    people = [name for name in people if not set(name.split()) & NOT_A_PERSON]
    people = [re.sub(rf"^(?:{TITLES} )+", "", name) for name in people]
    if not people:
        return None
    old, new = rng.choice(people), rng.choice(names_by_kind()["person"])
    text = text.replace(old, new if " " in old else new.split()[-1])
    return re.sub(rf"\b{re.escape(old.split()[-1])}\b", new.split()[-1], text)


def add_negation(text: str, rng: random.Random) -> str | None:
    """A "not" behind an auxiliary of a statement that has none near by."""
    matches = [
        match
        for match in re.finditer(AUXILIARY, text)
        if not re.search(NEGATED, text[match.start() : match.end() + 8])
        and re.match(r" [a-z]", text[match.end() :])
        and not text.endswith("?")
    ]
    if not matches:
        return None
    match = rng.choice(matches)
    first, _, rest = match.group().partition(" ")
    return text[: match.start()] + f"{first} not{rest and ' '}{rest}" + text[match.end() :]


NEGATIONS = (  # what is taken out, and what stands there then
    (r"\b(is|are|was|were|has|have|had|will|would|could|should|must|may|might|do|does|did) not\b(?! only)", r"\1"),
    (r"\b(is|are|was|were|has|have|had|would|could|should|do|does|did)n['’]t\b", r"\1"),
    (r"\bcan(?:not| not|['’]t)\b", "can"),
    (r"\bwon['’]t\b", "will"),
    (r"\bnever (?=[a-z])", ""),
    (r"\bno longer\b", "still"),
    (r"\bno (?=[a-z])(?!one|longer|more|matter|doubt|less|later)", "some "),
    (r"\bwithout (?=[a-z])(?!a doubt)", "with "),
    (r"\bdenied\b", "confirmed"),
)


def remove_negation(text: str, rng: random.Random) -> str | None:
    choices = [(match, new) for old, new in NEGATIONS for match in re.finditer(old, text)]
    if not choices:
        return None
    match, new = rng.choice(choices)
    return text[: match.start()] + match.expand(new) + text[match.end() :]


def without(text: str, start: int, end: int) -> str | None:
    """The text without these characters, mended at the seam; None if too little is cut or left, or half a bracket."""
    left, cut, right = text[:start], text[start:end], text[end:]
    words, rest = len(re.findall(r"\w+", cut)), len(re.findall(r"\w+", left + right))
    if words < FEWEST_WORDS or rest < FEWEST_LEFT or re.search(r"[.?!][\"”]? [A-Z]", cut):
        return None
    left = re.sub(r"[\s,;:–—(-]+$", "", left)
    right = re.sub(r"^\s*[,;:–—)-]+", "" if not left or re.match(r"^\s*\)", right) else ",", right)
    joined = re.sub(r",(?=[.?!])", "", f"{left} {right.lstrip()}" if right[:1].isalnum() else left + right).strip()
    torn = joined.count("(") != joined.count(")") or joined.count('"') % 2 or joined.startswith("(")
    return None if torn else joined[:1].upper() + joined[1:]


def cut_clause(where: str) -> Breaker:
    """A breaker that cuts a stretch between commas, dashes or brackets: the first, the last or one between."""

    def breaker(text: str, rng: random.Random) -> str | None:
        seams = [match.start() for match in re.finditer(SEAM, text)]
        end = len(text.rstrip('.?!"”'))
        spans = list(pairwise([0, *(seam for seam in seams if seam < end), end]))
        chosen = {"head": spans[:1], "middle": spans[1:-1], "tail": spans[1:][-1:]}[where]
        cuts = [cut for start, stop in chosen if (cut := without(text, start, stop))]
        return rng.choice(cuts) if cuts else None

    return breaker


def cut_sentence(text: str, rng: random.Random) -> str | None:
    pieces = re.split(r"(?<=[a-z)][.?!]|[.?!][\"”])(?<!\b[DMS][rst]\.)(?<!\bMrs\.) (?=[A-Z\"“])", text)
    choices = [place for place, piece in enumerate(pieces) if len(piece.split()) >= FEWEST_WORDS]
    if len(pieces) < 2 or not choices:
        return None
    place = rng.choice(choices)
    return " ".join(pieces[:place] + pieces[place + 1 :])


NAMES: dict[str, Breaker] = {
    kind: replace_name(kind) for kind in ("country", "nationality", "city", "place", "region", "organisation")
} | {"person": replace_person}
NEGATION: dict[str, Breaker] = {"added": add_negation, "removed": remove_negation}
OMISSION: dict[str, Breaker] = {where: cut_clause(where) for where in ("head", "middle", "tail")} | {
    "sentence": cut_sentence
}
