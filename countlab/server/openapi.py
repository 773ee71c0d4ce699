"""The OpenAPI document that /docs shows, made readable for a person who tries an address."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from countlab.server.middleware.auth import is_open


def install(app: FastAPI) -> None:
    """Describes the routes as they are when somebody looks: a notebook adds some later."""

    def openapi() -> dict[str, Any]:
        document = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes
        )
        _offer_file_buttons(document)
        _leave_nulls_out(document)
        if app.state.api_keys:
            _offer_authorize_button(document)
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way to extend it


def _offer_authorize_button(document: dict[str, Any]) -> None:
    """One key, two ways to send it; either will do, and what is open to all needs none."""
    document.setdefault("components", {})["securitySchemes"] = {
        "X-API-Key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
        "Bearer": {"type": "http", "scheme": "bearer"},
    }
    document["security"] = [{"X-API-Key": []}, {"Bearer": []}]
    for path, methods in document["paths"].items():
        for operation in methods.values():
            if is_open(path):
                operation["security"] = []


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
