"""API keys: what the file holds, what it is read as, and the commands."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner, Result

from mt.errors import ConfigError
from serve import keys
from serve.admission import Busy
from serve.cli import main
from serve.keys import Key, Keyring, check_rate, create_key, load_keys, remove_key
from serve.rates import Rates

HASH = "0" * 64


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys.json"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["keys", *map(str, arguments)])


def test_a_key_opens_and_is_in_the_file_as_a_hash_only(path: Path) -> None:
    secret = create_key(path, "newsroom", "60/minute")
    assert len(secret) == len("khulasa_") + 43  # 256 bits
    (key,) = load_keys(path)
    assert (key.name, key.rate) == ("newsroom", "60/minute")
    assert key.sha256 == hashlib.sha256(secret.encode()).hexdigest()
    assert secret not in path.read_text(encoding="utf-8")
    assert Keyring(path).find(secret) == key


def test_only_the_owner_may_read_the_file_and_stays_the_only_one(path: Path) -> None:
    umask = os.umask(0)
    try:
        create_key(path, "one")
        create_key(path, "two")
    finally:
        os.umask(umask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert sorted(other.name for other in path.parent.iterdir()) == ["keys.json", "keys.json.lock"]


@pytest.mark.parametrize("wrong", ["", "khulasa_", "x" * 100_000, "مفتاح", "\udcff", HASH])
def test_anything_else_opens_nothing(path: Path, wrong: str) -> None:
    create_key(path, "newsroom")
    assert Keyring(path).find(wrong) is None


def test_every_key_is_compared_in_constant_time(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = [create_key(path, name) for name in ("one", "two", "three")]
    ring, compared = Keyring(path), []
    real = keys.hmac.compare_digest
    monkeypatch.setattr(keys, "hmac", SimpleNamespace(compare_digest=lambda a, b: compared.append(b) or real(a, b)))
    found = ring.find(secrets[0])
    assert found is not None
    assert found.name == "one"
    assert len(compared) == 3


def test_a_running_server_learns_of_new_and_removed_keys(path: Path) -> None:
    old = create_key(path, "old")
    ring = Keyring(path)
    new = create_key(path, "new")
    assert ring.find(new) is not None
    remove_key(path, "old")
    assert ring.find(old) is None
    remove_key(path, "new")
    assert ring.find(new) is None


def test_a_broken_file_leaves_the_keys_of_a_running_server_as_they_were(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    secret = create_key(path, "newsroom")
    ring = Keyring(path)
    path.write_text("{", encoding="utf-8")
    assert ring.find(secret) is not None
    assert "the keys stay as they were" in caplog.text
    path.unlink()
    assert ring.find(secret) is not None


def test_a_server_that_nobody_could_ask_does_not_start(path: Path) -> None:
    create_key(path, "newsroom")
    remove_key(path, "newsroom")
    with pytest.raises(ConfigError, match="has no key, so nobody could ask; make one with `khulasa keys create"):
        Keyring(path)


def test_keys_made_at_the_same_time_are_all_there(path: Path) -> None:
    makers = [threading.Thread(target=create_key, args=(path, f"key-{i}")) for i in range(8)]
    for maker in makers:
        maker.start()
    for maker in makers:
        maker.join()
    assert {key.name for key in load_keys(path)} == {f"key-{i}" for i in range(8)}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is not JSON"),
        (b"\xff\xfe", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b" " * (keys.LARGEST_FILE + 1), "no file of keys"),
        (b"[]", "expected {"),
        (b'{"keys": {}}', "expected {"),
        (b'{"keys": ["x"]}', "expected each key to be an object of texts"),
        (b'{"keys": [{"name": 1}]}', "expected each key to be an object of texts"),
        (b'{"keys": [{"name": "a"}]}', "expected each key to have name and sha256"),
        (b'{"keys": [{"name": "a", "sha256": "0", "rate": ""}]}', "the key 'a' has no SHA-256 hash"),
        (json.dumps({"keys": [{"name": "a", "sha256": HASH, "role": "x"}]}).encode(), "expected each key to have name"),
        (json.dumps({"keys": [{"name": "a\nb", "sha256": HASH}]}).encode(), "cannot name a key"),
        (json.dumps({"keys": [{"name": "a", "sha256": HASH, "rate": "often"}]}).encode(), "'often' is no rate"),
        (json.dumps({"keys": [{"name": "a", "sha256": HASH}] * 2}).encode(), "a name stands twice"),
    ],
)
def test_a_file_that_is_none_of_keys_says_what_is_wrong(path: Path, content: bytes, message: str) -> None:
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=message) as error:
        load_keys(path)
    assert str(path) in str(error.value)


def test_a_missing_file_says_how_to_make_one(path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no such file; make one with `khulasa keys create NAME --file .*keys"):
        load_keys(path)


@pytest.mark.parametrize("name", ["", "a b", "a\n", "-x", "ا", "x" * 65])
def test_a_name_can_stand_in_a_log(path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="cannot name a key"):
        create_key(path, name)
    assert not path.exists()


@pytest.mark.parametrize("rate", ["", "60/minute", "5 per second", "1000/day", "10/2hours"])
def test_a_rate_is_read(rate: str) -> None:
    assert check_rate(rate) == rate
    Rates().spend("somebody", rate)


@pytest.mark.parametrize("rate", ["0/minute", "-1/minute", "60", "60/fortnight", "1/second;2/minute", "x" * 500])
def test_what_is_no_rate_is_refused(rate: str) -> None:
    with pytest.raises(ConfigError, match="is no rate; expected a number and a time, as in 60/minute"):
        Key("a", HASH, rate)


def test_a_rate_is_each_ones_own_and_says_when_there_is_room() -> None:
    rates = Rates()
    for _ in range(2):
        rates.spend("one", "2/minute")
    with pytest.raises(Busy, match="more than 2/minute requests; ask again in 60 seconds") as busy:
        rates.spend("one", "2/minute")
    assert busy.value.retry_after == 60
    rates.spend("other", "2/minute")


def test_the_commands_make_list_and_remove(path: Path) -> None:
    made = run("create", "newsroom", "--file", path, "--rate", "60/minute")
    assert (made.exit_code, made.stderr) == (0, "")
    found = Keyring(path).find(made.stdout.strip())
    assert found is not None
    assert run("create", "archive", "--file", path).exit_code == 0
    listed = run("list", "--file", path).stdout.splitlines()
    assert [line.split("\t")[0::2] for line in listed] == [["newsroom", "60/minute"], ["archive"]]
    removed = run("remove", "newsroom", "--file", path)
    assert (removed.exit_code, removed.stdout, removed.stderr) == (0, "", "newsroom removed\n")
    assert [line.split("\t")[0] for line in run("list", "--file", path).stdout.splitlines()] == ["archive"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("create", "newsroom"), "has a key 'newsroom'; choose another name"),
        (("create", "new", "--rate", "x"), "'x' is no rate"),
        (("remove", "other"), "has no key 'other'; it has: newsroom"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_a_code(path: Path, arguments: tuple[str, ...], message: str) -> None:
    create_key(path, "newsroom")
    before = path.read_bytes()
    result = run(*arguments, "--file", path)
    assert (result.exit_code, result.stdout) == (4, "")
    assert message in result.stderr
    assert path.read_bytes() == before


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    result = run("create", "newsroom", "--file", tmp_path / "none" / "keys.json")
    assert result.exit_code == 4
    assert f"the folder {tmp_path / 'none'} does not exist" in result.stderr
