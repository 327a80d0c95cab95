"""Reads the quantities of a text from left to right, each by the reader that knows its kind."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from fractions import Fraction

from mt.quantities.agreement import Mismatch, lacking
from mt.quantities.cardinals import HYPHENS, Read, read_cardinal, read_ordinal
from mt.quantities.dates import read_date
from mt.quantities.hijri_dates import as_twin, read_hijri_date, read_hijri_year
from mt.quantities.idioms import read_idiom
from mt.quantities.measures import era, percent_end, read_number
from mt.quantities.numerals import MAX_DIGITS, Lang
from mt.quantities.order import exchanged, turned
from mt.quantities.text import Text
from mt.quantities.units import Quantity, Weight
from mt.quantities.vague import read_fraction, read_magnitude, read_word

_AMOUNTS = ("number", "percent", "ordinal", "hour", "hijri")
_BEFORE_A_NUMBER = re.compile(r"[^\W\d_]+-?\Z")
_LONGEST_NAME = 30
_PHONE = re.compile(r"\+?[0-9]+(?:(?: ?[(). \-\u00a0] ?)[0-9]+){1,12}")


def quantities(text: str, lang: Lang) -> list[Quantity]:
    """The amounts of `text` in order, without overlaps; see the package for what counts as one."""
    return [q for q in read(text, lang) if q.weight == "strong" and q.kind in _AMOUNTS]


def calendar(text: str, lang: Lang) -> list[Quantity]:
    """The months and weekdays of `text` in order; the days and years are among its `quantities`."""
    return [q for q in read(text, lang) if q.weight == "strong" and q.kind not in _AMOUNTS]


def unmatched(source: str, target: str) -> Mismatch:
    """What an Arabic source and its English target do not share; both empty: they agree."""
    ours, theirs = read(source, "ar"), read(target, "en")
    return lacking(ours, theirs, [*exchanged(ours, theirs), *turned(ours, theirs, source, target)])


def read(text: str, lang: Lang) -> list[Quantity]:
    """All quantities, answers among them, in order."""
    return list(_repeated_names(text, _read(Text(text, lang))))


def _read(text: Text) -> Iterator[Quantity]:
    i = 0
    while i < len(text.tokens):
        found, end = _at(text, i)
        for quantity in found:
            yield as_twin(text, quantity, i)
        i = end


def _repeated_names(string: str, found: Iterable[Quantity]) -> Iterator[Quantity]:
    """Lets a number in a name (KV62, F-16) answer where the name has stood before."""
    names = set()
    for quantity in found:
        name = _BEFORE_A_NUMBER.search(string, max(0, quantity.span[0] - _LONGEST_NAME), quantity.span[0])
        if name and quantity.weight == "strong":
            whole = name.group() + quantity.surface
            if whole in names:
                quantity = replace(quantity, weight="answer")
            names.add(whole)
        yield quantity


def _at(text: Text, i: int) -> tuple[list[Quantity], int]:
    """The quantities that begin at token `i`, and the first token after them."""
    if end := percent_end(text, i):  # a percentage without a number is no hundred
        return [], end
    for reader in _READERS:
        if found := reader(text, i):
            return found
    if ordinal := read_ordinal(text, i):
        return [_ordinal_quantity(text, i, ordinal)], ordinal.end
    if number := read_cardinal(text, i):
        return read_number(text, i, number)
    return _leftover(text, i), i + 1


def _ordinal_quantity(text: Text, i: int, ordinal: Read) -> Quantity:
    """An ordinal; perhaps a fraction: "third", "one fifth". "First" comes and goes in translation."""
    value = ordinal.value
    before = text.at(i - 2 if text.at(i - 1).text in HYPHENS else i - 1)
    fraction = text.tokens[i].text == "third" or (before.text in ("a", "one") and value > 1)
    weight: Weight = "strong" if value > 2 else "soft" if _is_in_order(text, i) else "answer"
    found = text.counted(value, i, ordinal.end, *([1 / value] if fraction else []), weight=weight)
    return replace(found, kind="ordinal", units=era(text, i, ordinal.end))


def _is_in_order(text: Text, i: int) -> bool:
    """Is this surely "first" or "second" in a row, not "at first", "per second"?"""
    if text.arabic:
        return text.tokens[i].definite
    return text.at(i - 1).text in ("the", "its", "his", "her", "their")


def _decade(text: Text, i: int) -> tuple[list[Quantity], int] | None:
    """«سبعينيات القرن الماضي», "seventies": 70 or 1970, and its century."""
    if text.at(i).role != "decade":
        return None
    century = _century(text, i + 1)
    number, decade = century.value if century else Fraction(20), text.tokens[i].value
    end = century.end if century else i + 1
    year = 100 * (number - 1) + decade
    doubtful = text.at(end).kind == "digits"  # and the year itself after it
    found = text.counted(year if century else decade, i, end, year, weight="answer" if doubtful else "strong")
    found = replace(found, readings=found.readings | {("n", decade)}, label=f"{year if century else decade}s")
    return [found, *([text.counted(number, i, end, weight="answer")] if century else [])], end


def _century(text: Text, i: int) -> Read | None:
    token = text.at(i)
    if not (token.text == "قرن" and token.definite):
        return None
    last = Read(Fraction(20), i + 2) if text.at(i + 1).text == "الماضي" else None
    return last or read_ordinal(text, i + 1) or read_cardinal(text, i + 1)


def _phone(text: Text, i: int) -> tuple[list[Quantity], int] | None:
    """A number that is dialed: as one run of digits, without the zeros or the plus before it."""
    token = text.tokens[i]
    if token.text != "+" and not (token.kind == "digits" and text.at(i - 1).kind != "digits"):
        return None
    match = _PHONE.match(text.digits, token.start)
    if not match:
        return None
    groups = re.findall("[0-9]+", match.group())
    digits = "".join(groups)
    dialed = (
        token.text == "+"
        or digits.startswith("0")
        or (match.group().count("-") > 1 and len(groups) > 2 and len(digits) > 8)
    )
    if not dialed or not 7 <= len(digits) <= 20 or "." in match.group()[:3]:
        return None
    value = int(digits.lstrip("0") or "0")
    return [text.quoted(value, "number", match.span(), {("n", Fraction(value))}, label=match.group())], text.after(
        match.end(), i
    )


def _leftover(text: Text, i: int) -> list[Quantity]:
    """The numbers of a version or a list without spaces; what a word may stand for."""
    token = text.tokens[i]
    if token.kind != "digits":
        return read_word(text, i)
    spans = ((token.start + match.start(), token.start + match.end()) for match in re.finditer("[0-9]+", token.text))
    return [
        text.quoted(value, "number", (start, end), {("n", Fraction(value))})
        for start, end in spans
        if end - start <= MAX_DIGITS and (value := int(text.digits[start:end])) >= 0
    ]


_READERS = (read_idiom, _decade, _phone, read_hijri_date, read_hijri_year, read_date, read_magnitude, read_fraction)
