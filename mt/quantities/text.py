"""A text as the readers of quantities see it: its tokens, at which any of them may look, and quantities cut from it."""

from __future__ import annotations

from fractions import Fraction

from mt.document import Span
from mt.quantities.numerals import Lang, Token, tokens
from mt.quantities.units import Kind, Quantity, Reading, Weight

_LATIN = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")
_END = Token("end", -1, -1, "")


class Text:
    """The tokens of a string and what surrounds them; places are indices of tokens unless they are called spans."""

    def __init__(self, string: str, lang: Lang) -> None:
        self.string, self.lang = string, lang
        self.arabic = lang == "ar"
        self.tokens = list(tokens(string, lang))
        self.digits = string.translate(_LATIN)  # every digit in ASCII, at the same place
        self.twins: tuple[
            Quantity, ...
        ] = ()  # the Hijri date just read, if its Gregorian day stands before `twins_end`
        self.twins_end = 0

    def at(self, i: int) -> Token:
        """Token `i`, or an end mark outside the text."""
        return self.tokens[i] if 0 <= i < len(self.tokens) else _END

    def touches(self, i: int) -> bool:
        """Does token `i` follow the one before it without a space?"""
        return self.at(i).start == self.at(i - 1).end

    def is_capital(self, token: Token) -> bool:
        """Does it begin with a capital letter?"""
        return token.kind != "end" and self.string[token.start].isupper()

    def after(self, place: int, i: int) -> int:
        """The first token from `i` on that does not begin before `place`."""
        while i < len(self.tokens) and self.tokens[i].start < place:
            i += 1
        return i

    def counted(self, value: Fraction, first: int, end: int, *others: Fraction, weight: Weight = "strong") -> Quantity:
        """A plain number over the tokens from `first` to `end`, and what else it may be."""
        span = self.tokens[first].start, self.tokens[end - 1].end
        readings: frozenset[Reading] = frozenset(("n", one) for one in (value, *others))
        return Quantity(value, "number", span, self.string[slice(*span)], readings=readings, weight=weight)

    def part(
        self,
        value: int,
        kind: Kind,
        first: int,
        end: int,
        readings: set[Reading],
        weight: Weight = "strong",
        label: str = "",
    ) -> Quantity:
        """A part of a date or time over the tokens from `first` to `end`."""
        return self.quoted(value, kind, (self.tokens[first].start, self.tokens[end - 1].end), readings, weight, label)

    def quoted(
        self,
        value: int,
        kind: Kind,
        span: Span,
        readings: set[Reading],
        weight: Weight = "strong",
        label: str = "",
    ) -> Quantity:
        """A quantity over a stretch of the text."""
        surface = self.string[slice(*span)]
        return Quantity(Fraction(value), kind, span, surface, readings=frozenset(readings), weight=weight, label=label)
