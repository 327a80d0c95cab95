"""Cardinal numbers: tokens composed to values, from the whole number down to its smallest piece.

The grammar of both languages: a number is a sum of parts of falling scale (3 million, 200 thousand, 5), a part is an
operand times its scale words, an operand is digits or words below a thousand.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import NamedTuple

from mt.quantities.numerals import BARE_SCALES, Lang, Token, literal, tokens

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


class CardinalReader:
    """Reads numbers at any token of a text; every method looks ahead by a bounded number of tokens."""

    def __init__(self, text: str, lang: Lang) -> None:
        self.text, self.lang = text, lang
        self.arabic = lang == "ar"
        self.tokens = list(tokens(text, lang))

    def at(self, i: int) -> Token:
        """Token `i`, or an end mark outside the text."""
        return self.tokens[i] if 0 <= i < len(self.tokens) else _END

    def touches(self, i: int) -> bool:
        """Does token `i` follow the one before it without a space?"""
        return self.at(i).start == self.at(i - 1).end

    def _and(self, i: int) -> int | None:
        """Where a number goes on after "and", which English may leave out."""
        if self.arabic:
            return i + 1 if self.at(i).text == "و" else i if self.at(i).joined else None
        return i + 1 if self.at(i).text == "and" else i

    def cardinal(self, i: int) -> Read | None:
        """The longest number from token `i`: parts of falling scale, each joined by "and"."""
        read = self._part(i)
        while read and read.scale > 1:
            start = self._and(read.end)
            part = self._part(start) if start is not None else None
            if not part or part.value >= read.scale or (part.digits and not self._goes_on(read, part)):
                break
            read = Read(read.value + part.value, part.end, part.scale, read.digits)
        return read

    def _goes_on(self, read: Read, part: Read) -> bool:
        """«3 ملايين و200 ألف» and «100 ألف و500» are one number, "5 million and 30 others" are two."""
        if self.arabic:  # «و» is there, else there would be no part
            return part.scale > 1 or read.scale == 1000
        return part.scale > 1 and self.at(read.end).text == "and"

    def _part(self, i: int) -> Read | None:
        """A number below a thousand or in digits, a half after it, scale words, a half after those."""
        operand = self._operand(i)
        if operand is None:
            return None
        operand = self._and_a_half(operand)
        read = self._scaled(i, operand)
        return self._and_a_half(read) if read.scale > operand.scale else read

    def _operand(self, i: int) -> Read | None:
        token, following = self.at(i), self.at(i + 1)
        if token.kind == "digits":
            return self._digits(i)
        if token.role == "dual":
            return Read(2 * token.value, i + 1, token.value)
        if token.role == "scale" and token.text in BARE_SCALES:
            return Read(token.value, i + 1, token.value)
        if token.text in ("a", "an") and following.role == "scale":
            return Read(Fraction(1), i + 1)
        if token.role == "part":  # half a million, نصف مليون
            end = i + 1 + (following.text == "of")
            end += self.at(end).text == "a"
            return Read(token.value, end) if self.at(end).role == "scale" else None
        return self._arabic_hundreds(i) if self.arabic else self._english_hundreds(i)

    def _digits(self, i: int) -> Read | None:
        """A literal, or blocks of three digits between spaces: 250 000."""
        end = i + 1
        if re.fullmatch("[1-9][0-9]{0,2}", self.tokens[i].text) and self.at(i - 1).kind != "digits":
            while end - i <= _MAX_BLOCKS + 1 and self._is_block(end):
                end += 1
        if end - i > _MAX_BLOCKS:
            end = i + 1
        value = literal("".join(token.text for token in self.tokens[i:end]), self.lang)
        return Read(value, end, digits=True) if value is not None else None

    def _is_block(self, i: int) -> bool:
        token = self.at(i)
        gap = self.text[self.at(i - 1).end : token.start]
        return token.kind == "digits" and gap in _GROUP_SPACES and re.fullmatch("[0-9]{3}", token.text) is not None

    def _scaled(self, i: int, operand: Read) -> Read:
        value, end, scale, digits = operand
        if digits and (suffix := self._suffix(i, end)):
            return Read(value * suffix, end + 1, digits=True)
        if self.at(end).text in HYPHENS and self.at(end + 1).role == "scale":
            end += 1  # a 2-million contract
        for following in (self.at(end), self.at(end + 1)):  # two of them: ألف مليون
            if following.role != "scale" or following.joined:
                break
            value, end, scale = value * following.value, end + 1, scale * following.value
        return Read(value, end, scale, digits)

    def _suffix(self, i: int, end: int) -> int | None:
        if self.at(end).text == "k" and self.touches(end):
            return 1000
        return {"m": 10**6, "b": 10**9}.get(self.at(end).text) if self.at(i - 1).text in _MONEY else None

    def _and_a_half(self, read: Read) -> Read:
        j = self._and(read.end)
        if j is None or (not self.arabic and j == read.end):
            return read
        j += self.at(j).text == "a"
        part, again = self.at(j), self.at(j + 1)
        if part.role != "part" or part.definite:
            return read
        end = j + 2 if again.role == "scale" and again.value == read.scale else j + 1  # مليون ونصف المليون
        return Read(read.value + part.value * read.scale, end, read.scale, read.digits)

    def _arabic_hundreds(self, i: int) -> Read | None:
        token, following = self.at(i), self.at(i + 1)
        if token.role == "hundred":
            value, end = token.value, i + 1
        elif token.role == "unit" and following.role == "hundred" and following.value == 100 and not following.clitics:
            value, end = token.value * 100, i + 2
        else:
            return self._arabic_tens(i)
        j = self._and(end)
        rest = self._arabic_tens(j) if j is not None else None
        return Read(value + rest.value, rest.end) if rest else Read(value, end)

    def _arabic_tens(self, i: int) -> Read | None:
        token, following, j = self.at(i), self.at(i + 1), self._and(i + 1)
        if token.role == "unit" and following.role == "ten" and not following.joined:  # ثلاثة عشر
            return Read(token.value + 10, i + 2)
        if token.role == "unit" and j is not None and self.at(j).role == "tens":  # ثلاثة وعشرون
            return Read(token.value + self.at(j).value, j + 1)
        return Read(token.value, i + 1) if token.role in ("unit", "ten", "tens") else None

    def _english_hundreds(self, i: int) -> Read | None:
        one = self.at(i).text == "a" and self.at(i + 1).role == "hundred"
        read = Read(Fraction(1), i + 1) if one else self._english_tens(i)
        if not read or self.at(read.end).role != "hundred":
            return self._english_year(read) if read else None
        end = read.end + 1
        rest = self._english_tens(end + 1 if self.at(end).text == "and" else end)
        return Read(read.value * 100 + rest.value, rest.end) if rest else Read(read.value * 100, end)

    def _english_year(self, read: Read) -> Read:
        """Nineteen forty-eight; twenty twenty-four."""
        rest = (
            self._english_tens(read.end)
            if 11 <= read.value <= 20 and self.at(read.end).role in ("ten", "tens")
            else None
        )
        return Read(100 * read.value + rest.value, rest.end) if rest else read

    def _english_tens(self, i: int) -> Read | None:
        token = self.at(i)
        j = i + 2 if self.at(i + 1).text in HYPHENS else i + 1
        if token.role == "tens" and self.at(j).role == "unit":  # twenty-five
            return Read(token.value + self.at(j).value, j + 1)
        return Read(token.value, i + 1) if token.role in ("unit", "ten", "tens") else None

    def ordinal(self, i: int) -> Read | None:
        """First, twenty-first, 3rd, «الثالث والعشرون»."""
        token, following = self.at(i), self.at(i + 1)
        if token.kind == "digits" and following.text in ORDINAL_ENDINGS and self.touches(i + 1):
            value = literal(token.text, self.lang)
            return Read(value, i + 2) if value is not None else None
        if token.role == "tens" and following.text in HYPHENS and self.at(i + 2).role == "ordinal":
            return Read(token.value + self.at(i + 2).value, i + 3)
        if token.role != "ordinal":
            return None
        if self.arabic and following.role == "ten" and not following.joined:  # الثالث عشر
            return Read(token.value + 10, i + 2)
        if self.arabic and following.role == "tens" and following.joined and token.definite and following.definite:
            return Read(token.value + following.value, i + 2)  # الثالث والعشرون; not الثالثة وعشرون دقيقة
        return Read(token.value, i + 1)
