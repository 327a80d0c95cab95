"""Cardinal numbers: tokens composed to values, from the whole number down to its smallest piece.

The grammar of both languages: a number is a sum of parts of falling scale (3 million, 200 thousand, 5), a part is an
operand times its scale words, an operand is digits or words below a thousand.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import NamedTuple

from mt.quantities.numerals import BARE_SCALES, Token, literal
from mt.quantities.text import Text

_GROUP_SPACES = {" ", "\u00a0", "\u2009", "\u202f"}
_MONEY = {"$", "€", "£", "¥"}
_MAX_BLOCKS = 6  # more blocks of three digits than this are a table, not one number
ORDINAL_ENDINGS = {"st", "nd", "rd", "th"}
HYPHENS = {"-", "\u2010", "\u2011"}
_END = Token("end", -1, -1, "")


class Read(NamedTuple):
    """A number that the tokens up to `end` (exclusive) spell; `scale` is its last scale word."""

    value: Fraction
    end: int
    scale: Fraction = Fraction(1)
    digits: bool = False


def after_and(text: Text, i: int) -> int | None:
    """Where a number goes on after "and", which English may leave out."""
    if text.arabic:
        return i + 1 if text.at(i).text == "و" else i if text.at(i).joined else None
    return i + 1 if text.at(i).text == "and" else i


def read_cardinal(text: Text, i: int) -> Read | None:
    """The longest number from token `i`: parts of falling scale, each joined by "and"."""
    read = _part(text, i)
    while read and read.scale > 1:
        start = after_and(text, read.end)
        part = _part(text, start) if start is not None else None
        if not part or part.value >= read.scale or (part.digits and not _goes_on(text, read, part)):
            break
        read = Read(read.value + part.value, part.end, part.scale, read.digits)
    return read


def _goes_on(text: Text, read: Read, part: Read) -> bool:
    """«3 ملايين و200 ألف» and «100 ألف و500» are one number, "5 million and 30 others" are two."""
    if text.arabic:  # «و» is there, else there would be no part
        return part.scale > 1 or read.scale == 1000
    return part.scale > 1 and text.at(read.end).text == "and"


def _part(text: Text, i: int) -> Read | None:
    """A number below a thousand or in digits, a half after it, scale words, a half after those."""
    operand = _operand(text, i)
    if operand is None:
        return None
    operand = _and_a_half(text, operand)
    read = _scaled(text, i, operand)
    return _and_a_half(text, read) if read.scale > operand.scale else read


def _operand(text: Text, i: int) -> Read | None:
    token, following = text.at(i), text.at(i + 1)
    if token.kind == "digits":
        return _digits(text, i)
    if token.role == "dual":
        return Read(2 * token.value, i + 1, token.value)
    if token.role == "scale" and token.text in BARE_SCALES:
        return Read(token.value, i + 1, token.value)
    if token.text in ("a", "an") and following.role == "scale":
        return Read(Fraction(1), i + 1)
    if token.text == "couple" and text.at(i + 1 + (following.text == "of")).role == "scale":
        return Read(Fraction(2), i + 1 + (following.text == "of"))  # a couple of thousand
    if token.role == "part":  # half a million, نصف مليون
        end = i + 1 + (following.text == "of")
        end += text.at(end).text == "a"
        return Read(token.value, end) if text.at(end).role == "scale" else None
    return _arabic_hundreds(text, i) if text.arabic else _english_hundreds(text, i)


def _digits(text: Text, i: int) -> Read | None:
    """A literal, or blocks of three digits between spaces: 250 000."""
    end = i + 1
    if re.fullmatch("[1-9][0-9]{0,2}", text.tokens[i].text) and text.at(i - 1).kind != "digits":
        while end - i <= _MAX_BLOCKS + 1 and _is_block(text, end):
            end += 1
    if end - i > _MAX_BLOCKS:
        end = i + 1
    value = literal("".join(token.text for token in text.tokens[i:end]), text.lang)
    return Read(value, end, digits=True) if value is not None else None


def _is_block(text: Text, i: int) -> bool:
    token = text.at(i)
    gap = text.string[text.at(i - 1).end : token.start]
    return token.kind == "digits" and gap in _GROUP_SPACES and re.fullmatch("[0-9]{3}", token.text) is not None


def _scaled(text: Text, i: int, operand: Read) -> Read:
    value, end, scale, digits = operand
    if digits and (suffix := _suffix(text, i, end)):
        return Read(value * suffix, end + 1, digits=True)
    if text.at(end).text in HYPHENS and text.at(end + 1).role == "scale":
        end += 1  # a 2-million contract
    for following in (text.at(end), text.at(end + 1)):  # two of them: ألف مليون
        if following.role != "scale" or following.joined:
            break
        value, end, scale = value * following.value, end + 1, scale * following.value
    return Read(value, end, scale, digits)


def _suffix(text: Text, i: int, end: int) -> int | None:
    if text.at(end).text == "k" and text.touches(end):
        return 1000
    return {"m": 10**6, "b": 10**9}.get(text.at(end).text) if text.at(i - 1).text in _MONEY else None


def _and_a_half(text: Text, read: Read) -> Read:
    j = after_and(text, read.end)
    if j is None or (not text.arabic and j == read.end):
        return read
    j += text.at(j).text == "a"
    part, again = text.at(j), text.at(j + 1)
    if part.role != "part" or part.definite:
        return read
    end = j + 2 if again.role == "scale" and again.value == read.scale else j + 1  # مليون ونصف المليون
    return Read(read.value + part.value * read.scale, end, read.scale, read.digits)


def _arabic_hundreds(text: Text, i: int) -> Read | None:
    token, following = text.at(i), text.at(i + 1)
    if token.role == "hundred":
        value, end = token.value, i + 1
    elif token.role == "unit" and following.role == "hundred" and following.value == 100 and not following.clitics:
        value, end = token.value * 100, i + 2
    else:
        return _arabic_tens(text, i)
    j = after_and(text, end)
    rest = _arabic_tens(text, j) if j is not None else None
    return Read(value + rest.value, rest.end) if rest else Read(value, end)


def _arabic_tens(text: Text, i: int) -> Read | None:
    token, following, j = text.at(i), text.at(i + 1), after_and(text, i + 1)
    if token.role == "unit" and following.role == "ten" and not following.joined:  # ثلاثة عشر
        return Read(token.value + 10, i + 2)
    if token.role == "unit" and j is not None and text.at(j).role == "tens":  # ثلاثة وعشرون
        return Read(token.value + text.at(j).value, j + 1)
    return Read(token.value, i + 1) if token.role in ("unit", "ten", "tens") else None


def _english_hundreds(text: Text, i: int) -> Read | None:
    one = text.at(i).text == "a" and text.at(i + 1).role == "hundred"
    read = Read(Fraction(1), i + 1) if one else _english_tens(text, i)
    if not read or text.at(read.end).role != "hundred":
        return _english_year(text, read) if read else None
    end = read.end + 1
    rest = _english_tens(text, end + 1 if text.at(end).text == "and" else end)
    return Read(read.value * 100 + rest.value, rest.end) if rest else Read(read.value * 100, end)


def _english_year(text: Text, read: Read) -> Read:
    """Nineteen forty-eight; twenty twenty-four."""
    rest = (
        _english_tens(text, read.end) if 11 <= read.value <= 20 and text.at(read.end).role in ("ten", "tens") else None
    )
    return Read(100 * read.value + rest.value, rest.end) if rest else read


def _english_tens(text: Text, i: int) -> Read | None:
    token = text.at(i)
    j = i + 2 if text.at(i + 1).text in HYPHENS else i + 1
    if token.role == "tens" and text.at(j).role == "unit":  # twenty-five
        return Read(token.value + text.at(j).value, j + 1)
    return Read(token.value, i + 1) if token.role in ("unit", "ten", "tens") else None


def read_ordinal(text: Text, i: int) -> Read | None:
    """First, twenty-first, 3rd, «الثالث والعشرون»."""
    token, following = text.at(i), text.at(i + 1)
    if token.kind == "digits" and following.text in ORDINAL_ENDINGS and text.touches(i + 1):
        value = literal(token.text, text.lang)
        return Read(value, i + 2) if value is not None else None
    if token.role == "tens" and following.text in HYPHENS and text.at(i + 2).role == "ordinal":
        return Read(token.value + text.at(i + 2).value, i + 3)
    if token.role != "ordinal":
        return None
    if text.arabic and following.role == "ten" and not following.joined:  # الثالث عشر
        return Read(token.value + 10, i + 2)
    if text.arabic and following.role == "tens" and following.joined and token.definite and following.definite:
        return Read(token.value + following.value, i + 2)  # الثالث والعشرون; not الثالثة وعشرون دقيقة
    return Read(token.value, i + 1)
