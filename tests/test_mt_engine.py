"""The contract of `mt.engine.Engine`, on every engine there is; and which model a name means."""

from __future__ import annotations

import hashlib
import json
import math
import random
import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from mt.document import DecodingOptions, Hypothesis, Source
from mt.embedded import fingerprint
from mt.engine import Engine, Placement, load_engine, locate, refuse_overflow, resolve, with_lengths
from mt.errors import BackendUnavailable, ConfigError, DecodingError, ModelNotFound, UnknownModel
from mt.local import local_version
from mt.registry import Limits, Registry, load_registry

TEXTS = [
    "أعلنت الحكومة اليوم خطة جديدة لدعم التعليم في المدارس.",
    "نعم",
    "قال الوزير إن المشروع سيبدأ في شهر مايو المقبل، وإن كلفته 2.5 مليون دولار.",
    "هل وصل الرئيس؟",
    "ارتفعت أسعار النفط بنسبة ٣٪ خلال الأسبوع الماضي بعد قرار منظمة أوبك OPEC خفض الإنتاج حتى نهاية العام.",
    "«لن نقبل بهذا الاتفاق» 😀",
    "نفى المتحدث باسم الجيش وقوع أي خسائر في صفوفه",
]  # fmt: skip
PLACES = ["القاهرة", "بيروت", "عمان", "London"]
MANY = [*TEXTS, *(f"{text[:24]} في {place}" for text in TEXTS for place in PLACES)][:33]
SHORT = DecodingOptions(max_decoding_length=12)


@pytest.fixture(scope="module", params=["fake", "tiny", pytest.param("embedded", marks=pytest.mark.slow)])
def engine(request: pytest.FixtureRequest, fake_engine: Callable[..., Engine]) -> Engine:
    if request.param == "fake":
        return fake_engine()
    name = str(request.getfixturevalue("tiny_marian")) if request.param == "tiny" else "embedded"
    return load_engine(name, "translate", load_registry(), Placement(device="cpu", threads=2))


def generate(engine: Engine, texts: Sequence[str], options: DecodingOptions = SHORT) -> list[tuple[Hypothesis, ...]]:
    """The hypotheses of each text; each index came once."""
    pairs = list(engine.generate([Source(text) for text in texts], options))
    assert sorted(index for index, _ in pairs) == list(range(len(texts)))
    return [hypotheses for _, hypotheses in sorted(pairs)]


def texts_of(found: Sequence[tuple[Hypothesis, ...]]) -> list[list[tuple[str, bool]]]:
    return [[(hypothesis.text, hypothesis.complete) for hypothesis in hypotheses] for hypotheses in found]


def scores_of(found: Sequence[tuple[Hypothesis, ...]]) -> list[float]:
    return [hypothesis.score for hypotheses in found for hypothesis in hypotheses if hypothesis.score is not None]


# --- how many, in which order


def test_n_sources_give_n_answers_each_once(engine: Engine) -> None:
    found = generate(engine, [*MANY, *TEXTS])
    assert [len(hypotheses) for hypotheses in found] == [1] * (len(MANY) + len(TEXTS))
    assert texts_of(found)[-len(TEXTS) :] == texts_of(found)[: len(TEXTS)]  # the same sources again


def test_a_blank_source_has_one_empty_hypothesis_and_the_others_are_not_changed(engine: Engine) -> None:
    found = generate(engine, ["", TEXTS[0], "  \n", "\u3000", TEXTS[2]], replace(SHORT, num_hypotheses=3))
    assert [found[i] for i in (0, 2, 3)] == [(Hypothesis(""),)] * 3
    assert [len(found[i]) for i in (1, 4)] == [3, 3]
    assert texts_of([found[1], found[4]]) == texts_of(
        generate(engine, [TEXTS[0], TEXTS[2]], replace(SHORT, num_hypotheses=3))
    )


def test_nothing_in_nothing_out(engine: Engine) -> None:
    assert generate(engine, []) == []
    assert generate(engine, [" "]) == [(Hypothesis(""),)]


@pytest.mark.parametrize("beam_size", [1, 4])
def test_the_company_and_the_order_of_a_batch_change_nothing(engine: Engine, beam_size: int) -> None:
    options = replace(SHORT, beam_size=beam_size)
    alone = [generate(engine, [text], options)[0] for text in TEXTS]
    together = generate(engine, MANY, options)
    order = random.Random(7).sample(range(len(MANY)), len(MANY))
    shuffled = dict(zip(order, generate(engine, [MANY[i] for i in order], options), strict=True))
    assert texts_of(generate(engine, TEXTS, options)) == texts_of(alone)
    assert texts_of(together[: len(TEXTS)]) == texts_of(alone)
    assert texts_of([shuffled[i] for i in range(len(MANY))]) == texts_of(together)
    assert scores_of(together[: len(TEXTS)]) == pytest.approx(scores_of(alone), rel=1e-3)


@pytest.mark.parametrize("beam_size", [1, 4])
def test_a_batch_of_one_length_is_as_each_alone_and_the_same_batch_is_the_same_again(
    engine: Engine, beam_size: int
) -> None:
    options = replace(SHORT, beam_size=beam_size)
    of_one_length: dict[int, list[str]] = {}
    for text in MANY:
        of_one_length.setdefault(engine.count_tokens(Source(text)), []).append(text)
    largest = max(of_one_length.values(), key=len)
    assert len(largest) >= 3
    together, alone = generate(engine, largest, options), [generate(engine, [text], options)[0] for text in largest]
    assert texts_of(together) == texts_of(alone)
    assert scores_of(together) == pytest.approx(scores_of(alone), rel=1e-3)  # float noise; the tiny weights enlarge it
    assert generate(engine, MANY[:16], options) == generate(engine, MANY[:16], options)


def test_threads_at_once_get_what_each_would_get_alone(engine: Engine) -> None:
    halves = MANY[:8], MANY[8:16]
    one_after_the_other = [texts_of(generate(engine, half)) for half in halves]
    with ThreadPoolExecutor(2) as pool:
        at_once = [pool.submit(generate, engine, half) for half in halves for _ in range(2)]
    assert [texts_of(job.result()) for job in at_once[::2]] == one_after_the_other
    assert [texts_of(job.result()) for job in at_once[1::2]] == one_after_the_other


def test_a_closed_iterator_leaves_the_engine_as_it_was(engine: Engine) -> None:
    before = texts_of(generate(engine, TEXTS[:3]))
    results = engine.generate([Source(text) for text in MANY], SHORT)
    next(results)
    results.close()  # type: ignore[attr-defined]
    with pytest.raises(StopIteration):
        next(results)
    assert texts_of(generate(engine, TEXTS[:3])) == before


# --- hypotheses


def test_the_best_is_the_first_of_n(engine: Engine) -> None:
    options = replace(SHORT, beam_size=4)
    best = generate(engine, TEXTS, options)
    assert texts_of(best) == [
        hypotheses[:1] for hypotheses in texts_of(generate(engine, TEXTS, replace(options, num_hypotheses=4)))
    ]


@pytest.mark.parametrize("length_penalty", [1.0, 0.0])
def test_hypotheses_stand_in_the_order_of_their_scores(engine: Engine, length_penalty: float) -> None:
    options = replace(
        SHORT, num_hypotheses=4, length_penalty=length_penalty, max_decoding_length=6, min_decoding_length=6
    )
    for hypotheses in generate(engine, [text for text in TEXTS if len(text.split()) >= 6], options):
        assert len(hypotheses) == 4
        scores = scores_of([hypotheses])
        assert scores == sorted(scores, reverse=True)  # all have six tokens, so their means are in the beam's order


def test_more_hypotheses_than_beams_widen_the_beam(engine: Engine) -> None:
    options = replace(SHORT, beam_size=2, num_hypotheses=6)
    found = generate(engine, TEXTS[:2], options)
    assert [len(hypotheses) for hypotheses in found] == [6, 6]
    assert texts_of(found) == texts_of(generate(engine, TEXTS[:2], replace(options, beam_size=6)))


def test_scores_are_mean_log_probabilities(engine: Engine) -> None:
    for length_penalty in (None, 0.0, 2.0):
        scores = scores_of(generate(engine, TEXTS, replace(SHORT, beam_size=1, length_penalty=length_penalty)))
        assert len(scores) == len(TEXTS)
        assert all(math.isfinite(score) and -20 < score <= 0 for score in scores)
        if length_penalty is None:
            expected = scores
        assert scores == pytest.approx(expected, rel=1e-4)  # greedy: the penalty chooses nothing, and is divided out


def test_what_hits_the_length_limit_is_not_complete(engine: Engine) -> None:
    whole = generate(engine, TEXTS, DecodingOptions(beam_size=1, max_decoding_length=40))
    cut = generate(engine, TEXTS, DecodingOptions(beam_size=1, max_decoding_length=3))
    assert not all(hypotheses[0].complete for hypotheses in cut)
    assert any(hypotheses[0].complete for hypotheses in whole)
    for (full,), (part,) in zip(whole, cut, strict=True):
        assert part == full if part.complete else full.text.startswith(part.text)


# --- limits and options


def test_a_source_over_the_limit_is_refused_by_index_and_limit(engine: Engine) -> None:
    limit = engine.spec.limits.source_tokens
    long = " ".join(["كلمة"] * limit)
    longer = f"{long} {long}"
    assert engine.count_tokens(Source(longer)) > limit
    with pytest.raises(DecodingError, match=rf"source 2 .*{limit}"):
        generate(engine, [TEXTS[0], "", longer])


def test_a_call_goes_over_the_model_and_the_model_over_the_engine(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = TEXTS[4:5]
    asked = {
        n: texts_of(generate(engine, text, DecodingOptions(max_decoding_length=n, beam_size=1))) for n in (2, 4, 6)
    }
    assert len({repr(found) for found in asked.values()}) == 3
    limits = replace(engine.spec.limits, target_tokens=6)
    monkeypatch.setattr(engine, "spec", replace(engine.spec, limits=limits, decoding=DecodingOptions(beam_size=1)))
    assert texts_of(generate(engine, text, DecodingOptions())) == asked[6]
    decoding = DecodingOptions(beam_size=1, max_decoding_length=4)
    monkeypatch.setattr(engine, "spec", replace(engine.spec, decoding=decoding))
    assert texts_of(generate(engine, text, DecodingOptions())) == asked[4]
    assert texts_of(generate(engine, text, DecodingOptions(max_decoding_length=2))) == asked[2]


def test_the_model_s_own_beam_is_used(engine: Engine) -> None:
    own = engine.spec.decoding.beam_size
    assert own is not None
    assert own > 1
    assert texts_of(generate(engine, TEXTS)) == texts_of(generate(engine, TEXTS, replace(SHORT, beam_size=own)))


@pytest.mark.parametrize("marker", ["<eos>", "<bos>", "<unused0>", "<unused3>", "</s>", "<s>", "<pad>", ">>fra<<"])
def test_a_special_token_written_by_an_author_is_text(engine: Engine, marker: str) -> None:
    begin, end = "قال الوزير", "إن المشروع سيبدأ"
    together = engine.count_tokens(Source(f"{begin} {end}"))
    assert engine.count_tokens(Source(f"{begin} {marker} {end}")) > together
    ((hypothesis,),) = generate(engine, [f"{begin} {marker} {end}"])
    assert hypothesis.text


def test_the_signature_names_model_version_backend_and_arithmetic(engine: Engine) -> None:
    version, backend, arithmetic = {
        "fake": ("1", "fake", "float32"),
        "tiny": ("", "ct2", "float32"),
        "embedded": (fingerprint() if engine.spec.name == "embedded" else "", "ort", "int8"),
    }[engine.spec.name]
    name, _, rest = engine.signature.partition("@")
    assert name == f"ar-en-{engine.spec.name}"
    assert re.fullmatch(rf"{version or '[0-9a-f]{8}'}\|{backend}\|{arithmetic}.*", rest)


# --- which model a name means

MODELS = """
auto:
  translate: [big, small, embedded]
  summarize: [writer]
models:
  - {name: embedded, aliases: [built-in], tasks: [translate], backend: ct2, architecture: embedded, licence: Gemma,
     commercial: true, languages: {ar: ar, en: en}, quality: draft, limits: {source_tokens: 240, target_tokens: 240}}
  - {name: small, tasks: [translate], backend: ct2, architecture: marian, source: {repo: a/small, revision: main},
     licence: MIT, commercial: true, languages: {ar: ar, en: en}, quality: good,
     limits: {source_tokens: 512, target_tokens: 512}}
  - {name: big, aliases: [Large], tasks: [translate], backend: ct2, architecture: marian,
     source: {repo: a/big, revision: main}, licence: MIT, commercial: true, languages: {ar: ar, en: en}, quality: good,
     limits: {source_tokens: 512, target_tokens: 512}}
  - {name: writer, tasks: [summarize], backend: hf, architecture: bart, source: {repo: a/writer, revision: main},
     licence: MIT, commercial: true, languages: {en: en}, quality: good,
     limits: {source_tokens: 1024, target_tokens: 142}}
"""


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    path = tmp_path / "models.yaml"
    path.write_text(MODELS, encoding="utf-8")
    return load_registry(path)


def put_on_disk(cache: Path, name: str) -> None:
    home = cache / "models" / name / "v1"
    home.mkdir(parents=True)
    (home / "model.bin").write_bytes(b"x")
    files = {"model.bin": {"size": 1, "sha256": hashlib.sha256(b"x").hexdigest()}}
    (home / "manifest.json").write_text(json.dumps({"files": files}), encoding="utf-8")


def test_auto_is_the_first_model_on_disk_and_else_the_built_in_one(cache: Path, registry: Registry) -> None:
    names = []
    for added in (None, "small", "big"):
        if added:
            put_on_disk(cache, added)
        names.append(resolve("auto", "translate", registry).name)
    assert names == ["embedded", "small", "big"]


def test_auto_without_a_model_says_which_it_wants(cache: Path, registry: Registry) -> None:
    with pytest.raises(ModelNotFound, match=r"'summarize'.*`khulasa models pull NAME`.*models\.yaml prefers: writer"):
        resolve("auto", "summarize", registry)
    with pytest.raises(ModelNotFound, match=r"prefers: none"):
        resolve("auto", "headline", registry)


def test_a_name_and_its_aliases_are_one_model(registry: Registry) -> None:
    assert [resolve(name, "translate", registry).name for name in ("big", "large", "Built-In")] == [
        "big", "big", "embedded",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["smal", "", "x" * 5000, "a\0b", "\ud800", "no/such/directory"])
def test_an_unknown_name_is_refused_with_the_known_ones(registry: Registry, name: str) -> None:
    with pytest.raises(UnknownModel, match=r"nearest first, it has: .*small"):
        resolve(name, "translate", registry)


def test_a_model_for_another_task_is_refused(registry: Registry, tiny_marian: Path) -> None:
    with pytest.raises(ConfigError, match=r"writer cannot translate; these models can: embedded, small, big"):
        resolve("writer", "translate", registry)
    with pytest.raises(ConfigError, match=r"tiny cannot summarize; these models can: writer"):
        load_engine(str(tiny_marian), "summarize", registry)


def test_a_directory_needs_a_model(tmp_path: Path, registry: Registry) -> None:
    with pytest.raises(ModelNotFound, match=r"holds no model\.bin"):
        load_engine(str(tmp_path), "translate", registry)


def test_a_directory_is_its_own_model(tiny_marian: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tiny_marian)
    spec = resolve(".", "translate", registry)
    assert (spec.name, spec.architecture, spec.commercial) == ("tiny", "marian", False)
    signature = f"ar-en-tiny@{local_version(tiny_marian)}|ct2|float32"
    assert load_engine(".", "translate", registry).signature == signature


def test_a_hub_model_that_is_not_there_is_not_fetched(cache: Path, registry: Registry) -> None:
    with pytest.raises(ModelNotFound, match=r"big is not on disk .*models pull big"):
        load_engine("Large", "translate", registry)
    assert not cache.exists()


def test_a_model_of_an_unknown_backend_is_refused_by_name(
    cache: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mt.engine.BACKENDS", {"ct2": "mt.ct2:CTranslate2Engine"})
    put_on_disk(cache, "writer")
    with pytest.raises(BackendUnavailable, match=r"writer needs the backend 'hf'.*ct2"):
        load_engine("writer", "summarize", registry)


def test_threads_are_those_asked_for_or_all_cores() -> None:
    assert Placement(threads=3).cores == 3
    assert Placement().cores >= 1
    with pytest.raises(ConfigError, match=r"--threads -1: expected 0"):
        _ = Placement(threads=-1).cores


def test_a_model_is_located_without_being_loaded(cache: Path, registry: Registry, tmp_path: Path) -> None:
    put_on_disk(cache, "writer")
    found = locate("writer", "summarize", registry)
    assert (found.path, found.version) == (cache / "models" / "writer" / "v1", "v1")


# --- what engines ask before they decode


def test_a_model_that_overflows_is_not_computed_in_half_precision(registry: Registry) -> None:
    spec = registry.spec("writer")
    for compute_type in ("float16", "int8_float16"):
        with pytest.raises(ConfigError, match=rf"writer would be computed in {compute_type}, in which t5 models ov"):
            refuse_overflow(replace(spec, architecture="t5"), compute_type)
        refuse_overflow(spec, compute_type)
    refuse_overflow(replace(spec, architecture="t5"), "int8_float32")


@pytest.mark.parametrize(
    ("asked", "listed", "forces_end", "expected"),
    [
        ((None, None), (None, None), False, (1, 142)),
        ((None, None), (56, 100), False, (56, 100)),
        ((None, 20), (56, 100), False, (20, 20)),
        ((None, 20), (56, 100), True, (19, 19)),
        ((100, 100), (56, 142), True, (99, 99)),
        ((5, None), (56, 100), True, (5, 99)),
        ((None, 1), (None, None), True, (1, 1)),
    ],
)
def test_lengths_are_settled_between_the_call_the_list_and_the_limit(
    registry: Registry, asked: tuple[int, int], listed: tuple[int, int], forces_end: bool, expected: tuple[int, int]
) -> None:
    def lengths(pair: tuple[int, int]) -> DecodingOptions:
        return DecodingOptions(min_decoding_length=pair[0], max_decoding_length=pair[1])

    spec = replace(registry.spec("writer"), decoding=lengths(listed), limits=Limits(1024, 142))
    settled = with_lengths(lengths(asked), spec, forces_end)
    assert (settled.min_decoding_length, settled.max_decoding_length) == expected


def test_a_minimum_above_the_maximum_is_refused(registry: Registry) -> None:
    with pytest.raises(ConfigError, match=r"writer cannot decode with a min_decoding_length of 200 .* of 142; exp"):
        with_lengths(DecodingOptions(min_decoding_length=200), registry.spec("writer"), False)
