"""A transformers directory to what the backends load: `convert` for CTranslate2, `keep` for transformers itself.

Nothing is downloaded, no code of a repository is run, and pickled weights may hold tensors only. Converting is a
matter of the extra `hub`; what comes out of `convert` runs without torch and transformers.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mt.ct2 import ModelSettings
from mt.errors import BackendUnavailable, ConfigError, ModelError
from mt.pretrained import explained, load_pretrained, own_settings
from mt.registry import Architecture, ModelSpec
from mt.tokenizer import MULTILINGUAL, UNUSED, plain_tokenizer

COPIED = {"marian": ("source.spm", "target.spm"), "m2m100": ("sentencepiece.bpe.model",)}  # others: tokenizer.json
# What transformers no longer says in a configuration: the norms before a layer, and behind the embeddings.
NORMS = {"bart": (False, True), "pegasus": (True, False), "mbart": (True, True)}
SAFE = ("model.safetensors", "model.safetensors.index.json")
NOT_KEPT = (".bin", ".h5", ".msgpack", ".ot", ".pkl", ".pt", ".onnx", ".safetensors", ".index.json", ".py", ".zip")


def convert(directory: Path, target: Path, spec: ModelSpec, compute_type: str = "int8") -> None:
    """Write the model of `directory` into `target`, an empty directory, as `mt.ct2` loads it.

    Raises:
        ModelCorrupt: the files do not fit together, or hold more than tensors.
        BackendUnavailable: torch or transformers is missing, or CTranslate2 has no such model.
        ConfigError: no such compute type.
        ModelError: the memory does not suffice.
        OSError: `target` cannot be written.
    """
    tokenizer, model = load_pretrained(directory, dtype="auto")
    import torch

    with torch.no_grad(), explained(directory, "converted"):
        converted, source, vocabulary = _convert(model, tokenizer, spec.architecture)
        _check_tokens(spec, source, vocabulary)
        try:
            converted.optimize(quantization=compute_type)
        except ValueError as error:
            raise ConfigError(f"--compute-type {compute_type}: {error}") from error
        settings = _settings(model, vocabulary, spec, directory)
        text = None
        if spec.architecture not in COPIED:
            text = plain_tokenizer(tokenizer.backend_tokenizer.to_str(), set(tokenizer.all_special_tokens))
    converted.save(str(target))
    settings.save(target)
    for name in COPIED.get(spec.architecture, ()):
        shutil.copyfile(directory / name, target / name)
    if text is not None:
        (target / "tokenizer.json").write_text(text, encoding="utf-8")


def keep(directory: Path, target: Path, spec: ModelSpec) -> None:
    """Write the model of `directory` into `target`, an empty directory, for transformers: its weights as safetensors.

    Configuration and tokenizer stay as they are. Raises what `convert` raises.
    """
    safe = any((directory / name).is_file() for name in SAFE)
    _, model = load_pretrained(directory, dtype="auto")  # also where nothing is rewritten: whether all of it is there
    if not safe:
        _save(model, target)
        for path in target.iterdir():  # which its library lets nobody else read
            shutil.copymode(directory / "config.json", path)
    del model
    for path in sorted(directory.iterdir()):
        weights = path.name.endswith((".safetensors", SAFE[1]))
        if path.is_file() and (safe if weights else not path.name.endswith(NOT_KEPT)):
            shutil.copyfile(path, target / path.name)


def _save(model: Any, target: Path) -> None:
    """Write the weights alone; what two names share is written once."""
    from safetensors import SafetensorError

    try:
        model.save_pretrained(target)
    except SafetensorError as error:  # the system's message, mostly of a full disk
        raise ModelError(f"cannot write the model to {target}: {error}; free some space") from error
    for path in target.iterdir():
        if path.suffix != ".safetensors" and path.name not in SAFE:
            path.unlink()


def _convert(model: Any, tokenizer: Any, architecture: Architecture) -> tuple[Any, list[str], list[str]]:
    """The model as CTranslate2 specifies it, validated, and its source and target vocabularies."""
    from ctranslate2.converters import transformers as loaders

    if type(tokenizer).__name__ == "MBartTokenizer":
        raise BackendUnavailable("an mBART-25 names its languages in other places than an mBART-50, which is what can "
                                 "be converted; give this one the backend hf in models.yaml")  # fmt: skip
    if architecture in NORMS:
        model.config.normalize_before, model.config.normalize_embedding = NORMS[architecture]
    loader = {
        "marian": loaders.MarianMTLoader, "m2m100": loaders.M2M100Loader, "nllb": loaders.M2M100Loader,
        "mbart": loaders.MBartLoader, "bart": loaders.BartLoader, "pegasus": loaders.PegasusLoader,
        "t5": loaders.T5Loader, "mt5": loaders.MT5Loader,
    }[architecture]()  # fmt: skip
    if architecture == "marian":
        loader._remove_pad_weights = lambda spec: None  # it takes both vocabularies for one
    spec = loader.get_model_spec(model)
    loader.set_config(spec.config, model, tokenizer)
    if architecture == "mbart":  # its tokenizer has no bos, which the engine cannot read
        spec.config.bos_token = tokenizer.cls_token
        spec.config.decoder_start_token = tokenizer.convert_ids_to_tokens(model.config.decoder_start_token_id)
    if architecture in ("t5", "mt5"):  # transformers 5 says "tied" of all of them; what is scaled is another matter
        scaled = architecture == "t5" and model.config.scale_decoder_outputs
        spec.decoder.scale_outputs = model.config.d_model**-0.5 if scaled else "__optional"
    source, target = _vocabularies(spec, tokenizer, architecture)
    spec.register_source_vocabulary(source)
    spec.register_target_vocabulary(target)
    spec.validate()
    return spec, source, target


def _check_tokens(spec: ModelSpec, source: list[str], target: list[str]) -> None:
    """ConfigError unless the model has the tokens that models.yaml names: others would be an unknown word to it."""
    named = []
    if spec.architecture in MULTILINGUAL:
        named = [(spec.languages.get("ar"), source), (spec.languages.get("en"), target)]
    elif spec.architecture == "marian" and spec.prefix:
        named = [(spec.prefix.strip(), source)]
    for token, vocabulary in named:
        if token not in vocabulary:
            raise ConfigError(f"{spec.name}: the model has no token {token!r}; see `languages` and `prefix` of its "
                              f"entry in models.yaml")  # fmt: skip


def _vocabularies(spec: Any, tokenizer: Any, architecture: Architecture) -> tuple[list[str], list[str]]:
    """The tokens of the source and of the target, in the order of the embeddings."""
    sizes = spec.encoder.embeddings[0].weight.shape[0], spec.decoder.embeddings.weight.shape[0]
    if architecture == "marian":
        source = tokenizer.encoder
        target = tokenizer.target_encoder if tokenizer.separate_vocabs else source
        vocabularies = _names(source, sizes[0]), _names(target, sizes[1])
        _remove_pad(spec, *vocabularies)
        return vocabularies
    if architecture == "m2m100":  # its languages stand in no listing of the vocabulary, but have their ids
        ids = {tokenizer.convert_ids_to_tokens(number): number for number in reversed(range(sizes[0]))}
    else:
        ids = tokenizer.get_vocab()
    return _names(ids, sizes[0]), _names(ids, sizes[1])


def _names(ids: Mapping[str, int], size: int) -> list[str]:
    """A name for each row of an embedding: its token, or a made-up name where the tokenizer has none."""
    tokens = {number: token for token, number in ids.items()}
    return [tokens.get(number, f"{UNUSED}{number}>") for number in range(size)]


def _remove_pad(spec: Any, source: list[str], target: list[str]) -> None:
    """Take `<pad>`, the last row of Marian's embeddings, away, if it is zeros, with which CTranslate2 can begin.

    Training by transformers leaves something in it: there a target begins with that.
    """
    if source[-1] == "<pad>":
        source.pop()
        spec.encoder.embeddings[0].weight = spec.encoder.embeddings[0].weight[:-1]
    decoder = spec.decoder
    if target[-1] != "<pad>" or decoder.embeddings.weight[-1].any():
        decoder.start_from_zero_embedding = False
        spec.config.decoder_start_token = "<pad>"
        return
    target.pop()
    decoder.embeddings.weight = decoder.embeddings.weight[:-1]
    decoder.projection.weight = decoder.projection.weight[:-1]
    if decoder.projection.has_bias():
        decoder.projection.bias = decoder.projection.bias[:-1]


def _settings(model: Any, vocabulary: list[str], spec: ModelSpec, directory: Path) -> ModelSettings:
    """The model's own generation settings, in CTranslate2's words."""
    own, config = own_settings(model, spec, directory), model.generation_config

    def tokens(ids: list[int]) -> tuple[str, ...]:
        known = tuple(vocabulary[number] for number in ids if 0 <= number < len(vocabulary))
        return known if len(known) == len(ids) else ()  # Marian forbids its <pad>, which is gone

    forbidden = [*(config.bad_words_ids or ()), *([number] for number in config.suppress_tokens or ())]
    return ModelSettings(
        spec.architecture,
        own.decoding,
        () if own.first is None else tokens([own.first]),
        tuple(filter(None, map(tokens, forbidden))),
        own.forces_end,
    )
