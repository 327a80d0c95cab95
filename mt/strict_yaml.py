"""YAML as a person writes it, read so that no file can surprise, crash or stall the program."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import yaml
from yaml.composer import ComposerError
from yaml.constructor import ConstructorError
from yaml.reader import ReaderError

from mt.errors import ConfigError

LARGEST_FILE: Final = 128 * 1024  # bytes; PyYAML needs up to three seconds for them
DEEPEST: Final = 10  # levels of nesting; models.yaml needs five


def load_yaml(path: Path) -> Any:
    """The value of a YAML file: text, numbers, lists and mappings only.

    Raises ConfigError, with the line, for everything else: an unreadable or oversized file, bytes that are not UTF-8,
    a key that stands twice, aliases, tags, deep nesting.
    """
    text = _read_text(path)
    try:
        return yaml.load(text, Loader=_StrictLoader)
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise ConfigError(f"{path}, line {line}: expected printable text") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{path}, line {mark.line + 1}" if mark else str(path)
        raise ConfigError(f"{place}: {error.problem or error.context}") from error


def _read_text(path: Path) -> str:
    try:
        if not path.is_file():  # a device may never end
            raise ConfigError(f"{path}: no such file; expected a list of models, see --models and KHULASA_MODELS")
        with path.open("rb") as file:
            raw = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from error
    if len(raw) > LARGEST_FILE:
        raise ConfigError(f"{path}: expected a list of models, at most {LARGEST_FILE} bytes")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}, line {line}: expected UTF-8, found byte {raw[error.start]:#04x}") from error


class _StrictLoader(yaml.SafeLoader):
    """Plain YAML: a key that stands twice, an alias (bombs), a tag, deep nesting are errors that know their line."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if getattr(event, "anchor", None) or getattr(event, "tag", None):
            raise ComposerError(None, None, "anchors, aliases and tags are not used here", event.start_mark)
        if self.depth == DEEPEST:
            raise ComposerError(None, None, f"nested deeper than {DEEPEST} levels", event.start_mark)
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        mapping: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str) or key in mapping:
                problem = f"key {key[:60]!r} stands twice" if isinstance(key, str) else "expected text as key"
                raise ConstructorError(None, None, problem, key_node.start_mark)
            mapping[key] = self.construct_object(value_node, deep=deep)
        return mapping

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep=deep)
        except (ValueError, ArithmeticError) as error:  # 2024-99-99, 5000 digits, 1:2:3… in base 60
            raise ConstructorError(None, None, "not a value; put text in quotes", node.start_mark) from error
