"""Errors as HTTP: which status each code becomes, told as `application/problem+json`.

The shape is RFC 9457 with a stable `code` and a `fix` that a student can act on.
"""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exception_handlers import http_exception_handler
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from countlab.errors import CountlabError
from countlab.messages import Language, say, table
from countlab.server.language import language_of

STATUS = {
    "bad_request": 400,
    "empty_file": 400,
    "broken_picture": 400,
    "torn_form": 400,
    "no_key": 401,
    "wrong_key": 403,
    "unknown_model": 404,
    "no_such_page": 404,
    "wrong_method": 405,
    "too_slow_sender": 408,
    "too_many_bytes": 413,
    "too_many_bytes_together": 413,
    "too_many_pixels": 413,
    "too_many_parts": 413,
    "too_many_pictures": 413,
    "not_a_picture": 415,
    "bad_parameter": 422,
    "no_picture": 422,
    "no_bf16_here": 422,
    "sent_twice": 422,
    "unknown_engine": 422,
    "unknown_tiles": 422,
    "unknown_form_field": 422,
    "unknown_object": 422,
    "unknown_parameter": 422,
    "too_often": 429,
    "head_too_large": 431,
    "client_left": 499,
    "internal": 500,
    "cannot_write": 503,
    "disk_full": 503,
    "history_away": 503,
    "darknet_not_a_config": 503,
    "darknet_not_understood": 503,
    "darknet_unknown_section": 503,
    "darknet_wrong_weights": 503,
    "model_damaged": 503,
    "model_not_fetched": 503,
    "model_not_here": 503,
    "too_busy": 503,
    "still_loading": 503,
    "took_too_long": 503,
}
_TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    422: "Unprocessable Content",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
    499: "Client Closed Request",
    500: "Internal Server Error",
    503: "Service Unavailable",
}
_RETRY_AFTER_S = 60
_CHALLENGE = 'Bearer realm="countlab"'


class Problem(BaseModel):
    """What every error looks like."""

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str
    fix: str


def documented() -> dict[int | str, dict[str, Any]]:
    """For /docs: the codes that each status may carry, and what the document looks like."""
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
        for status, example in _EXAMPLES.items()
    }


_EXAMPLES = {
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


def problem_of(error: CountlabError, language: Language) -> dict[str, Any]:
    """An error as the JSON document a client reads."""
    status = STATUS.get(error.code, 500)
    text = error.text(language)
    return Problem(
        title=_TITLES[status], status=status, code=error.code, detail=text.detail, fix=text.fix
    ).model_dump()


def install(app: FastAPI) -> None:
    """From here on every error of the app answers with a problem document."""

    @app.exception_handler(CountlabError)
    async def ours(request: Request, error: CountlabError) -> JSONResponse:
        return answer(request, error)

    @app.exception_handler(RequestValidationError)
    async def validation(request: Request, error: RequestValidationError) -> JSONResponse:
        return answer(request, _from_validation(error, language_of(request)))

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        ours = _from_http(request, error)
        return answer(request, ours) if ours else await http_exception_handler(request, error)


def answer(request: Request, error: CountlabError) -> JSONResponse:
    """The error as an answer, in the client's language."""
    language = language_of(request)
    problem = problem_of(error, language)
    headers: dict[str, str] = {"Content-Language": language}
    if problem["status"] in (429, 503):
        headers["Retry-After"] = str(error.facts.get("retry_after_s", _RETRY_AFTER_S))
    if problem["status"] == 401:
        headers["WWW-Authenticate"] = _CHALLENGE
    if problem["status"] == 405:
        headers["Allow"] = error.facts["allowed"]
    return JSONResponse(
        problem, problem["status"], headers=headers, media_type="application/problem+json"
    )


async def refuse(error: CountlabError, scope: Scope, receive: Receive, send: Send) -> None:
    """The answer of a guard that stands before the routes, where no exception is caught."""
    await answer(Request(scope), error)(scope, receive, send)


def _from_validation(error: RequestValidationError, language: Language) -> CountlabError:
    """The first fault only: one thing to mend at a time."""
    first = error.errors()[0]
    where, name = str(first["loc"][0]), str(first["loc"][-1])
    if where == "body":
        return CountlabError(
            "no_picture", field=str(first["loc"][1]) if first["loc"][1:] else "file"
        )
    code = "value_" + first["type"]  # pydantic's own sentences are English only
    facts = first.get("ctx", {})
    if "expected" in facts:
        facts = {**facts, "expected": facts["expected"].replace(" or ", ", ")}
    reason = say(code, language, facts).detail if code in table() else first["msg"]
    return CountlabError("bad_parameter", parameter=name, arrived=first.get("input"), reason=reason)


def _from_http(request: Request, error: HTTPException) -> CountlabError | None:
    """What the framework refuses. What a route of a student's raises is that route's own answer."""
    path, method, headers = request.url.path, request.method, error.headers or {}
    if error.status_code == 404 and "route" not in request.scope:
        return CountlabError("no_such_page", method=method, path=path)
    if error.status_code == 405 and "Allow" in headers:
        return CountlabError("wrong_method", method=method, path=path, allowed=headers["Allow"])
    if error.status_code == 400:
        return CountlabError("bad_request", reason=str(error.detail).rstrip("."))
    return None
