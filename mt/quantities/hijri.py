"""The Hijri calendar: its months in both languages, and the Gregorian day of a Hijri date."""

from __future__ import annotations

import re
from datetime import date, timedelta
from fractions import Fraction
from typing import NamedTuple

from hijridate import Hijri

from mt.quantities.numerals import Lang
from mt.quantities.units import Reading

MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
          "December")  # fmt: skip
NAMES = ("Muharram", "Safar", "Rabi al-Awwal", "Rabi al-Thani", "Jumada al-Ula", "Jumada al-Akhira", "Rajab", "Shaaban",
         "Ramadan", "Shawwal", "Dhu al-Qaada", "Dhu al-Hijja")  # fmt: skip
_ARABIC = ("محرم", "صفر", "ربيع ال[أا]ول", "ربيع (?:الثاني|ال[آا]خر)", "جماد[ىي] ال[أا]ول[ىي]?",
           "جماد[ىي] (?:ال[آا]خر[ةه]?|الثاني[ةه]?)", "رجب", "شعبان", "رمضان", "شوال", "ذ[وي] القعد[ةه]",
           "ذ[وي] الحج[ةه]")  # fmt: skip
_AL = "[- ]?(?:[aeu][lthr]h?[- ]?)?"
_FIRST, _SECOND = "(?:aww?al|ula|oula|I\\b)", "(?:th?ani(?:ya)?|akh[ie]ra?|II\\b)"
_ENGLISH = (
    "Muharram", "Safar", f"Rabi['’`]?i?{_AL}{_FIRST}", f"Rabi['’`]?i?{_AL}{_SECOND}", f"Jumada?{_AL}{_FIRST}",
    f"Jumada?{_AL}{_SECOND}", "Rajab", "Sha['’`]?a?b[ae]n", "Ramad[ah]+n|Ramzan", "Shaww?al",
    f"(?:Dhu|Dhul|Zul|Thul|Thu|Dul){_AL}(?:l-)?[QK]a?i?['’`]?a?da", f"(?:Dhu|Dhul|Zul|Thul|Thu|Dul){_AL}(?:l-)?Hijja?",
)  # fmt: skip


def _pattern(names: tuple[str, ...], before: str, after: str) -> re.Pattern[str]:
    return re.compile(rf"{before}(?:{'|'.join(f'({name})' for name in names)}){after}", re.IGNORECASE)


HIJRI: dict[Lang, re.Pattern[str]] = {
    "ar": _pattern(_ARABIC, r"\b[وفبل]?(?:ال)?", r"\b"),
    "en": _pattern(_ENGLISH, r"\b", r"h?\b"),
}


class Gregorian(NamedTuple):
    """What a Hijri date may be called in the Gregorian calendar, a day earlier and later by sighting of the moon."""

    days: set[Reading]
    months: set[Reading]
    years: set[Reading]
    label: str


def gregorian(year: int | None, month: int | None, day: int | None) -> Gregorian | None:
    """The Gregorian readings of what is given of a Hijri date; None without a year that hijridate knows."""
    if year is None:
        return None
    try:
        first = Hijri(year, month or 1, day or 1).to_gregorian()
        last = first if day else date(first.year, first.month, first.day) + timedelta(29 if month else 354)
    except (ValueError, OverflowError):
        return None
    start = date(first.year, first.month, first.day)
    spread = [start - timedelta(1), start, start + timedelta(1), date(last.year, last.month, last.day)]
    civil = f"{MONTHS[start.month - 1]} {start.year}"
    name = f"{NAMES[month - 1]} " if month else ""
    hijri = f"{day} {name}{year} AH" if day else f"{name}{year} AH"
    shown = f"{start.day} {civil}" if day else civil if month else f"{start.year}–{last.year}"
    return Gregorian(
        {("n", Fraction(one.day)) for one in spread} if day else set(),
        {("month", Fraction(one.month)) for one in spread} if month else set(),
        {("n", Fraction(one.year)) for one in spread},
        f"{hijri} ({shown})",
    )
