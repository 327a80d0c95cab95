"""Test sets: TSV, JSONL, pairs of files, directories, `samples`, and sacrebleu's own by name."""

from __future__ import annotations

import hashlib
import json
import re
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from eval.lines import PACKED, by_sentence, drift, read_lines, read_text, split_lines
from eval.metrics import library
from mt.errors import EmptyInput, EvalError, LengthMismatch, SourceUnreadable, UnknownTestset, UnsupportedFormat
from mt.normalize import replace_surrogates

Task = Literal["translate", "summarize"]

SAMPLES = Path(__file__).resolve().parents[1] / "samples"
_PATIENCE = 30.0  # seconds
_LINES = re.compile(r"(.+):(\d+)-(\d+)")
# How the two sides of a test set are called in names of files: here, and in FLORES.
_CODES = {"ar": ("ar", "arb_Arab", "ara_Arab", "arb", "ara"), "en": ("en", "eng_Latn", "eng")}
_SOURCE_LANG, _TARGET_LANG = "ar", "en"


@dataclass(frozen=True, slots=True)
class Dataset:
    """A test set: `references` has one tuple a reference, each as long as the set; what is not known is empty."""

    name: str
    references: tuple[tuple[str, ...], ...]
    sources: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.references:
            raise EmptyInput(f"{self.name} has no reference; expected one or more")
        if not len(self):
            raise EmptyInput(f"{self.name} has no segments; expected one a line")
        sides = {f"reference {number}": side for number, side in enumerate(self.references, 1)}
        optional = {"the source": self.sources, "the list of domains": self.domains}
        for name, side in (sides | {name: side for name, side in optional.items() if side}).items():
            if len(side) != len(self):
                raise LengthMismatch(f"{self.name}: {name} has {len(side)} segments, reference 1 has {len(self)}; "
                                     "expected the same segments in the same order")  # fmt: skip

    def __len__(self) -> int:
        return len(self.references[0])

    @property
    def sha256(self) -> str:
        """The hash of what scores depend on: the references, in their order."""
        return hashlib.sha256(json.dumps(self.references).encode()).hexdigest()

    def lines(self, first: int, last: int) -> Dataset:
        """Segments `first` to `last`, counted from 1, as a test set of its own; EvalError where it has them not all."""
        if not 1 <= first <= last <= len(self):
            raise EvalError(f"{self.name} has no lines {first}-{last}; expected two numbers from 1 to {len(self)}")
        cut = slice(first - 1, last)
        return Dataset(
            f"{self.name}:{first}-{last}",
            tuple(side[cut] for side in self.references),
            self.sources[cut],
            self.domains[cut],
        )

    def check(self, hypotheses: Sequence[str], name: str) -> None:
        """Return if there is a hypothesis for each segment.

        Raises LengthMismatch with both counts, and where the two begin to differ if that can be seen.
        """
        if len(hypotheses) != len(self):
            place = drift(hypotheses, self.references[0])
            hint = f"; they drift apart near line {place}" if place else ""
            raise LengthMismatch(f"{name} has {len(hypotheses)} lines, {self.name} has {len(self)}{hint}; "
                                 "expected one hypothesis for each segment")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fields:
    """What the columns of a TSV file with a header, or the keys of JSONL, are called; several references are allowed.

    A list in JSONL is one text, a line an item: the sentences of a summary.
    """

    source: str = "source"
    references: tuple[str, ...] = ("reference",)
    domain: str = "domain"


def load_testset(name: str, task: Task = "translate", fields: Fields = Fields()) -> Dataset:
    """The test set that `name` means; `NAME:1-500` is only these lines of it.

    A name is `samples`, a directory, a TSV or JSONL file (also .gz, .xz), what two files have in common before
    `.ar` and `.en`, or one of sacrebleu's, which sacrebleu downloads.

    Raises:
        UnknownTestset: none of these.
        SourceUnreadable, UnsupportedFormat, InputTooLong, EmptyInput, LengthMismatch: it is there, but not sound.
    """
    whole = _LINES.fullmatch(name)
    if whole and not _exists(Path(name)):
        return load_testset(whole[1], task, fields).lines(int(whole[2]), int(whole[3]))
    path = SAMPLES if name == "samples" and not _exists(Path(name)) else Path(name)
    if _exists(path):
        dataset = _load_directory(path, task) if path.is_dir() else _load_table(path, fields)
    elif pair := _pair(path):
        dataset = load_files([pair[1]], pair[0])
    else:
        dataset = load_published(name)
    return replace(_for_task(dataset, task), name=name)


def load_files(references: Sequence[Path], source: Path | None = None, task: Task = "translate") -> Dataset:
    """A test set of plain files, a segment a line; it is called as the first reference is.

    Raises EmptyInput, SourceUnreadable, UnsupportedFormat, InputTooLong, LengthMismatch, naming the file.
    """
    if not references:
        raise EmptyInput("there is no reference; name one or more files")
    sides = {path: read_lines(path) for path in (*references, *([source] if source else []))}
    first = sides[references[0]]
    for path, side in sides.items():
        if len(side) != len(first):
            place = drift(side, first) if path != source else None  # two languages have no words in common
            hint = f"; they drift apart near line {place}" if place else ""
            raise LengthMismatch(f"{path} has {len(side)} lines, {references[0]} has {len(first)}{hint}; expected "
                                 "the same segments in the same order")  # fmt: skip
    texts = tuple(sides[path] for path in references)
    return _for_task(Dataset(str(references[0]), texts, sides[source] if source else ()), task)


def _for_task(dataset: Dataset, task: Task) -> Dataset:
    """The test set with summaries a sentence a line, where it is one of summaries."""
    if task == "translate":
        return dataset
    return replace(dataset, references=tuple(tuple(map(by_sentence, side)) for side in dataset.references))


# --- several files, or several columns


def _load_directory(path: Path, task: Task) -> Dataset:
    """Every pair of files in the directory; the domain of a segment is the name of its file."""
    old, new = (_CODES["ar"], _CODES["en"]) if task == "translate" else (("en",), ("summary",))
    try:
        files = sorted(path.iterdir())
    except OSError as error:
        raise SourceUnreadable(f"{path} cannot be read: {error.strerror or error}; name another") from error
    pairs = [(file, partner) for file in files if (partner := _partner(file, old, new))]
    if not pairs:
        raise UnknownTestset(f"{path} has no pair of files NAME.{old[0]}.txt and NAME.{new[0]}.txt; add one, or name "
                             "a file")  # fmt: skip
    sources, references, domains = list[str](), list[str](), list[str]()
    for source, reference in pairs:
        ours, theirs = (_segments(file, task) for file in (source, reference))
        if len(ours) != len(theirs):
            raise LengthMismatch(f"{source} has {len(ours)} segments, {reference} has {len(theirs)}; expected as many")
        sources += ours
        references += theirs
        domains += [source.name.partition(".")[0]] * len(ours)
    return Dataset(str(path), (tuple(references),), tuple(sources), tuple(domains) if len(pairs) > 1 else ())


def _segments(path: Path, task: Task) -> tuple[str, ...]:
    """A file of a directory cut into segments: an article by paragraphs or as a whole, everything else by lines."""
    if task == "summarize":
        return (read_text(path).removeprefix("\ufeff").strip(),)
    return tuple(filter(None, read_lines(path))) if ".txt" in path.suffixes else read_lines(path)


def _pair(path: Path) -> tuple[Path, Path] | None:
    """The two files that go on where this path ends."""
    for code in _CODES["ar"]:
        source = path.with_name(f"{path.name}.{code}")
        if _exists(source) and (partner := _partner(source, _CODES["ar"], _CODES["en"])):
            return source, partner
    return None


def _partner(path: Path, old: Sequence[str], new: Sequence[str]) -> Path | None:
    """The file called as this one, but for one code in its name; None where there is none."""
    parts = path.name.split(".")
    for place in (place for place, part in enumerate(parts) if part in old):
        for code in new:
            partner = path.with_name(".".join((*parts[:place], code, *parts[place + 1 :])))
            if partner.is_file():
                return partner
    return None


def _load_table(path: Path, fields: Fields) -> Dataset:
    """The test set of a TSV or JSONL file."""
    kind = path.with_suffix("").suffix if path.suffix in PACKED else path.suffix
    if kind not in (".tsv", ".jsonl"):
        raise UnsupportedFormat(f"{path} is one file; a test set needs source and reference: name a .tsv or .jsonl "
                                "file, a directory, or the references themselves")  # fmt: skip
    rows = list((_tsv if kind == ".tsv" else _jsonl)(path, fields))
    if not rows:
        raise EmptyInput(f"{path} has no segments; expected one a line")
    columns = {key: tuple(row[key] for row in rows) for key in rows[0]}
    references = tuple(columns[name] for name in fields.references)
    return Dataset(str(path), references, columns.get(fields.source, ()), columns.get(fields.domain, ()))


def _tsv(path: Path, fields: Fields) -> Iterator[dict[str, str]]:
    """The rows by column; without a header these are source, reference and, if there is a third, domain."""
    lines = [line.rstrip("\r").split("\t") for line in split_lines(read_text(path))]
    header = lines[0] if lines else []
    if set(fields.references) <= set(header):
        lines, start = lines[1:], 2
    elif fields == Fields() and len(header) in (2, 3):
        header, start = [fields.source, *fields.references, fields.domain][: len(header)], 1
    else:
        raise UnsupportedFormat(f"{path}, line 1: expected a header with {', '.join(fields.references)}, or two or "
                                "three columns: source, reference, domain")  # fmt: skip
    for number, cells in enumerate(lines, start):
        if len(cells) != len(header):
            raise UnsupportedFormat(f"{path}, line {number}: {len(cells)} columns, expected {len(header)}")
        yield dict(zip(header, (cell.rstrip() for cell in cells), strict=True))


def _jsonl(path: Path, fields: Fields) -> Iterator[dict[str, str]]:
    """The wanted keys of each object; `source` and `domain` are looked for where the first line has them."""
    wanted: list[str] = []
    for number, line in enumerate(split_lines(read_text(path)), 1):
        if not line.strip():
            continue
        place = f"{path}, line {number}"
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise UnsupportedFormat(f"{place} is no JSON ({error}); expected an object a line") from error
        if not isinstance(record, dict):
            raise UnsupportedFormat(f"{place}: expected an object with {', '.join(fields.references)}")
        wanted = wanted or [*fields.references, *(key for key in (fields.source, fields.domain) if key in record)]
        yield {key: _text(record, key, place) for key in wanted}


def _text(record: dict[str, object], key: str, place: str) -> str:
    value = record.get(key)
    lines = value if isinstance(value, list) else [value]
    if not all(isinstance(line, str) for line in lines):
        found = f"has the keys {', '.join(record)[:200]}" if key not in record else "is none"
        raise UnsupportedFormat(f"{place}: expected a text, or a list of texts, as {key!r}; it {found}")
    return replace_surrogates("\n".join(map(str, lines))).rstrip()


# --- sacrebleu's


def load_published(name: str) -> Dataset:
    """One of sacrebleu's test sets, Arabic to English; sacrebleu downloads it once.

    Raises UnknownTestset where it has none of that name, EvalError where it cannot be had.
    """
    known: dict[str, Any] = library("sacrebleu.dataset").DATASETS
    langpair = f"{_SOURCE_LANG}-{_TARGET_LANG}"
    able = [own for own, published in known.items() if langpair in published.langpairs]
    if name not in able:
        other = f"{name} of sacrebleu has no {langpair}" if name in known else "it is no file, directory or name"
        raise UnknownTestset(f"no test set is called {name[:100]!r}: {other}; expected a path, `samples`, or of "
                             f"sacrebleu's: {', '.join(able)}")  # fmt: skip
    try:
        with _impatient():
            source = known[name].get_source_file(langpair)
            references = known[name].get_reference_files(langpair)
    except (Exception, SystemExit) as error:  # it exits where a checksum differs, and raises whatever happens to fail
        folder = library("sacrebleu.utils").SACREBLEU_DIR
        raise EvalError(f"{name} cannot be downloaded by sacrebleu: {error}; go online for the first use, or copy "
                        f"{folder}/{name} from a machine that has it") from error  # fmt: skip
    return replace(load_files([Path(path) for path in references], Path(source)), name=name)


@contextmanager
def _impatient() -> Iterator[None]:
    """Connections that are given up after a time: sacrebleu's downloads would wait for ever."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_PATIENCE)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


# --- paths


def _exists(path: Path) -> bool:
    """Whether there is anything; a name longer than a path can be is none."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False
