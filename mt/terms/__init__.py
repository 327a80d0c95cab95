"""What names and terms of a source are called in English: the user's glossary, a ledger of names, the gazetteer."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from mt.document import Term
from mt.normalize import normalize
from mt.terms.gazetteer import Gazetteer, load_gazetteer
from mt.terms.glossary import load_glossary
from mt.terms.ledger import load_ledger
from mt.terms.match import MOST_WORDS, Entry, Match, Matcher, longest

MOST_TERMS = 7  # of one prompt, as in the embedded model's training


class Terms:
    """Everything that is known about names, ready to be found; `signature` changes when any of it does."""

    def __init__(self, gazetteer: Gazetteer, own: Sequence[dict[str, Entry]] = ()) -> None:
        self._known, self._lists = gazetteer, own
        self._gazetteer = gazetteer.matcher
        self._own = [Matcher(entries, self._completed) for entries in own]
        digest = hashlib.sha256(gazetteer.signature.encode())
        digest.update(repr(own).encode("utf-8", "surrogatepass"))
        self.signature = digest.hexdigest()[:8]

    def over(self, entries: dict[str, Entry]) -> Terms:
        """These terms, and before them all a glossary's entries."""
        return Terms(self._known, [entries, *self._lists])

    def find(self, text: str) -> tuple[Match, ...]:
        """The names and terms of an Arabic text, in order and without overlaps; the user's own win over the rest."""
        own = (match for matcher in self._own for match in matcher.candidates(text))
        return tuple(longest([*own, *self._gazetteer.candidates(text)]))

    def prompt(self, text: str) -> tuple[Term, ...]:
        """What to tell a model: each name that has one usual form, once, the user's own first; at most MOST_TERMS."""
        return prompted(self.find(text))

    def _completed(self, key: str, entry: Entry) -> Entry:
        """An own entry with what the gazetteer knows of it, whose forms are not the user's, but no other name."""
        known = self._gazetteer.get(key)
        if known is None:
            return entry
        related = (*known.targets, *known.related)
        return replace(entry, targets=entry.targets or known.targets, kind=known.kind, related=related)


def prompted(matches: Sequence[Match]) -> tuple[Term, ...]:
    """The terms of matches that are already at hand; see `Terms.prompt`."""
    order = ("glossary", "ledger", "gazetteer")
    ranked = sorted(matches, key=lambda match: order.index(match.entry.origin))
    return tuple(dict.fromkeys(_terms(ranked)))[:MOST_TERMS]


def load_terms(glossary: Path | None = None, ledger: Path | None = None) -> Terms:
    """The gazetteer, and on top of it the user's own files.

    Raises ConfigError, naming the file and the line, if one cannot be read.
    """
    own = [load_glossary(glossary) if glossary else {}, load_ledger(ledger) if ledger else {}]
    return Terms(load_gazetteer(), own)


def _terms(matches: Sequence[Match]) -> Iterator[Term]:
    for match in matches:
        entry = match.entry
        if entry.prompted and entry.targets and match.surface.count(" ") < MOST_WORDS:
            yield Term(normalize(match.surface), entry.targets[0].removeprefix("the "), entry.origin)
