"""Dates and times: each part that is given, in every notation, on both sides."""

from __future__ import annotations

import time
from datetime import date, timedelta

import pytest
from hijridate import Gregorian
from hypothesis import given, settings
from hypothesis import strategies as st

from mt.checks.numbers import check
from mt.quantities import calendar, quantities, unmatched
from mt.quantities.hijri import MONTHS

AGREEING = """
    الساعة 11:20 | at 11:20
    الساعة ١١:٢٠ صباحاً | at 11:20 a.m.
    الساعة الثالثة والنصف | at 3:30
    الساعة الثالثة والنصف عصراً | at 3:30 p.m.
    الساعة الثالثة والنصف | at half past three
    الساعة الثالثة والربع | at a quarter past three
    الساعة الثالثة إلا ربعاً | at a quarter to three
    الساعة الثالثة إلا الربع | at 2:45
    الساعة الخامسة مساءً | at 5 p.m.
    الساعة الخامسة مساءً | at 17:00
    الساعة 15:30 | at 3:30 p.m.
    الساعة الثانية عشرة ظهراً | at noon
    الساعة الثانية عشرة ظهراً | at 12 p.m.
    الساعة 8:00 مساء | at 8 p.m.
    الساعة الثامنة صباحا | at eight o'clock in the morning
    الساعة 1500 بتوقيت غرينتش | at 1500 GMT
    الساعة 15:00 بتوقيت غرينتش | at 1500 GMT
    الساعة السابعة وعشرين دقيقة | at 7:20
    في تمام الساعة العاشرة | at exactly 10
    في 15 مارس 2016 | on 15 March 2016
    في 15 آذار/مارس 2016 | on March 15, 2016
    في الخامس عشر من آذار | on March 15th
    في 3 كانون الثاني | on January 3
    في 3 كانون الثاني/يناير | on Jan. 3
    في 5 جانفي 2012 | on January 5, 2012
    في 1 ماي | on 1 May
    في 12 أوت 1990 | on 12 August 1990
    في 7 جويلية | on 7 July
    في 20 أيلول | on 20 September
    في ١٥/٣/٢٠١٦ | on 15 March 2016
    في 2016-03-15 | on March 15, 2016
    في 11/9/2001 | on September 11, 2001
    هجمات 11 سبتمبر | the 9/11 attacks
    يوم الثلاثاء | on Tuesday
    مساء الأحد | on Sunday evening
    قال الاثنين | he said on Monday
    صباح يوم الأربعاء الماضي | last Wednesday morning
    يوم الجمعة 4 أبريل | Friday, April 4
    العام الماضي | last year
    في العام المقبل | next year
    هذا العام | this year
    أمس | yesterday
    1 رمضان 1445 هـ | 1 Ramadan 1445 AH
    1 رمضان 1445 هـ | 11 March 2024
    1 رمضان 1445 هـ | 1 Ramadan 1445 AH (11 March 2024)
    في 1 رمضان 1445 هـ الموافق 11 مارس 2024 | on 11 March 2024
    في 1 رمضان 1445 هـ الموافق 11 مارس 2024 | on 1 Ramadan 1445
    في 1 رمضان 1445 هـ الموافق 11 مارس 2024 | on 1 Ramadan 1445 AH, corresponding to March 11, 2024
    شهر رمضان | the month of Ramadan
    خلال شهر رمضان | during Ramadan
    الـ25 من يناير | January 25
    الساعة 9 صباحا بتوقيت القاهرة | 9 am Cairo time
    في التاسعة صباحاً | at 9 a.m.
    التاسعة والنصف مساء | half past nine in the evening
    من الساعة 9 إلى الساعة 17 | from 9 a.m. to 5 p.m.
    الساعة العاشرة وخمس دقائق | at 10:05
    الساعة العاشرة إلا خمس دقائق | at 9:55
    الساعة 20:00 | at 8 p.m.
    الساعة الواحدة ظهراً | at 1 p.m.
    الساعة الواحدة بعد منتصف الليل | at 1 a.m.
    الساعة الثانية بعد الظهر | at 2 in the afternoon
    السابعة مساء الخميس | at 7 p.m. on Thursday
    ليلة الخميس الجمعة | Thursday night to Friday
    يومي السبت والأحد | on Saturday and Sunday
    يومي الإثنين والثلاثاء | Monday and Tuesday
    بين الاثنين | between the two of them
    كل يوم جمعة | every Friday
    أيام الجمعة | on Fridays
    الجمعة السوداء | Black Friday
    الأربعاء 12 حزيران/يونيو 2019 | Wednesday 12 June 2019
    في السابع عشر من تشرين الأول/أكتوبر 2019 | on October 17, 2019
    في 17 أكتوبر/تشرين الأول 2019 | on 17 October 2019
    في 17 أكتوبر تشرين الأول | on Oct. 17
    في الأول من أيار | on May 1
    عيد العمال في 1 مايو | Labour Day on May 1
    في أول أيار | on the first of May
    منتصف آب/أغسطس | mid-August
    شهر آذار الماضي | last March
    مطلع نيسان | early April
    في جوان 1965 | in June 1965
    28 فيفري | 28 February
    نهاية ديسمبر | end of December
    ما بين يونيو ويوليو | between June and July
    10 محرم 1443 | 10 Muharram 1443
    عاشر محرم | the tenth of Muharram
    12 ربيع الأول | 12 Rabi al-Awwal
    12 ربيع الأول 1445 هـ | September 27, 2023
    9 ذو الحجة 1444 هـ (27 يونيو 2023) | 9 Dhu al-Hijjah 1444 AH (27 June 2023)
    غرة شوال 1444 هـ | the first of Shawwal 1444 AH
    العام الجاري | this year
    الأسبوع المقبل | next week
    الشهر الماضي | last month
    غدا الاثنين | tomorrow, Monday
    أمس الأول | the day before yesterday
    العام المنصرم | last year
    قالت وزارة الصحة الثلاثاء (15 مارس) إن 12 شخصاً توفوا | The health ministry said on Tuesday (March 15) that 12 people had died
    دخل القانون حيز التنفيذ في الأول من كانون الثاني/يناير 2020 | The law took effect on January 1, 2020
    وُلد في 3 نيسان/أبريل 1952 وتوفي عن 71 عاماً | He was born on 3 April 1952 and died at the age of 71
    الفترة من 1 إلى 15 آب | the period from August 1 to 15
    من 1 حتى 15 آب/أغسطس | from 1 to 15 August
    السبت 15 حزيران الساعة 20:30 | Saturday 15 June at 8:30 p.m.
    بدأت في الساعة 10 صباحاً (07:00 ت غ) | It began at 10 a.m. (07:00 GMT)
    الساعة 03:00 بالتوقيت المحلي (00:00 ت.غ) | 3 a.m. local time (0000 GMT)
    يوم الأحد الدامي | Bloody Sunday
    15 نوفمبر/تشرين ثاني | November 15
    في العاشر من رمضان | on the 10th of Ramadan
    حرب أكتوبر | the October War
    ثورة 25 يناير | the January 25 revolution
    عام 1443 هـ | in 2022
    عام 1443 هـ | in 1443
    1/9/1445 هـ | 11 March 2024
    الاثنين 11 مارس 2024 الموافق 1 رمضان 1445 | Monday, 11 March 2024
"""  # noqa: E501
DIFFERING = """
    9 ذو الحجة 1444 هـ (27 يونيو 2023) | 9 Dhu al-Hijjah 1444 AH (28 June 2023)
    عام 1443 هـ | in 2020
    عام 1443 هـ | in 1442 AH
    الثلاثاء الماضي | last Wednesday
    يوم الثلاثاء | on Monday
    وصل يوم الثلاثاء | He arrived
    وصل الوفد | The delegation arrived on Tuesday
    في 15 مارس | on 16 March
    في 15 مارس | on 15 May
    في 15 مارس 2016 | on 15 March 2015
    في 15 مارس | in March
    في كانون الثاني | in December
    في تشرين الأول | in November
    في 3/4/2016 | on March 3, 2016
    في جويلية | in June
    في حزيران | in July
    الساعة 11:20 | at 11:30
    الساعة 11:20 صباحا | at 11:20 p.m.
    الساعة الثالثة والنصف | at 3:15
    الساعة الثالثة والنصف | at half past four
    الساعة الخامسة مساء | at 5 a.m.
    الساعة الخامسة مساء | at 6 p.m.
    العام الماضي | next year
    العام المقبل | last year
    أمس | tomorrow
    1 رمضان 1445 هـ | 2 Ramadan 1445 AH
    1 رمضان 1445 هـ | 15 March 2024
    1 رمضان 1445 هـ | 1 Shaban 1445 AH
    الساعة التاسعة صباحاً | at 9 p.m.
    الساعة التاسعة والنصف | at 9:00
    من الساعة 9 إلى الساعة 17 | from 9 a.m. to 6 p.m.
    الساعة العاشرة إلا خمس دقائق | at 10:05
    السابعة مساء الخميس | at 7 p.m. on Friday
    يومي السبت والأحد | on Saturday and Monday
    يومي السبت والأحد | on Saturday
    مساء الأحد | on Saturday evening
    الأربعاء 12 حزيران/يونيو 2019 | Wednesday 12 July 2019
    في تموز | in June
    في يوليو | in June
    في يونيو | in July
    في 17 أكتوبر/تشرين الأول 2019 | on 17 November 2019
    28 فيفري | 28 March
    في أوت 2010 | in July 2010
    في 05/06/2020 | on June 6, 2020
    12 ربيع الأول 1445 هـ | October 27, 2023
    12 ربيع الأول | 13 Rabi al-Awwal
    12 ربيع الأول | 12 Rabi al-Thani
    الأسبوع المقبل | last week
    الشهر الماضي | next month
    وُلد في 3 نيسان/أبريل 1952 | He was born on 4 April 1952
    وُلد في 3 نيسان/أبريل 1952 | He was born on 3 April 1925
    دخل القانون حيز التنفيذ في الأول من كانون الثاني/يناير 2020 | The law took effect on June 1, 2020
    السبت 15 حزيران الساعة 20:30 | Saturday 15 June at 8:30 a.m.
    السبت 15 حزيران الساعة 20:30 | Sunday 15 June at 8:30 p.m.
    الساعة 03:00 | at 3:30
    الفترة من 1 إلى 15 آب | the period from July 1 to 15
    15 تشرين الثاني | November 16
    في العاشر من رمضان | on the 11th of Ramadan
    في العاشر من رمضان | on the 10th of Shaban
    ثورة 25 يناير | the January 26 revolution
"""
ARABIC_MONTHS = """
    يناير جانفي فبراير فيفري شباط مارس آذار أبريل أفريل نيسان مايو ماي أيار يونيو جوان حزيران يوليو جويلية تموز
    أغسطس أوت غشت آب سبتمبر شتنبر أيلول أكتوبر نوفمبر نونبر ديسمبر دجنبر
"""
NUMBERS = [1, 1, 2, 2, 2, 3, 3, 4, 4, 4, 5, 5, 5, 6, 6, 6, 7, 7, 7, 8, 8, 8, 8, 9, 9, 9, 10, 11, 11, 12, 12]
DAYS = st.dates(date(1925, 1, 1), date(2070, 1, 1))
steadily = settings(derandomize=True, deadline=None, max_examples=100)


def pairs(block: str) -> list[list[str]]:
    return [line.strip().split(" | ") for line in block.strip().splitlines()]


@pytest.mark.parametrize(("source", "target"), pairs(AGREEING))
def test_the_same_date_or_time_in_another_notation_is_not_flagged(source: str, target: str) -> None:
    assert [flag.message for flag in check(source, target)] == []


@pytest.mark.parametrize(("source", "target"), pairs(DIFFERING))
def test_another_date_or_time_is_flagged(source: str, target: str) -> None:
    flags = list(check(source, target))
    assert flags
    assert {flag.kind for flag in flags} == {"number"}


@pytest.mark.parametrize(
    ("source", "target", "message"),
    [
        ("يوم الثلاثاء", "on Wednesday", "The source says Tuesday, the translation Wednesday. Go by the source."),
        ("في كانون الثاني", "in June", "The source says January, the translation June. Go by the source."),
        ("الساعة 11:20", "at 11:30", "The source says 11:20, the translation 11:30. Go by the source."),
        ("العام الماضي", "next year", "The source says last year, the translation next year. Go by the source."),
        ("أمس", "tomorrow", "The source says yesterday, the translation tomorrow. Go by the source."),
        (
            "في 1 رمضان 1445 هـ", "on 3 Ramadan 1445 AH",
            "The source says 1 Ramadan 1445 AH (11 March 2024), the translation 3 Ramadan 1445 AH (13 March 2024). "
            "Go by the source.",
        ),
        ("وصل الأحد", "He arrived", "The source says Sunday; the translation does not."),
    ],
)  # fmt: skip
def test_the_message_names_the_date_in_english(source: str, target: str, message: str) -> None:
    assert [flag.message for flag in check(source, target)] == [message]


def test_the_spans_are_those_of_the_word_on_each_side() -> None:
    source, target = "وصل يوم الثلاثاء إلى الرباط", "He came to Rabat on Wednesday"
    (flag,) = check(source, target)
    assert flag.source_span is not None
    assert flag.target_span is not None
    assert source[slice(*flag.source_span)] == "الثلاثاء"
    assert target[slice(*flag.target_span)] == "Wednesday"


@pytest.mark.parametrize(("word", "number"), list(zip(ARABIC_MONTHS.split(), NUMBERS, strict=True)))
def test_every_family_of_month_names(word: str, number: int) -> None:
    assert [q.value for q in calendar(f"في 5 {word} 2012", "ar")] == [number]
    assert unmatched(f"في 5 {word} 2012", f"on 5 {MONTHS[number - 1]} 2012") == ((), ())


@pytest.mark.parametrize("text", ["مارس الرياضة", "آب إلى بيته", "تيريزا ماي", "اسمه خميس", "قال أحد الناس"])
def test_what_only_looks_like_a_date_in_arabic(text: str) -> None:
    assert calendar(text, "ar") == []


@pytest.mark.parametrize(
    "text", ["He may march", "May I come?", "The Sunday Times", "August Wilson wrote", "an august day"]
)
def test_what_only_looks_like_a_date_in_english(text: str) -> None:
    assert calendar(text, "en") == []


def test_an_hour_is_a_quantity_and_minutes_are_another() -> None:
    found = quantities("الساعة الثالثة والنصف", "ar")
    assert [(q.value, q.label) for q in found] == [(3, "3:30"), (30, "3:30")]


@steadily
@given(DAYS)
def test_any_hijri_date_agrees_with_itself_and_with_its_gregorian_day(day: date) -> None:
    hijri = Gregorian(day.year, day.month, day.day).to_hijri()
    source = f"في {hijri.day} {hijri.month_name('ar')} {hijri.year} هـ"
    shown = f"on {day.day} {MONTHS[day.month - 1]} {day.year}"
    assert unmatched(source, shown) == ((), ())
    other = day + timedelta(days=200)
    assert unmatched(source, f"on {other.day} {MONTHS[other.month - 1]} {other.year}") != ((), ())


@pytest.mark.parametrize(
    ("unit", "lang"),
    [("1 رمضان 1445 هـ ", "ar"), ("الساعة الثالثة والنصف ", "ar"), ("15/3/2016 ", "ar"), ("1 Ramadan 1445 ", "en"),
     ("May 5 ", "en"), ("12-345-", "en"), ("quarter to ", "en")],
)  # fmt: skip
def test_a_long_text_takes_linear_time(unit: str, lang: str) -> None:
    began = time.process_time()
    quantities(unit * (20_000 // len(unit)), lang)  # type: ignore[arg-type]
    assert time.process_time() - began < 3
