"""The terminal in Spanish: help, tables, wrong usage, and labels by their Spanish names."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator

import pytest

from countlab.cli.command_list import available_commands
from countlab.messages import message_table
from countlab.notebook import Server
from tests.conftest import ROOT, Run

PHOTO = ROOT / "images" / "fruits.jpg"
ENGLISH = re.compile(r"\b(the|and|with|which|picture|default|required|Usage|Options)\b")


@pytest.fixture
def spanish(run: Run, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Commands are read again: their options' sentences are chosen when they are loaded."""
    monkeypatch.setenv("LANG", "es_CL.UTF-8")
    _forget_commands()
    yield run
    _forget_commands()


def _forget_commands() -> None:
    keep = ("countlab.cli.terminal", "countlab.cli.texts")
    for name in [name for name in sys.modules if name.startswith("countlab.cli.")]:
        if name not in keep:
            del sys.modules[name]


@pytest.mark.parametrize("command", available_commands())
def test_every_command_has_its_help_in_both_languages(spanish: Run, command: str) -> None:
    texts = message_table()[f"cli_help_{command}"]
    status, out, _ = spanish(command, "--help")
    assert status == 0
    assert out.startswith("Uso: countlab")
    assert texts["es"][0].split(":")[0] in out.replace("\n", " ")
    listed = spanish("--help")[1]
    assert re.search(rf"^  {command} ", listed, re.MULTILINE)


@pytest.mark.parametrize("command", ["count", "history", "evaluate", "serve", "selfcheck", "tour"])
def test_no_english_is_left_in_the_help(spanish: Run, command: str) -> None:
    out = spanish(command, "--help")[1]
    assert not ENGLISH.search(out), ENGLISH.search(out)


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        (["cuont"], "No hay ningún comando «cuont». Hay: count"),
        (["count"], "Falta RUTAS"),
        (["count", "x", "--confidence", "2"], "debe ser un número, 0–1"),
        (["count", "x", "--format", "xml"], "debe ser uno de estos: table, csv, json, ndjson"),
        (["count", "x", "--colour", "red"], "No hay ninguna opción --colour"),
        (["history", "--from", "ayer"], "se escribe como 2026-11-20"),
        (["models", "x"], "No se sabe qué hacer con: x"),
    ],
)
def test_wrong_usage_is_said_in_spanish(spanish: Run, typed: list[str], message: str) -> None:
    status, _, err = spanish(*typed)
    assert status == 2
    assert message in err
    assert "--help muestra" in err


def test_the_table_and_its_labels_are_spanish(spanish: Run) -> None:
    status, out, _ = spanish("count", PHOTO)
    assert status == 0
    assert out.splitlines()[0].split()[:2] == ["imagen", "recuento"]
    assert "naranjas" in out
    assert "orange" not in out


@pytest.mark.parametrize("word", ["naranja", "Naranjas", "orange", "oranges"])
def test_an_object_may_be_named_in_spanish(run: Run, word: str) -> None:
    (entry,) = json.loads(run("count", PHOTO, "--object", word, "--json")[1])["results"]
    assert entry["result"]["object"] == "orange"
    assert entry["result"]["count"] > 0


def test_a_server_understands_spanish_names_in_object_and_in_the_path(server: Server) -> None:
    from countlab.client import Client

    client = Client(server.url)
    expected = client.count(PHOTO, "orange")
    assert client.count(PHOTO, "naranja").raw["findings"] == expected.raw["findings"]
    call_by_path = client.url("countNaranjas")
    import requests

    answer = requests.post(call_by_path, files={"file": PHOTO.read_bytes()}, timeout=60).json()
    assert (answer["object"], answer["count"]) == ("orange", expected.count)
    assert "/countLimones" in client.url("countLimones")


def test_other_commands_speak_spanish(spanish: Run) -> None:
    assert "Aún no se ha contado nada" in spanish("history")[2]
    assert "incluido" in spanish("models")[1]
    assert "está aquí" in spanish("fetch", "fruits")[1]
