"""`manifest.json`: of what a batch is made, when and where. The outputs know none of it, so that they can be equal."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mt import __version__
from mt.errors import ConfigError
from serve.batch.storage import written

NAME = "manifest.json"
SCHEMA = 1
Setting = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Manifest:
    """A batch, begun or finished. `settings` is all that decides the output: hashes, signatures, options."""

    input: str
    settings: Mapping[str, Setting]
    shard: str = ""  # "2-of-5"; empty: all
    started: str = ""
    host: str = ""
    khulasa: str = __version__
    runs: int = 1  # this one, and those that were interrupted before
    chunks: int | None = None  # of the whole input; known, as all that follows, when the batch is finished
    counts: Mapping[str, int] = field(default_factory=dict)
    finished: str | None = None
    schema: int = SCHEMA

    def finish(self, folder: Path, chunks: int, counts: Mapping[str, int]) -> Manifest:
        """The manifest with the end of the batch written down."""
        return replace(self, chunks=chunks, counts=counts, finished=_now())._saved(folder)

    def refuse_changed(self, settings: Mapping[str, Setting]) -> None:
        """Return if the settings are those of this batch; a ConfigError names each that is not."""
        names = [*self.settings, *(name for name in settings if name not in self.settings)]
        changed = [
            f"{name} (was {_shown(self.settings.get(name))}, now {_shown(settings.get(name))})"
            for name in names
            if self.settings.get(name) != settings.get(name)
        ]
        if changed:
            raise ConfigError(f"not what this batch was begun with: {'; '.join(changed)}. Go back to that, give "
                              f"another OUTPUT, or begin anew with --restart")  # fmt: skip

    def _saved(self, folder: Path) -> Manifest:
        with written(folder / NAME) as file:
            file.write(json.dumps(asdict(self), ensure_ascii=False, indent=1).encode("utf-8", "backslashreplace"))
        return self


def begin(folder: Path, input_: str, settings: Mapping[str, Setting], shard: str = "") -> Manifest:
    """The manifest of the batch in the folder, which is begun, or gone on with if it was begun with these settings.

    Raises ConfigError: it was begun with others, its manifest is damaged, or it cannot be written.
    """
    earlier = load_manifest(folder)
    if earlier is None:
        return Manifest(input_, dict(settings), shard, _now(), socket.gethostname())._saved(folder)
    earlier.refuse_changed(settings)
    return replace(earlier, runs=earlier.runs + 1, chunks=None, counts={}, finished=None)._saved(folder)


def load_manifest(folder: Path) -> Manifest | None:
    """The manifest in a folder; None if there is none. ConfigError if it cannot be read."""
    path = folder / NAME
    try:
        found: Any = json.loads(path.read_bytes())
        known = {name: found[name] for name in (field.name for field in fields(Manifest))}
        if found["schema"] != SCHEMA or not isinstance(found["settings"], dict):
            raise ValueError(f"schema {found['schema']}")
        return Manifest(**known)
    except FileNotFoundError:
        if any(folder.glob("*.jsonl")):
            raise _damaged(path, "it is missing") from None
        return None
    except (OSError, ValueError, LookupError, TypeError, RecursionError) as error:
        raise _damaged(path, str(error)) from error


def _damaged(path: Path, why: str) -> ConfigError:
    return ConfigError(f"{path} does not say of what the parts beside it are made ({why}): begin anew with --restart")


def _shown(value: Setting) -> str:
    """A hash by its beginning, as git shows them."""
    text = "nothing" if value is None else str(value)
    return f"{text[:12]}…" if len(text) == 64 and text.isalnum() else text


def _now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
