"""Refuses what a route does not know, instead of ignoring it and answering something else.

A client that sends `param=0.9` where the server expects `confidence` must hear about it. Works
for every route of the app, also those that a student adds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from fastapi import Request
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from countlab.errors import CountlabError, closest
from countlab.messages import say
from countlab.server.language import language_of

# Words that people send for a parameter whose name does not look like them.
_MEANT = {
    "param": "confidence",
    "threshold": "confidence",
    "conf": "confidence",
    "thresh": "confidence",
    "confianza": "confidence",
    "modelo": "model",
    "objeto": "object",
    "label": "object",
    "class": "object",
    "iou": "nms",
}
May = dict[str, bool]
"""What a route knows by name, and whether it may come more than once."""
_known_of: WeakKeyDictionary[Callable[..., Any], tuple[May, May]] = WeakKeyDictionary()


async def refuse_unknown_parameters(request: Request) -> None:
    """Names the unknown parameter, the known ones, and the one that was probably meant."""
    route = request.scope.get("route")
    if not isinstance(route, APIRoute) or not route.include_in_schema:
        return  # pages such as /docs, which describe no parameters
    known, fields = _known(route)
    for arrived in request.query_params:
        if arrived not in known:
            raise _unknown_parameter(arrived, list(known), request)
        if not known[arrived]:
            _check_once(arrived, len(request.query_params.getlist(arrived)))
    kind = request.headers.get("content-type", "").lower()
    if fields and kind.startswith("multipart/form-data"):
        form = await request.form()  # read once: the route is handed the same form
        for arrived in form:
            if arrived not in fields:
                raise CountlabError(
                    "unknown_form_field",
                    arrived=arrived,
                    known=list(fields),
                    parameters=list(known) or ["–"],
                )
            if not fields[arrived]:
                _check_once(arrived, len(form.getlist(arrived)))


def _check_once(name: str, times: int) -> None:
    """Of two values one would be ignored without a word."""
    if times > 1:
        raise CountlabError("sent_twice", name=name, times=times)


def _unknown_parameter(arrived: str, known: list[str], request: Request) -> CountlabError:
    meant = _MEANT.get(arrived.lower())
    suggestion = meant if meant in known else closest(arrived, known)
    facts = {"arrived": arrived, "suggestion": suggestion}
    advice = say("did_you_mean" if suggestion else "take_it_out", language_of(request), facts)
    return CountlabError(
        "unknown_parameter",
        arrived=arrived,
        known=known or ["–"],
        suggestion=suggestion,
        advice=" ".join(advice),
    )


def _known(route: APIRoute) -> tuple[May, May]:
    """A route's query parameters and form fields, as its own OpenAPI description tells them."""
    if route.endpoint not in _known_of:
        document = get_openapi(title="one route", version="1", routes=[route])
        operations = document["paths"][route.path_format].values()
        parameters = [p for operation in operations for p in operation.get("parameters", ())]
        bodies = document.get("components", {}).get("schemas", {})
        _known_of[route.endpoint] = (
            {
                parameter["name"]: parameter["schema"].get("type") == "array"
                for parameter in parameters
                if parameter["in"] == "query"
            },
            {
                name: field.get("type") == "array"
                for operation in operations
                for name, field in _form_fields(operation, bodies).items()
            },
        )
    return _known_of[route.endpoint]


def _form_fields(operation: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    content = operation.get("requestBody", {}).get("content", {})
    reference = content.get("multipart/form-data", {}).get("schema", {}).get("$ref", "")
    return dict(schemas.get(reference.rpartition("/")[2], {}).get("properties", {}))
