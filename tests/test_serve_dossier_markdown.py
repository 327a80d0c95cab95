"""The Markdown file as a CommonMark parser sees it."""

from __future__ import annotations

import re

import pytest
from dossiers import HOSTILE, MADE, SMALL, made_of
from golden import check_golden
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from mt.webpage import clean
from serve.dossier import render
from serve.dossier.markdown import escape

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
NASTY = st.text(st.sampled_from(list("\\`*_~^|<>[]{}()&#$@!:;.,-+=%/'\"0123 9aw\n\r\tن؟")), max_size=24)


def tokens(text: str) -> list[Token]:
    found = PARSER.parse(text)
    return [*found, *(child for token in found for child in token.children or ())]


def shown(text: str) -> str:
    """What a reader sees of one paragraph, its line breaks as line ends."""
    (inline,) = (token for token in PARSER.parse(text) if token.type == "inline")
    return "".join("\n" if child.type == "hardbreak" else child.content for child in inline.children or ())


@settings(derandomize=True, deadline=None, max_examples=400)
@given(NASTY)
@example("1. one\n2) two\n- three\n+ four\n=\n# five\n> six\n    seven\n| a | b |\n|---|---|")
@example("[a]: http://evil.test\n[a]\n\n***\n\n~~~\ncode")
@example("ends in a backslash\\\n<div>&amp;&#60;")
@example("-")
@example("12.")
def test_escaped_text_is_one_paragraph_that_reads_as_the_text(text: str) -> None:
    lines = [line.strip() for line in re.split(r"[\r\n]+", text)]
    plain = "\n".join(line for line in lines if line)
    if not plain:
        assert escape(text) == ""
        return
    assert {token.type for token in tokens(escape(text))} <= {
        "paragraph_open", "paragraph_close", "inline", "text", "text_special", "hardbreak",
    }  # fmt: skip
    assert shown(escape(text)) == plain


@pytest.mark.parametrize("address", ["https://evil.test", "www.evil.test", "WWW.evil.test"])
def test_a_web_address_is_not_left_as_one_that_becomes_a_link(address: str) -> None:
    assert address not in escape(address)
    assert shown(escape(address)) == address


def test_hostile_text_makes_no_markup_of_its_own() -> None:
    found = tokens(render(made_of(HOSTILE), "md", MADE).decode())
    kinds = {token.type for token in found}
    assert not [kind for kind in kinds if kind.startswith(("html", "link", "image", "em_", "s_", "fence", "table"))]
    headings = [token.tag for token in found if token.type == "heading_open"]
    assert headings == ["h1", "h2", "h2", "h2"]
    code = [token.content for token in found if token.type == "code_inline"]
    assert len(code) == 3  # two systems and the checksum
    assert code[0] == code[1] == clean(HOSTILE)


def test_golden() -> None:
    check_golden("dossier.md", render(SMALL, "md", MADE).decode())
