from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from mt import __version__
from mt.errors import ConfigError
from serve.batch.manifest import NAME, Manifest, Setting, begin, load_manifest

SHA = "0123456789abcdef" * 4
SETTINGS: dict[str, Setting] = {"input": SHA, "model": "fake@1|ct2|int8", "beam size": 4, "glossary": None}


def test_a_batch_is_begun_gone_on_with_and_finished(tmp_path: Path) -> None:
    begun = begin(tmp_path, "a.jsonl", SETTINGS)
    assert load_manifest(tmp_path) == begun
    assert (begun.runs, begun.finished, begun.khulasa, begun.input) == (1, None, __version__, "a.jsonl")
    again = begin(tmp_path, "a.jsonl", SETTINGS)
    assert (again.runs, again.started) == (2, begun.started)
    done = again.finish(tmp_path, 3, {"records": 7, "failed": 1})
    assert load_manifest(tmp_path) == done
    assert (done.chunks, done.counts) == (3, {"records": 7, "failed": 1})
    assert done.finished is not None
    assert begin(tmp_path, "a.jsonl", SETTINGS).finished is None  # what failed is tried again


def test_what_is_written_down(tmp_path: Path) -> None:
    begin(tmp_path, "a.jsonl", SETTINGS, "2-of-5").finish(tmp_path, 3, {"records": 7})
    written = json.loads((tmp_path / NAME).read_text())
    assert written["settings"] == SETTINGS
    assert (written["schema"], written["shard"], written["host"]) == (1, "2-of-5", os.uname().nodename)
    assert written["started"] <= written["finished"]
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


def test_everything_that_changed_is_named_at_once(tmp_path: Path) -> None:
    begin(tmp_path, "a.jsonl", SETTINGS)
    now: dict[str, Setting] = {
        "input": "f" * 64,
        "model": "fake@1|ct2|int8",
        "beam size": 2,
        "glossary": SHA,
        "new": True,
    }
    with pytest.raises(ConfigError) as refused:
        begin(tmp_path, "a.jsonl", now)
    assert str(refused.value) == (
        "not what this batch was begun with: input (was 0123456789ab…, now ffffffffffff…); beam size (was 4, now 2); "
        "glossary (was nothing, now 0123456789ab…); new (was nothing, now True). Go back to that, give another OUTPUT, "
        "or begin anew with --restart"
    )
    found = load_manifest(tmp_path)
    assert found is not None
    assert (found.settings, found.runs) == (SETTINGS, 1)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"{}", b'{"schema": 1, "settings": 5}', b"\xff", b"[" * 100_000,
     json.dumps({**dict.fromkeys(Manifest.__slots__), "schema": 2, "settings": {}}).encode()],
)  # fmt: skip
def test_a_manifest_that_is_none_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / NAME).write_bytes(content)
    with pytest.raises(ConfigError, match=r"does not say of what the parts .* begin anew with --restart"):
        begin(tmp_path, "a.jsonl", SETTINGS)


def test_parts_without_a_manifest_are_refused(tmp_path: Path) -> None:
    (tmp_path / "00000000.jsonl").touch()
    with pytest.raises(ConfigError, match="it is missing"):
        begin(tmp_path, "a.jsonl", SETTINGS)


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot write"):
        begin(tmp_path / "gone", "a.jsonl", SETTINGS)
