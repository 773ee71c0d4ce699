"""READMEs: their commands run, their links exist, and both languages show the same ones."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from countlab.notebook import Server
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
SPANISH = (ROOT / "README.es.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def commands(program: str) -> list[str]:
    lines = [line for block in blocks(README + CONTRIBUTING, "sh") for line in block.splitlines()]
    return [line for line in lines if shlex.split(line)[0] == program]


def run(command: list[str], server: Server, folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs in a folder with the pictures, with the test server in place of port 8000."""
    for name in ("images", ".venv"):
        (folder / name).symlink_to(ROOT / name)
    arguments = [word.replace("http://127.0.0.1:8000", server.url) for word in command]
    return subprocess.run(arguments, cwd=folder, capture_output=True, text=True, timeout=120)


def test_readme_contains_only_commands_that_are_tested() -> None:
    tested = {"make", "curl", ".venv/bin/countlab"}
    lines = [line for block in blocks(README, "sh") for line in block.splitlines()]
    assert lines
    assert {shlex.split(line)[0] for line in lines} == tested


@pytest.mark.parametrize("line", commands("make"))
def test_make_targets_exist(line: str) -> None:
    done = subprocess.run([*shlex.split(line), "--dry-run"], cwd=ROOT, capture_output=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("line", commands("curl"))
def test_curl_commands_succeed(line: str, server: Server, tmp_path: Path) -> None:
    done = run([*shlex.split(line), "--silent", "--fail-with-body"], server, tmp_path)
    assert done.returncode == 0, done.stdout
    saved = tmp_path / "counted.jpg"
    assert '"count"' in done.stdout or '"models"' in done.stdout or saved.stat().st_size > 10_000


HELP_ONLY = {"serve": "Usage", "fetch": "Usage"}  # would run forever, or need the internet


@pytest.mark.slow
@pytest.mark.parametrize("line", commands(".venv/bin/countlab"))
def test_countlab_commands_run(line: str, server: Server, tmp_path: Path) -> None:
    command = shlex.split(line)
    _, verb, *rest = command
    done = run([*command, "--help"] if verb in HELP_ONLY else command, server, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert HELP_ONLY.get(verb, "") in done.stdout
    assert all(
        word.partition("=")[0] in done.stdout
        for word in rest
        if verb in HELP_ONLY and word.startswith("--")
    )


@pytest.mark.parametrize("block", blocks(README, "python"))
def test_python_blocks_run(block: str, server: Server, tmp_path: Path) -> None:
    done = run(
        [sys.executable, "-c", block.replace("http://127.0.0.1:8000", server.url)], server, tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().isdigit()
    assert (tmp_path / "counted.jpg").stat().st_size > 10_000


@pytest.mark.parametrize("language", ["sh", "python", "toml"])
def test_both_languages_show_the_same_commands(language: str) -> None:
    assert blocks(README, language) == blocks(SPANISH, language)


@pytest.mark.parametrize("name", ["README.md", "README.es.md", "CONTRIBUTING.md"])
def test_links_exist(name: str) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", (ROOT / name).read_text(encoding="utf-8")):
        assert (ROOT / target).exists(), target


def test_both_languages_have_the_same_sections() -> None:
    assert README.count("\n## ") == SPANISH.count("\n## ")
    assert README.count("\n|") == SPANISH.count("\n|")
