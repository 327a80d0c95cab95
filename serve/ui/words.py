"""What went wrong, for somebody who has never seen a command line."""

from __future__ import annotations

import re

from mt import errors
from serve.admission import Draining, Refused
from serve.api.errors import TimedOut, explain
from serve.batching import Stopped
from serve.ui.view import message_html

_TITLES: dict[type[Exception], str] = {  # the first that fits is taken
    errors.EmptyInput: "There is nothing to work on yet",
    errors.InputTooLong: "This is too long",
    errors.UnsupportedFormat: "This kind of file cannot be read",
    errors.UnsupportedLanguage: "This does not look like Arabic",
    errors.LengthMismatch: "The two texts do not pair up",
    errors.SourceUnreadable: "This could not be read",
    errors.InputError: "This cannot be done",
    errors.ConfigError: "This cannot be done",
    errors.UnknownModel: "There is no such model here",
    errors.ModelNotFound: "There is no such model here",
    TimedOut: "This took too long",
    Draining: "The server is going down",
    Refused: "The server is busy",
}
_BEGUN = re.compile(r"(?:the|this|there|no|an?) ")


def in_words(error: Exception) -> tuple[str, str]:
    """A title, and what a reader is told of the error with what to do about it.

    Of one that is the server's own, nothing; `explain` logs it.
    """
    said = explain(error).message
    for kind, title in _TITLES.items():
        if isinstance(error, kind):
            return title, _sentence(said)
    return "Something went wrong", "The fault is the server's, and is in its log. Try once more, or tell who runs it."


def words_html(error: Exception, *, stopped: bool = False) -> str:
    """The same, to stand in place of a result; a stop is none where its reader asked for one."""
    if stopped and isinstance(error.__cause__, Stopped):
        return message_html("Stopped", "Nothing of it was kept. The text is still in its field.", "stopped")
    return message_html(*in_words(error), "error")


def _sentence(text: str) -> str:
    """The message as a sentence; what begins with a name is left as it is."""
    begun = text[:1].upper() + text[1:] if _BEGUN.match(text) else text
    return begun if text.endswith((".", "!", "?")) else f"{begun}."
