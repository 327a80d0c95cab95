from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mt.errors import ConfigError
from mt.strict_yaml import load_yaml


def written(folder: Path, content: str | bytes) -> Path:
    path = folder / "file.yaml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_plain_yaml_is_read(tmp_path: Path) -> None:
    text = "\ufeff# تعليق\nname: مثال\nlist: [1, 2.5, true, ~]\nnested:\n  - {a: 'x: y', b: \"2\"}\n"
    assert load_yaml(written(tmp_path, text)) == {
        "name": "مثال",
        "list": [1, 2.5, True, None],
        "nested": [{"a": "x: y", "b": "2"}],
    }


REFUSED = [
    ("a: b\nc: d\na: e\n", ", line 3: key 'a' stands twice"),
    ("- name: a\n  licence: b\n  name: c\n", ", line 3: key 'name' stands twice"),
    ("1: a", ", line 1: expected text as key"),
    ("[a]: b", ", line 1: expected text as key"),
    ("a: 2024-13-45", ", line 1: not a value; put text in quotes"),
    ("a: " + "9" * 5000, ", line 1: not a value; put text in quotes"),
    ("a: " + ":".join(["1"] * 400) + ".5", ", line 1: not a value; put text in quotes"),
    ("a: =", ", line 1: could not determine a constructor for the tag"),
    ("a: b\n<<: {c: d}", ", line 2: could not determine a constructor for the tag"),
    ("a:\n  - b: [", ", line 2: expected the node content, but found '<stream end>'"),
    ("a:\n\t- x", ", line 2: found character '\\t' that cannot start any token"),
    ("a: b\n---\nc: d", ", line 2: but found another document"),
    ("a: &a [x]\nb: *a", ", line 1: anchors, aliases and tags are not used here"),
    ("a: b\nc: &c\n  <<: *c\n", ", line 2: anchors, aliases and tags are not used here"),
    ("a: !!python/object/apply:os.system [ls]", ", line 1: anchors, aliases and tags are not used here"),
    ("a: !!int ''", ", line 1: anchors, aliases and tags are not used here"),
    ("a: ! b", ", line 1: anchors, aliases and tags are not used here"),
    ("x:\n " + "[" * 50_000, ", line 2: nested deeper than 10 levels"),
    (b"a:\n\x00\x01", ", line 2: expected printable text"),
    (b"a:\n\n  \xff\xfe", ", line 3: expected UTF-8, found byte 0xff"),
    (b"#" * 200_000, ": expected a list of models, at most 131072 bytes"),
]


@pytest.mark.parametrize(("content", "expected"), REFUSED, ids=[repr(content)[:40] for content, _ in REFUSED])
def test_everything_else_is_refused_with_its_line(tmp_path: Path, content: str | bytes, expected: str) -> None:
    path = written(tmp_path, content)
    with pytest.raises(ConfigError) as caught:
        load_yaml(path)
    assert str(caught.value).startswith(f"{path}{expected}")


def test_the_classic_bomb_is_refused_at_its_first_fuse(tmp_path: Path) -> None:
    levels = [f"{chr(b)}: &{chr(b)} [{','.join(['*' + chr(b - 1)] * 9)}]" for b in range(ord("b"), ord("z"))]
    with pytest.raises(ConfigError, match="line 1: anchors, aliases and tags are not used here"):
        load_yaml(written(tmp_path, "\n".join(['a: &a ["lol"]', *levels])))


YAML_LIKE = st.text(alphabet="ab1:-[]{}&*!<>|?#'\" \n\t.،ـ%@`~", max_size=60).map(str.encode)


@given(st.binary(max_size=200) | YAML_LIKE)
@settings(derandomize=True, deadline=None, max_examples=200)
def test_any_bytes_are_plain_values_or_a_config_error(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    path = written(tmp_path_factory.getbasetemp(), raw)
    refused = str(path)
    try:
        load_yaml(path)
    except ConfigError as error:
        refused = str(error)
    assert refused.startswith(str(path))


def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    path = written(tmp_path, "a: b")
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(ConfigError, match=r"file\.yaml: cannot be read: .*Permission denied"):
        load_yaml(path)


@pytest.mark.parametrize("path", ["missing.yaml", ".", "/dev/zero", "nul\0l"])
def test_only_regular_files_are_opened(path: str) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        load_yaml(Path(path))
