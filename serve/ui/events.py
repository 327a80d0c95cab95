"""What the buttons of the page do, for one tab of a browser each; every answer is something to show."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from html import escape
from typing import Any, NamedTuple, TypeVar

import gradio as gr

from mt.document import DecodingOptions, Translation
from mt.errors import EmptyInput, MTError
from serve.admission import Job, Refused
from serve.api.jobs import Running, begin
from serve.comparison import compare
from serve.comparison import comparison_html as comparison_file
from serve.desk import Desk
from serve.edits import edited
from serve.offers import chosen
from serve.service import Digest, Summarizing
from serve.ui.exports import Form, content, file_name, write
from serve.ui.sources import Given, read
from serve.ui.view import comparison_html, digest_html, progress_html
from serve.ui.words import in_words, words_html

T = TypeVar("T")
ALTERNATIVES = 3  # of a sentence; the beam holds them anyway
TICK = 0.25  # seconds between two looks at the work
SHOWN, HIDDEN = gr.update(visible=True), gr.update(visible=False)
ABLE, UNABLE = gr.update(interactive=True), gr.update(interactive=False)


@dataclass(frozen=True, slots=True)
class Result:
    """An article as it was translated, what its reader wrote in place of sentences, and what its files are called."""

    digest: Digest
    edits: Mapping[int, str]
    name: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """A translation by somebody else beside its source, and what the two are called."""

    translation: Translation
    names: tuple[str, str]


class Session:
    """What one tab of a browser has before it; no other tab sees it. No dataclass: Gradio would send its values."""

    def __init__(self) -> None:
        self.result: Result | None = None
        self.comparison: Comparison | None = None
        self.job: Job | None = None  # the translation that it waits for
        self.stopped = False  # its reader no longer wants it
        self.lock = threading.Lock()  # held while the result changes or is written

    def __deepcopy__(self, memo: object) -> Session:
        """A new session: gr.State copies its first value for each tab."""
        return Session()


class Shown(NamedTuple):
    """What an event changes on its tab of the page, in the order of its outputs; what is left out stays."""

    session: Any = gr.skip()
    result: Any = gr.skip()
    downloads: Any = gr.skip()  # the row of buttons


class Events:
    """The events of one page, for any number of sessions."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def translate(
        self, session: Session, way: str, text: str, file: str | None, link: str,
        model: str, summarizer: str, sentences: float,
    ) -> AsyncIterator[tuple[Any, ...]]:  # fmt: skip
        """Translate and summarize what was given; how far that is is shown four times a second."""
        given, far = Given(way, text, file, link), Far()

        def work(job: Job) -> tuple[Digest, str]:
            article = read(given, self._desk.settings)
            name, summarizing = self._model(model), self._summarizing(summarizer, sentences)
            options = DecodingOptions(num_hypotheses=ALTERNATIVES)
            digest = self._desk.service.digest(article, name, options, summarizing, far.tell, job.stop)
            return digest, self._panel(digest)  # here, since the event loop is everybody's

        session.result, session.stopped = None, False
        yield *Shown(session, far.html, HIDDEN), ABLE
        try:
            with closing(begin(self._desk, work)) as running:
                session.job = running.job
                while not running.over:
                    await running.wait(longest=TICK)
                    yield *Shown(result=far.html), gr.skip()
                digest, panel = running.result()
        except Exception as error:
            yield *Shown(session, words_html(error, stopped=session.stopped)), UNABLE
            return
        session.result = Result(digest, {}, given.stem or digest.translation.title or "")
        yield *Shown(session, panel, SHOWN), UNABLE

    async def compare(
        self, session: Session,
        way: str, text: str, file: str | None, link: str,
        way_en: str, text_en: str, file_en: str | None, link_en: str,
    ) -> AsyncIterator[Shown]:  # fmt: skip
        """Lay a translation by somebody else beside its source, and check it."""
        source, target = Given(way, text, file, link), Given(way_en, text_en, file_en, link_en)
        names = (f"the source ({source.name})", f"the translation ({target.name})")

        def work(job: Job) -> tuple[Translation, str]:
            found = compare(read(source, self._desk.settings), read(target, self._desk.settings), names)
            return found, comparison_html(found, self._desk.service.terms)

        session.comparison = None
        yield Shown(session, progress_html("Comparing the two texts", 0, 0), HIDDEN)
        try:
            with closing(begin(self._desk, work)) as running:
                while not running.over:
                    await running.wait(longest=TICK)
                    yield Shown()
                translation, panel = running.result()
        except Exception as error:
            yield Shown(session, words_html(error))
            return
        session.comparison = Comparison(translation, (source.name, target.name))
        yield Shown(session, panel, SHOWN)

    def stop(self, session: Session) -> None:
        """Have the translation that this session waits for end within a batch."""
        if session.job is not None:
            session.stopped = True
            session.job.stop.set()

    def edit(self, session: Session, event: gr.EventData) -> Any:
        """The article with a sentence as its reader wants it, or as the model had it, checked again."""
        change = _change(event._data)
        if change is None:
            return gr.skip()
        index, text = change
        with session.lock, self._place():
            before = _kept(session.result)
            edits = {i: edit for i, edit in before.edits.items() if i != index}
            after = replace(before, edits=edits if text is None else {**edits, index: text})
            digest = self._edited(after)  # which refuses what is no sentence
            session.result = after
            return self._panel(digest)

    def export(self, form: Form) -> Callable[[Session], str]:
        """The event that writes what a session has before it, edits and all, as a file of that form."""

        def export(session: Session) -> str:
            with session.lock, self._place():
                result = _kept(session.result)
                return write(content(self._edited(result), form), file_name(result.name, form))

        return export

    def export_comparison(self, session: Session) -> str:
        """The comparison as one HTML file."""
        with self._place():
            found = _kept(session.comparison)
            return write(comparison_file(found.translation, found.names), file_name("checked translation", "html"))

    def _edited(self, result: Result) -> Digest:
        return edited(result.digest, result.edits, self._desk.service.terms)

    def _panel(self, digest: Digest) -> str:
        return digest_html(digest, terms=self._desk.service.terms)

    def _model(self, name: str) -> str:
        return self._desk.settings.model if name == "auto" else chosen(name, "translate", self._desk.service.registry)

    def _summarizing(self, name: str, sentences: float) -> Summarizing:
        return Summarizing(chosen(name, "summarize", self._desk.service.registry), int(sentences))

    @contextmanager
    def _place(self) -> Iterator[None]:
        """A place for short work; what goes wrong stands in a notice over the page, which Gradio takes for HTML."""
        try:
            with self._desk.admission.enter():
                yield
        except (Refused, MTError) as error:
            title, text = map(escape, in_words(error))
            raise gr.Error(text, title=title, print_exception=False) from error


class Far:
    """How far a translation is: told from its thread, read in the event loop."""

    def __init__(self) -> None:
        self._done = self._total = 0

    def tell(self, done: int, total: int) -> None:
        """Take the count; it is replaced at once, not added to."""
        self._done, self._total = done, total

    @property
    def html(self) -> str:
        """The count for a reader."""
        if not self._total:
            return progress_html("Reading the article", 0, 0)
        title = "Translating" if self._done < self._total else "Checking and summarizing"
        return progress_html(title, self._done, self._total)


@contextmanager
def closing(running: Running[T]) -> Iterator[Running[T]]:
    """Tell the work to stop when nobody looks at it any more: a closed tab closes the generator that does."""
    try:
        yield running
    finally:
        running.job.stop.set()


def _kept(found: T | None) -> T:
    """What the session has; an error for one whose result the server no longer keeps."""
    if found is None:
        raise EmptyInput("the server keeps results for a while only, and this one no more: press the button again")
    return found


def _change(data: Any) -> tuple[int, str | None] | None:
    """The segment and its new text, None to undo; None if that is not what the browser sent."""
    match data:
        case {"kind": "edit", "index": int(index), "text": str(text)}:
            return index, text
        case {"kind": "undo", "index": int(index)}:
            return index, None
    return None
