"""The page without a browser: its events as functions, and what is mounted."""

from __future__ import annotations

import asyncio
import io
import json
import os
import stat
import unicodedata
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest
from browser import ARTICLE, SlowEngine, build_desk, known
from conftest import FakeEngine
from docx import Document
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st

from mt import errors
from serve.admission import Busy, Draining
from serve.api.errors import TimedOut
from serve.desk import Desk
from serve.settings import Limits, Settings
from serve.ui.events import ABLE, HIDDEN, SHOWN, UNABLE, Events, Session
from serve.ui.exports import FORMS, Form, file_name
from serve.ui.page import build_page, mount_page
from serve.ui.sources import Given, read
from serve.ui.words import in_words

TEXT = ("text", ARTICLE, None, "")
CHOICE = ("auto", "lead", 2)


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    found = build_desk(FakeEngine(known), monkeypatch)
    yield found
    found.service.close()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the page writes its files."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "files"))
    return tmp_path / "files"


def shown(steps: Any) -> list[tuple[Any, ...]]:
    """All that an event shows, to its end."""

    async def collect() -> list[tuple[Any, ...]]:
        return [tuple(step) async for step in steps]

    return asyncio.run(collect())


def translated(desk: Desk) -> tuple[Events, Session]:
    events, session = Events(desk), Session()
    shown(events.translate(session, *TEXT, *CHOICE))
    return events, session


def change(events: Events, session: Session, **what: Any) -> Any:
    return events.edit(session, SimpleNamespace(_data=what))  # type: ignore[arg-type]


def test_an_article_is_shown_and_kept_for_its_session_alone(desk: Desk) -> None:
    events, session = Events(desk), Session()
    first, *_, last = shown(events.translate(session, *TEXT, *CHOICE))
    assert "Reading the article" in first[1]
    assert first[2:] == (HIDDEN, ABLE)
    assert last[2:] == (SHOWN, UNABLE)
    assert "The cost was not stated." in last[1]
    assert "2026" in last[1]
    assert session.result is not None
    translation = session.result.digest.translation
    assert [len(found) for found in translation.hypotheses] == [3, 3, 3, 3]  # alternatives are there on demand
    assert [s.text for s in session.result.digest.summary.sentences] == [translation.targets[1], translation.targets[2]]
    assert session.result.name == translation.title
    assert deepcopy(session).result is None
    assert desk.admission.running == 0


@pytest.mark.parametrize(
    ("given_", "title", "text"),
    [
        (("text", " \n", None, ""), "There is nothing to work on yet", "Paste an article into the field"),
        (("file", ARTICLE, None, ""), "There is nothing to work on yet", "Drop a file into the field"),
        (("link", ARTICLE, None, " "), "There is nothing to work on yet", "Put the address"),
        (("text", "The government said on Monday that it would go on. " * 4, None, ""), "not look like Arabic", "Engl"),
        (("link", "", None, "/etc/passwd"), "This could not be read", "must begin with https://"),
        (("link", "", None, "http://127.0.0.1/"), "This could not be read", "127.0.0.1"),
        (("text", "كلمة " * 300, None, ""), "This is too long", "characters; this server takes 1,000 at once"),
        (("text", "وصل الوفد. " * 9, None, ""), "This is too long", "9 segments; this server takes 8 at once"),
    ],
)
def test_what_cannot_be_translated_is_said_in_words(
    monkeypatch: pytest.MonkeyPatch, given_: tuple[Any, ...], title: str, text: str
) -> None:
    engine = FakeEngine(known)
    desk = build_desk(engine, monkeypatch, Settings(allow_urls=True, limits=Limits(characters=1000, segments=8)))
    session = Session()
    last = shown(Events(desk).translate(session, *given_, *CHOICE))[-1]
    assert title in last[1]
    assert text in last[1]
    assert 'class="khulasa message error"' in last[1]
    assert last[3] == UNABLE
    assert session.result is None
    assert engine.calls == []


@pytest.mark.parametrize(
    ("name", "data", "text"),
    [
        ("خبر.docx", b"PK\x03\x04 broken", "خبر.docx"),
        ("old.doc", b"\xd0\xcf\x11\xe0rest", "save it as .docx"),
        ("<img src=x>.pdf", b"%PDF-1.4 nothing", "&lt;img"),
        ("scan.png", b"\x89PNG\r\n", "OCR"),
    ],
)
def test_a_file_that_is_none_is_said_in_words(desk: Desk, tmp_path: Path, name: str, data: bytes, text: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    last = shown(Events(desk).translate(Session(), "file", "", str(path), "", *CHOICE))[-1]
    assert "cannot be read" in last[1] or "could not be read" in last[1]
    assert text in last[1]
    assert "<img" not in last[1]
    assert str(tmp_path) not in last[1]


def test_the_field_in_front_is_read_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "خبر.txt"
    path.write_text("وصل الوفد إلى العاصمة.", encoding="utf-8")
    article = read(Given("file", ARTICLE, str(path), "https://example.org"), Settings())
    assert article.paragraphs == ("وصل الوفد إلى العاصمة.",)
    with pytest.raises(errors.ConfigError, match="--allow-urls"):
        read(Given("link", ARTICLE, str(path), "https://example.org"), Settings())


def test_a_model_that_is_not_here_is_said(desk: Desk) -> None:
    for model in ("nonsense", "/etc", "opus-mt-ar-en"):
        last = shown(Events(desk).translate(Session(), *TEXT, model, "lead", 2))[-1]
        assert "There is no such model here" in last[1]


def test_a_fault_of_the_server_tells_nothing_of_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(text: str, options: object) -> Any:
        raise RuntimeError("/secret/path of the model")

    desk = build_desk(FakeEngine(fail), monkeypatch)
    last = shown(Events(desk).translate(Session(), *TEXT, *CHOICE))[-1]
    assert "Something went wrong" in last[1]
    assert "secret" not in last[1]


def leaves(kind: type[Exception]) -> Iterator[type[Exception]]:
    below = kind.__subclasses__()
    yield from (leaf for sub in below for leaf in leaves(sub)) if below else (kind,)


def test_every_error_has_words() -> None:
    for error in [kind("x went wrong") for kind in leaves(errors.MTError)] + [
        Busy("b", 3),
        Draining("d", 3),
        TimedOut("t"),
    ]:
        title, text = in_words(error)
        assert title
        assert text.endswith((".", "!", "?"))
    assert in_words(errors.EmptyInput("the article is empty"))[1] == "The article is empty."
    assert in_words(errors.EmptyInput("a.txt is empty"))[1] == "a.txt is empty."


def test_stop_frees_the_engine_within_a_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = SlowEngine()
    desk = build_desk(engine, monkeypatch)
    events, session = Events(desk), Session()

    async def press() -> list[tuple[Any, ...]]:
        steps = []
        async for step in events.translate(session, *TEXT, *CHOICE):
            steps.append(step)
            if engine.begun.is_set() and not session.stopped:
                events.stop(session)
        return steps

    last = asyncio.run(press())[-1]
    assert ">Stopped<" in last[1]
    assert "message stopped" in last[1]
    assert desk.admission.wait_idle(5)
    engine.go.release(100)
    desk.service.close()
    assert engine.decoded <= 4  # the batch that was in work, of this article's four segments: no second decoding
    assert session.result is None


def test_a_closed_tab_stops_its_work(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = SlowEngine()
    desk = build_desk(engine, monkeypatch)
    session = Session()

    async def leave() -> None:
        steps = Events(desk).translate(session, *TEXT, *CHOICE)
        while not engine.begun.is_set():
            await anext(steps)
        await steps.aclose()  # what Gradio does when the browser is gone

    asyncio.run(leave())
    assert session.job is not None
    assert session.job.stop.is_set()
    assert desk.admission.wait_idle(5)
    engine.go.release(100)
    desk.service.close()


def test_who_comes_when_the_server_is_full_is_told_when_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = build_desk(FakeEngine(known), monkeypatch, Settings(limits=Limits(requests=1)))
    events, session = translated(desk)
    with desk.admission.enter():
        last = shown(events.translate(Session(), *TEXT, *CHOICE))[-1]
        with pytest.raises(gr.Error, match="ask again in"):
            events.export("md")(session)
    assert "The server is busy" in last[1]
    assert "ask again in" in last[1]


def words_of(path: str, form: Form) -> str:
    data = Path(path).read_bytes()
    if form == "docx":
        return "\n".join(
            node.text or "" for node in Document(io.BytesIO(data)).element.iter() if node.tag.endswith("}t")
        )
    return data.decode()


@pytest.mark.parametrize("form", FORMS)
def test_an_edit_is_in_the_panel_and_in_every_file(desk: Desk, form: Form) -> None:
    events, session = translated(desk)
    assert "2026" in words_of(str(events.export(form)(session)), form)
    panel = change(events, session, kind="edit", index=2, text="The minister said it begins in 2025.")
    assert "The minister said it begins in 2025." in panel
    path = str(events.export(form)(session))
    assert path.endswith(f"A-new-plan-of-3-words.{form}")
    assert "The minister said it begins in 2025." in words_of(path, form)
    assert "edited by hand" in words_of(path, form)
    change(events, session, kind="undo", index=2)
    assert "The minister said it begins in 2025." not in words_of(str(events.export(form)(session)), form)


def test_checks_run_again_after_an_edit(desk: Desk) -> None:
    events, session = translated(desk)
    assert session.result is not None
    assert [flag.kind for flag in session.result.digest.translation.flags[2]] == ["number"]
    change(events, session, kind="edit", index=2, text="The minister said the plan begins in 2025.")
    answer = json.loads(words_of(str(events.export("json")(session)), "json"))
    assert answer["segments"][2]["flags"] == []
    assert answer["segments"][2]["target"] == "The minister said the plan begins in 2025."


def test_a_refused_edit_changes_nothing_and_is_no_markup(desk: Desk) -> None:
    events, session = translated(desk)
    before = session.result
    with pytest.raises(gr.Error) as caught:
        change(events, session, kind="edit", index=1, text="\u202e")
    assert caught.value.title == "There is nothing to work on yet"
    assert caught.value.print_exception is False
    with pytest.raises(gr.Error):
        change(events, session, kind="edit", index=99, text="x")
    assert session.result == before
    for hostile in ({"kind": "edit", "index": "1", "text": "x"}, {"kind": "edit", "index": 1}, {}, {"index": 1}):
        assert change(events, session, **hostile) == gr.skip()
    assert session.result == before


def test_a_result_that_is_no_longer_kept_is_told(desk: Desk) -> None:
    events = Events(desk)
    for act in (
        lambda: events.export("docx")(Session()),
        lambda: events.export_comparison(Session()),
        lambda: change(events, Session(), kind="undo", index=0),
    ):
        with pytest.raises(gr.Error, match="press the button again"):
            act()


def test_a_translation_by_somebody_else_is_checked(desk: Desk) -> None:
    first = "The ministry announced a water plan in Amman. The minister said it begins in 2026."
    english = f"A new water plan\n\n{first}\n\nThe cost was stated."
    events, session = Events(desk), Session()
    last = shown(events.compare(session, *TEXT, "text", english, None, ""))[-1]
    assert last[2] == SHOWN
    assert "2025" in last[1]
    assert 'data-act="edit"' not in last[1]
    path = str(events.export_comparison(session))
    assert path.endswith("checked-translation.html")
    assert "not made by khulasa" in words_of(path, "html")


def test_texts_that_do_not_pair_are_said_by_what_the_reader_calls_them(desk: Desk) -> None:
    last = shown(Events(desk).compare(Session(), *TEXT, "text", "Only one.", None, ""))[-1]
    assert "The two texts do not pair up" in last[1]
    assert "The source (the pasted text) has 3 paragraphs, the translation (the pasted text) has 1;" in last[1]


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("خطة المياه", "خطة-المياه.docx"),
        ("Plan: A/B \\ C?", "Plan-A-B-C.docx"),
        ("invoice\u202excod.exe", "invoicexcod.exe.docx"),
        ("../../etc/passwd", "etc-passwd.docx"),
        ("", "khulasa.docx"),
        (" . ", "khulasa.docx"),
        ("م" * 300, "م" * 60 + ".docx"),
    ],
)
def test_names_of_files(title: str, name: str) -> None:
    assert file_name(title, "docx") == name


@given(st.text())
@settings(derandomize=True, deadline=None)
def test_any_title_gives_a_name_that_a_file_can_have(title: str) -> None:
    name = file_name(title, "md")
    assert name == Path(name).name
    assert 0 < len(name.encode()) <= 123
    assert not name.startswith((".", "-"))
    assert all(unicodedata.category(char)[0] not in "CZ" for char in name)


def test_the_page_keeps_to_itself(desk: Desk, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert os.environ["GRADIO_ANALYTICS_ENABLED"] == "False"
    monkeypatch.delenv("GRADIO_TEMP_DIR")
    app = mount_page(FastAPI(docs_url=None), desk)
    own = Path(os.environ["GRADIO_TEMP_DIR"])
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(folder))
    assert stat.S_IMODE(own.stat().st_mode) == 0o700
    own.rmdir()
    client = TestClient(app)
    page = client.get("/")
    assert page.status_code == 200
    assert '<html\n\tlang="en"' in page.text
    config = client.get("/config").json()
    assert config["run_history"] is False
    assert config["footer_links"] == []
    assert config["analytics_enabled"] is False
    assert {dependency["api_visibility"] for dependency in config["dependencies"]} == {"private"}
    assert client.get("/gradio_api/deep_link", params={"session_hash": "x"}).status_code == 404
    font = client.get("/assets/noto-naskh-arabic.woff2")
    assert font.headers["content-type"] == "font/woff2"
    assert font.content.startswith(b"wOF2")


def test_only_what_is_installed_can_be_chosen(desk: Desk, cache: Path) -> None:
    page = build_page(desk)
    fields = {block.elem_id: block for block in page.blocks.values() if getattr(block, "elem_id", None)}
    names = [value for _, value in fields["model"].choices]
    labels = [label for label, _ in fields["model"].choices]
    assert names == ["auto", "embedded"]
    assert labels[0] == "Automatic: embedded"
    assert "Gemma" in labels[1]
    assert "draft" in labels[1]
    assert [value for _, value in fields["summarizer"].choices] == ["auto", "lexrank", "lead"]
    assert page.delete_cache == (600, 3600)
    assert page.state_session_capacity == 128
    tabs = [block for block in page.blocks.values() if getattr(block, "label", None) == "Link"]
    assert [tab.visible for tab in tabs] == [False] * 3


def test_links_are_offered_only_where_the_server_may_follow_them(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = build_desk(FakeEngine(known), monkeypatch, Settings(allow_urls=True))
    tabs = [block for block in build_page(desk).blocks.values() if getattr(block, "label", None) == "Link"]
    assert [tab.visible for tab in tabs] == [True] * 3
