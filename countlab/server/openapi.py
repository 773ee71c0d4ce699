"""The OpenAPI document, adapted for readers of /docs, with the error responses of all routes."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from countlab.errors import CountlabError
from countlab.server.middleware.auth import is_open
from countlab.server.problems import STATUS, Problem, problem_of

_ERROR_EXAMPLES = {
    400: CountlabError("broken_picture", format="JPEG"),
    401: CountlabError("no_key"),
    403: CountlabError("wrong_key"),
    404: CountlabError("unknown_model", arrived="fruit", known=["fruits"], folder="models"),
    408: CountlabError("too_slow_sender", arrived=20_000, seconds=10),
    413: CountlabError("too_many_bytes", arrived=12_000_000, allowed=10_000_000),
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
    """Generates the document on each request, as a notebook may add routes to a running app."""

    def openapi() -> dict[str, Any]:
        document = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes
        )
        _add_file_buttons(document)
        _remove_null_types(document)
        if app.state.api_keys:
            _add_authorize_button(document)
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # the way FastAPI documents


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
