"""The command `khulasa check`: what is doubtful about a translation that khulasa did not make."""

from __future__ import annotations

import json
from pathlib import Path

import click

from serve.terminal import check_folder, console, write_file


@click.command()
@click.argument("source")
@click.argument("translation")
@click.option("--lines", is_flag=True, help="Line by line, not paragraph by paragraph; both are texts.")
@click.option("--format", "form", type=click.Choice(["text", "json", "html"]), default="text")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), callback=check_folder,
              help="A file instead of stdout.")  # fmt: skip
def check(source: str, translation: str, lines: bool, form: str, output: Path | None) -> None:
    """Check a translation made by someone else.

    SOURCE (Arabic) and TRANSLATION (English) are files (txt, md, html, docx, pdf), addresses, or one of them - for
    standard input. They must have as many paragraphs. No model is needed.
    """
    from serve.comparison import compare, compare_lines, comparison_html, comparison_json, doubts
    from serve.dossier import print_translation
    from serve.reader import read_article, read_lines

    if source == translation == "-":
        raise click.UsageError("only one of the two can be standard input: name a file for the other")
    names = tuple("standard input" if name == "-" else name for name in (source, translation))
    if lines:
        found = compare_lines(read_lines(source), read_lines(translation), (names[0], names[1]))
    else:
        found = compare(read_article(source), read_article(translation), (names[0], names[1]))
    if form == "html":
        write_file(output, comparison_html(found, (names[0], names[1])))
        return
    with console(output) as out:
        if form == "json":
            out.file.write(json.dumps(comparison_json(found), ensure_ascii=False, indent=1) + "\n")
        else:
            print_translation(found, out, None)
            out.print(f"\n{doubts(found)}", style="bold")
