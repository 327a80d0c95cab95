"""The transformers backend: any seq2seq model of the hub on torch, placed by accelerate."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

from mt.document import DecodingOptions, Hypothesis, Source
from mt.engine import Placement, refuse_long, refuse_overflow, with_lengths
from mt.errors import ConfigError, DecodingError, ModelCorrupt, MTError
from mt.pretrained import (
    choose_device,
    choose_dtype,
    explained,
    is_out_of_memory,
    load_pretrained,
    own_settings,
    require_packages,
)
from mt.registry import Language, ModelSpec
from mt.store import StoredModel
from mt.tokenizer import MULTILINGUAL, UNKNOWN_SIGN, plain_tokenizer

if TYPE_CHECKING:
    import torch

BATCH_TOKENS = 1024  # source tokens decoded together, padding counted


class TransformersEngine:
    """An Engine on `AutoModelForSeq2SeqLM.generate`."""

    takes_terms = takes_prefix = False

    def __init__(self, model: StoredModel, placement: Placement) -> None:
        require_packages(model.spec.name)
        import torch

        device = choose_device(placement.device)
        dtype = choose_dtype(placement.compute_type, device.type)
        refuse_overflow(model.spec, dtype)
        if device.type == "cpu":
            torch.set_num_threads(placement.cores)
        self._tokenizer, self._model = load_pretrained(model.path, dtype=getattr(torch, dtype), device_map={"": device})
        with explained(model.path, "used with transformers"):
            own = own_settings(self._model, model.spec, model.path)
            _silence(self._model.generation_config)
            self._forces_end = own.forces_end
            self.spec = replace(model.spec, decoding=model.spec.decoding.over(own.decoding))
            multilingual = self.spec.architecture in MULTILINGUAL
            self._first = _choose_languages(self._tokenizer, self.spec) if multilingual else own.first
            self._encode = _encoder(self._tokenizer, model)
            self._before, self._behind = _frame(self._tokenizer, model)
        self._one_at_a_time = threading.Lock()
        where = dtype if device.type == "cpu" else f"{device.type}-{dtype}"
        self.signature = f"{'-'.join(self.spec.languages)}-{self.spec.name}@{model.version}|hf|{where}"

    def count_tokens(self, source: Source) -> int:
        return len(self._ids(source.text))

    def generate(
        self, sources: Sequence[Source], options: DecodingOptions
    ) -> Iterator[tuple[int, tuple[Hypothesis, ...]]]:
        options = with_lengths(options, self.spec, self._forces_end)
        ids = [self._ids(source.text) for source in sources]
        refuse_long(ids, self.spec)
        for index, tokens in enumerate(ids):
            if not tokens:
                yield index, (Hypothesis(""),)
        for batch in _batches(ids):
            with self._one_at_a_time:
                found = self._decode([ids[index] for index in batch], options)
            yield from zip(batch, found, strict=True)

    def _ids(self, text: str) -> list[int]:
        """The text as the model reads it, special tokens in their places; empty for a blank one."""
        prefix = "" if self.spec.architecture == "marian" else self.spec.prefix or ""  # Marian's is a token
        body = self._encode(f"{prefix}{text}") if text.strip() else []
        return [*self._before, *body, *self._behind] if body else []

    def _decode(self, batch: list[list[int]], options: DecodingOptions) -> list[tuple[Hypothesis, ...]]:
        import torch

        longest = max(map(len, batch))
        padding = self._model.generation_config.pad_token_id or 0
        rows = [ids + [padding] * (longest - len(ids)) for ids in batch]
        seen = [[1] * len(ids) + [0] * (longest - len(ids)) for ids in batch]
        inputs, mask = (torch.tensor(each, device=self._model.device) for each in (rows, seen))
        beams = max(options.beam_size or 1, options.num_hypotheses)
        odds = _Odds(kept=2 * beams)
        try:
            with torch.inference_mode():
                output = self._model.generate(
                    input_ids=inputs, attention_mask=mask, return_dict_in_generate=True, do_sample=False,
                    logits_processor=[odds], forced_bos_token_id=self._first, **_arguments(options, beams),
                )  # fmt: skip
                targets, complete = output.sequences[:, 1:], self._ends(output.sequences[:, 1:])
                scores = odds.means(targets, getattr(output, "beam_indices", None), self._written(complete))
        except Exception as error:  # transformers raises whatever comes
            raise self._failure(error, len(batch), options) from error
        found = [
            Hypothesis(self._text(ids), score, ended)
            for ids, score, ended in zip(
                output.sequences.tolist(), scores.tolist(), complete.any(-1).tolist(), strict=True
            )
        ]
        n = options.num_hypotheses
        return [tuple(found[start : start + n]) for start in range(0, len(found), n)]

    def _ends(self, targets: torch.Tensor) -> torch.Tensor:
        """(rows, tokens) → where an end stands."""
        import torch

        ids = self._model.generation_config.eos_token_id
        ends = torch.tensor(ids if isinstance(ids, list) else [ids], device=targets.device)
        return torch.isin(targets, ends)

    def _written(self, ends: torch.Tensor) -> torch.Tensor:
        """(rows, tokens) → the tokens that the model chose: from the forced one to the first end, which is one."""
        written = ends.cumsum(-1) - ends.long() == 0
        if self._first is not None:
            written[:, 0] = False
        return written

    def _text(self, ids: list[int]) -> str:
        """The target on one line; a word that the vocabulary has not is not lost in silence."""
        unknown = self._tokenizer.unk_token_id
        languages = getattr(self._tokenizer, "id_to_lang_token", {})  # M2M100's, which it takes for text
        pieces = [
            UNKNOWN_SIGN if is_unknown else self._tokenizer.decode(list(group), skip_special_tokens=True)
            for is_unknown, group in groupby((i for i in ids if i not in languages), lambda i: i == unknown)
        ]
        text = " ".join(pieces)
        if self.spec.architecture == "pegasus":
            text = text.replace("<n>", " ")  # how it spells a line break
        return " ".join(text.split())

    def _failure(self, error: Exception, count: int, options: DecodingOptions) -> MTError:
        if is_out_of_memory(error):
            return DecodingError(f"{self.spec.name}: no memory left for a batch of {count}: use a smaller --beam-size, "
                                 f"a smaller model, or another --device")  # fmt: skip
        if isinstance(error, ValueError):
            return ConfigError(f"{self.spec.name} cannot decode with {options}: {error}")
        return DecodingError(f"{self.spec.name} failed on a batch of {count}: {str(error) or type(error).__name__}")


class _Odds:
    """Watches a search from behind its other processors: the log-probabilities of each step's likeliest tokens.

    What a search chooses is among them; to keep whole steps, as transformers does, takes gigabytes at NLLB's 256,206
    tokens. `kept` is as many as a search may choose from one row.
    """

    def __init__(self, kept: int) -> None:
        self._kept, self._steps = kept, list[tuple[Any, Any]]()

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        best = scores.topk(min(self._kept, scores.shape[-1]))
        self._steps.append((best.indices, best.values - scores.logsumexp(-1, keepdim=True)))
        return scores

    def means(self, targets: torch.Tensor, beams: torch.Tensor | None, written: torch.Tensor) -> torch.Tensor:
        """(rows, tokens) → the mean over what was written; `beams` are the rows that tokens were chosen from."""
        import torch

        total = torch.zeros(len(targets), device=targets.device)
        for step in range(targets.shape[1]):
            ids, values = self._steps[step] if beams is None else (each[beams[:, step]] for each in self._steps[step])
            chosen = torch.where(ids == targets[:, step, None], values, 0).sum(-1)
            total += torch.where(written[:, step], chosen, 0)
        return total / written.sum(-1).clamp_min(1)


def _silence(config: Any) -> None:
    """Take out of the model's generation settings what a call says: transformers would have it beside the call's."""
    for name in ("early_stopping", "renormalize_logits"):  # a beam ends when it is full, and what is forbidden counts
        if getattr(config, name) is None:  # as impossible: as in CTranslate2, unless the settings say otherwise
            setattr(config, name, True)
    for name in ("max_length", "min_length", "max_new_tokens", "min_new_tokens", "forced_eos_token_id"):
        setattr(config, name, None)


def _arguments(options: DecodingOptions, beams: int) -> dict[str, Any]:
    """What is asked for in transformers' words."""
    return {
        "num_beams": beams,
        "num_return_sequences": options.num_hypotheses,
        "length_penalty": 1.0 if options.length_penalty is None else options.length_penalty,
        "repetition_penalty": 1.0 if options.repetition_penalty is None else options.repetition_penalty,
        "no_repeat_ngram_size": options.no_repeat_ngram_size or 0,
        "min_new_tokens": options.min_decoding_length,
        "max_new_tokens": options.max_decoding_length,
    }


def _choose_languages(tokenizer: Any, spec: ModelSpec) -> int:
    """The token that a target begins with; the tokenizer's source language is set. ConfigError if it has no such."""
    ids: list[int] = []
    languages: tuple[Language, ...] = ("ar", "en")
    for language in languages:
        code = spec.languages.get(language)
        number = tokenizer.convert_tokens_to_ids(code) if code else None
        if number in (None, tokenizer.unk_token_id):
            raise ConfigError(f"{spec.name}: its tokenizer has no language {code!r}")
        ids.append(int(number))
    tokenizer.legacy_behaviour = False  # NLLB's of 2022, which put the source language at the end
    tokenizer.src_lang = spec.languages["ar"].strip("_")  # M2M100 writes __ar__ and is told ar
    return ids[1]


def _encoder(tokenizer: Any, model: StoredModel) -> Callable[[str], list[int]]:
    """Text → ids of text: what an author wrote never becomes a special token, however it is spelled."""
    if hasattr(tokenizer, "backend_tokenizer"):
        from tokenizers import Tokenizer

        special = set(tokenizer.all_special_tokens)
        plain = Tokenizer.from_str(plain_tokenizer(tokenizer.backend_tokenizer.to_str(), special))
        return lambda text: list(plain.encode(text, add_special_tokens=False).ids)
    pieces = getattr(tokenizer, "spm_source", None) or getattr(tokenizer, "sp_model", None)
    if pieces is None:
        raise ModelCorrupt(f"{model.path}: its tokenizer is a {type(tokenizer).__name__}, which is not supported")
    # By way of the pieces' ids: asked for strings, SentencePiece gives what it does not know as it is written.
    return lambda text: list(tokenizer.convert_tokens_to_ids(pieces.id_to_piece(pieces.encode(text))))


def _frame(tokenizer: Any, model: StoredModel) -> tuple[list[int], list[int]]:
    """The special tokens before a text and behind it."""
    whole, body = tokenizer("1").input_ids, tokenizer("1", add_special_tokens=False).input_ids
    starts = [i for i in range(len(whole)) if body and whole[i : i + len(body)] == body]
    if not starts:
        raise ModelCorrupt(f"{model.path}: its tokenizer cannot read a text; get it again")
    before, behind = whole[: starts[0]], whole[starts[0] + len(body) :]
    if model.spec.architecture == "marian" and model.spec.prefix:
        language = tokenizer.convert_tokens_to_ids(model.spec.prefix.strip())
        if language == tokenizer.unk_token_id:
            raise ConfigError(f"{model.spec.name}: its tokenizer has no token {model.spec.prefix!r}")
        before = [language, *before]
    return before, behind


def _batches(ids: list[list[int]]) -> Iterator[list[int]]:
    """Indices of sources alike in length, longest first, at most BATCH_TOKENS a batch."""
    batch: list[int] = []
    for index in sorted((i for i, tokens in enumerate(ids) if tokens), key=lambda i: (-len(ids[i]), i)):
        if batch and (len(batch) + 1) * len(ids[batch[0]]) > BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch
