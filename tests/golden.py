"""Files that hold what an output was when a person last read it; `KHULASA_GOLDEN=refresh` writes them anew."""

from __future__ import annotations

import os
from pathlib import Path

from mt import __version__

_GOLDEN = Path(__file__).with_name("golden")


def check_golden(name: str, found: str) -> None:
    """Fails unless the file of that name holds `found`."""
    path, found = _GOLDEN / name, found.replace(f"khulasa {__version__}", "khulasa VERSION")
    if os.environ.get("KHULASA_GOLDEN") == "refresh":
        path.write_text(found, encoding="utf-8", newline="\n")
    assert found == path.read_text(encoding="utf-8"), "if the difference is right: KHULASA_GOLDEN=refresh"
