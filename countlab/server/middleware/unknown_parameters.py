"""Refusal of query parameters and form fields that a route does not declare.

A client that sends `param=0.9` where the server expects `confidence` gets an error instead of a
response for the default. Works for every route of the app, also for those added later.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from fastapi import Request
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from countlab.errors import CountlabError, closest
from countlab.messages import render
from countlab.server.language import language_of

# Common names of a parameter that closest() cannot guess, as they are spelled differently.
_SYNONYMS = {
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
_MAX_PARAMETERS = 100
Names = dict[str, bool]
"""The declared names, and whether each may be sent more than once."""
_declared: WeakKeyDictionary[Callable[..., Any], tuple[Names, Names]] = WeakKeyDictionary()


async def refuse_unknown_parameters(request: Request) -> None:
    """The error names the unknown parameter, the known ones and the closest of them."""
    route = request.scope.get("route")
    if not isinstance(route, APIRoute) or not route.include_in_schema:
        return  # pages such as /docs, which declare no parameters
    parameters, fields = _declared_names(route)
    if request.scope["query_string"].count(b"&") >= _MAX_PARAMETERS:
        reason = f"more than {_MAX_PARAMETERS} parameters"
        raise CountlabError("bad_request", reason=reason)  # before they are read
    for name in request.query_params:
        if name not in parameters:
            raise _unknown_parameter(name, list(parameters), request)
        if not parameters[name]:
            _check_once(name, len(request.query_params.getlist(name)))
    media_type = request.headers.get("content-type", "").lower()
    if fields and media_type.startswith("multipart/form-data"):
        form = await request.form()  # parsed once: the route gets the same form
        for name in form:
            if name not in fields:
                raise CountlabError(
                    "unknown_form_field",
                    arrived=name,
                    known=list(fields),
                    parameters=list(parameters) or ["–"],
                )
            if not fields[name]:
                _check_once(name, len(form.getlist(name)))


def _check_once(name: str, times: int) -> None:
    """FastAPI would silently ignore all values but the last."""
    if times > 1:
        raise CountlabError("sent_twice", name=name, times=times)


def _unknown_parameter(name: str, known: list[str], request: Request) -> CountlabError:
    synonym = _SYNONYMS.get(name.lower())
    suggestion = synonym if synonym in known else closest(name, known)
    facts = {"arrived": name, "suggestion": suggestion}
    advice = render("did_you_mean" if suggestion else "take_it_out", language_of(request), facts)
    return CountlabError(
        "unknown_parameter",
        arrived=name,
        known=known or ["–"],
        suggestion=suggestion,
        advice=" ".join(advice),
    )


def _declared_names(route: APIRoute) -> tuple[Names, Names]:
    """The route's query parameters and form fields, read from its OpenAPI description."""
    if route.endpoint not in _declared:
        document = get_openapi(title="one route", version="1", routes=[route])
        operations = document["paths"][route.path_format].values()
        parameters = [
            parameter for operation in operations for parameter in operation.get("parameters", ())
        ]
        schemas = document.get("components", {}).get("schemas", {})
        _declared[route.endpoint] = (
            {
                parameter["name"]: _is_list(parameter["schema"])
                for parameter in parameters
                if parameter["in"] == "query"
            },
            {
                name: _is_list(field)
                for operation in operations
                for name, field in _form_fields(operation, schemas).items()
            },
        )
    return _declared[route.endpoint]


def _is_list(schema: dict[str, Any]) -> bool:
    return schema.get("type") == "array"


def _form_fields(operation: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    content = operation.get("requestBody", {}).get("content", {})
    reference = content.get("multipart/form-data", {}).get("schema", {}).get("$ref", "")
    return dict(schemas.get(reference.rpartition("/")[2], {}).get("properties", {}))
