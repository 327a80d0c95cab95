"""Slips: found where they are, read as they were meant, and nowhere else."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mt.typos import Slip, as_written, corrected, flag, slips

CLEAN = [
    "أعلنت وزارة الخارجية أن الرئيس سيزور العاصمة يوم الثلاثاء لبحث التعاون الاقتصادي بين البلدين",
    "قال المتحدث باسم الحكومة إن أسعار الوقود ارتفعت بنسبة كبيرة خلال الأشهر الماضية بسبب الحرب",
    "التقى سيرغي لافروف نظيره المغربي ناصر بوريطة في موسكو وبحثا معه تطورات الملف الليبي",
    "يتوقع خبراء الأرصاد هطول أمطار غزيرة على المناطق الشمالية والساحلية في نهاية الأسبوع",
    "أكدت المحكمة براءة المتهمين لعدم كفاية الأدلة وأمرت بالإفراج عنهم فوراً",
    "وصل اللاعب فلاديمير كوزنيتسوف إلى نادي ليفربول الإنجليزي قادماً من زينيت سانت بطرسبرغ",
]


@pytest.mark.parametrize(
    ("text", "written", "read"),
    [
        ("التعاون بين البلدينن كما", "البلدينن", "البلدين"),  # a letter twice at the end
        ("وجاء في البيان االذي نشر", "االذي", "الذي"),  # a rare "word" that people do write by mistake
        ("ترشيد استخدام الموارد الطبيعة، والتعاون", "الطبيعة", "الطبيعية"),  # a real word in the wrong place
        ("بدأت المفاوضت في العاصمة", "المفاوضت", "المفاوضات"),  # a letter lost
        ("قررت الحكومة تاجيل الانتخابات البرلمناية", "البرلمناية", "البرلمانية"),  # two in the wrong order
        ("ذهب التلاميذ فيالصباح إلى المدرسة", "فيالصباح", "في الصباح"),  # no space
        ("تُظهرالصورة رجلاً", "تُظهرالصورة", "تظهر الصورة"),  # and with vowel signs
    ],
)
def test_a_slip_is_found_and_read_as_it_was_meant(text: str, written: str, read: str) -> None:
    start = text.index(written)

    assert slips(text) == (Slip((start, start + len(written)), written, read),)
    assert corrected(text, slips(text)) == text.replace(written, read)


@pytest.mark.parametrize("text", CLEAN)
def test_clean_news_has_none(text: str) -> None:
    assert slips(text) == ()


def test_a_name_is_no_slip() -> None:
    text = "قال البرلمناية اليوم"

    assert slips(text)
    assert slips(text, [(4, 14)]) == ()


def test_two_unknown_words_in_a_row_are_a_foreign_name() -> None:
    assert slips("البرلمناية كوزنتيسوفا") == ()


def test_most_doubled_letters_are_found() -> None:
    draw = random.Random(3)
    found = tried = 0
    for text in CLEAN:
        words = text.split()
        for place, word in enumerate(words):
            if len(word) > 5:
                at = draw.randrange(1, len(word))
                slipped = " ".join([*words[:place], word[:at] + word[at - 1] + word[at:], *words[place + 1 :]])
                tried += 1
                found += corrected(slipped, slips(slipped)) == text
    assert tried > 30
    assert found / tried > 0.6


def test_a_place_in_the_corrected_text_is_found_in_the_text() -> None:
    text = "تُظهرالصورة أن البلدينن وقعا 3 اتفاقات"
    found = slips(text)
    fixed = corrected(text, found)

    def origin(piece: str) -> str:
        start = fixed.index(piece)
        return text[slice(*as_written((start, start + len(piece)), found))]

    assert len(found) == 2
    assert origin("3") == "3"
    assert origin("وقعا 3 اتفاقات") == "وقعا 3 اتفاقات"
    assert origin("الصورة") == "تُظهرالصورة"
    assert origin("البلدين") == "البلدينن"
    assert origin("أن البلدين وقعا") == "أن البلدينن وقعا"
    assert origin(fixed) == text


def test_the_reader_is_told_which_way_it_was_read() -> None:
    slip = Slip((15, 20), "االذي", "الذي")

    taken, left = flag(slip, taken=True), flag(slip, taken=False)

    assert (taken.kind, taken.severity, taken.source_span) == ("typo", "info", (15, 20))
    assert taken.message == "The source says «االذي», probably a slip for «الذي»: the translation takes it so."
    assert left.message.endswith("the translation takes it as it stands.")


@given(st.text(alphabet="ابتذرلمنويةىأّ َaB 12،.\n", max_size=80))
@settings(derandomize=True, deadline=None)
def test_any_text_keeps_all_but_its_slips(text: str) -> None:
    found = slips(text)

    assert all(text[slice(*slip.span)] == slip.written for slip in found)
    assert [slip.span[0] for slip in found] == sorted(slip.span[0] for slip in found)
    assert corrected(text, ()) == text
