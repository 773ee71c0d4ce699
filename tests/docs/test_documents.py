"""The documents name files, modules and settings that exist, and their links lead somewhere."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from countlab.models.entry import DECODER_NAMES, Preprocessing
from countlab.server.problems import STATUS
from countlab.settings import Settings
from countlab.tasks import DECODERS
from tests.conftest import ROOT

DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
CURRENT = [path for path in DOCUMENTS if path.name != "CHANGELOG.md"]  # that one names the past
_PATH = re.compile(
    r"`((?:countlab|tests|docs|deploy|recipes|benchmarks|scripts|labs)/[\w./-]+?)(?:::(\w+))?`"
)


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def own_model() -> str:
    return text_of(ROOT / "docs" / "own-model.md")


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_to_files(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", text_of(path)):
        assert (path.parent / target).exists(), target


@pytest.mark.parametrize("path", CURRENT, ids=lambda path: path.name)
def test_named_files_and_tests_exist(path: Path) -> None:
    for named, test in _PATH.findall(text_of(path)):
        # A placeholder, a lab's own folder, a file in what Gradescope takes.
        if "NAME" in named or named.startswith(("labs/", "tests/q")):
            continue
        assert (ROOT / named).exists(), named
        if test:
            assert f"def {test}(" in text_of(ROOT / named), f"{named}::{test}"


@pytest.mark.parametrize("path", CURRENT, ids=lambda path: path.name)
def test_named_modules_exist(path: Path) -> None:
    for name in set(re.findall(r"\b(countlab(?:\.[a-z_]+)+)\b", text_of(path))):
        if name.endswith((".ipynb", ".org", ".toml")):
            continue
        assert module_exists(name) or module_exists(name.rpartition(".")[0]), name


def test_the_changelogs_new_module_names_exist() -> None:
    rows = re.findall(
        r"^\| `countlab\..*\| (`countlab\..*) \|$", text_of(ROOT / "CHANGELOG.md"), re.M
    )
    names = [name for row in rows for name in re.findall(r"`([\w.]+)`", row)]
    assert len(names) > 40
    assert [name for name in names if not module_exists(name)] == []


def module_exists(name: str) -> bool:
    folder = ROOT.joinpath(*name.split("."))
    return folder.with_suffix(".py").is_file() or (folder / "__init__.py").is_file()


@pytest.mark.parametrize("path", CURRENT, ids=lambda path: path.name)
def test_named_settings_exist(path: Path) -> None:
    settings = Settings()
    secrets = ("API_KEY", "SIGNING_KEY", "DATABASE_URL")  # or the path of a file with the secret
    fields = {"MODEL": "default_model", **{f"{name}_FILE": name.lower() for name in secrets}}
    for name in set(re.findall(r"\bCOUNTLAB_([A-Z_]+)\b", text_of(path))):
        assert hasattr(settings, fields.get(name, name.lower())), f"COUNTLAB_{name}"


def test_own_model_names_every_decoder_field_and_code() -> None:
    assert set(DECODERS) == set(DECODER_NAMES)
    for name in DECODER_NAMES:
        assert f"| `{name}` |" in own_model(), name
    for name in vars(Preprocessing()):
        assert name == "crop" or f"`{name}`" in own_model(), name
    for code in re.findall(
        r"^\| `(\w+)` \| .* \| .* \|$", own_model().split("## What is refused")[1], re.M
    ):
        assert code == "bad_model_folder" or code in STATUS, code


@pytest.mark.parametrize("name", ["own-model.md", "tiles.md", "api.md"])
def test_python_blocks_are_python(name: str) -> None:
    for block in re.findall(r"```python\n(.*?)```", text_of(ROOT / "docs" / name), re.DOTALL):
        compile(block, name, "exec")


def test_the_api_page_names_what_exists() -> None:
    text = text_of(ROOT / "docs" / "api.md")
    for name in re.findall(r"^::: ([\w.]+)$", text, re.M):
        module, _, member = name.rpartition(".")
        assert module_exists(name) or hasattr(__import__(module, fromlist=[member]), member), name
    assert find_spec("countlab") is not None
