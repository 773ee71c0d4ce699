"""The page as HTML: one document per language, with the four tabs and their texts.

Everything that moves is in `files/`; the document names its scripts at once, so that a browser
fetches them side by side.
"""

from __future__ import annotations

import html
import json
from functools import lru_cache
from pathlib import Path
from string import Template
from typing import Any

from countlab.engines import ENGINES
from countlab.errors import CountlabError
from countlab.messages import Language
from countlab.settings import Settings
from countlab.web.strings import strings_in

FILES = Path(__file__).with_name("files")
TEMPLATES = Path(__file__).with_name("templates")
_TABS = ("count", "many", "history", "health")


@lru_cache(maxsize=8)  # two languages of a few servers in one process
def render_page(settings: Settings, language: Language) -> str:
    strings = strings_in(language)
    texts = {name: html.escape(text) for name, text in strings.items()}
    parts = {name: _template(name).substitute(texts) for name in ("head", *_TABS)}
    return _template("page").substitute(
        {f"part_{name}": part for name, part in parts.items()},
        **texts,
        language=language,
        scripts="".join(
            f'<link rel="modulepreload" href="files/{path.name}">'
            for path in sorted(FILES.glob("*.js"))
        ),
        properties=as_script(_properties(settings, language)),
    )


def _template(name: str) -> Template:
    return Template((TEMPLATES / f"{name}.html").read_text(encoding="utf-8"))


def _properties(settings: Settings, language: Language) -> dict[str, Any]:
    """What the scripts need to know of this server."""
    return {
        "strings": strings_in(language),
        "language": language,
        "engines": list(ENGINES),
        "engine": settings.engine,
        "max_batch": settings.max_batch,
        "max_bytes": settings.max_bytes,
        "feedback": settings.feedback_days or 0,
        "too_large": _too_large_message(settings, language),
        "examples": sorted(path.name for path in (FILES / "examples").iterdir()),
    }


def _too_large_message(settings: Settings, language: Language) -> dict[str, str]:
    """The error text of the server, shown by the page before an upload that is too large."""
    error = CountlabError("too_many_bytes", arrived="{arrived}", allowed=settings.max_bytes)
    return error.text(language)._asdict()


def as_script(value: object) -> str:
    """JSON that cannot end the script element it stands in."""
    return json.dumps(value, ensure_ascii=False).replace("<", "\\u003c")
