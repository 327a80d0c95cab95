"""The ONNX Runtime backend on a tiny Gemma: its graph against numpy, its cache against whole texts, and the engine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mt import ort
from mt.document import DecodingOptions, Hypothesis, Source, Term
from mt.engine import Placement
from mt.errors import ConfigError, DecodingError, ModelCorrupt
from mt.gemma import Shape, save_gemma
from mt.ort import OnnxRuntimeEngine
from mt.registry import Limits, load_registry
from mt.store import StoredModel

SHAPE = Shape(layers=3, heads=2, head_dim=16, positions=96, global_every=2)
WIDTH, FFN = 32, 48
SPECIAL = ["<pad>", "<eos>", "<bos>", "<unk>", "<unused0>", "<unused3>"]
LETTERS = ["▁", *"abcdefghijklmnopqrstuvwxyz.=;0123456789", *"ابتثجحخدذرزسشصضطظعغفقكلمنهويةى"]
VOCABULARY = SPECIAL + LETTERS
BARRED = np.array([token >= "ا" or (token in SPECIAL and token != "<eos>") for token in VOCABULARY])
LIMITS = Limits(source_tokens=40, target_tokens=30)
LINES = [
    "قال الوزير",
    "نفى الجيش خسائر كبيرة في الحرب",
    "خبر",
    "",
    "في مايو 2026 ارتفعت الأسعار",
    "ب",
    "وصل الرئيس امس",
    "  ",
]
GREEDY = DecodingOptions(beam_size=1)


@pytest.fixture(scope="module")
def weights() -> dict[str, np.ndarray]:
    """Seeded random weights."""
    random, weights = np.random.default_rng(11), {}
    sizes = {
        "self_attn.q_proj": (SHAPE.heads * 16, WIDTH), "self_attn.k_proj": (16, WIDTH), "self_attn.v_proj": (16, WIDTH),
        "self_attn.o_proj": (WIDTH, SHAPE.heads * 16), "mlp.gate_proj": (FFN, WIDTH), "mlp.up_proj": (FFN, WIDTH),
        "mlp.down_proj": (WIDTH, FFN), "self_attn.q_norm": (16,), "self_attn.k_norm": (16,),
        **{f"{place}_layernorm": (WIDTH,) for place in (
            "input", "post_attention", "pre_feedforward", "post_feedforward")},
    }  # fmt: skip
    named = {f"model.layers.{layer}.{name}": size for layer in range(SHAPE.layers) for name, size in sizes.items()}
    named |= {"model.norm": (WIDTH,), "model.embed_tokens": (len(VOCABULARY), WIDTH)}
    for name, size in named.items():
        weights[name] = random.normal(scale=0.3, size=size).astype(np.float32)
        if ".post_" in name:
            weights[name] += 4  # what the layers say counts for more than the last token, which the model would repeat
    return weights


@pytest.fixture(scope="module")
def directory(weights: dict[str, np.ndarray], tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers

    path = tmp_path_factory.mktemp("tiny")
    save_gemma(path, SHAPE, weights.__getitem__, BARRED)
    (path / "vocabulary.json").write_text(json.dumps(VOCABULARY), encoding="utf-8")
    tokenizer = Tokenizer(models.BPE({token: i for i, token in enumerate(VOCABULARY)}, [], unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.Fuse()])
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in SPECIAL])
    tokenizer.save(str(path / "tokenizer.json"))
    return path


def load(directory: Path, placement: Placement = Placement("cpu", threads=2)) -> OnnxRuntimeEngine:
    spec = replace(load_registry().spec("embedded"), name="tiny", limits=LIMITS)
    return OnnxRuntimeEngine(StoredModel(spec, directory, "1"), placement)


@pytest.fixture(scope="module")
def engine(directory: Path) -> OnnxRuntimeEngine:
    return load(directory)


def generate(engine: OnnxRuntimeEngine, texts: list[str], options: DecodingOptions = GREEDY) -> list[Hypothesis]:
    found = dict(engine.generate([Source(text) for text in texts], options))
    return [found[i][0] for i in range(len(texts))]


# --- the graph


class Reference:
    """The logits after each token of a text: Gemma 3 (arXiv 2503.19786) in float64, with the same int8."""

    def __init__(self, weights: dict[str, np.ndarray]) -> None:
        self.weights = weights

    def logits(self, tokens: list[int]) -> np.ndarray:
        embeddings = self.weights["model.embed_tokens"]
        step = np.abs(embeddings).max(axis=1, keepdims=True) / 127
        hidden = (np.rint(embeddings / step) * step)[tokens] * WIDTH**0.5
        for number in range(SHAPE.layers):
            layer = f"model.layers.{number}."
            attended = self.attention(self.norm(hidden, layer + "input_layernorm"), layer + "self_attn.", number)
            hidden = hidden + self.norm(attended, layer + "post_attention_layernorm")
            x = self.norm(hidden, layer + "pre_feedforward_layernorm")
            gate, up = self.linear(x, layer + "mlp.gate_proj"), self.linear(x, layer + "mlp.up_proj")
            gelu = gate / 2 * (1 + np.tanh((2 / np.pi) ** 0.5 * (gate + 0.044715 * gate**3)))
            fed = self.linear(gelu * up, layer + "mlp.down_proj")
            hidden = hidden + self.norm(fed, layer + "post_feedforward_layernorm")
        return self.linear(self.norm(hidden, "model.norm"), "model.embed_tokens")

    def norm(self, x: np.ndarray, name: str) -> np.ndarray:
        return x / np.sqrt((x**2).mean(axis=-1, keepdims=True) + 1e-6) * (1 + self.weights[name])

    def linear(self, x: np.ndarray, name: str) -> np.ndarray:
        matrix = self.weights[name]
        step = np.abs(matrix).max(axis=1, keepdims=True) / 127
        size = np.abs(x).max(axis=1, keepdims=True) / 127
        return np.rint(x / size) @ np.rint(matrix / step).T * size * step.T

    def attention(self, x: np.ndarray, name: str, number: int) -> np.ndarray:
        length, dim = len(x), SHAPE.head_dim
        base = SHAPE.rope_local if number % 2 == 0 else SHAPE.rope_global
        key = self.rotated(self.norm(self.linear(x, name + "k_proj"), name + "k_norm"), base)
        value, queries = self.linear(x, name + "v_proj"), self.linear(x, name + "q_proj").reshape(length, -1, dim)
        mixed = []
        for head in range(SHAPE.heads):
            query = self.rotated(self.norm(queries[:, head], name + "q_norm"), base)
            scores = np.where(np.tri(length, dtype=bool), query @ key.T / dim**0.5, -np.inf)
            shares = np.exp(scores - scores.max(axis=1, keepdims=True))
            mixed.append(shares / shares.sum(axis=1, keepdims=True) @ value)
        return self.linear(np.concatenate(mixed, axis=1), name + "o_proj")

    @staticmethod
    def rotated(x: np.ndarray, base: float) -> np.ndarray:
        half = x.shape[1] // 2
        turn = np.exp(1j * np.arange(len(x))[:, None] * base ** (-np.arange(half) / half))
        turned = (x[:, :half] + 1j * x[:, half:]) * turn
        return np.concatenate([turned.real, turned.imag], axis=1)


def assert_close(ours: np.ndarray, expected: np.ndarray) -> None:
    """Equal, but for the few values that float32 rounds to the other side, and the 1 in 127 that this is."""
    assert np.abs(ours - expected)[:, ~BARRED].mean() < 0.02
    assert np.abs(ours - expected)[:, ~BARRED].max() < 0.3
    assert expected.std() > 1
    assert (ours[:, BARRED] < -1e6).all()


def prompts(seed: int, *lengths: int) -> list[list[int]]:
    random = np.random.default_rng(seed)
    return [[2, *random.integers(6, len(VOCABULARY), length).tolist(), 4] for length in lengths]


def test_prompts_of_any_length_in_one_batch_get_the_reference_logits(
    engine: OnnxRuntimeEngine, weights: dict[str, np.ndarray]
) -> None:
    batch = prompts(1, 30, 1, 12, 0, 29)
    ours, tokens = ort._Decoder(engine._session, batch, None).start()
    assert ours.shape == tokens.shape == (5, 1, len(VOCABULARY))
    assert tokens[4, 0].tolist() == list(range(len(VOCABULARY)))
    assert_close(ours[:, 0], np.stack([Reference(weights).logits(prompt)[-1] for prompt in batch]))


def test_beams_that_change_places_and_sources_that_leave_get_what_their_whole_text_would(
    engine: OnnxRuntimeEngine, weights: dict[str, np.ndarray]
) -> None:
    random, reference, beams = np.random.default_rng(2), Reference(weights), 3
    texts = [[prompt] for prompt in prompts(3, 9, 4, 14, 14)]
    decoder = ort._Decoder(engine._session, [text for (text,) in texts], None)
    decoder.start()
    rooms = set()
    for step in range(3 * ort.AHEAD):
        sources = np.array([0, 2] if step == ort.AHEAD + 5 else [0] if step == 2 * ort.AHEAD + 5 else range(len(texts)))
        parents = random.integers(0, len(texts[0]), (len(sources), beams))
        tokens = random.integers(6, len(VOCABULARY), (len(sources), beams))
        texts = [
            [[*texts[source][parent], int(token)] for parent, token in zip(*row, strict=True)]
            for source, *row in zip(sources, parents, tokens, strict=True)
        ]
        ours, _ = decoder.step(tokens, sources, parents)
        rooms.add(decoder._cache[0].shape[1])
        if step % 7 in (0, 6):
            expected = np.stack([reference.logits(text)[-1] for row in texts for text in row])
            assert_close(ours.reshape(expected.shape), expected)
    assert [len(row) for row in texts] == [beams]
    assert max(rooms) < 3 * ort.AHEAD * beams  # what no beam sees was left behind


def test_candidates_are_the_best_log_probabilities_of_the_logits(engine: OnnxRuntimeEngine) -> None:
    batch = prompts(4, 5, 8)
    logits, _ = ort._Decoder(engine._session, batch, None).start()
    scores, tokens = ort._Decoder(engine._session, batch, 7).start()
    expected = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    np.testing.assert_array_equal(tokens, np.argsort(-expected, axis=-1)[..., :7])
    np.testing.assert_allclose(scores, -np.sort(-expected, axis=-1)[..., :7], atol=1e-5)


# --- the engine


def test_each_source_is_answered_once_and_a_blank_one_without_the_model(engine: OnnxRuntimeEngine) -> None:
    answers = list(engine.generate([Source(line) for line in LINES], DecodingOptions(num_hypotheses=3)))
    assert sorted(index for index, _ in answers) == list(range(len(LINES)))
    for index, hypotheses in answers:
        if LINES[index].strip():
            scores = [hypothesis.score for hypothesis in hypotheses]
            assert len(scores) == 3
            assert None not in scores
            assert scores == sorted(scores, reverse=True)
        else:
            assert hypotheses == (Hypothesis(""),)
    assert list(engine.generate([], GREEDY)) == []


@pytest.mark.parametrize("beam_size", [1, 4])
def test_a_translation_does_not_depend_on_the_batch(engine: OnnxRuntimeEngine, beam_size: int) -> None:
    lines = [line for line in LINES if line.strip()]
    options = DecodingOptions(beam_size=beam_size)
    alone = [generate(engine, [line], options)[0] for line in lines]
    together = generate(engine, lines * 7, options)
    assert len({hypothesis.text for hypothesis in alone}) >= 5
    assert [each.text for each in together] == [each.text for each in alone] * 7
    assert [each.score for each in together] == [each.score for each in alone] * 7  # to the last bit


def test_greedy_is_what_the_reference_would_say(engine: OnnxRuntimeEngine, weights: dict[str, np.ndarray]) -> None:
    (ours,) = generate(engine, ["خبر"], DecodingOptions(beam_size=1, max_decoding_length=12))
    text = [VOCABULARY.index(token) for token in engine._tokenizer.encode(Source("خبر"))]
    begun, score = len(text), 0.0
    while len(text) < begun + 12 and text[-1] != 1:
        logits = np.where(BARRED, -1e9, Reference(weights).logits(text)[-1])
        logits[1] = logits[1] if len(text) > begun else -np.inf
        score += logits.max() - np.log(np.exp(logits).sum())
        text.append(int(logits.argmax()))
    said = [VOCABULARY[token] for token in text[begun:] if token >= len(SPECIAL)]
    assert ours.text == " ".join("".join(said).replace("▁", " ").split())
    assert ours.complete == (text[-1] == 1)
    assert ours.score == pytest.approx(score / (len(text) - begun), abs=0.05)


def test_no_barred_token_is_ever_written(engine: OnnxRuntimeEngine) -> None:
    for options in (GREEDY, DecodingOptions(beam_size=4), DecodingOptions(repetition_penalty=1.3)):
        said = "".join(hypothesis.text for hypothesis in generate(engine, LINES, options))
        assert said.isascii()
        assert len(said) > 60


def test_a_target_is_complete_or_says_that_it_is_not(engine: OnnxRuntimeEngine) -> None:
    long, short = (DecodingOptions(beam_size=1, max_decoding_length=length) for length in (30, 3))
    assert not any(hypothesis.complete for hypothesis in generate(engine, ["قال الوزير"], short))
    counts = [len(hypothesis.text) for hypothesis in generate(engine, LINES, long) if not hypothesis.complete]
    assert all(count > 10 for count in counts)


def test_terms_reach_the_model(engine: OnnxRuntimeEngine) -> None:
    bare, with_term = Source("قال"), Source("قال", (Term("قال", "said", "test"),))
    assert engine.takes_terms
    assert engine.count_tokens(bare) == 5
    assert engine.count_tokens(with_term) == 5 + 1 + len("قال = said")
    answers = dict(engine.generate([bare, with_term], GREEDY))
    assert answers[0][0].text != answers[1][0].text


def test_a_target_begins_as_it_is_told_to(engine: OnnxRuntimeEngine) -> None:
    sources = [Source("قال"), Source("قال", prefix="said he"), Source(" ", prefix="said he")]
    free, told, blank = (found[0] for _, found in sorted(engine.generate(sources, GREEDY)))
    assert engine.takes_prefix
    assert free == generate(engine, ["قال"])[0]
    assert told.text.startswith("said he")
    assert len(told.text) > len("said he")
    assert not free.text.startswith("said he")
    assert blank.text == ""


def test_batches_are_dealt_so_that_workers_have_as_much_to_do(engine: OnnxRuntimeEngine) -> None:
    batches = list(engine._batches([[7] * length for length in (5, 0, 30, 20, 29, 6, 21)]))
    assert [[len(prompt) for _, prompt in batch] for batch in batches] == [[30, 21, 6], [29, 20, 5]]
    assert [[index for index, _ in batch] for batch in batches] == [[2, 6, 5], [4, 3, 0]]
    batches = list(engine._batches([[7] * 200] * 11))
    assert [len(batch) for batch in batches] == [5, 5, 1]
    assert [len(batch) for batch in engine._batches([[7]] * 50)] == [16, 16, 9, 9]


def test_closing_stops_before_the_next_batch(engine: OnnxRuntimeEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go_on, decode = [], threading.Event(), engine._decode

    def slow(batch: Any, *rest: Any) -> Any:
        begun.append(len(batch))
        if len(begun) > 1:
            go_on.wait(10)
        return decode(batch, *rest)

    monkeypatch.setattr(engine, "_decode", slow)
    options = DecodingOptions(beam_size=1, max_decoding_length=2)
    results = engine.generate([Source("ب")] * 200, options)
    next(results)
    results.close()
    go_on.set()
    assert len(list(engine.generate([Source("ب")] * 20, options))) == 20
    assert 2 <= len(begun) - 2 <= 4


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (DecodingOptions(beam_size=90), "beam size of at most"),
        (DecodingOptions(num_hypotheses=0), "number of hypotheses"),
        (DecodingOptions(min_decoding_length=9, max_decoding_length=3), "minimum decoding length"),
        (DecodingOptions(min_decoding_length=-1), "minimum decoding length"),
        (DecodingOptions(min_decoding_length=0, max_decoding_length=0), "maximum decoding length"),
        (DecodingOptions(repetition_penalty=-1.0), "repetition penalty"),
        (DecodingOptions(no_repeat_ngram_size=-1), "size of n-grams"),
    ],
)
def test_an_impossible_option_is_a_wrong_option(
    engine: OnnxRuntimeEngine, options: DecodingOptions, message: str
) -> None:
    with pytest.raises(ConfigError, match=rf"tiny cannot decode with .*; expected a {message}"):
        generate(engine, LINES, options)


def test_what_is_too_long_is_refused(engine: OnnxRuntimeEngine) -> None:
    with pytest.raises(DecodingError, match=r"source 1 has 42 tokens, tiny takes 40; cut it first"):
        generate(engine, ["ب", "ب" * 40])
    with pytest.raises(DecodingError, match=r"source 0 has 32 tokens .* as many as 65: tiny takes 96 in all"):
        generate(engine, ["ب" * 30], DecodingOptions(max_decoding_length=65))
    assert generate(engine, ["ب" * 30], DecodingOptions(beam_size=1, max_decoding_length=64))[0].score is not None


def test_a_failure_of_the_runtime_names_the_sources(engine: OnnxRuntimeEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    class Failing:
        def __getattr__(self, name: str) -> Any:
            return getattr(engine._session, name)

        def run(self, *arguments: Any) -> Any:
            raise MemoryError("no room")

    failing = load_with(engine, Failing())
    with pytest.raises(DecodingError, match=r"tiny failed on source 1: no room"):
        list(failing.generate([Source(""), Source("ب")], GREEDY))


def load_with(engine: OnnxRuntimeEngine, session: Any) -> OnnxRuntimeEngine:
    other = OnnxRuntimeEngine.__new__(OnnxRuntimeEngine)
    other.__dict__.update(engine.__dict__, _session=session)
    return other


# --- loading


def test_whoever_may_read_the_graph_may_read_the_weights(directory: Path) -> None:
    assert (directory / "model.onnx.data").stat().st_mode == (directory / "model.onnx").stat().st_mode


def test_the_signature_says_which_arithmetic(engine: OnnxRuntimeEngine) -> None:
    assert engine.signature == "ar-en-tiny@1|ort|int8"


@pytest.mark.parametrize(
    ("placement", "message"),
    [
        (Placement("cuda"), "--device cuda: .*expected auto or cpu"),
        (Placement("cpu", "float32"), "--compute-type float32"),
    ],
)
def test_another_device_or_arithmetic_is_a_wrong_option(directory: Path, placement: Placement, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load(directory, placement)


@pytest.fixture
def broken(directory: Path, tmp_path: Path) -> Path:
    """A copy of the model to be damaged."""
    for path in directory.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


@pytest.mark.parametrize("name", ["model.onnx", "model.onnx.data", "vocabulary.json", "tokenizer.json"])
@pytest.mark.parametrize("content", [None, b"", b"{}", b"\xff\xfe"])
def test_a_damaged_file_is_corrupt(broken: Path, name: str, content: bytes | None) -> None:
    if content is None:
        (broken / name).unlink()
    else:
        (broken / name).write_bytes(content)
    with pytest.raises(ModelCorrupt, match=rf"{broken}"):
        load(broken)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
@pytest.mark.parametrize("name", ["model.onnx", "model.onnx.data"])
def test_a_truncated_model_is_corrupt(broken: Path, name: str, share: float) -> None:
    data = (broken / name).read_bytes()
    (broken / name).write_bytes(data[: int(len(data) * share)])
    with pytest.raises(ModelCorrupt, match="cannot be loaded"):
        load(broken)


@pytest.mark.parametrize(
    ("machine", "flags", "exact"),
    [("x86_64", "avx2 avx512_vnni", True), ("AMD64", "avx2", False), ("x86_64", None, False), ("arm64", None, True)],
)
def test_the_exact_way_is_taken_where_the_processor_has_no_vnni(
    machine: str, flags: str | None, exact: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_text(path: Path, encoding: str) -> str:
        if flags is None:
            raise FileNotFoundError(path)
        return flags

    monkeypatch.setattr(ort.platform, "machine", lambda: machine)
    monkeypatch.setattr(Path, "read_text", read_text)
    assert ort._adds_exactly() == exact


def test_the_runtime_is_told_to_report_nothing_before_it_is_imported() -> None:
    """ONNX Runtime reports to its maker by default, and reads the switch when it is loaded."""
    code = (
        "import os, sys; from pathlib import Path; from mt import ort\n"
        "class Watch:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'onnxruntime': print('switch', os.environ.get('ORT_DISABLE_TELEMETRY'))\n"
        "sys.meta_path.insert(0, Watch())\n"
        "try: ort._load_session(Path('none.onnx'), 1)\n"
        "except Exception: pass\n"
    )
    environment = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout == "switch 1\n", done.stderr
