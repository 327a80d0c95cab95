import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mt.normalize import (
    VISIBLE,
    compose,
    fold_presentation_forms,
    normalize,
    remove_invisible,
    remove_tashkeel,
    remove_tatweel,
    replace_surrogates,
    unify_spaces,
)

ARABIC = st.text(
    "ابتهوىيءأٱپیکـ،؛؟.« »\n\r\t\xa0\u2003\u2028\x1c\x85\x00\x07\x7f12٣½…aé"
    "\u064b\u064e\u0651\u0670\u0653\u0654\u0655\u0615\u0301\u0316\u0327"
    "\u200b\u200c\u200d\u200e\u200f\u202b\u2066\u061c\ufeff\ufe0f\xad\ud83d"
    "\ufe76\ufe77\ufefb\ufdf2\ufdfa\ufc5e\ufc5b\ufd3c\ufb58\u0958"
)


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("قَالَ الرَّئِيسُ إنَّ هٰذا", "قال الرئيس إن هذا"),
        ("الـــسلام عليـكم", "السلام عليكم"),
        ("\u202bقال\u202c \u200fالوزير\u200e", "قال الوزير"),
        ("الـ\u200cجزيرة", "الجزيرة"),
        ("ا\u0654حمد ا\u0653خر ا\u0655لى و\u0654 ي\u0654", "أحمد آخر إلى ؤ ئ"),
        ("ا\u064e\u0654حمد ا\u0615\u0654حمد", "أحمد أحمد"),
        ("ﺍﻟﺴﻼﻡ ﷲ", "السلام الله"),
        ("م\ufe76ن\ufe77", "من"),
        ("بِسْمِ ٱللَّهِ", "بسم الله"),
        ("ألف\xa0\u2003 \t طن", "ألف طن"),
        ("قال \u200f نعم", "قال نعم"),
        ("a\x00b\x07", "ab"),
        ("سطر\r\nسطر\u2028سطر", "سطر\nسطر\nسطر"),
        ("½ … ﬁ ２ Café 15% «نعم»؟", "½ … ﬁ ２ Café 15% «نعم»؟"),
        ("إلى أن آمن مؤمن مائة هدى", "إلى أن آمن مؤمن مائة هدى"),
        ("پاریس ڤيينا", "پاریس ڤيينا"),
        ("\ud800قال", "\ufffdقال"),
        ("", ""),
        (" \n\u200f\x00 ", ""),
        ("ـــ", "ـــ"),
        (" \u064e\u200f", "\u064e"),
    ],
)
def test_a_model_sees_plain_news_text(raw: str, clean: str) -> None:
    assert normalize(raw) == clean


@given(ARABIC | st.text())
@settings(derandomize=True, deadline=None, max_examples=300)
def test_normalizing_twice_changes_nothing(text: str) -> None:
    once = normalize(text)
    assert normalize(once) == once


@given(ARABIC | st.text())
@settings(derandomize=True, deadline=None, max_examples=300)
def test_what_can_be_seen_leaves_something_to_see(text: str) -> None:
    assert bool(normalize(text)) == bool(VISIBLE.search(text))


@given(ARABIC)
@settings(derandomize=True, deadline=None)
def test_every_result_can_be_encoded(text: str) -> None:
    assert normalize(text).encode().decode() == normalize(text)


def test_each_step_does_one_thing() -> None:
    text = "ﻻ ـ\u064e\u200f\xa0e\u0301\ud800"
    assert fold_presentation_forms(text) == "لا ـ\u064e\u200f\xa0e\u0301\ud800"
    assert remove_tatweel(text) == "ﻻ \u064e\u200f\xa0e\u0301\ud800"
    assert remove_tashkeel(text) == "ﻻ ـ\u200f\xa0e\u0301\ud800"
    assert remove_invisible(text) == "ﻻ ـ\u064e\xa0e\u0301\ud800"
    assert unify_spaces(text) == "ﻻ ـ\u064e\u200f e\u0301\ud800"
    assert compose(text) == "ﻻ ـ\u064e\u200f\xa0é\ud800"
    assert replace_surrogates(text) == "ﻻ ـ\u064e\u200f\xa0e\u0301\ufffd"


def test_many_marks_on_one_letter_take_no_quadratic_time() -> None:
    start = time.perf_counter()
    assert normalize("e" + "\u0301\u0316" * 100_000).startswith("e\u0301")
    assert time.perf_counter() - start < 2
