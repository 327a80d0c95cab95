"""Downloads from a small server that speaks the hub's protocol, by the hub's real client."""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import huggingface_hub
import pytest
from hub_server import Hub, Reply, error, git_sha1, in_place_of_the_hub, says, serving, sha256

from mt import hub
from mt.errors import ConfigError, ModelCorrupt, ModelError, ModelNotFound, MTError
from mt.registry import HubSource
from mt.store import Report

SOURCE = HubSource("tiny/marian", "main")
WEIGHTS = bytes(range(256)) * 2048  # eight chunks
FILES = {
    ".gitattributes": b"*.bin filter=lfs",
    "README.md": b"# A model",
    "config.json": b'{"model_type": "marian"}',
    "generation_config.json": b"{}",
    "modeling_own.py": b"raise SystemExit",
    "pytorch_model.bin": WEIGHTS,
    "rust_model.ot": b"rust",
    "source.spm": b"source pieces",
    "target.spm": b"target pieces",
    "tf_model.h5": b"tensorflow",
    "tokenizer_config.json": b'{"source_lang": "ar"}',
    "vocab.json": b"{}",
}
NEEDED = {"config.json", "generation_config.json", "pytorch_model.bin", "source.spm", "target.spm",
          "tokenizer_config.json", "vocab.json"}  # fmt: skip


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that were waited between tries; nobody waits in a test."""
    waited: list[float] = []
    monkeypatch.setattr("mt.hub.time.sleep", waited.append)
    return waited


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, waits: list[float]) -> Iterator[Hub]:
    """A hub with one repository, in the place of huggingface.co."""
    with serving() as running:
        running.add(SOURCE.repo, FILES)
        in_place_of_the_hub(running, monkeypatch, tmp_path)
        yield running


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "downloads" / "marian"


def silent(what: str, share: float) -> None:
    pass


def pull(home: Path, source: HubSource = SOURCE, report: Report = silent) -> hub.Snapshot:
    snapshot = hub.resolve(source, "marian")
    hub.download(snapshot, home, report)
    return snapshot


def contents(home: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in home.iterdir()}


# --- what is downloaded


def test_the_files_that_are_needed_and_no_others_are_downloaded(server: Hub, home: Path) -> None:
    snapshot = pull(home)
    assert contents(home) == {name: FILES[name] for name in NEEDED}
    assert server.downloaded() == NEEDED
    assert snapshot.commit == server.repositories[SOURCE.repo].commit
    assert snapshot.size == sum(len(FILES[name]) for name in NEEDED)
    assert (snapshot.pickled, snapshot.ready) == (True, False)


def test_one_request_tells_what_there_is(server: Hub) -> None:
    hub.resolve(SOURCE, "marian")
    assert [(request.method, request.path) for request in server.requests] == [
        ("GET", "/api/models/tiny/marian/revision/main")
    ]


def test_progress_is_told_in_bytes_and_never_goes_back(server: Hub, home: Path) -> None:
    told: list[tuple[str, float]] = []
    pull(home, report=lambda what, share: told.append((what, share)))
    assert told[-1] == ("downloading pytorch_model.bin, 0.5 of 0.5 MB", 1.0)
    assert ("downloading pytorch_model.bin, 0.3 of 0.5 MB", pytest.approx(0.5, abs=0.01)) in told
    assert [share for _, share in told] == sorted(share for _, share in told)


def test_a_pull_request_is_a_revision_too(server: Hub, home: Path) -> None:
    repaired = server.add("tiny/big", {**FILES, "model.safetensors": b"safe"}, refs=("main", "refs/pr/7"))
    snapshot = pull(home, HubSource("tiny/big", "refs/pr/7"))
    assert snapshot.commit == repaired.commit
    assert not snapshot.pickled
    assert set(contents(home)) == NEEDED - {"pytorch_model.bin"} | {"model.safetensors"}
    assert {request.path.split("/")[4] for request in server.requests if "/resolve/" in request.path} == {
        snapshot.commit
    }


def test_the_fake_hub_is_one_to_the_real_client(server: Hub, tmp_path: Path) -> None:
    got = huggingface_hub.snapshot_download(SOURCE.repo, local_dir=tmp_path / "real", endpoint=server.url)
    found = {path.name: path.read_bytes() for path in Path(got).iterdir() if path.is_file()}
    assert found.items() >= FILES.items()


def test_nothing_is_kept_in_the_clients_own_cache(server: Hub, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = home.parent / "hf"
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(cache))
    pull(home)
    assert not cache.exists()
    assert sorted(path.name for path in home.parent.iterdir()) == ["marian"]


def test_a_token_goes_to_the_hub_and_never_to_where_it_redirects(
    server: Hub, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.repositories[SOURCE.repo].token = "hf_secret"
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    pull(home)
    assert {request.host: request.token for request in server.requests} == {"hub": "hf_secret", "cdn": None}


@pytest.mark.parametrize("token", ["hf_gehüte", "hf_geh\x0bte"])
def test_a_token_that_is_none_is_refused_and_not_shown(
    token: str, server: Hub, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", token)
    with pytest.raises(ConfigError, match=r"HF_TOKEN, .*is none: expected ASCII letters; `hf auth login`") as raised:
        pull(home)
    assert "hf_geh" not in str(raised.value)
    assert server.requests == []


# --- broken off


def test_a_broken_connection_is_taken_up_where_it_broke(server: Hub, home: Path, waits: list[float]) -> None:
    server.cuts["pytorch_model.bin"] = [3 * hub.CHUNK]
    pull(home)
    assert (home / "pytorch_model.bin").read_bytes() == WEIGHTS
    assert server.asked("pytorch_model.bin") == [None, "bytes=196608-"]
    assert waits == [1.0]


def test_what_is_there_is_not_asked_for_again_by_the_next_pull(
    server: Hub, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.cuts["pytorch_model.bin"] = [3 * hub.CHUNK]
    monkeypatch.setattr(hub, "SETBACKS", -1)
    with pytest.raises(ModelError, match=r"no connection to .*run the command again, it goes on where it stopped"):
        pull(home)
    assert sum(len(content) for content in contents(home).values()) > 3 * hub.CHUNK
    server.requests.clear()
    pull(home)
    assert contents(home) == {name: FILES[name] for name in NEEDED}
    assert server.asked("pytorch_model.bin") == ["bytes=196608-"]
    assert server.downloaded() == {"pytorch_model.bin"}


def test_a_server_that_is_gone_halfway_is_given_up_after_some_tries(
    server: Hub, home: Path, waits: list[float]
) -> None:
    server.cuts["pytorch_model.bin"] = [3 * hub.CHUNK, *[0] * 20]
    with pytest.raises(ModelError, match="no connection to "):
        pull(home)
    assert waits == [1.0, 2.0, 4.0, 8.0, 8.0, 8.0]
    assert not (home / "pytorch_model.bin").exists()


def test_a_server_that_trickles_is_given_up_too(server: Hub, home: Path) -> None:
    server.cuts["pytorch_model.bin"] = [10] * 200
    with pytest.raises(ModelError, match="no connection to "):
        pull(home)
    assert len(server.asked("pytorch_model.bin")) == hub.SETBACKS + 1


def test_a_server_without_ranges_begins_anew(server: Hub, home: Path) -> None:
    server.ranges, server.cuts["pytorch_model.bin"] = False, [3 * hub.CHUNK]
    pull(home)
    assert (home / "pytorch_model.bin").read_bytes() == WEIGHTS


def test_another_commit_keeps_what_is_the_same_and_clears_what_is_not(
    server: Hub, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.cuts["pytorch_model.bin"] = [3 * hub.CHUNK]
    monkeypatch.setattr(hub, "SETBACKS", -1)
    with pytest.raises(ModelError):
        pull(home)
    (home / ".cache").mkdir()
    server.add(SOURCE.repo, {**FILES, "pytorch_model.bin": WEIGHTS[::-1]})
    server.requests.clear()
    pull(home)
    assert contents(home) == {name: FILES[name] for name in NEEDED} | {"pytorch_model.bin": WEIGHTS[::-1]}
    assert server.downloaded() == {"pytorch_model.bin"}
    assert server.asked("pytorch_model.bin") == [None]


def test_a_busy_hub_is_asked_again_when_it_says(server: Hub, home: Path, waits: list[float]) -> None:
    server.replies["/resolve/"] = [error(429, Retry_After="7"), error(429, ratelimit='"api";r=0;t=5'),
                                     error(503, ratelimit='"api";r=9;t=300')]  # fmt: skip
    pull(home)
    assert waits == [7, 5, 8.0]
    assert (home / "pytorch_model.bin").read_bytes() == WEIGHTS


def test_nobody_is_made_to_wait_for_an_hour(server: Hub, home: Path, waits: list[float]) -> None:
    server.replies["/resolve/"] = [error(429, Retry_After="3600")]
    with pytest.raises(ModelError, match=r"\(429\): run the command again in 3600 seconds"):
        pull(home)
    assert not home.parent.exists()
    assert waits == []


# --- bytes that are not what was listed


@pytest.mark.parametrize("name", ["pytorch_model.bin", "config.json"])
@pytest.mark.parametrize(
    "changed", [lambda content: bytes([content[0] ^ 1]) + content[1:], lambda content: content + b"more"],
    ids=["one bit", "too long"],
)  # fmt: skip
def test_other_bytes_than_listed_are_refused_and_deleted(
    name: str, changed: Callable[[bytes], bytes], server: Hub, home: Path
) -> None:
    server.served[name] = changed(FILES[name])
    with pytest.raises(ModelCorrupt, match=rf"{name} of tiny/marian came with other bytes .*Run the command again"):
        pull(home)
    assert not list(home.glob(f"{name}*"))
    server.served.clear()
    pull(home)
    assert contents(home) == {name: FILES[name] for name in NEEDED}


def test_a_file_without_end_is_not_written_to_the_disk(server: Hub, home: Path) -> None:
    server.served["config.json"] = bytes(20 * hub.CHUNK)
    largest = 0

    def report(what: str, share: float) -> None:
        nonlocal largest
        largest = max(largest, *(path.stat().st_size for path in home.iterdir()))

    with pytest.raises(ModelCorrupt):
        pull(home, report=report)
    assert largest <= hub.CHUNK


def test_fewer_bytes_than_listed_end_in_an_error_and_the_next_pull_is_free(server: Hub, home: Path) -> None:
    server.served["pytorch_model.bin"] = WEIGHTS[:-100]
    with pytest.raises(ModelError, match="answers 416"):
        pull(home)
    server.served.clear()
    pull(home)
    assert (home / "pytorch_model.bin").read_bytes() == WEIGHTS


def test_a_whole_file_that_was_damaged_on_disk_is_downloaded_again(server: Hub, home: Path) -> None:
    pull(home)
    (home / "source.spm").write_bytes(b"source Pieces")
    server.requests.clear()
    pull(home)
    assert contents(home)["source.spm"] == b"source pieces"
    assert server.downloaded() == {"source.spm"}


def test_both_kinds_of_digest_are_compared(server: Hub) -> None:
    digests = {file.name: file.digest for file in hub.resolve(SOURCE, "marian").files}
    assert digests["pytorch_model.bin"] == sha256(WEIGHTS)
    assert digests["config.json"] == git_sha1(FILES["config.json"])


# --- refusals


@pytest.mark.parametrize(
    ("reply", "kind", "message"),
    [
        (error(404, "RepoNotFound"), ModelNotFound, r"has no repository tiny/marian, or it is private: .*models\.yaml"),
        (error(404, "RevisionNotFound"), ModelNotFound, r"tiny/marian has no revision 'main': see .*/commits/main"),
        (error(401, "GatedRepo"), ModelNotFound, r"is gated: ask for access at .*/tiny/marian, then `hf auth login`"),
        (error(403, message="Access to this resource is disabled."), ModelNotFound, r"disabled .*choose another model"),
        (error(401, message="Invalid credentials in Authorization header"), ModelNotFound, r"\(401\).*HF_TOKEN"),
        (error(403), ModelNotFound, r"refuses us tiny/marian \(403\)"),
        (error(429, Retry_After="9"), ModelError, r"\(429\): run the command again in 9 seconds"),
        (error(404), ModelError, r"answers 404 for tiny/marian, unlike a model hub: check HF_ENDPOINT"),
        (error(500), ModelError, r"answers 500 for tiny/marian: run the command again later"),
        (says(b"<html>welcome"), ModelError, r"does not answer for tiny/marian as a model hub .*check HF_ENDPOINT"),
        (says(b"[]"), ModelError, "as a model hub does"),
        (says(b"{}"), ModelError, "as a model hub does"),
        (says(b'{"id": "a/b", "sha": "../../x", "siblings": []}'), ModelError, r"expected \[0-9a-f\]\{40\}, found"),
        (says(b'{"id": "a/b", "sha": 1, "siblings": [{}]}'), ModelError, "as a model hub does"),
        (says(b"[" * 100_000), ModelError, "as a model hub does"),
    ],
)  # fmt: skip
def test_each_refusal_says_what_to_do(reply: Reply, kind: type[MTError], message: str, server: Hub, home: Path) -> None:
    server.replies["/api/models/"] = [reply]
    with pytest.raises(kind, match=message) as raised:
        pull(home)
    assert type(raised.value) is kind
    assert "\n" not in str(raised.value)
    assert not home.parent.exists()


def test_an_unknown_repository_and_an_unknown_revision_by_the_server_itself(server: Hub, home: Path) -> None:
    with pytest.raises(ModelNotFound, match="has no repository tiny/none"):
        pull(home, HubSource("tiny/none", "main"))
    with pytest.raises(ModelNotFound, match="tiny/marian has no revision 'v9'"):
        pull(home, HubSource(SOURCE.repo, "v9"))
    server.repositories[SOURCE.repo].token = "hf_secret"
    with pytest.raises(ModelNotFound, match="tiny/marian is gated"):
        pull(home)


@pytest.mark.parametrize("siblings", [
    b'{"rfilename": "config.json", "blobId": "' + b"0" * 40 + b'"}',
    b'{"rfilename": "config.json", "size": -1, "blobId": "' + b"0" * 40 + b'"}',
    b'{"rfilename": "config.json", "size": 5, "blobId": "../../../x"}',
    b'{"rfilename": "config.json", "size": 5, "lfs": {"size": 5, "sha256": "0", "pointerSize": 1}}',
])  # fmt: skip
def test_a_listing_without_sizes_and_digests_is_refused(siblings: bytes, server: Hub, home: Path) -> None:
    others = b", ".join(b'{"rfilename": "%s", "size": 5, "blobId": "%s"}' % (name.encode(), b"0" * 40)
                        for name in NEEDED - {"config.json"})  # fmt: skip
    listing = b'{"id": "a/b", "sha": "%s", "siblings": [%s, %s]}' % (b"a" * 40, siblings, others)
    server.replies["/api/models/"] = [says(listing)]
    with pytest.raises(ModelError, match="as a model hub does"):
        pull(home)
    assert not home.parent.exists()


def test_a_repository_laid_out_otherwise_is_refused_before_a_byte_is_downloaded(server: Hub, home: Path) -> None:
    server.add(SOURCE.repo, {"config.json": b"{}", "model.gguf": b"weights"})
    with pytest.raises(ModelCorrupt, match=r"tiny/marian at main has no weights that can be used: .*'model\.gguf'"):
        pull(home)
    assert not home.parent.exists()


def test_no_network_is_told_with_the_next_step(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9/")
    with pytest.raises(ModelError, match=r"no connection to http://127\.0\.0\.1:9 \(.*check the network, HTTPS_PROXY"):
        pull(home)


def test_offline_mode_asks_nobody(home: Path) -> None:
    with pytest.raises(
        ModelError, match=r"HF_HUB_OFFLINE .*is set: what is on disk works so.* get tiny/marian .*unset it"
    ):
        pull(home)


@pytest.mark.parametrize(
    "address", ["ftp://hub", "http://hub:port", "hub.example.org", "https://", "http://[hub", "http://hub:0", "/"]
)
def test_an_address_that_is_none(address: str, monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setenv("HF_ENDPOINT", address)
    with pytest.raises(ConfigError, match=rf"HF_ENDPOINT={re.escape(address.rstrip('/'))}: expected an address like"):
        pull(home)


def test_a_name_that_the_hub_cannot_have(server: Hub, home: Path) -> None:
    with pytest.raises(ConfigError, match=r"'a/b--c' cannot be the name of a repository"):
        pull(home, HubSource("a/b--c", "main"))


# --- the disk


def test_free_space_is_checked_before_the_first_byte(server: Hub, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(home.parents[1])
    monkeypatch.setattr("mt.hub.shutil.disk_usage", lambda path: usage._replace(free=1_000_000))
    with pytest.raises(ModelError, match=r"has 1\.0 MB free, and tiny/marian takes 0\.5 MB to download, up to "
                                         r"0\.5 MB to convert: free some space, or set KHULASA_CACHE"):  # fmt: skip
        pull(home)
    assert server.downloaded() == set()
    assert not home.parent.exists()
    monkeypatch.setattr("mt.hub.shutil.disk_usage", lambda path: usage._replace(free=1_100_000))
    pull(home)


def test_a_full_disk_is_told_and_what_is_there_goes_on_later(
    server: Hub, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill(what: str, share: float) -> None:
        if share > 0.5:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(ModelError, match=r"cannot write the download to .*No space left.*Free some space and run the"):
        pull(home, report=fill)
    server.requests.clear()
    pull(home)
    assert server.asked("pytorch_model.bin") == ["bytes=262144-"]
