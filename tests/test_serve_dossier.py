"""What a person sees of an article."""

from __future__ import annotations

import io
from dataclasses import replace

from rich.console import Console

from mt.document import Article, Flag, Hypothesis, Segment, Translation
from serve.dossier import print_digest, print_translation, translation_json
from serve.service import Digest
from summarize.base import Summary, SummarySentence

FLAG = Flag("untranslated", "error", "These words were left in Arabic.", None, (4, 8))
TRANSLATION = Translation(
    article=Article(("أ. ب.", "ج."), title="ع", warnings=("Left out: tables.",)),
    segments=(Segment("ع"), Segment("أ.", " ", 0), Segment("ب.", "", 0), Segment("ج.", "", 1)),
    hypotheses=tuple((Hypothesis(text, -0.5),) for text in ("Title", "One.", "The نقطة [bold]two[/bold].", "Three.")),
    flags=((), (), (FLAG,), ()),
    system="ar-en-x@1|ct2|int8|beam:4",
    warnings=("Left out: tables.",),
)


def printed(**options: object) -> str:
    console = Console(file=io.StringIO(), width=60, highlight=False, markup=False, **options)  # type: ignore[arg-type]
    summary = Summary("extract", (SummarySentence("Three.", (3,)),), "lead|k:1")
    print_digest(Digest(TRANSLATION, summary, {"translate": 1.25}, "Draft by x: it may be wrong."), console)
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def test_a_digest_is_laid_out_for_reading() -> None:
    assert printed() == (
        "⚠ Draft by x: it may be wrong.\n"
        "⚠ Left out: tables.\n"
        "\n"
        "Title\n"
        "\n"
        "Summary (sentences taken from the translation)\n"
        "• Three.  [4]\n"
        "\n"
        "Translation\n"
        "\n"
        "[2] One. [3] The نقطة [bold]two[/bold].\n"
        "  ⚠ [3] These words were left in Arabic.\n"
        "\n"
        "[4] Three.\n"
        "\n"
        "ar-en-x@1|ct2|int8|beam:4\n"
        "lead|k:1\n"
        "translate 1.2 s\n"
    )


def test_a_summary_says_what_is_doubted_in_what_it_rests_on() -> None:
    noted = Flag("typo", "info", "A slip.")
    translation = replace(TRANSLATION, flags=((), (noted,), (FLAG,), ()))
    sentences = SummarySentence("One.", (1,)), SummarySentence("All.", (1, 2, 3))
    console = Console(file=io.StringIO(), width=60, highlight=False, markup=False)
    print_digest(Digest(translation, Summary("extract", sentences, "lead|k:2")), console)
    summary = console.file.getvalue().partition("Translation\n")[0]  # type: ignore[attr-defined]
    assert summary.endswith("• One.  [2]\n• All.  [2, 3, 4]\n  ⚠ See what is doubted in [3]\n\n")


def test_what_a_flag_points_at_is_colored_in_a_terminal() -> None:
    assert "The \x1b[1;31mنقطة\x1b[0m [bold]two[/bold]." in printed(force_terminal=True, color_system="standard")


def test_a_translation_alone() -> None:
    console = Console(file=io.StringIO(), width=60, highlight=False, markup=False)
    print_translation(TRANSLATION, console, None)
    assert console.file.getvalue().startswith("⚠ Left out: tables.\n\nTitle\n\nOne. The نقطة")  # type: ignore[attr-defined]


def test_flags_keep_their_spans_in_json() -> None:
    answer = translation_json(TRANSLATION, None)
    assert answer["segments"][2]["flags"] == [
        {"kind": "untranslated", "severity": "error", "message": "These words were left in Arabic.",
         "source_span": None, "target_span": [4, 8]}
    ]  # fmt: skip
    assert answer["warnings"] == ["Left out: tables."]
    assert answer["translation"] == "One. The نقطة [bold]two[/bold].\n\nThree."
