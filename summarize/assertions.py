"""Whether a summary's sentence denies what its article asserts, asserts what it denies, or drops an "allegedly".

Only where both surely speak of the same clause is anything said: the word that a denial turns stands in a sentence of
the article that has further words with the summary's in common, and no sentence of the article says it the summary's
way. Editors drop "he said", so a saying may go; a claim, an accusation and a suspicion may not become facts.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

from mt.checks.cues import english, fold_english, outside
from mt.document import Span

_DENIAL = english(
    "not cannot no never none nobody nothing nowhere neither nor deny denies denied denying without",
    r"no\s+one",
    r"\w+n't",
    r"(?:fail(?:s|ed)?|refuse[sd]?|decline[sd]?)\s+to",
)
_HALF = english(  # they ask for no denial, but answer one
    "",
    r"(?:no|not|\w+n't)\s+(?:doubt|matter|later|sooner|more|less|fewer|only|just|merely|simply|least|to\s+mention)",
    r"(?:whether\s+or|or|why|if)\s+not",
)
_DOUBTFUL = english(  # so do these
    """
    non-* anti* few fewer little less least only hardly barely rarely seldom scarcely fail* refus* reject* declin* lack*
    absen* avoid* prevent* stop* ban banned bans bar bars barred block* prohibit* forbid* forbade except* instead rather
    exclu* halt* ceas* free miss* los* zero oppos* rebut* refut* doubt* wrong poor* withh* abandon* impossib* disagree*
    dismiss* disappear* unlike
    """,
    r"un(?!der|til|io|it|iv|iq|if|cle|anim|ic|esc)\w{3,}",
    r"in(?:ab|acc|act|adeq|cap|comp|cons|corr|dec|def|eff|elig|equ|esc|exp|form|freq|noc|sec|sens|sig|stab|suff|val|vis)\w+",
    r"(?:im(?:mob|mor|part|pract|prob|prop|pun)|il(?:leg|log|lit|lic)|ir(?:reg|resp|rel|rev|ration))\w+",
    r"\w{3,}less(?:ly|ness)?",
    r"rul\w*\s+out",
    r"far\s+from",
    r"yet\s+to",
    r"too\s+\w+\s+to",
)
_NUMBERED = english("", r"no\.?\s*\d\w*")  # No. 1

_CLAIM = english(
    """
    allegedly reportedly purportedly supposedly alleges alleged alleging allegations purported accuses accused accusing
    accusations suspected rumored
    """,
    # not lives, titles and responsibility, which are claimed too
    r"claim(?:s|ed|ing)(?=\s+(?:that|to|he|she|it|they|there|(?:\w+\s+){1,3}(?:is|are|was|were|has|have|had|did|would|will))\b)",
)
_HEDGE = english(  # whoever says one of these does not state a fact of their own
    """
    alleg* report* purport* suppos* claim* accus* accusation* suspected suspic* rumor* rumour* say says said saying tell
    tells told accord* believ* think* argu* insist* assert* maintain* contend* testif* charg* indict* denies denied deny
    denying blam* complain* lawsuit* sue sues sued suing investigat* prosecut* may might could if whether apparent*
    possibl* likely warn* question*
    """,
    r"suspects?\s+(?:that|of)",
)
_VERDICT = english("guilty convicted convict convicts")
_LABEL = re.compile(r"[^:]{3,40}:\s")  # "Police: ..." names who says so
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")
_CLAUSE_END = re.compile(r"[.;:!?—,]|\b(?:but|although|because|while)\b", re.IGNORECASE)
_EMPTY = english(  # too common to show that two sentences speak of the same
    """
    a about after all also an and any are as at be been before being but by can could did do does for from had has
    have he her here hers him his how i if in into is it its just may might more most must no not of off on only or
    other out over own she should so some such than that the their theirs them then there these they this those to up
    us very was we were what me my our ours when where which while who whom why will with would you your say says said
    let see get got make made good even yet want think know like going come came take took give given still ever
    """
)
_ENDING = re.compile(r"(?:ing|ed|es|s|e)\Z|'s?\Z")

# A denial that turns just the word behind it; "without" and "nowhere" turn more, or less.
_FIRM = re.compile(r"not|cannot|never|no|den(?:y|ies|ied)|\w+n['’]t|\w+\s+to", re.IGNORECASE)
_DENY = re.compile("den[yi]", re.IGNORECASE)

# Chosen on CNN stories 1 to 125 and 600 of the training stories: see docs/grounding.md.
_SHARED = 4  # words that two sentences of one clause have in common, at least
_NEAR = 80  # characters between a denial and a word that it may turn
_LONGEST_CLAUSE = 200
_STEM = 6


class _Cue(NamedTuple):
    """A word that denies or only claims, as it stands, and the stem of the word it does so to ("" if there is none)."""

    surface: str
    word: str


@dataclass(frozen=True, slots=True)
class Assertion:
    """The content words of a sentence, by their stems, and what it denies and only claims."""

    stems: frozenset[str]
    denials: tuple[_Cue, ...]  # that surely are
    denied: frozenset[str]  # stems of the words that these, or what may be one, stand near
    claims: tuple[_Cue, ...]
    verdicts: tuple[_Cue, ...]  # "guilty"
    hedged: bool


def read_assertion(text: str) -> Assertion:
    """What a sentence says, denies and only claims."""
    folded = fold_english(text)
    found = ((match.group().lower(), folded.span(match)) for match in _WORD.finditer(folded.text))
    words = [(_stem(w), span) for w, span in found if len(w) > 2 and not _EMPTY.fullmatch(w) and not w.endswith("n't")]
    halves = folded.find(_HALF)
    denials = outside(folded.find(_DENIAL), [*halves, *folded.find(_NUMBERED)])
    return Assertion(
        stems=frozenset(stem for stem, _ in words),
        denials=_cues(text, denials, words),
        denied=_denied(text, [*denials, *halves, *folded.find(_DOUBTFUL)], words),
        claims=_cues(text, folded.find(_CLAIM), words),
        verdicts=_cues(text, folded.find(_VERDICT), words),
        hedged=bool(_HEDGE.search(folded.text) or _LABEL.match(folded.text)),
    )


def turned(stated: Assertion, article: Sequence[Assertion]) -> str | None:
    """Why `stated` says the opposite of the article's sentences, or is surer than they are; None if it is not.

    The sentences come most similar first.
    """
    speaking = [one for one in article if len(one.stems & stated.stems) >= _SHARED]
    reasons = chain(
        _added(stated, article, speaking),
        _lost(stated, article[:1], speaking),
        _claimed(stated, article[:1], speaking),
        _found_guilty(stated, article[:1], article),
    )
    return next(reasons, None)


def _added(stated: Assertion, article: Sequence[Assertion], speaking: Sequence[Assertion]) -> Iterator[str]:
    for cue in stated.denials:
        if any(cue.word in one.stems for one in speaking) and not any(cue.word in one.denied for one in article):
            yield f"adds “{cue.surface}”; the article does not deny it"


def _lost(stated: Assertion, nearest: Sequence[Assertion], speaking: Sequence[Assertion]) -> Iterator[str]:
    for cue in (cue for one in nearest if one in speaking for cue in one.denials):
        if cue.word not in stated.stems or cue.word in stated.denied or not _FIRM.fullmatch(cue.surface):
            continue
        if all(cue.word in one.denied for one in speaking if cue.word in one.stems):
            yield f"leaves out “{cue.surface}”; the article denies it"


def _claimed(stated: Assertion, nearest: Sequence[Assertion], speaking: Sequence[Assertion]) -> Iterator[str]:
    if stated.hedged:
        return
    for cue in (cue for one in nearest if one in speaking for cue in one.claims):
        if cue.word in stated.stems and all(one.claims for one in speaking if cue.word in one.stems):
            yield f"leaves out “{cue.surface}”; the article does not state it as a fact"


def _found_guilty(stated: Assertion, nearest: Sequence[Assertion], article: Sequence[Assertion]) -> Iterator[str]:
    for cue in (cue for one in nearest for cue in one.claims):
        if stated.verdicts and not any(one.verdicts for one in article):
            yield f"states “{stated.verdicts[0].surface}” as a fact; the article says “{cue.surface}”"


def _cues(text: str, spans: Sequence[Span], words: Sequence[tuple[str, Span]]) -> tuple[_Cue, ...]:
    """Each with the first word behind it in its clause."""
    starts = [start for _, (start, _) in words]
    found = []
    for start, end in spans:
        clause = _CLAUSE_END.search(text, end + 1, end + _LONGEST_CLAUSE)
        last = clause.start() if clause else end + _LONGEST_CLAUSE
        at = bisect_left(starts, end)
        found.append(_Cue(text[start:end], words[at][0] if at < len(words) and starts[at] < last else ""))
    return tuple(found)


def _denied(text: str, spans: Sequence[Span], words: Sequence[tuple[str, Span]]) -> frozenset[str]:
    """The words near a denial, and all behind a "denied": what somebody denies may take a whole sentence to tell."""
    near = bytearray(len(text))
    for start, end in spans:
        first, last = max(0, start - _NEAR), min(len(text), end + _NEAR)
        near[first:last] = b"\x01" * (last - first)
    denying = min((start for start, end in spans if _DENY.match(text, start, end)), default=len(text))
    near[denying:] = b"\x01" * (len(text) - denying)
    return frozenset(stem for stem, (start, end) in words if any(near[start:end]))


def _stem(word: str) -> str:
    """The word without an ending: enough for kill, killed, killing and for reply, replies to meet."""
    bare = _ENDING.sub("", word)
    if len(bare) < 3:
        return word
    single = bare[:-1] if bare[-1] == bare[-2] else bare
    return re.sub(r"y\Z", "i", single)[:_STEM]
