from pathlib import Path

import pytest

from mt.checks.renderings import Rendering, renderings
from mt.terms import Terms, load_terms


@pytest.fixture(scope="module")
def terms() -> Terms:
    return load_terms()


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        ("زار نجيب ساويرس بيروت", "Naguib Sawiris visited Beirut.",
         [("نجيب ساويرس", "Naguib Sawiris"), ("بيروت", "Beirut")]),
        ("التقى الرئيس فلاديمير بوتين", "President Vladimir Putin met them.", [("فلاديمير بوتين", "Vladimir Putin")]),
        ("قال ستيف جوبز ذلك", "That is Steve Jobs's word.", [("ستيف جوبز", "Steve Jobs")]),
        ("زار فلاديمير بوتين المدينة", "Putin visited the city.", []),  # not in full: nothing to learn
        ("وصل بيتر إلى أوكلاند", "He arrived there.", []),
        ("أعلنت مصر ذلك", "Egypt announced it.", []),  # what nobody disputes is no name to agree on
    ],
)  # fmt: skip
def test_what_a_name_is_called(terms: Terms, source: str, target: str, expected: list[tuple[str, str]]) -> None:
    assert list(renderings(source, target, terms.find(source))) == [Rendering(*pair) for pair in expected]


def test_what_the_user_has_decided_is_not_proposed_again(tmp_path: Path) -> None:
    ledger = tmp_path / "names.csv"
    ledger.write_text("source,target\nفلاديمير بوتين,Vladimir Poutine\n", encoding="utf-8")
    source, target = "زار فلاديمير بوتين بيروت", "Vladimir Putin visited Beirut."
    assert list(renderings(source, target, load_terms(None, ledger).find(source))) == [("بيروت", "Beirut")]
