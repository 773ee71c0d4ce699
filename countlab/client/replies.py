"""Responses of a server taken apart, its refusals as errors with their code and fix."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from countlab.errors import CountlabError
from countlab.messages import Language, Text

if TYPE_CHECKING:
    import httpx

MAX_TRIES = 4
_MAX_RETRY_AFTER_S = 10.0  # a longer wait is left to the person


class ServerRefused(CountlabError):  # noqa: N818 - reads as what happened
    """An error response of the server: its status, code, detail and fix."""

    def __init__(self, code: str, *, status: int, detail: str, fix: str) -> None:
        super().__init__(code, status=status)
        self.status, self.detail, self.fix = status, detail, fix

    @classmethod
    def from_problem(cls, problem: Mapping[str, Any], status: int = 0) -> ServerRefused:
        status = int(problem.get("status") or status)
        return cls(
            str(problem.get("code", f"status_{status}")),
            status=status,
            detail=str(problem["detail"]),
            fix=str(problem.get("fix", "")),
        )

    def text(self, language: Language = "en") -> Text:  # noqa: ARG002
        """In the language of the response, which the request's header chose."""
        return Text(self.detail, self.fix)


def retry_wait_s(response: httpx.Response, *, tries_left: int) -> float | None:
    """How long to wait before the same request again; None if it is not to be repeated."""
    if not tries_left or response.status_code not in (429, 503):
        return None
    seconds = response.headers.get("Retry-After", "1")
    wait_s = float(seconds) if seconds.isdigit() else 1.0  # a date is allowed too, but rare
    return wait_s if wait_s <= _MAX_RETRY_AFTER_S else None


def check_success(response: httpx.Response) -> None:
    if response.status_code >= 400:
        raise ServerRefused.from_problem(json_body(response, "detail"), response.status_code)


def json_body(response: httpx.Response, required_key: str) -> dict[str, Any]:
    """The response's JSON object; without the required key it is from another program."""
    try:
        body = response.json()
    except ValueError:
        body = None
    if not isinstance(body, dict) or required_key not in body:
        raise _from_another_program(response)
    return body


def picture_body(response: httpx.Response) -> bytes:
    if not response.headers.get("Content-Type", "").startswith("image/"):
        raise _from_another_program(response)
    return response.content


def _from_another_program(response: httpx.Response) -> CountlabError:
    status = str(response.status_code)
    return CountlabError("not_our_answer", url=str(response.request.url), status=status)
