"""Messages: every code that is raised has one, in both languages."""

from __future__ import annotations

import re
import string

import pytest

from countlab.errors import CountlabError, closest, closest_first
from countlab.messages import message_table, pick_language
from countlab.server.problems import STATUS
from tests.conftest import ROOT

PACKAGE = ROOT / "countlab"
RAISED = sorted(
    {
        code
        for path in PACKAGE.rglob("*.py")
        for code in re.findall(
            r'(?:Error|CountWarning|ServerRefused)\(\s*"([a-z_]+)"',
            path.read_text(encoding="utf-8"),
        )
    }
)


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("code", RAISED)
def test_every_raised_code_has_a_message(code: str) -> None:
    assert code in message_table()


@pytest.mark.parametrize("code", message_table())
def test_both_languages_state_the_same_facts(code: str) -> None:
    english, spanish = message_table()[code]["en"], message_table()[code]["es"]
    assert len(english) == len(spanish) == 2
    assert [placeholders(text) for text in english] == [placeholders(text) for text in spanish]
    assert english != spanish


@pytest.mark.parametrize("code", STATUS)
def test_every_code_with_a_status_has_a_message(code: str) -> None:
    assert code in message_table()


def test_errors_of_decoding_are_about_the_picture() -> None:
    modules = (PACKAGE / "imaging").rglob("*.py")
    source = "".join(module.read_text(encoding="utf-8") for module in modules)
    codes = set(re.findall(r'Error\(\s*"([a-z_]+)"', source))
    assert {"too_many_parts", "broken_picture"} <= codes
    assert all(CountlabError(code).is_about_picture for code in codes)


def test_an_error_states_what_arrived_and_the_fix() -> None:
    error = CountlabError("too_many_bytes", arrived=12_345_678, allowed=10_000_000)
    assert "12\u202f345\u202f678" in error.text("en").detail
    assert "10\u202f000\u202f000" in error.text("es").detail
    assert "JPEG" in error.text("es").fix


def test_long_input_is_truncated_in_a_message() -> None:
    error = CountlabError("unknown_object", model="fruits", arrived="x" * 5000, known=["apple"])
    assert len(str(error)) < 600


@pytest.mark.parametrize(
    ("header", "language"),
    [("", "en"), ("es", "es"), ("es-MX,es;q=0.9,en;q=0.8", "es"), ("en-US,es", "en"), ("fr", "en"),
     ("fr-FR, es;q=0.5", "es")],
)  # fmt: skip
def test_the_language_follows_the_accept_language_header(header: str, language: str) -> None:
    assert pick_language(header) == language


def test_the_closest_word_is_found() -> None:
    assert closest("confidense", ["model", "confidence"]) == "confidence"
    assert closest("zzz", ["model", "confidence"]) is None


def test_known_words_are_listed_with_the_closest_first() -> None:
    assert closest_first("confidense", ["nms", "confidence", "model"]) == [
        "confidence",
        "model",
        "nms",
    ]
    assert closest_first("zzz", ["model", "confidence"]) == ["confidence", "model"]
