"""One collection from start to end: pages to cards, cards to pictures, pictures to lines."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from countlab.datasets.collect.addresses import AddressGuard
from countlab.datasets.collect.browser import Card, ShopBrowser
from countlab.datasets.collect.chromium import open_browser
from countlab.datasets.collect.fetch import Fetcher
from countlab.datasets.collect.gate import open_gate
from countlab.datasets.collect.journal import Journal
from countlab.datasets.collect.mirror import Mirror
from countlab.datasets.collect.shop import Shop
from countlab.errors import CountlabError
from countlab.imaging.limited import LimitedReader
from countlab.system.interrupts import stopped_in_order

STOP_FILE = "stop"
_PICTURE_MEMORY = 500_000_000


@dataclass
class Outcome:
    """What a run did; `ended` is why it ended: `nothing_new`, `limit`, `stop_file`, `stopped`."""

    new: int = 0
    known: int = 0
    failed: list[tuple[str, CountlabError]] = field(default_factory=list)
    pages: int = 0
    ended: str = "nothing_new"


Report = Callable[[Outcome, int], None]


def collect(
    shop: Shop,
    folder: Path,
    *,
    mirror: Mirror | None = None,
    again: bool = False,
    report: Report = lambda *_: None,
) -> Outcome:
    """Goes on where an earlier run ended; `again` asks once more for what failed."""
    if mirror:
        mirror.fetch_list()
    journal, stop = Journal(folder, again=again), Event()
    if mirror:
        mirror.send_missing(journal)
    guard = AddressGuard(shop.start)
    fetcher = Fetcher(guard, delay_s=shop.polite.delay_s, stopped=stop.is_set)
    run = _Run(shop, journal, fetcher, mirror, stop, report)
    with stopped_in_order(stop), contextlib.closing(fetcher):
        for start in shop.start:
            fetcher.check(start)
        with open_gate(guard) as gate, open_browser(gate) as browser:
            pages = ShopBrowser(browser, fetcher, shop.listing, shop.polite)
            run.read_all(pages)
    if mirror:
        mirror.send_list(now=True)
    return run.outcome


@dataclass
class _Run:
    shop: Shop
    journal: Journal
    fetcher: Fetcher
    mirror: Mirror | None
    stop: Event
    report: Report
    outcome: Outcome = field(default_factory=Outcome)
    _seen: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        polite = self.shop.polite
        self._reader = LimitedReader(
            max_bytes=polite.max_bytes, max_pixels=polite.max_pixels, memory=_PICTURE_MEMORY
        )

    def read_all(self, browser: ShopBrowser) -> None:
        for start in self.shop.start:
            page: str | None = start
            visited: set[str] = set()
            while page and page not in visited and not self._ended():
                visited.add(page)
                page = self._read_page(browser, page)
        if not self._ended():
            self.journal.finish()

    def _read_page(self, browser: ShopBrowser, page: str) -> str | None:
        """The page after it."""
        finished = self.journal.finished_pages()
        if page in finished:
            return finished[page]
        if self.outcome.pages >= self.shop.polite.pages:
            self.outcome.ended = "limit"
            return None
        self.outcome.pages += 1
        browser.open(page)
        cards: list[Card] = []
        for cards in browser.cards():
            for card in cards:
                if self._ended():
                    return None
                if card.picture:  # a lazy one's address comes when it is scrolled to
                    self._take(card, page)
            if self._ended():
                return None
        for card in cards:
            self._take(card, page)
        following = browser.next_page()
        self.journal.finish_page(page, following)
        return following

    def _take(self, card: Card, page: str) -> None:
        if card.product in self._seen:
            return
        if card.product in self.journal.products:
            self._seen.add(card.product)
            self.outcome.known += 1
            return
        self._seen.add(card.product)
        try:
            self._keep(card, page)
            self.outcome.new += 1
        except CountlabError as error:
            if error.code == "store_failed":
                raise
            if self.stop.is_set():
                return  # a wait was cut short: it is asked for again by the next run
            self.journal.keep_failure(card, page, f"{error.code}: {error.text('en').detail}")
            self.outcome.failed.append((card.name, error))
        if self.mirror:
            self.mirror.send_list()
        self.report(self.outcome, len(self.journal.products))

    def _keep(self, card: Card, page: str) -> None:
        if not card.picture:
            raise CountlabError("card_without_picture")
        if card.picture in self.journal.files:
            self.journal.keep_known(card, page)
            return
        data = self.fetcher.bytes_of(card.picture, max_bytes=self.shop.polite.max_bytes)
        picture = self._reader.read(data)
        file = self.journal.keep(card, data, picture, page)
        if self.mirror:
            self.mirror.send(file)

    def _ended(self) -> bool:
        """Asked between two products: then everything is on disk."""
        if self.outcome.ended != "nothing_new":
            return True
        if self.stop.is_set():
            self.outcome.ended = "stopped"
        elif (self.journal.folder / STOP_FILE).exists():
            self.outcome.ended = "stop_file"
        elif len(self.journal.products) >= self.shop.polite.limit:
            self.outcome.ended = "limit"
        return self.outcome.ended != "nothing_new"
