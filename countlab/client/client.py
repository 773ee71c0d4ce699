"""The HTTP client: sends pictures to a countlab server and retries while it is busy.

Works with the lab's server and with the plain `/predict` and `/countObjects` that a notebook
defines. Independent of models and pixels, so importing it is cheap.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import requests
from requests.adapters import HTTPAdapter
from typing_extensions import Unpack

from countlab.client.answers import CountAnswer, PictureAnswer, SweepAnswer
from countlab.errors import CountlabError
from countlab.messages import Language, Text
from countlab.options import PredictKeywords

_CONNECT_TIMEOUT_S = 5.0
_MAX_TRIES = 4
_MAX_RETRY_AFTER_S = 10.0  # a longer wait is left to the person
_LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "::1")


class ServerRefused(CountlabError):  # noqa: N818 - reads as what happened
    """An error response of the server: its status, code, detail and fix."""

    def __init__(self, code: str, *, status: int, detail: str, fix: str) -> None:
        super().__init__(code, status=status)
        self.status, self.detail, self.fix = status, detail, fix

    def text(self, language: Language = "en") -> Text:  # noqa: ARG002
        """In the language of the response, which the request's header chose."""
        return Text(self.detail, self.fix)


class Client:
    """`Client("http://127.0.0.1:8000").count("images/fruits.jpg", "orange").count`"""

    def __init__(
        self,
        base_url: str = "http://127.0.0.1:8000",
        timeout_s: float = 60,
        language: Language | None = None,
        api_key: str | None = None,
    ) -> None:
        self.base_url = (base_url if "://" in base_url else f"http://{base_url}").rstrip("/")
        self._timeout_s = timeout_s
        self._session = requests.Session()
        self._session.mount("http", HTTPAdapter(pool_maxsize=32))
        if urlsplit(self.base_url).hostname in _LOOPBACK_HOSTS:
            self._session.trust_env = False  # a proxy cannot reach this machine's loopback
        if language:
            self._session.headers["Accept-Language"] = language
        if api_key:  # requests drops this header when it is redirected to another host
            self._session.headers["Authorization"] = f"Bearer {api_key}"

    def url(self, endpoint: str, **query: object) -> str:
        """`url("predict", model="fruits", confidence=0.5)`; None values are left out."""
        parameters = {name: value for name, value in query.items() if value is not None}
        query_string = f"?{urlencode(parameters)}" if parameters else ""
        return f"{self.base_url}/{endpoint.lstrip('/')}{query_string}"

    def predict(
        self, picture: str | Path | bytes, **options: Unpack[PredictKeywords]
    ) -> PictureAnswer:
        """The picture with boxes around the findings."""
        url = self.url("predict", **options)
        response = self._post_picture(url, picture)
        if not response.headers.get("Content-Type", "").startswith("image/"):
            raise _unexpected_response(url, response)
        return PictureAnswer.from_response(response.content, response.headers)

    def count(
        self,
        picture: str | Path | bytes,
        object: str | None = None,
        **options: Unpack[PredictKeywords],
    ) -> CountAnswer:
        """The number of objects, or of objects with one label."""
        url = self.url("countObjects", object=object, **options)
        return CountAnswer.from_json(_json_body(self._post_picture(url, picture), url, "count"))

    def sweep(
        self,
        picture: str | Path | bytes,
        object: str | None = None,
        **options: Unpack[PredictKeywords],
    ) -> SweepAnswer:
        """The count at each confidence, from a single inference."""
        url = self.url("sweep", object=object, **options)
        return SweepAnswer.from_json(_json_body(self._post_picture(url, picture), url, "steps"))

    def models(self) -> list[dict[str, Any]]:
        """The server's models: name, title, labels, whether its files are on disk."""
        return list(self._get_json("models", "models")["models"])

    def health(self) -> dict[str, Any]:
        return self._get_json("health", "status")

    def _get_json(self, endpoint: str, required_key: str) -> dict[str, Any]:
        url = self.url(endpoint)
        return _json_body(self._request("GET", url), url, required_key)

    def _post_picture(self, url: str, picture: str | Path | bytes) -> requests.Response:
        if isinstance(picture, bytes):
            return self._request("POST", url, file=("picture", picture))
        path = Path(picture)
        try:
            data = path.read_bytes()
        except OSError as error:
            raise CountlabError("no_such_file", path=path) from error
        return self._request("POST", url, file=(path.name, data))

    def _request(
        self, method: str, url: str, file: tuple[str, bytes] | None = None
    ) -> requests.Response:
        """Sends the request, again while the server asks to retry soon."""
        for tries_left in reversed(range(_MAX_TRIES)):
            try:
                response = self._session.request(
                    method,
                    url,
                    files={"file": file} if file else None,
                    timeout=(_CONNECT_TIMEOUT_S, self._timeout_s),
                )
            except requests.Timeout as error:
                raise CountlabError("too_slow", url=url, seconds=self._timeout_s) from error
            except requests.RequestException as error:
                raise CountlabError("no_answer", url=self.base_url) from error
            if response.ok:
                return response
            wait_s = _retry_after_s(response)
            if not tries_left or wait_s is None or wait_s > _MAX_RETRY_AFTER_S:
                break
            time.sleep(wait_s)
        raise _server_error(url, response)


def _retry_after_s(response: requests.Response) -> float | None:
    """None if the status does not ask for a retry."""
    if response.status_code not in (429, 503):
        return None
    seconds = response.headers.get("Retry-After", "1")
    return float(seconds) if seconds.isdigit() else 1.0  # a date is allowed too, but rare


def _server_error(url: str, response: requests.Response) -> CountlabError:
    problem = _json_body(response, url, "detail")
    return ServerRefused(
        str(problem.get("code", f"status_{response.status_code}")),
        status=response.status_code,
        detail=str(problem["detail"]),
        fix=str(problem.get("fix", "")),
    )


def _json_body(response: requests.Response, url: str, required_key: str) -> dict[str, Any]:
    """The response's JSON object; without the required key it is from another program."""
    try:
        body = response.json()
    except requests.JSONDecodeError:
        body = None
    if not isinstance(body, dict) or required_key not in body:
        raise _unexpected_response(url, response)
    return body


def _unexpected_response(url: str, response: requests.Response) -> CountlabError:
    return CountlabError("not_our_answer", url=url, status=str(response.status_code))
