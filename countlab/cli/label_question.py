"""What `label` puts to a vision endpoint: the estimate, a person's yes, the asking."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from threading import Event

import typer

from countlab.cli.label_tables import print_estimate, print_failed
from countlab.cli.terminal import note, progress_bar
from countlab.cli.texts import say
from countlab.datasets.pictures import PictureFile
from countlab.datasets.weak_labels.asking import Asked, ask_all
from countlab.datasets.weak_labels.cache import AnswerCache, answer_key
from countlab.datasets.weak_labels.cost import Budget, Prices, estimate
from countlab.datasets.weak_labels.endpoint import Endpoint
from countlab.errors import CountlabError

_YES = ("y", "s")


class Question:
    """One instruction about all pictures of a folder, for one endpoint."""

    def __init__(
        self, folder: Path, pictures: Sequence[PictureFile], place: Endpoint, instruction: str
    ) -> None:
        if not place.model:
            raise CountlabError("endpoint_without_model", address=place.address)
        self._pictures, self._place, self._instruction = pictures, place, instruction
        self._cache = AnswerCache(folder)

    def agree(self, prices: Prices | None, limit: float | None, *, yes: bool) -> None:
        """Prints the estimate; where anything is to be asked, a person says yes or it ends."""
        sizes, cached = [], 0
        for picture in self._pictures:
            if self._cache.get(answer_key(picture.data(), self._place.model, self._instruction)):
                cached += 1
                continue
            try:
                header = picture.header()
            except CountlabError:
                continue  # said when it is its turn
            sizes.append((header.width, header.height))
        expected = estimate(sizes, instruction=self._instruction, cached=cached, prices=prices)
        print_estimate(expected)
        if expected.requests and not yes:
            _ask_person()
        self._prices = prices
        self._budget = Budget(limit, prices, (expected.cost or 0) / max(1, expected.requests))

    def put(self, classes: Sequence[str], parallel: int, stop: Event) -> Asked:
        with progress_bar() as bar:
            task = bar.add_task(say("label_progress_endpoint"), total=len(self._pictures))
            asked = ask_all(
                self._pictures,
                self._place,
                self._cache,
                self._budget,
                classes=classes,
                instruction=self._instruction,
                parallel=parallel,
                stop=stop,
                each=lambda: bar.advance(task),
            )
        print_failed(asked.failed)
        if asked.over_budget:
            note(say("label_over_budget", number=asked.over_budget))
        budget = self._budget
        spent = f"{budget.spent:.4g}" if self._prices else "–"
        facts = {"tokens_in": budget.tokens_in, "tokens_out": budget.tokens_out}
        note(say("label_spent", cost=spent, **facts))
        return asked


def _ask_person() -> None:
    if not sys.stdin.isatty():
        raise CountlabError("label_not_agreed")
    print(say("label_go_on"), end=" ", file=sys.stderr, flush=True)
    if not sys.stdin.readline().strip().lower().startswith(_YES):
        note(say("label_declined"))
        raise typer.Exit(1)
