"""The page in a real browser, against a real server: what a reader sees, and who sees nothing of it."""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from browser import ARTICLE, SENTENCES, SlowEngine, build_desk, known, served
from conftest import FakeEngine

from mt.registry import load_registry
from serve.admission import Admission
from serve.desk import Desk
from serve.metrics import Metrics
from serve.server import build_server
from serve.service import Service
from serve.settings import Settings

sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright")
Page, expect = sync_api.Page, sync_api.expect
pytestmark = pytest.mark.browser

NEW = "The minister said the plan begins in 2025."
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def chromium() -> Iterator[sync_api.Browser]:
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"),
            args=["--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    found = build_desk(FakeEngine(known), monkeypatch, Settings(allow_urls=True))
    yield found
    found.service.close()


@pytest.fixture
def address(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "files"))
    with served(build_server(desk)) as found:
        yield found


@pytest.fixture
def visit(chromium: sync_api.Browser, address: str) -> Iterator[Callable[..., Page]]:
    """Opens the page for one more reader, who shares nothing with the others; no page may fail or ask another host."""
    contexts, wrong = [], list[str]()

    def open_page(**settings: object) -> Page:
        context = chromium.new_context(**settings)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda request: wrong.append(request.url) if outside(request.url, address) else None)
        page.goto(address)
        page.locator("#source-text textarea").wait_for()
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert wrong == []


def outside(url: str, address: str) -> bool:
    return not url.startswith((f"{address}/", "data:", f"blob:{address}"))


def translate(page: Page, text: str = ARTICLE) -> None:
    page.locator("#source-text textarea").fill(text)
    page.locator("#go").click()
    page.locator("#result .pair").first.wait_for()


def lit(page: Page, side: str) -> list[str]:
    """The segments that are marked on that side, as it is drawn."""
    return page.locator(f"#result .pair {side}").evaluate_all(
        """nodes => nodes.filter((node) => getComputedStyle(node).boxShadow !== "none")
             .map((node) => node.closest(".pair").dataset.index)"""
    )


def test_pointing_at_a_citation_lights_exactly_its_segments_on_both_sides(visit: Callable[..., Page]) -> None:
    page = visit()
    translate(page)
    sentences = page.locator("#result .summary li")
    assert sentences.count() == 3
    for sentence in sentences.all():
        cited = sentence.get_attribute("data-cites").split()
        sentence.hover()
        assert cited
        assert lit(page, ".target") == cited
        assert lit(page, ".source") == cited
    page.locator("h1").first.hover()
    assert lit(page, ".source") == []
    page.locator("#result .cite").first.focus()  # and by the keyboard
    assert lit(page, ".source") == [page.locator("#result .cite").first.get_attribute("data-cites").strip()]


def test_an_edited_sentence_stands_in_every_download(visit: Callable[..., Page]) -> None:
    page = visit()
    translate(page)
    pair = page.locator('#result .pair[data-index="2"]')
    expect(pair.locator(".doubts")).to_contain_text("2025")
    pair.hover()
    pair.get_by_role("button", name="Edit the translation of segment 3").click()
    pair.get_by_role("textbox").fill(NEW)
    pair.get_by_role("button", name="Save").click()
    with page.expect_download() as download:
        page.locator("#as-json").click()  # at once: it must not overtake the edit
    assert NEW in Path(download.value.path()).read_text(encoding="utf-8")
    expect(pair.locator(".target")).to_have_text(NEW)
    expect(pair.locator(".doubts")).to_have_count(0)  # checked again
    for form in ("docx", "html", "md", "json"):
        with page.expect_download() as download:
            page.locator(f"#as-{form}").click()
        assert download.value.suggested_filename == f"A-new-plan-of-3-words.{form}"
        data = Path(download.value.path()).read_bytes()
        if form == "docx":
            data = zipfile.ZipFile(io.BytesIO(data)).read("word/document.xml")
        assert NEW in data.decode()
        assert "2026" not in (json.loads(data)["translation"] if form == "json" else "")


def test_another_translation_of_a_sentence_can_be_taken_and_given_back(visit: Callable[..., Page]) -> None:
    page = visit()
    translate(page)
    pair = page.locator('#result .pair[data-index="1"]')
    pair.hover()
    pair.locator("summary").click()
    pair.get_by_role("button", name="Use other translation 1").click()
    expect(pair.locator(".target")).to_have_text("The ministry announced a water plan in Amman, or so.")
    pair.hover()
    pair.get_by_role("button", name="Undo").click()
    expect(pair.locator(".target")).to_have_text("The ministry announced a water plan in Amman.")


def test_two_readers_never_see_each_others_text(visit: Callable[..., Page]) -> None:
    first, second = visit(), visit()
    one, two = next(iter(SENTENCES)), list(SENTENCES)[2]
    first.locator("#source-text textarea").fill(one)
    second.locator("#source-text textarea").fill(two)
    first.locator("#go").click()
    second.locator("#go").click()
    for page, own, other in ((first, one, two), (second, two, one)):
        expect(page.locator("#result .target").first).to_have_text(SENTENCES[own])
        assert SENTENCES[other] not in page.content()
        assert other not in page.content()
        with page.expect_download() as download:
            page.locator("#as-json").click()
        answer = json.loads(Path(download.value.path()).read_text(encoding="utf-8"))
        assert [part["source"] for part in answer["segments"]] == [own]
    second.reload()
    second.locator("#source-text textarea").wait_for()
    assert SENTENCES[two] not in second.content()


class TestSlow:
    """With an engine that waits to be told to go on."""

    @pytest.fixture
    def engine(self) -> SlowEngine:
        return SlowEngine()

    @pytest.fixture
    def desk(self, engine: SlowEngine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
        found = build_desk(engine, monkeypatch)
        yield found
        engine.go.release(1000)
        found.service.close()

    def test_progress_is_told_and_stop_frees_the_engine(
        self, visit: Callable[..., Page], engine: SlowEngine, desk: Desk
    ) -> None:
        page = visit()
        page.locator("#source-text textarea").fill("\n\n".join([ARTICLE, ARTICLE]))
        expect(page.locator("#stop")).to_be_disabled()
        page.locator("#go").click()
        engine.go.release(3)
        expect(page.locator("#result")).to_contain_text("3 of 8 segments")
        expect(page.locator("#downloads")).to_be_hidden()
        page.locator("#stop").click()
        expect(page.locator("#result")).to_contain_text("Stopped")
        assert desk.admission.wait_idle(5)
        engine.go.release(1000)
        expect(page.locator("#stop")).to_be_disabled()
        translate(page, next(iter(SENTENCES)))  # and the page goes on
        expect(page.locator("#result .target").first).to_have_text(next(iter(SENTENCES.values())))

    def test_a_closed_tab_frees_the_engine(self, visit: Callable[..., Page], engine: SlowEngine, desk: Desk) -> None:
        page = visit()
        page.locator("#source-text textarea").fill(ARTICLE)
        page.locator("#go").click()
        expect(page.locator("#stop")).to_be_enabled()
        assert engine.begun.wait(10)
        page.context.close()
        assert desk.admission.wait_idle(10)


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("", "There is nothing to work on yet"),
        ("The government said on Monday that it would go on with its plan for water.", "not look like Arabic"),
    ],
)
def test_errors_are_words_on_the_page(visit: Callable[..., Page], text: str, title: str) -> None:
    page = visit()
    page.locator("#source-text textarea").fill(text)
    page.locator("#go").click()
    expect(page.get_by_role("alert")).to_contain_text(title)
    expect(page.locator("#downloads")).to_be_hidden()
    assert page.locator(".toast-body").count() == 0


def test_a_file_is_read_and_a_broken_one_is_told(visit: Callable[..., Page], tmp_path: Path) -> None:
    page = visit()
    broken, whole = tmp_path / "<b>broken.docx", tmp_path / "خبر.txt"
    broken.write_bytes(b"PK\x03\x04 is no archive")
    whole.write_text(ARTICLE, encoding="utf-8")
    page.locator("#source-ways").get_by_role("tab", name="File").click()
    chooser = page.locator("#source-file input[type=file]")
    chooser.set_input_files(str(broken))
    expect(page.locator("#source-file")).to_contain_text("broken")
    page.locator("#go").click()
    expect(page.get_by_role("alert")).to_contain_text("could not be read")
    assert page.locator("#result b").count() == 0
    page.locator("#source-file").get_by_role("button", name="Clear").click()
    chooser.set_input_files(str(whole))
    expect(page.locator("#source-file")).to_contain_text("خبر")
    page.locator("#go").click()
    expect(page.locator("#result .target").nth(1)).to_have_text("The ministry announced a water plan in Amman.")
    with page.expect_download() as download:
        page.locator("#as-docx").click()
    assert download.value.suggested_filename == "خبر.docx"


def test_markup_in_an_article_is_text(visit: Callable[..., Page]) -> None:
    page = visit()
    translate(
        page, 'قال الوزير <img src=x onerror="document.title=1"> </p><script>document.title=2</script> إن الخطة تبدأ.'
    )
    expect(page.locator("#result .source").first).to_contain_text("<img src=x")
    assert page.locator("#result img").count() == 0
    assert page.title() == "khulasa: Arabic news in English"


def test_a_translation_by_somebody_else_is_checked(visit: Callable[..., Page]) -> None:
    page = visit()
    page.get_by_role("tab", name="Check a translation").click()
    page.locator("#original-text textarea").fill(ARTICLE)
    english = "A new water plan\n\nThe ministry announced a water plan in Amman. The minister said it begins in 2026."
    page.locator("#translation-text textarea").fill(english)
    page.locator("#check").click()
    expect(page.get_by_role("alert")).to_contain_text("do not pair up")
    page.locator("#translation-text textarea").fill(f"{english}\n\nThe cost was not stated.")
    page.locator("#check").click()
    expect(page.locator("#checked .doubts")).to_contain_text("2025")
    with page.expect_download() as download:
        page.locator("#check-as-html").click()
    assert "2025" in Path(download.value.path()).read_text(encoding="utf-8")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_needs_no_scrolling_to_the_side(visit: Callable[..., Page], scheme: str) -> None:
    page = visit(viewport=PHONE, color_scheme=scheme)
    assert page.evaluate("document.body.classList.contains('dark')") is (scheme == "dark")
    translate(page)
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    page.get_by_role("tab", name="Check a translation").click()
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


def test_the_arabic_face_comes_from_the_server_and_every_field_has_a_name(visit: Callable[..., Page]) -> None:
    page = visit()
    translate(page)
    assert page.evaluate("document.fonts.check('16px \"Noto Naskh Arabic\"', 'خلاصة')")
    assert page.evaluate(
        "[...document.fonts].some((face) => face.family.includes('Naskh') && face.status === 'loaded')"
    )
    for name in ("Arabic article", "Translation by", "Summary by"):
        assert page.get_by_label(name).first.is_visible()
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.locator("#source-text textarea").evaluate("box => [box.lang, box.dir]") == ["ar", "rtl"]


def test_it_can_be_done_by_the_keyboard(visit: Callable[..., Page]) -> None:
    page = visit()
    page.locator("#source-text textarea").focus()
    page.keyboard.insert_text(ARTICLE)
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "go":
            break
    page.keyboard.press("Enter")
    page.locator("#result .pair").first.wait_for()


def test_nothing_of_a_text_stays_in_the_browser(visit: Callable[..., Page]) -> None:
    page = visit()
    translate(page)
    kept = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])")
    assert "الوزارة" not in kept
    assert "ministry" not in kept


@pytest.mark.slow
class TestEmbedded:
    """With the model that everybody has."""

    @pytest.fixture
    def desk(self) -> Iterator[Desk]:
        settings, service = Settings(), Service(load_registry(), shared=True)
        yield Desk(service, settings, Admission(settings.limits), Metrics())
        service.close()

    def test_a_sample_is_translated(self, visit: Callable[..., Page]) -> None:
        page = visit()
        page.get_by_role("button", name="Politics").click()
        expect(page.locator("#source-text textarea")).not_to_have_value("")
        page.locator("#go").click()
        page.locator("#result .pair").first.wait_for(timeout=120_000)
        expect(page.locator("#result .notice")).to_contain_text("Draft by a small built-in model")
        assert page.locator("#result .summary li").count() == 3
        expect(page.locator("#result .texts")).to_contain_text("Jordan")
