"""Text to tokens and back, for both conventions; the embedded model's tokenizer is the one that ships."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mt.document import Source, Term
from mt.embedded import DATA
from mt.errors import ModelCorrupt
from mt.normalize import normalize
from mt.tokenizer import PromptTokenizer, Tokenizer, load_sentencepiece_pair

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
    with pytest.raises(ModelCorrupt, match=r"copy cannot be loaded: its config\.json is not what CTranslate2 writes"):
        load_sentencepiece_pair(directory)


@pytest.mark.parametrize("content", [b"", b"{}", b"garbage", b"\xff\xfe\x00"])
@pytest.mark.parametrize("names", [("source.spm", "target.spm"), ("src.spm.model", "tgt.spm.model")])
def test_a_damaged_piece_model_is_named(tmp_path: Path, names: tuple[str, ...], content: bytes) -> None:
    (tmp_path / "config.json").write_text("{}")
    for name in names:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ModelCorrupt, match=rf"{tmp_path}/{names[0]} or {names[1]} is no SentencePiece model"):
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
