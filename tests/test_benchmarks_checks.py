"""benchmarks/checks: the written pairs are well-formed, breaking breaks one thing and always the same, scores count."""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from pathlib import Path
from typing import get_args

import pytest

from benchmarks.checks import breaking, score
from mt.document import Flag, FlagKind

PAIRS = score.read_pairs()

# how, a sentence, what it must become
BROKEN = [
    ("digit", "The ministry counted 412 cases.", r"The ministry counted (?!412)(?:[1-9]12|4[1-9]2|41[1-9]) cases\."),
    ("zeros", "Some 9,000 people came.", r"Some (?:90,000|900) people came\."),
    ("scale", "It cost 3.5 million euros.", r"It cost 3\.5 (?:thousand|billion|trillion) euros\."),
    ("spelled", "Seven boats sank.", r"(?:Two|Three|Four|Five|Six|Eight|Nine) boats sank\."),
    ("ordinal", "He came in third.", r"He came in (?:four|fif|six|seven|eigh|nin|ten)th\."),
    ("ordinal", "It was his 25th win.", r"It was his 2[46-9]th win\."),
    ("fraction", "About a third of them left.", r"About (?:half|a quarter|a fifth) of them left\."),
    ("unit", "They walked 12 km home.", r"They walked 12 miles home\."),
    ("unit", "A 28-year-old nurse won.", r"A 28-month-old nurse won\."),
    ("unit", "Ten Miles on, 2.4 Ghz.", r"Ten Kilometers on, 2\.4 Ghz\.|Ten Miles on, 2\.4 Mhz\."),
    ("unit", "He paid $40 for it.", r"He paid €40 for it\."),
    ("percent", "Prices rose 4 percent.", r"Prices rose 4\."),
    ("dropped", "They freed 36 miners.", r"They freed miners\."),
    ("dropped", "In 1998, the mine closed.", r"The mine closed\."),
    ("year", "It closed in 1998 after a fire.", r"It closed in (?:1988|199[5679]|200[01]|2008) after a fire\."),
    ("day", "She died on 12 June.", r"She died on (?!12 )\d\d? June\."),
    ("month", "She died on 12 June.", r"She died on 12 (?!June)[A-Z][a-z]+\."),
    ("weekday", "They met on Tuesday.", r"They met on (?:Sun|Mon|Wednes|Thurs|Fri|Satur)day\."),
    ("time", "It began at 9:30 am.", r"It began at (?:10|11|12):30 am\."),
    ("country", "Rain fell in Kenya and Peru.", r"Rain fell in (?:Kenya and (?!Peru)|(?!Kenya)\w[\w ]+ and Peru).*"),
    ("nationality", "A Finnish team won.", r"A (?!Finnish)[A-Z][\w ]+ team won\."),
    ("city", "She lives in Oslo now.", r"She lives in (?!Oslo)[A-Z][\w ]+ now\."),
    ("place", "Snow fell across Siberia.", r"Snow fell across (?!Siberia)[A-Z][\w ]+\."),
    ("region", "He moved to Texas.", r"He moved to (?!Texas)[A-Z]\w+\."),
    ("organisation", "It was UNICEF that called.", r"It was (?!UNICEF)[A-Z][\w ]+ that called\."),
    ("person", "It was Mr Duran who called.", r"It was Mr (?!Duran)[A-Z]\w+ who called\."),
    ("added", "The road was closed.", r"The road was not closed\."),
    ("removed", "The road is not open.", r"The road is open\."),
    ("removed", "They didn't agree.", r"They did agree\."),
    ("head", "After a long and cold night, the miners came up.", r"The miners came up\."),
    ("middle", "The bridge, built by hand in one summer, fell today.", r"The bridge, fell today\."),
    ("tail", "The miners came up, after a long and cold night.", r"The miners came up\."),
    ("sentence", "The old bridge fell. No one knows why.", r"(?:The old bridge fell|No one knows why)\."),
]
SAMPLE = " ".join(reference for _, reference, _ in BROKEN)


def ways(reference: str) -> dict[str, str]:
    return {case.how: case.target for case in breaking.break_pair(1, "", reference)}


def test_pairs_are_complete_and_unique() -> None:
    assert len({pair.id for pair in PAIRS}) == len({pair.source for pair in PAIRS}) == len(PAIRS) >= 300
    assert len({pair.target for pair in PAIRS}) == len(PAIRS)
    for pair in PAIRS:
        assert pair.id.startswith(f"{pair.kind}-")
        assert re.search("[\u0621-\u064a]", pair.source), pair.id
        assert all((pair.target, pair.what, pair.notation)), pair.id
        assert set(pair.expected) <= set(get_args(FlagKind)), pair.id
        assert pair.expected[:1] == ((pair.kind,) if pair.wrong else ()), pair.id


def test_only_pairs_of_leftovers_have_arabic_in_the_target() -> None:
    assert {pair.kind for pair in PAIRS if re.search("[\u0600-\u06ff]", pair.target)} == {"untranslated"}


def test_pairs_hold_both_classes_of_every_kind_and_notation() -> None:
    kinds = Counter((pair.kind, pair.wrong) for pair in PAIRS)
    assert {kind for kind, _ in kinds} == {
        "number", "name", "negation", "attribution", "wording", "omission", "addition", "repetition", "untranslated",
    }  # fmt: skip
    assert min(kinds.values()) >= 3
    assert kinds["number", True] + kinds["number", False] >= 200
    assert sum(not pair.wrong for pair in PAIRS) >= 0.45 * len(PAIRS)
    notations = {(pair.notation, pair.wrong) for pair in PAIRS if pair.kind == "number"}
    assert len(notations) == 2 * len({notation for notation, _ in notations}) == 50


@pytest.mark.parametrize(("how", "reference", "expected"), BROKEN)
def test_one_thing_becomes_wrong(how: str, reference: str, expected: str) -> None:
    assert re.fullmatch(expected, ways(reference)[how])


def test_every_way_is_tried_here() -> None:
    assert {how for how, _, _ in BROKEN} == {how for breakers in breaking.BREAKERS.values() for how in breakers}


@pytest.mark.parametrize(
    "reference",
    ["An F-16 of the A1GP hit COVID-19 wards.", "They may march to the sea.", "No one saw it at first.", "One of us."],
)
def test_names_verbs_and_pronouns_hold_no_value(reference: str) -> None:
    assert ways(reference).keys().isdisjoint(breaking.BREAKERS["number"])


@pytest.mark.parametrize("seed", range(20))
def test_every_target_is_changed_and_the_seed_decides(seed: int) -> None:
    cases = list(breaking.break_pair(7, "نص", SAMPLE, seed))
    assert cases == list(breaking.break_pair(7, "نص", SAMPLE, seed))
    assert all(case.target != SAMPLE and case.line == 7 and case.source == "نص" for case in cases)
    assert [case.target for case in cases] != [case.target for case in breaking.break_pair(7, "نص", SAMPLE, seed + 1)]


def test_no_half_bracket_and_no_cut_number_is_left() -> None:
    targets = ways("The dam (built in 1950 by hand), which holds 24,000,000 litres of water, is to be rebuilt at last.")
    cuts = [targets[how] for how in ("head", "middle", "tail") if how in targets]
    assert cuts
    assert all(cut.count("(") == cut.count(")") and ("24,000,000" in cut or "litres" not in cut) for cut in cuts)


def test_breaking_prints_lines_of_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "flores-dev.ar").write_text("مات اثنان.\nنزل المطر.\n", encoding="utf-8")
    (tmp_path / "flores-dev.en").write_text("Two died.\nRain fell.\n", encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["breaking.py", "--data", str(tmp_path)])
    breaking.main()
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert (first["line"], first["kind"], first["how"], first["source"]) == (1, "number", "spelled", "مات اثنان.")
    assert (second["how"], second["target"]) == ("dropped", "Died.")


def test_missing_data_is_said(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"no flores-dev\.ar in .*--data"):
        breaking.load_pairs(str(tmp_path))


def fake_checker(source: str, target: str) -> list[Flag]:
    """A flag for each kind that the target names; an info where it says hint."""
    kinds = [kind for kind in get_args(FlagKind) if kind in target]
    return [Flag(kind, "info" if "hint" in target else "error", "said") for kind in kinds]


def pair(number: int, target: str, wrong: bool) -> score.Pair:
    return score.Pair(f"number-{number}", "number", "digits", "٥", target, wrong, ("number",) if wrong else (), "five")


def test_pairs_are_counted() -> None:
    pairs = [
        pair(1, "number", True), pair(2, "hint of a number", True), pair(3, "name", True),
        pair(4, "nothing", False), pair(5, "omission", False), pair(6, "number", False), pair(7, "hint, name", False),
    ]  # fmt: skip
    scores, examples = score.score_pairs(pairs, fake_checker)
    numbers = score.PairScore("number", wrong=3, found=1, right=4, alarms=2, own=1, strays=0)
    assert numbers in scores
    assert (numbers.recall, numbers.precision) == (1 / 3, 1 / 3)
    assert {count.kind: count.strays for count in scores} == {"number": 0, "name": 1, "omission": 1}
    assert [example.title.split()[:2] for example in examples] == [
        ["missed", "number-2"], ["missed", "number-3"], ["false", "number-5"], ["false", "number-6"],
    ]  # fmt: skip


def test_broken_and_untouched_are_counted_by_halves() -> None:
    cases = [
        breaking.Broken(500, "name", "city", "", "a term"),
        breaking.Broken(501, "name", "city", "", "number"),
        breaking.Broken(502, "name", "person", "", "name"),
    ]
    shares, missed = score.score_broken(cases, fake_checker)
    assert score.Share("broken", "name", "city", "1-500", 1, 1) in shares
    assert score.Share("broken", "name", "city", "501-997", 0, 1) in shares
    assert score.Share("broken", "name", "all", "501-997", 1, 2) in shares
    assert [example.title for example in missed] == ["missed line 501"]
    lines = [("", "fine")] * 500 + [("", "number and name"), ("", "hint of a name")]
    shares, false = score.score_untouched(lines, ["number", "negation"], fake_checker)
    assert [(share.kind, share.lines, share.flagged, share.total) for share in shares] == [
        ("name", "1-500", 0, 500), ("name", "501-997", 1, 2),
        ("negation", "1-500", 0, 500), ("negation", "501-997", 0, 2),
        ("number", "1-500", 0, 500), ("number", "501-997", 1, 2),
        ("any", "1-500", 0, 500), ("any", "501-997", 1, 2),
    ]  # fmt: skip
    assert [example.title for example in false] == ["false line 501"]


def test_score_runs_on_three_pairs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = score.PAIRS.read_text(encoding="utf-8").splitlines()
    chosen = [row for row in rows if json.loads(row)["id"] in ("number-001", "number-006", "number-009")]
    (tmp_path / "pairs.jsonl").write_text("\n".join(chosen), encoding="utf-8")
    arguments = ["--parts", "pairs", "--pairs", str(tmp_path / "pairs.jsonl"), "--json", str(tmp_path / "scores.json")]
    monkeypatch.setattr(sys, "argv", ["score.py", *arguments, "--show"])
    monkeypatch.setattr(score, "flags", lambda source, target: [Flag("number", "error", "said")] * ("5,000" in target))
    score.main()
    (counts,) = json.loads((tmp_path / "scores.json").read_text(encoding="utf-8"))["pairs"]
    assert (counts["wrong"], counts["found"], counts["right"], counts["alarms"]) == (2, 1, 1, 0)
    assert (counts["recall"], counts["precision"]) == (0.5, 1.0)
    printed = capsys.readouterr().out
    assert "missed number-009 (digits): the number 36 was dropped" in printed
    assert "number-006" not in printed


def test_flags_are_the_product_s_own() -> None:
    assert "number" in score.serious(score.flags("وصل 500 جندي إلى المدينة.", "Some 5,000 soldiers reached the city."))
