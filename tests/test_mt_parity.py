"""Both backends on the same tiny random model of every architecture: what one writes, the other writes.

The seeds stand here, chosen before the first run.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import pytest
from conftest import PARALLEL, FakeEngine
from tiny_models import build_repository

from mt.convert import convert
from mt.ct2 import CTranslate2Engine
from mt.document import Article, DecodingOptions, Hypothesis, Source
from mt.engine import Placement
from mt.hf import TransformersEngine
from mt.registry import Architecture, Limits, ModelSpec
from mt.segment import segment
from mt.store import StoredModel
from mt.translate import translate

LANGUAGES: dict[str, tuple[str, str]] = {
    "m2m100": ("__ar__", "__en__"), "nllb": ("arb_Arab", "eng_Latn"), "mbart": ("ar_AR", "en_XX"),
}  # fmt: skip
TRANSLATORS = ["marian", "marian-separate", "m2m100", "nllb", "mbart"]
SUMMARIZERS = ["bart", "pegasus", "t5", "flan", "mt5"]  # flan: a T5 whose output matrix is its own
SEED, COUNT, LONGEST = 7, 200, 16
GREEDY = DecodingOptions(
    beam_size=1,
    length_penalty=1.0,
    no_repeat_ngram_size=0,
    min_decoding_length=1,
    max_decoding_length=LONGEST,
    plain=True,
)
BEAM = replace(GREEDY, beam_size=4)


def lines(task: str) -> list[str]:
    """Lines of two to six words, of the language that the task reads."""
    chance = random.Random(SEED)
    texts = PARALLEL if task == "translate" else PARALLEL.values()
    words = sorted({word for text in texts for word in text.split()})
    return [" ".join(chance.choices(words, k=chance.randint(2, 6))) for _ in range(COUNT)]


@dataclass
class Pair:
    """One model in both backends."""

    ct2: CTranslate2Engine
    hf: TransformersEngine
    texts: list[str]
    directory: Path  # of the conversion

    @property
    def sources(self) -> list[Source]:
        return [Source(text) for text in self.texts]


def spec_of(architecture: str) -> ModelSpec:
    task = "translate" if architecture in TRANSLATORS else "summarize"
    family = "t5" if architecture == "flan" else architecture.split("-")[0]
    ar, en = LANGUAGES.get(architecture, ("ar", "en"))
    return ModelSpec(
        name=architecture, tasks=(task,), backend="ct2", architecture=cast(Architecture, family),
        licence="ours", commercial=True, languages={"ar": ar, "en": en}, quality="draft", limits=Limits(120, 120),
        prefix="summarize: " if family == "t5" else None,
    )  # fmt: skip


@pytest.fixture(scope="module", params=TRANSLATORS + SUMMARIZERS)
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Pair:
    spec = spec_of(request.param)
    directory = build_repository(request.param, tmp_path_factory.mktemp(request.param))
    target = tmp_path_factory.mktemp("converted")
    convert(directory, target, spec, "float32")
    placement = Placement("cpu", "default", 1)
    ct2 = CTranslate2Engine(StoredModel(spec, target, "1"), placement)
    hf = TransformersEngine(StoredModel(spec, directory, "1"), placement)
    return Pair(ct2, hf, lines(spec.tasks[0]), target)


def generate(engine: Any, sources: Sequence[Source], options: DecodingOptions) -> list[tuple[Hypothesis, ...]]:
    found = dict(engine.generate(sources, options))
    return [found[index] for index in range(len(sources))]


def bests(found: Sequence[tuple[Hypothesis, ...]]) -> list[Hypothesis]:
    return [hypotheses[0] for hypotheses in found]


def test_greedy_output_is_the_same_on_every_line(pair: Pair) -> None:
    ours, theirs = (generate(engine, pair.sources, GREEDY) for engine in (pair.ct2, pair.hf))
    assert [best.text for best in bests(ours)] == [best.text for best in bests(theirs)]
    assert [best.complete for best in bests(ours)] == [best.complete for best in bests(theirs)]
    assert [best.score for best in bests(ours)] == pytest.approx([best.score for best in bests(theirs)], abs=1e-3)
    # What was compared is not two hundred times the same.
    assert len({best.text for best in bests(ours)}) > COUNT / 2
    assert COUNT / 4 < sum(best.complete for best in bests(ours)) < COUNT


def test_both_count_the_same_tokens(pair: Pair) -> None:
    assert [pair.ct2.count_tokens(source) for source in pair.sources] == [
        pair.hf.count_tokens(source) for source in pair.sources
    ]


def vocabulary(pair: Pair) -> list[str]:
    """The tokens of the target by their numbers, which are those of transformers."""
    directory = pair.directory
    path = directory / "target_vocabulary.json"
    path = path if path.is_file() else directory / "shared_vocabulary.json"
    names: list[str] = json.loads(path.read_text(encoding="utf-8"))
    return names


def best_of_ct2(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The tokens of each line's best translation by CTranslate2, what it must begin with included."""
    monkeypatch.setattr(pair.ct2._tokenizer, "decode", " ".join)
    prefix = list(pair.ct2._tokenizer.target_prefix)
    return [[*prefix, *best.text.split(" ")] for best in bests(generate(pair.ct2, pair.sources, BEAM))]


def best_of_hf(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The same by transformers."""
    monkeypatch.setattr(pair.hf, "_text", lambda ids: " ".join(map(str, ids)))
    names, end = vocabulary(pair), pair.ct2._tokenizer.end
    found = []
    for best in bests(generate(pair.hf, pair.sources, BEAM)):
        tokens = [
            names[int(number)] for number in best.text.split(" ")[1:] if int(number) < len(names)
        ]  # pad is no more
        found.append(tokens[: tokens.index(end) + 1] if end in tokens else tokens)
    return found


def means_by_ct2(pair: Pair, targets: list[list[str]]) -> list[float]:
    """The mean log-probability of each target's tokens, without what it must begin with."""
    sources = [pair.ct2._tokenizer.encode(source) for source in pair.sources]
    skipped, end = len(pair.ct2._tokenizer.target_prefix), pair.ct2._tokenizer.end
    bare = [target[:-1] if target[-1] == end else target for target in targets]
    results = pair.ct2._model.score_batch(sources, bare, max_batch_size=64, max_input_length=0)
    means = []
    for target, result in zip(targets, results, strict=True):
        assert len(result.log_probs) >= len(target)
        written = result.log_probs[skipped : len(target)]
        means.append(sum(written) / len(written))
    return means


def means_by_torch(pair: Pair, targets: list[list[str]], shortest: int = 0) -> list[float]:
    """The same by transformers; with `shortest`, by the odds where no end is allowed among so many tokens."""
    import torch
    from torch.nn.utils.rnn import pad_sequence

    model, skipped = pair.hf._model, len(pair.ct2._tokenizer.target_prefix)
    numbers = {token: number for number, token in enumerate(vocabulary(pair))}
    sources = [torch.tensor(pair.hf._ids(source.text)) for source in pair.sources]
    inputs = pad_sequence(sources, batch_first=True)
    mask = pad_sequence([torch.ones_like(ids) for ids in sources], batch_first=True)
    ids = pad_sequence([torch.tensor([numbers[token] for token in target]) for target in targets], batch_first=True)
    shifted = torch.cat([torch.full((len(ids), 1), model.config.decoder_start_token_id), ids[:, :-1]], dim=1)
    with torch.inference_mode():
        logits = model(input_ids=inputs, attention_mask=mask, decoder_input_ids=shifted).logits
        logits[..., len(numbers) :] = -torch.inf  # Marian's <pad>, which CTranslate2 does not have
        logits[:, :shortest, numbers[pair.ct2._tokenizer.end]] = -torch.inf
    chosen = logits.log_softmax(-1).gather(-1, ids[..., None])[..., 0]
    return [float(row[skipped : len(target)].mean()) for row, target in zip(chosen, targets, strict=True)]


def test_beam_search_finds_the_same_and_each_scores_the_others_alike(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = best_of_ct2(pair, monkeypatch), best_of_hf(pair, monkeypatch)
    same = sum(a == b for a, b in zip(ours, theirs, strict=True))
    assert same >= 0.95 * COUNT
    for targets in (ours, theirs):
        assert means_by_ct2(pair, targets) == pytest.approx(means_by_torch(pair, targets), abs=1e-3)


def test_the_score_is_the_mean_over_what_was_written(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    scores = [best.score for best in bests(generate(pair.ct2, pair.sources, BEAM))]
    assert scores == pytest.approx(means_by_torch(pair, best_of_ct2(pair, monkeypatch), shortest=1), abs=1e-3)


def test_n_best_come_in_order_and_begin_with_the_best(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pair.ct2._tokenizer, "decode", " ".join)
    extra = len(pair.ct2._tokenizer.target_prefix)
    several = generate(pair.ct2, pair.sources[:40], replace(BEAM, num_hypotheses=4))
    assert [found[:1] for found in several] == generate(pair.ct2, pair.sources[:40], BEAM)
    for found in several:
        lengths = [len(hypothesis.text.split(" ")) for hypothesis in found]
        ranks = [
            (hypothesis.score or 0) * length / (length + extra)
            for hypothesis, length in zip(found, lengths, strict=True)
        ]
        assert len({hypothesis.text for hypothesis in found}) == 4
        assert ranks == sorted(ranks, reverse=True)


@pytest.mark.parametrize("options", [GREEDY, BEAM], ids=["greedy", "beam"])
def test_the_company_in_a_batch_changes_nothing(pair: Pair, options: DecodingOptions) -> None:
    together = generate(pair.ct2, pair.sources, options)
    alone = [generate(pair.ct2, [source], options)[0] for source in pair.sources]
    assert [found[0].text for found in together] == [found[0].text for found in alone]
    assert [found[0].score for found in together] == pytest.approx([found[0].score for found in alone], abs=1e-4)


@pytest.mark.parametrize("architecture", ["nllb", "m2m100"])
def test_a_model_that_drops_sentences_is_given_one_at_a_time(
    fake_engine: Callable[..., FakeEngine], architecture: str
) -> None:
    engine = fake_engine()
    engine.spec = spec_of(architecture)
    paragraphs = (
        "قال الوزير إن المشروع سيبدأ في مايو. وأضاف أن كلفته كبيرة! هل يوافق البرلمان؟ لا أحد يعرف.",
        "وصل الرئيس.\nغادر الوفد. انتهى الاجتماع",
    )
    translate([Article(paragraphs, title="خطة جديدة. وجدل قديم")], engine, DecodingOptions())
    sent = [source for call, _ in engine.calls for source in call]
    assert len(sent) == 9
    assert all(len(segment(source, 0, lambda piece: True)) == 1 for source in sent)
