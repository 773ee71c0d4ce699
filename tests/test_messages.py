"""Every sentence exists in both languages, and every error the code raises has one."""

from __future__ import annotations

import re
import string

import pytest

from countlab.errors import CountlabError, closest
from countlab.messages import pick_language, table
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
def test_what_the_code_raises_has_a_sentence(code: str) -> None:
    assert code in table()


@pytest.mark.parametrize("code", table())
def test_both_languages_tell_the_same_facts(code: str) -> None:
    english, spanish = table()[code]["en"], table()[code]["es"]
    assert len(english) == len(spanish) == 2
    assert [placeholders(text) for text in english] == [placeholders(text) for text in spanish]
    assert english != spanish


@pytest.mark.parametrize("code", STATUS)
def test_every_status_belongs_to_a_sentence(code: str) -> None:
    assert code in table()


def test_what_is_wrong_with_one_picture_stops_no_other() -> None:
    read = "".join((PACKAGE / name).read_text() for name in ("images.py", "structure.py"))
    codes = set(re.findall(r'Error\(\s*"([a-z_]+)"', read))
    assert {"too_many_parts", "broken_picture"} <= codes
    assert all(CountlabError(code).is_about_picture for code in codes)


def test_an_error_says_what_arrived_and_what_to_do() -> None:
    error = CountlabError("too_many_bytes", arrived=12_345_678, allowed=10_000_000)
    assert "12\u202f345\u202f678" in error.text("en").detail
    assert "10\u202f000\u202f000" in error.text("es").detail
    assert "JPEG" in error.text("es").fix


def test_long_input_is_cut_short_in_a_sentence() -> None:
    error = CountlabError("unknown_object", model="fruits", arrived="x" * 5000, known=["apple"])
    assert len(str(error)) < 600


@pytest.mark.parametrize(
    ("header", "language"),
    [("", "en"), ("es", "es"), ("es-MX,es;q=0.9,en;q=0.8", "es"), ("en-US,es", "en"), ("fr", "en"),
     ("fr-FR, es;q=0.5", "es")],
)  # fmt: skip
def test_language_follows_the_browser(header: str, language: str) -> None:
    assert pick_language(header) == language


def test_the_nearest_word_is_suggested() -> None:
    assert closest("confidense", ["model", "confidence"]) == "confidence"
    assert closest("zzz", ["model", "confidence"]) is None
