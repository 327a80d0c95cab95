"""The gazetteer that is shipped: what it must know, what it must leave alone, how it loads."""

from __future__ import annotations

import gzip
import time
from pathlib import Path

import pytest

from mt.errors import ConfigError
from mt.terms import load_terms
from mt.terms.gazetteer import load_gazetteer

TERMS = load_terms()


def named(text: str) -> list[tuple[str, str]]:
    return [(match.surface, match.entry.targets[0]) for match in TERMS.find(text)]


@pytest.mark.parametrize(
    ("text", "english"),
    [
        ("في الكرملين", "the Kremlin"), ("البيت الأبيض", "the White House"), ("البنتاغون", "the Pentagon"),
        ("قصر الإليزيه", "the Élysée"), ("لمجلس الأمن الدولي", "the UN Security Council"), ("رويترز", "Reuters"),
        ("وكالة فرانس برس", "AFP"), ("اليونيسف", "UNICEF"), ("حزب الله", "Hezbollah"), ("الحوثيين", "the Houthis"),
        ("البحر الأحمر", "the Red Sea"), ("قطاع غزة", "the Gaza Strip"), ("خان يونس", "Khan Younis"),
        ("ريال مدريد", "Real Madrid"), ("كوسوفو", "Kosovo"), ("الصحراء الغربية", "Western Sahara"),
        ("تايوان", "Taiwan"),
        ("فلسطين", "Palestine"), ("بكين", "Beijing"), ("زيلينسكي", "Volodymyr Zelensky"), ("روسيا", "Russia"),
        ("ليبيا", "Libya"), ("سورية", "Syria"), ("بأوكرانيا", "Ukraine"), ("وأمريكا", "the United States"),
    ],
)  # fmt: skip
def test_it_knows_what_the_news_is_about(text: str, english: str) -> None:
    assert [target for _, target in named(text)] == [english]
    assert TERMS.prompt(text)[0].target == english.removeprefix("the ")


@pytest.mark.parametrize(
    "word",
    ["مصري", "المصري", "مصرية", "المصرية", "مصريون", "المصريون", "مصريين", "المصريين", "مصريات", "مصرياً",
     "مصريان", "مصريتين", "والمصريين", "للمصريين", "المصرى"],
)  # fmt: skip
def test_a_nationality_is_found_in_every_inflection(word: str) -> None:
    (match,) = TERMS.find(word)
    assert (match.entry.targets[0], match.entry.kind) == ("Egyptian", "nationality")
    assert "Egypt" in match.entry.related


@pytest.mark.parametrize(
    ("text", "english"),
    [("الكوريين الجنوبيين", "South Korean"), ("كورية شمالية", "North Korean"), ("الجنوب أفريقية", "South African"),
     ("الأتراك", "Turkish"), ("الروس", "Russian"), ("أميركيون", "American"), ("الأكراد", "Kurdish"),
     ("المغاربة", "Moroccan")],
)  # fmt: skip
def test_compound_and_irregular_nationalities(text: str, english: str) -> None:
    (match,) = TERMS.find(text)
    assert english in match.entry.targets


@pytest.mark.parametrize(
    "text",
    ["مالي", "بيان", "خلال", "على الطاولة", "اليد اليمنى", "يوم الخميس في كانون الثاني", "من أجل ذلك", "سلاح فرسان",
     "دولة جزرية", "حتى الآن", "الشيخ والسيد"],
)  # fmt: skip
def test_everyday_words_are_no_names(text: str) -> None:
    assert named(text) == []


def test_a_name_that_may_be_two_is_checked_but_never_prompted() -> None:
    (match,) = TERMS.find("عمان")
    assert {"Oman", "Amman"} <= set(match.entry.targets)
    assert match.entry.checked
    assert TERMS.prompt("عمان") == ()


def test_every_entry_can_be_read() -> None:
    matcher = load_gazetteer().matcher
    kinds = {matcher.entry(key, line).kind for key, line in matcher.values.items()}
    assert kinds == {
        "country", "nationality", "capital", "place", "organisation", "people", "city", "person", "name", "language",
        "currency",
    }  # fmt: skip
    assert len(matcher.values) > 100_000


def test_it_loads_while_nobody_waits() -> None:
    begun = time.process_time()
    load_gazetteer.__wrapped__()
    assert time.process_time() - begun < 1  # 0.15 s on an idle machine


@pytest.mark.parametrize("content", [b"no gzip", gzip.compress("ا\tcountry".encode())[:-9], gzip.compress(b"\xff")])
def test_a_damaged_file_is_told(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "gazetteer.tsv.gz"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"gazetteer\.tsv\.gz cannot be read: .* Install khulasa again"):
        load_gazetteer(path)
    with pytest.raises(ConfigError, match="cannot be read"):
        load_gazetteer(tmp_path / "missing")
