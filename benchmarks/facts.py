"""Which of twenty facts of the seed article stand in its translation, by the installed command.

python benchmarks/facts.py ../shared/seed-article.txt [further options of `khulasa article`]
"""

from __future__ import annotations

import json
import re
import resource
import subprocess
import sys
import time
from pathlib import Path

FACTS = [
    "Putin", "Mohammed", "Moscow", "Russia", "Morocco", "Syria", "Rabat", "Lavrov", "Kremlin", "Libya", "Yemen",
    "United Nations", "Palestin", "Israel", "gas", "fish", "terror", "15", "100", "140",
]  # fmt: skip
SPELLINGS = {"United Nations": r"United Nations|\bUN\b|\bU\.N\.", "Mohammed": "Moham+[ae]d|Muhammad"}


def main() -> None:
    command = [str(Path(sys.executable).with_name("khulasa")), "article", *sys.argv[1:], "--format", "json"]
    begun = time.perf_counter()
    answer = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    wall = time.perf_counter() - begun
    text = answer["translation"]
    found = [fact for fact in FACTS if re.search(SPELLINGS.get(fact, fact), text, re.IGNORECASE)]
    for fact in FACTS:
        print(f"{'yes' if fact in found else 'NO ':3} {fact}")
    arabic = re.findall(r"[\u0621-\u064a]+", " ".join(segment["target"] for segment in answer["segments"]))
    empty = [segment["source"] for segment in answer["segments"] if not segment["target"].strip()]
    print(f"{len(found)} of {len(FACTS)} facts; {len(text.split(chr(10) * 2))} paragraphs; "
          f"{len(empty)} empty targets; Arabic left: {arabic or 'none'}")  # fmt: skip
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"{wall:.1f} s from call to text, of which {answer['seconds']}; peak memory {peak:.0f} MiB")
    print(answer["systems"]["translate"])


if __name__ == "__main__":
    main()
