"""The page: two tabs, laid out; `events` is what their buttons do."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr
from fastapi import FastAPI, Response
from fastapi.responses import FileResponse

from mt.registry import Task
from serve.desk import Desk
from serve.offers import Offer, offers
from serve.ui.events import Events, Session
from serve.ui.exports import FORMS
from serve.ui.theme import build_theme
from serve.ui.view import message_html

SESSIONS = 128  # whose results are kept, the latest; one of 13 segments takes 100 KB
KEPT = 3600  # seconds that files live here, uploaded ones and those given out

_STATIC = Path(__file__).resolve().parents[1] / "static"
_SAMPLES = Path(__file__).resolve().parents[2] / "samples"  # of the checkout; an installed khulasa has none
_FONT = "noto-naskh-arabic.woff2"
_DAY = {"Cache-Control": "public, max-age=86400"}
_FILES = "a text, Markdown, HTML, Word or PDF file"

# Download what an event has just written: the button that has it is hidden, and would need a second click.
_DOWNLOAD = """(file) => {
  if (!file) return;
  const link = Object.assign(document.createElement("a"), { href: file.url, download: file.orig_name });
  document.body.append(link);
  link.click();
  link.remove();
}"""
# Bring into sight what changes: the first of these that is on the page, once the browser has drawn it. An event hands
# its inputs through.
_SCROLL = """(...given) => {
  setTimeout(() => {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const found = %s.map((name) => document.querySelector(name)).find((node) => node?.offsetHeight);
    found?.scrollIntoView({ block: "%s", behavior: calm ? "instant" : "smooth" });
  }, 100);
  return given;
}"""


def mount_page(api: FastAPI, desk: Desk) -> FastAPI:
    """The application with the page at /, behind all routes that it has by now; one added later is never reached."""
    if "GRADIO_TEMP_DIR" not in os.environ:
        os.environ["GRADIO_TEMP_DIR"] = tempfile.mkdtemp(prefix="khulasa-page-")  # for nobody else to read

    @api.get(f"/assets/{_FONT}", include_in_schema=False)
    def font() -> FileResponse:
        return FileResponse(_STATIC / "fonts" / _FONT, media_type="font/woff2", headers=_DAY)

    @api.get("/gradio_api/deep_link", include_in_schema=False)
    def deep_link() -> Response:
        """Nothing: Gradio would write the session, text and all, to a file that stays."""
        return Response(status_code=404)

    served: FastAPI = gr.mount_gradio_app(
        api, build_page(desk), "/", footer_links=[], run_history=False, show_error=False, enable_monitoring=False,
        max_file_size=desk.settings.limits.file_bytes, ssr_mode=False, mcp_server=False, pwa=False,
        theme=build_theme(),
        css_paths=[_STATIC / "page.css", _STATIC / "frame.css"],
        head='<meta name="referrer" content="no-referrer"><meta name="robots" content="noindex">',
    )  # fmt: skip
    return served


def build_page(desk: Desk) -> gr.Blocks:
    """The page with its events, to be mounted."""
    events = Events(desk)
    page = gr.Blocks(title="khulasa: Arabic news in English", analytics_enabled=False, delete_cache=(600, KEPT))
    page.state_session_capacity = SESSIONS
    with page:
        gr.HTML(_HEADER, elem_id="masthead")
        session = gr.State(Session())
        with gr.Tabs(elem_id="tasks"):
            with gr.Tab("Translate", id="translate"):
                _translating(desk, events, session)
            with gr.Tab("Check a translation", id="check"):
                _checking(desk, events, session)
    # No limit of Gradio's: who may come in says `admission`, in words that say when to come again.
    page.queue(max_size=None, default_concurrency_limit=None, api_open=False)
    return page


_HEADER = """<header><h1>khulasa <span lang="ar" dir="rtl">خلاصة</span></h1>
<p>An Arabic article in English: the gist, the full text, and what to doubt.
Nothing you put here leaves this server.</p></header>"""


# Events of one `concurrency_id` begin in the order in which they came: no download overtakes the edit before it.
_EVENT: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
_ORDERED: dict[str, Any] = {**_EVENT, "concurrency_id": "result", "concurrency_limit": None}


@dataclass(frozen=True, slots=True)
class Source:
    """The fields in which a text can be given, and which of them is in front; as inputs of an event, in this order."""

    way: gr.State
    text: gr.Textbox
    file: gr.File
    link: gr.Textbox

    def __iter__(self) -> Iterator[Any]:
        return iter((self.way, self.text, self.file, self.link))


def _source(desk: Desk, name: str, label: str, *, arabic: bool, samples: bool = False) -> Source:
    """Fields for a text: pasted, dropped, or linked where the server may fetch."""
    way = gr.State("text")
    with gr.Tabs(elem_id=f"{name}-ways", elem_classes="ways"):
        with gr.Tab("Paste text", id="text") as pasting:
            text = gr.Textbox(
                label=label, lines=9, max_lines=12, rtl=arabic, elem_id=f"{name}-text",
                placeholder="الصق نص المقال هنا · Paste the article here" if arabic else "Paste the translation here",
                html_attributes=gr.InputHTMLAttributes(lang="ar" if arabic else "en", spellcheck=False),
            )  # fmt: skip
            if samples:
                _samples(text)
        with gr.Tab("File", id="file") as dropping:
            file = gr.File(label=f"{label}: {_FILES}", elem_id=f"{name}-file", height=230)
        with gr.Tab("Link", id="link", visible=desk.settings.allow_urls) as linking:
            link = gr.Textbox(
                label=f"{label}: the address of a page", placeholder="https://", elem_id=f"{name}-link", type="text",
                html_attributes=gr.InputHTMLAttributes(autocomplete="off", spellcheck=False),
            )  # fmt: skip
    for tab, chosen in ((pasting, "text"), (dropping, "file"), (linking, "link")):
        tab.select(_choice(chosen), None, way, **_EVENT)
    return Source(way, text, file, link)


def _choice(way: str) -> Callable[[], str]:
    def choose() -> str:
        return way

    return choose


def _samples(text: gr.Textbox) -> None:
    """Buttons that put an article of the checkout into the field."""
    found = sorted(_SAMPLES.glob("*.ar.txt"))
    if not found:
        return
    articles = [[path.read_text(encoding="utf-8").strip()] for path in found]
    labels = [path.name.split(".")[0].capitalize() for path in found]
    gr.Examples(
        articles, [text], example_labels=labels, label="No article at hand? Take one of these", elem_id="samples",
        api_name="sample", api_visibility="private",
    )  # fmt: skip


def _translating(desk: Desk, events: Events, session: gr.State) -> None:
    with gr.Row(elem_classes="desk"):
        with gr.Column(scale=3, min_width=320):
            source = _source(desk, "source", "Arabic article", arabic=True, samples=True)
        with gr.Column(scale=2, min_width=280):
            model = _offered(desk, "translate", "Translation by", "model")
            summarizer = _offered(desk, "summarize", "Summary by", "summarizer")
            sentences = gr.Slider(1, 10, 3, step=1, label="Sentences of summary", elem_id="sentences", buttons=[])
            go = gr.Button("Translate and summarize", variant="primary", elem_id="go")
            stop = gr.Button("Stop", variant="stop", interactive=False, elem_id="stop")
            _missing(desk)
    with gr.Row(visible=False, elem_id="downloads", elem_classes="downloads") as downloads:
        gr.HTML("<p>Take it with you, with your edits:</p>", min_width=160)
        for form, label in FORMS.items():
            _download(label, f"as-{form}", events.export(form), session)
    result = _result("result", "The translation will stand here",
                     "First the summary, then both texts side by side, with what to doubt.")  # fmt: skip
    inputs = [session, *source, model, summarizer, sentences]
    seen = _SCROLL % (["#result"], "nearest")
    work = go.click(events.translate, inputs, [session, result, downloads, stop], js=seen, **_EVENT)
    work.then(None, js=_SCROLL % (["#downloads", "#result"], "start"))
    stop.click(events.stop, session, None, **_EVENT)
    result.select(events.edit, session, result, **_ORDERED)


def _checking(desk: Desk, events: Events, session: gr.State) -> None:
    with gr.Row(elem_classes="desk"):
        with gr.Column(min_width=320):
            source = _source(desk, "original", "Arabic source", arabic=True)
        with gr.Column(min_width=320):
            target = _source(desk, "translation", "English translation", arabic=False)
    go = gr.Button("Check the translation", variant="primary", elem_id="check")
    with gr.Row(visible=False, elem_id="check-downloads", elem_classes="downloads") as downloads:
        gr.HTML("<p>Take it with you:</p>", min_width=160)
        _download("Web page", "check-as-html", events.export_comparison, session)
    result = _result("checked", "What to doubt will stand here",
                     "Both texts need as many paragraphs: those at the same place are compared.")  # fmt: skip
    seen = _SCROLL % (["#checked"], "nearest")
    work = go.click(events.compare, [session, *source, *target], [session, result, downloads], js=seen, **_EVENT)
    work.then(None, js=_SCROLL % (["#check-downloads", "#checked"], "start"))


def _result(name: str, title: str, text: str) -> gr.HTML:
    script = (_STATIC / "page.js").read_text(encoding="utf-8")
    return gr.HTML(message_html(title, text, "empty"), elem_id=name, js_on_load=script)


def _download(label: str, name: str, write: Callable[[Session], str | None], session: gr.State) -> None:
    """A button that writes a file and downloads it, both with one click."""
    button = gr.Button(label, size="sm", min_width=90, elem_id=name)
    file = gr.DownloadButton(elem_classes="written", visible="hidden")
    button.click(write, session, file, **_ORDERED).success(None, file, js=_DOWNLOAD)


def _offered(desk: Desk, task: Task, label: str, name: str) -> gr.Dropdown:
    """A choice among what is installed."""
    found = offers(desk.service.registry, task)
    named = desk.settings.model if task == "translate" else "auto"
    best = Path(named).name if named != "auto" else next((offer.name for offer in found if offer.default), "")
    choices = [(f"Automatic: {best}", "auto"), *((_described(offer), offer.name) for offer in found if offer.installed)]
    return gr.Dropdown(choices, value="auto", label=label, elem_id=name, filterable=False)


def _described(offer: Offer) -> str:
    size = f", {offer.size / 1e6:,.0f} MB" if offer.size else ""
    return offer.label + size


def _missing(desk: Desk) -> None:
    """What else there is, for who runs the server."""
    found = [offer for task in ("translate", "summarize") for offer in offers(desk.service.registry, task)]
    rows = "".join(f"<li>{escape(offer.label)}</li>" for offer in found if not offer.installed)
    with gr.Accordion("Other models", open=False, elem_id="others"):
        gr.HTML(f"<p>Not on this server. Who runs it can add one with "
                f"<code>khulasa models pull NAME</code>:</p><ul>{rows}</ul>")  # fmt: skip
