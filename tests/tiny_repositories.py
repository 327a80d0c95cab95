"""The files of hub repositories but for their weights: tokenizers trained on a few lines, settings as the hub has them.

Each function writes what the repository it is named after has, under the names and with the keys seen there
(transformers no longer writes all of them), and returns the content of its config.json.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

ARABIC = [
    "أعلنت الحكومة اليوم خطة جديدة لدعم التعليم في المدارس",
    "قال الوزير إن المشروع سيبدأ في شهر مايو المقبل",
    "وصل الرئيس إلى العاصمة مساء الأحد للقاء الوفد",
    "ارتفعت أسعار النفط بنسبة 3 في المئة خلال الأسبوع",
    "نفى المتحدث باسم الجيش وقوع أي خسائر في صفوفه",
    "فاز الفريق بالمباراة النهائية أمام جمهور كبير",
    "تساقطت الأمطار على المدينة وأغلقت الطرق، فهل يعود الهدوء غدا؟",
]
ENGLISH = [
    "The government announced a new plan for schools today.",
    "The minister said the project would begin next May.",
    "The president arrived in the capital on Sunday evening; he met the delegation.",
    "Oil prices rose by 3 percent during the week, to 80 dollars.",
    "The army spokesman denied any losses in its ranks.",
    "The team won the final before a large crowd. Who would have thought it?",
    "Rain fell on the city and closed the roads: will calm return tomorrow?",
]
CHARACTERS = "ابتثجحخدذرزسشصضطظعغفقكلمنهويىءآأؤإئة،؛؟«»٠١٢٣٤٥٦٧٨٩" + "".join(map(chr, range(33, 127)))
SHAPE = {
    "d_model": 32, "encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": 4,
    "decoder_attention_heads": 4, "encoder_ffn_dim": 64, "decoder_ffn_dim": 64, "num_hidden_layers": 2,
    "is_encoder_decoder": True, "dropout": 0.1, "init_std": 0.02, "use_cache": True,
}  # fmt: skip
T5_SHAPE = {
    "d_model": 32, "d_kv": 8, "d_ff": 64, "num_layers": 2, "num_decoder_layers": 2, "num_heads": 4,
    "is_encoder_decoder": True, "dropout_rate": 0.1, "initializer_factor": 1.0, "layer_norm_epsilon": 1e-06,
    "relative_attention_num_buckets": 32, "relative_attention_max_distance": 128, "n_positions": 512,
    "decoder_start_token_id": 0, "pad_token_id": 0, "eos_token_id": 1, "use_cache": True,
}  # fmt: skip
SPECIAL_TOKENS = {"eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"}
_FAIRSEQ = ["<s>", "<pad>", "</s>", "<unk>"]
VERSION = {"transformers_version": "4.32.0.dev0"}
Config = dict[str, Any]


# --- translators


def _marian(directory: Path) -> Config:
    """Like Helsinki-NLP/opus-mt-ar-en: one vocabulary of both languages, `</s>` first, `<pad>` last."""
    source, target = (_train(directory / f"{side}.spm", lines) for side, lines in _SIDES)
    vocabulary = ["</s>", "<unk>", *dict.fromkeys([*source, *target]), "<pad>"]
    write_json(directory, "vocab.json", {piece: number for number, piece in enumerate(vocabulary)})
    write_json(directory, "tokenizer_config.json", {"source_lang": "ar", "target_lang": "en"})
    return _marian_config(directory, len(vocabulary))


def _marian_separate(directory: Path) -> Config:
    """The same with a vocabulary for each language, filled up to one size, as the conversion from Marian leaves it."""
    sides = [_train(directory / f"{side}.spm", lines) for side, lines in _SIDES]
    size = max(map(len, sides))
    for name, pieces in zip(("vocab.json", "target_vocab.json"), sides, strict=True):
        spare = [f"madeupword{number}" for number in range(size - len(pieces))]
        vocabulary = ["</s>", "<unk>", *pieces, *spare, "<pad>"]
        write_json(directory, name, {piece: number for number, piece in enumerate(vocabulary)})
    options = {**SPECIAL_TOKENS, "model_max_length": 512, "sp_model_kwargs": {}, "separate_vocabs": True,
               "tokenizer_class": "MarianTokenizer"}  # fmt: skip
    write_json(directory, "tokenizer_config.json", {"source_lang": "ar", "target_lang": "en", **options})
    write_json(directory, "special_tokens_map.json", SPECIAL_TOKENS)
    return {**_marian_config(directory, size + 3), "share_encoder_decoder_embeddings": False}


_SIDES = (("source", ARABIC), ("target", ENGLISH))


def _marian_config(directory: Path, size: int) -> Config:
    ids = {"bos_token_id": 0, "decoder_start_token_id": size - 1, "eos_token_id": 0, "forced_eos_token_id": 0,
           "pad_token_id": size - 1, "bad_words_ids": [[size - 1]], "max_length": 512, "num_beams": 4}  # fmt: skip
    write_json(directory, "generation_config.json", {**ids, "renormalize_logits": True, **VERSION})
    return {
        "architectures": ["MarianMTModel"], "model_type": "marian", "activation_function": "swish", **SHAPE, **ids,
        "vocab_size": size, "decoder_vocab_size": size, "max_position_embeddings": 512, "scale_embedding": True,
        "static_position_embeddings": True, "share_encoder_decoder_embeddings": True, "normalize_embedding": False,
        "normalize_before": False, "add_final_layer_norm": False, "add_bias_logits": False, "_num_labels": 3,
        "classif_dropout": 0.0,
    }  # fmt: skip


def _m2m100(directory: Path) -> Config:
    """Like facebook/m2m100_418M: vocab.json holds the pieces; 100 languages and 8 spare rows follow them."""
    vocabulary = [*_FAIRSEQ, *_train(directory / "sentencepiece.bpe.model", ARABIC + ENGLISH, model_type="bpe")]
    write_json(directory, "vocab.json", {piece: number for number, piece in enumerate(vocabulary)})
    tokens = {"bos_token": "<s>", "sep_token": "</s>", **SPECIAL_TOKENS}
    write_json(directory, "special_tokens_map.json", tokens)
    options = {"src_lang": None, "tgt_lang": None, "tokenizer_class": "M2M100Tokenizer", "language_codes": "m2m100"}
    write_json(directory, "tokenizer_config.json", {**tokens, **options})
    decoding = {"early_stopping": True, "num_beams": 5}
    return {**_fairseq_config(directory, len(vocabulary) + 108, decoding), "layerdrop": 0.05, **decoding}


def _nllb(directory: Path) -> Config:
    """Like facebook/nllb-200-distilled-600M: tokenizer.json, no vocab.json, and no source language set."""
    from transformers.models.nllb.tokenization_nllb import FAIRSEQ_LANGUAGE_CODES, NllbTokenizer

    pieces = _train(directory / "sentencepiece.bpe.model", ARABIC + ENGLISH, model_type="bpe")
    vocabulary = [*_FAIRSEQ, *pieces, *FAIRSEQ_LANGUAGE_CODES, "<mask>"]
    known = {piece: number for number, piece in enumerate(vocabulary)}
    halves = ((piece[:cut], piece[cut:]) for piece in pieces for cut in range(1, len(piece)))
    merges = [(left, right) for left, right in halves if left in known and right in known]
    NllbTokenizer(vocab=known, merges=merges).backend_tokenizer.save(str(directory / "tokenizer.json"))
    mask = {"content": "<mask>", "lstrip": True, "normalized": True, "rstrip": False, "single_word": False}
    tokens = {"bos_token": "<s>", "cls_token": "<s>", "sep_token": "</s>", **SPECIAL_TOKENS}
    options = {"model_max_length": 1024, "sp_model_kwargs": {}, "special_tokens_map_file": None, "src_lang": None,
               "tgt_lang": None, "tokenizer_class": "NllbTokenizer"}  # fmt: skip
    added = {"mask_token": {"__type": "AddedToken", **mask}, "additional_special_tokens": None}
    write_json(directory, "tokenizer_config.json", {**tokens, **added, **options})
    codes = {"additional_special_tokens": list(FAIRSEQ_LANGUAGE_CODES)}
    write_json(directory, "special_tokens_map.json", {**tokens, "mask_token": mask, **codes})
    return {**_fairseq_config(directory, len(vocabulary) + 2, {}), "tokenizer_class": "NllbTokenizer"}


def _fairseq_config(directory: Path, size: int, decoding: Config) -> Config:
    ids = {"bos_token_id": 0, "decoder_start_token_id": 2, "eos_token_id": 2, "pad_token_id": 1, "max_length": 200}
    write_json(directory, "generation_config.json", {"_from_model_config": True, **ids, **decoding, **VERSION})
    return {
        "architectures": ["M2M100ForConditionalGeneration"], "model_type": "m2m_100", "activation_function": "relu",
        **SHAPE, **ids, "vocab_size": size, "max_position_embeddings": 1024, "scale_embedding": True,
        "encoder_layerdrop": 0, "decoder_layerdrop": 0,
    }  # fmt: skip


def _mbart(directory: Path) -> Config:
    """Like facebook/mbart-large-50-many-to-many-mmt: 52 languages, and a `</s>` that every target ends with."""
    pieces = _train(directory / "sentencepiece.bpe.model", ARABIC + ENGLISH)
    tokens = {"bos_token": "<s>", "sep_token": "</s>", "cls_token": "<s>", "mask_token": "<mask>", **SPECIAL_TOKENS}
    options = {"src_lang": None, "tgt_lang": None, "tokenizer_class": "MBart50Tokenizer"}
    write_json(directory, "tokenizer_config.json", {**tokens, **options})
    write_json(directory, "special_tokens_map.json", tokens)
    ids = {"bos_token_id": 0, "decoder_start_token_id": 2, "eos_token_id": 2, "forced_eos_token_id": 2,
           "pad_token_id": 1, "max_length": 200, "num_beams": 5, "early_stopping": True}  # fmt: skip
    write_json(directory, "generation_config.json", {"_from_model_config": True, **ids, **VERSION})
    return {
        "architectures": ["MBartForConditionalGeneration"], "model_type": "mbart", "activation_function": "relu",
        **SHAPE, **ids, "vocab_size": 4 + len(pieces) + 52 + 1, "max_position_embeddings": 1024,
        "scale_embedding": True, "normalize_before": True, "normalize_embedding": True, "add_final_layer_norm": True,
        "static_position_embeddings": False, "tokenizer_class": "MBart50Tokenizer",
    }  # fmt: skip


# --- summarizers


def _bart(directory: Path) -> Config:
    """Like facebook/bart-large-cnn: its settings at the top of config.json and in generation_config.json."""
    tokenizer = _byte_level(directory)
    tokenizer.backend_tokenizer.save(str(directory / "tokenizer.json"))
    own = {**_CNN, "forced_bos_token_id": 0, "forced_eos_token_id": 2}
    for name in ("generation_config.json", "generation_config_for_summarization.json"):
        write_json(directory, name, {"_from_model_config": True, **_BART_IDS, **own, **VERSION})
    return {**_bart_config(len(tokenizer)), **own, "prefix": " ", "force_bos_token_to_be_generated": True}


def _distilbart(directory: Path) -> Config:
    """Like sshleifer/distilbart-cnn-12-6: no generation_config.json, settings in task_specific_params alone."""
    tokenizer = _byte_level(directory)
    write_json(directory, "tokenizer_config.json", {"model_max_length": 1024})
    return {**_bart_config(len(tokenizer)), "decoder_layers": 1, "extra_pos_embeddings": 2}


_BART_IDS = {"bos_token_id": 0, "decoder_start_token_id": 2, "eos_token_id": 2, "pad_token_id": 1}
_CNN = {"early_stopping": True, "length_penalty": 2.0, "max_length": 142, "min_length": 56, "no_repeat_ngram_size": 3,
        "num_beams": 4}  # fmt: skip


def _bart_config(size: int) -> Config:
    return {
        "architectures": ["BartForConditionalGeneration"], "model_type": "bart", "activation_function": "gelu",
        **SHAPE, **_BART_IDS, "vocab_size": size, "max_position_embeddings": 1024, "scale_embedding": False,
        "normalize_before": False, "normalize_embedding": True, "add_final_layer_norm": False, "_num_labels": 3,
        "add_bias_logits": False, "static_position_embeddings": False, "task_specific_params": {"summarization": _CNN},
    }  # fmt: skip


def _byte_level(directory: Path) -> Any:
    """A BART tokenizer; its vocab.json and merges.txt written."""
    from tokenizers import ByteLevelBPETokenizer
    from transformers import BartTokenizer

    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    trained = ByteLevelBPETokenizer()
    trained.train_from_iterator(ENGLISH, vocab_size=330, min_frequency=2, show_progress=False, special_tokens=special)
    trained.save_model(str(directory))
    return BartTokenizer.from_pretrained(directory)


def _pegasus(directory: Path) -> Config:
    """Like google/pegasus-xsum: 103 special tokens in front, positions computed, `</s>` forced at the limit."""
    from transformers import PegasusTokenizer

    _train(directory / "spiece.model", ENGLISH, pad_id=0, eos_id=1, unk_id=2, bos_id=-1)
    tokenizer = PegasusTokenizer.from_pretrained(directory)
    tokenizer.backend_tokenizer.save(str(directory / "tokenizer.json"))
    write_json(directory, "special_tokens_map.json", SPECIAL_TOKENS)
    options = {"model_max_length": 512, "special_tokens_map_file": None, "full_tokenizer_file": None}
    write_json(directory, "tokenizer_config.json", options)
    decoding = {"forced_eos_token_id": 1, "length_penalty": 0.6, "max_length": 64, "num_beams": 8}
    ids = {"bos_token_id": 0, "decoder_start_token_id": 0, "eos_token_id": 1, "pad_token_id": 0}
    write_json(directory, "generation_config.json", {"_from_model_config": True, **ids, **decoding, **VERSION})
    return {
        "architectures": ["PegasusForConditionalGeneration"], "model_type": "pegasus", "activation_function": "relu",
        **SHAPE, **ids, **decoding, "vocab_size": len(tokenizer), "max_position_embeddings": 512,
        "scale_embedding": True, "normalize_before": True, "normalize_embedding": False, "add_final_layer_norm": True,
        "add_bias_logits": False, "static_position_embeddings": True, "extra_pos_embeddings": 0,
        "force_bos_token_to_be_generated": False,
    }  # fmt: skip


def _t5(directory: Path) -> Config:
    """Like google-t5/t5-small: limits and prefix in task_specific_params, and nowhere else."""
    return {**_t5_config(directory), "feed_forward_proj": "relu"}


def _flan(directory: Path) -> Config:
    """Like google/flan-t5-base: gated, and with an output matrix of its own."""
    extra = {"additional_special_tokens": [f"<extra_id_{number}>" for number in range(100)]}
    write_json(directory, "special_tokens_map.json", {**SPECIAL_TOKENS, **extra})
    return {**_t5_config(directory), "feed_forward_proj": "gated-gelu", "tie_word_embeddings": False}


_T5_TASKS = {
    "task_specific_params": {
        "summarization": {"early_stopping": True, "length_penalty": 2.0, "max_length": 200, "min_length": 30,
                          "no_repeat_ngram_size": 3, "num_beams": 4, "prefix": "summarize: "},
        **{f"translation_en_to_{code}": {"early_stopping": True, "max_length": 300, "num_beams": 4,
                                         "prefix": f"translate English to {language}: "}
           for code, language in (("de", "German"), ("fr", "French"), ("ro", "Romanian"))},
    }
}  # fmt: skip


def _t5_config(directory: Path) -> Config:
    from transformers import T5Tokenizer

    _train(directory / "spiece.model", ENGLISH, pad_id=0, eos_id=1, unk_id=2, bos_id=-1)
    tokenizer = T5Tokenizer.from_pretrained(directory)
    tokenizer.backend_tokenizer.save(str(directory / "tokenizer.json"))
    extra = [f"<extra_id_{number}>" for number in range(100)]
    options = {"extra_ids": 100, "additional_special_tokens": extra, "model_max_length": 512,
               "tokenizer_class": "T5Tokenizer"}  # fmt: skip
    write_json(directory, "tokenizer_config.json", {**SPECIAL_TOKENS, **options})
    ids = {"decoder_start_token_id": 0, "eos_token_id": 1, "pad_token_id": 0}
    write_json(directory, "generation_config.json", {"_from_model_config": True, **ids, **VERSION})
    return {"architectures": ["T5ForConditionalGeneration"], "model_type": "t5", **T5_SHAPE, **_T5_TASKS,
            "vocab_size": len(tokenizer) + 28, "output_past": True}  # fmt: skip


def _mt5(directory: Path) -> Config:
    """Like csebuetnlp/mT5_multilingual_XLSum: spiece.model alone, no generation_config.json, settings at the top."""
    pieces = _train(directory / "spiece.model", ARABIC + ENGLISH, pad_id=0, eos_id=1, unk_id=2, bos_id=-1)
    options = {"extra_ids": 0, "additional_special_tokens": None, "special_tokens_map_file": None,
               "tokenizer_file": None, "sp_model_kwargs": {}, "name_or_path": "google/mt5-base"}  # fmt: skip
    write_json(directory, "tokenizer_config.json", {**SPECIAL_TOKENS, **options})
    write_json(directory, "special_tokens_map.json", SPECIAL_TOKENS)
    return {
        "architectures": ["MT5ForConditionalGeneration"], "model_type": "mt5", **T5_SHAPE,
        "feed_forward_proj": "gated-gelu", "vocab_size": 3 + len(pieces) + 112, "tie_word_embeddings": False,
        "tokenizer_class": "T5Tokenizer", "length_penalty": 0.6, "max_length": 84, "no_repeat_ngram_size": 2,
        "num_beams": 4, "output_past": True,
    }  # fmt: skip


# --- files


REPOSITORIES: dict[str, Callable[[Path], Config]] = {
    "marian": _marian, "marian-separate": _marian_separate, "m2m100": _m2m100, "nllb": _nllb, "mbart": _mbart,
    "bart": _bart, "distilbart": _distilbart, "pegasus": _pegasus, "t5": _t5, "flan": _flan, "mt5": _mt5,
}  # fmt: skip


def _train(path: Path, lines: list[str], **options: Any) -> list[str]:
    """The pieces of a SentencePiece model trained on the lines and written to `path`, special ones left out."""
    from sentencepiece import SentencePieceProcessor, SentencePieceTrainer

    with path.open("wb") as file:
        SentencePieceTrainer.train(
            sentence_iterator=iter(lines), model_writer=file, vocab_size=300, num_threads=1, minloglevel=2,
            required_chars=CHARACTERS, **({} if options.get("model_type") == "bpe" else {"hard_vocab_limit": False}),
            **options,
        )  # fmt: skip
    model = SentencePieceProcessor(model_file=str(path))
    return [model.id_to_piece(i) for i in range(len(model)) if not model.is_control(i) and not model.is_unknown(i)]


def write_json(directory: Path, name: str, content: Config) -> None:
    (directory / name).write_text(json.dumps(content, ensure_ascii=False, indent=2), encoding="utf-8")
