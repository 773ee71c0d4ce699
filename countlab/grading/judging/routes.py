"""A server's routes as its OpenAPI document tells them; names may be whatever a student chose."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

from countlab.grading.judging.names import CONFIDENCE, COUNTS, MODEL, NAMES_OF, OBJECT, PREDICTS
from countlab.grading.judging.server_response import Asker


@dataclass(frozen=True)
class Parameter:
    """Where it goes: `path`, `query`, or `form` beside the file."""

    name: str
    where: str
    kind: str
    choices: tuple[str, ...] = ()
    required: bool = False


@dataclass(frozen=True)
class Values:
    """What to send to a route, each value in its place."""

    path: str
    query: dict[str, Any]
    form: dict[str, Any]


@dataclass(frozen=True)
class Route:
    """An address that takes a picture as a file."""

    path: str
    """As the document states it: `/count/{object}`."""
    method: str
    file_field: str
    parameters: tuple[Parameter, ...]

    @property
    def confidence(self) -> Parameter | None:
        return _named(self.parameters, CONFIDENCE) or next(
            (each for each in self.parameters if each.kind == "number"), None
        )

    @property
    def model(self) -> Parameter | None:
        others = [each for each in self.parameters if each != self.confidence]
        return _named(others, MODEL) or next(
            (each for each in others if "fruits" in each.choices), None
        )

    @property
    def counted(self) -> Parameter | None:
        """Which object is to be counted."""
        taken = (self.confidence, self.model)
        return _named([each for each in self.parameters if each not in taken], OBJECT)

    @property
    def fixed_object(self) -> str | None:
        """The one kind that its name says it counts."""
        return _kind_in(self.path)

    def parameters_in(self, path: str) -> dict[str, str] | None:
        """The parameters that stand in the path of a request; None for another route's path."""
        parts, sent = self.path.split("/"), path.split("/")
        if len(parts) != len(sent):
            return None
        found = {}
        for part, value in zip(parts, sent, strict=True):
            if part.startswith("{") and part.endswith("}"):
                found[part[1:-1]] = unquote(value)
            elif part != value:
                return None
        return found

    def values(self, **wanted: Any) -> Values:
        """What to send for `confidence=`, `model=`, `object=`."""
        named = {"confidence": self.confidence, "model": self.model, "object": self.counted}
        values: dict[str, Any] = {
            each.name: _anything(each) for each in self.parameters if each.required
        }
        for role, value in wanted.items():
            parameter = named[role]
            if parameter is not None:
                values[parameter.name] = _choice(parameter, value)
        where = {each.name: each.where for each in self.parameters}
        path = self.path
        for name in [name for name in values if where[name] == "path"]:
            path = path.replace(f"{{{name}}}", quote(str(values.pop(name)), safe=""))
        query = {name: value for name, value in values.items() if where[name] == "query"}
        form = {name: value for name, value in values.items() if where[name] == "form"}
        return Values(path, query, form)


def read_routes(server: Asker) -> tuple[Route, ...] | None:
    """All routes that take a picture; None where there is no OpenAPI document."""
    document = server.ask("GET", "/openapi.json").json()
    if not isinstance(document, dict) or not isinstance(document.get("paths"), dict):
        return None
    routes = []
    for path, methods in document["paths"].items():
        for method, operation in methods.items() if isinstance(methods, dict) else ():
            route = _route(str(path), str(method).upper(), operation, document)
            if route is not None:
                routes.append(route)
    return tuple(routes)


def predict_route(routes: Iterable[Route]) -> Route | None:
    """The one that answers with the boxes."""
    found = [route for route in routes if not is_count(route.path)]
    named = [route for route in found if _has(route.path, PREDICTS)]
    exact = [route for route in named if route.path.strip("/").lower() == "predict"]
    return next(iter(exact + named + found), None)


def count_routes(routes: Iterable[Route]) -> list[Route]:
    """Those that may answer with a number, the likeliest first."""
    routes = list(routes)
    predict = predict_route(routes)
    found = [route for route in routes if route != predict]
    return sorted(found, key=lambda route: (not is_count(route.path), route.counted is not None))


def is_count(path: str) -> bool:
    return _has(path, COUNTS)


def _route(path: str, method: str, operation: Any, document: Mapping[str, Any]) -> Route | None:
    if method not in ("POST", "PUT") or not isinstance(operation, dict):
        return None
    file_field, parameters = "", []
    for entry in _entries(operation.get("parameters")):
        if entry.get("in") in ("path", "query"):
            schema = _schema(entry.get("schema"), document)
            parameters.append(_parameter(entry, str(entry["in"]), schema))
    content = _mapping(_mapping(operation.get("requestBody")).get("content"))
    form = _schema(_mapping(content.get("multipart/form-data")).get("schema"), document)
    for name, schema in _mapping(form.get("properties")).items():
        known = _schema(schema, document)
        if "binary" in str(known) or "octet-stream" in str(known):
            file_field = file_field or str(name)
        else:
            entry = {"name": name, "required": name in form.get("required", ())}
            parameters.append(_parameter(entry, "form", known))
    return Route(path, method, file_field, tuple(parameters)) if file_field else None


def _parameter(entry: Mapping[str, Any], where: str, schema: Mapping[str, Any]) -> Parameter:
    choices = tuple(str(value) for value in schema.get("enum", ()))
    kind = "string" if choices else str(schema.get("type", "string"))
    return Parameter(str(entry.get("name")), where, kind, choices, bool(entry.get("required")))


def _schema(found: Any, document: Mapping[str, Any], depth: int = 0) -> Mapping[str, Any]:
    """With references followed, and of several forms the first that is not null."""
    schema = _mapping(found)
    if depth > 5:
        return {}
    if isinstance(schema.get("$ref"), str):
        target: Any = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            target = _mapping(target).get(part)
        return _schema(target, document, depth + 1)
    for variant in (*_entries(schema.get("anyOf")), *_entries(schema.get("allOf"))):
        if variant.get("type") != "null":
            return _schema(variant, document, depth + 1)
    return schema


def _named(parameters: Iterable[Parameter], names: Iterable[str]) -> Parameter | None:
    parameters = list(parameters)
    for name in names:
        for parameter in parameters:
            if name in parameter.name.lower():
                return parameter
    return None


def _choice(parameter: Parameter, value: object) -> object:
    """Of a list of choices the one that means the value; otherwise the value."""
    names = NAMES_OF.get(str(value), (str(value),))
    for choice in parameter.choices:
        if choice == value or _has(choice, names):
            return choice
    return value


def _anything(parameter: Parameter) -> object:
    if parameter.choices:
        return parameter.choices[0]
    return {"number": 0.5, "integer": 1, "boolean": False}.get(parameter.kind, "fruits")


def _kind_in(text: str) -> str | None:
    return next((kind for kind, names in NAMES_OF.items() if _has(text, names)), None)


def _has(text: str, parts: Iterable[str]) -> bool:
    return any(part in text.lower() for part in parts)


def _mapping(value: Any) -> Mapping[str, Any]:
    found: Mapping[str, Any] = value if isinstance(value, dict) else {}
    return found


def _entries(value: Any) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
