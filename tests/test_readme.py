"""The READMEs are true: their commands run, and the two languages show the same ones."""

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
    """In a folder that sees the pictures, with this test's server in place of port 8000."""
    for name in ("images", ".venv"):
        (folder / name).symlink_to(ROOT / name)
    asked = [word.replace("http://127.0.0.1:8000", server.url) for word in command]
    return subprocess.run(asked, cwd=folder, capture_output=True, text=True, timeout=120)


def test_every_kind_of_command_is_run_or_checked() -> None:
    known = {"make", "curl", ".venv/bin/countlab"}
    lines = [line for block in blocks(README, "sh") for line in block.splitlines()]
    assert lines
    assert {shlex.split(line)[0] for line in lines} == known


@pytest.mark.parametrize("line", commands("make"))
def test_make_knows_its_targets(line: str) -> None:
    done = subprocess.run([*shlex.split(line), "--dry-run"], cwd=ROOT, capture_output=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("line", commands("curl"))
def test_curl_gets_an_answer(line: str, server: Server, tmp_path: Path) -> None:
    done = run([*shlex.split(line), "--silent", "--fail-with-body"], server, tmp_path)
    assert done.returncode == 0, done.stdout
    saved = tmp_path / "counted.jpg"
    assert '"count"' in done.stdout or '"models"' in done.stdout or saved.stat().st_size > 10_000


ENDLESS = {"serve": "Usage", "fetch": "Usage"}  # would serve for ever, or ask the internet


@pytest.mark.parametrize("line", commands(".venv/bin/countlab"))
def test_countlab_commands_run(line: str, server: Server, tmp_path: Path) -> None:
    command = shlex.split(line)
    _, verb, *rest = command
    done = run([*command, "--help"] if verb in ENDLESS else command, server, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert ENDLESS.get(verb, "") in done.stdout
    assert all(
        word.partition("=")[0] in done.stdout
        for word in rest
        if verb in ENDLESS and word.startswith("--")
    )


@pytest.mark.parametrize("block", blocks(README, "python"))
def test_python_runs(block: str, server: Server, tmp_path: Path) -> None:
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
def test_links_lead_somewhere(name: str) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", (ROOT / name).read_text(encoding="utf-8")):
        assert (ROOT / target).exists(), target


def test_both_languages_have_the_same_parts() -> None:
    assert README.count("\n## ") == SPANISH.count("\n## ")
    assert README.count("\n|") == SPANISH.count("\n|")
