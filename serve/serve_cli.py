"""The command `khulasa serve`: the page and the API, until it is told to stop."""

from __future__ import annotations

import os
from dataclasses import fields
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mt.errors import BackendUnavailable
from serve.settings import Limits, Settings
from serve.terminal import building

if TYPE_CHECKING:
    from serve.metrics import Metrics
    from serve.service import Service

_NEEDED = ("fastapi", "gradio", "limits", "prometheus_client", "python_multipart", "uvicorn")
_QUIET = {  # what is typed into the page stays here; read when the libraries are imported
    "GRADIO_ANALYTICS_ENABLED": "False",
    "GRADIO_RUN_HISTORY": "False",
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "ORT_DISABLE_TELEMETRY": "1",  # ONNX Runtime reports to its makers, from 1.29 on also on Linux
    "TRANSFORMERS_OFFLINE": "1",
}
_DEFAULTS, _LIMITS = Settings(), Limits()
_READABLE = click.Path(exists=True, dir_okay=False, path_type=Path)


def _origin(ctx: click.Context, parameter: click.Parameter, origins: tuple[str, ...]) -> tuple[str, ...]:
    """The origins as browsers send them; wrong usage for what is none."""
    for origin in origins:
        scheme, _, host = origin.partition("://")
        if origin != "*" and (scheme not in ("http", "https") or not host or set(host) & set("/?#@ *")):
            raise click.BadParameter(f"{origin!r}: expected an origin, as in https://news.example", ctx, parameter)
    return tuple(origin.lower() for origin in origins)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; elsewhere needs --keys.")
@click.option("--port", type=click.IntRange(0, 65535), default=7860, show_default=True, help="0: a free one.")
@click.option("--model", default="auto", help="Name, alias, directory, or auto: the best one on disk.")
@click.option("--keys", type=click.Path(dir_okay=False, path_type=Path), help="API keys: see `khulasa keys`.")
@click.option("--rate", default="", metavar="RATE", help="Of each key, or each address, as 60/minute.")
@click.option("--insecure", is_flag=True, help="Let everybody in who can reach a --host that is not local.")
@click.option("--allow-urls", is_flag=True, help="Fetch addresses that clients name (public ones only).")
@click.option("--cors", multiple=True, metavar="ORIGIN", callback=_origin, help="A web page that may ask; repeatable.")
@click.option("--max-characters", "characters", type=click.IntRange(1), default=_LIMITS.characters, show_default=True)
@click.option("--max-segments", "segments", type=click.IntRange(1), default=_LIMITS.segments, show_default=True)
@click.option("--max-file-bytes", "file_bytes", type=click.IntRange(1), default=_LIMITS.file_bytes, show_default=True)
@click.option("--max-requests", "requests", type=click.IntRange(1), default=_LIMITS.requests, show_default=True,
              help="At once, waiting ones included; one more gets a 429.")  # fmt: skip
@click.option("--timeout", "seconds", type=click.FloatRange(1, 86_400), default=_LIMITS.seconds, show_default=True,
              help="Seconds for one request.")  # fmt: skip
@click.option("--grace", type=click.FloatRange(0, 3600), default=_DEFAULTS.grace, show_default=True,
              help="Seconds that running requests have at SIGTERM.")  # fmt: skip
@click.option("--glossary", type=_READABLE, help="Your terms: CSV, TSV or TMX.")
@click.option("--ledger", type=_READABLE, help="Names as you write them: CSV or TSV.")
@click.option("--compute-type", default="default", help="int8, int8_float32, float32, float16, …")
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto")
@click.option("--threads", type=click.IntRange(0), default=0, help="0: all cores.")
@click.pass_obj
def serve(models_file: Path | None, /, insecure: bool, **given: Any) -> None:
    """Serve the page and the API.

    The page is at the address printed once the server is ready, the API beside it (/openapi.json). SIGTERM or Ctrl-C
    lets running requests finish; a second one does not.
    """
    os.environ.update(_QUIET)
    _refuse_missing()
    limits = Limits(**{field.name: given.pop(field.name) for field in fields(Limits)})
    names = [field.name for field in fields(Settings) if field.name != "limits"]
    settings = Settings(**{name: given.pop(name) for name in names}, limits=limits)
    if not (settings.local or settings.keys or insecure):
        raise click.UsageError(
            f"--host {settings.host} lets others reach this server: make a key with `khulasa keys create NAME --file "
            f"keys.json` and give --keys keys.json, or let everybody in with --insecure"
        )
    from serve.keys import Keyring, check_rate

    check_rate(settings.rate)
    if settings.keys:
        Keyring(settings.keys)  # what is wrong with it is said before anything is loaded
    from serve.server import log_to_stderr, run

    log_to_stderr()
    run(lambda metrics: _service(models_file, metrics, **given), settings, _announce)


def _service(
    models_file: Path | None, metrics: Metrics, *, glossary: Path | None, ledger: Path | None, **placed: Any
) -> Service:
    from mt.engine import Placement
    from mt.registry import load_registry
    from mt.terms import load_terms
    from serve.service import Service

    terms = load_terms(glossary, ledger)
    return Service(
        load_registry(models_file), Placement(**placed), building, terms, shared=True, on_batch=metrics.count_batch
    )


def _announce(address: str) -> None:
    click.echo(f"khulasa is ready: {address}")


def _refuse_missing() -> None:
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise BackendUnavailable(f"the server needs {', '.join(missing)}: `pip install 'khulasa[serve]'`")
