"""The panel alone in a real browser: citations, edits, keyboard, direction, contrast, and a phone's width."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from dossiers import SMALL, made_of
from panels import STATIC, panel_page

from mt.terms import load_terms
from serve.edits import edited
from serve.ui.view import digest_html

sync_api = pytest.importorskip("playwright.sync_api", reason="needs the extra dev")
pytestmark = pytest.mark.browser

HOST = "http://panel.test"
LIT = "found => found.map(pair => pair.dataset.index)"
Show = Callable[..., Any]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium")
        yield chromium
        chromium.close()


@pytest.fixture
def show(browser: Any) -> Iterator[Show]:
    """Opens a panel's HTML in a fresh tab; an error of its script or a request to elsewhere fails the test."""
    contexts, wrong = [], list[str]()

    def open_panel(html: str, *, dark: bool = False, width: int = 1280, **context: Any) -> Any:
        contexts.append(browser.new_context(viewport={"width": width, "height": 900}, **context))
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.route("**/*", serve)
        page.content_of_test = panel_page(html, dark=dark)
        page.goto(f"{HOST}/")
        return page

    def serve(route: Any) -> None:
        if route.request.url == f"{HOST}/":
            route.fulfill(body=route.request.frame.page.content_of_test, content_type="text/html; charset=utf-8")
        elif route.request.url == f"{HOST}/assets/noto-naskh-arabic.woff2":
            body = (STATIC / "fonts" / "noto-naskh-arabic.woff2").read_bytes()
            route.fulfill(body=body, content_type="font/woff2")
        else:
            wrong.append(route.request.url)
            route.abort()

    yield open_panel
    for context in contexts:
        context.close()
    assert [found for found in wrong if "favicon" not in found] == []


def lit(page: Any) -> list[str]:
    found: list[str] = page.locator(".pair.lit").evaluate_all(LIT)
    return found


def test_a_citation_lights_exactly_its_segment_on_both_sides(show: Show) -> None:
    page = show(digest_html(SMALL), reduced_motion="reduce")
    assert lit(page) == []
    page.locator(".summary .cite").nth(1).hover()
    assert lit(page) == ["2"]
    ground = "found => found.map(one => getComputedStyle(one).backgroundColor)"
    grounds = page.locator(".pair.lit .target, .pair.lit .source").evaluate_all(ground)
    others = page.locator(".pair:not(.lit) .target, .pair:not(.lit) .source").evaluate_all(ground)
    assert len(grounds) == 2
    assert len(set(grounds)) == 1
    assert set(others) == {"rgba(0, 0, 0, 0)"}
    page.locator(".summary li").nth(1).locator("bdi").first.hover()
    assert lit(page) == ["0", "2"]
    page.locator(".khulasa h2").first.hover()
    assert lit(page) == []


def test_the_keyboard_follows_a_citation_and_comes_back(show: Show) -> None:
    page = show(digest_html(SMALL))
    page.locator(".summary .cite").nth(1).focus()
    assert lit(page) == ["2"]
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.dataset.index") == "2"
    assert lit(page) == ["2"]
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Segment 3"
    page.keyboard.press("Space")
    assert page.evaluate("document.activeElement.dataset.index") == "2"
    page.locator(".pair[data-index='2'] [data-act=back]").click()
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Segment 3"


def test_an_edit_is_sent_once_and_focus_comes_back_with_the_new_value(show: Show) -> None:
    page = show(digest_html(SMALL))
    pair = page.locator(".pair[data-index='2']")
    pair.hover()
    pair.locator("[data-act=edit]").click()
    box = pair.locator("textarea")
    assert box.input_value() == "The minister denied."
    box.fill('He said "no" </textarea><img src=x onerror=alert(1)>')
    page.keyboard.press("Control+Enter")
    page.keyboard.press("Control+Enter")
    text = 'He said "no" </textarea><img src=x onerror=alert(1)>'
    assert page.evaluate("window.sent") == [["select", {"kind": "edit", "index": 2, "text": text}]]
    assert box.input_value() == text  # until there is an answer, nothing is lost
    page.evaluate("html => window.renew(html)", digest_html(edited(SMALL, {2: text}, load_terms())))
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Edit the translation of segment 3"
    assert page.locator(".pair[data-index='2'] .target").inner_text() == text
    assert page.locator("img, textarea").count() == 0
    assert page.locator(".said").first.inner_text() == "The translation of segment 3 was changed."
    page.locator(".pair[data-index='2'] [data-act=undo]").click()
    assert page.evaluate("window.sent[1]") == ["select", {"kind": "undo", "index": 2}]


def test_an_edit_is_cancelled_not_sent_empty_and_kept_while_another_is_saved(show: Show) -> None:
    page = show(digest_html(SMALL))
    edit = page.locator(".pair[data-index='1'] [data-act=edit]")
    edit.click()
    page.locator("textarea").fill(" ")
    page.locator(".save").click()
    assert page.locator(".wrong").inner_text() == "Write a sentence, or cancel."
    page.keyboard.press("Escape")
    page.locator("textarea").wait_for(state="detached")
    edit.click()
    page.locator("textarea").press("Escape")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Edit the translation of segment 2"
    edit.click()
    page.locator("textarea").fill("Three were killed.")
    page.locator(".save").click()
    page.locator(".pair[data-index='2'] [data-act=edit]").click()
    page.locator("textarea").fill("Half a sen")
    page.evaluate("html => window.renew(html)", digest_html(edited(SMALL, {1: "Three were killed."}, load_terms())))
    assert page.locator(".pair[data-index='2'] textarea").input_value() == "Half a sen"
    assert page.evaluate("document.activeElement.tagName") == "TEXTAREA"
    assert len(page.evaluate("window.sent")) == 1


def test_an_alternative_is_used_and_what_was_open_stays_open(show: Show) -> None:
    page = show(digest_html(SMALL))
    pair = page.locator(".pair[data-index='1']")
    pair.locator("summary").focus()
    page.keyboard.press("Enter")
    pair.locator("[data-act=use]").nth(1).click()
    assert page.evaluate("window.sent") == [["select", {"kind": "edit", "index": 1, "text": "Five dead."}]]
    page.evaluate("html => window.renew(html)", digest_html(edited(SMALL, {1: "Five dead."}, load_terms())))
    assert pair.locator("details").evaluate("details => details.open")


def test_another_article_begins_anew(show: Show) -> None:
    page = show(digest_html(SMALL))
    page.locator(".summary .cite").first.click()
    page.locator(".pair[data-index='1'] [data-act=edit]").click()
    page.evaluate("html => window.renew(html)", digest_html(made_of("خبر آخر.")))
    assert page.locator("textarea").count() == 0
    assert lit(page) == []


@pytest.mark.parametrize("dark", [False, True])
def test_text_stands_out_from_its_ground(show: Show, dark: bool) -> None:
    page = show(digest_html(edited(SMALL, {2: "He denied it."}, load_terms())), dark=dark, reduced_motion="reduce")
    page.locator(".pair[data-index='2']").hover()
    assert page.evaluate(_CONTRASTS) == []


@pytest.mark.parametrize("width", [390, 320])
def test_a_phone_has_the_texts_below_each_other_and_nothing_to_scroll_sideways(show: Show, width: int) -> None:
    page = show(digest_html(SMALL), width=width, has_touch=True, is_mobile=True)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    pair = page.locator(".pair[data-index='1']")
    english, arabic = pair.locator(".target").bounding_box(), pair.locator(".source").bounding_box()
    assert arabic["y"] >= english["y"] + english["height"]
    assert pair.locator("[data-act=edit]").evaluate("one => getComputedStyle(one).opacity") == "1"


def test_the_two_texts_face_each_other_in_their_directions(show: Show) -> None:
    page = show(digest_html(SMALL))
    english, arabic = (page.locator(f".pair[data-index='1'] .{side}") for side in ("target", "source"))
    assert english.bounding_box()["x"] < arabic.bounding_box()["x"]
    assert arabic.evaluate("one => getComputedStyle(one).direction") == "rtl"
    assert page.evaluate("document.fonts.ready.then(() => document.fonts.check('20px \"Noto Naskh Arabic\"', 'ع'))")


def test_gradio_can_copy_every_rule_of_the_style(show: Show) -> None:
    """It writes rules anew from `cssText`, where a shorthand with var() beside a longhand of it comes out empty."""
    page = show("")
    style = (STATIC / "page.css").read_text(encoding="utf-8")
    assert page.evaluate(_UNCOPIED, style) == []


_UNCOPIED = """css => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  const flat = rule => rule instanceof CSSMediaRule ? [...rule.cssRules].flatMap(flat) : [rule];
  const kinds = [CSSStyleRule, CSSFontFaceRule, CSSKeyframesRule];
  return [...sheet.cssRules].flatMap(flat)
    .filter(rule => !kinds.some(kind => rule instanceof kind)
      || /: ;/.test(rule.cssText) || /\\([^)]*,/.test(rule.selectorText ?? ""))
    .map(rule => rule.cssText);
}"""

# Each text with the ground behind it, by WCAG 2's formula; 4.5 is AA.
_CONTRASTS = """() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const over = (grounds) => {
    canvas.clearRect(0, 0, 1, 1);
    for (const ground of grounds) { canvas.fillStyle = ground; canvas.fillRect(0, 0, 1, 1); }
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const light = (color) => {
    const [r, g, b] = color.map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const weak = [];
  for (const one of document.querySelectorAll(".khulasa *")) {
    const text = [...one.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!text || !one.checkVisibility({ opacityProperty: true }) || one.closest(".unseen")) continue;
    const grounds = [];
    for (let at = one; at; at = at.parentElement) grounds.unshift(getComputedStyle(at).backgroundColor);
    const [a, b] = [light(over(grounds)), light(over([...grounds, getComputedStyle(one).color]))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) weak.push([one.className || one.tagName, one.textContent.slice(0, 20), ratio]);
  }
  return weak;
}"""
