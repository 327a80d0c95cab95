"""Digests that several test files show: a small one with everything in it, and one made of a hostile text."""

from __future__ import annotations

from datetime import UTC, datetime

from mt.document import Article, Flag, Hypothesis, Segment, Translation
from serve.service import Digest
from summarize.base import Summary, SummarySentence

MADE = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
HOSTILE = (
    '<script>alert(1)</script> "><img src=//evil.test onerror=alert(1)> </style></title> ]]> <!-- {{7*7}} {% x %} '
    "&lt; \u202etxt\u2069\u2069 \x00\x1b[0m \ud800 `a` *b* _c_ ~~d~~ [e](http://evil.test) ![f](//evil.test/g) "
    "https://evil.test www.evil.test <https://evil.test>"
)

SMALL = Digest(
    translation=Translation(
        article=Article(
            ("قتل 3 في عمان. نفى الوزير.", "سطر\nثان."), title="خبر", id="r-7", warnings=("A table fell out.",)
        ),
        segments=(
            Segment("خبر"),
            Segment("قتل 3 في عمان.", " ", 0),
            Segment("نفى الوزير.", "", 0),
            Segment("سطر\nثان.", "", 1),
        ),
        hypotheses=(
            (Hypothesis("News"),),
            (Hypothesis("Five were killed in عمان."), Hypothesis("5 killed."), Hypothesis("Five dead.")),
            (Hypothesis("The minister denied."),),
            (Hypothesis(""),),
        ),
        flags=(
            (),
            (
                Flag("number", "warning", "The source says 3.", (4, 5), (0, 4)),
                Flag("untranslated", "error", "Left in Arabic.", None, (20, 24)),
            ),
            (),
            (Flag("omission", "error", "Nothing was translated.", (0, 8), (0, 0)),),
        ),
        system="ar-en-x@1|ct2|int8|beam:4|v:0",
        warnings=("A table fell out.",),
    ),
    summary=Summary(
        "abstract",
        (
            SummarySentence("Five died.", (1,)),
            SummarySentence("The minister denied.", (2, 0), replaced="He lied.", reason="nothing is like it"),
            SummarySentence("Rain fell.", (), supported=False, reason="it has a name too many"),
        ),
        "bart@2|ct2",
    ),
    seconds={"translate": 1.25},
    notice="Draft by x.",
)


def made_of(text: str) -> Digest:
    """A digest in which every string is `text`."""
    flags = (
        Flag("number", "error", text, (0, 9), (3, 12)),
        Flag("name", "info", text, (5, len(text)), (0, len(text))),
        Flag("typo", "warning", text),
    )
    translation = Translation(
        article=Article((text, text), title=text, id=text),
        segments=(Segment(text), Segment(text, " ", 0), Segment(text, "\n", 0), Segment(text, "", 1)),
        hypotheses=((Hypothesis(text), Hypothesis(text)),) * 4,
        flags=(flags, flags, (), flags),
        system=text,
        warnings=(text, text),
    )
    sentences = (
        SummarySentence(text, (0, 3)),
        SummarySentence(text, (), supported=False, replaced=text, reason=text),
    )
    return Digest(translation, Summary("abstract", sentences, text), {text: 1.0}, notice=text)
