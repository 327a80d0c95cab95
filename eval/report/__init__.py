"""Reports: one value, shown as JSON, text, Markdown, JUnit XML or a self-contained page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

from eval.report.record import Report, report_json

Form = Literal["text", "json", "md", "html", "junit"]
FORMS: tuple[Form, ...] = get_args(Form)

__all__ = ["FORMS", "Form", "Report", "render"]


def render(report: Report, form: Form) -> str:
    """The report in the form that was asked for."""
    return _RENDERERS[form](report)


def _text(report: Report) -> str:
    from eval.report.page import lay_out
    from eval.report.text import text

    return text(lay_out(report))


def _markdown(report: Report) -> str:
    from eval.report.markdown import markdown
    from eval.report.page import lay_out

    return markdown(lay_out(report))


def _html(report: Report) -> str:
    from eval.report.html import html
    from eval.report.page import lay_out

    return html(lay_out(report))


def _junit(report: Report) -> str:
    from eval.report.junit import junit

    return junit(report)


_RENDERERS: dict[Form, Callable[[Report], str]] = {
    "text": _text, "json": report_json, "md": _markdown, "html": _html, "junit": _junit,
}  # fmt: skip
