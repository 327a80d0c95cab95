"""The metrics as modules of Hugging Face's `evaluate`, which need no hub: `compute`, `add_batch`, `evaluate.combine`.

::

    from eval.modules import Bleu, Rouge
    Bleu().compute(predictions=["A cat sat."], references=["The cat sat."])
    evaluate.combine([Bleu(), Rouge()]).compute(predictions=..., references=...)

References are a text a segment, or a list of as many texts for each. A value comes under the metric's own name, so
that none is lost where modules are combined, and its signature beside it. Import this only where `evaluate` is
wanted: it loads pandas and pyarrow and makes a directory below HF_HOME.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import datasets
import evaluate

from eval.metrics import score
from mt.errors import EmptyInput, LengthMismatch

_TEXT = datasets.Value("string")


class _Module(evaluate.Metric):  # type: ignore[misc]  # evaluate has no types
    metrics: ClassVar[tuple[str, ...]]

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"keep_in_memory": True, **options})  # else it writes files below HF_HOME

    def _info(self) -> evaluate.MetricInfo:
        single = datasets.Features({"predictions": _TEXT, "references": _TEXT})
        several = datasets.Features({"predictions": _TEXT, "references": datasets.Sequence(_TEXT)})
        return evaluate.MetricInfo(
            description=f"{', '.join(self.metrics)} as khulasa-eval counts them, 0 to 100.",
            citation="",
            inputs_description="predictions: texts; references: a text, or as many texts, for each.",
            features=[several, single],
        )

    def compute(self, **inputs: Any) -> dict[str, Any] | None:
        """The values and their signatures; raises EmptyInput, LengthMismatch, before evaluate looks at anything."""
        predictions, references = inputs.get("predictions"), inputs.get("references")
        if predictions is not None and references is not None and len(predictions) != len(references):
            raise LengthMismatch(f"there are {len(predictions)} predictions and {len(references)} references; "
                                 "expected as many")  # fmt: skip
        if predictions is not None and not len(predictions):
            raise EmptyInput("there are no predictions to score; expected one for each segment")
        computed: dict[str, Any] | None = super().compute(**inputs)
        return computed

    def _compute(
        self, predictions: Sequence[str], references: Sequence[Any], resamples: int = 0, stemmer: bool = False
    ) -> dict[str, Any]:
        rows = [[row] if isinstance(row, str) else row for row in references]
        if len({len(row) for row in rows}) > 1:
            raise LengthMismatch("the segments have different numbers of references; expected as many for each")
        sides = list(zip(*rows, strict=True))
        told: dict[str, Any] = {}
        for found in score(predictions, sides, self.metrics, resamples=resamples, stemmer=stemmer):
            told |= {found.name: found.value, f"{found.name}_signature": found.signature}
            if found.interval:
                told[f"{found.name}_interval"] = list(found.interval)
        return told


class Bleu(_Module):
    """BLEU, as sacrebleu counts it."""

    metrics = ("bleu",)


class Chrf(_Module):
    """The F-score of character n-grams, as sacrebleu counts it."""

    metrics = ("chrf",)


class ChrfPlusPlus(_Module):
    """The F-score of character n-grams and of words and pairs of them, as sacrebleu counts it."""

    metrics = ("chrf++",)


class Ter(_Module):
    """Translation edit rate, as sacrebleu counts it: lower is better."""

    metrics = ("ter",)


class Rouge(_Module):
    """ROUGE-1, ROUGE-2, ROUGE-L and ROUGE-Lsum as rouge_score counts them, plain means."""

    metrics = ("rouge1", "rouge2", "rougeL", "rougeLsum")
