import pickle
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from mt import registry
from mt.document import DecodingOptions
from mt.errors import ConfigError, UnknownModel
from mt.registry import Example, HubSource, Limits, PublishedScore, Registry, load_registry

SHIPPED = Path(registry.__file__).resolve().parents[1] / "models.yaml"
PROMISED = [
    "embedded", "opus-mt-ar-en", "opus-mt-tc-big-ar-en", "nllb-200-distilled-600M", "nllb-200-1.3B", "nllb-200-3.3B",
    "m2m100_418M", "quickmt-ar-en", "distilbart-cnn-12-6", "bart-large-cnn", "pegasus-cnn_dailymail", "pegasus-xsum",
    "t5-small", "flan-t5-base", "mT5_multilingual_XLSum",
]  # fmt: skip


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KHULASA_MODELS", raising=False)


@pytest.fixture(scope="module")
def models() -> Registry:
    return load_registry(SHIPPED)


def entry(**changes: Any) -> dict[str, Any]:
    """A right entry with keys changed, or left out where the change is None."""
    plain = {
        "name": "tiny", "tasks": ["translate"], "backend": "ct2", "architecture": "marian",
        "source": {"repo": "someone/tiny", "revision": "main"}, "licence": "MIT", "commercial": True,
        "languages": {"ar": "ar", "en": "en"}, "quality": "draft", "limits": {"source_tokens": 8, "target_tokens": 9},
    }  # fmt: skip
    return {key: value for key, value in (plain | changes).items() if value is not None}


def written(folder: Path, listing: Any) -> Path:
    """A models.yaml of these bytes, this text, or this value."""
    path = folder / "models.yaml"
    text = listing if isinstance(listing, str | bytes) else yaml.safe_dump(listing)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def message(folder: Path, listing: Any) -> str:
    """What the ConfigError says, without the path it must begin with."""
    path = written(folder, listing)
    with pytest.raises(ConfigError) as caught:
        load_registry(path)
    text = str(caught.value)
    assert text.startswith(str(path))
    return text.removeprefix(str(path))


# --- the shipped file


def test_every_promised_model_is_listed_under_its_own_name(models: Registry) -> None:
    assert [models.spec(name).name for name in PROMISED] == PROMISED


def test_what_engines_rely_on(models: Registry) -> None:
    built_in = models.spec("built-in")
    assert (built_in.name, built_in.source, built_in.architecture) == ("embedded", None, "embedded")
    assert built_in.decoding == DecodingOptions(beam_size=3)
    repaired = models.spec("opus-mt-tc-big-ar-en")
    assert repaired.source == HubSource("Helsinki-NLP/opus-mt-tc-big-ar-en", "refs/pr/7")
    assert repaired.example == Example("يا!دعونا نتعلم معا", "Hey! Let's learn together")
    assert models.spec("nllb-200-3.3B").languages == {"ar": "arb_Arab", "en": "eng_Latn"}
    assert models.spec("m2m100").languages == {"ar": "__ar__", "en": "__en__"}
    assert models.spec("t5-small").prefix == "summarize: "
    assert models.spec("bart-large-cnn").limits == Limits(1024, 1024)
    assert models.spec("bart-large-cnn").decoding == DecodingOptions(
        beam_size=4, length_penalty=2.0, no_repeat_ngram_size=3, min_decoding_length=56, max_decoding_length=142
    )


def test_auto_is_free_to_use_and_ends_with_the_model_that_is_always_there(models: Registry) -> None:
    assert [spec.name for spec in models.auto("translate")] == [
        "quickmt-ar-en", "opus-mt-tc-big-ar-en", "opus-mt-ar-en", "m2m100_418M", "embedded",
    ]  # fmt: skip
    assert [spec.name for spec in models.auto("summarize")] == [
        "bart-large-cnn", "distilbart-cnn-12-6", "flan-t5-base", "t5-small",
    ]  # fmt: skip
    assert models.auto("headline") == ()


def test_unstated_and_non_commercial_licences_are_not_called_commercial(models: Registry) -> None:
    for spec in models:
        assert spec.commercial == ("NC" not in spec.licence and spec.licence != "not stated"), spec.name


def test_quality_of_translators_follows_their_published_score(models: Registry) -> None:
    scored = [spec for spec in models if spec.score and spec.score.metric == "BLEU"]
    assert len(scored) >= 8
    for spec in scored:
        assert spec.score is not None
        assert spec.quality == ("good" if spec.score.value >= 30 else "draft"), spec.name


def test_the_file_explains_every_key() -> None:
    header = SHIPPED.read_text(encoding="utf-8").partition("\nauto:")[0]
    explained = {line.removeprefix("# ").split(" ")[0] for line in header.splitlines()}
    assert {key.name for key in fields(registry.ModelSpec)} | {"auto"} <= explained


# --- names


def test_names_and_aliases_match_in_any_case(tmp_path: Path) -> None:
    models = load_registry(written(tmp_path, {"models": [entry(name="Tiny-1.0", aliases=["small"])]}))
    assert models.spec("tiny-1.0") is models.spec("SMALL") is models.specs[0]
    assert (list(models), len(models), models.path) == ([models.specs[0]], 1, tmp_path / "models.yaml")


def test_unknown_names_are_answered_with_the_nearest_first(models: Registry) -> None:
    with pytest.raises(UnknownModel, match=r"no model is called 'opus-mt-en-ar' in .*models.yaml; .*: opus-mt-ar-en, "):
        models.spec("opus-mt-en-ar")
    with pytest.raises(UnknownModel, match="it has: nllb-200-distilled-600M, ") as caught:
        models.spec("NLLB600")
    assert all(spec.name in str(caught.value) for spec in models)


def test_a_hostile_name_is_cut_and_quoted(models: Registry) -> None:
    with pytest.raises(UnknownModel) as caught:
        models.spec("\x1b[2J" + "x" * 100_000)
    assert "'\\x1b[2J" in str(caught.value)
    assert len(str(caught.value)) < 1000


@given(st.text() | st.sampled_from(["T5-SMALL", "embedded", "Built-In"]))
@settings(derandomize=True, deadline=None, max_examples=50)
def test_any_text_is_a_name_or_an_unknown_model(models: Registry, name: str) -> None:
    known = {own.casefold() for spec in models for own in spec.names}
    if name.casefold() in known:
        assert models.spec(name) in models.specs
    else:
        with pytest.raises(UnknownModel, match="nearest first, it has: "):
            models.spec(name)


# --- one entry


def test_one_entry_of_yaml_is_a_model(tmp_path: Path) -> None:
    full = entry(
        aliases=["small"], prefix="translate: ", note="a toy", example={"source": "نعم", "target": "Yes"},
        decoding={"beam_size": 2, "length_penalty": 1}, tasks=["translate", "headline"],
        score={"value": 30, "metric": "BLEU", "testset": "FLORES", "origin": "its card"},
    )  # fmt: skip
    path = written(tmp_path, {"models": [full], "auto": {"headline": ["small"]}})
    models = load_registry(path)
    (spec,) = models.auto("headline")
    assert (spec.name, spec.aliases, spec.tasks) == ("tiny", ("small",), ("translate", "headline"))
    assert (spec.prefix, spec.note, spec.example) == ("translate: ", "a toy", Example("نعم", "Yes"))
    assert spec.score == PublishedScore(30.0, "BLEU", "FLORES", "its card")
    assert spec.decoding == DecodingOptions(beam_size=2, length_penalty=1.0)
    assert isinstance(spec.decoding.length_penalty, float)


def test_specs_are_cache_keys_and_cross_processes(models: Registry) -> None:
    for spec in models:
        twin = pickle.loads(pickle.dumps(spec))
        assert {spec: 1}[twin] == 1
        with pytest.raises(AttributeError):
            spec.name = "other"  # type: ignore[misc]


def test_every_setting_that_a_model_may_have_reaches_its_options(tmp_path: Path) -> None:
    settings = {key.name: 2 for key in fields(DecodingOptions) if key.default is None}
    (spec,) = load_registry(written(tmp_path, {"models": [entry(decoding=settings)]}))
    assert spec.decoding == DecodingOptions(**settings)  # type: ignore[arg-type]


COUNT = "a whole number from 1 to 1000000"
FACTOR = "a number above 0, at most 100"
SCORE = {"value": 30, "metric": "BLEU", "testset": "FLORES", "origin": "its card"}
WRONG = [
    ({"licens": "MIT"}, ": unknown key 'licens'; expected one of name, aliases, tasks, backend, architecture, "),
    ({"tasks": None}, ": missing key 'tasks'; expected a list of one or more"),
    ({"backend": None}, ": missing key 'backend'; expected one of ort, ct2, hf"),
    ({"architecture": None}, ": missing key 'architecture'; expected one of embedded, marian, "),
    ({"licence": None}, ": missing key 'licence'; expected one line of text"),
    ({"commercial": None}, ": missing key 'commercial'; expected true or false"),
    ({"languages": None}, ": missing key 'languages'; expected a mapping with keys among ar, en"),
    ({"quality": None}, ": missing key 'quality'; expected one of good, draft"),
    ({"limits": None}, ": missing key 'limits'; expected a mapping with keys among source_tokens, target_tokens"),
    ({"limits": {"source_tokens": 4}}, f", limits: missing key 'target_tokens'; expected {COUNT}"),
    ({"limits": {"source_tokens": True, "target_tokens": 1}}, f", limits, source_tokens: expected {COUNT}; found True"),
    ({"limits": {"source_tokens": 0, "target_tokens": 1}}, f", limits, source_tokens: expected {COUNT}; found 0"),
    ({"limits": {"source_tokens": 1, "target_tokens": 10**4000}}, f"{COUNT}; found a very large number"),
    ({"aliases": "small"}, ", aliases: expected a list of one or more; found 'small'"),
    ({"aliases": []}, ", aliases: expected a list of one or more; found a list of 0"),
    ({"aliases": [True]}, ", aliases, number 1: expected a name of letters, digits, "),
    ({"tasks": ["dance"]}, ", tasks, number 1: expected one of translate, summarize, headline; found 'dance'"),
    ({"tasks": ["translate"] * 2}, ", tasks, number 2: expected each item once; found 'translate' again"),
    ({"backend": "onnx"}, ", backend: expected one of ort, ct2, hf; found 'onnx'"),
    ({"backend": ["ct2"]}, ", backend: expected one of ort, ct2, hf; found a list of 1"),
    ({"architecture": "rnn"}, ", architecture: expected one of embedded, marian, m2m100, nllb, mbart, bart, pegasus, "),
    ({"source": None}, ", source: expected for every architecture but embedded"),
    ({"architecture": "embedded"}, ", source: expected for every architecture but embedded"),
    ({"source": "a/b"}, ", source: expected a mapping with keys among repo, revision; found 'a/b'"),
    ({"source": {"repo": "../..", "revision": "main"}}, ", source, repo: expected owner/name as the hub spells it; "),
    ({"source": {"repo": "a/b", "revision": "x/../y"}}, ", source, revision: expected a branch, tag or commit, "),
    ({"source": {"repo": "a/b", "revision": 1234567}}, " commit, in quotes if all digits; found 1234567"),
    ({"licence": ""}, ", licence: expected one line of text; found ''"),
    ({"commercial": "yes"}, ", commercial: expected true or false; found 'yes'"),
    ({"languages": {"ar": "ar"}}, ", languages: missing key 'en'; expected for the tasks of this model"),
    ({"languages": {"en": "en"}}, ", languages: missing key 'ar'; expected for the tasks of this model"),
    ({"languages": {"fr": "fr"}}, ", languages: unknown key 'fr'; expected one of ar, en"),
    ({"quality": "best"}, ", quality: expected one of good, draft, unknown; found 'best'"),
    ({"score": SCORE | {"value": "high"}}, f", score, value: expected {FACTOR}; found 'high'"),
    ({"score": SCORE | {"value": float("nan")}}, f", score, value: expected {FACTOR}; found nan"),
    ({"score": {"value": 30, "metric": "BLEU"}}, ", score: missing key 'testset'; expected one line of text"),
    ({"decoding": {"beams": 4}}, ", decoding: unknown key 'beams'; expected one of beam_size, "),
    ({"decoding": {"beam_size": 2.5}}, f", decoding, beam_size: expected {COUNT}; found 2.5"),
    ({"decoding": {"num_hypotheses": 3}}, ", decoding: num_hypotheses and plain belong to a call; expected settings"),
    ({"decoding": {"plain": True}}, ", decoding: num_hypotheses and plain belong to a call; expected settings"),
    ({"note": "\x1b[2Jgone"}, ", note: expected one line of text; found '\\x1b[2Jgone'"),
    ({"example": {"source": "نعم"}}, ", example: missing key 'target'; expected one line of text"),
    ({"example": {"source": "نعم", "target": "a\nb"}}, ", example, target: expected one line of text; found"),
    ({"example": {"source": "a", "target": "b"}, "tasks": ["summarize"]}, ", example: expected for models that tr"),
    ({"prefix": " "}, ", prefix: expected one line of text; found ' '"),
    ({"decoding": {"min_decoding_length": "many"}}, f", min_decoding_length: expected {COUNT}; found 'many'"),
]


@pytest.mark.parametrize(("changes", "expected"), WRONG)
def test_a_wrong_entry_is_named_with_its_key(tmp_path: Path, changes: dict[str, Any], expected: str) -> None:
    text = message(tmp_path, {"models": [entry(**changes)]})
    assert text.startswith(", models, 'tiny'")
    assert expected in text


NAMES = [
    (
        None,
        ", models, number 1: missing key 'name'; expected a name of letters, digits, '.', '_', '-', other than auto",
    ),
    (7, ", models, number 1, name: expected a name of letters, digits, '.', '_', '-', other than auto; found 7"),
    ("auto", ", models, 'auto', name: expected a name of letters"),
    ("../tiny", ", models, '../tiny', name: expected a name of letters"),
    ("تصغير", ", models, 'تصغير', name: expected a name of letters"),
    ("x" * 101, ", name: expected a name of letters"),
]


@pytest.mark.parametrize(("name", "expected"), NAMES)
def test_a_name_can_be_a_folder_and_is_not_auto(tmp_path: Path, name: Any, expected: str) -> None:
    assert expected in message(tmp_path, {"models": [entry(name=name)]})


def test_an_empty_value_is_not_a_value(tmp_path: Path) -> None:
    text = yaml.safe_dump({"models": [entry()]}).replace("quality: draft", "quality:")
    assert ", models, 'tiny', quality: expected one of good, draft, unknown; found nothing" in message(tmp_path, text)


# --- the whole list


@pytest.mark.parametrize("second", [{"name": "TINY"}, {"name": "two", "aliases": ["tiny"]}])
def test_a_name_used_twice_names_both_owners(tmp_path: Path, second: dict[str, Any]) -> None:
    listing = {"models": [entry(), entry(**second)]}
    assert f", models, '{second['name']}': " in (text := message(tmp_path, listing))
    assert text.endswith(" is already a name or alias of 'tiny'")


AUTO = [
    ({"translate": ["tinny"]}, ", auto, translate: expected models of this file: no model is called 'tinny' in "),
    ({"summarize": ["tiny"]}, ", auto, summarize: 'tiny' does not summarize; expected models with this task"),
    ({"translate": ["closed"]}, ", auto, translate: 'closed' is non-commercial; expected models free to use"),
    ({"translate": ["tiny", "small"]}, ", auto, translate: expected each model once; found a name beside its alias"),
    ({"translate": ["tiny", "tiny"]}, ", auto, translate, number 2: expected each item once; found 'tiny' again"),
    ({"translate": "tiny"}, ", auto, translate: expected a list of one or more; found 'tiny'"),
    ({"dance": ["tiny"]}, ", auto: unknown key 'dance'; expected one of translate, summarize, headline"),
    (["tiny"], ", auto: expected a mapping with keys among translate, summarize, headline; found a list of 1"),
]


@pytest.mark.parametrize(("auto", "expected"), AUTO)
def test_auto_takes_only_known_fitting_commercial_models(tmp_path: Path, auto: Any, expected: str) -> None:
    models = [entry(aliases=["small"]), entry(name="closed", commercial=False)]
    assert expected in message(tmp_path, {"models": models, "auto": auto})


LISTINGS = [
    ({"model": []}, ": unknown key 'model'; expected one of models, auto"),
    ({"auto": {}}, ": missing key 'models'; expected a list of one or more"),
    ({"models": []}, ", models: expected a list of one or more; found a list of 0"),
    ({"models": {"tiny": {}}}, ", models: expected a list of one or more; found a mapping of 1"),
    ({"models": ["tiny"]}, ", models, number 1: expected a mapping with keys among name, aliases, "),
    ([1], ": expected a mapping with keys among models, auto; found a list of 1"),
    ("", ": expected a mapping with keys among models, auto; found nothing"),
    ("auto: {}\nauto: {}\n", ", line 2: key 'auto' stands twice"),
    (b"models:\n  \xff\xfe", ", line 2: expected UTF-8, found byte 0xff"),
]


@pytest.mark.parametrize(("listing", "expected"), LISTINGS)
def test_a_file_that_is_no_list_of_models_is_refused(tmp_path: Path, listing: Any, expected: str) -> None:
    assert expected in message(tmp_path, listing)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from([key.name for key in fields(registry.ModelSpec)]), JSON)
@settings(derandomize=True, deadline=None, max_examples=60)
def test_any_value_of_any_key_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, key: str, value: Any
) -> None:
    path = written(tmp_path_factory.getbasetemp(), {"models": [{**entry(), key: value}]})
    try:
        (spec,) = load_registry(path)
    except ConfigError as error:
        refused = str(error)
    else:
        assert pickle.loads(pickle.dumps(spec)) == spec
        return
    assert refused.startswith(str(path))


# --- where the file is looked for


def test_the_argument_goes_before_the_environment_before_the_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert load_registry().path == SHIPPED
    path = written(tmp_path, {"models": [entry()]})
    monkeypatch.setenv("KHULASA_MODELS", str(path))
    assert [spec.name for spec in load_registry()] == ["tiny"]
    assert load_registry(SHIPPED).path == SHIPPED
    monkeypatch.setenv("KHULASA_MODELS", "")
    assert load_registry().path == SHIPPED


def test_an_installed_package_has_its_own_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "__file__", str(tmp_path / "mt" / "registry.py"))
    (tmp_path / "mt" / "data").mkdir(parents=True)
    packaged = written(tmp_path / "mt" / "data", {"models": [entry()]})
    assert load_registry().path == packaged
    packaged.unlink()
    with pytest.raises(ConfigError, match=r"mt/data/models.yaml: no such file; .* --models and KHULASA_MODELS"):
        load_registry()


def test_a_named_file_must_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KHULASA_MODELS", "missing.yaml")
    with pytest.raises(ConfigError, match=r"^missing\.yaml: no such file; .* see --models and KHULASA_MODELS"):
        load_registry()
