"""Talks to a countlab server: builds the addresses, sends pictures, asks a busy one again.

Works against the lab's server and against the plain `/predict` and `/countObjects` that a
notebook defines. Knows nothing of models or pixels, so importing it costs next to nothing.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import requests
from requests.adapters import HTTPAdapter
from typing_extensions import Unpack

from countlab.asked import Asked, AskedAtAny
from countlab.client.answers import CountAnswer, PictureAnswer, SweepAnswer
from countlab.errors import CountlabError
from countlab.messages import Language, Text

_CONNECT_S = 5.0
_MOST_TRIES = 4
_MOST_WAIT_S = 10.0  # a server that says "in a minute" is better asked again by the person
_OURSELVES = ("127.0.0.1", "localhost", "::1")


class ServerRefused(CountlabError):  # noqa: N818 - reads as what happened
    """What the server said was wrong: its code, its sentence and its remedy."""

    def __init__(self, code: str, *, status: int, detail: str, fix: str) -> None:
        super().__init__(code, status=status)
        self.status, self.detail, self.fix = status, detail, fix

    def text(self, language: Language = "en") -> Text:  # noqa: ARG002
        """As the server wrote it: its language was chosen when it was asked."""
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
        if urlsplit(self.base_url).hostname in _OURSELVES:
            self._session.trust_env = False  # a proxy cannot reach this machine's own addresses
        if language:
            self._session.headers["Accept-Language"] = language
        if api_key:  # in this header requests never takes it along to another host
            self._session.headers["Authorization"] = f"Bearer {api_key}"

    def url(self, endpoint: str, **query: object) -> str:
        """`url("predict", model="fruits", confidence=0.5)`; what is None is left out."""
        asked = {name: value for name, value in query.items() if value is not None}
        question = f"?{urlencode(asked)}" if asked else ""
        return f"{self.base_url}/{endpoint.lstrip('/')}{question}"

    def predict(
        self,
        picture: str | Path | bytes,
        **asked: Unpack[Asked],
    ) -> PictureAnswer:
        """The picture with boxes around what was found."""
        url = self.url("predict", **asked)
        answer = self._send(url, picture)
        if not answer.headers.get("Content-Type", "").startswith("image/"):
            raise _not_ours(url, answer)
        return PictureAnswer.of(answer.content, answer.headers)

    def count(
        self,
        picture: str | Path | bytes,
        object: str | None = None,
        **asked: Unpack[Asked],
    ) -> CountAnswer:
        """How many objects, or how many of one kind."""
        url = self.url("countObjects", object=object, **asked)
        return CountAnswer.of(_json_of(self._send(url, picture), url, "count"))

    def sweep(
        self,
        picture: str | Path | bytes,
        object: str | None = None,
        **asked: Unpack[AskedAtAny],
    ) -> SweepAnswer:
        """The count at every confidence, from a single pass of the model."""
        url = self.url("sweep", object=object, **asked)
        return SweepAnswer.of(_json_of(self._send(url, picture), url, "steps"))

    def models(self) -> list[dict[str, Any]]:
        """What the server can count with: name, title, labels, whether it is on its disk."""
        return list(self._read("models", "models")["models"])

    def health(self) -> dict[str, Any]:
        return self._read("health", "status")

    def _read(self, endpoint: str, expected: str) -> dict[str, Any]:
        url = self.url(endpoint)
        answer = self._ask("GET", url)
        return _json_of(answer, url, expected)

    def _send(self, url: str, picture: str | Path | bytes) -> requests.Response:
        if isinstance(picture, bytes):
            return self._ask("POST", url, file=("picture", picture))
        path = Path(picture)
        try:
            data = path.read_bytes()
        except OSError as reason:
            raise CountlabError("no_such_file", path=path) from reason
        return self._ask("POST", url, file=(path.name, data))

    def _ask(
        self, method: str, url: str, file: tuple[str, bytes] | None = None
    ) -> requests.Response:
        """One question; asked again as long as the server is only busy for a moment."""
        for tries_left in reversed(range(_MOST_TRIES)):
            try:
                answer = self._session.request(
                    method,
                    url,
                    files={"file": file} if file else None,
                    timeout=(_CONNECT_S, self._timeout_s),
                )
            except requests.Timeout as reason:
                raise CountlabError("too_slow", url=url, seconds=self._timeout_s) from reason
            except requests.RequestException as reason:
                raise CountlabError("no_answer", url=self.base_url) from reason
            if answer.ok:
                return answer
            wait_s = _asked_to_wait(answer)
            if not tries_left or wait_s is None or wait_s > _MOST_WAIT_S:
                break
            time.sleep(wait_s)
        raise _refusal(url, answer)


def _asked_to_wait(answer: requests.Response) -> float | None:
    if answer.status_code not in (429, 503):
        return None
    seconds = answer.headers.get("Retry-After", "1")
    return float(seconds) if seconds.isdigit() else 1.0  # a date is allowed too, but rare


def _refusal(url: str, answer: requests.Response) -> CountlabError:
    problem = _json_of(answer, url, "detail")
    return ServerRefused(
        str(problem.get("code", f"status_{answer.status_code}")),
        status=answer.status_code,
        detail=str(problem["detail"]),
        fix=str(problem.get("fix", "")),
    )


def _json_of(answer: requests.Response, url: str, expected: str) -> dict[str, Any]:
    """The answer's JSON object; without the expected member it comes from another program."""
    try:
        found = answer.json()
    except requests.JSONDecodeError:
        found = None
    if not isinstance(found, dict) or expected not in found:
        raise _not_ours(url, answer)
    return found


def _not_ours(url: str, answer: requests.Response) -> CountlabError:
    return CountlabError("not_our_answer", url=url, status=str(answer.status_code))
