"""The options that the commands of `khulasa-eval` share, and what they mean."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

if TYPE_CHECKING:
    from eval.gate import Gate
    from eval.report import Form

FILE = click.Path(dir_okay=False, path_type=Path)
_FORMS = ("text", "json", "md", "html", "junit")
_SUFFIXES = {".txt": "text", ".json": "json", ".md": "md", ".html": "html", ".htm": "html", ".xml": "junit"}

Command = Callable[..., None]
Destinations = list[tuple["Form", Path | None]]  # None: standard output


def file_options(command: Command) -> Command:
    """Add what `score` and `compare` have in common: references, source, task, or an old report in their place."""
    options = (
        click.option("--rescore", type=FILE, metavar="REPORT.json", help="Score the hypotheses of an old report anew."),
        click.option("--reference", "references", type=FILE, multiple=True, metavar="FILE",
                     help="A reference, a segment a line; again for more."),
        click.option("--source", type=FILE, metavar="FILE", help="The Arabic source; brings the flags of the checks."),
        click.option("--task", type=click.Choice(["translate", "summarize"]), default="translate",
                     help="What was made."),
    )  # fmt: skip
    return functools.reduce(lambda wrapped, option: option(wrapped), reversed(options), command)


def testset_options(command: Command) -> Command:
    """Add what names a test set; the command gets `origin`, None where nothing was named."""

    @click.option("--testset", default="", metavar="NAME",
                  help="samples, a directory, a TSV or JSONL file, PATH of PATH.ar and PATH.en, or one of sacrebleu's; "
                       "NAME:501-997 for these lines of it.")  # fmt: skip
    @click.option("--domains", type=FILE, metavar="FILE", help="A label for each segment, a line each.")
    @click.option("--fields", default="", metavar="source=KEY,reference=KEY,domain=KEY",
                  help="What a TSV file or JSONL calls them.")  # fmt: skip
    @functools.wraps(command)
    def wrapped(testset: str, domains: Path | None, fields: str, **given: Any) -> None:
        from eval.origin import Origin

        references = tuple(str(path) for path in given.pop("references", ()))
        source = given.pop("source", None)
        origin = None
        if testset or references:
            found = _fields(fields)
            origin = Origin(testset, references, str(source or ""), str(domains or ""), found)
        elif source or domains:
            raise click.UsageError("--source and --domains go with --reference FILE or --testset NAME")
        command(origin=origin, **given)

    return wrapped


def _fields(text: str) -> Any:
    from eval.testsets import Fields

    found = dict[str, list[str]]()
    for part in filter(None, text.split(",")):
        name, _, key = part.partition("=")
        if name not in ("source", "reference", "domain") or not key:
            raise click.BadParameter(
                f"{part!r}: expected source=KEY, reference=KEY or domain=KEY", param_hint="--fields"
            )
        found.setdefault(name, []).append(key)
    usual = Fields()
    return Fields(
        found.get("source", [usual.source])[-1],
        tuple(found.get("reference", usual.references)),
        found.get("domain", [usual.domain])[-1],
    )


def measure_options(command: Command) -> Command:
    """Add what is measured, judged and written; the command gets `asked` and `out`."""

    @click.option("--metrics", default="", metavar="NAME,…",
                  help="bleu, chrf, chrf++, ter, rouge1, rouge2, rougeL, rougeLsum. Default: bleu,chrf; of summaries "
                       "rouge1,rouge2,rougeLsum.")  # fmt: skip
    @click.option("--stem/--no-stem", "stemmer", default=None,
                  help="ROUGE on English words without their endings. Default: of summaries only.")  # fmt: skip
    @click.option("--no-flags", is_flag=True, help="Do not run the checks, which take most of the time.")
    @click.option("--baseline", type=FILE, metavar="REPORT.json", help="A report to hold the scores against.")
    @click.option("--gate", "gate_files", type=FILE, multiple=True, metavar="FILE", help="Thresholds, as YAML.")
    @click.option("--min", "minimum", multiple=True, metavar="NAME=LIMIT", help="As bleu=30: fail below it.")
    @click.option("--max", "maximum", multiple=True, metavar="NAME=LIMIT",
                  help="As ter=60, number=2% (any kind of flag), lint=0: fail above it.")  # fmt: skip
    @click.option("--max-drop", multiple=True, metavar="NAME=LIMIT",
                  help="As chrf=0.5: fail where more is lost against the baseline.")  # fmt: skip
    @click.option("--fail-if-worse", is_flag=True, help="Fail where the paired test finds a score worse.")
    @click.option("--format", "form", type=click.Choice(_FORMS), help="Default: text; of a file, what its name says.")
    @click.option("-o", "--output", "outputs", type=FILE, multiple=True, metavar="FILE",
                  help="A file instead of stdout; again for more: .json .md .html .xml .txt.")  # fmt: skip
    @functools.wraps(command)
    def wrapped(
        metrics: str, stemmer: bool | None, no_flags: bool, baseline: Path | None, form: Form | None,
        outputs: tuple[Path, ...], **given: Any,
    ) -> None:  # fmt: skip
        from eval.assemble import Asked

        gates = _gates(**{name: given.pop(name) for name in
                          ("gate_files", "minimum", "maximum", "max_drop", "fail_if_worse")})  # fmt: skip
        names = tuple(name.strip() for name in metrics.split(",") if name.strip())
        asked = Asked(names, stemmer, not no_flags, baseline, gates)
        command(asked=asked, out=_destinations(form, outputs), **given)

    return wrapped


def _gates(
    gate_files: tuple[Path, ...], minimum: tuple[str, ...], maximum: tuple[str, ...], max_drop: tuple[str, ...],
    fail_if_worse: bool,
) -> tuple[Gate, ...]:  # fmt: skip
    from eval.gate import Gate, load_gates, parse_gate

    found = [gate for path in gate_files for gate in load_gates(path)]
    found += [parse_gate("min", option) for option in minimum]
    found += [parse_gate("max", option) for option in maximum]
    found += [parse_gate("max-drop", option) for option in max_drop]
    return tuple(dict.fromkeys([*found, *([Gate("fail-if-worse", "")] if fail_if_worse else [])]))


def _destinations(form: Form | None, outputs: tuple[Path, ...]) -> Destinations:
    """Each file with its form; wrong usage before any work is done for it."""
    for path in outputs:
        if not path.parent.is_dir():
            raise click.BadParameter(f"the folder {path.parent} does not exist", param_hint="--output")
        if form is None and path.suffix not in _SUFFIXES:
            raise click.BadParameter(f"{path}: expected a name with {', '.join(_SUFFIXES)}, or --format",
                                     param_hint="--output")  # fmt: skip
    if form and len(outputs) > 1:
        raise click.UsageError("--format is for one output; of several, the names say what they are")
    return [(cast("Form", form or _SUFFIXES[path.suffix]), path) for path in outputs] or [(form or "text", None)]
