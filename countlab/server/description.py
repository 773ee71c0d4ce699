"""The OpenAPI document that /docs shows, made readable for a person who tries an address."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi


def install(app: FastAPI) -> None:
    """Describes the routes as they are when somebody looks: a notebook adds some later."""

    def openapi() -> dict[str, Any]:
        document = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes
        )
        _offer_file_buttons(document)
        _leave_nulls_out(document)
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way to extend it


def _offer_file_buttons(node: Any) -> None:
    """Swagger offers a file button for `format: binary` and a text field for anything else."""
    if isinstance(node, dict):
        if node.get("contentMediaType") == "application/octet-stream":
            node["format"] = "binary"
        for child in node.values():
            _offer_file_buttons(child)
    elif isinstance(node, list):
        for child in node:
            _offer_file_buttons(child)


def _leave_nulls_out(document: dict[str, Any]) -> None:
    """A parameter that may be left out is shown as `number`, not as `number | (number | null)`."""
    for methods in document["paths"].values():
        for operation in methods.values():
            for parameter in operation.get("parameters", ()):
                schema = parameter["schema"]
                kinds = [kind for kind in schema.pop("anyOf", ()) if kind.get("type") != "null"]
                schema.update(*kinds[:1])
