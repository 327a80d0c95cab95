"""Texts → English for one request: what the routes and the writers of documents ask the service for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Final

from mt.document import Article, DecodingOptions, Translation
from mt.errors import InputTooLong
from mt.segment import segment
from mt.translate import check_article
from serve.admission import Job
from serve.desk import Desk
from serve.settings import Limits

# Letters and digits; a text without them has nothing to translate.
_ARABIC: Final = re.compile(
    r"[\u0620-\u064a\u0660-\u0669\u066e-\u06d3\u06d5\u06ee-\u06ff\u0750-\u077f\u0870-\u08c9\ufb50-\ufdff\ufe70-\ufefc]"
)


@dataclass(slots=True)
class Passages:
    """Translates for one request; `told` is what its answer says in headers."""

    desk: Desk
    job: Job
    alternatives: int = 0
    told: dict[str, str] = field(default_factory=dict)

    def __call__(self, texts: Sequence[str]) -> list[str]:
        """Each text in English; see `hypotheses`."""
        return [best for best, *_ in self.hypotheses(texts)]

    def hypotheses(self, texts: Sequence[str]) -> list[list[str]]:
        """For each text its translation, then up to `alternatives` others, each different.

        Line breaks and indentation stay, and so do lines without Arabic, where others have some.

        Raises:
            InputTooLong: more than the server takes at once.
            And what `Service.translate_lines` raises.
        """
        lines = [line for text in texts for line in text.split("\n")]
        words = list(dict.fromkeys(core for line in lines if _ARABIC.search(core := line.strip())))
        if not words:
            if seen := tuple(line for line in lines if line.strip()):
                check_article(Article(seen))  # in another language it is refused; numbers are what they are
            return [[text] for text in texts]
        _check_size(words, self.desk.settings.limits)
        english = dict(zip(words, self._translated(words), strict=True))
        return [list(dict.fromkeys(_variants(text, english, 1 + self.alternatives))) for text in texts]

    def _translated(self, words: list[str]) -> list[list[str]]:
        service, model = self.desk.service, self.desk.settings.model
        options = DecodingOptions(num_hypotheses=1 + self.alternatives)
        _, translation = service.translate_lines(words, model, options, stop=self.job.stop)
        self.told = {"X-Khulasa-System": _header(translation.system)}
        if notice := service.notice(model):
            self.told["X-Khulasa-Notice"] = _header(notice)
        ways = [_way(translation, number).paragraphs for number in range(1 + self.alternatives)]
        return [list(variants) for variants in zip(*ways, strict=True)]


def _way(translation: Translation, number: int) -> Translation:
    """The translation made of the hypotheses of this rank; where a segment has fewer, of its last."""
    chosen = tuple((found[min(number, len(found) - 1)],) for found in translation.hypotheses)
    return replace(translation, hypotheses=chosen)


def _variants(text: str, english: dict[str, list[str]], count: int) -> Iterator[str]:
    for number in range(count):
        yield "\n".join(
            line.replace(core, english[core][number], 1) if (core := line.strip()) in english else line
            for line in text.split("\n")
        )


def _check_size(texts: Sequence[str], limits: Limits) -> None:
    characters = sum(map(len, texts))
    if characters > limits.characters:
        raise InputTooLong(f"Invalid request: request ({characters:,} characters) exceeds text limit "
                           f"({limits.characters:,}); send it in parts")  # fmt: skip
    counted = (part for text in texts for part in segment(text, None, lambda _: True))
    if next(islice(counted, limits.segments, None), None):
        raise InputTooLong(f"Invalid request: request exceeds text limit ({limits.segments:,} segments); "
                           "send it in parts")  # fmt: skip


def _header(text: str) -> str:
    """The text as a header can hold it."""
    return "".join(c if " " <= c <= "~" else "?" for c in text)
