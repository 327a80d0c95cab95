"""A folder of dossiers, a file for each article of a batch, beside its output."""

from __future__ import annotations

import re
from pathlib import Path

from serve.batch.records import Record
from serve.batch.storage import unwritable, written
from serve.dossier import FileFormat

_PLAIN = re.compile(r"[^\w-]+")  # letters of any script stay
_LONGEST = 80  # bytes of a record's id in a file's name, which may have 255 with the rest


class Dossiers:
    """Writes each file whole; a batch that goes on writes the same file again, not another."""

    def __init__(self, folder: Path, form: FileFormat) -> None:
        self.folder, self.form = folder, form
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise unwritable(folder, error) from error

    def path(self, record: Record) -> Path:
        """Where its dossier lies: its number in the input, from 1, makes the name one of a kind and sorts it."""
        name = _PLAIN.sub("-", record.id or "").strip("-")
        short = name.encode("utf-8", "replace")[:_LONGEST].decode(errors="ignore")
        return self.folder / f"{record.number + 1:08}{f'-{short}' if short else ''}.{self.form}"

    def write(self, record: Record, content: bytes) -> Path:
        """Have the dossier on the disk; ConfigError, with the next step, where it cannot be written."""
        path = self.path(record)
        with written(path) as file:
            file.write(content)
        return path
