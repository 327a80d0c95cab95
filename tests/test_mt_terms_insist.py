"""A lost name is asked for again where it belongs."""

from __future__ import annotations

from pathlib import Path

from mt.document import Source, Term
from mt.terms import Terms, load_terms
from mt.terms.insist import missing, retried

SOURCE = "صدر البيان بعد محادثات في الكرملين حضرها وفد من مصر."


def lost(target: str, terms: Terms, source: str = SOURCE) -> list[str]:
    return [match.surface for match in missing(source, target, terms.find(source))]


def test_what_is_surely_missing_is_named() -> None:
    terms = load_terms()

    assert lost("The statement followed talks in the Kremlin with Egypt.", terms) == []
    assert lost("The statement followed talks in Syria with Egypt.", terms) == ["الكرملين"]
    assert lost("", terms) == []


def test_the_target_goes_on_from_the_word_that_stood_for_the_name() -> None:
    terms = load_terms()
    target = "The statement came after talks in the palace with a delegation from Egypt."
    matches = terms.find(SOURCE)
    (match,) = missing(SOURCE, target, matches)
    told = (Term("الكرملين", "Kremlin", "gazetteer"),)

    again = retried(Source("…", told), target, match, matches)

    assert again == Source("…", told, prefix="The statement came after talks in the Kremlin")


def test_a_target_without_words_begins_with_the_name() -> None:
    matches = load_terms().find(SOURCE)

    assert retried(Source("…"), "12 !", matches[0], matches).prefix == "the Kremlin"


def test_a_required_term_is_insisted_on(tmp_path: Path) -> None:
    glossary = tmp_path / "terms.csv"
    glossary.write_text("source,target,kind\nمحادثات,consultations,required\n", encoding="utf-8")

    assert lost("The statement followed talks in the Kremlin with Egypt.", load_terms(glossary)) == ["محادثات"]
