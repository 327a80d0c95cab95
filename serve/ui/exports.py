"""The files that the page gives out: a dossier or its JSON, made when somebody asks for it."""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Literal

from gradio.processing_utils import save_bytes_to_cache
from gradio.utils import get_upload_folder

from serve.dossier import digest_json, render
from serve.service import Digest

Form = Literal["docx", "html", "md", "json"]
FORMS: dict[Form, str] = {"docx": "Word", "html": "Web page", "md": "Markdown", "json": "JSON"}

_UNSAFE = re.compile(r'[\s<>:"/\\|?*`$%&{}!\'@+=;#^~\[\](),«»“”‘’…]+')  # for some file system, shell or address
_LONGEST = 120  # bytes of a name, which most file systems hold to 255


def content(digest: Digest, form: Form) -> bytes:
    """What the file holds; text in UTF-8."""
    if form == "json":
        return (json.dumps(digest_json(digest), ensure_ascii=False, indent=1) + "\n").encode("utf-8", "replace")
    return render(digest, form)


def file_name(title: str, form: str) -> str:
    """A name that every file system takes and no reader is fooled by, in whatever script the title has.

    Invisible characters are left out: one of them shows `exe.docx` as `xcod.exe`.
    """
    visible = "".join(char for char in title if unicodedata.category(char)[0] not in "CZ" or char == " ")
    stem = _UNSAFE.sub("-", unicodedata.normalize("NFC", visible)).strip("-.")
    short = stem.encode()[:_LONGEST].decode(errors="ignore").strip("-.")
    return f"{short or 'khulasa'}.{form}"


def write(data: bytes, name: str) -> str:
    """The path of a file that the page may serve, in a directory that is named by a hash of its content."""
    path: str = save_bytes_to_cache(data, name, get_upload_folder())
    return path
