"""Text to tokens and back, for every convention; the embedded model's tokenizer is the one that ships."""

from __future__ import annotations

import json
import random
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_mt_parity import spec_of
from tiny_models import build_repository

from mt.convert import convert
from mt.ct2 import load_settings
from mt.document import Source, Term
from mt.embedded import DATA
from mt.errors import ModelCorrupt
from mt.normalize import normalize
from mt.tokenizer import (
    PlainTokenizer,
    PromptTokenizer,
    Tokenizer,
    load_sentencepiece_pair,
    load_tokenizer,
    plain_tokenizer,
)

PROMPT = PromptTokenizer(DATA / "tokenizer.json")
MARKERS = ["<eos>", "<bos>", "<unused0>", "<unused3>", "<pad>", "<unk>", "</s>", "<start_of_turn>", "<0x0A>", ">>fra<<"]
TEXT = st.text(st.sampled_from("قالوزير المدرسة.،؟ 3٣aB<>/s_\n😀½ﷺ\u0301")) | st.text(max_size=40)


@pytest.fixture(scope="module")
def pair(tiny_marian: Path) -> Tokenizer:
    return load_sentencepiece_pair(tiny_marian)


# --- the embedded model


def test_a_prompt_is_the_text_between_its_marks() -> None:
    tokens = PROMPT.encode(Source("قال الوزير"))
    assert (tokens[0], tokens[-1], PROMPT.end) == ("<bos>", "<unused0>", "<eos>")
    assert PROMPT.decode(tokens[1:-1]) == "قال الوزير"


def test_terms_stand_behind_the_text_in_their_order() -> None:
    terms = (Term("أوبك", "OPEC", "glossary"), Term("مصر", "Egypt", "gazetteer"))
    tokens = PROMPT.encode(Source("قال الوزير", terms))
    mark = tokens.index("<unused3>")
    assert PROMPT.decode(tokens[1:mark]) == "قال الوزير"
    assert PROMPT.decode(tokens[mark + 1 : -1]) == "أوبك = OPEC; مصر = Egypt"
    assert (tokens[-1], tokens.count("<unused3>")) == ("<unused0>", 1)


@pytest.mark.parametrize("marker", MARKERS)
def test_a_mark_written_in_a_text_or_a_term_is_text(marker: str) -> None:
    tokens = PROMPT.encode(Source(f"قال {marker} اليوم", (Term(marker, marker, "glossary"),)))
    special = [token for token in tokens if token in MARKERS]
    assert special == ["<bos>", "<unused3>", "<unused0>"]
    mark = tokens.index("<unused3>")
    assert PROMPT.decode(tokens[1:mark]) == f"قال {marker} اليوم"
    assert PROMPT.decode(tokens[mark + 1 : -1]) == f"{marker} = {marker}"


@settings(derandomize=True, deadline=None)
@given(TEXT)
def test_a_normalized_text_survives_the_way_there_and_back(text: str) -> None:
    text = normalize(text)
    tokens = PROMPT.encode(Source(text))
    assert bool(tokens) == bool(text.strip())
    assert set(tokens[1:-1]).isdisjoint({PROMPT.end, "<bos>", "<unused0>", "<unused3>"})
    assert PROMPT.decode(tokens[1:-1]).split() == text.replace("▁", " ").split()


def test_a_target_is_one_line_without_marks() -> None:
    assert PROMPT.decode(["▁The", "▁minister", "<0x0A>", "▁", "said", "<eos>"]) == "The minister said"
    assert PROMPT.decode([]) == ""


def test_a_token_the_tokenizer_lacks_means_that_the_files_do_not_fit() -> None:
    with pytest.raises(ModelCorrupt, match=r"'▁zzzzqq', which its tokenizer\.json does not have"):
        PROMPT.decode(["▁The", "▁zzzzqq"])


# --- Marian


def test_a_source_is_its_pieces_and_an_end(pair: Tokenizer) -> None:
    tokens = pair.encode(Source("قال الوزير"))
    assert tokens[-1] == pair.end == "</s>"
    assert "".join(tokens[:-1]).replace("▁", " ").strip() == "قال الوزير"
    assert pair.encode(Source("قال الوزير", (Term("قال", "said", "glossary"),))) == tokens  # it takes no terms


@pytest.mark.parametrize("marker", MARKERS)
def test_a_mark_written_in_a_source_is_no_token(pair: Tokenizer, marker: str) -> None:
    tokens = pair.encode(Source(f"قال {marker} اليوم"))
    assert tokens.index("</s>") == len(tokens) - 1
    assert not set(MARKERS) - {"<unk>", "</s>"} & set(tokens)
    assert set(pair.encode(Source(f"قال {marker}{marker} اليوم"))) <= {*tokens, "▁"}


def test_a_target_reads_as_its_pieces_whichever_vocabulary_they_are_from(pair: Tokenizer) -> None:
    written = [piece for piece in pair.encode(Source("قال الوزير")) if piece != "</s>"]
    assert pair.decode([*written, "▁t", "he", "</s>"]) == "قال الوزير the"
    assert pair.decode(["</s>"]) == pair.decode([]) == ""
    assert pair.decode(["▁t", "he", "<unk>", "▁t"]) == "the ⁇ t"  # not lost in silence


@settings(derandomize=True, deadline=None)
@given(st.data())
def test_any_source_ends_once(pair: Tokenizer, data: st.DataObject) -> None:
    tokens = pair.encode(Source(normalize(data.draw(TEXT))))
    assert tokens.count("</s>") == (1 if tokens else 0)
    assert not tokens or (tokens[-1] == "</s>" and len(tokens) > 1)


@pytest.mark.parametrize("text", ["قال الوزير", ">>fra<< قال الوزير"])
def test_a_target_language_stands_before_the_text_only_if_the_model_asks(tiny_marian: Path, text: str) -> None:
    plain, asked = (load_sentencepiece_pair(tiny_marian, begin) for begin in (None, ">>eng<<"))
    assert asked.encode(Source(text)) == [">>eng<<", *plain.encode(Source(text))]
    assert not {">>eng<<", ">>fra<<"} & set(plain.encode(Source(text)))
    assert asked.encode(Source(" ")) == []


def test_an_argos_package_has_bare_pieces_and_one_model(tiny_marian: Path, tmp_path: Path) -> None:
    package = argos_package(tiny_marian, tmp_path / "package", {"type": "translate"})
    tokens = load_sentencepiece_pair(package).encode(Source("قال الوزير"))
    assert tokens == load_sentencepiece_pair(tiny_marian).encode(Source("قال الوزير"))[:-1]
    assert load_sentencepiece_pair(package).target_prefix == ()
    chosen = load_sentencepiece_pair(argos_package(tiny_marian, tmp_path / "other", {"target_prefix": "__en__"}))
    assert chosen.target_prefix == ("__en__",)
    assert chosen.decode(["__en__", *tokens, "</s>"]) == "قال الوزير"


def argos_package(model: Path, directory: Path, metadata: dict[str, str]) -> Path:
    shutil.copytree(model, directory / "model")
    shutil.move(directory / "model" / "source.spm", directory / "sentencepiece.model")
    (directory / "model" / "target.spm").unlink()
    (directory / "metadata.json").write_text(json.dumps(metadata))
    return directory


# --- models of the hub, by the tokenizers of transformers


@dataclass
class Model:
    """A converted model's tokenizer, and that of its repository."""

    name: str
    ours: Tokenizer
    theirs: Any
    prefix: str = ""

    @property
    def special(self) -> set[str]:
        codes = {"m2m100": ["__ar__", "__en__", "__fr__"]}.get(self.name, [])
        return {*self.theirs.all_special_tokens, *codes} - {"<unk>"}


@pytest.fixture(scope="module", params=["m2m100", "nllb", "mbart", "bart", "pegasus", "t5", "mt5"])
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Model:
    transformers = pytest.importorskip("transformers", reason="needs the extra hub")
    spec, target = spec_of(request.param), tmp_path_factory.mktemp("converted")
    directory = build_repository(request.param, tmp_path_factory.mktemp(request.param))
    convert(directory, target, spec)
    theirs = transformers.AutoTokenizer.from_pretrained(directory)
    if spec.languages["ar"] != "ar":
        theirs.src_lang = spec.languages["ar"].strip("_")
    ours = load_tokenizer(target, spec, load_settings(target).target_prefix)
    return Model(request.param, ours, theirs, spec.prefix or "")


SENTENCES = [
    "The minister said: the project would begin on 3 May.",
    "قال الوزير إن المشروع سيبدأ، في 3 مايو؟",
    "☂ a ☃",
    "x",
]


def test_a_source_is_what_transformers_reads(model: Model) -> None:
    for text in SENTENCES:
        ids = model.theirs(f"{model.prefix}{text}").input_ids
        assert model.ours.encode(Source(text)) == model.theirs.convert_ids_to_tokens(ids)


def test_what_an_author_writes_is_never_a_special_token(model: Model) -> None:
    frame = set(model.ours.encode(Source("x"))) & model.special
    for marker in model.special:
        tokens = model.ours.encode(Source(f"a {marker}{marker} b"))
        inside = tokens[1:-1] if tokens[0] in frame else tokens[:-1]
        assert not model.special & set(inside), marker
        assert len(inside) > 4


def test_a_target_reads_as_in_transformers(model: Model) -> None:
    names = model.theirs.convert_ids_to_tokens(range(len(model.theirs)))
    chance = random.Random(3)
    for _ in range(100):
        tokens = [name for name in chance.choices(names, k=8) if name != "<unk>"]
        ids = model.theirs.convert_tokens_to_ids(tokens)
        theirs = model.theirs.decode(ids, skip_special_tokens=True)
        assert model.ours.decode(tokens) == " ".join(theirs.replace("<n>", " ").split())


def test_what_is_no_text_is_dropped_and_what_is_lost_is_shown(model: Model) -> None:
    words = [token for token in model.ours.encode(Source("on May")) if token not in model.special]
    assert model.ours.decode([*model.ours.target_prefix, *words, "<unused 7>", "<pad>", "</s>"]).endswith("on May")
    assert "⁇" in model.ours.decode([*words, "<unk>"])
    assert model.ours.encode(Source(" \u3000")) == []


def build_characters(directory: Path) -> Path:
    """A tokenizer.json as transformers has them: special tokens are pieces of the best score."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    pieces = [("<unk>", 0.0), ("</s>", 0.0), ("<n>", -1.0), ("▁", -2.0), *((letter, -3.0) for letter in "abc</s>")]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=0))
    tokenizer.pre_tokenizer, tokenizer.decoder = pre_tokenizers.Metaspace(), decoders.Metaspace()
    tokenizer.add_special_tokens(["</s>", "<extra>"])
    tokenizer.add_tokens([AddedToken("covid", normalized=False)])
    assert "</s>" in tokenizer.encode("a</s>").tokens  # what is to be prevented
    path = directory / "tokenizer.json"
    path.write_text(plain_tokenizer(tokenizer.to_str(), {"<unk>"}), encoding="utf-8")
    return path


def test_words_added_to_a_vocabulary_are_text_and_special_tokens_are_none(tmp_path: Path) -> None:
    plain = PlainTokenizer(build_characters(tmp_path))
    assert plain.encode(Source("a</s>")) == ["▁", "a", "<", "/", "s", ">", "</s>"]
    assert plain.encode(Source("a covid ☂"))[1:] == ["a", "▁", "covid", "▁", "<unk>", "</s>"]
    assert plain.decode(["▁", "a", "covid", "<extra>", "</s>"]) == "acovid"


def test_a_models_line_breaks_are_spaces(tmp_path: Path) -> None:
    """Pegasus spells one "<n>"; T5 knows none."""
    written, path = ["▁", "a", "<n>", "▁", "b", "<n>", "c"], build_characters(tmp_path)
    assert PlainTokenizer(path, newline="<n>").decode(written) == "a b c"
    assert PlainTokenizer(path).decode(written) == "a<n> b<n>c"


# --- files


@pytest.mark.parametrize("tokenizer", ["pair", "prompt"])
@pytest.mark.parametrize("text", ["", " ", "\n\t\u3000"])
def test_a_blank_source_has_no_tokens(pair: Tokenizer, tokenizer: str, text: str) -> None:
    assert (pair if tokenizer == "pair" else PROMPT).encode(Source(text)) == []


def test_the_files_of_each_backend_are_looked_for_by_name(tmp_path: Path) -> None:
    with pytest.raises(ModelCorrupt, match=rf"{tmp_path}/tokenizer\.json cannot be read.*No such file"):
        PromptTokenizer(tmp_path / "tokenizer.json")
    (tmp_path / "config.json").write_text("{}")
    shutil.copy(DATA / "tokenizer.json", tmp_path)  # of another convention than any CTranslate2 model's
    with pytest.raises(
        ModelCorrupt, match=r"no tokenizer: expected source\.spm and target\.spm, or src\.spm\.model and tgt\.spm"
    ):
        load_sentencepiece_pair(tmp_path)


@pytest.mark.parametrize(("config", "last"), [({"add_source_eos": True}, []), ({"add_source_eos": False}, ["</s>"]),
                                              ({}, ["</s>"])])  # fmt: skip
def test_an_end_that_the_engine_adds_is_left_to_it(
    tiny_marian: Path, pair: Tokenizer, tmp_path: Path, config: dict[str, bool], last: list[str]
) -> None:
    directory = shutil.copytree(tiny_marian, tmp_path / "copy")
    (directory / "config.json").write_text(json.dumps(config))
    tokens = load_sentencepiece_pair(directory).encode(Source("قال الوزير"))
    assert tokens == pair.encode(Source("قال الوزير"))[:-1] + last
    assert load_sentencepiece_pair(directory).encode(Source(" ")) == []


@pytest.mark.parametrize("content", [None, b"", b"[]", b"\xff\xfe", b"[" * 100_000])
def test_a_configuration_that_cannot_be_read_is_corrupt(
    tiny_marian: Path, tmp_path: Path, content: bytes | None
) -> None:
    directory = shutil.copytree(tiny_marian, tmp_path / "copy")
    (directory / "config.json").unlink()
    if content is not None:
        (directory / "config.json").write_bytes(content)
    with pytest.raises(ModelCorrupt, match=r"copy cannot be loaded: config\.json (cannot be read|holds no object)"):
        load_sentencepiece_pair(directory)


@pytest.mark.parametrize("content", [b"", b"{}", b"garbage", b"\xff\xfe\x00"])
@pytest.mark.parametrize("names", [("source.spm", "target.spm"), ("src.spm.model", "tgt.spm.model")])
def test_a_damaged_piece_model_is_named(tmp_path: Path, names: tuple[str, ...], content: bytes) -> None:
    (tmp_path / "config.json").write_text("{}")
    for name in names:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ModelCorrupt, match=rf"{tmp_path}/{names[0]} is no SentencePiece model"):
        load_sentencepiece_pair(tmp_path)


@pytest.mark.parametrize("content", [b"", b"{}", b"garbage", b"\xff\xfe\x00"])
def test_a_damaged_tokenizer_json_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "tokenizer.json").write_bytes(content)
    with pytest.raises(ModelCorrupt, match=rf"{tmp_path}/tokenizer\.json cannot be read as a tokenizer\.json"):
        PromptTokenizer(tmp_path / "tokenizer.json")


def test_half_a_pair_is_none(tiny_marian: Path, tmp_path: Path) -> None:
    shutil.copy(tiny_marian / "source.spm", tmp_path)
    with pytest.raises(ModelCorrupt, match=r"no tokenizer"):
        load_sentencepiece_pair(tmp_path)
