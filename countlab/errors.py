"""What can go wrong, as one kind of exception with a stable code.

The sentence and the remedy for each code stand in `texts.toml`; which HTTP status a code
becomes is the server's business.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from functools import partial
from typing import Any

from countlab.messages import Language, Text, say

_PICTURE_CODES = {
    "no_such_file",
    "empty_file",
    "too_many_bytes",
    "too_many_pixels",
    "too_many_parts",
    "not_a_picture",
    "broken_picture",
}


class CountlabError(Exception):
    """`CountlabError("unknown_model", model="fruit", known=["fruits"])`"""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code, facts)
        self.code = code
        self.facts = facts

    @property
    def is_about_picture(self) -> bool:
        """Wrong with this picture alone; any other error would meet every picture alike."""
        return self.code in _PICTURE_CODES

    def __reduce__(self) -> tuple[Any, ...]:
        """Errors travel between processes; exceptions that take names do not by themselves."""
        return partial(CountlabError, self.code, **self.facts), ()

    def text(self, language: Language = "en") -> Text:
        facts = {name: _told(fact, language) for name, fact in self.facts.items()}
        return say(self.code, language, facts)

    def _render_traceback_(self) -> list[str]:
        """In a notebook the sentence says all there is to know; IPython asks for this."""
        return [f"{self.code}: {self}"]

    def __str__(self) -> str:
        detail, fix = self.text()
        return f"{detail} {fix}"


def _told(fact: Any, language: Language) -> Any:
    """A fact that is itself an error, or several of them, is told by its sentence."""
    if isinstance(fact, CountlabError):
        return fact.text(language).detail
    if isinstance(fact, tuple) and fact and isinstance(fact[0], CountlabError):
        return [_told(error, language) for error in fact]
    return fact


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant, if one is near enough."""
    near = difflib.get_close_matches(word.lower(), list(known), n=1, cutoff=0.6)
    return near[0] if near else None
