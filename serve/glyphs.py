"""A PDF page's drawing instructions → glyphs and their places.

A PDF has no text, only glyphs at places. pypdf decrypts, decompresses, parses and knows the fonts; its own text has
every Arabic line cut at its numbers, the pieces in reverse. So the glyphs are placed here; `serve.pdf` reads them.
Follows ISO 32000-1, 9.4, as far as horizontal text goes.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from mt.errors import InputTooLong

MAX_GLYPHS = 1_000_000  # MAX_BYTES of Arabic
MAX_FORMS = 8  # forms within forms
MAX_SAVED = 200  # graphics states within one another

Matrix = tuple[float, float, float, float, float, float]
IDENTITY: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


@dataclass(slots=True)
class Glyph:
    """What one or more glyphs say and where they stand, in points from the lower left."""

    text: str
    left: float
    right: float
    base: float
    size: float


@dataclass(slots=True)
class _State:
    """The graphics state as far as text depends on it (ISO 32000-1, 8.4 and 9.3)."""

    ctm: Matrix = IDENTITY
    font: Any = None
    size: float = 0.0
    spacing: float = 0.0
    word_spacing: float = 0.0
    scale: float = 1.0
    leading: float = 0.0
    rise: float = 0.0


@dataclass(slots=True)
class Drawing:
    """Runs the instructions of pages and of the forms on them, and collects glyphs."""

    reader: Any
    fonts: dict[int, Any]
    deadline: float
    glyphs: list[Glyph] = field(default_factory=list)
    shown: int = 0
    unknown: int = 0
    rotated: bool = False
    state: _State = field(default_factory=_State)
    saved: list[_State] = field(default_factory=list)
    text: Matrix = IDENTITY
    line: Matrix = IDENTITY
    spans: list[tuple[str | None, int]] = field(default_factory=list)  # ActualText and the glyph it begins at

    def page(self, page: Any) -> list[Glyph]:
        """The glyphs of a page in the order in which they are drawn."""
        self.glyphs, self.state, self.saved, self.spans = [], _State(), [], []
        content = page.get("/Contents")
        if content is not None:
            self.run(content.get_object(), _entry(page, "/Resources"))
        return self.glyphs

    def run(self, content: Any, resources: Any, within: tuple[Any, ...] = ()) -> None:
        from pypdf.generic import ContentStream

        for operands, operator in ContentStream(content, self.reader, "bytes").operations:
            if time.monotonic() > self.deadline:
                raise InputTooLong("it takes too long to read; save its text as a .txt file")
            try:
                self._step(operator.decode("latin-1"), operands, resources, within)
            except (IndexError, TypeError, ValueError, OverflowError):  # operands that are no such: viewers go on too
                continue

    def _step(self, name: str, operands: list[Any], resources: Any, within: tuple[Any, ...]) -> None:
        if name == "Do":
            self._form(resources, operands, within)
        elif name == "Tf":
            self.state.font = self._font(resources, operands[0])
            self.state.size = float(operands[1])
        elif name in ("BDC", "BMC"):
            self.spans.append((_actual_text(resources, operands), len(self.glyphs)))
        elif name == "EMC":
            self._end_span()
        else:
            self._execute(name, operands)

    def _execute(self, name: str, operands: list[Any]) -> None:
        state = self.state
        if name == "q":
            if len(self.saved) < MAX_SAVED:
                self.saved.append(replace(state))
        elif name == "Q":
            self.state = self.saved.pop() if self.saved else state
        elif name == "cm":
            state.ctm = _times(_matrix(operands), state.ctm)
        elif name == "BT":
            self.text = self.line = IDENTITY
        elif name == "Tm":
            self.text = self.line = _matrix(operands)
        elif name in ("Td", "TD"):
            if name == "TD":
                state.leading = -float(operands[1])
            self._move(float(operands[0]), float(operands[1]))
        elif name == "T*":
            self._move(0, -state.leading)
        elif name in _PARAMETERS:
            attribute, factor = _PARAMETERS[name]
            setattr(state, attribute, float(operands[0]) * factor)
        elif name in ("Tj", "TJ", "'", '"'):
            if name in "'\"":
                self._move(0, -state.leading)
            self._show(operands[-1] if name == "TJ" else [operands[-1]])

    def _move(self, x: float, y: float) -> None:
        self.text = self.line = _times((1, 0, 0, 1, x, y), self.line)

    def _show(self, parts: list[Any]) -> None:
        state = self.state
        for part in parts:
            if isinstance(part, int | float):
                self._advance(-float(part) / 1000 * state.size * state.scale)
            elif isinstance(part, bytes | str) and state.font is not None:
                for text, width in _decoded(state.font, part):
                    self._place(text, width / 1000 * state.size * state.scale)
                    spaced = state.spacing + (state.word_spacing if text == " " else 0)
                    self._advance((width / 1000 * state.size + spaced) * state.scale)

    def _advance(self, x: float) -> None:
        self.text = _times((1, 0, 0, 1, x, 0), self.text)

    def _place(self, text: str | None, width: float) -> None:
        """Note a glyph; None is one that no character is known for."""
        a, b, c, d, x, y = _times((1, 0, 0, 1, 0, self.state.rise), _times(self.text, self.state.ctm))
        if a <= 0 or abs(b) > 0.1 * a or not math.isfinite(x + y + a * width):
            self.rotated = self.rotated or bool(text and text.strip())
            return
        self.shown += 1
        if self.shown > MAX_GLYPHS:
            raise InputTooLong(f"it has over {MAX_GLYPHS:,} letters, the most that one article may have")
        if text is None:
            self.unknown += 1
            text = "\ufffd" if width > 0.1 * self.state.size else ""
        size = abs(self.state.size) * math.hypot(c, d)
        self.glyphs.append(Glyph(text, min(x, x + a * width), max(x, x + a * width), y, size))

    def _end_span(self) -> None:
        """Put the ActualText of a marked span in the place of its glyphs."""
        if not self.spans:
            return
        text, start = self.spans.pop()
        glyphs = self.glyphs[start:]
        if text is None or not glyphs or not _on_one_line(glyphs):
            return
        self.unknown -= sum(glyph.text in ("", "\ufffd") for glyph in glyphs)
        left, right = min(glyph.left for glyph in glyphs), max(glyph.right for glyph in glyphs)
        self.glyphs[start:] = [replace(max(glyphs, key=lambda glyph: glyph.right), text=text, left=left, right=right)]

    def _font(self, resources: Any, name: Any) -> Any:
        from pypdf.generic._font import Font  # the one thing of pypdf that is not public; hence <8 in pyproject

        found = _entry(_entry(resources, "/Font"), name)
        if found is None:
            return None
        if id(found) not in self.fonts:
            self.fonts[id(found)] = (Font.from_font_resource(found), found)  # kept, so that its id stays its own
        return self.fonts[id(found)][0]

    def _form(self, resources: Any, operands: list[Any], within: tuple[Any, ...]) -> None:
        form = _entry(_entry(resources, "/XObject"), operands[0])
        if (
            form is None
            or form.get("/Subtype") != "/Form"
            or len(within) >= MAX_FORMS
            or any(form is outer for outer in within)
        ):
            return
        kept, text, line, saved = replace(self.state), self.text, self.line, len(self.saved)
        if "/Matrix" in form:
            self.state.ctm = _times(_matrix(list(form["/Matrix"])), self.state.ctm)
        self.run(form, _entry(form, "/Resources") or resources, (*within, form))
        self.state, self.text, self.line = kept, text, line
        del self.saved[saved:]


_PARAMETERS = {
    "Tc": ("spacing", 1.0), "Tw": ("word_spacing", 1.0), "Tz": ("scale", 0.01),
    "TL": ("leading", 1.0), "Ts": ("rise", 1.0),
}  # fmt: skip


def _times(m: Matrix, n: Matrix) -> Matrix:
    return (
        m[0] * n[0] + m[1] * n[2], m[0] * n[1] + m[1] * n[3],
        m[2] * n[0] + m[3] * n[2], m[2] * n[1] + m[3] * n[3],
        m[4] * n[0] + m[5] * n[2] + n[4], m[4] * n[1] + m[5] * n[3] + n[5],
    )  # fmt: skip


def _matrix(operands: list[Any]) -> Matrix:
    a, b, c, d, e, f = (float(operand) for operand in operands[:6])
    return a, b, c, d, e, f


def _entry(dictionary: Any, key: Any) -> Any:
    """The object behind a key, None if either is not there."""
    found = dictionary.get(key) if hasattr(dictionary, "get") else None
    return None if found is None else found.get_object()


def _actual_text(resources: Any, operands: list[Any]) -> str | None:
    """What a marked span says it stands for (ISO 32000-1, 14.9.4)."""
    properties = operands[-1] if len(operands) > 1 else None
    if isinstance(properties, str):
        properties = _entry(_entry(resources, "/Properties"), properties)
    text = _entry(properties, "/ActualText")
    if isinstance(text, bytes):
        utf16 = text.startswith(b"\xfe\xff")
        return text[2:].decode("utf-16-be", "replace") if utf16 else text.decode("latin-1")
    return text if isinstance(text, str) else None


def _decoded(font: Any, part: bytes | str) -> Iterator[tuple[str | None, float]]:
    """Each glyph's text, None where the font does not say, and its width in thousandths."""
    data = part.encode("latin-1", "replace") if isinstance(part, str) else part
    composite = isinstance(font.encoding, str)
    for code in data.decode(font.encoding, "replace") if composite else map(chr, data):
        character = code if composite else font.encoding.get(ord(code), code)
        text = font.character_map.get(character, font.character_map.get(code))
        if text is None and not composite:
            text = character
        yield text, float(font.character_widths.get(code, font.character_widths.get("default", 500)))


def _on_one_line(glyphs: list[Glyph]) -> bool:
    size = max(glyph.size for glyph in glyphs)
    return all(abs(glyph.base - glyphs[0].base) <= 0.6 * size for glyph in glyphs)
