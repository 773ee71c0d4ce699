"""The client for programs that wait for many answers at once: the methods of `Client`, awaited."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

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
from countlab.client.client import full_url, normal_url, request_headers
from countlab.client.pictures import Color, PictureLike
from countlab.client.replies import MAX_TRIES, check_success, retry_wait_s
from countlab.errors import CountlabError
from countlab.messages import Language
from countlab.options import PredictKeywords

if TYPE_CHECKING:
    import httpx


class AsyncClient:
    """`async with AsyncClient(url) as client: answer = await client.count("fruits.jpg")`

    Files are read and pictures encoded in a thread, so that the event loop goes on.
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
        self._http = httpx.AsyncClient(**settings)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Closes the connections; to be awaited unless `async with` is used."""
        await self._http.aclose()

    def url(self, endpoint: str, **query: object) -> str:
        """`url("predict", model="fruits", confidence=0.5)`; None values are left out."""
        return full_url(self.base_url, endpoint, query)

    async def predict(
        self,
        picture: PictureLike,
        *,
        object: str | None = None,
        color: Color | None = None,
        **options: Unpack[PredictKeywords],
    ) -> PictureAnswer:
        """The picture with boxes around the findings, or around those of one label."""
        return await self._make_and_send(calls.predict, picture, object, color, options)

    async def count(
        self,
        picture: PictureLike,
        object: str | None = None,
        *,
        color: Color | None = None,
        **options: Unpack[PredictKeywords],
    ) -> CountAnswer:
        """The number of objects, or of objects with one label."""
        return await self._make_and_send(calls.count, picture, object, color, options)

    async def sweep(
        self,
        picture: PictureLike,
        object: str | None = None,
        *,
        color: Color | None = None,
        **options: Unpack[PredictKeywords],
    ) -> SweepAnswer:
        """The count at each confidence, from a single inference."""
        return await self._make_and_send(calls.sweep, picture, object, color, options)

    async def batch(
        self,
        pictures: Iterable[PictureLike],
        *,
        color: Color | None = None,
        **options: Unpack[PredictKeywords],
    ) -> list[BatchAnswer]:
        """Each picture's answer or error, in their order; few requests for many pictures."""
        answers: list[BatchAnswer] = []
        requests = calls.batches(pictures, color, options)
        while (call := await asyncio.to_thread(next, requests, None)) is not None:
            more = call if isinstance(call, list) else await self._send(call)
            answers += more
        return answers

    async def explain(
        self,
        picture: PictureLike,
        label: str | None = None,
        *,
        color: Color | None = None,
        **options: Unpack[PredictKeywords],
    ) -> ExplainAnswer:
        """Where a picture speaks for a class; of models that classify only."""
        return await self._make_and_send(calls.explain, picture, label, color, options)

    async def history(
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
            more, cursor = await self._send(page)
            rows += more
            if cursor is None:
                break
        return rows

    async def models(self) -> list[dict[str, Any]]:
        """The server's models: name, title, labels, whether its files are on disk."""
        return await self._send(calls.models())

    async def health(self) -> dict[str, Any]:
        return await self._send(calls.health())

    async def _make_and_send(self, make: Callable[..., Call[Answer]], *arguments: object) -> Answer:
        return await self._send(await asyncio.to_thread(make, *arguments))

    async def _send(self, call: Call[Answer]) -> Answer:
        """Sends the request, again while the server asks to retry soon."""
        for tries_left in reversed(range(MAX_TRIES)):
            response = await self._response(call)
            wait_s = retry_wait_s(response, tries_left=tries_left)
            if wait_s is None:
                break
            await asyncio.sleep(wait_s)
        check_success(response)
        return call.read(response)

    async def _response(self, call: Call[Any]) -> httpx.Response:
        from countlab.client.http import NO_ANSWER, httpx

        url = self.url(call.endpoint, **call.query)
        headers, files = {"Accept": call.accept}, list(call.uploads) or None
        try:
            return await self._http.request(call.method, url, headers=headers, files=files)
        except httpx.TimeoutException as error:
            raise CountlabError("too_slow", url=url, seconds=self._timeout_s) from error
        except NO_ANSWER as error:
            raise CountlabError("no_answer", url=self.base_url) from error
        except RuntimeError as error:
            if not self._http.is_closed:
                raise
            raise CountlabError("client_closed") from error
