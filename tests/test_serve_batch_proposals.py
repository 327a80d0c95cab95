from pathlib import Path
from typing import Any

import pytest

from mt.terms import Terms, load_terms
from mt.terms.ledger import load_ledger
from serve.batch.proposals import Proposals


@pytest.fixture(scope="module")
def terms() -> Terms:
    return load_terms()


def record(*pairs: tuple[str, str]) -> dict[str, Any]:
    return {"segments": [{"source": source, "target": target, "reading": None} for source, target in pairs]}


RECORDS = [
    record(("زار نجيب ساويرس بيروت", "Naguib Sawiris visited Beirut."), ("وقال نجيب ساويرس", "Nagib Sawiris said.")),
    record(("التقى بنجيب ساويرس", "He met Naguib Sawiris.")),
    {"error": {"kind": "EmptyInput", "message": "", "where": "a:3"}},
]


def test_each_name_once_with_its_usual_form_and_conflicts_marked(terms: Terms) -> None:
    proposals = Proposals(terms)
    for each in RECORDS:
        proposals.add(each)
    assert proposals.csv() == (
        "source,target,note\n"
        'نجيب ساويرس,Naguib Sawiris,"CONFLICT: Naguib Sawiris (2), Nagib Sawiris (1)"\n'
        "بيروت,Beirut,once\n"
    )


def test_the_order_of_the_records_does_not_matter(terms: Terms) -> None:
    told = []
    for records in (RECORDS, RECORDS[::-1]):
        proposals = Proposals(terms)
        for each in records:
            proposals.add(each)
        told.append(proposals.csv())
    assert told[0] == told[1]


def test_a_person_can_accept_it_as_it_is(terms: Terms, tmp_path: Path) -> None:
    proposals = Proposals(terms)
    for each in RECORDS:
        proposals.add(each)
    accepted = tmp_path / "ledger.csv"
    accepted.write_text(proposals.csv(), encoding="utf-8")
    assert {entry.targets for entry in load_ledger(accepted).values()} == {("Naguib Sawiris",), ("Beirut",)}
    again = Proposals(load_terms(None, accepted))
    again.add(RECORDS[0])
    assert again.csv() == "source,target,note\n"  # nothing is left to decide
