"""The package's exception, with a stable code and the facts of the case.

`messages.toml` holds the sentence and the fix for each code; the server maps codes to HTTP
statuses.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from functools import partial
from typing import Any

from countlab.messages import Language, Text, render

_PICTURE_CODES = {
    "no_such_file",
    "empty_file",
    "too_many_bytes",
    "too_many_pixels",
    "too_many_parts",
    "not_a_picture",
    "broken_picture",
    "too_much_memory",
    "too_much_work",
    "heic_not_read_here",
}


class CountlabError(Exception):
    """`CountlabError("unknown_model", model="fruit", known=["fruits"])`"""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code, facts)
        self.code = code
        self.facts = facts

    @property
    def is_about_picture(self) -> bool:
        """Whether only this picture is at fault; other errors would repeat for every picture."""
        return self.code in _PICTURE_CODES

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickles the error: exceptions with keyword arguments do not pickle by themselves."""
        return partial(CountlabError, self.code, **self.facts), ()

    def text(self, language: Language = "en") -> Text:
        facts = {name: _translated(fact, language) for name, fact in self.facts.items()}
        return render(self.code, language, facts)

    def _render_traceback_(self) -> list[str]:
        """IPython calls this: a notebook shows the message without a traceback."""
        return [f"{self.code}: {self}"]

    def __str__(self) -> str:
        detail, fix = self.text()
        return f"{detail} {fix}"


def _translated(fact: Any, language: Language) -> Any:
    """Replaces a nested error, or a tuple of them, with its sentence."""
    if isinstance(fact, CountlabError):
        return fact.text(language).detail
    if isinstance(fact, tuple) and fact and isinstance(fact[0], CountlabError):
        return [_translated(error, language) for error in fact]
    return fact


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known word most similar to `word`, or None if none is similar enough."""
    matches = difflib.get_close_matches(word.lower(), list(known), n=1, cutoff=0.6)
    return matches[0] if matches else None


def closest_first(word: str, known: Iterable[str]) -> list[str]:
    """The known words in alphabetical order, except that the closest one comes first."""
    words = sorted(known)
    match = closest(word, words)
    return sorted(words, key=lambda other: other != match)
