import time
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mt.document import Segment
from mt.normalize import VISIBLE
from mt.segment import halves, segment

MIXED = st.text(
    "اب دوقل.،؛؟!:-–—\"'«»()“”12٣ab,;\n\r\t\u2028\u200f\u202c\u200d\u064e\u0651\u0301…ـ\ud83d👩", max_size=80
)
HOSTILE = MIXED | st.text()


def texts(paragraph: str, fits: Callable[[str], bool] = lambda _: True) -> list[str]:
    return [piece.text for piece in segment(paragraph, 0, fits)]


def short(limit: int) -> Callable[[str], bool]:
    return lambda text: len(text) <= limit


def joined(segments: list[Segment]) -> str:
    return "".join(piece.text + piece.separator for piece in segments)


@given(HOSTILE, st.integers(0, 30))
@settings(derandomize=True, deadline=None, max_examples=200)
def test_joined_segments_are_the_paragraph(paragraph: str, limit: int) -> None:
    assert joined(segment(paragraph, 3, short(limit))) == paragraph


@given(HOSTILE, st.integers(0, 30))
@settings(derandomize=True, deadline=None, max_examples=200)
def test_every_text_can_be_seen_and_is_stripped(paragraph: str, limit: int) -> None:
    segments = segment(paragraph, None, short(limit))
    if VISIBLE.search(paragraph):
        assert all(VISIBLE.search(piece.text) for piece in segments)
        assert all(piece.text == piece.text.strip() for piece in segments[1:])
        assert segments[0].text == segments[0].text.rstrip()
        assert all("\n" not in piece.text for piece in segments[1:])
    else:
        assert segments == ([Segment("", paragraph)] if paragraph else [])


@given(HOSTILE.map(str.strip), st.integers(1, 30))
@settings(derandomize=True, deadline=None, max_examples=200)
def test_what_does_not_fit_is_one_letter_with_its_marks(paragraph: str, limit: int) -> None:
    for text in texts(paragraph, short(limit))[1:]:
        assert len(text) <= limit or halves(text) == (text, "", "")


@given(HOSTILE)
@settings(derandomize=True, deadline=None, max_examples=200)
def test_halves_joined_are_the_text_and_can_both_be_seen(text: str) -> None:
    left, separator, right = halves(text)
    assert left + separator + right == text
    assert not separator.strip()
    assert right == "" or (VISIBLE.search(left) and VISIBLE.search(right))
    assert not right or unicodedata.category(right[0])[0] != "M" or separator or len(text) > 64


def test_segments_carry_their_paragraph() -> None:
    assert segment("ذهب. عاد.\nنام.", 7, short(99)) == [
        Segment("ذهب.", " ", 7),
        Segment("عاد.", "\n", 7),
        Segment("نام.", "", 7),
    ]


def test_white_space_around_a_paragraph_is_kept() -> None:
    assert segment(" \n قال. عاد \t", None, short(99)) == [Segment(" \n قال.", " "), Segment("عاد", " \t")]


@pytest.mark.parametrize(
    ("paragraph", "expected"),
    [
        ("قال د. أحمد علي. وعاد م. حسن.", ["قال د. أحمد علي.", "وعاد م. حسن."]),
        ("حضر أ.د. محمد سالم. ثم خرج.", ["حضر أ.د. محمد سالم.", "ثم خرج."]),
        ("رئيس ج. م. ع. زار روما. وعاد.", ["رئيس ج. م. ع. زار روما.", "وعاد."]),
        ("الكاتب جون ف. كينيدي و George W. Bush هنا. نعم.", ["الكاتب جون ف. كينيدي و George W. Bush هنا.", "نعم."]),
        ("نشرته وكالة أ.ف.ب. أمس. وأضافت.", ["نشرته وكالة أ.ف.ب. أمس.", "وأضافت."]),
        ("طوله 20 س. وانتهى.", ["طوله 20 س.", "وانتهى."]),
        ("في عام 1445 هـ. وكان", ["في عام 1445 هـ.", "وكان"]),
        ("سنة 500 ق.م. وكان. ثم", ["سنة 500 ق.م. وكان.", "ثم"]),
        ("1. أولا هذا.\n2. ثانيا ذاك.", ["1. أولا هذا.", "2. ثانيا ذاك."]),
        ("٣. ثالثا هذا. ثم", ["٣. ثالثا هذا.", "ثم"]),
        ("بلغ النمو 3.5 في المئة. وزاد 1,000.", ["بلغ النمو 3.5 في المئة.", "وزاد 1,000."]),
        ("هل عاد؟\u200f نعم!\u202c وقال.", ["هل عاد؟\u200f", "نعم!\u202c", "وقال."]),
        ("قال «نعم.» ثم خرج.", ["قال «نعم.»", "ثم خرج."]),
        ('قال: "نعم." ثم خرج.', ['قال: "نعم."', "ثم خرج."]),
        ('ذهب."نعم" قال', ["ذهب.", '"نعم" قال']),
        ("هل جاء؟» وقال", ["هل جاء؟»", "وقال"]),
        ("... قال نعم", ["... قال نعم"]),
        ("قال نعم. . .", ["قال نعم. . ."]),
        ("أول\r\nثان\u2028ثالث\n\n***\n\u200f\nرابع", ["أول", "ثان", "ثالث", "***", "رابع"]),
        ("نصف\ud800 هنا. نعم", ["نصف\ud800 هنا.", "نعم"]),
        ("***", ["***"]),
    ],
)
def test_sentences(paragraph: str, expected: list[str]) -> None:
    assert texts(paragraph) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("قال الوزير إن العمل؛ وهو كثير، قد بدأ", ("قال الوزير إن العمل؛", " ", "وهو كثير، قد بدأ")),
        ("قال الوزير إن العمل بدأ، وهو كثير جدا", ("قال الوزير إن العمل بدأ،", " ", "وهو كثير جدا")),
        ('جاء في البيان المشترك:"أن روسيا الاتحادية', ("جاء في البيان المشترك:", "", '"أن روسيا الاتحادية')),
        ("بلغت قيمة العقد 1,000,000 دولار أمريكي", ("بلغت قيمة العقد", " ", "1,000,000 دولار أمريكي")),
        ("وصل الفريق إلى روما - وهي العاصمة", ("وصل الفريق إلى روما -", " ", "وهي العاصمة")),
        ("التقى وزير الدولة والأمين العام هناك", ("التقى وزير الدولة", " ", "والأمين العام هناك")),
        ("التقى الرئيس وزير الخارجية", ("التقى الرئيس", " ", "وزير الخارجية")),
        ("قال الأستاذ د. أحمد علي", ("قال الأستاذ", " ", "د. أحمد علي")),
        ("كلمةطويلة", ("كلمة", "", "طويلة")),
        ("أ https://example.org/abcdefghijk", ("أ", " ", "https://example.org/abcdefghijk")),
        ("ب\u064e\u0651ت", ("ب\u064e\u0651", "", "ت")),
        ("ب\u064e\u0651\u0670", ("ب\u064e\u0651\u0670", "", "")),
        ("ذهب.» ثم عاد", ("ذهب.»", " ", "ثم عاد")),
        ("أ", ("أ", "", "")),
        ("", ("", "", "")),
        ("\u200f \u200f", ("\u200f \u200f", "", "")),
        ("أ\u200f ", ("أ\u200f ", "", "")),
    ],
)
def test_halves_cut_at_the_best_place_near_the_middle(text: str, expected: tuple[str, str, str]) -> None:
    assert halves(text) == expected


def test_only_what_does_not_fit_is_cut() -> None:
    paragraph = "قصيرة. " + "كلمة، " * 20 + "نهاية."
    pieces = texts(paragraph, short(70))
    assert pieces[0] == "قصيرة."
    assert [len(piece) for piece in pieces[1:]] == [65, 60]
    assert pieces[1].endswith("،")


def test_it_ends_when_nothing_ever_fits() -> None:
    assert texts("كَتب نعم", lambda _: False) == ["كَ", "ت", "ب", "ن", "ع", "م"]


@pytest.mark.parametrize("text", ["كلمة. " * 50_000, "كلمة " * 60_000, "ك" * 200_000, ". " * 100_000, "د. " * 60_000,
                                  "\u064e" * 100_000, "ك\n" * 60_000, "ك.\u200f" * 60_000, " " * 200_000 + "ك",
                                  "ك" + "\u200f" * 200_000])  # fmt: skip
def test_time_is_not_quadratic(text: str) -> None:
    start = time.perf_counter()
    counted = 0

    def fits(piece: str) -> bool:
        nonlocal counted
        counted += len(piece)
        return len(piece) <= 1000

    assert joined(segment(text, 0, fits)) == text
    assert time.perf_counter() - start < 5
    assert counted < 8 * len(text)
