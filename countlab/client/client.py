"""The HTTP client: sends pictures to a countlab server and retries while it is busy.

Works with the lab's server and with the plain `/predict` and `/countObjects` that a notebook
defines. Independent of models and pixels, so importing it is cheap; httpx is loaded when a client
is made. `AsyncClient` has the same methods.
"""

from __future__ import annotations

import time
import weakref
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from typing_extensions import Self, Unpack

from countlab.client import calls
from countlab.client.answers import (
    BatchAnswer,
    CountAnswer,
    ExplainAnswer,
    PictureAnswer,
    SweepAnswer,
)
from countlab.client.calls import Answer, Call
from countlab.client.pictures import Color, PictureLike
from countlab.client.replies import MAX_TRIES, check_success, retry_wait_s
from countlab.client.replies import ServerRefused as ServerRefused
from countlab.errors import CountlabError
from countlab.messages import Language
from countlab.options import PredictKeywords

if TYPE_CHECKING:
    import httpx


class Client:
    """`Client("http://127.0.0.1:8000").count("images/fruits.jpg", "orange").count`

    A picture is a path, an http address, bytes, an open file, a PIL.Image, or a numpy array, whose
    order of colors is said with `color="bgr"` or `color="rgb"`.
    """

    def __init__(
        self,
        base_url: str = "http://127.0.0.1:8000",
        timeout_s: float = 60,
        language: Language | None = None,
        api_key: str | None = None,
    ) -> None:
        from countlab.client.http import client_settings, httpx

        self.base_url = normal_url(base_url)
        self._timeout_s = timeout_s
        headers = request_headers(language, api_key)
        settings = client_settings(self.base_url, timeout_s=timeout_s, headers=headers)
        self._http = httpx.Client(**settings)
        weakref.finalize(self, self._http.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections; a client that is let go of does so by itself."""
        self._http.close()

    def url(self, endpoint: str, **query: object) -> str:
        """`url("predict", model="fruits", confidence=0.5)`; None values are left out."""
        return full_url(self.base_url, endpoint, query)

    def predict(
        self,
        picture: PictureLike,
        *,
        object: str | None = None,
        color: Color | None = None,
        **options: Unpack[PredictKeywords],
    ) -> PictureAnswer:
        """The picture with boxes around the findings, or around those of one label."""
        return self._send(calls.predict(picture, object, color, options))

    def count(
        self,
        picture: PictureLike,
        object: str | None = None,
        *,
        color: Color | None = None,
        **options: Unpack[PredictKeywords],
    ) -> CountAnswer:
        """The number of objects, or of objects with one label."""
        return self._send(calls.count(picture, object, color, options))

    def sweep(
        self,
        picture: PictureLike,
        object: str | None = None,
        *,
        color: Color | None = None,
        **options: Unpack[PredictKeywords],
    ) -> SweepAnswer:
        """The count at each confidence, from a single inference."""
        return self._send(calls.sweep(picture, object, color, options))

    def batch(
        self,
        pictures: Iterable[PictureLike],
        *,
        color: Color | None = None,
        **options: Unpack[PredictKeywords],
    ) -> list[BatchAnswer]:
        """Each picture's answer or error, in their order; few requests for many pictures."""
        answers: list[BatchAnswer] = []
        for call in calls.batches(pictures, color, options):
            more = call if isinstance(call, list) else self._send(call)
            answers += more
        return answers

    def explain(
        self,
        picture: PictureLike,
        label: str | None = None,
        *,
        color: Color | None = None,
        **options: Unpack[PredictKeywords],
    ) -> ExplainAnswer:
        """Where a picture speaks for a class; of models that classify only."""
        return self._send(calls.explain(picture, label, color, options))

    def history(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        model: str | None = None,
        object: str | None = None,
        key: str | None = None,
        limit: int = 100,
    ) -> list[dict[str, Any]]:
        """What the server counted, the newest first; fetched in pages."""
        row_filter = calls.history_filter(since, until, model, object, key)
        rows: list[dict[str, Any]] = []
        cursor: str | None = None
        while len(rows) < limit:
            page = calls.history_page(row_filter, rows=limit - len(rows), cursor=cursor)
            more, cursor = self._send(page)
            rows += more
            if cursor is None:
                break
        return rows

    def models(self) -> list[dict[str, Any]]:
        """The server's models: name, title, labels, whether its files are on disk."""
        return self._send(calls.models())

    def health(self) -> dict[str, Any]:
        return self._send(calls.health())

    def _send(self, call: Call[Answer]) -> Answer:
        """Sends the request, again while the server asks to retry soon."""
        for tries_left in reversed(range(MAX_TRIES)):
            response = self._response(call)
            wait_s = retry_wait_s(response, tries_left=tries_left)
            if wait_s is None:
                break
            time.sleep(wait_s)
        check_success(response)
        return call.read(response)

    def _response(self, call: Call[Any]) -> httpx.Response:
        from countlab.client.http import NO_ANSWER, httpx

        url = self.url(call.endpoint, **call.query)
        headers, files = {"Accept": call.accept}, list(call.uploads) or None
        try:
            return self._http.request(call.method, url, headers=headers, files=files)
        except httpx.TimeoutException as error:
            raise CountlabError("too_slow", url=url, seconds=self._timeout_s) from error
        except NO_ANSWER as error:
            raise CountlabError("no_answer", url=self.base_url) from error
        except RuntimeError as error:
            if not self._http.is_closed:
                raise
            raise CountlabError("client_closed") from error


def normal_url(base_url: str) -> str:
    return (base_url if "://" in base_url else f"http://{base_url}").rstrip("/")


def full_url(base_url: str, endpoint: str, query: dict[str, object]) -> str:
    parameters = {name: value for name, value in query.items() if value is not None}
    query_string = f"?{urlencode(parameters)}" if parameters else ""
    return f"{base_url}/{endpoint.lstrip('/')}{query_string}"


def request_headers(language: Language | None, api_key: str | None) -> dict[str, str]:
    """httpx drops the key when it is redirected to another host."""
    language_header = {"Accept-Language": language} if language else {}
    return {**language_header, **({"Authorization": f"Bearer {api_key}"} if api_key else {})}
