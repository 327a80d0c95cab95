"""What the guard promises, kept by a real browser: the page works, and no page elsewhere drives the server."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from browser import ARTICLE, build_desk, known, served
from conftest import FakeEngine
from fastapi import FastAPI
from fastapi.responses import HTMLResponse

from serve.keys import create_key
from serve.server import build_server
from serve.settings import Settings

sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright")
pytestmark = pytest.mark.browser

# Whatever a page may send without asking first: a simple request, and a form.
ELSEWHERE = """<form method="post" action="ADDRESS/translate" target="frame"><input name="q" value="نص">
<input name="source" value="ar"><input name="target" value="en"></form><iframe name="frame"></iframe><p></p><script>
const ask = (more) => fetch("ADDRESS/v1/translate", {method: "POST", body: '{"text": "نص"}', ...more})
  .then((answer) => answer.type + answer.status, (error) => error.name);
Promise.all([ask({}), ask({mode: "no-cors"}), ask({headers: {"Content-Type": "application/json"}})])
  .then((all) => { document.forms[0].submit(); document.querySelector("p").innerText = all.join(" "); });
</script>"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[sync_api.Browser]:
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"),
            args=["--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


def test_with_a_key_as_password_the_page_works_and_breaks_no_rule_of_its_own(
    chromium: sync_api.Browser, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "files"))
    secret = create_key(tmp_path / "keys.json", "newsroom")
    desk = build_desk(FakeEngine(known), monkeypatch, Settings(keys=tmp_path / "keys.json"))
    wrong: list[str] = []
    with served(build_server(desk)) as address:
        assert httpx.get(address).status_code == 401
        page = chromium.new_context(http_credentials={"username": "anybody", "password": secret}).new_page()
        page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("response", lambda answer: wrong.append(answer.url) if answer.status >= 400 else None)
        page.goto(address)
        page.locator("#source-text textarea").fill(ARTICLE)
        page.locator("#go").click()
        page.locator("#result .pair").first.wait_for()
        reached = page.evaluate("fetch('http://localhost:9/').then(() => 'there', (error) => error.name)")
        page.context.close()
    desk.service.close()
    assert reached == "TypeError"
    assert [text for text in wrong if "localhost:9" in text and "Content Security Policy" in text]
    assert [text for text in wrong if "localhost:9" not in text] == []


def test_a_page_of_another_origin_starts_no_work(chromium: sync_api.Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = FakeEngine(known)
    desk, elsewhere = build_desk(engine, monkeypatch), FastAPI()
    with served(build_server(desk)) as address, served(elsewhere) as other:

        @elsewhere.get("/")
        def evil() -> HTMLResponse:
            return HTMLResponse(ELSEWHERE.replace("ADDRESS", address))

        page = chromium.new_page()
        with page.expect_response(f"{address}/translate"):
            page.goto(other.replace("127.0.0.1", "localhost"))
        assert page.locator("p").inner_text() == "TypeError TypeError TypeError"
        page.close()
    desk.service.close()
    counted = re.findall(r'_requests_total{method="POST",.*status="(.*)"} (.*)', desk.metrics.render()[0].decode())
    assert counted == [("403", "3.0")]  # the third fetch got no leave to send its own
    assert engine.calls == []
