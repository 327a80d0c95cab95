"""News-like pairs from templates.yaml: who said, met, paid and scored what, where and when, in both languages.

    python recipes/embedded/synthetic.py --parallel DIR [--pairs 20]    # prints some; pairs.py writes those to train on

Names of people and cities are from the parallel data, countries from mt/data/terms/countries.tsv.
"""

from __future__ import annotations

import argparse
import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from parallel import Pair, read_parallel

from mt.strict_yaml import load_yaml

TEMPLATES = Path(__file__).with_name("templates.yaml")
COUNTRIES = Path(__file__).resolve().parents[2] / "mt" / "data" / "terms" / "countries.tsv"
ARABIC_DIGITS = 0.25  # of the sources have ٠١٢٣
COLUMNS = ("country_ar", "country_en", "capital_ar", "capital_en", "nationality_ar", "nationality_en")
MILLIONS = [("مليون", " million"), ("مليار", " billion")]
_DIGITS = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
_CITY = re.compile("[\u0621-\u064a]+( [\u0621-\u064a]+)?")
_NISBA = re.compile(r"ي\b")
_ARTICLE = re.compile(r"\bال")
_AN = re.compile("[AEIO]|Uz")  # a Ugandan, a Ukrainian

Slot = tuple[Any, Any]  # what is written in Arabic, in English


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parallel", type=Path, required=True, help="folder of the parallel data: *.tsv.xz")
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    for arabic, english in news(given.parallel, given.pairs, Random(given.seed)):
        print(arabic, english, sep="\n", end="\n\n")


def news(parallel: Path, count: int, rng: Random) -> Iterator[Pair]:
    """As many pairs as asked for, each another one."""
    newsroom, seen = Newsroom(parallel), set[Pair]()
    while len(seen) < count:
        pair = newsroom.pair(rng)
        if pair not in seen:
            seen.add(pair)
            yield pair


@dataclass(frozen=True)
class Name:
    """A name in one language; `{name:قال|قالت}` puts the verb that agrees before it."""

    text: str
    masculine: bool = False

    def __format__(self, verb: str) -> str:
        if not verb:
            return self.text
        masculine, feminine = verb.split("|")
        return f"{masculine if self.masculine else feminine} {self.text}"


@dataclass(frozen=True)
class Country(Name):
    """A country in one language, and what is said of it."""

    capital: str = ""
    adjective: str = ""
    feminine: str = ""
    indefinite: str = ""


@dataclass(frozen=True)
class Count:
    """A number of three or more in Arabic; `{count:شخصا|شخص|أشخاص}` puts what is counted behind it, as it must be."""

    number: int
    text: str

    def __format__(self, noun: str) -> str:
        accusative, singular, plural = noun.split("|")
        last = self.number % 100
        return f"{self.text} {plural if 3 <= last <= 10 else accusative if last > 10 else singular}"


class Newsroom:
    """The templates, and the names and words that fill them."""

    def __init__(self, parallel: Path) -> None:
        given = load_yaml(TEMPLATES)
        self.templates = [(pair["ar"], pair["en"]) for pair in given["templates"]]
        self.offices, self.counterpart, self.few = given["offices"], given["counterpart"], given["three_to_ten"]
        self.days, self.months = _spellings(given["days"]), _spellings(given["months"])
        self.organisations = [
            (Name(arabic, gender == "m"), english)
            for gender, names in given["organisations"].items()
            for arabic, english in names
        ]
        self.countries = list(_countries(given["no_states"], given["masculine"], given["plain"]))
        names = list(read_parallel(parallel, "names_people_wikidata"))
        self.people = [pair for pair in names if all(2 <= len(side.split()) <= 3 for side in pair)]
        cities = list(read_parallel(parallel, "names_cities_geonames"))
        # Without those in the spelling of maps (Al Fallūjah), which the news does not have
        self.cities = [pair for pair in cities if pair[1].isascii() and _CITY.fullmatch(pair[0])]

    def pair(self, rng: Random) -> Pair:
        """A sentence and its translation."""
        source, target = rng.choice(self.templates)
        slots = self._slots(rng)
        arabic = source.format(**{name: value for name, (value, _) in slots.items()})
        arabic = arabic.replace("لـال", "لل").replace("لـ", "ل")
        english = target.format(**{name: value for name, (_, value) in slots.items()})
        if rng.random() < ARABIC_DIGITS:
            arabic = arabic.translate(_DIGITS)
        return arabic, english[0].upper() + english[1:]

    def _slots(self, rng: Random) -> dict[str, Slot]:
        """What stands in each slot, in Arabic and in English."""
        (first, second, third), (person, person2) = rng.sample(self.countries, 3), rng.sample(self.people, 2)
        few, many = rng.choice(self.few), rng.choice(self.few)
        title = rng.choice(self.offices)
        month, date, year = rng.choice(self.months), rng.randint(1, 28), str(rng.randint(1948, 2027))
        age = str(rng.randint(31, 97))
        lost, won = sorted(rng.sample(range(6), 2))
        magnitude = f"{rng.randint(3, 7)}.{rng.randint(1, 9)}"
        return {
            "country": first, "country2": second, "country3": third, "person": person, "person2": person2,
            "holder": (f"{title[0]} {first[0].adjective}", f"{first[1].adjective} {title[1]}"),
            "office": _office(title, first),
            "office2": _office(rng.choice([*self.offices, self.counterpart]), second),
            "organisation": rng.choice(self.organisations), "city": rng.choice(self.cities),
            "day": rng.choice(self.days), "month": month, "year": (year, year),
            "date": (f"{date} {month[0]}", f"{month[1]} {date}"),
            "days": (f"{few[0]} أيام", f"{few[2]} days"), "years": (f"{many[1]} سنوات", f"{many[2]} years"),
            "count": self._count(rng), "count2": self._count(rng), "sum": _sum(rng),
            "percent": _percent(rng), "percent2": _percent(rng), "magnitude": (magnitude, magnitude),
            "goals": (won, won), "goals2": (lost, lost), "age": (age, age),
        }  # fmt: skip

    def _count(self, rng: Random) -> tuple[Count, str]:
        """A number of people, as the news writes them."""
        kind = rng.random()
        if kind < 0.1:
            number = rng.randrange(len(self.few))
            masculine, _, english = self.few[number]
            return Count(number + 3, masculine), english
        if kind < 0.25:
            thousands = rng.randint(11, 99)
            return Count(thousands * 1000, f"{thousands} ألف"), f"{thousands},000"
        if kind < 0.4:
            number = rng.randint(1, 99) * 1000 + rng.choice([0, 0, 500, rng.randint(1, 999)])
            written = f"{number:,}"
            return Count(number, rng.choice([written, written, written.replace(",", "."), str(number)])), written
        number = rng.randint(100, 999) if kind < 0.65 else rng.randint(3, 99)
        return Count(number, str(number)), str(number)


def _sum(rng: Random) -> Slot:
    """An amount of money without its currency, which the templates write as it stands after hundreds and more."""
    number, (arabic, english) = rng.randint(11, 99), rng.choice([("ألف", ",000"), *MILLIONS, *MILLIONS])
    if english.startswith(",") or rng.random() < 0.6:
        return f"{number} {arabic}", f"{number}{english}"
    written = f"{number}.{rng.randint(1, 9)}"
    return f"{rng.choice([written, written.replace('.', ',')])} {arabic}", f"{written}{english}"


def _percent(rng: Random) -> Slot:
    number = rng.choice([str(rng.randint(1, 99)), f"{rng.randint(0, 30)}.{rng.randint(1, 9)}"])
    decimal = number.replace(".", ",")
    forms = ["{}%", "{} %", "%{}", "{} في المئة", "{} بالمئة", "{} بالمائة"]
    arabic = rng.choice(forms).format(rng.choice([number, number, decimal]))
    return arabic, f"{number}{rng.choice(['%', '%', ' percent'])}"


def _office(title: list[str], country: tuple[Country, Country]) -> Slot:
    """An office of a country as it is called where no name follows."""
    arabic, english = title
    article = "his" if english == "counterpart" else "the"
    return f"{arabic} {country[0].adjective}", f"{article} {country[1].adjective} {english.lower()}"


def _spellings(table: dict[str, list[str]]) -> list[Pair]:
    return [(arabic, english) for english, spellings in table.items() for arabic in spellings]


def _countries(no_states: list[str], masculine: list[str], plain: dict[str, str]) -> Iterator[tuple[Country, Country]]:
    """The countries of which all is known, in both languages."""
    with COUNTRIES.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            # Of several forms, the usual one is the first
            name, in_english, *rest = (plain.get(form, form) for form in (row[c].split("|")[0] for c in COLUMNS))
            if not all(rest) or name in no_states:
                continue
            capital, capital_in_english, adjective, adjective_in_english = rest
            feminine, indefinite = _NISBA.sub("ية", adjective), _ARTICLE.sub("", adjective)
            article = "an" if _AN.match(adjective_in_english) else "a"
            yield (
                Country(name, name in masculine, capital, adjective, feminine, indefinite),
                Country(
                    in_english, False, capital_in_english, adjective_in_english, adjective_in_english,
                    f"{article} {adjective_in_english}",
                ),
            )  # fmt: skip


if __name__ == "__main__":
    main()
