"""Average trainings that went on from one state, or a training and where it began (arXiv 2203.05482, 2109.01903).

    python recipes/embedded/average.py OUT FROM [FROM ...]    # each a state of train.py, or a folder such as WORK/start

OUT is a state too, both as it is and averaged over steps the mean of the averaged weights: `weights.py adapter WORK DIR
--state OUT` makes an adapter of it, `train.py WORK --state OUT` goes on from it.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from safetensors.torch import load_file
from weights import MODEL, State, Weights, load_state, save_state, shapes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("sources", type=Path, nargs="+", metavar="FROM")
    given = parser.parse_args()
    print(f"{given.out}: the mean of {len(given.sources)}, {average(given.out, given.sources)} steps")


def average(out: Path, sources: list[Path]) -> int:
    """Write the mean; the most steps that one of the sources took are its steps."""
    steps, mean = _averaged(sources[0])
    for number, path in enumerate(sources[1:], 2):
        its_steps, its_mean = _averaged(path)
        if shapes(its_mean) != shapes(mean):
            sys.exit(f"{path} and {sources[0]} are of two different models")
        steps = max(steps, its_steps)
        for name, weight in mean.items():
            weight.lerp_(its_mean[name], 1 / number)
    save_state(out, State(steps, {name: weight.clone() for name, weight in mean.items()}, mean))
    return steps


def _averaged(path: Path) -> tuple[int, Weights]:
    """How many steps led to its averaged weights, and those."""
    if path.is_dir():
        return 0, {name: weight.float() for name, weight in load_file(path / MODEL).items()}
    state = load_state(path)
    return state.steps, state.mean


if __name__ == "__main__":
    main()
