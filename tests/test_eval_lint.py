"""Dirty outputs are found before they are scored, and mended where that is obvious."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.lines import drift, read_lines
from eval.lint import Finding, lint, lint_file, repair
from mt.errors import UnsupportedFormat

SOUND = ["The minister's car stopped.", "“Nobody came,” he said; why?", "B&B rooms cost 3.5 dinars…", "It is 10:30."]


def only(findings: Sequence[Finding]) -> Finding:
    (finding,) = findings
    return finding


def test_a_sound_output_has_no_findings() -> None:
    assert lint(SOUND, [SOUND]) == ()
    assert lint(SOUND) == ()
    assert repair(SOUND, lint(SOUND)) is None


@pytest.mark.parametrize(
    ("kind", "dirty", "clean"),
    [
        ("entity", "It&#39;s &quot;late&quot; &amp; dark", 'It\'s "late" & dark'),
        ("entity", "twice &amp;#39;quoted&amp;#39;", "twice 'quoted'"),
        ("entity", "a line&#10;stays a line", "a line stays a line"),
        ("mojibake", "The cafÃ© of Ã‡elik isnâ€™t open", "The café of Çelik isn’t open"),
        ("mojibake", "Cairo (Ø§Ù„Ù‚Ø§Ù‡Ø±Ø©) is large", "Cairo (القاهرة) is large"),
        ("separator", "one\u2028two\x85three\rfour", "one two three four"),
        ("special_token", "eng_Latn The end</s> <pad>", "The end"),
        ("special_token", "▁The ▁min is ter ▁came .", "The minister came."),
        ("special_token", "The min@@ ister came.", "The minister came."),
        ("special_token", "The sign ▁ stands for a space in the pieces of a word", "The sign stands for a space in the "
         "pieces of a word"),
        ("tokenized", 'He said , " do n\'t go ( yet ) ! "', 'He said, "don\'t go (yet)!"'),
        ("tokenized", "a ten @-@ year @-@ old 's toy .", "a ten-year-old's toy."),
    ],
)  # fmt: skip
def test_what_is_found_is_mended(kind: str, dirty: str, clean: str) -> None:
    finding = next(finding for finding in lint([*SOUND, dirty]) if finding.kind == kind)
    assert (finding.count, finding.lines) == (1, (5,))
    assert finding.repaired == (*SOUND, clean)


def test_several_things_are_mended_at_once_but_each_finding_mends_one() -> None:
    lines = ["Il dit&nbsp;: &#39;cafÃ©&#39;", "nothing here</s>"]
    found = lint(lines, [["Il dit : 'café'", "Nothing here"]])
    assert [(finding.kind, finding.lines) for finding in found] == [
        ("mojibake", (1,)), ("entity", (1,)), ("special_token", (2,)),
    ]  # fmt: skip
    assert found[1].repaired == ("Il dit\xa0: 'cafÃ©'", "nothing here</s>")
    assert repair(lines, found) == ("Il dit\xa0: 'café'", "nothing here")


@pytest.mark.parametrize(
    ("kind", "line", "reference"),
    [
        ("entity", "Write &amp;lt; for &lt;", "In HTML, &lt; is a less-than"),
        ("tokenized", "the cat , the dog .", "a cat , a dog ."),
        ("lowercased", "the cat", "a cat"),
        ("arabic", "The word كتاب means book", "كتاب is the word for book"),
        ("empty", "", ""),
    ],
)
def test_what_the_reference_has_too_is_no_finding(kind: str, line: str, reference: str) -> None:
    assert kind in [finding.kind for finding in lint([line], [["A cat."]])]
    assert kind not in [finding.kind for finding in lint([line], [["A cat."], [reference]])]


def test_what_no_program_can_mend_has_no_repair() -> None:
    lines = ["", "It cost 5 \ufffd.", "The وزير came."]
    found = lint(lines, [["A line.", "It cost 5 €.", "The minister came."]])
    assert [(finding.kind, finding.lines, finding.repaired) for finding in found] == [
        ("empty", (1,), None), ("replacement", (2,), None), ("arabic", (3,), None),
    ]  # fmt: skip
    lowercased = only(lint([line.lower() for line in SOUND], [SOUND]))
    assert (lowercased.kind, lowercased.count, lowercased.repaired) == ("lowercased", 4, None)


def test_a_slip_is_no_habit() -> None:
    lines = [*SOUND * 10, "One slip ."]
    assert lint(lines) == ()
    assert only(lint(lines + lines[-1:] * 2)).lines == (41, 42, 43)


def test_bytes_that_reading_takes_away_are_told(tmp_path: Path) -> None:
    path = tmp_path / "hypotheses.en"
    path.write_bytes("\ufeffThe first.\r\nThe second.\r\nThe third.\n".encode())
    bom, crlf = lint_file(path, [["The first.", "The second.", "The third."]])
    assert (bom.kind, bom.lines) == ("bom", (1,))
    assert (crlf.kind, crlf.count, crlf.lines) == ("crlf", 2, (1, 2))
    assert read_lines(path) == ("The first.", "The second.", "The third.")
    path.write_bytes(b"good\nb\xe9d\n")
    with pytest.raises(UnsupportedFormat, match=r"is not UTF-8: .* in line 2 \(byte 6\); convert it"):
        lint_file(path)


REFERENCE = [f"Line {number} tells of the {word} in the {place}." for number, (word, place) in enumerate(
    (word, place) for word in ("port", "storm", "vote", "match", "strike", "book") for place in
    ("capital", "mountains", "desert", "harbor", "stadium", "parliament", "market"))]  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "place"),
    [
        (REFERENCE[:20] + REFERENCE[21:], 21),
        (REFERENCE[:5] + REFERENCE[8:], 6),
        ([*REFERENCE[:30], "An extra line.", *REFERENCE[30:]], 31),
        (REFERENCE[1:], 1),
        (REFERENCE[:-2], 41),
        (REFERENCE[:10] + REFERENCE[11:30] + REFERENCE[31:], 11),
    ],
)
def test_the_first_place_where_lines_drift_is_found(lines: list[str], place: int) -> None:
    finding = lint(lines, [REFERENCE])[0]
    assert (finding.kind, finding.count, finding.lines) == ("line_count", abs(len(lines) - 42), (place,))
    assert (
        f"{len(lines)} lines for 42 segments of the reference; they drift apart near line {place};" in finding.message
    )


def test_no_place_is_guessed() -> None:
    assert drift(["ab cd", "ef gh"], ["ij kl", "mn op", "qr st"]) is None
    assert drift([], ["a"]) is None
    assert lint(["ab cd"], [["ij kl", "mn op"]])[0].message.startswith("1 lines for 2 segments of the reference; noth")


@settings(derandomize=True, deadline=None, max_examples=200)
@given(
    st.lists(st.text(st.characters(codec="utf-8") | st.sampled_from("&#39;▁@ \u2028Ã©.,'\""), max_size=30), max_size=6)
)
def test_mending_keeps_the_number_of_lines_and_leaves_sound_ones_alone(lines: list[str]) -> None:
    found = lint(lines)
    mended = repair(lines, found)
    touched = {number for finding in found if finding.repaired is not None for number in finding.lines}
    if mended is None:
        assert not touched
        return
    assert len(mended) == len(lines)
    for number, (before, after) in enumerate(zip(lines, mended, strict=True), 1):
        assert number in touched or before == after


def test_the_dirty_ones_of_seven_published_outputs_are_found(data: Path) -> None:
    reference = read_lines(data / "dev" / "flores-dev.en")
    found = {path.stem: lint_file(path, [reference]) for path in sorted((data / "dev" / "systems").glob("*.en"))}
    assert {name: [(finding.kind, finding.count) for finding in row] for name, row in found.items() if row} == {
        "argos": [("entity", 36)], "google": [("entity", 162)], "opusmt": [("entity", 24)],
    }  # fmt: skip
    mended = repair(read_lines(data / "dev" / "systems" / "google.en"), found["google"])
    assert mended is not None
    assert not any("&" in line and ";" in line for line in mended)


@pytest.mark.parametrize("lost", [(100,), (0,), (500, 501, 502), (10, 700)])
def test_the_drift_of_a_real_output_is_found(data: Path, lost: tuple[int, ...]) -> None:
    reference = read_lines(data / "dev" / "flores-dev.en")
    lines = [line for index, line in enumerate(read_lines(data / "dev" / "systems" / "argos.en")) if index not in lost]
    place = drift(lines, reference)
    assert place is not None
    assert abs(place - 1 - lost[0]) <= 1
