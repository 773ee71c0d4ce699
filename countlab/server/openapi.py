"""The OpenAPI document, adapted for readers of /docs, with the error responses of all routes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse

from countlab.errors import CountlabError
from countlab.server.middleware.auth import is_open
from countlab.server.problems import STATUS, Problem, problem_of

_TAGS = {
    "lab": "This lab, as its own clients ask. · Este laboratorio, como piden sus clientes.",
    "count": "One picture in, one number out. · Entra una imagen, sale un número.",
    "classify": "Where a class was seen. · Dónde se vio una clase.",
    "history": "What was counted. · Lo que se contó.",
    "about": "Models, health, figures. · Modelos, salud, cifras.",
}
"""In the order of /docs: counting comes first."""
_DOCS_STYLE = (
    '.swagger-ui .responses-table .response:not([data-code="200"]) .model-example,'
    '.swagger-ui .responses-table .response:not([data-code="200"]) .response-control-media-type'
    "{display:none}"
)
_ERROR_EXAMPLES = {
    400: CountlabError("broken_picture", format="JPEG"),
    401: CountlabError("no_key"),
    403: CountlabError("wrong_key"),
    404: CountlabError("unknown_model", arrived="fruit", known=["fruits"], folder="models"),
    408: CountlabError("too_slow_sender", arrived=20_000, seconds=10),
    413: CountlabError("too_many_bytes", arrived=30_000_000, allowed=25_000_000),
    415: CountlabError("not_a_picture", starts="<html>"),
    422: CountlabError("unknown_object", model="fruits", arrived="oranges", known=["orange"]),
    429: CountlabError("too_often", number=60, seconds=60, retry_after_s=1),
    431: CountlabError("head_too_large", allowed=32_768),
    503: CountlabError(
        "model_not_here", model="yolov3", missing="yolov3.weights", folder="models/yolov3"
    ),
}


def error_responses() -> dict[int | str, dict[str, Any]]:
    """For each status the codes that it may carry, the schema and an example."""
    return {
        status: {
            "description": ", ".join(f"`{code}`" for code in STATUS if STATUS[code] == status),
            "content": {
                "application/problem+json": {
                    "schema": Problem.model_json_schema(),
                    "example": problem_of(example, "en"),
                }
            },
        }
        for status, example in _ERROR_EXAMPLES.items()
    }


def install(app: FastAPI) -> None:
    """Generates the document again when there are other routes: a notebook may add some.

    It takes a tenth of a second, which no request may take from the others each time.
    """
    known_routes: list[Any] = []
    document: dict[str, Any] = {}

    def openapi() -> dict[str, Any]:
        nonlocal known_routes, document
        routes = list(app.routes)
        if [id(route) for route in routes] != [id(route) for route in known_routes]:
            document = _document(app)
            known_routes = routes
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # the way FastAPI documents
    _shorten_docs(app)


def _document(app: FastAPI) -> dict[str, Any]:
    # Of two routes with one path the first answers, but the document would have the last.
    routes = list(reversed(app.routes)) if app.state.lab_answer else app.routes
    document = get_openapi(
        title=app.title,
        version=app.version,
        description=app.description,
        routes=routes,
    )
    document["tags"] = _used_tags(document)
    _add_file_buttons(document)
    _remove_null_types(document)
    if app.state.api_keys:
        _add_authorize_button(document)
    return document


def _used_tags(document: dict[str, Any]) -> list[dict[str, str]]:
    """A heading without endpoints below it would say nothing."""
    operations = [each for methods in document["paths"].values() for each in methods.values()]
    used = {tag for operation in operations for tag in operation.get("tags", ())}
    return [{"name": name, "description": text} for name, text in _TAGS.items() if name in used]


def _shorten_docs(app: FastAPI) -> None:
    """Without the example of each error, under which the endpoints themselves were lost."""
    (route,) = [route for route in app.routes if getattr(route, "path", "") == "/docs"]
    app.router.routes.remove(route)
    make_page: Callable[[Request], Awaitable[HTMLResponse]] = route.endpoint  # type: ignore[attr-defined]

    @app.get("/docs", include_in_schema=False)
    async def docs(request: Request) -> HTMLResponse:
        page = bytes((await make_page(request)).body).decode()
        return HTMLResponse(page.replace("</head>", f"<style>{_DOCS_STYLE}</style></head>"))


def _add_authorize_button(document: dict[str, Any]) -> None:
    """A key may be sent in either header; open paths need none."""
    document.setdefault("components", {})["securitySchemes"] = {
        "X-API-Key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
        "Bearer": {"type": "http", "scheme": "bearer"},
    }
    document["security"] = [{"X-API-Key": []}, {"Bearer": []}]
    for path, methods in document["paths"].items():
        for operation in methods.values():
            if is_open(path):
                operation["security"] = []


def _add_file_buttons(node: Any) -> None:
    """Swagger shows a file button for `format: binary` and a text field for anything else."""
    if isinstance(node, dict):
        if node.get("contentMediaType") == "application/octet-stream":
            node["format"] = "binary"
        for child in node.values():
            _add_file_buttons(child)
    elif isinstance(node, list):
        for child in node:
            _add_file_buttons(child)


def _remove_null_types(document: dict[str, Any]) -> None:
    """Shows an optional parameter as `number`, not as `number | (number | null)`."""
    for methods in document["paths"].values():
        for operation in methods.values():
            for parameter in operation.get("parameters", ()):
                schema = parameter["schema"]
                types = [entry for entry in schema.pop("anyOf", ()) if entry.get("type") != "null"]
                schema.update(*types[:1])
