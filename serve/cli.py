"""The command line: `khulasa article | translate | summarize | models | doctor`. Shows, never decides."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from mt import __version__
from mt.commands import CommandGroup, speak_utf8
from serve.batch_cli import batch, batch_merge
from serve.check_cli import check
from serve.keys_cli import keys
from serve.models_cli import models
from serve.options import decoding_options, summary_options
from serve.serve_cli import serve
from serve.terminal import check_folder, console, progress, write_file

if TYPE_CHECKING:
    from rich.console import Console

    from mt.document import DecodingOptions
    from mt.registry import Registry
    from serve.dossier import FileFormat
    from serve.service import Service, Summarizing


@click.group(cls=CommandGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="khulasa")
@click.option("--models", "models_file", type=click.Path(path_type=Path), help="Another models.yaml.")
@click.pass_context
def main(ctx: click.Context, models_file: Path | None) -> None:
    """Arabic news articles in, English translations and summaries out."""
    speak_utf8()
    ctx.obj = models_file


main.add_command(batch)
main.add_command(batch_merge)
main.add_command(check)
main.add_command(keys)
main.add_command(models)
main.add_command(serve)


@main.command()
@click.argument("source", default="-")
@click.option("--format", "form", type=click.Choice(["text", "json", "md", "html", "docx"]), default="text")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), callback=check_folder,
              help="A file instead of stdout.")  # fmt: skip
@summary_options
@decoding_options
def article(
    service: Service, source: str, model: str, decoding: DecodingOptions, form: Literal["text", "json"] | FileFormat,
    output: Path | None, summarizing: Summarizing,
) -> None:  # fmt: skip
    """Translate and summarize an article.

    SOURCE is a file (txt, md, html, docx, pdf), an address, or - for standard input.
    """
    from serve.dossier import digest_json, print_digest, render
    from serve.reader import read_article

    if form == "docx" and output is None:
        raise click.UsageError("docx is no text for a terminal: name a file, as in `-o article.docx`")
    found = read_article(source)
    with progress() as report:
        digest = service.digest(found, model, decoding, summarizing, report)
    if form == "text":
        with console(output) as out:
            print_digest(digest, out)
    elif form == "json":
        with console(output) as out:
            _print_json(digest_json(digest), out)
    else:
        write_file(output, render(digest, form))


@main.command()
@click.argument("source", default="-")
@click.option("--lines", is_flag=True, help="Each line by itself: n lines in, n lines out; SOURCE is a text.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@click.option("--num-hypotheses", type=click.IntRange(1, 32), default=1, help="Alternatives for each segment (json).")
@decoding_options
def translate(
    service: Service, source: str, model: str, decoding: DecodingOptions, lines: bool, form: str, num_hypotheses: int
) -> None:
    """Translate a text.

    SOURCE is a file (txt, md, html, docx, pdf), an address, or - for standard input.
    """
    from dataclasses import replace

    from mt.translate import translate_lines
    from serve.dossier import print_translation, translation_json
    from serve.reader import read_article, read_lines

    decoding = replace(decoding, num_hypotheses=num_hypotheses)
    texts, found = (read_lines(source), None) if lines else ([], read_article(source))
    if texts and not "".join(texts).strip() and form == "text":
        click.echo("\n" * len(texts), nl=False)
        return
    with progress() as report:
        if found is None:
            targets, translation = translate_lines(texts, service.engine(model), decoding, report, service.terms)
        else:
            (translation,) = service.translate([found], model, decoding, report)
    notice = service.notice(model)
    with console(None) as out:
        if form == "json":
            _print_json(translation_json(translation, notice), out)
        elif lines:
            click.echo("".join(f"{target}\n" for target in targets), nl=False)
            for told in (*([notice] if notice else []), *translation.warnings):
                click.echo(told, err=True)  # the lines on stdout answer those that came in, nothing else
        else:
            print_translation(translation, out, notice)


@main.command()
@click.argument("source", default="-")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@summary_options
@decoding_options
def summarize(
    service: Service, source: str, model: str, decoding: DecodingOptions, form: str, summarizing: Summarizing
) -> None:
    """Summarize a text, English or Arabic.

    English is taken as it is, Arabic by way of its translation. SOURCE is as for `article`.
    """
    from mt.language import identify
    from serve.dossier import SCHEMA, digest_json, summary_json, summary_text
    from serve.reader import read_article

    found = read_article(source)
    if identify("\n".join(found.paragraphs)).code == "en":
        summary, sentences = service.summarize_english(found, summarizing)
        notice = service.summary_notice(summarizing)
        warnings = [*([notice] if notice else []), *found.warnings]
        answer: dict[str, Any] = {"schema": SCHEMA, "summary": summary_json(summary), "sentences": sentences,
                  "systems": {"summarize": summary.system}, "warnings": warnings}  # fmt: skip
        taken_from = "the text"
    else:
        with progress() as report:
            digest = service.digest(found, model, decoding, summarizing, report)
        summary, answer, taken_from = digest.summary, digest_json(digest), "the translation"
    with console(None) as out:
        if form == "json":
            _print_json(answer, out)
        else:
            for warning in answer["warnings"]:
                out.print(f"⚠ {warning}\n", style="yellow")
            out.print(summary_text(summary, taken_from), soft_wrap=not out.is_terminal)


@main.command()
@click.pass_obj
def doctor(models_file: Path | None) -> None:
    """Show versions, models, and what is missing.

    Also the processor, free space, and which extra brings what is missing.
    """
    from serve.doctor import examine

    with console(None) as out:
        for line in examine(_registry(models_file)):
            out.print(line, soft_wrap=True)


def _registry(models_file: Path | None) -> Registry:
    from mt.registry import load_registry

    return load_registry(models_file)


def _print_json(value: dict[str, Any], out: Console) -> None:
    out.file.write(json.dumps(value, ensure_ascii=False, indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())
