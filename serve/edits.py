"""A digest with sentences that a person wrote instead of the model, checked again and marked as such."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace

from mt.checks import check, in_order, names
from mt.document import Flag, Hypothesis, Segment, Translation
from mt.errors import EmptyInput, InputError, InputTooLong
from mt.normalize import VISIBLE
from mt.terms import Terms
from mt.typos import Slip, as_written, corrected, slips
from mt.webpage import clean
from serve.service import Digest
from summarize.base import Summary, SummarySentence
from summarize.grounding import ground

MOST_CHARACTERS = 5_000  # of one edit; the longest segment that a model takes is far below
_GROUNDED = "|grounding:"


def edited(digest: Digest, edits: Mapping[int, str], terms: Terms) -> Digest:
    """The digest with these targets, by index of segment, in place of the model's; `digest` is as the model made it.

    What the model had said stays as an alternative. The new sentences are checked, spellings of names across the
    whole article; a summary follows. An edit that says what the model says is none. Every output tells the edits, by
    the number that citations use.

    Raises:
        InputError: there is no such segment.
        EmptyInput: an edit has no visible text.
        InputTooLong: one is over MOST_CHARACTERS.
    """
    translation = digest.translation
    texts = {index: _text(index, edits[index], len(translation.segments)) for index in sorted(edits)}
    texts = {index: text for index, text in texts.items() if text != translation.targets[index]}
    if not texts:
        return digest
    changed = _translation(translation, texts, terms)
    return replace(digest, translation=changed, summary=_summary(digest.summary, changed, texts))


def edited_segments(system: str) -> tuple[int, ...]:
    """The numbers of the segments that a translation's signature tells to be edited, from 1."""
    _, _, told = system.partition("|edited:")
    return tuple(int(number) for number in told.split(",") if number)


def _text(index: int, text: str, segments: int) -> str:
    """An edit as it is kept: one line without control characters."""
    if not 0 <= index < segments:
        raise InputError(f"there is no segment {index + 1}; expected a number from 1 to {segments}")
    if len(text) > MOST_CHARACTERS:
        raise InputTooLong(
            f"the edit of segment {index + 1} has {len(text):,} characters; expected at most {MOST_CHARACTERS:,}. "
            "Keep to what the sentence says."
        )
    line = " ".join(clean(text).replace("\ufffd", "").split())
    line = "".join(character for character in line if unicodedata.category(character) not in ("Cc", "Cs"))
    if not VISIBLE.search(line):
        raise EmptyInput(f"the edit of segment {index + 1} has no text; expected a sentence, or undo the edit")
    return line


def _translation(translation: Translation, texts: Mapping[int, str], terms: Terms) -> Translation:
    hypotheses = list(translation.hypotheses)
    for index, text in texts.items():
        hypotheses[index] = (Hypothesis(text), *(other for other in hypotheses[index] if other.text != text))
    told = ",".join(str(index + 1) for index in texts)
    names_of = f"Segments {told.replace(',', ', ')} were" if len(texts) > 1 else f"Segment {told} was"
    return replace(
        translation,
        hypotheses=tuple(hypotheses),
        flags=_flags(translation, texts, terms),
        system=f"{translation.system}|edited:{told}",
        warnings=(*translation.warnings, f"{names_of} edited by hand."),
    )


def _flags(translation: Translation, texts: Mapping[int, str], terms: Terms) -> tuple[tuple[Flag, ...], ...]:
    """The flags of each segment: of an edited one all anew, of the others only those about the spelling of names."""
    readings = [segment.reading or segment.text for segment in translation.segments]
    matches = [terms.find(reading) for reading in readings]
    targets = [texts.get(i, target) for i, target in enumerate(translation.targets)]
    before = names.check_spellings(readings, translation.targets, matches)
    after = names.check_spellings(readings, targets, matches)
    flags = list(translation.flags)
    for i, segment in enumerate(translation.segments):
        if i not in texts and before[i] == after[i]:
            continue
        mended = _mended(segment, terms)
        lost = set(_as_written(before[i], mended))
        kept = [flag for flag in flags[i] if flag not in lost]
        if i in texts:
            pair = [readings[i]], [texts[i]], [matches[i]]
            alone = set(names.check_spellings(*pair)[0])
            own = [flag for flag in check(*pair)[0] if flag not in alone]
            kept = [*(flag for flag in flags[i] if flag.kind == "typo"), *_as_written(own, mended)]
        flags[i] = in_order([*kept, *_as_written(after[i], mended)])
    return tuple(flags)


def _mended(segment: Segment, terms: Terms) -> tuple[Slip, ...]:
    """The slips between what the segment says and the reading that was translated."""
    if segment.reading is None:
        return ()
    found = slips(segment.text, [match.span for match in terms.find(segment.text)])
    return found if corrected(segment.text, found) == segment.reading else ()


def _as_written(flags: Sequence[Flag], mended: Sequence[Slip]) -> list[Flag]:
    """The flags with spans in the text as its author wrote it."""
    return [
        replace(flag, source_span=as_written(flag.source_span, mended)) if flag.source_span else flag for flag in flags
    ]


def _summary(summary: Summary, translation: Translation, texts: Mapping[int, str]) -> Summary:
    """The summary of the edited translation: what was taken from it follows, what a model wrote is grounded again."""
    if summary.kind == "extract":
        return replace(summary, sentences=tuple(_following(sentence, texts) for sentence in summary.sentences))
    made, _, how = summary.system.partition(_GROUNDED)
    written = (SummarySentence(sentence.replaced or sentence.text, ()) for sentence in summary.sentences)
    body = list(translation.body()) or list(range(len(translation.segments)))
    again = ground(
        Summary("abstract", tuple(written), made),
        [translation.targets[i] for i in body],
        keep_unsupported=how.endswith(",kept"),
    )
    return again.citing(body)


def _following(sentence: SummarySentence, texts: Mapping[int, str]) -> SummarySentence:
    taken = [texts[index] for index in sentence.segments if index in texts]
    return replace(sentence, text=taken[0]) if len(sentence.segments) == 1 and taken else sentence
