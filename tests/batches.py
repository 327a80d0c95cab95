"""What the tests of batches share: an engine that poisoned texts break, and `khulasa` with it behind.

In worker processes the engine is found by its name, since unpickling `FakeSetup` imports this file. As a script it is
`khulasa` with the engine in the place of CTranslate2, so that `--model DIR` with an empty `model.bin` will do.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from conftest import FakeEngine, numbered

from mt.document import Article, DecodingOptions, Hypothesis
from mt.engine import BACKENDS, Placement
from mt.errors import ConfigError, DecodingError
from mt.local import local_spec
from mt.store import StoredModel
from serve.batch.chunks import Chunk
from serve.batch.executor import Executor
from serve.batch.process import Bounds
from serve.batch.records import Record
from serve.batch.work import Output, Setup, Worker
from serve.service import Summarizing

SLOWNESS = "KHULASA_TEST_SECONDS"  # for each segment
LAUNCHER = (sys.executable, str(Path(__file__)))


def _segfault() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def _exhaust() -> None:
    hoard = []
    while True:
        hoard.append(b"\1" * (8 << 20))
        time.sleep(0.01)


def _out_of_memory() -> None:
    raise MemoryError


def _unforeseen() -> None:
    raise KeyError("unforeseen")


def _refuse() -> None:
    raise DecodingError("the engine failed")


def _misconfigured() -> None:
    raise ConfigError("no text can be decoded like this")


def _hold_interpreter() -> None:
    ctypes.PyDLL(None).sleep(3600)  # unlike CDLL it keeps the interpreter to itself


POISON: dict[str, Callable[[], None]] = {
    "قصف": _segfault,
    "خروج": lambda: os._exit(7),
    "تعليق": lambda: time.sleep(3600),
    "تجميد": _hold_interpreter,
    "تخمة": _exhaust,
    "ذاكرة": _out_of_memory,
    "مفاجأة": _unforeseen,
    "رفض": _refuse,
    "إعداد": _misconfigured,
    "قتل": lambda: os.kill(os.getpid(), signal.SIGKILL),
}
ONCE = "مرة"  # killed, but only once: the folder of the model remembers it


class PoisonEngine(FakeEngine):
    """`numbered`, but for texts with a word of POISON, or ONCE."""

    def __init__(self, model: StoredModel, placement: Placement) -> None:
        super().__init__(self._rule)
        self.spec, self._folder = model.spec, model.path
        self._seconds = float(os.environ.get(SLOWNESS, "0"))
        if (model.path / "dead").exists():
            os._exit(3)

    def _rule(self, text: str, options: DecodingOptions) -> Sequence[Hypothesis]:
        time.sleep(self._seconds)
        words = text.split()
        for word in POISON.keys() & set(words):
            POISON[word]()
        if ONCE in words and not (self._folder / "killed").exists():
            (self._folder / "killed").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return numbered(text, options)


BACKENDS["fake"] = "batches:PoisonEngine"


class FakeSetup(Setup):
    """A Setup whose worker loads a PoisonEngine."""

    __slots__ = ()


def fake_model(folder: Path) -> Path:
    """A directory that passes for one of CTranslate2, made in the folder."""
    folder.mkdir(exist_ok=True)
    (folder / "model.bin").touch()
    return folder


def fake_setup(folder: Path) -> FakeSetup:
    """What a worker with a PoisonEngine is told: plain decoding, the first sentence as summary."""
    spec = replace(local_spec(fake_model(folder)), backend="fake")  # type: ignore[arg-type]
    return FakeSetup(StoredModel(spec, folder, "1"), DecodingOptions(plain=True), summarizing=Summarizing("lead", 1))


def text_of(number: int) -> str:
    """A sound sentence, different for each number."""
    return f"أعلنت الوزارة خطة جديدة للمياه {'و' * (number % 7 + 1)}قالت إنها رقم {number}."


def record(number: int, text: str | None = None, **fields: object) -> Record:
    """A record as a source gives it."""
    article = Article((text_of(number) if text is None else text,), id=str(number))
    return Record(number, f"in.jsonl:{number + 1}", str(number), article, fields, None)


def write_jsonl(path: Path, texts: Sequence[str | None]) -> Path:
    """A file with a record for each text, None for a sound one of its own."""
    records = (
        {"id": f"a{number}", "text": text_of(number) if text is None else text, "section": f"s{number % 3}"}
        for number, text in enumerate(texts)
    )
    path.write_text("".join(json.dumps(each, ensure_ascii=False) + "\n" for each in records), encoding="utf-8")
    return path


class InlineExecutor(Executor):
    """Does chunks here, two at a time, the second before the first; raises `interrupt` after that many."""

    def __init__(self, setup: Setup, interrupt_after: int | None = None) -> None:
        super().__init__(setup, 1, Bounds(1 << 40))
        self._left, self.numbers = interrupt_after, list[int]()

    def run(self, chunks: Iterator[Chunk]) -> Iterator[tuple[int, list[Output]]]:
        worker = Worker(self._setup)
        while pair := list(islice(chunks, 2)):
            for chunk in reversed(pair):
                if self._left == 0:
                    raise KeyboardInterrupt
                self._left = None if self._left is None else self._left - 1
                self.numbers.append(chunk.number)
                yield chunk.number, worker.translate(chunk)


if __name__ in ("__main__", "__mp_main__"):  # the second is its name in a worker
    BACKENDS["ct2"] = BACKENDS["fake"]
if __name__ == "__main__":
    from serve.cli import main

    main()
