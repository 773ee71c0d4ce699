"""The page at `/` for people who open the bare address in a browser: the ways on from here.

Programs get the same as JSON.
"""

from __future__ import annotations

import html
from collections.abc import Mapping

from fastapi import Request
from fastapi.responses import HTMLResponse

from countlab.messages import Language
from countlab.server.language import language_of

ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
    '<rect width="32" height="32" rx="7" fill="#0f766e"/>'
    '<g fill="none" stroke="#fff" stroke-width="3" stroke-linecap="round">'
    '<path d="M8 8v16M13 8v16M18 8v16M23 8v16"/><path d="M5 22 26 10"/></g></svg>'
)
_WORDS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "greeting": "One picture in, one number out.",
        "page": "Count a picture here",
        "docs": "All addresses, to try out",
        "models": "Which models there are",
        "health": "Is the server well?",
        "terminal": "From a terminal",
    },
    "es": {
        "greeting": "Entra una imagen, sale un número.",
        "page": "Cuenta aquí una imagen",
        "docs": "Todas las direcciones, para probarlas",
        "models": "Qué modelos hay",
        "health": "¿Está bien el servidor?",
        "terminal": "Desde un terminal",
    },
}
_STYLE = (
    ":root{color-scheme:light dark}body{font:1.1rem/1.6 system-ui,sans-serif;max-width:34rem;"
    "margin:15vh auto;padding:0 1rem}a{color:inherit}code{overflow-wrap:anywhere}"
)


def wants_html(request: Request) -> bool:
    """As browsers ask; programs name JSON or nothing."""
    accept = request.headers.get("accept", "")
    return "text/html" in accept and not accept.startswith("application/json")


def ways_on(request: Request) -> dict[str, str]:
    """Paths by name."""
    page = getattr(request.app.state, "page", None)
    ways = {"docs": "/docs", "models": "/models", "health": "/health"}
    return {"page": page, **ways} if page else ways


def front_page(request: Request, *, example: str, greeting: str = "") -> HTMLResponse:
    """`example` is the path to which a terminal may send a picture."""
    language = language_of(request)
    words = _WORDS[language]
    items = "".join(
        f'<li><a href="{html.escape(path)}">{words[name]}</a> <code>{html.escape(path)}</code></li>'
        for name, path in ways_on(request).items()
    )
    address = html.escape(str(request.base_url).rstrip("/"))
    return HTMLResponse(
        f'<!doctype html><html lang="{language}"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><link rel="icon" href="/favicon.ico">'
        f"<title>countlab</title><style>{_STYLE}</style><h1>countlab</h1>"
        f"<p>{html.escape(greeting or words['greeting'])}</p><ul>{items}</ul>"
        f"<p>{words['terminal']}:<br>"
        f"<code>curl -F file=@fruits.jpg {address}{html.escape(example)}</code></p></html>",
        headers={"Content-Language": language, "Vary": "Accept, Accept-Language"},
    )
