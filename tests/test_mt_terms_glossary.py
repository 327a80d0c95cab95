"""The user's own terms: tables, TMX, ledgers, what goes before what, and what is wrong with a file."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mt.document import Term
from mt.errors import ConfigError
from mt.terms import MOST_TERMS, load_terms
from mt.terms.glossary import load_glossary
from mt.terms.ledger import load_ledger

TMX = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE tmx SYSTEM "tmx14.dtd">
<tmx version="1.4"><header srclang="ar-EG"/><body>
<tu><tuv xml:lang="ar-EG"><seg>الحكم <bpt i="1">&lt;b></bpt>الذا<hi>تي</hi><ept i="1"/></seg></tuv>
    <tuv xml:lang="en-US"><seg>self-rule</seg></tuv></tu>
<tu><tuv xml:lang="ar"><seg>القرار</seg></tuv><tuv xml:lang="fr"><seg>la décision</seg></tuv></tu>
<tu><tuv lang="AR_SA"><seg>الهدنة</seg></tuv><tuv lang="EN"><seg>truce</seg></tuv></tu>
</body></tmx>"""


def write(tmp_path: Path, text: str | bytes, name: str = "terms.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("t.csv", "source,target,kind\nالهدنة,truce,required\nالهدنة,ceasefire,\nالهدنة,armistice,forbidden\n"),
        ("t.csv", "kind;source;target\r\nrequired;الهدنة;truce\r\n;الهدنة;ceasefire\r\nForbidden;الهدنة;armistice\r\n"),
        ("t.tsv", "source\ttarget\tkind\tnote\nالهدنة\ttruce\trequired\tsince May\n\n"
                  "الهدنة\tceasefire\nالهدنة\tarmistice\tforbidden"),
        ("t.csv", "\ufeffSource,Target,Kind\n\"الهُدنة\",\"truce\",required\nالهدنه,ceasefire,preferred\n"
                  "الهدنة, armistice ,forbidden"),
    ],
)  # fmt: skip
def test_tables_of_every_make(name: str, text: str, tmp_path: Path) -> None:
    (entry,) = load_glossary(write(tmp_path, text, name)).values()
    assert (entry.targets, entry.required, entry.forbidden) == (("truce", "ceasefire"), True, ("armistice",))
    assert (entry.kind, entry.origin) == ("term", "glossary")


def test_a_table_in_utf_16(tmp_path: Path) -> None:
    path = write(tmp_path, "source\ttarget\nالهدنة\ttruce\n".encode("utf-16"))
    assert load_glossary(path)["الهدنه"].targets == ("truce",)


def test_a_tmx_file(tmp_path: Path) -> None:
    found = load_glossary(write(tmp_path, TMX, "memory.tmx"))
    assert {key: entry.targets for key, entry in found.items()} == {
        "الحكم الذاتي": ("self-rule",),
        "الحكم الذاتى": ("self-rule",),
        "الهدنه": ("truce",),
    }
    assert not any(entry.required for entry in found.values())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "terms.csv:1: no column 'source'; expected a first line with source and target, and perhaps kind"),
        ("الهدنة,truce\n", "terms.csv:1: no column 'source'"),
        ("source,target,type\nالهدنة,truce,x\n", "terms.csv:1: unknown column 'type'"),
        ("source,target,target\n", "terms.csv:1: a column stands there twice"),
        ("source,target,kind\nالهدنة,truce,\nالهدنة,truce,must\n", "terms.csv:3: kind 'must'; expected required,"),
        ("source,target\nالهدنة,truce, yes\n", "terms.csv:2: 1 more cells than columns; put quotes"),
        ("source,target\n\ntruce,الهدنة\n", "terms.csv:3: source 'truce'; expected an Arabic word"),
        ("source,target\nو,and\n", "terms.csv:2: source 'و'; expected an Arabic word of two letters"),
        ("source,target\nالهدنة,\n", "terms.csv:2: no target for 'الهدنة'"),
        ('source,target\n"الهدنة,truce\n', "terms.csv:2: unexpected end of data; expected columns separated by ','"),
        ("source,target,kind\nالهدنة,truce,\nالهدنة,truce,forbidden\n", "terms.csv:3: 'truce' is both forbidden and"),
        ("source,target\nالهدنة,truce\n".encode("cp1256"), "terms.csv:2: not UTF-8; save it as UTF-8"),
        (b"\xff\xfes", "terms.csv:1: not UTF-16"),
        ("source,target\nالهدنة,a\x00b" + "c" * 200_000 + "\n", "terms.csv:2: field larger than field limit"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_file_and_line(text: str | bytes, message: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        load_glossary(write(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<tmx><tu>", "memory.tmx:1: not well-formed XML"),
        ("plain text", "memory.tmx:1: not well-formed XML"),
        ('<!DOCTYPE t [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><tmx>&b;</tmx>', "expected a TMX file without entity"),
        ('<!DOCTYPE t [<!ENTITY a SYSTEM "file:///etc/passwd">]><tmx>&a;</tmx>', "expected a TMX file without entity"),
        ('<?xml version="1.0" encoding="nobody-knows"?><tmx/>', "memory.tmx"),
        ("<html/>", "begins with <html>; expected a TMX file"),
        (TMX.replace("truce", ""), "memory.tmx: unit 3: no target"),
    ],
)
def test_what_is_wrong_with_a_tmx_file(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        load_glossary(write(tmp_path, text, "memory.tmx"))


def test_deep_xml_does_not_crash(tmp_path: Path) -> None:
    deep = "<hi>" * 100_000 + "الهدنة" + "</hi>" * 100_000
    unit = f"<tu><tuv lang='ar'><seg>{deep}</seg></tuv><tuv lang='en'><seg>truce</seg></tuv></tu>"
    path = write(tmp_path, f"<tmx>{unit}</tmx>", "m.tmx")
    assert load_glossary(path)["الهدنه"].targets == ("truce",)


def test_files_that_are_not_there_or_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in (tmp_path / "missing.csv", tmp_path, tmp_path / "missing.tmx"):
        with pytest.raises(ConfigError, match="cannot be read"):
            load_glossary(path)
    monkeypatch.setattr("mt.terms.glossary.MOST_BYTES", 10)
    with pytest.raises(ConfigError, match="is larger than 0 MiB"):
        load_glossary(write(tmp_path, "source,target\n"))


def test_a_ledger(tmp_path: Path) -> None:
    found = load_ledger(write(tmp_path, "source,target\nخالد مشعل,Khaled Mashal\nالسيسي,Sisi\nالسيسى,Sisi\n"))
    assert {key: entry.targets for key, entry in found.items()} == {
        "خالد مشعل": ("Khaled Mashal",), "السيسي": ("Sisi",), "السيسى": ("Sisi",),
    }  # fmt: skip
    with pytest.raises(ConfigError, match=r"ledger\.csv:3: 'السيسي' is 'El-Sisi' here and 'Sisi' above"):
        load_ledger(write(tmp_path, "source,target\nالسيسي,Sisi\nالسيسي,El-Sisi\n", "ledger.csv"))
    with pytest.raises(ConfigError, match="unknown column 'kind'"):
        load_ledger(write(tmp_path, "source,target,kind\n"))


def test_the_users_own_goes_before_the_gazetteer(tmp_path: Path) -> None:
    glossary = write(tmp_path, "source,target\nغزة,the Gaza enclave\n")
    ledger = write(tmp_path, "source,target\nلافروف,Sergey Lavrov\n", "ledger.csv")
    terms = load_terms(glossary, ledger)
    text = "في موسكو تحدث لافروف عن قطاع غزة ثم عن غزة"
    assert [(match.surface, match.entry.origin) for match in terms.find(text)] == [
        ("موسكو", "gazetteer"), ("لافروف", "ledger"), ("غزة", "glossary"), ("غزة", "glossary"),
    ]  # fmt: skip
    assert terms.prompt(text) == (
        Term("غزة", "Gaza enclave", "glossary"),
        Term("لافروف", "Sergey Lavrov", "ledger"),
        Term("موسكو", "Moscow", "gazetteer"),
    )


def test_a_term_that_only_forbids_keeps_what_the_gazetteer_knows(tmp_path: Path) -> None:
    terms = load_terms(write(tmp_path, "source,target,kind\nحزب الله,Party of God,forbidden\nالهدنة,halt,forbidden\n"))
    party, truce = terms.find("حزب الله والهدنة")
    assert (party.entry.targets[0], party.entry.forbidden) == ("Hezbollah", ("Party of God",))
    assert (truce.entry.targets, truce.entry.forbidden) == ((), ("halt",))
    assert [term.target for term in terms.prompt("حزب الله والهدنة")] == ["Hezbollah"]


def test_prompts_are_few_and_without_sentences(tmp_path: Path) -> None:
    rows = "".join(f"كلمة{letter * 3},word {letter},\n" for letter in "ابتثجحخدذ")
    long = "جملة طويلة من ذاكرة ترجمة فيها أكثر من ثماني كلمات"
    terms = load_terms(write(tmp_path, f"source,target,kind\n{rows}{long},a sentence,\n"))
    text = " ".join(f"كلمة{letter * 3}" for letter in "ابتثجحخدذ")
    assert len(terms.find(text)) == 9
    assert len(terms.prompt(text)) == MOST_TERMS
    assert len(terms.find(long)) == 1
    assert terms.prompt(long) == ()


def test_the_signature_says_what_was_loaded(tmp_path: Path) -> None:
    one = write(tmp_path, "source,target\nالهدنة,truce\n", "one.csv")
    other = write(tmp_path, "source,target\nالهدنة,ceasefire\n", "other.csv")
    assert load_terms().signature == load_terms().signature
    assert re.fullmatch("[0-9a-f]{8}", load_terms().signature)
    signatures = {load_terms(*pair).signature for pair in ((None, None), (one, None), (other, None), (None, one))}
    assert len(signatures) == 4


@settings(derandomize=True, deadline=None, max_examples=150)
@given(st.text(alphabet='source,targkind;\t\n\r"الهدنة\x00\ud800 ', max_size=80))
def test_any_table_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzz.csv"
    path.write_bytes(f"source,target\n{text}".encode("utf-8", "surrogatepass"))
    with contextlib.suppress(ConfigError):
        assert all(entry.targets or entry.forbidden for entry in load_glossary(path).values())
