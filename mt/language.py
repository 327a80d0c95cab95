"""Is this Arabic? Two witnesses, py3langid and the letters; a text is refused only where they agree.

What py3langid 0.4.0 was seen to do on Arabic script: it accepts every line of FLORES and every dialect tried, but it
calls Arabic typed on a Persian keyboard (ی and ک for ي and ك) Persian; it calls short Persian without its own
letters Arabic; it knows no Sindhi (which comes out as Pashto or Arabic), and of Kurdish only `sdh`, which it also
says for Sorani. The letters alone would refuse an article about Volkswagen (ڤولكسڤاغن) or an Iraqi's چان.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from mt.document import Flag
from mt.errors import UnsupportedLanguage
from mt.normalize import normalize

_ARABIC = ("ar", "ary", "arz")  # the standard language, Moroccan, Egyptian
_ARABIC_SCRIPT = {
    "fa": "Persian", "ur": "Urdu", "ps": "Pashto", "sdh": "Kurdish (Sorani)", "ug": "Uyghur",
}  # fmt: skip
_OTHERS = {
    "am": "Amharic", "bg": "Bulgarian", "bn": "Bengali", "cs": "Czech", "da": "Danish", "de": "German", "el": "Greek",
    "en": "English", "es": "Spanish", "fi": "Finnish", "fr": "French", "he": "Hebrew", "hi": "Hindi", "hu": "Hungarian",
    "hy": "Armenian", "id": "Indonesian", "it": "Italian", "ja": "Japanese", "ka": "Georgian", "ko": "Korean",
    "ku": "Kurdish (Kurmanji)", "mt": "Maltese", "nl": "Dutch", "no": "Norwegian", "pl": "Polish", "pt": "Portuguese",
    "ro": "Romanian", "ru": "Russian", "so": "Somali", "sr": "Serbian", "sv": "Swedish", "sw": "Swahili",
    "th": "Thai", "tr": "Turkish", "uk": "Ukrainian", "vi": "Vietnamese", "zh": "Chinese",
}  # fmt: skip

_NOTHING = "no language"

_ARABIC_WORD = re.compile(
    r"[\u0620-\u064a\u066e-\u06d3\u06d5\u06ee\u06ef\u06fa-\u06fc\u06ff\u0750-\u077f\u08a0-\u08c7]+"
)
_FOREIGN_LETTER = re.compile(r"[^ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهوىي]")
_SINDHI_LETTER = re.compile(r"[ٻڄڃڏٽٺٿڦڳڱڻڙڪڊڌ]")
_ARTICLE = re.compile(r"[وفبك]?ال\w{3}|لل\w{3}")  # every fourth word of Arabic news; no other language has it

_SLICES, _SLICE = 8, 500  # characters looked at: enough to tell languages apart, however long the text is
_FEW_WORDS, _FEW_LETTERS = 6, 20
# Share of letters in Arabic script: 0.43 where half of the sentences are English, less than 0.1 in an English article
# that quotes a few Arabic words.
_MIXED, _QUOTED = 0.3, 0.1


@dataclass(frozen=True, slots=True)
class Language:
    """What a text is written in, and how certain that is (0 to 1).

    `code` is py3langid's (ISO 639), `sd` for Sindhi, `und` where only the script is known (the name says which), and
    `zxx` for a text without letters: digits, punctuation, nothing.
    """

    code: str
    name: str
    certainty: float


@dataclass(frozen=True, slots=True)
class _Evidence:
    """What both witnesses say; shares are of the words in Arabic script."""

    language: Language
    script: float  # letters in Arabic script, as a share of all letters
    words: int
    foreign: float  # words with a letter that Arabic does not have
    articles: float  # words with the Arabic article
    arabic: float  # py3langid's probability of Arabic among the languages of the script


def identify(text: str) -> Language:
    """The language of the text, judged by a sample of bounded size."""
    return _examine(text).language


def check_arabic(text: str, where: str) -> Flag | None:
    """None for Arabic of any country, a flag where in doubt; meant for a whole text, which messages call `where`.

    English quotes, up to half of the text, are no reason for doubt, nor is a text without letters: there is nothing
    in it to mistake. In Arabic script, fewer than six words are flagged at most. A single line of an article may well
    be Latin (`Reuters`); checked on its own it would be refused.

    Raises:
        UnsupportedLanguage: the text is surely not Arabic; the message names what it seems to be.
    """
    evidence = _examine(text)
    if _surely_not_arabic(evidence):
        raise UnsupportedLanguage(
            f"{where} is not in Arabic: it looks like {evidence.language.name}. "
            "An Arabic text was expected; give the Arabic original."
        )
    doubt = _doubt(evidence)
    return Flag("language", "warning", doubt) if doubt else None


def _surely_not_arabic(evidence: _Evidence) -> bool:
    if evidence.language.name == _NOTHING:
        return False
    if evidence.script < _QUOTED:
        return True
    agree = evidence.arabic < 0.1 and evidence.foreign >= 0.05
    # The second: Sindhi, whatever py3langid takes it for.
    return evidence.words >= _FEW_WORDS and evidence.articles < 0.1 and (agree or evidence.foreign >= 0.4)


def _doubt(evidence: _Evidence) -> str | None:
    """Why a text that is not refused may still not be Arabic."""
    if evidence.language.name == _NOTHING:
        return None
    if evidence.script < _MIXED:
        return f"Little of this is Arabic; the rest looks like {evidence.language.name} and will come out wrong."
    if evidence.words < _FEW_WORDS:
        doubtful = evidence.arabic < 0.5 and evidence.foreign >= 0.2
    else:
        many_foreign = evidence.articles < 0.1 and evidence.foreign >= 0.25
        doubtful = many_foreign or evidence.arabic < (0.9 if evidence.foreign >= 0.05 else 0.5)
    name = "another language" if evidence.language.code == "ar" else evidence.language.name
    return f"This may be {name} instead of Arabic; then its translation is wrong." if doubtful else None


def _examine(text: str) -> _Evidence:
    sample = normalize(_sample(text))
    letters = sum(map(str.isalpha, sample))
    words = _ARABIC_WORD.findall(sample)
    script = sum(map(len, words)) / max(letters, 1)
    if script < _MIXED:
        language = _in_other_script(_ARABIC_WORD.sub(" ", sample)) if letters else Language("zxx", _NOTHING, 1.0)
        return _Evidence(language, script, len(words), 0.0, 0.0, 0.0)
    foreign, articles = _share(words, _FOREIGN_LETTER.search), _share(words, _ARTICLE.match)
    if len(words) >= _FEW_WORDS and articles >= 0.2 and foreign <= 0.02:
        # Beyond doubt, as nearly every article is; loading the classifier takes a second.
        return _Evidence(Language("ar", "Arabic", 1.0), script, len(words), foreign, articles, 1.0)
    probabilities = _probabilities(" ".join(words), (*_ARABIC, *_ARABIC_SCRIPT))
    arabic = sum(probabilities[code] for code in _ARABIC)
    language = _in_arabic_script(words, probabilities, arabic)
    return _Evidence(language, script, len(words), foreign, articles, arabic)


def _share(words: Sequence[str], witness: Callable[[str], object]) -> float:
    return sum(witness(word) is not None for word in words) / len(words)


def _in_arabic_script(words: Sequence[str], probabilities: Mapping[str, float], arabic: float) -> Language:
    sindhi = _share(words, _SINDHI_LETTER.search)
    if sindhi >= 0.15:
        return Language("sd", "Sindhi", 1.0)
    code = max(_ARABIC_SCRIPT, key=lambda code: probabilities[code])
    if arabic >= probabilities[code]:
        return Language("ar", "Arabic", arabic)
    return Language(code, _ARABIC_SCRIPT[code], probabilities[code])


def _in_other_script(text: str) -> Language:
    """The language where the text is long enough to tell, else the script."""
    letters = [character for character in text if character.isalpha()]
    probabilities = _probabilities(text, tuple(_OTHERS))
    code = max(probabilities, key=lambda code: probabilities[code])
    if len(letters) >= _FEW_LETTERS and probabilities[code] >= 0.5:
        return Language(code, _OTHERS[code], probabilities[code])
    scripts = Counter(unicodedata.name(letter, "UNKNOWN").split()[0] for letter in letters)
    script, count = scripts.most_common(1)[0]
    return Language(
        "und", f"text in {'Chinese' if script == 'CJK' else script.capitalize()} script", count / len(letters)
    )


def _sample(text: str) -> str:
    """The text, or slices from all parts of a long one."""
    if len(text) <= _SLICES * _SLICE:
        return text
    starts = ((len(text) - _SLICE) * i // (_SLICES - 1) for i in range(_SLICES))
    return " ".join(text[start : start + _SLICE] for start in starts)


def _probabilities(text: str, codes: tuple[str, ...]) -> Mapping[str, float]:
    """Of each of these languages, if it must be one of them."""
    ranked: list[tuple[str, float]] = _classifier(codes).rank(text)
    return dict(ranked)


@cache
def _classifier(codes: tuple[str, ...]) -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # numpy and a large model: not for `--help`

    classifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    classifier.set_languages(codes)
    return classifier
