"""Score an adapter on FLORES-dev as the product decodes with it: BLEU and chrF, with their signatures.

    KHULASA_DATA=… python recipes/embedded/score.py ADAPTER_DIR --lines 1-500 [--plain] [--out FILE]

The model is built from ADAPTER_DIR/adapter-*.safetensors in a folder that is deleted again.
KHULASA_DATA has dev/flores-dev.ar and .en. They are for choosing, never for training.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from eval.metrics import METRICS, score
from eval.testsets import load_testset
from mt import embedded
from mt.document import DecodingOptions
from mt.engine import Engine, Placement, load_engine
from mt.errors import MTError
from mt.registry import load_registry
from mt.translate import translate_lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("adapter", type=Path, metavar="ADAPTER_DIR")
    parser.add_argument("--lines", default="1-997", help="which lines of FLORES-dev, such as 1-500")
    parser.add_argument("--plain", action="store_true", help="without terms, re-ranking and second decoding")
    parser.add_argument("--threads", type=int, default=0, help="0: all cores")
    parser.add_argument("--out", type=Path, help="where to write the translations, a line each")
    given = parser.parse_args()
    if not os.environ.get("KHULASA_DATA"):
        sys.exit("KHULASA_DATA is not set; it names the folder that has dev/flores-dev.ar")
    try:
        dataset = load_testset(f"{os.environ['KHULASA_DATA']}/dev/flores-dev:{given.lines}")
        with engine_with(given.adapter, Placement(threads=given.threads)) as engine:
            targets, translation = translate_lines(dataset.sources, engine, DecodingOptions(plain=given.plain))
        scores = score(targets, dataset.references)
    except MTError as error:
        sys.exit(str(error))
    if given.out:
        given.out.write_text("".join(f"{target}\n" for target in targets), encoding="utf-8")
    print(f"{given.adapter}, lines {given.lines}, {translation.system}")
    for found in scores:
        print(f"{METRICS[found.name].label} {found.value:.2f} {found.signature}")


@contextmanager
def engine_with(adapter: Path, placement: Placement) -> Iterator[Engine]:
    """The embedded model with that adapter in the place of the packaged one, built in a cache of its own."""
    pieces = sorted(adapter.glob("adapter-*.safetensors"))
    if not pieces:
        sys.exit(f"{adapter} has no adapter-*.safetensors; weights.py adapter writes them")
    with tempfile.TemporaryDirectory() as scratch:
        data = Path(scratch) / "data"
        data.mkdir()
        for path in (*pieces, embedded.DATA / "kept_ids.npy", embedded.DATA / "tokenizer.json"):
            (data / path.name).symlink_to(path.resolve())
        before = embedded.DATA, os.environ.get("KHULASA_CACHE")
        embedded.DATA, os.environ["KHULASA_CACHE"] = data, str(Path(scratch) / "cache")
        try:
            yield load_engine("embedded", "translate", load_registry(), placement)
        finally:
            embedded.DATA, cache = before
            if cache is None:
                del os.environ["KHULASA_CACHE"]
            else:
                os.environ["KHULASA_CACHE"] = cache


if __name__ == "__main__":
    main()
