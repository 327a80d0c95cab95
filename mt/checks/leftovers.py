"""What was not translated: Arabic left in, or another script, Arabic words in Latin letters, another language."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mt.checks.words import is_common, is_english, words_in
from mt.document import Flag, Severity
from mt.terms.match import fold, stems
from mt.terms.skeleton import arabic_skeletons, english_skeletons

_COPY = "This segment is a copy of the source: translate it again, or with another model."
_IN_ARABIC = "These words were left in Arabic: what they say is missing. Look them up, or try another model."
_IN_ANOTHER_SCRIPT = "These words are in no script that English is written in. Translate again, or with another model."
_TRANSLITERATED = "“{}” is no English word: it only spells how the source sounds here. Look it up."
_NO_WORD = "“{}” is in no list of English words: it may be misspelled."
_IN_ANOTHER_LANGUAGE = "This does not look like English (“{}”). Translate again, or with another model."

_LETTER = (
    "\u0620-\u064a\u0660-\u0669\u066e-\u06d3\u06d5\u06ee-\u06fc\u0750-\u077f\u08a0-\u08c9\ufb50-\ufdef\ufe70-\ufefc"
)
_ARABIC_WORD = f"[{_LETTER}][{_LETTER}\u064b-\u065f\u0670]*"
_ARABIC = re.compile(rf"{_ARABIC_WORD}(?:[\s،؛.,-]+{_ARABIC_WORD})*")  # letters and digits; ﷺ is used in English
# Cyrillic, Hebrew, Indic and other scripts of South Asia, kana and Han, Hangul; Greek letters are used in English
_OTHER_SCRIPT = "[\u0400-\u052f\u05d0-\u05ea\u0900-\u109f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]"
_OTHER = re.compile(rf"{_OTHER_SCRIPT}+(?:[\s,.-]+{_OTHER_SCRIPT}+)*")

_EXPLAINED = re.compile(r"[(\[][^)\]]*$")  # a name as it is written at home, in brackets
# A word in small letters that is not quoted or part of an address or a compound
_SMALL = re.compile(r"(?<![\w@#./:'’\"“«‘-])[a-z]{4,20}(?![\w@/:'’\"”»-]|\.\w)")
_AFTER_NAME = re.compile(r"\b[A-Z]\w*\.? $")  # Homo erectus
_LONGEST_NAME = 30
_TELLING = 3  # consonants

_ENGLISH = re.compile(
    r"\b(?:the|of|and|to|in|a|an|is|was|for|that|with|on|as|by|at|it|are|from|be|has|have|had|not|but|his|her|their|its|"
    r"this|which|who|will|were|he|she|they|we|you|or|if|after|over|into|than|would|could|been|more)\b",
    re.IGNORECASE,
)
_FOREIGN = re.compile(  # French, Spanish, German, Italian, Turkish, Dutch, Indonesian, Portuguese; no names: Las Vegas
    r"\b(?:les|des|une|dans|est|sont|pour|sur|aux|du|le|la|et|qui|que|par|avec|el|los|las|del|por|con|una|como|para|su|der|"
    r"die|das|und|ist|nicht|ein|eine|mit|von|zu|den|dem|il|che|di|gli|della|nel|sono|bir|ve|bu|ile|olarak|het|een|van|"
    r"voor|dat|yang|dan|dari|untuk|dengan|ini|os|não|uma|em|mais|foi)\b"
)
_FEWEST_WORDS, _FEWEST_FOREIGN = 5, 3
_LATIN_WORD = re.compile(r"[^\W\d_]+")


def check(source: str, target: str) -> Iterator[Flag]:
    """Flags where words of the target are not English."""
    if source.split() == target.split():
        if _ARABIC.search(target):
            yield Flag("untranslated", "error", _COPY, (0, len(source)), (0, len(target)))
        return
    for found in _ARABIC.finditer(target):
        yield Flag("untranslated", "error", _IN_ARABIC, target_span=found.span())
    for found in _OTHER.finditer(target):
        if found.group() not in source and not _EXPLAINED.search(
            target[max(0, found.start() - _LONGEST_NAME) : found.start()]
        ):
            yield Flag("untranslated", "error", _IN_ANOTHER_SCRIPT, target_span=found.span())
    if foreign := _foreign(target):
        message = _IN_ANOTHER_LANGUAGE.format(", ".join(foreign[:_FEWEST_FOREIGN]))
        yield Flag("untranslated", "error", message, target_span=(0, len(target)))
    else:
        yield from _transliterated(source, target)


def _foreign(target: str) -> list[str]:
    """The words that show that the target is in another language; none where a word shows that it is English."""
    if len(_LATIN_WORD.findall(target)) < _FEWEST_WORDS or _ENGLISH.search(target):
        return []
    foreign = list(dict.fromkeys(_FOREIGN.findall(target)))
    return foreign if len(foreign) >= _FEWEST_FOREIGN else []


def _transliterated(source: str, target: str) -> Iterator[Flag]:
    """Words that English does not have, with the consonants of one of one of the source, Arabic or foreign."""
    strange = [found for found in _SMALL.finditer(target) if not is_common(found.group(), "en")]
    if not strange:
        return
    heard = {True: set[str](), False: set[str]()}
    for word in words_in(source):
        skeletons = {skeleton for stem, _ in stems(fold(word)) for skeleton in arabic_skeletons(stem)}
        heard[is_common(word, "ar")] |= {skeleton for skeleton in skeletons if len(skeleton) >= _TELLING}
    for found in strange:
        word, before = found.group(), target[max(0, found.start() - _LONGEST_NAME) : found.start()]
        for common, skeletons in heard.items():
            sounds = not skeletons.isdisjoint(english_skeletons(word))
            if sounds and not _AFTER_NAME.search(before) and not is_english(word):
                message = _TRANSLITERATED if common else _NO_WORD
                severity: Severity = "warning" if common else "info"
                yield Flag("untranslated", severity, message.format(word), target_span=found.span())
                break
