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
    proposals = Proposals()
    for each in RECORDS:
        proposals.add(each, terms)
    assert proposals.csv() == (
        "source,target,note\n"
        'نجيب ساويرس,Naguib Sawiris,"CONFLICT: Naguib Sawiris (2), Nagib Sawiris (1)"\n'
        "بيروت,Beirut,once\n"
    )


def test_the_order_of_the_records_does_not_matter(terms: Terms) -> None:
    told = []
    for records in (RECORDS, RECORDS[::-1]):
        proposals = Proposals()
        for each in records:
            proposals.add(each, terms)
        told.append(proposals.csv())
    assert told[0] == told[1]


def test_a_person_can_accept_it_as_it_is(terms: Terms, tmp_path: Path) -> None:
    proposals = Proposals()
    for each in RECORDS:
        proposals.add(each, terms)
    accepted = tmp_path / "ledger.csv"
    accepted.write_text(proposals.csv(), encoding="utf-8")
    assert {entry.targets for entry in load_ledger(accepted).values()} == {("Naguib Sawiris",), ("Beirut",)}
    again = Proposals()
    again.add(RECORDS[0], load_terms(None, accepted))
    assert again.csv() == "source,target,note\n"  # nothing is left to decide


def test_shards_together_propose_what_the_whole_does(terms: Terms, tmp_path: Path) -> None:
    whole, folders = Proposals(), [tmp_path / "1", tmp_path / "2"]
    for folder, records in zip(folders, (RECORDS[:1], RECORDS[1:]), strict=True):
        folder.mkdir()
        share = Proposals()
        for each in records:
            share.add(each, terms)
            whole.add(each, terms)
        share.save(folder)
    assert Proposals.load(*folders).csv() == whole.csv()
    assert Proposals.load(*folders[::-1]).csv() == whole.csv()
