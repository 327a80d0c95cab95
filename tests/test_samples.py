import re
from pathlib import Path

import pytest
from sentencex import segment

SAMPLES = Path(__file__).resolve().parents[1] / "samples"
NAMES = ["economy", "politics", "science"]
ASCII_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩٫٬", "0123456789.,")
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


def blocks(name: str) -> list[str]:
    """Headline and paragraphs."""
    return (SAMPLES / name).read_text(encoding="utf-8").rstrip("\n").split("\n\n")


def numbers(text: str) -> set[str]:
    """Numbers written in digits of either script, thousands not separated."""
    return {number.replace(",", "") for number in NUMBER.findall(text.translate(ASCII_DIGITS))}


def test_every_article_has_its_reference_and_summary() -> None:
    kinds = ["ar", "en", "summary"]
    assert sorted(path.name for path in SAMPLES.glob("*.txt")) == [f"{n}.{kind}.txt" for n in NAMES for kind in kinds]


@pytest.mark.parametrize("name", NAMES)
def test_an_article_is_a_headline_and_as_many_paragraphs_as_its_reference(name: str) -> None:
    article, reference = blocks(f"{name}.ar.txt"), blocks(f"{name}.en.txt")
    assert len(article) == len(reference)
    assert 5 <= len(article) - 1 <= 8
    assert all(block == block.strip() and "\n" not in block for block in article + reference)
    assert not any(headline.endswith(".") for headline in (article[0], reference[0]))


@pytest.mark.parametrize("name", NAMES)
def test_articles_are_as_long_as_news_and_in_one_script(name: str) -> None:
    body = " ".join(blocks(f"{name}.ar.txt")[1:])
    assert 150 <= len(body.split()) <= 400
    assert not re.search("[A-Za-z]", body)
    assert not re.search("[\u0600-\u06ff]", " ".join(blocks(f"{name}.en.txt") + blocks(f"{name}.summary.txt")))


@pytest.mark.parametrize("name", NAMES)
def test_references_keep_every_number_of_every_paragraph(name: str) -> None:
    pairs = list(zip(blocks(f"{name}.ar.txt"), blocks(f"{name}.en.txt"), strict=True))
    assert sum(len(numbers(source)) for source, _ in pairs) >= 3
    for source, reference in pairs:
        assert numbers(source) <= numbers(reference), source


@pytest.mark.parametrize("name", NAMES)
def test_summaries_are_two_or_three_sentences_without_numbers_of_their_own(name: str) -> None:
    (summary,) = blocks(f"{name}.summary.txt")
    assert 2 <= len([*segment("en", summary)]) <= 3
    assert numbers(summary) <= numbers(" ".join(blocks(f"{name}.en.txt")))


def test_the_economy_article_is_written_in_arabic_indic_digits() -> None:
    economy = "\n\n".join(blocks("economy.ar.txt"))
    assert not re.search("[0-9]", economy)
    assert {"1.2", "18.5", "214.5", "2027"} <= numbers(economy)
