"""The wheel: what is in it, and that it works in an environment of its own, from another folder."""

import json
import os
import subprocess
import sys
import venv
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest

import mt

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("mt", "summarize", "serve", "eval")
INFO = f"khulasa-{mt.__version__}.dist-info"
SAMPLE = ROOT / "samples" / "politics.ar.txt"


def run(*command: object, folder: Path, text: str = "", **environment: str) -> str:
    """Standard output of a command that must succeed, run in `folder` with nothing of the checkout on its path."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "KHULASA"))}
    done = subprocess.run(
        [str(part) for part in command], cwd=folder, env={**kept, "PYTHONIOENCODING": "utf-8", **environment},
        input=text, capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def pip(python: Path | str, *arguments: object, folder: Path) -> None:
    constraints = str(ROOT / "constraints.txt")
    run(python, "-m", "pip", "--quiet", *arguments, folder=folder, PIP_CONSTRAINT=constraints)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    pip(sys.executable, "wheel", "--no-deps", "--wheel-dir", folder, ROOT, folder=folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the commands in a fresh environment that has the wheel with its extra `embedded`."""
    home = tmp_path_factory.mktemp("fresh")
    venv.create(home, with_pip=True, symlinks=os.name != "nt")
    commands = home / ("Scripts" if os.name == "nt" else "bin")
    pip(commands / "python", "install", f"{wheel}[embedded]", folder=home)
    return commands


def test_the_wheel_has_the_packages_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert {name.split("/")[0] for name in names} == {*PACKAGES, INFO}
    modules = {path.relative_to(ROOT).as_posix() for package in PACKAGES for path in (ROOT / package).rglob("*.py")}
    folders = (ROOT / "mt" / "data", ROOT / "serve" / "static", ROOT / "eval" / "static")
    data = {path.relative_to(ROOT).as_posix() for folder in folders for path in folder.rglob("*.*") if path.is_file()}
    licences = {f"{INFO}/licenses/{name}" for name in ("LICENSE", "NOTICE", "mt/data/embedded/LICENSE.md")}
    assert modules | data | licences | {"mt/data/models.yaml"} <= names
    assert {"adapter-1-of-2.safetensors", "kept_ids.npy", "tokenizer.json"} <= {Path(name).name for name in data}
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc")]


def test_the_list_of_models_in_the_wheel_is_the_checkouts(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        assert archive.read("mt/data/models.yaml") == (ROOT / "models.yaml").read_bytes()


def test_the_core_of_the_distribution_is_free_of_torch(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        metadata = message_from_bytes(archive.read(f"{INFO}/METADATA"))
        scripts = archive.read(f"{INFO}/entry_points.txt").decode()
    needed = [line for line in metadata.get_all("Requires-Dist", []) if "extra ==" not in line]
    assert any(line.startswith("ctranslate2") for line in needed)
    assert not [line for line in needed if line.startswith(("torch", "transformers", "gradio", "ray", "gemma3"))]
    assert metadata["Requires-Python"] == ">=3.11"
    assert "khulasa = serve.cli:main" in scripts


def test_the_installed_wheel_builds_its_model_and_translates(installed: Path, tmp_path: Path) -> None:
    cache = str(tmp_path / "cache")
    sentence = "ارتفعت أسعار النفط اليوم بنسبة 3 في المئة."
    out = run(installed / "khulasa", "translate", "--lines", folder=tmp_path, text=sentence, KHULASA_CACHE=cache)
    assert out.startswith("Oil prices")
    assert out.isascii()
    report = run(installed / "khulasa", "doctor", folder=tmp_path, KHULASA_CACHE=cache)
    (listing,) = (line for line in report.splitlines() if line.startswith("models.yaml: "))
    assert Path(listing.removeprefix("models.yaml: ")).is_relative_to(installed.parent)
    command = (installed / "khulasa", "article", SAMPLE, "--format", "json")
    digest = json.loads(run(*command, folder=tmp_path, KHULASA_CACHE=cache))
    assert len(digest["translation"].split("\n\n")) == len(SAMPLE.read_text(encoding="utf-8").strip().split("\n\n")) - 1
    assert all(segment["target"] for segment in digest["segments"])
    assert digest["summary"]["text"]
