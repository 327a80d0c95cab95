"""What both command lines stand on."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from mt.commands import CommandGroup, whole_file
from mt.errors import EvalError, ModelNotFound, SourceUnreadable


@pytest.mark.parametrize("error", [EvalError, ModelNotFound])
def test_our_errors_are_a_line_on_standard_error_and_their_exit_code(error: type[EvalError]) -> None:
    @click.group(cls=CommandGroup)
    def main() -> None:
        pass

    @main.command()
    def fail() -> None:
        raise error("what happened; what to do")

    result = CliRunner().invoke(main, ["fail"])
    assert (result.exit_code, result.stdout) == (error.exit_code, "")
    assert result.stderr == "Error: what happened; what to do\n"


def test_a_file_is_whole_or_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    path.write_text("before", encoding="utf-8")
    with pytest.raises(UnicodeEncodeError), whole_file(path, EvalError) as part:
        part.write_text("half \ud800", encoding="utf-8")
    assert path.read_text(encoding="utf-8") == "before"

    with whole_file(path, EvalError) as part:
        part.write_text("after", encoding="utf-8")
    assert path.read_text(encoding="utf-8") == "after"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("failure", [EvalError, SourceUnreadable])
def test_a_file_that_cannot_be_written_is_an_error_and_leaves_nothing(tmp_path: Path, failure: type[EvalError]) -> None:
    (tmp_path / "taken").mkdir()
    with (
        pytest.raises(failure, match=r"taken cannot be written: .*; choose another --output"),
        whole_file(tmp_path / "taken", failure) as part,
    ):
        part.write_text("text", encoding="utf-8")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]
