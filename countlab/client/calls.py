"""The requests of the API as values: `Client` and `AsyncClient` both send these.

Each has its address, what goes along, and how its response is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from countlab.client.answers import (
    BatchAnswer,
    CountAnswer,
    ExplainAnswer,
    PictureAnswer,
    SweepAnswer,
)
from countlab.client.pictures import Color, Upload, to_upload
from countlab.client.replies import ServerRefused, json_body, picture_body
from countlab.errors import CountlabError

if TYPE_CHECKING:
    import httpx

Answer = TypeVar("Answer")
MAX_PAGE_ROWS = 1000
_MAX_BATCH_PICTURES = 32
_MAX_BATCH_BYTES = 30_000_000


@dataclass(frozen=True)
class Call(Generic[Answer]):
    """One request; `read` takes its response apart."""

    endpoint: str
    read: Callable[[httpx.Response], Answer]
    query: Mapping[str, object] = field(default_factory=dict)
    uploads: tuple[tuple[str, Upload], ...] = ()
    """With pictures it is a POST, each under the name of its form field."""
    accept: str = "*/*"

    @property
    def method(self) -> str:
        return "POST" if self.uploads else "GET"


def predict(
    picture: Any, object: str | None, color: Color | None, options: Mapping[str, Any]
) -> Call[PictureAnswer]:
    """`/predict` draws everything; one object alone is drawn by `/countObjects`."""
    return Call(
        "countObjects" if object else "predict",
        lambda response: PictureAnswer.from_response(picture_body(response), response.headers),
        {**options, "object": object},
        _one(picture, color),
        accept="image/*" if object else "*/*",
    )


def count(
    picture: Any, object: str | None, color: Color | None, options: Mapping[str, Any]
) -> Call[CountAnswer]:
    return Call(
        "countObjects",
        lambda response: CountAnswer.from_json(json_body(response, "count")),
        {"object": object, **options},
        _one(picture, color),
    )


def sweep(
    picture: Any, object: str | None, color: Color | None, options: Mapping[str, Any]
) -> Call[SweepAnswer]:
    return Call(
        "sweep",
        lambda response: SweepAnswer.from_json(json_body(response, "steps")),
        {"object": object, **options},
        _one(picture, color),
    )


def explain(
    picture: Any, label: str | None, color: Color | None, options: Mapping[str, Any]
) -> Call[ExplainAnswer]:
    return Call(
        "explain",
        lambda response: ExplainAnswer.from_response(picture_body(response), response.headers),
        {"object": label, **options},
        _one(picture, color),
        accept="image/*",
    )


def models() -> Call[list[dict[str, Any]]]:
    return Call("models", lambda response: list(json_body(response, "models")["models"]))


def health() -> Call[dict[str, Any]]:
    return Call("health", lambda response: json_body(response, "status"))


def history_page(
    row_filter: Mapping[str, object], *, rows: int, cursor: str | None
) -> Call[tuple[list[dict[str, Any]], str | None]]:
    def read(response: httpx.Response) -> tuple[list[dict[str, Any]], str | None]:
        body = json_body(response, "rows")
        return list(body["rows"]), body.get("next")

    query = {**row_filter, "limit": min(rows, MAX_PAGE_ROWS), "cursor": cursor}
    return Call("history", read, query)


def history_filter(
    since: datetime | None, until: datetime | None, model: str | None, object: str | None,
    key: str | None,
) -> dict[str, object]:  # fmt: skip
    """A moment without a time zone is UTC, as in the rows."""
    moments = {"from": since, "to": until}
    utc = {
        name: moment and (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc))
        for name, moment in moments.items()
    }
    texts = {name: moment and moment.isoformat() for name, moment in utc.items()}
    return {**texts, "model": model, "object": object, "key": key}


def batches(
    pictures: Iterable[Any], color: Color | None, options: Mapping[str, Any]
) -> Iterator[Call[list[BatchAnswer]] | list[BatchAnswer]]:
    """As few requests as the server's limits allow; what cannot be read is answered without any."""
    entries: list[Upload | CountlabError] = []
    size = 0
    for picture in pictures:
        try:
            entry: Upload | CountlabError = to_upload(picture, color=color)
        except CountlabError as error:
            if not error.is_about_picture and not error.code.startswith("client_"):
                raise
            entry = error
        new = len(entry.data) if isinstance(entry, Upload) else 0
        if entries and (len(entries) >= _MAX_BATCH_PICTURES or size + new > _MAX_BATCH_BYTES):
            yield _batch(entries, options)
            entries, size = [], 0
        entries.append(entry)
        size += new
    if entries:
        yield _batch(entries, options)


def _batch(
    entries: Sequence[Upload | CountlabError], options: Mapping[str, Any]
) -> Call[list[BatchAnswer]] | list[BatchAnswer]:
    uploads = [entry for entry in entries if isinstance(entry, Upload)]
    if not uploads:
        return [BatchAnswer("", error=entry) for entry in entries if not isinstance(entry, Upload)]

    def read(response: httpx.Response) -> list[BatchAnswer]:
        results = iter(json_body(response, "results")["results"])
        return [
            _batch_answer(entry.name, next(results)) if isinstance(entry, Upload)
            else BatchAnswer("", error=entry)
            for entry in entries
        ]  # fmt: skip

    return Call("predict/batch", read, options, tuple(("files", upload) for upload in uploads))


def _batch_answer(name: str, result: Mapping[str, Any]) -> BatchAnswer:
    if "result" in result:
        return BatchAnswer(name, CountAnswer.from_json(result["result"]))
    return BatchAnswer(name, error=ServerRefused.from_problem(result["problem"]))


def _one(picture: Any, color: Color | None) -> tuple[tuple[str, Upload], ...]:
    return (("file", to_upload(picture, color=color)),)
