"""A page with the result panel alone: its style, its script and a `trigger` that writes down what Python would get."""

from __future__ import annotations

import json
from pathlib import Path

STATIC = Path(__file__).resolve().parents[1] / "serve" / "static"


def panel_page(html: str, *, dark: bool = False) -> str:
    """The page; `window.sent` holds what was triggered, `window.renew(html)` shows a new value as Gradio may."""
    style, script = (STATIC / "page.css").read_text(), json.dumps((STATIC / "page.js").read_text())
    return f"""<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>panel</title>
<style>body {{ margin: 0; }} body.dark {{ background: #0e1013; }}</style><style>{style}</style>
<body class="{"dark" if dark else ""}"><div id="host">{html}</div>
<script>
window.sent = [];
const host = document.getElementById("host");
window.renew = (html) => {{ host.innerHTML = html; }};
new Function("element", "trigger", "props", {script})(host, (name, data) => window.sent.push([name, data]), {{}});
</script></body></html>"""
