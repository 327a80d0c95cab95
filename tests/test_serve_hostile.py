"""Hostile and broken files: each gets an error that says what to do, or safe text; in time, and from this machine only.

`python tests/test_serve_hostile.py` writes the table in docs/hostile-files.md anew.
"""

from __future__ import annotations

import gzip
import io
import re
import socket
import time
import zipfile
from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import pytest
from documents import drawn, pdf, pdf_file, shaped, web_page, word_document
from hypothesis import given, settings
from hypothesis import strategies as st

from mt.errors import InputError
from serve.reader import MAX_FILE, parse, read_article

PAGE = Path(__file__).resolve().parents[1] / "docs" / "hostile-files.md"
TEXT = "أعلنت الوزارة خطة جديدة للمياه في العاصمة، وقالت إنها ستبدأ في الربيع المقبل بعد موافقة البرلمان."
SECONDS = 10  # each; the worst takes a few on a slow machine
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def docx_with(document: str | bytes, **parts: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("word/document.xml", document)
        for name, content in parts.items():
            package.writestr(name, content)
    return file.getvalue()


def packed_as(method: int) -> bytes:
    """A document packed by another method than Word's, with its data damaged."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as package:
        package.writestr("word/document.xml", document(TEXT * 99))
    data = file.getvalue()
    return data[:60] + b"\xff" * 40 + data[100:]


def lying(package: bytes) -> bytes:
    """The zip with a directory that says every part is 1,000 bytes long."""
    found = package.rfind(b"PK\x01\x02")
    return package[: found + 24] + (1000).to_bytes(4, "little") + package[found + 28 :]


def encrypted(data: bytes, password: str) -> bytes:
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(data)))
    writer.encrypt(password, algorithm="RC4-128")
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


def aes(data: bytes) -> bytes:
    """The PDF with a trailer that says it is encrypted by AES-256; no key opens it."""
    crypt = (
        f"/Encrypt << /Filter /Standard /V 5 /R 6 /Length 256 /P -4 /O <{'AB' * 48}> /U <{'CD' * 48}> /OE <{'EF' * 32}>"
        f" /UE <{'12' * 32}> /Perms <{'34' * 16}> /CF << /StdCF << /CFM /AESV3 /AuthEvent /DocOpen /Length 32 >> >>"
        " /StmF /StdCF /StrF /StdCF >> /ID [<0123> <0123>]"
    )
    return data.replace(b"/Info 7 0 R", b"/Info 7 0 R " + crypt.encode())


def entities() -> str:
    names = "abcdefghij"
    declared = "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in pairwise(names))
    return f'<!DOCTYPE x [<!ENTITY a "ha">{declared}]><w:document {W}><w:p><w:r><w:t>&j;</w:t></w:r></w:p></w:document>'


def outside_entity() -> str:
    return (
        f'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><w:document {W}><w:body><w:p><w:r>'
        f"<w:t>{TEXT}&e;</w:t></w:r></w:p></w:body></w:document>"
    )


def document(text: str) -> str:
    return f"<w:document {W}><w:body><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:body></w:document>"


def article_page(inside: str, head: str = "") -> bytes:
    page = web_page("خطة للمياه", [TEXT, TEXT.replace("المياه", "الطاقة")])
    return page.replace("</head>", f"{head}</head>").replace("</article>", f"{inside}</article>").encode()


LINE = "\n".join(drawn(shaped(TEXT[:60]), 540, 700, 12))
RELATION = (
    b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="a" '
    b'Type="http://x/officeDocument" Target="http://127.0.0.1/x.xml" TargetMode="External"/></Relationships>'
)

CORPUS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "scripts.html": (
        "a script that writes text, a frame, an image and a style from outside",
        lambda: article_page(
            "<script>document.write('نص')</script><iframe src='http://127.0.0.1:9/'></iframe><img src='http://127.0.0.1:9/x.png'>",
            "<link rel=stylesheet href='http://127.0.0.1:9/x.css'><meta http-equiv=refresh content='0;url=http://127.0.0.1:9/'>",
        ),
    ),
    "huge.html": ("a page of 200 MB", lambda: b"<!doctype html><p>" + b" " * (200 * 10**6)),
    "deep.html": ("50,000 elements within one another", lambda: article_page("<div>" * 50_000 + TEXT)),
    "many.html": ("200,000 elements", lambda: article_page("<b>x</b>" * 200_000)),
    "asides.html": (
        "18,000 asides, 200 deep within one another",
        lambda: article_page(("<aside> " * 200 + "</aside>" * 200) * 90),
    ),
    "attributes.html": (
        "an element with 50,000 attributes",
        lambda: article_page(f"<p {' '.join(f'a{i}=1' for i in range(50_000))}>{TEXT}</p>"),
    ),
    "brackets.html": ("500,000 opening brackets", lambda: b"<!doctype html>" + b"<" * 500_000),
    "nul.html": ("NUL bytes in the text", lambda: article_page(f"<p>{TEXT}\x00</p>")),
    "terminal.html": (
        "codes for a terminal, written as entities",
        lambda: article_page(f"<p>{TEXT}&#27;]0;x&#7;&#27;[31m&#155;2J</p>"),
    ),
    "entity.html": (
        "an entity that names a file",
        lambda: article_page("<p>&e;</p>").replace(
            b"<!DOCTYPE html>", b"<!DOCTYPE html [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>"
        ),
    ),
    "bomb.txt.gz": ("100 MB of spaces in 97 KB", lambda: gzip.compress(b" " * 100_000_000, 6)),
    "nested.txt.gz": ("gzip within gzip", lambda: gzip.compress(gzip.compress(TEXT.encode()))),
    "short.txt.gz": ("a gzip file cut short", lambda: gzip.compress(TEXT.encode() * 99)[:-20]),
    "broken.txt.gz": ("a gzip header, then noise", lambda: gzip.compress(TEXT.encode())[:12] + b"\xff" * 50),
    "members.txt.gz": ("150,000 empty gzip files, one after the other", lambda: gzip.compress(b"") * 150_000),
    "bomb.docx": ("a document that unpacks to 30 MB", lambda: docx_with(document("a" * 30_000_000))),
    "lying.docx": (
        "the same, but its directory says 1,000 bytes",
        lambda: lying(docx_with(document("a" * 30_000_000))),
    ),
    "laughs.docx": ("entities that unfold to 10 billion letters", lambda: docx_with(entities())),
    "entity.docx": ("an entity that names a file", lambda: docx_with(outside_entity())),
    "utf16.docx": ("the same in UTF-16", lambda: docx_with(outside_entity().encode("utf-16"))),
    "outside.docx": (
        "a main part at an address",
        lambda: docx_with(document(TEXT), **{"_rels/.rels": RELATION}),
    ),
    "deep.docx": ("5,000 elements within one another", lambda: docx_with(document("<w:r>" * 5000 + "</w:r>" * 5000))),
    "table.docx": ("another kind of zip", lambda: docx_with("x").replace(b"word/document", b"xl/worksheet1")),
    "lzma.docx": ("a document packed with LZMA, and damaged", lambda: packed_as(zipfile.ZIP_LZMA)),
    "bzip2.docx": ("a document packed with bzip2, and damaged", lambda: packed_as(zipfile.ZIP_BZIP2)),
    "cut.docx": ("a document cut short", lambda: word_document("خطة", [TEXT])[:9000]),
    "old.doc": ("Word 97, or a .docx with a password", lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 5000),
    "locked.pdf": ("a PDF with a password", lambda: encrypted(pdf(None, [TEXT]), "x")),
    "aes.pdf": ("a PDF with a password, encrypted by AES-256", lambda: aes(pdf(None, [TEXT]))),
    "owner.pdf": ("a PDF that anyone may open but not change", lambda: encrypted(pdf(None, [TEXT]), "")),
    "scan.pdf": ("a page without text", lambda: pdf_file(["0 0 595 842 re f"])),
    "cut.pdf": ("a PDF cut short", lambda: pdf(None, [TEXT] * 40)[:3000]),
    "noise.pdf": ("a PDF's first line, then noise", lambda: b"%PDF-1.7\n" + bytes(range(256)) * 40),
    "letters.pdf": ("fonts that do not say what they draw", lambda: pdf_file([LINE], to_unicode=False)),
    "bomb.pdf": ("a page that unpacks to 60 MB", lambda: pdf_file([" " * 60_000_000])),
    "operators.pdf": ("a page of two million instructions", lambda: pdf_file(["q Q\n" * 1_000_000])),
    "form.pdf": (
        "a picture that contains itself",
        lambda: pdf_file([f"{LINE}\n/X Do", "/X Do"], extra="/XObject << /X 11 0 R >>").replace(
            b"<< /Length", b"<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Length"
        ),
    ),
    "broken-numbers.pdf": ("instructions without their operands", lambda: pdf_file([f"{LINE}\n/F1 Tf Td Tm (x) Tj"])),
    "pages.pdf": ("a thousand pages", lambda: pdf_file(["BT ET"] * 1000)),
    "picture.txt": ("a picture that calls itself text", lambda: b"\x89PNG\r\n\x1a\n" + b"\0" * 500),
    "really-a-page.txt": ("a web page that calls itself text", lambda: article_page("")),
    "really-a-pdf.txt": ("a PDF that calls itself text", lambda: pdf(None, [TEXT])),
    "really-text.pdf": ("a text that calls itself PDF", TEXT.encode),
    "program.js": ("a file of no kind that is read", lambda: b"alert(1)"),
}


def outcome(name: str) -> str:
    """What a file of the corpus gets, in a sentence."""
    try:
        article = parse(CORPUS[name][1]()[: MAX_FILE + 1], name)
    except InputError as error:
        return f"`{type(error).__name__}`: {error}"
    text = " ".join(article.paragraphs)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", f"{text}{article.title}{article.warnings}")
    what = "read" if TEXT[:40] in text else f"read as {len(text):,} letters"
    return f"{what}. {' '.join(article.warnings)}".strip()


def row(name: str) -> str:
    cell = re.sub(r"\s+", " ", outcome(name)).replace("|", "\\|")
    return f"| {name} | {CORPUS[name][0]} | {cell} |"


def table() -> str:
    rows = "\n".join(row(name) for name in CORPUS)
    return (
        "# Hostile files\n\n"
        "What `khulasa article` answers to files made to harm it, or merely broken. The files are made, read and\n"
        "compared with this table by `tests/test_serve_hostile.py`; each is answered within ten seconds, and\n"
        f"nothing is fetched for any of them.\n\n| file | what it is | what it gets |\n|---|---|---|\n{rows}\n"
    )


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object) -> None:
        pytest.fail("something was fetched")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize("name", list(CORPUS))
def test_each_hostile_file_gets_what_the_table_says_in_time(name: str) -> None:
    start = time.process_time()
    assert row(name) in PAGE.read_text(encoding="utf-8")
    assert time.process_time() - start < SECONDS


def test_the_table_has_no_other_rows() -> None:
    assert re.findall(r"^\| ([\w.-]+\.\w+) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE) == list(CORPUS)


def test_a_huge_page_is_not_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "huge.html"
    with path.open("wb") as file:
        file.truncate(200 * 10**6)
    read: list[int] = []
    opened = Path.open

    def spying(self: Path, mode: str) -> object:
        found = opened(self, mode)

        class Spy(io.BytesIO):
            def read(self, size: int | None = -1) -> bytes:
                data = found.read(size)
                read.append(len(data))
                found.close()
                return data

        return Spy()

    monkeypatch.setattr(Path, "open", spying)
    with pytest.raises(InputError, match="has over 20,971,520 bytes"):
        read_article(str(path))
    assert read == [MAX_FILE + 1]


SEEDS = {
    "x.docx": word_document("خطة", [TEXT]),
    "x.pdf": pdf("خطة", [TEXT]),
    "x.html": web_page("خطة", [TEXT]).encode(),
    "x.txt.gz": gzip.compress(TEXT.encode()),
}


@settings(derandomize=True, deadline=None, max_examples=60)
@given(
    st.sampled_from(sorted(SEEDS)),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.binary(max_size=9)), max_size=4),
)
def test_any_damage_gives_text_or_an_error_of_ours(name: str, damage: list[tuple[float, bytes]]) -> None:
    data = bytearray(SEEDS[name])
    for place, content in damage:
        start = int(place * len(data))
        data[start : start + len(content)] = content
    with suppress(InputError):
        article = parse(bytes(data), name)
        assert all(paragraph.strip() for paragraph in article.paragraphs)


if __name__ == "__main__":
    PAGE.write_text(table(), encoding="utf-8")
