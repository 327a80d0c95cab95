"""The files that put the server into a container: what they name is there. Nothing here runs docker."""

from __future__ import annotations

import json
import re
import tomllib
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import click
import yaml

from mt import __version__
from serve.cli import main
from serve.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
LINES = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]["khulasa"]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def instructions(name: str) -> list[str]:
    return [line.split(maxsplit=1)[1].strip() for line in LINES if line.startswith(f"{name} ")]


def parsed(arguments: list[str]) -> dict[str, Any]:
    """What click makes of a command line of ours; it fails for one that is none."""
    command: click.Command = main
    context = click.Context(main)
    while isinstance(command, click.Group):
        name, found, arguments = command.resolve_command(context, arguments)
        assert found is not None
        command, context = found, click.Context(found, info_name=name, parent=context)
    return command.make_context("khulasa", arguments).params


def test_the_image_holds_what_the_wheel_is_made_of() -> None:
    rules = [line for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line[:1] != "#"]
    assert rules[0] == "*"
    sent = {rule[1:] for rule in rules if rule.startswith("!")}
    assert all((ROOT / name).exists() for name in sent)
    project, wheel = PROJECT["project"], PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = {*wheel["packages"], *wheel["force-include"], project["readme"], "pyproject.toml", "constraints.txt",
              *(name for name in project["license-files"] if "/" not in name)}  # fmt: skip
    assert sent == needed
    assert [rule for rule in rules[1:] if not rule.startswith("!")] == ["**/__pycache__"]


def test_the_extras_are_those_of_the_project() -> None:
    (extras,) = re.findall(r"\.whl\)\[(.+?)\]", "\n".join(LINES))
    assert set(extras.split(",")) == {"embedded", "serve", "batch"} <= set(PROJECT["project"]["optional-dependencies"])
    (pattern,) = re.findall(r"khulasa-\S*\.whl", "".join(LINES))
    assert fnmatch(f"khulasa-{__version__}-py3-none-any.whl", pattern)


def test_the_commands_are_commands_of_ours() -> None:
    (entry,), (command,) = instructions("ENTRYPOINT"), instructions("CMD")
    assert json.loads(entry) == ["khulasa"]
    given = parsed(json.loads(command))
    assert (given["host"], given["port"], given["keys"]) == ("0.0.0.0", Settings().port, Path("/keys/keys.json"))
    run = " && ".join(instructions("RUN"))
    for arguments in re.findall(r"bin/khulasa ([^&]+)", run):
        assert parsed(arguments.split())["name"] == "embedded"
    text = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    (create,) = re.findall(r"run --rm khulasa (keys .+?)  ", text)
    assert parsed(create.split())["path"] == given["keys"]


def test_health_is_asked_where_the_server_is() -> None:
    (port,) = instructions("EXPOSE")
    (health,) = instructions("HEALTHCHECK")
    code = json.loads(health.partition("CMD ")[2])[2]
    compile(code, "HEALTHCHECK", "exec")
    assert f"http://127.0.0.1:{port}/readyz" in code
    assert COMPOSE["ports"] == [f"127.0.0.1:{port}:{port}"]


def test_it_is_not_root_and_writes_nothing_but_below_tmp() -> None:
    assert instructions("USER") == ["khulasa"]
    assert instructions("VOLUME") == ["/keys"]
    assert any("useradd" in line and "install -d -o khulasa -m 700 /keys" in line for line in instructions("RUN"))
    assert (COMPOSE["read_only"], COMPOSE["tmpfs"], COMPOSE["cap_drop"]) == (True, ["/tmp"], ["ALL"])
    assert COMPOSE["volumes"] == ["keys:/keys"]
    assert int(COMPOSE["stop_grace_period"].removesuffix("s")) > Settings().grace + 10
    environment = " ".join(instructions("ENV")[-1:])
    assert {"KHULASA_CACHE=/var/lib/khulasa", "ORT_DISABLE_TELEMETRY=1"} <= set(environment.split())
