import re
import tomllib
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
NOTICE = (TOP / "NOTICE").read_text(encoding="utf-8")
EMBEDDED = (TOP / "mt" / "data" / "embedded" / "LICENSE.md").read_text(encoding="utf-8")
# Section 3.1 (4) of the Gemma terms asks for these words.
GEMMA = "\nGemma is provided under and subject to the Gemma Terms of Use found at ai.google.dev/gemma/terms\n"


def test_every_dependency_is_listed_with_a_licence() -> None:
    pyproject = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))
    project = pyproject["project"]
    groups = [
        project["dependencies"],
        *project["optional-dependencies"].values(),
        pyproject["build-system"]["requires"],
    ]
    names = {match[0] for group in groups for line in group if (match := re.match(r"[\w.-]+", line))} - {"khulasa"}
    listed = dict(re.findall(r"(?m)^  ([\w.-]+)  +(\S.*)$", NOTICE.partition("3. WHAT THE ADAPTER")[0]))
    assert sorted(names - set(listed)) == []
    assert len(names) >= 30


def test_the_licence_is_apache_and_its_exceptions_are_named() -> None:
    licence = (TOP / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License\n                           Version 2.0, January 2004" in licence
    assert "END OF TERMS AND CONDITIONS" in licence
    assert "mt/data/embedded/ holds Model Derivatives of Gemma" in NOTICE
    assert "samples/ is dedicated to the public domain" in NOTICE


def test_what_the_gemma_terms_ask_for_goes_with_the_derivatives() -> None:
    for text in (NOTICE, EMBEDDED):
        assert GEMMA in text
        assert "https://ai.google.dev/gemma/prohibited_use_policy" in text
        assert "modified Gemma" in text
    for section in ("1.1 Definitions", "3.1 Distribution and Redistribution", "3.2 Use Restrictions", "4.9 No Waiver"):
        assert f"#### {section}\n" in EMBEDDED


def test_the_readme_is_finished() -> None:
    assert "@@" not in (TOP / "README.md").read_text(encoding="utf-8")
