"""Error responses: the HTTP status of each code, and `application/problem+json` documents.

The documents follow RFC 9457, with a stable `code` and a `fix` that a student can act on.
"""

from __future__ import annotations

import json
from collections.abc import Container
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exception_handlers import http_exception_handler
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from countlab.errors import CountlabError
from countlab.messages import Language, message_table, render
from countlab.models.lab_answer import LabAnswer
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
    "answer_too_large": 413,
    "too_much_memory": 413,
    "too_much_work": 413,
    "not_a_picture": 415,
    "heic_not_read_here": 415,
    "answer_not_signed": 422,
    "bad_parameter": 422,
    "no_picture": 422,
    "picture_ended_process": 422,
    "no_file_chosen": 422,
    "no_bf16_here": 422,
    "sent_twice": 422,
    "unknown_engine": 422,
    "engine_needs_darknet": 422,
    "not_a_detector": 422,
    "nothing_to_explain": 422,
    "nothing_said": 422,
    "unknown_tiles": 422,
    "unknown_form_field": 422,
    "unknown_object": 422,
    "unknown_parameter": 422,
    "too_often": 429,
    "head_too_large": 431,
    "too_many_headers": 431,
    "client_left": 499,
    "internal": 500,
    "endpoint_failed": 500,
    "cannot_write": 503,
    "disk_full": 503,
    "feedback_full": 503,
    "history_away": 503,
    "history_busy": 503,
    "history_damaged": 503,
    "history_lost": 503,
    "history_slow": 503,
    "darknet_not_a_config": 503,
    "darknet_not_understood": 503,
    "darknet_unknown_section": 503,
    "darknet_wrong_weights": 503,
    "graph_not_understood": 503,
    "graph_input_not_understood": 503,
    "graph_labels_differ": 503,
    "graph_output_not_finite": 503,
    "model_being_fetched": 503,
    "model_changing": 503,
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


def problem_of(error: CountlabError, language: Language) -> dict[str, Any]:
    """The problem document of an error."""
    status = STATUS.get(error.code, 500)
    text = error.text(language)
    return Problem(
        title=_TITLES[status], status=status, code=error.code, detail=text.detail, fix=text.fix
    ).model_dump()


def lab_problem(names: LabAnswer, problem: dict[str, Any]) -> dict[str, Any]:
    """The problem as a lab's own clients expect it."""
    code = problem["code"]
    if code == "wrong_key" and names.authorization == "plain":
        problem = {**problem, "status": 401, "title": _TITLES[401]}
    if not names.errors:
        return problem
    if code.startswith("model_") or code == "still_loading":
        code = "model_not_ready"
    elif code == "no_file_chosen":
        code = "empty_file"
    return {**problem, "error": names.errors.get(code, problem["detail"])}


class _ProblemResponse(JSONResponse):
    """Quotes what arrived, also half of a surrogate pair, which has no place in UTF-8."""

    media_type = "application/problem+json"

    def render(self, content: Any) -> bytes:
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
        return text.encode("utf-8", "replace")


def install(app: FastAPI) -> None:
    """Registers the exception handlers, so that every error becomes a problem document."""

    @app.exception_handler(CountlabError)
    async def handle_countlab_error(request: Request, error: CountlabError) -> JSONResponse:
        return problem_response(request, error)

    @app.exception_handler(RequestValidationError)
    async def handle_validation_error(
        request: Request, error: RequestValidationError
    ) -> JSONResponse:
        return problem_response(request, _from_validation(error, request))

    @app.exception_handler(HTTPException)
    async def handle_http_exception(request: Request, error: HTTPException) -> Response:
        converted = _from_http(request, error)
        if converted is None:
            return await http_exception_handler(request, error)
        return problem_response(request, converted)


def unchosen_files(request: Request) -> Container[str]:
    """File fields that a browser sent empty because nobody chose a file."""
    names: Container[str] = request.scope.get("state", {}).get("unchosen_files", ())
    return names


def problem_response(request: Request, error: CountlabError) -> JSONResponse:
    """The error as a response in the client's language."""
    language = language_of(request)
    problem = problem_of(error, language)
    lab_answer: LabAnswer | None = getattr(request.app.state, "lab_answer", None)
    if lab_answer is not None:
        problem = lab_problem(lab_answer, problem)
    headers: dict[str, str] = {"Content-Language": language}
    if problem["status"] in (429, 503):
        headers["Retry-After"] = str(error.facts.get("retry_after_s", _RETRY_AFTER_S))
    if problem["status"] == 401:
        headers["WWW-Authenticate"] = _CHALLENGE
    if problem["status"] == 405:
        headers["Allow"] = error.facts["allowed"]
    return _ProblemResponse(problem, problem["status"], headers=headers)


async def send_problem(error: CountlabError, scope: Scope, receive: Receive, send: Send) -> None:
    """Responds from a middleware, where no exception handler applies."""
    await problem_response(Request(scope), error)(scope, receive, send)


def _from_validation(error: RequestValidationError, request: Request) -> CountlabError:
    """Only the first of pydantic's errors: one thing to fix at a time."""
    language, unchosen = language_of(request), unchosen_files(request)
    is_json = request.headers.get("content-type", "").startswith("application/json")
    first = error.errors()[0]
    source, name = str(first["loc"][0]), str(first["loc"][-1])
    if source == "body" and (first["type"] == "missing" or not is_json):
        field = str(first["loc"][1]) if first["loc"][1:] else "file"
        code = "no_file_chosen" if field in unchosen else "no_picture"
        return CountlabError(code, field=field)
    code = "value_" + first["type"]  # translated: pydantic's messages are in English only
    facts = first.get("ctx", {})
    if "expected" in facts:
        facts = {**facts, "expected": facts["expected"].replace(" or ", ", ")}
    reason = first["msg"]
    if code in message_table():
        reason = render(code, language, facts).detail
    return CountlabError("bad_parameter", parameter=name, arrived=first.get("input"), reason=reason)


def _from_http(request: Request, error: HTTPException) -> CountlabError | None:
    """The framework's own refusals; None for those that a route raised, which stay as they are."""
    path, method, headers = request.url.path, request.method, error.headers or {}
    if error.status_code == 404 and "route" not in request.scope:
        return CountlabError("no_such_page", method=method, path=path)
    if error.status_code == 405 and "Allow" in headers:
        return CountlabError("wrong_method", method=method, path=path, allowed=headers["Allow"])
    if error.status_code == 400:
        return CountlabError("bad_request", reason=str(error.detail).rstrip("."))
    return None
