"""Arabic clean-up as pure `str → str` functions: what a model sees; the reader keeps the text as it was written.

Models learn from plain news text: unvocalized, in ordinary letters, with ordinary spaces. Whatever a web page or a
PDF adds to that (vowel signs, stretched letters, shapes, direction marks) only breaks words into rare pieces.
Letters stay as they are: no folding of أ إ آ to ا, of ى to ي or of ة to ه, since models read these, nor of the
Persian ی and ک, which stand in names.
"""

from __future__ import annotations

import re
import unicodedata

_CONTROLS = r"\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f"
# Soft hyphen, joiners, direction marks, word joiner, variation selectors, byte order mark, annotations, tags.
_ZERO_WIDTH = (
    r"\xad\u034f\u061c\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    r"\ufe00-\ufe0f\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff"
)
_INVISIBLE = re.compile(f"[{_CONTROLS}{_ZERO_WIDTH}]+")
VISIBLE = re.compile(rf"[^\s{_CONTROLS}{_ZERO_WIDTH}]")

LINE_BREAKS = r"\n\r\v\f\x1c-\x1e\x85\u2028\u2029"  # where str.splitlines cuts
_LINE_BREAK = re.compile(rf"\r\n|[{LINE_BREAKS}]")
_SPACES = re.compile(r"[^\S\n]+")

_PRESENTATION_FORMS = re.compile(r"[\ufb50-\ufdff\ufe70-\ufefe]+")
# Vowel signs, tanwin, shadda, sukun, superscript alef, Quranic signs; madda and hamza (U+0653-0655) are spelling.
_TASHKEEL = re.compile(
    r"[\u0610-\u061a\u064b-\u0652\u0656-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed"
    r"\u0898-\u089f\u08ca-\u08e1\u08e3-\u08ff]+"
)
_SPACE_BEFORE_TASHKEEL = re.compile(r" (?=[\u064b-\u0652])")
_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")
_MANY_MARKS = re.compile(r"([^\w\s]{31,})")


def normalize(text: str) -> str:
    """The text as a model wants it; idempotent, and never empty if something in `text` can be seen."""
    folded = remove_tashkeel(remove_tatweel(fold_presentation_forms(remove_invisible(replace_surrogates(text)))))
    clean = compose(unify_spaces(folded))
    # A lone tatweel or vowel sign is noise, but answering it with nothing would lose a segment.
    return clean or compose(unify_spaces(remove_invisible(replace_surrogates(text))))


def replace_surrogates(text: str) -> str:
    """Half characters, which no encoder takes, become U+FFFD."""
    return _LONE_SURROGATE.sub("\ufffd", text)


def remove_invisible(text: str) -> str:
    """No controls, direction marks or zero-width characters.

    ZWNJ goes too: Persian spells with it, in Arabic it is left over from a keyboard or a layout, and a model's
    vocabulary has the word without it.
    """
    return _INVISIBLE.sub("", text)


def fold_presentation_forms(text: str) -> str:
    """Arabic letter shapes and ligatures, as PDFs hold them, become letters: ﻼ → لا, ﷲ → الله.

    NFKC is right for these and wrong elsewhere: it turns ½ into 1⁄2 and … into three stops.
    """
    return _PRESENTATION_FORMS.sub(lambda run: _folded(run[0]), text)


def _folded(forms: str) -> str:
    # A vowel sign on its own decomposes to space + sign; kept, the space would cut the word in two.
    return _SPACE_BEFORE_TASHKEEL.sub("", unicodedata.normalize("NFKC", forms))


def remove_tatweel(text: str) -> str:
    """No stretching: كتـــاب → كتاب."""
    return text.replace("ـ", "")


def remove_tashkeel(text: str) -> str:
    """No vowel signs and reading marks, superscript alef among them; alef wasla is an alef; hamza stays."""
    return _TASHKEEL.sub("", text).replace("ٱ", "ا")


def unify_spaces(text: str) -> str:
    """One kind of space, one at a time, none at the ends; line breaks stay, as line feeds."""
    return _SPACES.sub(" ", _LINE_BREAK.sub("\n", text)).strip()


def compose(text: str) -> str:
    """Letter and mark become one character where Unicode has it (NFC): alef + hamza above → أ.

    Runs of more than 30 marks stay as they are: NFC sorts a run in quadratic time (10 s for 80,000 marks), and
    no language writes that many.
    """
    parts = _MANY_MARKS.split(text)
    return "".join(part if i % 2 else unicodedata.normalize("NFC", part) for i, part in enumerate(parts))
