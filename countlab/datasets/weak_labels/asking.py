"""All pictures of a dataset put before a vision endpoint: cached, within a budget, stoppable."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from threading import Event

import cv2

from countlab.datasets.pictures import PictureFile
from countlab.datasets.weak_labels.answer import label_said
from countlab.datasets.weak_labels.cache import Answer, AnswerCache, answer_key
from countlab.datasets.weak_labels.cost import MAX_SIDE_PX, Budget
from countlab.datasets.weak_labels.endpoint import Asker, Endpoint
from countlab.datasets.weak_labels.votes import Vote
from countlab.errors import CountlabError
from countlab.imaging.picture import Pixels, write_picture

_MOST_FAILURES = 8
"""In a row: then the endpoint is down, and asking on costs time and perhaps money."""
_FOR_ALL = ("endpoint_key_refused", "endpoint_not_found", "not_web_address")
"""Refusals that every picture would meet."""


@dataclass
class Asked:
    """What the endpoint said, and what it did not."""

    votes: list[Vote] = field(default_factory=list)
    failed: list[tuple[str, CountlabError]] = field(default_factory=list)
    over_budget: int = 0


def ask_all(
    pictures: Sequence[PictureFile],
    endpoint: Endpoint,
    cache: AnswerCache,
    budget: Budget,
    *,
    classes: Sequence[str],
    instruction: str,
    parallel: int,
    stop: Event,
    each: Callable[[], None],
) -> Asked:
    """A vote for each picture that got an answer; a few requests at a time."""
    asker = Asker(endpoint, stopped=stop.is_set)
    with contextlib.closing(asker), ThreadPoolExecutor(parallel) as pool:
        asking = _Asking(asker, endpoint.model, instruction, classes, cache, budget, stop, each)
        for picture in pictures:
            if asking.is_known(picture):
                continue
            while len(asking.waiting) >= parallel:
                asking.settle(wait(asking.waiting, return_when=FIRST_COMPLETED).done)
            if stop.is_set():
                break
            asking.submit(pool, picture)
        asking.settle(wait(asking.waiting).done)
    return asking.asked


@dataclass
class _Asking:
    """Questions under way and answers that came."""

    asker: Asker
    model: str
    instruction: str
    classes: Sequence[str]
    cache: AnswerCache
    budget: Budget
    stop: Event
    each: Callable[[], None]
    asked: Asked = field(default_factory=Asked)
    waiting: dict[Future[Answer], PictureFile] = field(default_factory=dict)
    _failures: int = 0
    """In a row, and not the picture's fault."""

    def is_known(self, picture: PictureFile) -> bool:
        known = self.cache.get(self._key(picture))
        if known:
            self._count(picture, known)
        return known is not None

    def submit(self, pool: ThreadPoolExecutor, picture: PictureFile) -> None:
        if self.budget.may_ask():
            self.waiting[pool.submit(self._ask, picture)] = picture
        else:
            self.asked.over_budget += 1
            self.each()

    def settle(self, finished: Iterable[Future[Answer]]) -> None:
        """Keeps answers; gives up on an endpoint that refuses everybody or is down."""
        for done in finished:
            picture = self.waiting.pop(done)
            try:
                answer = done.result()
            except CountlabError as error:
                self._fail(picture, error)
            else:
                self._failures = 0
                self.budget.settle(answer)
                self.cache.put(self._key(picture), answer)
                self._count(picture, answer)

    def _ask(self, picture: PictureFile) -> Answer:
        return self.asker.ask(_as_sent(picture.pixels()), self.instruction)

    def _count(self, picture: PictureFile, answer: Answer) -> None:
        self.asked.votes.append(_vote(picture, f"endpoint:{self.model}", answer, self.classes))
        self.each()

    def _fail(self, picture: PictureFile, error: CountlabError) -> None:
        self.budget.settle(None)
        self.asked.failed.append((picture.file, error))
        self.each()
        self._failures += not error.is_about_picture
        if not self.stop.is_set() and (error.code in _FOR_ALL or self._failures >= _MOST_FAILURES):
            self.stop.set()  # so that requests under way end soon
            raise error

    def _key(self, picture: PictureFile) -> str:
        return answer_key(picture.data(), self.model, self.instruction)


def _vote(picture: PictureFile, source: str, answer: Answer, classes: Sequence[str]) -> Vote:
    return Vote(picture.file, source, label_said(answer.said, classes), 0.95, answer.said)


def _as_sent(pixels: Pixels) -> bytes:
    height, width = pixels.shape[:2]
    scale = min(1.0, MAX_SIDE_PX / max(width, height))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA) if scale < 1 else pixels
    return write_picture(small.astype("uint8", copy=False), "JPEG")
