"""A vision model's words read as one of the classes, or as unsure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from countlab.datasets.folder import UNSURE


def label_said(answer: str, classes: Sequence[str]) -> str:
    """Only a class and nothing else counts: «no hay con_octogono» is no answer.

    Case, accents, quotes, a full stop and `-` or a space for `_` do not matter.
    """
    plain = {_plain(name): name for name in classes}
    return plain.get(_plain(answer), UNSURE)


def _plain(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text[:200])
    letters = "".join(letter for letter in letters if not unicodedata.combining(letter)).lower()
    return re.sub(r"[\s_-]+", "_", re.sub(r"[^\w\s-]+", " ", letters).strip())
