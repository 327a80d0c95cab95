"""What several test files share: the option --require-data, a fake engine, and real models made small."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from mt.document import DecodingOptions, Hypothesis, Source
from mt.errors import DecodingError
from mt.registry import Limits, ModelSpec

# Before anything imports huggingface_hub: no test asks a network, or draws a bar.
os.environ.update(HF_HUB_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1", HF_HUB_DISABLE_PROGRESS_BARS="1")

Rule = Callable[[str, DecodingOptions], Sequence[Hypothesis]]

PARALLEL = {  # what the tiny model's two vocabularies are trained on
    "أعلنت الحكومة اليوم خطة جديدة لدعم التعليم في المدارس": "The government announced a new plan for schools today",
    "قال الوزير إن المشروع سيبدأ في شهر مايو المقبل": "The minister said the project would begin next May",
    "وصل الرئيس إلى العاصمة مساء الأحد للقاء الوفد": "The president arrived in the capital on Sunday evening",
    "ارتفعت أسعار النفط بنسبة 3 في المئة خلال الأسبوع": "Oil prices rose by 3 percent during the week",
    "نفى المتحدث باسم الجيش وقوع أي خسائر في صفوفه": "The army spokesman denied any losses in its ranks",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--require-data", action="store_true", help="fail, not skip, where KHULASA_DATA is not there")


@pytest.fixture(scope="session")
def data(request: pytest.FixtureRequest) -> Path:
    """The folder of the data sets, KHULASA_DATA."""
    named = os.environ.get("KHULASA_DATA", "")
    if not named or not Path(named).is_dir():
        give_up = pytest.fail if request.config.getoption("--require-data") else pytest.skip
        give_up(f"KHULASA_DATA is {named!r}; expected the folder of the data sets")
    return Path(named)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty directory in the place of the user's cache of models."""
    home = tmp_path / "cache"
    monkeypatch.setenv("KHULASA_CACHE", str(home))
    return home


class FakeEngine:
    """Answers by a rule; a token is a word. `calls` holds what it was asked for, with which options.

    A rule that is to see the terms or the prefix of a source looks at `sources`, the last ones asked for.
    """

    takes_terms = False
    takes_prefix = False
    signature = "ar-en-fake@1|fake|float32"

    def __init__(self, rule: Rule, limit: int = 240) -> None:
        self.rule, self.calls = rule, list[tuple[list[str], DecodingOptions]]()
        self.spec = ModelSpec(
            name="fake", tasks=("translate",), backend="ct2", architecture="marian", licence="ours", commercial=True,
            languages={"ar": "ar", "en": "en"}, quality="draft", limits=Limits(limit, 240),
            decoding=DecodingOptions(beam_size=4),
        )  # fmt: skip

    def count_tokens(self, source: Source) -> int:
        return len(source.text.split())

    def generate(
        self, sources: Sequence[Source], options: DecodingOptions
    ) -> Iterator[tuple[int, tuple[Hypothesis, ...]]]:
        self.calls.append(([source.text for source in sources], options))
        self.sources = list(sources)
        limit = self.spec.limits.source_tokens
        options = options.over(self.spec.decoding)
        options = options.over(DecodingOptions(max_decoding_length=self.spec.limits.target_tokens))
        for index, source in enumerate(sources):
            if self.count_tokens(source) > limit:
                raise DecodingError(f"source {index} has {self.count_tokens(source)} tokens, fake takes {limit}")
            yield index, tuple(self.rule(source.text, options)) if source.text.strip() else (Hypothesis(""),)


def numbered(text: str, options: DecodingOptions) -> list[Hypothesis]:
    """Hypotheses that say what they are made of, as long as the options allow, each less likely than the last."""
    words = [f"w{len(word)}{'abcdefghijklmnop'[i % 16]}" for i, word in enumerate(text.split())]
    longest = options.max_decoding_length or len(words) + 1
    target, complete = " ".join(words[:longest]), len(words) < longest
    return [Hypothesis(f"{target} {i}" if i else target, -0.1 - i, complete) for i in range(options.num_hypotheses)]


@pytest.fixture(scope="session")
def fake_engine() -> Callable[..., FakeEngine]:
    """Builds a fake engine: `fake_engine()`, or with a rule, a dictionary, a `limit` of words."""

    def build(rule: Rule | dict[str, str] = numbered, limit: int = 240) -> FakeEngine:
        if isinstance(rule, dict):
            return FakeEngine(lambda text, options: [Hypothesis(rule[text], -0.1)], limit)
        return FakeEngine(rule, limit)

    return build


@pytest.fixture(scope="session")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Builds a small hub repository by its name, once: `repository("nllb")`; see tiny_models.REPOSITORIES."""
    pytest.importorskip("torch", reason="needs the extra hub")
    pytest.importorskip("transformers", reason="needs the extra hub")
    from tiny_models import build_repository

    return functools.cache(lambda name: build_repository(name, tmp_path_factory.mktemp("hub") / name))


@pytest.fixture(scope="session")
def tiny_marian_transformers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Marian model of two layers with seeded random weights, as the hub has them; it speaks gibberish."""
    torch = pytest.importorskip("torch", reason="needs the extra hub")
    transformers = pytest.importorskip("transformers", reason="needs the extra hub")
    directory = tmp_path_factory.mktemp("marian")
    vocabulary = _write_vocabularies(directory)
    pad = len(vocabulary) - 1
    torch.set_num_threads(1)
    torch.manual_seed(5)
    model = transformers.MarianMTModel(
        transformers.MarianConfig(
            vocab_size=len(vocabulary), d_model=32, max_position_embeddings=512, init_std=0.2,
            encoder_layers=2, encoder_attention_heads=4, encoder_ffn_dim=64,
            decoder_layers=2, decoder_attention_heads=4, decoder_ffn_dim=64,
            pad_token_id=pad, decoder_start_token_id=pad, eos_token_id=0, forced_eos_token_id=0, bos_token_id=0,
            scale_embedding=True, activation_function="swish",
            tie_word_embeddings=False,  # tied, an untrained model says what it said last
        )
    )  # fmt: skip
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if ".layers." in name and weight.ndim == 2:
                weight *= 8  # the words count for more than the positions
        model.final_logits_bias[0, 0] = 2.0  # it comes to an end sooner or later
    model.generation_config.update(bad_words_ids=[[pad]], max_length=512)
    model.save_pretrained(directory)
    transformers.MarianTokenizer(
        *(str(directory / name) for name in ("source.spm", "target.spm", "vocab.json")),
        source_lang="ar",
        target_lang="en",
    ).save_pretrained(directory)
    return directory


@pytest.fixture(scope="session")
def tiny_marian(tiny_marian_transformers: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same model converted to CTranslate2, its SentencePiece models beside it."""
    from ctranslate2.converters import TransformersConverter

    directory = tmp_path_factory.mktemp("converted") / "tiny"
    copied = ["source.spm", "target.spm"]
    TransformersConverter(str(tiny_marian_transformers), copy_files=copied).convert(str(directory))
    return directory


def _write_vocabularies(directory: Path) -> list[str]:
    """Write source.spm, target.spm and vocab.json; the joint vocabulary as Marian has it."""
    from sentencepiece import SentencePieceProcessor, SentencePieceTrainer

    pieces: dict[str, None] = {}
    for name, lines in (("source", list(PARALLEL)), ("target", list(PARALLEL.values()))):
        with (directory / f"{name}.spm").open("wb") as file:
            SentencePieceTrainer.train(
                sentence_iterator=iter(lines), model_writer=file, vocab_size=90, hard_vocab_limit=False,
                num_threads=1, minloglevel=2,
            )  # fmt: skip
        model = SentencePieceProcessor(model_file=str(directory / f"{name}.spm"))
        known = (i for i in range(len(model)) if not model.is_control(i) and not model.is_unknown(i))
        pieces |= dict.fromkeys(model.id_to_piece(i) for i in known)
    vocabulary = ["</s>", "<unk>", *pieces, "<pad>"]
    text = json.dumps({piece: number for number, piece in enumerate(vocabulary)}, ensure_ascii=False)
    (directory / "vocab.json").write_text(text, encoding="utf-8")
    return vocabulary
