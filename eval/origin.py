"""How a test set was named, so that a stored report can find it again."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from eval.lines import read_lines
from eval.testsets import Dataset, Fields, Task, load_files, load_testset
from mt.errors import EvalError


@dataclass(frozen=True, slots=True)
class Origin:
    """A test set by its name, or by its files; paths are as the user wrote them."""

    testset: str = ""
    references: tuple[str, ...] = ()
    source: str = ""
    domains: str = ""  # a file with a label for each segment
    fields: Fields = field(default_factory=Fields)

    def load(self, task: Task = "translate") -> Dataset:
        """The test set.

        Raises EvalError where neither a name nor a reference is given, or both, and what eval.testsets raises.
        """
        if bool(self.testset) == bool(self.references):
            raise EvalError("expected a reference or a test set: --reference FILE (again for more), or --testset NAME")
        if self.testset and self.source:
            raise EvalError("--source goes with --reference; a test set of a name has its own source")
        if self.testset:
            dataset = load_testset(self.testset, task, self.fields)
        else:
            dataset = load_files([Path(path) for path in self.references], Path(self.source) if self.source else None)
        return replace(dataset, domains=read_lines(Path(self.domains))) if self.domains else dataset
