"""A batch in shards, for array jobs: shard I of N does every N-th chunk, and `merge` joins what they made."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mt.errors import ConfigError
from serve.batch.manifest import Manifest, load_manifest
from serve.batch.output import check_output, write_output
from serve.batch.parts import Parts, parts_folder
from serve.batch.proposals import Proposals, proposed_ledger


@dataclass(frozen=True, slots=True)
class Shard:
    """One of `count` shares of a batch, the first is number 1; 1 of 1 is all of it."""

    number: int = 1
    count: int = 1

    @classmethod
    def parse(cls, text: str) -> Shard:
        """The shard that `I/N` means; ConfigError if it means none."""
        found = re.fullmatch(r"([0-9]{1,6})/([0-9]{1,6})", text)
        shard = cls(*map(int, found.groups())) if found else cls(0)
        if not 1 <= shard.number <= shard.count:
            raise ConfigError(f"--shard {text}: expected I/N with I from 1 to N, such as 2/5")
        return shard

    @property
    def name(self) -> str:
        """What its folder is called by; empty for all of a batch."""
        return f"{self.number}-of-{self.count}" if self.count > 1 else ""

    def has(self, chunk: int) -> bool:
        """Whether the chunk is one of its."""
        return chunk % self.count == self.number - 1


def merge(output: str, folders: Sequence[Path] = ()) -> dict[str, int]:
    """Join what all shards made, in the order of the input, and the names they met; what they counted, added up.

    The folders are those of the shards, which may have come from other machines; none: those beside `output`.

    Raises:
        ConfigError: a shard is missing, not finished, or of other settings or another input; it says which.
        MTError: a part, or what a shard counted of names, is damaged.
    """
    check_output(output)
    folders = folders or _beside(output)
    manifests = [_finished(folder) for folder in folders]
    ordered = _ordered(output, folders, manifests)
    first = manifests[0]
    for folder, manifest in zip(folders, manifests, strict=True):
        try:
            first.refuse_changed(manifest.settings)
        except ConfigError as error:
            raise ConfigError(f"{folders[0]} and {folder} are shards of two different batches: {error}") from error
        if manifest.chunks != first.chunks:
            raise ConfigError(f"{folders[0]} and {folder} count different chunks: run their batches again")
    names = Proposals.load(*folders)
    write_output(_lines(ordered, first.chunks or 0), output, folders[0])
    names.write(proposed_ledger(output))
    return {name: sum(manifest.counts.get(name, 0) for manifest in manifests) for name in first.counts}


def _beside(output: str) -> list[Path]:
    folder = parts_folder(output).parent
    return sorted(path for path in folder.iterdir() if _of(path, output))


def _of(path: Path, output: str) -> bool:
    found = re.search(r"[.]shard-([0-9]+-of-[0-9]+)[.]parts\Z", path.name)
    return found is not None and path == parts_folder(output, found[1])


def _finished(folder: Path) -> Manifest:
    manifest = load_manifest(folder)
    if manifest is None or manifest.finished is None or manifest.chunks is None:
        raise ConfigError(f"{folder} is no finished shard: run its batch again, which goes on with what is missing")
    return manifest


def _ordered(output: str, folders: Sequence[Path], manifests: Sequence[Manifest]) -> list[Parts]:
    """The parts of shard 1, of shard 2 and so on, each there once."""
    if not folders:
        raise ConfigError(f"there are no shards of {output} beside it; name their folders")
    found = {manifest.shard: Parts(folder) for folder, manifest in zip(folders, manifests, strict=True)}
    count = manifests[0].shard.rpartition("-of-")[2]
    expected = [f"{number + 1}-of-{count}" for number in range(int(count or 0))]
    if wrong := [*(name for name in expected if name not in found), *(name for name in found if name not in expected)]:
        raise ConfigError(f"the shards do not make a whole: {', '.join(wrong)} "
                          f"{'is missing' if wrong[0] in expected else 'is of another division'}")  # fmt: skip
    if not expected:
        raise ConfigError(f"the shards do not make a whole: {folders[0]} is none")
    if len(folders) > len(expected):
        raise ConfigError(f"a shard was named twice: {len(folders)} folders for {len(expected)} shards")
    return [found[name] for name in expected]


def _lines(shards: Sequence[Parts], chunks: int) -> Iterator[bytes]:
    for number in range(chunks):
        yield from shards[number % len(shards)].lines([number])
